# Values that are rare among the calls: the advisor prices them too, so that no statement of the example application's
# staff reads much more than before once all that was advised is built, whichever calls happened to be sampled.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

# A statement may read that much more than before, since others save far more; and so many blocks in any case.
my ($times_more, $blocks_more) = (1.5, 16);

my $node = new_server('advice_values', 'clipperf.capture_parameters = on', 'shared_buffers = 256MB',
	'effective_cache_size = 1GB', 'random_page_cost = 1.1', 'max_wal_size = 2GB');
my $clipper = "$FindBin::RealBin/../../examples/clipper";

$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'postgres' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=1', '-f', "$clipper/data.sql", 'postgres' ], "Clipper's data");

# The same calls each time for the same seed: of the site's staff.
sub run_load
{
	my ($seed) = @_;

	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	$node->command_ok([ 'pgbench', '-n', '-M', 'prepared', "--random-seed=$seed", '-t', '14',
			'-f', "$clipper/load/moderate.pgbench\@3", '-f', "$clipper/load/dashboard.pgbench\@1", 'postgres' ],
		"seed $seed: the load");
}

# The blocks per call of each statement, by its route and text.
sub blocks_per_call
{
	my %blocks;

	foreach my $row (split(/\n/, $node->safe_psql('postgres', q{
		SELECT concat_ws(' ', route, queryid), sum(shared_blks_hit + shared_blks_read) / sum(calls) FROM clipperf_queries
		WHERE route IS NOT NULL GROUP BY 1})))
	{
		my ($statement, $value) = split(/\|/, $row);
		$blocks{$statement} = $value;
	}
	return %blocks;
}

foreach my $seed (1 .. 3)
{
	run_load($seed);
	my %before = blocks_per_call();
	my @advice = map { [ split(/\t/) ] } split(/\n/, $node->safe_psql('postgres', q{
		SELECT ddl || E'\t' || index_name FROM clipperf_recommend() WHERE action = 'create'}));

	cmp_ok(scalar(@advice), '>', 0, "seed $seed: indexes are advised");
	foreach my $index (@advice)
	{
		note($index->[0]);
		$node->safe_psql('postgres', $index->[0]);
	}
	run_load($seed);
	my %after = blocks_per_call();

	cmp_ok(scalar(keys %before), '>=', 7, "seed $seed: statements are compared");
	is_deeply([ sort keys %after ], [ sort keys %before ], "seed $seed: the same statements");
	foreach my $statement (sort keys %before)
	{
		cmp_ok($after{$statement} // 0, '<=', $times_more * $before{$statement} + $blocks_more,
			"seed $seed: $statement reads no more than $times_more times before");
		note("$before{$statement} -> " . ($after{$statement} // '?'));
	}
	$node->safe_psql('postgres', "DROP INDEX $_->[1]") foreach @advice;
}

# Nearly all jobs are done.  Who asks for those that wait finds few, who asks for those that are done finds many; the advice serves
# both, whichever came first and however seldom the other one is.
$node->safe_psql('postgres', q{
	CREATE TABLE job (id int PRIMARY KEY, state text NOT NULL, made int NOT NULL, note text NOT NULL);
	INSERT INTO job SELECT i, CASE WHEN i % 1000 = 7 THEN 'queued' WHEN i % 1000 IN (13, 14) THEN 'failed' ELSE 'done' END,
		i * 7919 % 200000, repeat('x', 100) FROM generate_series(1, 200000) AS i;
	VACUUM ANALYZE job});
my %answers;
foreach my $often ('queued', 'done', 'failed')
{
	my @states = (($often) x 30, 'queued', ($often) x 3, 'done', 'failed', ($often) x 20);

	$node->safe_psql('postgres', join("\n", 'SELECT clipperf_reset();',
			'PREPARE latest(text) AS SELECT id, note FROM job WHERE state = $1 ORDER BY made DESC LIMIT 20;',
			map { "EXECUTE latest('$_');" } @states));
	$answers{ $node->safe_psql('postgres', q{SELECT string_agg(ddl, '; ' ORDER BY ddl) FROM clipperf_recommend()
		WHERE action = 'create'}) } .= " $often";
}
is(scalar(keys %answers), 1, 'the same index for all states, whichever is asked for most');
note("$_:$answers{$_}") foreach keys %answers;
like((keys %answers)[0], qr/\(state, made DESC\)/, 'it finds the rows of a state in their order');

done_testing();
