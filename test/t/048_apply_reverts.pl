# What is reverted is as it was: an index that was dropped, with all that CREATE INDEX does not say; and the indexes that
# partitions had before the whole got one, whatever happens meanwhile.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use Test::More;

my $node = apply_server('reverts', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'allow_in_place_tablespaces = on');
$node->safe_psql('postgres', q{
	CREATE TABLESPACE space LOCATION '';
	CREATE ROLE owner; GRANT CREATE ON SCHEMA public TO owner; GRANT CREATE ON TABLESPACE space TO owner;
	GRANT EXECUTE ON FUNCTION clipperf_apply(bigint[], text, boolean, boolean), clipperf_revert(bigint) TO owner;
	GRANT pg_read_all_stats TO owner;
	CREATE TABLE item (id int NOT NULL, a int, b text);
	INSERT INTO item SELECT n, n, n FROM generate_series(1, 100) AS n;
	ALTER TABLE item OWNER TO owner;
	CREATE TABLE other AS SELECT 1 AS n;
});

# All that is known of the indexes that are like a pattern.
sub catalog
{
	my ($pattern) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT c.relname, pg_get_indexdef(c.oid), c.relowner::regrole, c.reloptions, t.spcname, obj_description(c.oid, 'pg_class'), i.indisvalid,
			(SELECT string_agg(a.attname || ' ' || coalesce(nullif(a.attstattarget, -1)::text, ''), ', ' ORDER BY a.attnum)
			 FROM pg_attribute AS a WHERE a.attrelid = c.oid),
			(SELECT string_agg(e.extname, ' ') FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid WHERE d.objid = c.oid AND d.deptype = 'x'),
			(SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = c.oid)
		FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid LEFT JOIN pg_tablespace AS t ON t.oid = c.reltablespace
		WHERE c.relname LIKE '$pattern' ORDER BY c.relname});
}

# A drop, in the background and in a transaction.
my $plain = 'CREATE INDEX item_odd ON item (lower(b) DESC NULLS LAST, a) WITH (fillfactor = 42, deduplicate_items = off) TABLESPACE space WHERE a > 0';
$node->safe_psql('postgres', qq{
	$plain; ALTER INDEX item_odd ALTER COLUMN 1 SET STATISTICS 321; COMMENT ON INDEX item_odd IS 'it''s odd
	and more'; ALTER INDEX item_odd DEPENDS ON EXTENSION clipperf});
my $before = catalog('item_odd');
foreach my $concurrently ('true', 'false')
{
	my $id = recommend($node, 'drop', 'item', 'item_odd', 'DROP INDEX item_odd');
	$node->safe_psql('postgres', "UPDATE clipperf_recommendations SET made_by = 'owner', role = 'owner'::regrole WHERE id = $id");
	my $job = $node->safe_psql('postgres', "SET ROLE owner; SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => $concurrently)");
	is(wait_for_job($node, $job), 'kept', "concurrently => $concurrently: an index is dropped");
	is(catalog('item_odd'), '', 'it is gone');
	is($node->safe_psql('postgres', "SET ROLE owner; SELECT clipperf_revert($job)"), 't', 'that is reverted');
	is(wait_for_job($node, $job), 'reverted', 'it is') or diag(reason($node, $job));
	is(catalog('item_odd'), $before, "concurrently => $concurrently: the index is as it was");
}

# Its name means something else by now: nobody else's index gets its comment.
my $id = recommend($node, 'drop', 'item', 'item_odd', 'DROP INDEX item_odd');
my $job = apply_id($node, $id);
is(wait_for_job($node, $job), 'kept', 'it is dropped');
$node->safe_psql('postgres', 'CREATE INDEX item_odd ON item (id)');
is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 't', 'its name means something else when that is reverted');
is(wait_for_job($node, $job), 'reverted', 'it is');
is($node->safe_psql('postgres', "SELECT obj_description('item_odd'::regclass, 'pg_class')"), '', 'the other one has no comment');
like(reason($node, $job), qr/^built as "idx_item_.*", since the name "item_odd" is taken/, 'it has another name');

# What carries a mark that would be lost is not dropped.
$node->safe_psql('postgres', 'CREATE UNIQUE INDEX item_identity ON item (id DESC); ALTER TABLE item REPLICA IDENTITY USING INDEX item_identity;
	CREATE INDEX item_clustered ON item (a); ALTER TABLE item CLUSTER ON item_clustered');
failed_with($node, 'postgres', 'SELECT * FROM clipperf_apply(ARRAY[' . recommend($node, 'drop', 'item', $_->[0], "DROP INDEX $_->[0]") . '])',
	'2BP01', $_->[1], "$_->[0] is not dropped")
  foreach [ 'item_identity', qr/because replica identity requires it/ ], [ 'item_clustered', qr/because order of CLUSTER requires it/ ];

# Partitions that have the index, under names and with comments of their own.
$node->safe_psql('postgres', q{
	CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
	CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
	CREATE TABLE part_3 PARTITION OF parts FOR VALUES FROM (200) TO (300) PARTITION BY RANGE (a);
	CREATE TABLE part_31 PARTITION OF part_3 DEFAULT;
	INSERT INTO parts SELECT n, n FROM generate_series(1, 250) AS n;
	CREATE INDEX own_1 ON part_1 (a) WITH (fillfactor = 33); COMMENT ON INDEX own_1 IS 'mine';
	CREATE INDEX own_31 ON part_31 (a)});
$before = catalog('own%') . catalog('part%') . catalog('idx\\_part%');
my $number = 0;

# The index of the whole, made in either way.
sub whole
{
	my ($concurrently) = @_;
	my $index = 'whole_' . ++$number;
	my $made = recommend($node, 'create', 'parts', $index, "CREATE INDEX $index ON parts (a)");
	my $new = $node->safe_psql('postgres', "SELECT job FROM clipperf_apply(ARRAY[$made], concurrently => $concurrently)");
	is(wait_for_job($node, $new), 'kept', "concurrently => $concurrently: the whole gets an index");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_partition_tree('$index') WHERE relid::text LIKE 'own%'"), 2, 'which takes those of partitions in');
	return ($new, $index);
}

sub as_before
{
	my ($name) = @_;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM clipperf_jobs WHERE state IN ('queued', 'waiting', 'building')"), "$name: all jobs end");
	is(catalog('whole%'), '', "$name: the index of the whole is gone");
	is(catalog('own%') . catalog('part%') . catalog('idx\\_part%'), $before, "$name: the partitions have theirs, and no others");
	is(invalid_indexes($node), '', "$name: nothing INVALID is left");
	ok(no_locks($node), "$name: no lock is left");
}

my $holder = $node->background_psql('postgres', on_error_stop => 0);
foreach my $concurrently ('true', 'false')
{
	my ($new, $index) = whole($concurrently);
	# One that is rebuilt is the same still; a partition that is added later has no index of its own.
	$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY own_1; CREATE TABLE part_4 PARTITION OF parts FOR VALUES FROM (300) TO (400)');
	is($node->safe_psql('postgres', "SELECT clipperf_revert($new)"), 't', 'it is reverted');
	is(wait_for_job($node, $new), 'reverted', 'it is');
	as_before("concurrently => $concurrently");
	is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT state, ' ') FROM clipperf_jobs WHERE index_name LIKE 'own%'"), 'reverted',
		'by jobs that say so');
	$node->safe_psql('postgres', 'DROP TABLE part_4');
}

