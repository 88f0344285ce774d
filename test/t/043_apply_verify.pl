# What was built is judged by the statements it was meant for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Test::More;

my $node = apply_server('verify', 'clipperf.verify_calls = 200', 'clipperf.verify_time = 100');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, owner int, note text);
	INSERT INTO item SELECT n, n % 500, repeat('x', 50) FROM generate_series(1, 50000) AS n;
	VACUUM ANALYZE item;
});

# 200 calls of the read, 100 of the write.
sub load
{
	$node->safe_psql('postgres', q{
		PREPARE look (int) AS SELECT count(note) FROM item WHERE owner = $1;
		PREPARE note (int) AS UPDATE item SET note = 'changed' WHERE id = $1;
	} . join('', map { "EXECUTE look ($_); EXECUTE look ($_); EXECUTE note ($_);" } 1 .. 100));
}

# The same, of which a job that is being judged sees all or nothing.
sub judged_load { unwatched($node, \&load) }

my $queryid = sub { $node->safe_psql('postgres',
	"SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE 'SELECT count(note) FROM item WHERE owner%'") };

load();
my $look = $queryid->();

# One that pays.
my $job = apply_index($node, 'item', 'item_owner', 'CREATE INDEX item_owner ON item (owner)', $look);
is(wait_for_job($node, $job), 'verifying', 'it is built, and its statements are watched');
judged_load();
is(wait_for_verdict($node, $job), 'kept', 'it is kept');
like(reason($node, $job), qr/\[SELECT count\(note\) FROM item WHERE owner = \$1\]: p95 .* ms -> .* ms over 200 calls \(mean .* ms -> .* ms\)/, 'with the figures');
is($node->safe_psql('postgres', qq{
	SELECT s->>'judgement', (s->>'calls_before')::int, (s->>'calls_after')::int,
		(s->>'blocks_after')::float < (s->>'blocks_before')::float, (result->>'index_scans')::int
	FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
	WHERE job = $job AND s->>'queryid' = '$look'}), 'faster|200|200|t|200', 'which stay in the job');
is($node->safe_psql('postgres', qq{
	SELECT s->>'kind', (s->>'calls_after')::int FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
	WHERE job = $job AND s->>'queryid' <> '$look'}), 'write|100', 'those of writes to the table, too');

# One that does nothing for the statement it was meant for.
$job = apply_index($node, 'item', 'item_note', 'CREATE INDEX item_note ON item (note)', $look);
is(wait_for_job($node, $job), 'verifying', 'another one is built');
judged_load();
is(wait_for_verdict($node, $job), 'useless', 'it is useless');
like(reason($node, $job), qr/^no statement became faster or slower in 200 calls; the index was never scanned/,
	'because nobody used it');
is($node->safe_psql('postgres', "SELECT to_regclass('item_note') IS NOT NULL"), 't', 'it stays');
my $found = "FROM clipperf_findings() WHERE kind = 'unused_index' AND evidence LIKE 'Index item\\_note%'";
is($node->safe_psql('postgres', "SELECT relation, split_part(evidence, ';', 1) $found"),
	'item|Index item_note on item made no statement faster', 'the report says so');
like($node->safe_psql('postgres', "SELECT evidence $found"), qr/; no statement became faster or slower/, 'and why');
$node->safe_psql('postgres', $node->safe_psql('postgres', "SELECT fix $found"));
ok(wait_for_state($node, $job, 'reverted'), 'its fix reverts it');
is($node->safe_psql('postgres', "SELECT to_regclass('item_note') IS NULL, count(*) $found"), 't|0', 'and nothing is left to say');

# With auto_revert it goes.
$node->append_conf('postgresql.conf', 'clipperf.auto_revert = on');
$node->reload;
$job = apply_index($node, 'item', 'item_both', 'CREATE INDEX item_both ON item (note, id)', $look);
is(wait_for_job($node, $job), 'verifying', 'a third one is built');
judged_load();
ok($node->poll_query_until('postgres', "SELECT state = 'reverted' FROM clipperf_jobs WHERE job = $job"),
	'it is reverted by itself');
is(history($node, $job), 'queued building verifying useless queued building reverted', 'after its verdict');
is($node->safe_psql('postgres', "SELECT to_regclass('item_both') IS NULL"), 't', 'and gone');

