# The verdict on an index is about the index: neither noise, nor other parameters, nor a cold cache, nor what another
# index did makes one that changes nothing look good or bad, or one that pays look useless.
#
# What a noisy machine does to latencies is done to what was counted before the build, so that the outcome is certain.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Requests;
use Test::More;

my $node = apply_server('noise', 'clipperf.verify_calls = 402', 'clipperf.verify_time = 100',
	'max_parallel_workers_per_gather = 0');

# Owners from 1 to 400 have 100 rows each, those from 1001 to 2000 have 10.
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, owner int, at int, note text);
	INSERT INTO item SELECT n, CASE WHEN n <= 40000 THEN 1 + n % 400 ELSE 1001 + n % 1000 END, n, repeat('x', 50)
	FROM generate_series(1, 50000) AS n;
	VACUUM ANALYZE item;
});
my $next = 100000;

# 201 calls of the count and of the list for owners from one on, and inserts if they are wanted. The last calls are made
# when the session of the others has ended, so that the server's own statistics are complete when the verdict is due.
sub load
{
	my ($first, $inserts) = @_;
	my $prepare = q{
		PREPARE look (int) AS SELECT count(note) FROM item WHERE owner = $1;
		PREPARE list (int) AS SELECT id, note FROM item WHERE owner = $1;
		PREPARE add (int) AS INSERT INTO item VALUES ($1, -1, 0, 'new');
	};
	my $sql = $prepare;
	foreach my $owner ($first .. $first + 99)
	{
		$sql .= "EXECUTE look ($owner); EXECUTE list ($owner);" x 2;
		$sql .= 'EXECUTE add (' . $next++ . ');' if $inserts;
	}
	$node->safe_psql('postgres', $sql);
	settle($node);
	$node->safe_psql('postgres', "$prepare EXECUTE look ($first); EXECUTE list ($first)");
}

# Makes a job of an index, as it was counted up to now.
sub build
{
	my ($index, $definition, @queryids) = @_;
	my $job = apply_index($node, 'item', $index, "CREATE INDEX $index ON item $definition", join(',', @queryids));
	is(wait_for_job($node, $job), 'verifying', "$index is built");
	return $job;
}

# What was counted before took 2 ^ octaves times as long.
sub stretch_before
{
	my ($job, $octaves, $condition) = @_;
	my $bytes = 48 * abs($octaves);
	my $zeros = "decode(repeat('00', $bytes), 'hex')";
	my $shifted = $octaves > 0 ? "$zeros || substr(histogram, 1, 1536 - $bytes)" : "substr(histogram, $bytes + 1) || $zeros";
	$condition ||= 'true';
	$node->safe_psql('postgres', "UPDATE _clipperf_job_measures SET total_ms = total_ms * 2 ^ $octaves, histogram = $shifted
		WHERE job = $job AND stage = 'before' AND $condition");
}

# The verdict, and what was said of one statement.
sub verdict_is
{
	my ($job, $state, $reason, $name) = @_;
	is(wait_for_verdict($node, $job), $state, $name);
	like(reason($node, $job), $reason, "$name: the reason says so");
}

sub judged
{
	my ($job, $queryid, $column) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT s->>'$column' FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
		WHERE job = $job AND s->>'queryid' = '$queryid'});
}

sub queryid
{
	my ($text) = @_;
	return $node->safe_psql('postgres', "SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE '$text%'");
}

sub drop { $node->safe_psql('postgres', "DROP INDEX $_") foreach @_ }

load(1);
my ($look, $list) = (queryid('SELECT count(note)'), queryid('SELECT id, note'));

# It pays: whether the machine is as fast as before, or much slower, or its cache was warm and is cold.
my $job = build('pays', '(owner)', $look, $list);
load(1);
verdict_is($job, 'kept', qr/^\S+ \[SELECT .* FROM item WHERE owner = \$1\]: p95 .* -> .* over 201 calls \(mean .* -> .*\); 1 more statement faster$/,
	'an index that pays is kept');
is(judged($job, $look, 'planner'), 'worth it', 'the planner agrees');
drop('pays');

load(1) foreach 1 .. 3;
$job = build('pays', '(owner)', $look, $list);
stretch_before($job, -10);
load(1);
verdict_is($job, 'kept', qr/yet it touches \d+% fewer blocks: something else has changed$/, 'it pays, and the machine is slow since');
drop('pays');

