# What happens to a job while its index is being judged: processes and the server killed, the job canceled, the table
# changed or dropped, the extension or the database dropped, a standby promoted. The job goes on, by calls that are
# counted since then, or its end says what has become of the index.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Looked at once a second; only calls end it.
my $node = apply_server('verifying', 'clipperf.verify_calls = 100', 'clipperf.verify_time = 100', 'clipperf.save_interval = 0',
	'clipperf.long_transaction = 1h');
my ($number, $look) = (0);
set_up($node, 'postgres');
load($node);

sub set_up
{
	my ($server, $database) = @_;
	$server->safe_psql($database, q{
		CREATE TABLE item (id int PRIMARY KEY, owner int, note text, more int);
		INSERT INTO item SELECT n, n % 500, repeat('x', 50), n FROM generate_series(1, 20000) AS n;
		VACUUM ANALYZE item;
	});
}

# 200 calls of the statement that the indexes are meant for.
sub load
{
	my ($server, $database) = @_;
	$server->safe_psql($database || 'postgres', 'PREPARE look (int) AS SELECT count(note) FROM item WHERE owner = $1;'
		. join('', map { "EXECUTE look ($_);" } 1 .. 200));
}

# A job in state verifying; its index is named.
sub verifying
{
	my ($database) = @_;
	my $index = 'item_verified_' . ++$number;
	$look = $node->safe_psql('postgres',
		"SELECT queryid FROM clipperf_queries WHERE query LIKE 'SELECT count(note) FROM item WHERE owner%' ORDER BY last_seen DESC LIMIT 1");
	my $job = apply_index($node, 'item', $index, "CREATE INDEX $index ON item (owner, more)", $look, $database);
	is(wait_for_job($node, $job, $database), 'verifying', "$index is built");
	return ($job, $index);
}

# A session that keeps whoever looks at a job from ending that; returns it and the process that looks. No lock is waited for
# meanwhile, which a worker does not do for long.
sub hold_look
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe('SELECT pg_advisory_lock(1)');
	$node->safe_psql('postgres', q{
		CREATE OR REPLACE FUNCTION hold_look() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			WHILE NOT pg_try_advisory_xact_lock_shared(1) LOOP
				PERFORM pg_sleep(0.01);
			END LOOP;
			RETURN NEW;
		END $$;
		CREATE TRIGGER hold_look BEFORE UPDATE ON _clipperf_job FOR EACH ROW WHEN (OLD.state = 'verifying') EXECUTE FUNCTION hold_look()});
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE backend_type = 'clipperf builder' AND wait_event = 'PgSleep'}) or die 'nobody looks';
	return ($session, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'clipperf builder'
		ORDER BY backend_start DESC LIMIT 1"));
}

sub release
{
	my ($session) = @_;
	eval { $session->query('SELECT pg_advisory_unlock(1)') };
	eval { $session->quit };
	$node->safe_psql('postgres', 'DROP TRIGGER IF EXISTS hold_look ON _clipperf_job');
}

sub launcher
{
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'clipperf launcher'");
}

sub kill_process
{
	my ($pid) = @_;
	my $offset = -s $node->logfile;
	PostgreSQL::Test::Utils::system_or_bail('pg_ctl', 'kill', 'KILL', $pid);
	$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
}

sub calls_after
{
	my ($server, $job) = @_;
	return $server->safe_psql('postgres', qq{
		SELECT s->>'calls_after' FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
		WHERE job = $job AND s->>'queryid' = '$look'});
}

# The server watches the job since it is up.
sub is_watched_since
{
	my ($server, $job, $then) = @_;
	return $server->poll_query_until('postgres', "SELECT verify_since > '$then' FROM _clipperf_job WHERE job = $job");
}

sub left_nothing
{
	my ($name) = @_;
	is(invalid_indexes($node), '', "$name: nothing INVALID is left");
	ok(no_locks($node), "$name: no lock is left");
}

