# Values that are rare among the calls: the advisor prices them too, so that no statement of the example application's
# staff reads much more than before once all that was advised is built, whichever calls were sampled.

use strict;
use warnings;

use FindBin;
use List::Util qw(sum);
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

# A statement may read that much more than before, and so many blocks in any case.
my ($times_more, $blocks_more) = (1.5, 16);

my $node = new_server('advice_values', 'clipperf.capture_parameters = on', 'shared_buffers = 256MB',
	'effective_cache_size = 1GB', 'random_page_cost = 1.1', 'max_wal_size = 2GB');
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
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

# The blocks per call of each statement, by its route.
sub blocks_per_call
{
	my %blocks;

	foreach my $row (split(/\n/, $node->safe_psql('postgres', q{
		SELECT route, round(sum(shared_blks_hit + shared_blks_read) / sum(calls)) FROM clipperf_queries
		WHERE route ~ '^/' GROUP BY 1})))
	{
		my ($statement, $value) = split(/\|/, $row);
		$blocks{$statement} = $value;
	}
	return %blocks;
}

foreach my $seed (1, 2, 7)
{
	run_load($seed);
	my %before = blocks_per_call();
	my @advice = map { [ split(/\t/) ] } split(/\n/, $node->safe_psql('postgres', q{
		SELECT concat_ws(E'\t', ddl, index_name, replace(reason, E'\n', ' ')) FROM clipperf_recommend() WHERE action = 'create'}));

	cmp_ok(scalar(@advice), '>', 0, "seed $seed: indexes are advised");
	foreach my $index (@advice)
	{
		note($index->[0]);
		$node->safe_psql('postgres', $index->[0]);
	}
	run_load($seed);
	my %after = blocks_per_call();

	is(scalar(keys %before), 8, "seed $seed: statements of all routes are compared");
	is_deeply([ sort keys %after ], [ sort keys %before ], "seed $seed: the same statements");
	foreach my $statement (sort keys %before)
	{
		my $most = $times_more * $before{$statement} + $blocks_more;

		# PostgreSQL 19 knows that a column without nulls IS NOT NULL: as a predicate that keeps an index out of reach no more.
		if ($version >= 190000 && ($after{$statement} // 0) > $most)
		{
			ok((grep { $_->[2] =~ /; but .* in \Q$statement\E would cost / } @advice), "seed $seed: $statement reads more, and a row says so");
			next;
		}
		cmp_ok($after{$statement} // 0, '<=', $most, "seed $seed: $statement reads no more than that");
		note("$before{$statement} -> " . ($after{$statement} // '?'));
	}
	cmp_ok(sum(values %after), '<', 0.5 * sum(values %before), "seed $seed: all together read less than half");
	$node->safe_psql('postgres', "DROP INDEX $_->[1]") foreach @advice;
}

# Nearly all jobs are done.  Who asks for those that wait finds few, who asks for those that are done finds many; the advice serves
# both, whichever came first.
$node->safe_psql('postgres', q{
	CREATE TABLE job (id int PRIMARY KEY, state text NOT NULL, made int NOT NULL, note text NOT NULL);
	INSERT INTO job SELECT i, CASE WHEN i % 1000 = 7 THEN 'queued' WHEN i % 1000 IN (13, 14) THEN 'failed' ELSE 'done' END,
		i * 7919 % 200000, repeat('x', 100) FROM generate_series(1, 200000) AS i;
	VACUUM ANALYZE job});
my %answers;
my @calls = (('queued') x 45, ('done') x 5, ('failed') x 5);
my %orders = (
	'as they are' => \@calls, 'backwards' => [ reverse(@calls) ],
	'mixed' => [ map { $calls[$_ * 7 % @calls] } 0 .. $#calls ]);
foreach my $order (sort keys %orders)
{
	$node->safe_psql('postgres', join("\n", 'SELECT clipperf_reset();',
			'PREPARE latest(text) AS SELECT id, note FROM job WHERE state = $1 ORDER BY made DESC LIMIT 20;',
			map { "EXECUTE latest('$_');" } @{ $orders{$order} }));
	$answers{ $node->safe_psql('postgres', q{SELECT string_agg(ddl, '; ' ORDER BY ddl) FROM clipperf_recommend()
		WHERE action = 'create'}) } .= " $order";
}
is(scalar(keys %answers), 1, 'the same index, in whatever order the calls came');
note("$_:$answers{$_}") foreach keys %answers;
like((keys %answers)[0], qr/\(state, made DESC\)/, 'it finds the rows of a state in their order');

done_testing();
