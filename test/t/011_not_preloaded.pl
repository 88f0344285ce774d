# Without shared_preload_libraries: CREATE EXTENSION works, and everything says what is missing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('bare');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION clipperf');
pass('CREATE EXTENSION works');

my $missing = qr/clipperf must be loaded via "shared_preload_libraries".*HINT:  Add clipperf to/s;
my @views = split /\n/, $node->safe_psql('postgres', q{
	SELECT c.relname FROM pg_class AS c JOIN pg_depend AS d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass
	JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'clipperf'
	WHERE d.deptype = 'e' AND c.relkind = 'v' ORDER BY 1 });
# These read tables and catalogs alone.
my %apart = map { $_ => 1 } qw(clipperf_index_sets clipperf_indexes clipperf_jobs clipperf_job_changes clipperf_periods
	clipperf_period_waits _clipperf_period_item _clipperf_period_finding);
@views = grep { !$apart{$_} } @views;
cmp_ok(scalar(@views), '>=', 5, 'the views are there');
failed_with($node, 'postgres', "SELECT * FROM $_", '55000', $missing, "$_ says what is missing") foreach @views;
foreach my $call ('clipperf_reset()', '_clipperf_query_text(1, 1, 1)', 'clipperf_report()', 'clipperf_check()',
	'clipperf_workload()', 'clipperf_recommend()', "clipperf_recommend_for(ARRAY['SELECT 1'])", "clipperf_what_if('SELECT 1')")
{
	failed_with($node, 'postgres', "SELECT $call", '55000', $missing, "$call says what is missing");
}

# In a line and a hint, however deep the function that finds it out lies.
foreach my $sql ('SELECT * FROM clipperf_report()', 'SELECT * FROM clipperf_queries', 'SELECT clipperf_check()',
	'SELECT * FROM clipperf_report_text()', 'DO $$ BEGIN PERFORM clipperf_report(); END $$')
{
	my (undef, undef, $said) = $node->psql('postgres', $sql);
	is(scalar(split /\n/, $said), 2, "$sql: a line and a hint") or diag($said);
}
is($node->safe_psql('postgres', 'CREATE FUNCTION caught() RETURNS text LANGUAGE plpgsql AS $$
	BEGIN PERFORM clipperf_report(); EXCEPTION WHEN OTHERS THEN RAISE NOTICE \'caught\'; RETURN SQLSTATE; END $$; SELECT caught()'),
	'55000', 'it can be caught');

# The settings do not exist; what an application sets does no harm.
failed_with($node, 'postgres', 'SHOW clipperf.track', '42704', qr/unrecognized configuration parameter/,
	'no setting is there');
is($node->safe_psql('postgres', "SET clipperf.route = '/feed'; SELECT 1"), 1, 'an application may name its route');

# Loaded too late it is as if it were not there.
failed_with($node, 'postgres', "LOAD 'clipperf'; SELECT * FROM clipperf_info", '55000', $missing, 'LOAD is no preloading');
$node->append_conf('postgresql.conf', "session_preload_libraries = 'clipperf'");
$node->reload;
failed_with($node, 'postgres', 'SELECT * FROM clipperf_info', '55000', $missing, 'nor is session_preload_libraries');
is_healthy($node, 'not preloaded');

# Preloaded after all: the extension that was created before works.
$node->append_conf('postgresql.conf', "session_preload_libraries = ''\nshared_preload_libraries = 'clipperf'");
$node->restart;
$node->safe_psql('postgres', 'CREATE TABLE mark (n int); SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 1, 'after preloading it counts');

$node->stop;
done_testing();
