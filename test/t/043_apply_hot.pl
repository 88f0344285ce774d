# An index on a column that is updated often ends HOT updates: their dead rows stay in all indexes of the table, and the rows
# move.  What reads the table by other indexes then touches many more blocks, though its plan is the same.  The results name these
# statements, and only the index that is to blame is reverted.
#
# Blocks are exact, so that the outcome does not depend on what else this machine does.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Test::More;

my $node = apply_server('hot', 'clipperf.verify_calls = 1', 'clipperf.verify_time = 300', 'max_worker_processes = 6');

sub set
{
	my ($setting) = @_;
	$node->append_conf('postgresql.conf', "$setting\n");
	$node->reload;
}

sub queryid
{
	my ($text) = @_;
	return $node->safe_psql('postgres', "SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE '$text' AND query NOT LIKE '%clipperf%'");
}

# What the result says of a statement with such a text: one of the figures, or none if it is not compared at all.
sub said
{
	my ($job, $figure, $text) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT coalesce(string_agg(s->>'$figure', ' '), 'none') FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
		WHERE job = $job AND s->>'statement' LIKE '$text'});
}

# A statement that is prepared once and run with each of these parameters.
sub run_prepared
{
	my ($statement, @parameters) = @_;
	$node->safe_psql('postgres', "PREPARE s AS $statement;" . join('', map { "EXECUTE s ($_);" } @parameters));
}

# A feed whose newest rows are looked at and counted, with what was seen of it before any index is built.
sub make_feed
{
	my ($name, $more) = @_;
	$node->safe_psql('postgres', qq{
		CREATE TABLE $name (id int PRIMARY KEY, made int NOT NULL, kind int NOT NULL, views int NOT NULL, note text) WITH (fillfactor = 70);
		INSERT INTO $name SELECT i, i, i % 500, 0, repeat('n', 300) FROM generate_series(1, 20000) AS i;
		CREATE INDEX ${name}_made ON $name (made DESC);
		} . ($more // '') . qq{
		VACUUM ANALYZE $name});
	watch($name, 1);
	run_prepared("SELECT id FROM $name WHERE views > \$1 LIMIT 1", 1 .. 2);
}

# Views of the newest rows, then looks at the newest and at those of a kind.
sub watch
{
	my ($name, $rounds) = @_;
	run_prepared("UPDATE $name SET views = views + 1 WHERE id = \$1", map { 19801 + $_ * 37 % 200 } 1 .. 4000 * $rounds);
	run_prepared("SELECT id, note FROM $name ORDER BY made DESC LIMIT \$1", (100) x 40);
	run_prepared("SELECT count(note) FROM $name WHERE kind = \$1", 1 .. 60);
}

# A job that makes an index, which is for the statement with such a text.
sub build
{
	my ($name, $index, $columns, $text) = @_;
	my $job = apply_index($node, $name, $index, "CREATE INDEX $index ON $name ($columns)", queryid($text));
	is(wait_for_job($node, $job), 'verifying', "$index is built");
	return $job;
}

# Reviews the job at once, when its time has passed; returns what became of it.
sub result
{
	my ($job) = @_;
	$node->safe_psql('postgres', "UPDATE _clipperf_job SET retry_at = now() WHERE job = $job AND state = 'verifying'");
	return wait_for_verdict($node, $job);
}

# The same, of which a job that is being judged sees all or nothing: one call alone ends it, wherever the others are then.
sub judged_watch { my @load = @_; unwatched($node, sub { watch(@load) }) }

# Two indexes, one of which ends HOT updates.
make_feed('feed');
my $innocent = build('feed', 'feed_kind', 'kind', 'SELECT count(note) FROM feed %');
my $guilty = build('feed', 'feed_views', 'views', 'SELECT id FROM feed WHERE views%');
judged_watch('feed', 1);
set('clipperf.verify_time = 1');
is(result($innocent), 'kept', 'the index that pays is kept');
is(said($innocent, 'judgement', 'SELECT id, note%'), 'unclear', 'it does not answer for reads of more blocks');
is(said($innocent, 'planner', 'SELECT id, note%'), 'unused', 'in plans that do not use it');
like(reason($node, $innocent), qr/; not by this index, which their plans do not use: (\S+ )?\[SELECT id, note FROM feed [^;]*\], [\d,]+ -> [\d,]+ blocks per call/,
	'but it names them');
