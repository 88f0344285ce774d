# What clipperf's functions run is not compiled just in time: their plans are estimated to cost much, and take less than that.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('own_jit');
plan skip_all => 'this server has no just-in-time compilation' if $node->safe_psql('postgres', 'SET jit = on; SELECT pg_jit_available()') ne 't';

my $logged = q{LOAD 'auto_explain'; SET jit = on; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
	SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; };
my $from = -s $node->logfile;
$node->safe_psql('postgres', "$logged SET jit_above_cost = 0; SELECT count(*) FROM mark");
like(slurp_file($node->logfile, $from), qr/JIT:/, 'what is compiled is logged');

$node->safe_psql('postgres', q{SELECT clipperf_snapshot('first'), clipperf_snapshot('second')});
foreach my $call ('clipperf_report()', 'clipperf_report_text()', 'clipperf_findings()', 'clipperf_problems()', 'clipperf_judged()',
	'clipperf_recommend()', "clipperf_recommend_for('{SELECT n FROM mark WHERE n = 1}')", 'clipperf_unneeded_indexes()',
	"clipperf_index_set_status('clipper')", 'clipperf_metrics()', 'clipperf_compare()', 'clipperf_compare_figures()', 'clipperf_impact()',
	"clipperf_snapshot('third')", "clipperf_profile('folded')", 'clipperf_migration()')
{
	$from = -s $node->logfile;
	$node->safe_psql('postgres', "$logged SELECT * FROM $call");
	ok(slurp_file($node->logfile, $from) !~ /JIT:/, "$call compiles nothing");
}

done_testing();