# A drop that hurts is reverted.
my $id = recommend($node, 'drop', 'item', 'item_owner', 'DROP INDEX item_owner', $look);
$job = apply_id($node, $id);
is(wait_for_job($node, $job), 'verifying', 'an index is dropped');
judged_load();
ok($node->poll_query_until('postgres', "SELECT state = 'reverted' FROM clipperf_jobs WHERE job = $job"),
	'what was dropped is rebuilt');
is(history($node, $job), 'queued building verifying regressed queued building reverted', 'since it was missed');
is($node->safe_psql('postgres', "SELECT indisvalid FROM pg_index WHERE indexrelid = 'item_owner'::regclass"), 't',
	'it is there again');

# Built within a transaction: others do not have it before that has committed.
$node->safe_psql('postgres', 'DROP INDEX item_owner');
$node->append_conf('postgresql.conf', 'clipperf.auto_revert = off');
$node->reload;
load() foreach 1 .. 3;
my $within = recommend($node, 'create', 'item', 'item_within', 'CREATE INDEX item_within ON item (owner)', $look);
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
$job = $session->query_safe("SELECT job FROM clipperf_apply(ARRAY[$within])");
$node->safe_psql('postgres', join('; ', map { "SELECT count(note) FROM item WHERE owner = $_" } 1 .. 90));
$session->query_safe('COMMIT');
$session->quit;
ok($node->poll_query_until('postgres', "SELECT verify_since IS NOT NULL FROM _clipperf_job WHERE job = $job"),
	'its statements are watched from the commit on');
judged_load();
is(wait_for_verdict($node, $job), 'kept', 'built within a transaction, it is kept');
is($node->safe_psql('postgres', qq{
	SELECT (s->>'calls_after')::int <= 200, (s->>'blocks_after')::float < 0.5 * (s->>'blocks_before')::float
	FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
	WHERE job = $job AND s->>'queryid' = '$look'}), 't|t', 'by the calls since then');

# Calls that find nothing any more can be faster, too.
$node->append_conf('postgresql.conf', 'clipperf.verify_calls = 100');
$node->reload;
my $find = 'PREPARE find (int) AS SELECT note FROM found WHERE owner = $1;';
$node->safe_psql('postgres', 'CREATE TABLE found AS SELECT id, id AS owner, note FROM item; VACUUM ANALYZE found;'
	  . $find . join('', map { "EXECUTE find ($_);" } 1 .. 100));
$job = apply_index($node, 'found', 'found_owner', 'CREATE INDEX found_owner ON found (owner)', $node->safe_psql('postgres',
	"SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE 'SELECT note FROM found%'"));
is(wait_for_job($node, $job), 'verifying', 'an index for lookups is built');
$node->safe_psql('postgres', $find . join('', map { "EXECUTE find (-$_);" } 1 .. 100));
is(wait_for_verdict($node, $job), 'kept', 'it is kept, though nothing is found by it');
like(reason($node, $job), qr/: p95 .* ms -> .* ms over 100 calls/, 'as that takes less time');

# A dozen calls are enough where the difference is plain, once the time is over.
my $dozen = 'PREPARE seldom (int) AS SELECT count(note) FROM seldom WHERE owner = $1;' . join('', map { "EXECUTE seldom ($_);" } 1 .. 14);
$node->safe_psql('postgres', "CREATE TABLE seldom AS SELECT * FROM item; VACUUM ANALYZE seldom; $dozen");
$job = apply_index($node, 'seldom', 'seldom_owner', 'CREATE INDEX seldom_owner ON seldom (owner)', $node->safe_psql('postgres',
	"SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE 'SELECT count(note) FROM seldom WHERE owner%'"));
is(wait_for_job($node, $job), 'verifying', 'an index for a rare statement is built');
$node->safe_psql('postgres', $dozen);
is(state($node, $job), 'verifying', 'it is watched for long');
$node->append_conf('postgresql.conf', "clipperf.verify_time = 1\n");
$node->reload;
is(wait_for_verdict($node, $job), 'kept', 'then it is kept');
like(reason($node, $job), qr/: p95 .* ms -> .* ms over 14 calls/, 'for what 14 calls have shown');

# Too few calls: after the time, nothing is said against it.
$job = apply_index($node, 'item', 'item_late', 'CREATE INDEX item_late ON item (id, note)', $look);
is(wait_for_verdict($node, $job), 'kept', 'without calls there is no verdict against it');
like(reason($node, $job), qr/^too few calls to judge by: 0 calls/, 'and it says so');

apply_is_healthy($node, 'verify');
$node->stop;
done_testing();
