# Planning statements again: cancels, timeouts, locks, read-only transactions, standbys; and nothing of it is counted.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('workload', "clipperf.track = 'all'");

# Functions that are harmless when the statements run, and not when they are planned again.
my %plots = (
	loop => 'LOOP END LOOP;',
	catches => 'LOOP BEGIN LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; '
		. 'EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP;',
	swallows => 'BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN RETURN 1; END;',
	reads => 'PERFORM count(*) FROM mark;',
	nested => 'PERFORM count(*) FROM clipperf_workload();');

sub plot
{
	my ($name) = @_;

	$node->safe_psql('postgres', "SELECT clipperf_reset(); CREATE OR REPLACE FUNCTION $name() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'");
	$node->safe_psql('postgres', "SELECT n FROM mark WHERE n = $name() LIMIT $_") foreach 1 .. 3;
	$node->safe_psql('postgres', "SELECT n AS n$_ FROM mark WHERE n = $name()") foreach 1 .. 5;
	$node->safe_psql('postgres', "CREATE OR REPLACE FUNCTION ${name}_() RETURNS int LANGUAGE plpgsql AS 'BEGIN $plots{$name} RETURN 1; END';
		CREATE OR REPLACE FUNCTION $name() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN ${name}_(); END'");
}

# The problems of the statements on mark.
sub problems
{
	return $node->safe_psql('postgres', "SELECT DISTINCT problem FROM clipperf_workload() WHERE query ~ '^SELECT n.*mark WHERE'");
}

# One that is ended by the sandbox's own timeout.
foreach my $name (qw(loop catches))
{
	plot($name);
	is($node->safe_psql('postgres', "SELECT problem FROM clipperf_workload(queryids => ARRAY(
		SELECT queryid FROM clipperf_queries WHERE query LIKE 'SELECT n AS n1%'))"),
		'it takes too long to plan: planning took longer than 2000 ms', "$name: ended");
}

# The caller's statement_timeout and cancel end everything, whatever the function does about it.
foreach my $name (qw(loop catches swallows))
{
	plot($name);
	failed_with($node, 'postgres', "SET statement_timeout = 300; SELECT * FROM clipperf_workload(queryids => ARRAY(
		SELECT queryid FROM clipperf_queries WHERE query LIKE '%$name()'))",
		'57014', qr/canceling statement due to (statement timeout|user request)/, "$name: ended by statement_timeout");

	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_until(qr/started/, "\\echo started\nBEGIN;\nSELECT count(*) FROM clipperf_workload(queryids => ARRAY(
		SELECT queryid FROM clipperf_queries WHERE query LIKE '%$name()'));\n");
	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE pid = $pid AND relation = 'mark'::regclass");
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	$session->query('ROLLBACK');
	like($session->{stderr}, qr/canceling statement due to user request/, "$name: ended by a cancel");
	$session->{stderr} = '';
	is($session->query_safe("SELECT current_user = session_user, current_setting('transaction_read_only'),
		current_setting('clipperf.enabled'), current_setting('lock_timeout'), current_setting('search_path'), pg_is_in_recovery()"),
		't|off|on|0|"$user", public|f', "$name: the session is as before");
	is($session->query_safe('SELECT sum(n) FROM mark'), '1', 'and goes on');
	is($session->query_safe('INSERT INTO mark VALUES (0); SELECT count(*) FROM mark'), '2', 'and can write');
	$session->query_safe('DELETE FROM mark WHERE n = 0');
	$session->quit;
}

# In a subtransaction whose handler catches the timeout: everything is restored too.
is($node->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE TABLE outcome (what text);
	SET statement_timeout = 500;
	DO $$ BEGIN PERFORM count(*) FROM clipperf_workload(); EXCEPTION WHEN query_canceled THEN INSERT INTO outcome VALUES (concat(current_user = session_user, current_setting('transaction_read_only'))); END $$;
	RESET statement_timeout;
	SELECT what FROM outcome; }), 'toff', 'caught by the caller');

# What planning runs is not counted, nor are its errors.
plot('reads');
my $before = $node->safe_psql('postgres', q{SELECT sum(calls), sum(errors) FROM clipperf_queries WHERE query LIKE '%mark%' AND query NOT LIKE '%clipperf%'});
is(problems(), '', 'a function that reads is run');
is($node->safe_psql('postgres', q{SELECT sum(calls), sum(errors) FROM clipperf_queries WHERE query LIKE '%mark%' AND query NOT LIKE '%clipperf%'}),
	$before, 'but what it reads is not counted');
plot('nested');
like(problems(), qr/^a function it calls has side effects: clipperf_workload\(.* is not run to plan a statement$/, 'no sandbox in a sandbox');
$before = $node->safe_psql('postgres', q{SELECT sum(errors) FROM clipperf_queries WHERE query LIKE '%nested%'});
problems();
is($node->safe_psql('postgres', q{SELECT sum(errors) FROM clipperf_queries WHERE query LIKE '%nested%'}), $before, 'errors are not counted');

# Locks: never waited for; those taken are held to the end of the transaction.
$node->safe_psql('postgres', 'SELECT clipperf_reset(); SELECT n FROM mark WHERE before = 2');
my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE mark');
is(problems(), 'a table is locked by another session', 'a locked table is not waited for');
$locker->query_safe('ROLLBACK');
my $planner = $node->background_psql('postgres');
$planner->query_safe('BEGIN');
is($planner->query_safe("SELECT problem IS NULL FROM clipperf_workload() WHERE query LIKE '%before = %'"), 't', 'then it is planned');
failed_with($node, 'postgres', 'BEGIN; LOCK TABLE mark NOWAIT', '55P03', qr/could not obtain lock/, 'and keeps its definition');
$planner->query_safe('COMMIT');
is($node->safe_psql('postgres', 'BEGIN; LOCK TABLE mark NOWAIT; SELECT 1'), '1', 'until the end of the transaction');
$planner->quit;
$locker->quit;

# In read-only and in serializable transactions, after a savepoint, and in a function.
foreach my $begin ('BEGIN READ ONLY', 'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY', 'BEGIN; SAVEPOINT s')
{
	is($node->safe_psql('postgres', "$begin; SELECT problem IS NULL FROM clipperf_workload() WHERE query LIKE '%before = %'; COMMIT"), 't', $begin);
}

# On a standby.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('workload_standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
$standby->safe_psql('postgres', 'SELECT n FROM mark WHERE afterwards = 3');
is($standby->safe_psql('postgres', "SELECT variants, problem FROM clipperf_workload() WHERE query LIKE '%afterwards = %'"), '1|', 'on a standby');
$standby->stop;

is_healthy($node, 'planning');
done_testing();
