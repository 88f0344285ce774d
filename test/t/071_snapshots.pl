# Periods hold what was counted between two snapshots, whatever happened meanwhile: a restart, a crash, a reset, evictions;
# two snapshots at a time are two periods; the worker takes them, and old ones go; a standby takes none.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('snapshots', 'clipperf.save_interval = 0', 'clipperf.max_statements = 100');

# Run a statement so many times, each in a request of its own.
sub run_mark
{
	my ($times) = @_;
	$node->safe_psql('postgres', "SET clipperf.route = '/mark'; " . ('BEGIN; SELECT n FROM mark; COMMIT; ' x $times));
}

sub snapshot
{
	my ($label) = @_;
	return $node->safe_psql('postgres', "SELECT clipperf_snapshot('$label')");
}

# A figure of the statement, or of its route, in the later of two periods.
sub figure
{
	my ($before, $after, $kind, $figure) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT value_after FROM clipperf_compare_figures('$before', '$after')
		WHERE route = '/mark' AND kind = '$kind' AND figure = '$figure'});
}

# What neither a restart nor a crash may change.
run_mark(3);
snapshot('first');
run_mark(5);
$node->restart;
run_mark(7);
snapshot('restarted');
is(figure('first', 'restarted', 'statement', 'calls'), 12, 'calls of a period with a restart');
is(figure('first', 'restarted', 'route', 'calls'), 12, 'and requests');
is(figure('first', 'restarted', 'route', 'statements'), 1, 'and statements per request');
run_mark(2);
$node->stop('immediate');
$node->start;
run_mark(4);
snapshot('crashed');
is(figure('restarted', 'crashed', 'statement', 'calls'), 4, 'after a crash counters are not older than the last snapshot');
is(figure('restarted', 'crashed', 'route', 'calls'), 4, 'nor are those of requests');

# Resets: of statements alone, of everything.
run_mark(6);
$node->safe_psql('postgres', "SELECT clipperf_reset('queries')");
run_mark(2);
snapshot('queries reset');
is(figure('crashed', 'queries reset', 'statement', 'calls'), 2, 'what was reset begins again');
is(figure('crashed', 'queries reset', 'route', 'calls'), 8, 'what was not goes on');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
run_mark(9);
snapshot('reset');
is(figure('queries reset', 'reset', 'statement', 'calls'), 9, 'even if it is more than before');
is(figure('queries reset', 'reset', 'route', 'calls'), 9, 'requests too');

# Evictions: no figure is negative, and nothing is said to be new or gone that may just have been evicted.
run_mark(1);
$node->safe_psql('postgres', join(' ', map { "SELECT n AS a$_" . ", n + before" x $_ . " FROM mark;" } 1 .. 300));
snapshot('flooded');
run_mark(1);
snapshot('later');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM clipperf_compare_figures('reset', 'flooded') WHERE value_before < 0 OR value_after < 0}), 0,
	'no figure is negative');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM clipperf_compare('reset', 'flooded') WHERE kind = 'statement' AND result = 'gone'}), 0,
	'what may have been evicted is not said to be gone');
is(figure('flooded', 'later', 'statement', 'calls'), 1, 'and the next period is right');

# Two at a time: the second waits for the first, and its period begins then.
my $first = $node->background_psql('postgres');
my $second = $node->background_psql('postgres');
$first->query_safe("BEGIN; SELECT clipperf_snapshot('at once 1')");
$second->query_until(qr/asked/, "\\echo asked\nSELECT clipperf_snapshot('at once 2');\n");
ok($node->poll_query_until('postgres', q{
	SELECT EXISTS (SELECT FROM pg_locks WHERE relation = '_clipperf_snapshot'::regclass AND NOT granted)}), 'the second one waits');
$first->query_safe('COMMIT');
$second->quit;
$first->quit;
is($node->safe_psql('postgres', q{
	SELECT b.since = a.until AND b.period > a.period FROM clipperf_periods AS a, clipperf_periods AS b
	WHERE a.label = 'at once 1' AND b.label = 'at once 2'}), 't', 'its period begins where the first one ends');

# Not dumped: the numbers of roles and statements mean nothing elsewhere.
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-Fc', '-f', $node->basedir . '/dump', 'postgres' ], 'the database is dumped');
$node->command_ok([ 'pg_restore', '-d', 'restored', $node->basedir . '/dump' ], 'and restored');
is($node->safe_psql('restored', 'SELECT count(*) FROM clipperf_periods'), 0, 'without the periods');
is($node->safe_psql('restored', 'SELECT clipperf_snapshot() > 0'), 't', 'where new ones can be taken');