load(1) foreach 1 .. 3;
$job = build('pays', '(owner, at) WITH (fillfactor = 10, deduplicate_items = off)', $look, $list);
stretch_before($job, -10);
$node->safe_psql('postgres', "UPDATE _clipperf_job_measures SET blocks_read = CASE stage WHEN 'before' THEN 0 ELSE blocks_read - 15000 END
	WHERE job = $job");
load(1);
verdict_is($job, 'kept', qr/-> \d+ blocks per call over 201 calls \(more of them were not in the cache than before/,
	'it pays, and the cache is cold since');

# An index that changes nothing, beside the one that pays. As it is not as high, the planner takes it.
foreach my $octaves (2, -2)
{
	load(1) foreach 1 .. 3;
	$job = build('again', '(owner, id)', $look, $list);
	stretch_before($job, $octaves);
	load(1);
	verdict_is($job, 'useless', qr/^no statement became faster or slower in 402 calls; the index was scanned 40\d times$/,
		'one more that does the same, while all ' . ($octaves > 0 ? 'became faster' : 'became slower'));
	is(judged($job, $look, 'planner'), 'equal', 'the planner takes it, but does not need it') if $octaves < 0;
	drop('again');
}

# One that is never used.
foreach my $octaves (2, -2)
{
	$job = build('unused', '(at, note) WHERE at < 0', $look, $list);
	stretch_before($job, $octaves);
	load(1);
	verdict_is($job, 'useless', qr/^no statement became faster or slower in 402 calls; the index was never scanned$/,
		'one that is never used, while all ' . ($octaves > 0 ? 'became faster' : 'became slower'));
	drop('unused');
}

# Other parameters: fewer rows than before, and more.
foreach my $first (1001, 1)
{
	$job = build('again', '(owner, id)', $look, $list);
	load($first);
	verdict_is($job, 'kept', qr/\[SELECT count.*\); its plan is as good without the index$/, 'other parameters are not taken for the index');
	is(judged($job, $list, 'judgement'), 'same', 'more or fewer rows explain more or less time');
	drop('again');
	load(1001) foreach 1 .. 3;
}

# One that only costs writes.
load(1, 1) foreach 1 .. 3;
$job = build('costs', '(note, at)', $look, $list);
stretch_before($job, -5, 'is_write');
load(1, 1);
verdict_is($job, 'regressed', qr/^\S+ \[INSERT INTO item VALUES .*\]: p95 .* over 100 calls .*; writes to item \+\d+% \(blocks \+\d+%, WAL .\d+%\)$/,
	'one that only costs writes');
cmp_ok($node->safe_psql('postgres', "SELECT s->>'saved_ms' FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
	WHERE job = $job AND s->>'kind' = 'write'"), '>', -1000, 'it is charged for its blocks');
drop('costs');

# Two that only cost writes: of what the writes pay, each is charged with one half.
load(1, 1) foreach 1 .. 3;
$job = build('costs', '(note, at)', $look, $list);
my $other = build('costs_too', '(at, note)', $look, $list);
stretch_before($_, -5, 'is_write') foreach $job, $other;
load(1, 1);
verdict_is($_, 'regressed', qr/^\S+ \[INSERT INTO item VALUES .*\]: p95 .*; writes to item \+\d+% \(blocks \+\d+%, WAL .\d+%\)$/,
	'one of two that only cost writes') foreach $job, $other;
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT s->>'write_overhead_share', ' ') FROM clipperf_jobs,
	jsonb_array_elements(result->'statements') AS s WHERE job IN ($job, $other) AND s->>'kind' = 'write'"), '0.50', 'each has its half');
drop('costs', 'costs_too');

# Writes that became slower, and touch as many blocks.
load(1, 1) foreach 1 .. 3;
$job = build('free', '(at, note) WHERE at < 0', $look, $list);
stretch_before($job, -2);
load(1, 1);
verdict_is($job, 'useless', qr/^no statement became faster or slower in 402 calls; .*; writes to item \+\d+% \(blocks .\d+%, WAL .\d+%\)$/,
	'one that writes do not touch, while they became slower');
drop('free');

# Of two new ones that do the same, one goes and the other stays, even if both are reverted by themselves.
drop('pays');
$node->safe_psql('postgres', "DELETE FROM _clipperf_job");
load(1) foreach 1 .. 3;
$node->append_conf('postgresql.conf', 'clipperf.auto_revert = on');
$node->reload;
my @twins = map { build("twin_$_", "(owner, $_)", $look, $list) } 'id', 'at';
load(1);
is(join(' ', sort map { wait_for_verdict($node, $_) } @twins), 'kept reverted', 'one of two that do the same');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'twin%'"), 1, 'is there');
$node->append_conf('postgresql.conf', 'clipperf.auto_revert = off');
$node->reload;

# A statement that is called often does not speak for a slow one that is not.
$node->safe_psql('postgres', 'DROP INDEX IF EXISTS twin_id, twin_at');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
load(1);
my $rare = 'SELECT count(*) FROM item AS a JOIN item AS b ON a.owner = b.owner AND b.at = ';
$node->safe_psql('postgres', join('; ', map { "$rare$_" } 1 .. 50));
$job = build('rare', '(at)', $look, $list, queryid('SELECT count(*) FROM item AS a JOIN'));
load(1);
ok($node->poll_query_until('postgres', "SELECT retry_at > verify_since + interval '3 s' FROM _clipperf_job WHERE job = $job"),
	'looked at more than once');
is(state($node, $job), 'verifying', 'a slow statement is waited for');
$node->safe_psql('postgres', join('; ', map { "$rare$_" } 1 .. 40));
verdict_is($job, 'kept', qr/\[SELECT count\(\*\) FROM item AS a .*over [34]\d calls/, 'it decides');
apply_is_healthy($node, 'noise');
$node->stop;
done_testing();
