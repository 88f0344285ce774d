# How far a build has come, how fast it is and how long it will take: by the work it does, not by the time it waits, and
# over all partitions.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Test::More;

my $node = apply_server('progress', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'clipperf.give_way_after = 0');

# gate() holds a build at rows whose number is that of an advisory lock that another session holds.
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int, a int, pad text);
	INSERT INTO item SELECT n, n, repeat('x', 100) FROM generate_series(1, 6000) AS n;
	CREATE TABLE other AS SELECT 1 AS n;
	CREATE FUNCTION gate(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN
		IF n IN (1, 3000, 6000) AND EXISTS (SELECT FROM pg_stat_progress_create_index WHERE pid = pg_backend_pid()) THEN
			PERFORM pg_advisory_xact_lock_shared(n);
		END IF;
		RETURN n;
	END $$;
	CREATE TABLE parts (id int, a int, pad text) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (1500);
	CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (1500) TO (6000);
	CREATE TABLE part_3 PARTITION OF parts FOR VALUES FROM (6000) TO (7000);
	INSERT INTO parts SELECT id, CASE WHEN id IN (1, 3000, 6000) THEN id ELSE 2 END, pad FROM item;
	CREATE INDEX ON part_3 (gate(a));
});
my $holder = $node->background_psql('postgres', on_error_stop => 0);
my $writer = $node->background_psql('postgres', on_error_stop => 0);

sub now { return $node->safe_psql('postgres', 'SELECT clock_timestamp()') }
sub close_gates { $holder->query_safe("SELECT pg_advisory_lock($_)") foreach @_ }
sub open_gate { $holder->query_safe("SELECT pg_advisory_unlock($_[0])") }

# A condition on the progress of a job, which comes true.
sub comes
{
	my ($job, $condition, $name) = @_;
	ok($node->poll_query_until('postgres', "SELECT coalesce($condition, false) FROM clipperf_jobs WHERE job = $job"), $name)
	  or diag($node->safe_psql('postgres', "SELECT * FROM clipperf_jobs WHERE job = $job"));
}

# One that is true now.
sub holds
{
	my ($job, $condition, $name) = @_;
	is($node->safe_psql('postgres', "SELECT $condition FROM clipperf_jobs WHERE job = $job"), 't', $name)
	  or diag($node->safe_psql('postgres', "SELECT clock_timestamp(), done_share, blocks_per_second, remaining_ms FROM clipperf_jobs WHERE job = $job"));
}

my $seconds_since = sub { return "extract(epoch FROM clock_timestamp() - '$_[0]')" };

# It waits, and works on nothing.
close_gates(1, 3000, 6000);
$writer->query_safe('BEGIN; UPDATE item SET a = a WHERE id = 2000');
my $job = apply_index($node, 'item', 'item_a', 'CREATE INDEX item_a ON item (gate(a))');
comes($job, "phase LIKE 'waiting for writers before build%'", 'a build waits');
holds($job, 'done_share = 0 AND blocks_per_second IS NULL AND remaining_ms IS NULL', 'nothing is known of its pace');

# It reads: the first blocks take from one moment to another.
my $wait_ends = now();
$writer->query_safe('COMMIT');
comes($job, "phase = 'building index: scanning table' AND blocks_per_second = 0", 'it reads, and has not come far');
my $reads = now();
open_gate(1);
my $blocks = q{(SELECT blocks_done FROM pg_stat_progress_create_index)};
my $all = q{(SELECT blocks_total FROM pg_stat_progress_create_index)};
comes($job, "$blocks > 0.4 * $all AND (SELECT wait_event_type FROM pg_stat_activity WHERE pid = worker_pid) = 'Lock'", 'it has come half way');
my $share = "0.45 * $blocks / $all";
holds($job, "abs(done_share - $share) < 0.001", 'which is a part of the whole');
holds($job, "blocks_per_second * @{[ $seconds_since->($wait_ends) ]} >= $blocks", 'it is no slower than since its wait ended');
holds($job, "blocks_per_second * @{[ $seconds_since->($reads) ]} <= $blocks * 1.01", 'and no faster than since it was seen to read');
holds($job, "remaining_ms / 1000 <= @{[ $seconds_since->($wait_ends) ]} * (1 - $share) / ($share)",
	'it needs no longer than as if it had worked since then');
holds($job, "remaining_ms / 1000 >= @{[ $seconds_since->($reads) ]} * (1 - $share) / ($share) * 0.99", 'and no shorter');

# It waits again, in the end: nothing remains to be done.
$writer->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
open_gate($_) foreach 3000, 6000;
comes($job, "phase = 'waiting for old snapshots'", 'it waits in the end');
holds($job, 'done_share = 1 AND blocks_per_second IS NULL AND remaining_ms = 0', 'nothing remains to be done');
$writer->query_safe('COMMIT');
is(wait_for_job($node, $job), 'kept', 'it is done');
holds($job, 'done_share IS NULL AND remaining_ms IS NULL', 'there is no progress any more');

# Partitions: the third one has the index, the first one is a quarter of the rest.
close_gates(1, 3000);
my $first = q{(SELECT pg_relation_size('part_1')::float8 / (pg_relation_size('part_1') + pg_relation_size('part_2')))};
my $parts = apply_index($node, 'parts', 'parts_a', 'CREATE INDEX parts_a ON parts (gate(a))');
comes($parts, "phase = 'building index: scanning table' AND remaining_ms IS NULL", 'the first partition is begun');
holds($parts, 'done_share < 0.001', 'nothing is done');
$writer->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
open_gate(1);
comes($parts, "phase = 'waiting for old snapshots'", 'it is built');
holds($parts, "abs(done_share - $first) < 0.02", 'that is a quarter of all');
holds($parts, 'remaining_ms IS DISTINCT FROM 0', 'and more is to come');
$writer->query_safe('COMMIT');
comes($parts, "phase = 'building index: scanning table' AND (SELECT relid = 'part_2'::regclass FROM pg_stat_progress_create_index)
	AND (SELECT wait_event_type FROM pg_stat_activity WHERE pid = worker_pid) = 'Lock'", 'the second partition is begun');
holds($parts, "done_share BETWEEN $first AND $first + 0.45 * (1 - $first)", 'it goes on from there');
$writer->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
open_gate(3000);
comes($parts, "phase = 'waiting for old snapshots'", 'it is built');
holds($parts, 'done_share > 0.99 AND remaining_ms < 1000', 'that is all');
$writer->query_safe('COMMIT');
is(wait_for_job($node, $parts), 'kept', 'it is done');

$_->quit foreach $holder, $writer;
apply_is_healthy($node, 'progress');
$node->stop;
done_testing();
