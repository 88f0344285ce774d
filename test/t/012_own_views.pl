# Whoever reads a view of clipperf is not the application, also where it has no rows: a function of ours runs in any case.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('own_views');
my @views = split /\n/, $node->safe_psql('postgres', q{
	SELECT c.relname FROM pg_class AS c
		JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'clipperf'
	WHERE c.relkind = 'v' ORDER BY c.relname});

cmp_ok(scalar(@views), '>', 20, 'the views');
$node->safe_psql('postgres', "DELETE FROM clipperf_index_set_members; SELECT clipperf_reset()");
foreach my $view (@views)
{
	$node->safe_psql('postgres', "SELECT 1 AS probe, v.* FROM $view AS v");
	$node->safe_psql('postgres', "SELECT count(*) AS probe FROM $view");
	$node->safe_psql('postgres', "SELECT p.probe FROM (SELECT 1 AS probe) AS p WHERE NOT EXISTS (SELECT FROM $view)");
}
$node->safe_psql('postgres', 'SELECT n AS probe FROM mark');
is($node->safe_psql('postgres', q{SELECT query FROM clipperf_queries WHERE query LIKE '%probe%'}), 'SELECT n AS probe FROM mark', 'only the application is seen');

done_testing();