is(result($guilty), 'regressed', 'the one that ends HOT updates is not');
is(said($guilty, 'judgement', 'SELECT id, note%'), 'slower', 'it answers for reads of more blocks');
is(said($guilty, 'planner', 'SELECT id, note%'), 'unused', 'though their plans do not use it');
is(said($guilty, 'write_overhead_share', 'SELECT id, note%'), '1.00', 'alone');
cmp_ok(said($guilty, 'blocks_after', 'SELECT id, note%'), '>', 5 * said($guilty, 'blocks_before', 'SELECT id, note%'), 'they touch many more');
like(reason($node, $guilty), qr/\[SELECT id, note FROM feed [^;]* [\d,]+ -> [\d,]+ blocks per call[^;]*, as updates of the table are not HOT any more/,
	'the reason names them, and says why');
set('clipperf.verify_time = 300');

# Only that is reverted, by itself.
set('clipperf.auto_revert = on');
make_feed('again');
$innocent = build('again', 'again_kind', 'kind', 'SELECT count(note) FROM again %');
$guilty = build('again', 'again_views', 'id, views', 'SELECT id FROM again WHERE views%');
judged_watch('again', 1);
set('clipperf.verify_time = 1');
is(result($innocent), 'kept', 'of two indexes at once the one that pays is kept');
is(result($guilty), 'reverted', 'the one that ends HOT updates is reverted');
is(index_names($node, 'again\\_%'), 'again_kind again_made', 'and no other');
set('clipperf.verify_time = 300');
set('clipperf.auto_revert = off');

# A read that another new index has made faster, in more blocks (all calls before took a second, and touched one block): it does not
# speak against the one that ends HOT updates.
make_feed('gain');
$innocent = build('gain', 'gain_kind', 'kind', 'SELECT count(note) FROM gain %');
$guilty = build('gain', 'gain_views', 'views', 'SELECT id FROM gain WHERE views%');
judged_watch('gain', 1);
$node->safe_psql('postgres', "UPDATE _clipperf_job_measures SET total_ms = 1000 * calls, blocks = calls, blocks_read = 0, histogram =
	decode(repeat('00', 960) || 'ff000000' || repeat('00', 572), 'hex') WHERE job = $guilty AND stage = 'before' AND queryid = "
		. queryid('SELECT count(note) FROM gain %'));
set('clipperf.verify_time = 1');
is(result($guilty), 'regressed', 'an index that ends HOT updates, beside one that makes a read faster in more blocks');
is(said($guilty, 'judgement', 'SELECT count(note)%'), 'unclear', 'does not answer for that read');
is(said($guilty, 'judgement', 'SELECT id, note%'), 'slower', 'but for those whose plans are the same');
set('clipperf.verify_time = 300');

# Updates that were not HOT before: a further index on their column has not changed that.
make_feed('cold', 'CREATE INDEX cold_old ON cold (views);');
my $late = build('cold', 'cold_views', 'views, kind', 'SELECT id FROM cold WHERE views%');
judged_watch('cold', 2);
set('clipperf.verify_time = 1');
result($late);
isnt(said($late, 'judgement', 'SELECT id, note%'), 'slower', 'an index on a column that another index has does not answer for reads');

# INSERT ... ON CONFLICT updates, too.  And all calls before took a second, as on a machine that was busy then.
set('clipperf.verify_time = 300');
make_feed('upsert');
my $upsert = "INSERT INTO upsert VALUES (\$1, 0, 0, 0) ON CONFLICT (id) DO UPDATE SET views = upsert.views + 1";
run_prepared($upsert, map { 19801 + $_ * 37 % 200 } 1 .. 2000);
$guilty = build('upsert', 'upsert_views', 'views', 'SELECT id FROM upsert WHERE views%');
$node->safe_psql('postgres', "UPDATE _clipperf_job_measures SET total_ms = 1000 * calls, histogram =
	decode(repeat('00', 960) || 'ff000000' || repeat('00', 572), 'hex') WHERE job = $guilty AND stage = 'before'");
unwatched($node, sub {
	run_prepared($upsert, map { 19801 + $_ * 37 % 200 } 1 .. 6000);
	run_prepared("SELECT id, note FROM upsert ORDER BY made DESC LIMIT \$1", (100) x 40);
});
set('clipperf.verify_time = 1');
is(result($guilty), 'regressed', 'an index that ends HOT updates of INSERT ... ON CONFLICT');
is(said($guilty, 'judgement', 'SELECT id, note%'), 'slower', 'answers for reads, too');

apply_is_healthy($node, 'hot');
$node->stop;
done_testing();
