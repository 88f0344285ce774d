# The advisor on many statements and tables: bounded in questions, memory and time, heard by cancels, the same each
# time, undisturbed by others who change tables meanwhile, and without a trace in the session afterwards.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my ($tables, $statements) = (50, 500);
my $node = new_server('advice_large', 'clipperf.max_statements = 2000', 'clipperf.capture_parameters = on');

$node->safe_psql('postgres', join('', map {
	"CREATE TABLE t$_ (id int PRIMARY KEY, a int, b int, c int, d text, e timestamptz) WITH (autovacuum_enabled = off);
	INSERT INTO t$_ SELECT i, i % 100, i % 17, i * 7919 % 1000, md5(i::text), now() - i * interval '1 minute' FROM generate_series(1, 3000) AS i;" }
	1 .. $tables));
$node->safe_psql('postgres', 'VACUUM ANALYZE; SELECT clipperf_reset()');

# Ten shapes of statements on each table, two of which join the next one.
my @shapes = (
	'SELECT * FROM %1$s WHERE a = 5 AND c > 10', 'SELECT id, d FROM %1$s WHERE c = 7 ORDER BY e DESC LIMIT 5',
	'SELECT count(*) FROM %1$s WHERE b = 3', 'SELECT * FROM %1$s ORDER BY e LIMIT 10',
	"SELECT * FROM %1\$s WHERE d = 'x' OR c = 7", "SELECT id FROM %1\$s WHERE e > '2000-01-01' AND a IN (1, 2)",
	'SELECT x.id FROM %1$s AS x JOIN %2$s AS y ON x.c = y.c WHERE y.a = 3',
	'SELECT x.b, count(*) FROM %1$s AS x JOIN %2$s AS y ON y.c = x.id WHERE x.b = 2 GROUP BY x.b',
	'SELECT max(e) FROM %1$s WHERE a = 1 AND b = 2 AND c = 3', "UPDATE %1\$s SET b = b WHERE d = 'none' AND c = 4");
$node->safe_psql('postgres', join('', map { my $t = $_; map { sprintf("$_;\n", "t$t", 't' . (1 + $t % $tables)) } @shapes } 1 .. $tables));
is($statements, $tables * @shapes, 'so many statements');

# What the advisor says, as text, and what it tells besides.
my $rows = q{SELECT string_agg(concat_ws('|', action, ddl, benefit_share, cost_before, cost_after, size_bytes, reason), E'\n' ORDER BY id)
	FROM clipperf_recommend(min_benefit => 0.0001)};
my ($status, $first, $told) = $node->psql('postgres', "SET client_min_messages = debug1; $rows");
is($status, 0, 'all are advised on');
like($first, qr/create\|CREATE INDEX CONCURRENTLY/, 'indexes are found');

# The planner is asked for each statement about the candidates of its tables, a few times each, not about all.
my ($candidates, $questions) = $told =~ /(\d+) candidates, (\d+) questions to the planner/;
cmp_ok($questions, '<=', 6 * $statements * $candidates / $tables,
	'the planner is asked in proportion to statements x relevant candidates');
note("$candidates candidates, $questions questions");

# The same answer again; and what it took is given back.
my $memory = q{SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name NOT IN ('CacheMemoryContext', 'index info', 'relation rules')};
my ($before, $rest) = split(/\n/, $node->safe_psql('postgres', "$memory;\n$rows;\n$memory"), 2);
my ($again, $after) = $rest =~ /^(.*)\n(\d+)$/s;
is($again, $first, 'the same answer twice');
cmp_ok($after - $before, '<', 1_000_000, 'nothing is left in memory');
note(($after - $before) . ' bytes more afterwards');

my $peak = sub {
	my $pid = shift;
	return -1 unless open(my $file, '<', "/proc/$pid/status");
	my ($kb) = join('', <$file>) =~ /^VmHWM:\s+(\d+)/m;
	return $kb;
};
my $session = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $session->query_safe('SELECT pg_backend_pid()');
my $plan = 'EXPLAIN SELECT id, d FROM t1 WHERE c = 7 ORDER BY e DESC LIMIT 5';
my $planned = $session->query_safe($plan);
SKIP:
{
	skip 'no /proc here', 1 unless -r "/proc/$pid/status";
	my $was = $peak->($pid);
	$session->query('SELECT count(*) FROM clipperf_recommend()');
	$session->{stderr} = '';
	my $grown = $peak->($pid) - $was;
	cmp_ok($grown, '<', 256 * 1024, 'less than 256 MB were needed');
	note("$grown kB more at the peak");
}

# A statement of the session's own plans as before, whatever became of the advice.
sub plans_as_before
{
	my $after = shift;
	is($session->query_safe($plan), $planned, "$after: plans are as before");
}
plans_as_before('after advice');

# Waits until the session advises.
sub wait_for_advice
{
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $pid AND state = 'active' AND query LIKE '%clipperf_recommend%'")
	  or die 'the session does not advise';
}

$session->query_until(qr/begun/, "\\echo begun\nSELECT count(*) FROM clipperf_recommend();\n");
wait_for_advice();
is($node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)"), 't', 'a cancel is sent');
$session->query('SELECT 1');
$session->{stderr} = '';
plans_as_before('after a cancel');

for my $timeout (1, 50, 200)
{
	my (undef, undef, $error) = $node->psql('postgres',
		"SET statement_timeout = $timeout; SELECT count(*) FROM clipperf_recommend();");
	like($error, qr/canceling statement due to statement timeout/, "a timeout of $timeout ms is heard");
}
$session->query("SET statement_timeout = 200; SELECT count(*) FROM clipperf_recommend()");
$session->{stderr} = '';
$session->query_safe('RESET statement_timeout');
plans_as_before('after a timeout');

# A function that the planner runs raises an error in the middle of the search: its statement is told of, the others are
# advised on.
$node->safe_psql('postgres', q{
	CREATE TABLE due (at timestamptz);
	INSERT INTO due VALUES ('infinity');
	CREATE FUNCTION seven() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 7'});
$node->safe_psql('postgres', 'SELECT id, d FROM t1 WHERE c = seven() ORDER BY e DESC LIMIT 5') foreach 1 .. 5;
$node->safe_psql('postgres', q{
	CREATE OR REPLACE FUNCTION seven() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		IF clock_timestamp() > (SELECT at FROM due) THEN
			RAISE 'too late';
		END IF;
		RETURN 7;
	END
	$$});
$session->query_safe('SET client_min_messages = error');
for my $delay ('0 s', '20 ms', '100 ms')
{
	$session->query_safe("UPDATE due SET at = clock_timestamp() + interval '$delay'");
	is($session->query_safe("SELECT count(*) > 0 FROM clipperf_recommend(queryids => ARRAY(
		SELECT queryid FROM clipperf_queries WHERE query ~ '\\mt1\\M')) WHERE action = 'create'"), 't',
		"an error after $delay ends the advice on its statement only");
	plans_as_before("after an error, $delay");
}
$session->query_safe('RESET client_min_messages');

# Time that is limited ends the search, not the answer.
my ($limited, $output, $notice) = $node->psql('postgres',
	"SELECT count(*) FROM clipperf_recommend(time_limit => '1 millisecond', min_benefit => 0.0001)");
is($limited, 0, 'a limit of time is no error');
like($notice, qr/NOTICE:  search stopped at the time limit/, 'and is told');

# Others change tables meanwhile.
my @ddl = ('CREATE INDEX other ON t1 (c, e DESC)', 'DROP INDEX other', 'CREATE INDEX other ON t2 (a)',
	'ALTER TABLE t3 ADD COLUMN f int', 'ANALYZE t4', 'DROP INDEX other', 'DROP TABLE t50', 'ALTER TABLE t49 DROP COLUMN b');
$session->query_until(qr/begun/, "\\echo begun\nSELECT 'advised ' || count(*) FROM clipperf_recommend();\n");
for my $ddl (@ddl)
{
	my ($failed, undef, $error) = $node->psql('postgres', "SET lock_timeout = '180s'; $ddl");
	is($failed, 0, "$ddl, while another advises") or diag($error);
}
my $said = $session->query("SELECT 'still here'");
unlike($session->{stderr}, qr/ERROR|FATAL/, 'no error');
like($said, qr/advised \d+\nstill here/, 'the advice came to an end');
$session->{stderr} = '';
$session->quit;

is_healthy($node, 'large advice');
done_testing();
