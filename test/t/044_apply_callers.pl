# What becomes of jobs whose caller is ended, by a timeout, a signal or his own error, before or after clipperf_apply()
# in his transaction; two callers who want the same within their transactions; how long clipperf_wait() waits.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use BuildPhase;
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('callers', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
BuildPhase->set_up($node, 'postgres');
my $holder = $node->background_psql('postgres', on_error_stop => 0);
my $number = 0;

# A new recommendation for item.
sub wanted
{
	my $index = 'item_called_' . ++$number;
	return (recommend($node, 'create', 'item', $index, "CREATE INDEX $index ON item (a, id)"), $index);
}

sub jobs
{
	return $node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_jobs');
}

# Neither a job, nor an index, nor a lock is left; the same can be done again.
sub left_nothing
{
	my ($id, $index, $jobs, $name) = @_;
	is(jobs(), $jobs, "$name: there is no job");
	is(index_names($node, 'item\\_called%'), '', "$name: nor an index");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE relation IN ('item'::regclass, '_clipperf_job'::regclass)
		AND pid <> pg_backend_pid()"), 0, "$name: nor a lock");
	is($node->safe_psql('postgres', "SELECT state FROM clipperf_apply(ARRAY[$id], concurrently => false)"), 'kept',
		"$name: it can be done again");
	$node->safe_psql('postgres', "DROP INDEX $index");
}

# How a transaction ends that has called clipperf_apply(), or is in the middle of it.
my %ends = (
	'statement_timeout afterwards' => sub {
		my ($apply) = @_;
		failed_with($node, 'postgres', "BEGIN; $apply; SET LOCAL statement_timeout = 1; SELECT pg_sleep(600)", '57014', qr/statement timeout/,
			'statement_timeout afterwards: the transaction fails');
	},
	'lock_timeout afterwards' => sub {
		my ($apply) = @_;
		$holder->query_safe('BEGIN; LOCK TABLE other');
		failed_with($node, 'postgres', "BEGIN; $apply; SET LOCAL lock_timeout = 1; SELECT * FROM other", '55P03', qr/lock timeout/,
			'lock_timeout afterwards: the transaction fails');
		$holder->query_safe('COMMIT');
	},
	'idle_in_transaction_session_timeout' => sub {
		my ($apply) = @_;
		my $offset = -s $node->logfile;
		my $session = $node->background_psql('postgres', on_error_stop => 0);
		# It may be ended before psql has read that the last command is done.
		eval { $session->query_safe("BEGIN; $apply; SET LOCAL idle_in_transaction_session_timeout = 1") };
		ok($node->wait_for_log(qr/terminating connection due to idle-in-transaction timeout/, $offset),
			'idle_in_transaction_session_timeout: the session is ended');
		eval { $session->quit };
		$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'");
	},
	'terminated afterwards' => sub {
		my ($apply) = @_;
		my $session = $node->background_psql('postgres', on_error_stop => 0);
		$session->query_safe("BEGIN; $apply");
		my $pid = $session->query_safe('SELECT pg_backend_pid()');
		is($node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 180000)"), 't', 'terminated afterwards: the session is ended');
		eval { $session->quit };
	},
	'an error afterwards' => sub {
		my ($apply) = @_;
		failed_with($node, 'postgres', "BEGIN; $apply; SELECT 1 / 0", '22012', qr/division by zero/, 'an error afterwards');
	});
foreach my $end (sort keys %ends)
{
	foreach my $concurrently ('true', 'false')
	{
		my ($id, $index) = wanted();
		my $jobs = jobs();
		$ends{$end}->("SELECT state FROM clipperf_apply(ARRAY[$id], concurrently => $concurrently)");
		left_nothing($id, $index, $jobs, "$end, concurrently => $concurrently");
	}
}

# In the middle: the table is locked by another one, or its rows take their time.
foreach my $case ([ 'lock_timeout', '55P03', qr/lock timeout/ ], [ 'statement_timeout', '57014', qr/statement timeout/ ])
{
	my ($setting, $sqlstate, $text) = @$case;
	my ($id, $index) = wanted();
	my $jobs = jobs();
	$holder->query_safe('BEGIN; UPDATE item SET a = a WHERE id = 200');
	failed_with($node, 'postgres', "SET $setting = '100ms'; SELECT * FROM clipperf_apply(ARRAY[$id], concurrently => false)", $sqlstate, $text,
		"$setting in the middle: the call fails");
	$holder->query_safe('COMMIT');
	left_nothing($id, $index, $jobs, "$setting in the middle");
}
my $session = $node->background_psql('postgres', on_error_stop => 0);
foreach my $end ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $phase = 'building index: scanning table';
	my $index = 'item_called_' . ++$number;
	my $id = recommend($node, 'create', 'item', $index, "CREATE INDEX $index ON item (stops(a))");
	my $jobs = jobs();
	BuildPhase::lock_phase($holder, $phase);
	send_query($session, "SELECT * FROM clipperf_apply(ARRAY[$id], concurrently => false)");
	ok(waits_for_lock($node, 'SELECT * FROM clipperf\\_apply%'), "$end: the caller builds");
	is($node->safe_psql('postgres', "SELECT $end(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT * FROM clipperf\\_apply%'"), 't',
		"$end: he is told to end");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity
		WHERE query LIKE 'SELECT * FROM clipperf\\_apply%' AND state = 'active'");
	BuildPhase::unlock_phase($holder, $phase);
	left_nothing($id, $index, $jobs, $end);
}
eval { $session->quit };

