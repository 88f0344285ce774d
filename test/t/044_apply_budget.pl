# A storage budget holds for what is built: where the indexes built so far are larger than estimated, as the table has grown since,
# the job whose index would exceed it is not begun, and says so.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use Test::More;

my $node = apply_server('budget', 'clipperf.verify_calls = 0');
my $statements = q{'{SELECT note FROM item WHERE a = 7, SELECT note FROM item WHERE b = 11}'};

# A table, what is recommended for it within the budget that it just needs, and then five times the rows.
sub recommend_and_grow
{
	my $rows = q{SELECT i, hashint4(i), hashint4(i + 1), repeat('n', 60) FROM generate_series};
	$node->safe_psql('postgres', "DROP TABLE IF EXISTS item; CREATE TABLE item (id int, a int, b int, note text);
		INSERT INTO item $rows(1, 20000) AS i; VACUUM ANALYZE item");
	my $needed = $node->safe_psql('postgres', "SELECT sum(size_bytes) FROM clipperf_recommend_for($statements) WHERE action = 'create'");
	my $ids = $node->safe_psql('postgres', "SELECT array_agg(id ORDER BY id) FROM clipperf_recommend_for($statements, storage_budget => '$needed') WHERE action = 'create'");
	is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_recommendations WHERE id = ANY ('$ids') AND storage_budget = $needed"), 2,
		'two indexes fit the budget, which is kept with them');
	$node->safe_psql('postgres', "INSERT INTO item $rows(20001, 100000) AS i");
	return $ids;
}

# In the background.
my $ids = recommend_and_grow();
my @jobs = split(/\n/, $node->safe_psql('postgres', "SELECT job FROM clipperf_apply('$ids') ORDER BY job"));
is(wait_for_job($node, $jobs[0]), 'kept', 'the first is built');
is(wait_for_job($node, $jobs[1]), 'failed', 'the second is not');
like(reason($node, $jobs[1]),
	qr/^not built: the indexes of the same recommendations take \d+ kB already, and this one is estimated to take \d+ kB, where their storage budget is \d+ kB/,
	'as it says');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_indexes WHERE tablename = 'item'"), 1, 'there is one index');

# Once the first is reverted there is room.
$node->safe_psql('postgres', "SELECT clipperf_revert($jobs[0])");
is(wait_for_job($node, $jobs[0]), 'reverted', 'the first is reverted');
my $second = $node->safe_psql('postgres', "SELECT recommendation FROM _clipperf_job WHERE job = $jobs[1]");
is(wait_for_job($node, apply_id($node, $second)), 'kept', 'then the second is built');

# In a transaction.
$ids = recommend_and_grow();
failed_with($node, 'postgres', "SELECT * FROM clipperf_apply('$ids', concurrently => false)", '53400',
	qr/not built: the indexes of the same recommendations take .*HINT:  Name the recommendations/s, 'at once: an error');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_indexes WHERE tablename = 'item'"), 0, 'and nothing is built');
my ($first) = $ids =~ /(\d+)/;
is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_apply('{$first}', concurrently => false)"), 1, 'one alone is');

# Without a budget all are built, whatever they take.
$ids = $node->safe_psql('postgres', "SELECT array_agg(id) FROM clipperf_recommend_for('{SELECT note FROM item WHERE id = 7}') WHERE action = 'create'");
is(wait_for_job($node, apply_id($node, ($ids =~ /(\d+)/)[0])), 'kept', 'without a budget nothing is compared');

apply_is_healthy($node, 'budget');
$node->stop;
done_testing();