# The process that looks is told to end, or to cancel; the launcher is. What was counted stays.
foreach my $end ('pg_terminate_backend', 'pg_cancel_backend', 'launcher')
{
	load($node) foreach 1 .. 2;
	my ($job, $index) = verifying();
	my ($session, $pid) = hold_look();
	load($node);
	my $told = $end eq 'launcher' ? 'pg_terminate_backend(' . launcher() . ')' : "$end($pid)";
	is($node->safe_psql('postgres', "SELECT $told"), 't', "$end: told");
	is(state($node, $job), 'verifying', "$end: the job stays as it is");
	release($session);
	is(wait_for_verdict($node, $job), 'kept', "$end: it is judged");
	is(calls_after($node, $job), 200, "$end: by all calls");
	left_nothing($end);
	$node->safe_psql('postgres', "DROP INDEX $index");
}

# The process that looks, the launcher or the server is killed; the server is restarted. What was counted is lost, or may
# be: the calls since then count, and no others.
my %faults = (
	'builder killed' => sub { kill_process($_[0]) },
	'launcher killed' => sub { kill_process(launcher()) },
	'server stopped' => sub { $node->stop('immediate'); $node->start },
	'server restarted' => sub { $node->restart });
foreach my $fault (sort keys %faults)
{
	load($node) foreach 1 .. 2;
	my ($job, $index) = verifying();
	my $then = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
	my ($session, $pid) = hold_look();
	$faults{$fault}->($pid);
	release($session);
	is(state($node, $job), 'verifying', "$fault: the job is as it was");
	ok(is_watched_since($node, $job, $then), "$fault: it is watched anew");
	load($node);
	is(wait_for_verdict($node, $job), 'kept', "$fault: it is judged");
	like(reason($node, $job), qr/over \d+ calls/, "$fault: it pays");
	cmp_ok(calls_after($node, $job), '<=', 200, "$fault: by calls since then alone");
	is(history($node, $job), 'queued building verifying kept', "$fault: its history is that of any other job");
	left_nothing($fault);
	$node->safe_psql('postgres', "DROP INDEX $index");
}

# Canceled: what was built stays, and the scans that it ended are no finding any more; also while somebody looks.
load($node);
my $scans = "SELECT count(*) FROM clipperf_findings() WHERE kind = 'seq_scan' AND relation = 'item'::regclass";
is($node->safe_psql('postgres', $scans), 1, 'scans without an index are a finding');
my ($job, $index) = verifying();
is($node->safe_psql('postgres', "SELECT clipperf_cancel($job)"), 't', 'it can be canceled');
is(state($node, $job), 'canceled', 'at once');
like(reason($node, $job), qr/^verification canceled by \w+; the change stays/, 'it says that the index stays');
is(index_names($node, 'item\\_verified%'), $index, 'it does');
is($node->safe_psql('postgres', $scans), 0, 'what it serves is no finding');
is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 't', 'and can be reverted');
is(wait_for_job($node, $job), 'reverted', 'it is');
($job, $index) = verifying();
my ($session) = hold_look();
my $canceler = $node->background_psql('postgres', on_error_stop => 0);
$canceler->{stdin} .= "SELECT clipperf_cancel($job);\n";
$canceler->{run}->pump_nb;
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
	WHERE query LIKE 'SELECT clipperf\\_cancel%' AND wait_event_type = 'Extension'");
release($session);
is($canceler->query('SELECT 1'), "t\n1", 'it can be canceled while somebody looks');
$canceler->quit;
is(state($node, $job), 'canceled', 'then it is');
is(index_names($node, 'item\\_verified%'), $index, 'and the index stays');
left_nothing('canceled');
$node->safe_psql('postgres', "DROP INDEX $index");

