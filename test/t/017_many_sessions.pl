# Counters are exact whatever runs at the same time, and visible at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('many_sessions');
$node->safe_psql('postgres', 'CREATE TABLE tally (id int PRIMARY KEY, n int); INSERT INTO tally SELECT i, 0 FROM generate_series(1, 100) AS i');

# A session that idles, also in a transaction, holds nothing back; nor does one that has gone.
my $session = $node->background_psql('postgres');
$session->query_safe('SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 1, 'visible while the session idles');
$session->query_safe('BEGIN');
$session->query_safe('SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 2, 'visible while its transaction is open');
$session->quit;
is(calls($node, 'SELECT n FROM mark'), 2, 'still there when it has gone');

# Eight sessions on the same few statements, by every protocol, while others read.
my $run = "\\set id random(1, 100)\nSELECT n FROM tally WHERE id = :id;\nUPDATE tally SET n = n + 1 WHERE id = :id;\n";
# A reader that meets a counter half-written, or counted twice or not at all, fails.
my $read = q{SELECT 1 / (bool_and(calls = rows AND errors = 0 AND min_ms <= mean_ms * 1.000001 AND mean_ms <= max_ms * 1.000001
	AND min_ms <= p50_ms AND p50_ms <= p95_ms AND p95_ms <= p99_ms AND p99_ms <= max_ms AND p50_ms > 0
	AND abs(mean_ms * calls - total_ms) <= 0.001 * total_ms AND first_seen <= last_seen AND query IS NOT NULL))::int
	FROM clipperf_queries WHERE query ~ '^(SELECT n FROM|UPDATE) tally';} =~ s/\s+/ /gr . "\n";
foreach my $protocol (qw(simple extended prepared))
{
	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	$node->pgbench("--no-vacuum --client=8 --jobs=2 --transactions=300 --protocol=$protocol", 0,
		[qr{processed: 2400/2400}], [qr/^(?!.*(ERROR|FATAL|aborted))/s], "eight sessions, protocol $protocol",
		{ "017_$protocol" => $run });
	my $exact = $node->safe_psql('postgres', q{
		SELECT sum(calls), sum(rows), sum(errors), bool_and(min_ms <= mean_ms AND mean_ms <= max_ms),
			bool_and(min_ms <= p50_ms AND p50_ms <= p95_ms AND p95_ms <= p99_ms AND p99_ms <= max_ms),
			bool_and(abs(mean_ms * calls - total_ms) < 0.001 * total_ms), bool_and(wal_bytes > 0) FILTER (WHERE query LIKE 'UPDATE%')
		FROM clipperf_queries WHERE query ~ '^(SELECT n FROM|UPDATE) tally' GROUP BY left(query, 6) ORDER BY left(query, 6) });
	is($exact, "2400|2400|0|t|t|t|\n2400|2400|0|t|t|t|t", "$protocol: every call is counted once");
}
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my $before = $node->safe_psql('postgres', 'SELECT sum(n) FROM tally');
$node->pgbench('--no-vacuum --client=8 --jobs=2 --transactions=400', 0, [qr{processed: 3200/3200}],
	[qr/^(?!.*(ERROR|FATAL|aborted))/s], 'eight sessions that run and read',
	{ '017_run@9' => $run, '017_read@1' => $read });
my $done = $node->safe_psql('postgres', 'SELECT sum(n) FROM tally') - $before;
is(calls($node, 'UPDATE tally SET n = n + $1 WHERE id = $2'), $done, 'with readers: as many as were done');
is($node->safe_psql('postgres', 'SELECT executions_dropped, statements_evicted FROM clipperf_info'), '0|0', 'none was lost');

# More statements than a session has slots for, so that each execution moves the counters of another: readers see
# as many calls as the sequence has moved, but for those that are just running.
$node->safe_psql('postgres', 'SELECT clipperf_reset(); CREATE SEQUENCE moved CACHE 1');
$node->safe_psql('postgres', q{
	CREATE FUNCTION compare() RETURNS void LANGUAGE plpgsql AS $$
	DECLARE before bigint; counted bigint; after bigint;
	BEGIN
		FOR i IN 1..20 LOOP
			before := last_value FROM moved;
			counted := coalesce(sum(calls), 0) FROM _clipperf_read_queries() WHERE route = 'moved';
			after := last_value FROM moved;
			IF counted NOT BETWEEN before - 9 AND after THEN
				RAISE EXCEPTION '% counted between % and %', counted, before, after;
			END IF;
		END LOOP;
	END $$; });
my @moves = map { "SELECT nextval('moved')" . ', 1' x $_ . " /*route='moved'*/;" } 0 .. 29;
$node->pgbench('--no-vacuum --client=10 --jobs=2 --transactions=150', 0, [qr{processed: 1500/1500}],
	[qr/^(?!.*(ERROR|FATAL|aborted))/s], 'eight sessions without free slots, and two that read',
	{ '017_move@8' => join("\n", @moves, ''), '017_compare@2' => "SELECT compare();\n" });
is($node->safe_psql('postgres', q{SELECT sum(calls) = (SELECT last_value FROM moved), min(rows) = min(calls) FROM clipperf_queries WHERE route = 'moved'}),
	't|t', 'in the end all are counted');

is_healthy($node, 'many sessions');
$node->stop;
done_testing();