# Someone is in the way: those of the partitions are made again after the index of the whole has gone, and not before.
my ($new, $index) = whole('true');
$holder->query_safe('BEGIN; SELECT count(*) FROM parts');
$node->safe_psql('postgres', "SELECT clipperf_revert($new)");
ok($node->poll_query_until('postgres', "SELECT attempts >= 2 FROM _clipperf_job WHERE job = $new"), 'it was tried again');
is($node->safe_psql('postgres', "SELECT string_agg(state, ' ') FROM _clipperf_job WHERE after_job = $new"), 'waiting waiting', 'the others wait for it');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $new), 'reverted', 'the way is free: it is reverted');
as_before('someone in the way');

# The server stops before the index of the whole is gone.
($new, $index) = whole('true');
$holder->query_safe('BEGIN; SELECT count(*) FROM parts');
$node->safe_psql('postgres', "SELECT clipperf_revert($new)");
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM _clipperf_job WHERE after_job = $new"), 'the drop has begun');
$node->stop('immediate');
$node->start;
eval { $holder->quit };
is(wait_for_job($node, $new), 'reverted', 'after a crash it is reverted');
as_before('a crash');

# It is canceled before: all stays.
($new, $index) = whole('true');
$holder = $node->background_psql('postgres', on_error_stop => 0);
$holder->query_safe('BEGIN; SELECT count(*) FROM parts');
$node->safe_psql('postgres', "SELECT clipperf_revert($new)");
$node->poll_query_until('postgres', "SELECT state = 'waiting' OR state = 'building' FROM clipperf_jobs WHERE job = $new");
$node->safe_psql('postgres', "SELECT clipperf_cancel($new)");
$holder->query_safe('COMMIT');
is(wait_for_job($node, $new), 'canceled', 'the revert is canceled');
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM clipperf_jobs WHERE state IN ('queued', 'waiting', 'building')"), 'all jobs end');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_partition_tree('$index')"), 5, 'the index of the whole stays');
$holder->quit;
apply_is_healthy($node, 'reverts');
$node->stop;
done_testing();