# Before: a caller whom a timeout has ended already asks for nothing. After the commit: it is asked for.
my ($id, $index) = wanted();
my $jobs = jobs();
$node->psql('postgres', "BEGIN; SET LOCAL statement_timeout = 1; SELECT pg_sleep(600);
	SELECT * FROM clipperf_apply(ARRAY[$id]); COMMIT");
left_nothing($id, $index, $jobs, 'statement_timeout before');
($id, $index) = wanted();
$session = $node->background_psql('postgres', on_error_stop => 0);
my $job = $session->query_safe("SELECT job FROM clipperf_apply(ARRAY[$id])");
my $pid = $session->query_safe('SELECT pg_backend_pid()');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 180000)");
eval { $session->quit };
is(wait_for_job($node, $job), 'kept', 'a caller who is gone after his commit: it is done');
$node->safe_psql('postgres', "DROP INDEX $index");

# Two transactions that build the same: the second one waits, and finds it done, or has to do it itself.
my $one = $node->background_psql('postgres', on_error_stop => 0);
my $two = $node->background_psql('postgres', on_error_stop => 0);
foreach my $end ('COMMIT', 'ROLLBACK')
{
	($id, $index) = wanted();
	$jobs = jobs();
	my $apply = "SELECT state, reason FROM clipperf_apply(ARRAY[$id], concurrently => false)";
	is($one->query_safe("BEGIN; $apply"), 'kept|', "$end: the first one builds it");
	send_query($two, "BEGIN; $apply");
	ok(waits_for_lock($node, 'SELECT state, reason%'), "$end: the second one waits");
	$one->query_safe($end);
	my $said = $two->query("SELECT 'alive'");
	if ($end eq 'COMMIT')
	{
		like($said, qr/^kept\|nothing to build: index "$index" does the same\nalive$/, "$end: the second one finds it");
	}
	else
	{
		is($said, "kept|\nalive", "$end: the second one builds it");
	}
	$two->query('COMMIT');
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'item\\_called%'"), 1, "$end: there is one index");
	is(jobs(), $end eq 'COMMIT' ? $jobs + 2 : $jobs + 1, "$end: each that committed has a job");
	is(invalid_indexes($node), '', "$end: nothing INVALID is left");
	$node->safe_psql('postgres', "DROP INDEX $index");
}

# One of them in the background: it finds that of the transaction, or is found by it.
($id, $index) = wanted();
is($one->query_safe("BEGIN; SELECT state FROM clipperf_apply(ARRAY[$id], concurrently => false)"), 'kept', 'one builds in his transaction');
$job = apply_id($node, $id);
ok(wait_for_state($node, $job, 'waiting'), 'the job of another one waits');
$one->query_safe('COMMIT');
is(wait_for_job($node, $job), 'kept', 'it is kept');
like(reason($node, $job), qr/^nothing to build: index "$index" does the same$/, 'as there is nothing to build');
$node->safe_psql('postgres', "DROP INDEX $index");
my $build = BuildPhase->reach($node, 'waiting for old snapshots');
$id = recommend($node, 'create', 'item', $build->{index}, "CREATE INDEX $build->{index} ON item (stops(a) stops_ops) WITH (fillfactor = 10)");
is($node->safe_psql('postgres', "SELECT job, state FROM clipperf_apply(ARRAY[$id], concurrently => false)"), "$build->{job}|building",
	'who asks within his transaction for what is being built gets that job');
$build->release;
is(wait_for_job($node, $build->{job}), 'kept', 'which is done');
$node->safe_psql('postgres', "DROP INDEX $build->{index}");