# The worker takes them, in each database that has the extension, and keeps so many of those without a label.
$node->safe_psql('postgres', 'CREATE DATABASE without');
$node->safe_psql('without', 'SELECT 1');
$node->safe_psql("restored", "SELECT n FROM mark");
run_mark(1);
my $labels = $node->safe_psql('postgres', 'SELECT count(label) FROM clipperf_periods');
$node->append_conf('postgresql.conf', "clipperf.snapshot_interval = 1\nclipperf.snapshot_keep = 2");
$node->reload;
foreach my $database (qw(postgres restored))
{
	ok($node->poll_query_until($database, 'SELECT max(period) >= min(period) + 1 AND count(*) FILTER (WHERE label IS NULL) = 2 FROM clipperf_periods'),
		"$database: taken by the worker");
	my $last = $node->safe_psql($database, 'SELECT max(period) FROM clipperf_periods');
	ok($node->poll_query_until($database, "SELECT max(period) > $last + 2 FROM clipperf_periods"), "$database: again and again");
	is($node->safe_psql($database, 'SELECT count(*) FROM clipperf_periods WHERE label IS NULL'), 2, "$database: two are kept");
	is($node->safe_psql($database, 'SELECT taken_by FROM clipperf_periods ORDER BY period DESC LIMIT 1'), $node->safe_psql('postgres', 'SELECT rolname FROM pg_roles WHERE oid = 10'),
		"$database: by the worker's role");
	cmp_ok($node->safe_psql($database, 'SELECT count(DISTINCT snapshot) FROM _clipperf_snapshot_item WHERE snapshot > (SELECT max(period) FROM clipperf_periods WHERE label IS NOT NULL)
		OR NOT EXISTS (SELECT FROM clipperf_periods WHERE label IS NOT NULL)'), '<=', 4, "$database: and the one before them");
}
is($node->safe_psql('postgres', 'SELECT count(label) FROM clipperf_periods'), $labels, 'those with a label stay');
$node->append_conf('postgresql.conf', 'clipperf.snapshot_interval = 0');
$node->reload;

# On a standby periods can be read, but not made.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('snapshots_standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
failed_with($standby, 'postgres', 'SELECT clipperf_snapshot()', '25006', qr/cannot execute clipperf_snapshot\(\) during recovery/,
	'a standby takes no snapshots');
cmp_ok($standby->safe_psql('postgres', 'SELECT count(*) FROM clipperf_compare()'), '>=', 0, 'but compares them');
$standby->stop;
$node->stop;

# How large a period is, of 5,000 statements: as measured, and as if all series that there can be had all blocks.
$node = new_server('large', 'clipperf.max_statements = 5000', 'clipperf.text_memory = 16MB', 'clipperf.track = all');
$node->safe_psql('postgres', q{
	CREATE TABLE wide AS SELECT 1 AS c0, 1 AS c1, 1 AS c2, 1 AS c3, 1 AS c4, 1 AS c5, 1 AS c6, 1 AS c7, 1 AS c8, 1 AS c9, 1 AS c10, 1 AS c11, 1 AS c12;
	SELECT clipperf_reset();
	DO $$
	DECLARE
		columns text;
	BEGIN
		FOR i IN 1 .. 4990 LOOP
			columns := (SELECT string_agg('c' || b, ', ' ORDER BY b) FROM generate_series(0, 12) AS b WHERE (i >> b) & 1 = 1);
			FOR n IN 1 .. 5 LOOP
				EXECUTE format('SELECT %s FROM wide WHERE c0 = %s', columns, n);
			END LOOP;
		END LOOP;
	END $$;});
# A block lasts a fifth of a second at least, and what takes more time than the others has a series.
$node->safe_psql('postgres', 'SELECT pg_sleep(0.2); ' . ('SELECT pg_sleep(0.001) AS often; ' x 25) . 'SELECT _clipperf_end_block()') foreach 1 .. 32;
my $size = q{pg_total_relation_size('_clipperf_snapshot') + pg_total_relation_size('_clipperf_snapshot_item') + pg_total_relation_size('_clipperf_snapshot_finding')
	+ pg_total_relation_size('_clipperf_snapshot_wait')};
my $empty = $node->safe_psql('postgres', "SELECT $size");
$node->safe_psql('postgres', "SELECT clipperf_snapshot('large')");
my ($items, $bytes, $blocks, $without) = split /\|/, $node->safe_psql('postgres', "
	SELECT count(*), $size - $empty, max(length(blocks)), count(*) FILTER (WHERE blocks IS NULL) FROM _clipperf_snapshot_item");
cmp_ok($items, '>=', 4900, 'statements are in the snapshot');
cmp_ok($blocks, '>', 200, 'a series of blocks');
cmp_ok($bytes + 512 * $blocks, '<', 1024 * 1024, "a period of $items statements takes $bytes bytes, and 512 series of $blocks");
$node->stop;

done_testing();