# The table is changed: nobody waits, and the job goes on. It is rebuilt: that is the index still.
load($node) foreach 1 .. 2;
($job, $index) = verifying();
$node->safe_psql('postgres', "ALTER TABLE item ADD COLUMN new int");
$node->safe_psql('postgres', "REINDEX INDEX CONCURRENTLY $index");
load($node);
is(wait_for_verdict($node, $job), 'kept', 'ALTER TABLE, REINDEX: it is judged');
like(reason($node, $job), qr/over \d+ calls/, 'it pays');
is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 't', 'it can be reverted');
is(wait_for_job($node, $job), 'reverted', 'it is') or diag(reason($node, $job));
is(index_names($node, 'item\\_verified%'), '', 'the rebuilt index is gone');

# Its index is dropped by others, by itself or with a column.
foreach my $drop ('DROP INDEX %s', 'ALTER TABLE item DROP COLUMN more')
{
	($job, $index) = verifying();
	$node->safe_psql('postgres', sprintf($drop, $index));
	is(wait_for_verdict($node, $job), 'reverted', "$drop: the job ends");
	is(reason($node, $job), "index \"$index\" was dropped, but not by clipperf", "$drop: it says why");
	is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 'f', "$drop: there is nothing to revert");
	left_nothing($drop);
}

# The table is dropped.
$node->safe_psql('postgres', 'DROP TABLE item');
set_up($node, 'postgres');
load($node);
($job, $index) = verifying();
$node->safe_psql('postgres', 'DROP TABLE item');
is(wait_for_verdict($node, $job), 'failed', 'DROP TABLE: the job ends');
like(reason($node, $job), qr/^table public\.item no longer exists$/, 'DROP TABLE: it says why');
left_nothing('DROP TABLE');
set_up($node, 'postgres');

# The extension is dropped: what was built stays, and a new one knows nothing of it.
load($node);
($job, $index) = verifying();
$node->safe_psql('postgres', 'DROP EXTENSION clipperf');
ok(no_builder($node, 'postgres'), 'DROP EXTENSION: no process is left');
is(index_names($node, 'item\\_verified%'), $index, 'DROP EXTENSION: the index stays');
$node->safe_psql('postgres', "CREATE EXTENSION clipperf; DROP INDEX $index");
load($node);
($job, $index) = verifying();
load($node);
is(wait_for_verdict($node, $job), 'kept', 'DROP EXTENSION: a new one judges its own jobs');
like(reason($node, $job), qr/over \d+ calls/, 'DROP EXTENSION: by its calls');
left_nothing('DROP EXTENSION');
$node->safe_psql('postgres', "DROP INDEX $index");

# The database is dropped.
$node->safe_psql('postgres', 'CREATE DATABASE doomed');
$node->safe_psql('doomed', 'CREATE EXTENSION clipperf');
set_up($node, 'doomed');
load($node, 'doomed');
verifying('doomed');
$node->safe_psql('postgres', 'DROP DATABASE doomed WITH (FORCE)');
load($node) foreach 1 .. 2;
($job, $index) = verifying();
load($node);
is(wait_for_verdict($node, $job), 'kept', 'DROP DATABASE: others are judged');
like(reason($node, $job), qr/over \d+ calls/, 'DROP DATABASE: by its calls');
left_nothing('DROP DATABASE');
apply_is_healthy($node, 'verifying');
$node->safe_psql('postgres', "DROP INDEX $index");

# A standby is promoted, with counters of its own: they count since then.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
load($node) foreach 1 .. 2;
($job, $index) = verifying();
$node->wait_for_catchup($standby);
my $then = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
load($standby) foreach 1 .. 5;
$node->stop('immediate');
is(state($standby, $job), 'verifying', 'the standby knows the job');
$standby->promote;
ok(is_watched_since($standby, $job, $then), 'promoted, it watches it');
load($standby);
is(wait_for_verdict($standby, $job), 'kept', 'promoted, it judges it');
cmp_ok(calls_after($standby, $job), '<=', 200, 'by calls since then alone');
apply_is_healthy($standby, 'promoted');
$standby->stop;
done_testing();