# Several ask for the same at once, each in a transaction of its own: there is one job, which cannot end before all have
# asked.
($id, $index) = wanted();
$holder->query_safe('BEGIN; LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE');
$jobs = jobs();
my $script = $node->basedir . '/apply.sql';
append_to_file($script, "SELECT job FROM clipperf_apply(ARRAY[$id]);\n");
$node->command_ok([ 'pgbench', '-n', '-c', '5', '-j', '2', '-t', '4', '-f', $script, 'postgres' ], 'five sessions ask for the same');
is(jobs(), $jobs + 1, 'they get one job');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $node->safe_psql('postgres', 'SELECT max(job) FROM clipperf_jobs')), 'kept', 'which is done');
$node->safe_psql('postgres', "DROP INDEX $index");

# clipperf_wait(): ends with the time it was given, and says how far the job is; a timeout, a lock or a signal ends it by an
# error. None of them changes the job.
$build = BuildPhase->reach($node, 'waiting for old snapshots');
$job = $build->{job};
my $before = history($node, $job);
is($node->safe_psql('postgres', "SELECT clipperf_wait($job, '$_')"), 'building', "waits for $_ and returns the state")
  foreach '0', '10ms', '-1h';
failed_with($node, 'postgres', "SET statement_timeout = '100ms'; SELECT clipperf_wait($job)", '57014', qr/statement timeout/,
	'statement_timeout ends it');
$two->query_safe("SET application_name = 'waiting'");
send_query($two, "SELECT clipperf_wait($job)");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'waiting' AND wait_event_type = 'Extension'");
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'waiting'");
is($two->query("SELECT 'alive'"), 'alive', 'a signal ends it');
failed_with($node, 'postgres', 'SELECT clipperf_wait(-1)', '42704', qr/job -1 does not exist/, 'a job that does not exist');
failed_with($node, 'postgres', "BEGIN; SELECT clipperf_wait($job)", '25001', qr/inside a transaction block/, 'in a transaction block');
is(state($node, $job), 'building', 'the job goes on');
like(history($node, $job), qr/^$before/, 'and has not changed');
$build->release;
is(wait_for_job($node, $job), 'kept', 'it is done');
$holder->query_safe('BEGIN; LOCK TABLE _clipperf_job IN ACCESS EXCLUSIVE MODE');
failed_with($node, 'postgres', "SET lock_timeout = '10ms'; SELECT clipperf_wait($job)", '55P03', qr/lock timeout/, 'lock_timeout ends it');
$holder->query_safe('COMMIT');
$node->safe_psql('postgres', "DROP INDEX $build->{index}");

# DROP ROLE of the caller while his index is being built. He owns the table, or is a member of who does.
$node->safe_psql('postgres', q{
	CREATE ROLE owner; ALTER TABLE item OWNER TO owner; GRANT CREATE ON SCHEMA public TO owner;
	GRANT EXECUTE ON FUNCTION clipperf_apply(bigint[], text, boolean, boolean) TO owner; GRANT pg_read_all_stats TO owner});
foreach my $phase ('building index: scanning table', 'waiting for old snapshots')
{
	$node->safe_psql('postgres', 'CREATE ROLE passing; GRANT owner TO passing');
	my $held;
	if ($phase =~ /^building/) { BuildPhase::lock_phase($holder, $phase) }
	else { $holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other') }
	$index = 'item_called_' . ++$number;
	$id = recommend($node, 'create', 'item', $index, "CREATE INDEX $index ON item (stops(a))");
	$job = $node->safe_psql('postgres', "UPDATE clipperf_recommendations SET made_by = 'passing', role = 'passing'::regrole WHERE id = $id;
		SET ROLE passing; SELECT job FROM clipperf_apply(ARRAY[$id])");
	ok(phase($node, $job, $phase), "DROP ROLE, $phase: the build goes on");
	$node->safe_psql('postgres', 'DROP ROLE passing');
	if ($phase =~ /^building/) { BuildPhase::unlock_phase($holder, $phase) } else { $holder->query_safe('COMMIT') }
	my $state = wait_for_job($node, $job);
	note("$state: " . reason($node, $job));
	is($state, 'kept', "DROP ROLE, $phase: what he began as long as he was there is done");
	ok(index_is_complete($node, $index, 'item', 'stops(a)'), "DROP ROLE, $phase: the index is complete");
	like($node->safe_psql('postgres', "SELECT made_by FROM clipperf_jobs WHERE job = $job"), qr/^unknown \(OID=\d+\)$/,
		"DROP ROLE, $phase: the job tells that its role is gone");
	is(invalid_indexes($node), '', "DROP ROLE, $phase: nothing INVALID is left");
	ok(no_locks($node), "DROP ROLE, $phase: no lock is left");
	$node->safe_psql('postgres', "DROP INDEX $index");
}

$_->quit foreach $one, $two, $holder;
apply_is_healthy($node, 'callers');
$node->stop;
done_testing();
