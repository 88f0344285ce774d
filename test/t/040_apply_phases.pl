# A build that is broken off in each of its phases: cancelled, its process terminated or killed, the server stopped.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('phases', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, a int);
	INSERT INTO item SELECT n, n FROM generate_series(1, 1000) AS n;
	CREATE TABLE other AS SELECT 1 AS n;
	CREATE FUNCTION stops(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock_shared(4711);
		RETURN n;
	END $$;
});

# What stops a build in a phase: a session that does this, and how it is recognised.
my %stops = (
	'waiting for writers before build' => [ 'BEGIN; UPDATE item SET a = a WHERE id = 1' ],
	'building index' => [ 'BEGIN; SELECT pg_advisory_xact_lock(4711)' ],
	'waiting for writers before validation' => [ 'BEGIN; SELECT pg_advisory_xact_lock(4711)',
		'BEGIN; UPDATE item SET a = a WHERE id = 1' ],
	'waiting for old snapshots' => [ 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other' ]);

# Brings a new job into a phase; returns it and the sessions that hold it there.
sub stop_in
{
	my ($phase, $number) = @_;
	my @steps = @{ $stops{$phase} };
	my $first = $node->background_psql('postgres', on_error_stop => 0);
	$first->query($steps[0]);
	my $job = apply_index($node, 'item', "item_$number", "CREATE INDEX item_$number ON item (stops(a + $number))");
	return ($job, $first) if phase($node, $job, @steps == 1 ? $phase : 'building index') && @steps == 1;

	my $second = $node->background_psql('postgres', on_error_stop => 0);
	$second->query($steps[1]);
	$first->query('COMMIT');
	phase($node, $job, $phase);
	return ($job, $second, $first);
}

sub builder { return $node->safe_psql('postgres', "SELECT worker_pid FROM clipperf_jobs WHERE job = $_[0]") }

my $number = 0;
foreach my $phase (sort keys %stops)
{
	# Cancelled by clipperf_cancel().
	my ($job, @sessions) = stop_in($phase, ++$number);
	is(state($node, $job), 'building', "$phase: a build is there");
	like($node->safe_psql('postgres', "SELECT waits_for FROM clipperf_jobs WHERE job = $job"), qr/^process \d+ \(application /,
		"$phase: whom it waits for is shown") if $phase =~ /waiting/;
	is($node->safe_psql('postgres', "SELECT clipperf_cancel($job)"), 't', "$phase: it can be cancelled");
	$sessions[0]->query('COMMIT');
	$_->quit foreach @sessions;
	is(wait_for_job($node, $job), 'cancelled', "$phase: and is");
	like(reason($node, $job), qr/^cancelled by /, "$phase: it says by whom");
	is(invalid_indexes($node), '', "$phase: cancelled, nothing INVALID is left");
	is($node->safe_psql('postgres', "SELECT to_regclass('item_$number') IS NULL"), 't', "$phase: nor anything else");

	# Its process terminated.
	($job, @sessions) = stop_in($phase, ++$number);
	$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . builder($job) . ')');
	ok($node->poll_query_until('postgres', "SELECT attempts > 0 FROM clipperf_jobs WHERE job = $job"),
		"$phase: terminated, another process finds it");
	$sessions[0]->query('COMMIT');
	$_->quit foreach @sessions;
	is(wait_for_job($node, $job), 'kept', "$phase: and does it again");
	is(invalid_indexes($node), '', "$phase: terminated, nothing INVALID is left");

	# The same by SIGKILL, and by an immediate stop of the server.
	foreach my $fault ('killed', 'stopped')
	{
		($job, @sessions) = stop_in($phase, ++$number);
		if ($fault eq 'killed')
		{
			my $offset = -s $node->logfile;
			PostgreSQL::Test::Utils::system_or_bail('pg_ctl', 'kill', 'KILL', builder($job));
			$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
		}
		else
		{
			$node->stop('immediate');
			$node->start;
		}
		eval { $_->quit } foreach @sessions;
		$node->poll_query_until('postgres', 'SELECT true');
		is(wait_for_job($node, $job), 'kept', "$phase: $fault, it is done after the restart");
		like(history($node, $job), qr/^queued building queued .*building kept$/, "$phase: $fault, and says what happened");
		is(invalid_indexes($node), '', "$phase: $fault, nothing INVALID is left");
		is($node->safe_psql('postgres', "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'item\\_$number%'"), 1,
			"$phase: $fault, there is one index");
	}
	$node->safe_psql('postgres', q{DO $$ DECLARE i text; BEGIN
		FOR i IN SELECT indexname FROM pg_indexes WHERE indexname LIKE 'item\_%' AND indexname <> 'item_pkey' LOOP
			EXECUTE 'DROP INDEX ' || i;
		END LOOP; END $$});
}
apply_is_healthy($node, 'phases');

# The launcher killed: it comes back and finds what waits.
my ($job, @sessions) = stop_in('waiting for old snapshots', ++$number);
my $waiting = apply_index($node, 'other', 'other_n', 'CREATE INDEX other_n ON other (n)');
my $offset = -s $node->logfile;
PostgreSQL::Test::Utils::system_or_bail('pg_ctl', 'kill', 'KILL',
	$node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'clipperf launcher'"));
$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
eval { $_->quit } foreach @sessions;
$node->poll_query_until('postgres', 'SELECT true');
is(wait_for_job($node, $job), 'kept', 'launcher killed: what it had begun is done');
is(wait_for_job($node, $waiting), 'kept', 'launcher killed: and what waited');

# Terminated: it is started again.
my $launcher = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'clipperf launcher'");
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
is(wait_for_job($node, apply_index($node, 'other', 'other_nn', 'CREATE INDEX other_nn ON other (n, n)')), 'kept',
	'launcher terminated: jobs are done all the same');
apply_is_healthy($node, 'launcher');
$node->stop;
done_testing();
