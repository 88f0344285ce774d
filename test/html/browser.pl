# The report as a page of HTML, in a real browser: see browser.js. Run by test/html/run, which names the browser.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use PostgreSQL::Test::Utils;
use Test::More;

my $clipper = "$FindBin::RealBin/../../examples/clipper";
my $node = new_server('browser', 'clipperf.verify_calls = 5');
my $dir = PostgreSQL::Test::Utils::tempdir();

# The load, with other requests each time.
sub load
{
	my ($seed) = @_;

	$node->command_ok([ "$clipper/load/clipload", 'replay', '--conninfo', $node->connstr('clipper'), '--users', 20, '--pool', 4,
			'--requests', 400, '--seconds', 120, '--think-ms', 5, '--protocol', 'extended', '--traces', '--seed', $seed ], "load $seed");
	$node->safe_psql('clipper', q{SELECT count(*) FROM "</script><script>window.planted = 1</script><!--" WHERE id = 5}) for 1 .. 3;
}

$node->safe_psql('postgres', 'CREATE DATABASE clipper');
$node->safe_psql('clipper', 'CREATE EXTENSION clipperf');
$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'clipper' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=0.05', '-f', "$clipper/data.sql", 'clipper' ], "Clipper's data");
$node->safe_psql('clipper', q{
	CREATE TABLE "</script><script>window.planted = 1</script><!--" (id int);
	INSERT INTO "</script><script>window.planted = 1</script><!--" SELECT generate_series(1, 20000);
	ANALYZE "</script><script>window.planted = 1</script><!--";
	INSERT INTO clipperf_endpoints (name, routes, target_ms, max_statements)
	VALUES ('feed', '{/feed/%}', 0.01, 12), ('search', '{/search}', 60000, NULL);
	SELECT clipperf_reset()});

# Two periods, between which an index is built: the report has all of its sections.
load(1);
$node->safe_psql('clipper', q{SELECT clipperf_snapshot('before', 'without the index'); SELECT count(*) FROM clipperf_recommend();
	SELECT count(*) FROM clipperf_apply((SELECT ARRAY[id] FROM clipperf_recommendations WHERE action = 'create' AND status = 'new' ORDER BY benefit_share DESC LIMIT 1))});
ok($node->poll_query_until('clipper', q{SELECT bool_and(state NOT IN ('queued', 'building')) FROM clipperf_jobs}), 'the index is built');
load(2);
$node->safe_psql('clipper', q{SELECT clipperf_snapshot('after')});

my ($status, $output, $errors) = clipperf($node, 'report', '--advise', '--quiet', '--before' => 'before', '--after' => 'after',
	'--output' => "html:$dir/report.html", '--output' => "json:$dir/report.json", 'clipper');
is("$status $errors", '0 ', 'the report');
cmp_ok(-s "$dir/report.html", '<', 500_000, 'its size');
valid_json(slurp_file("$dir/report.json"), 'report.schema.json', 'its data');

my $seen = qx{HOME=$dir node $FindBin::RealBin/browser.js $ENV{CLIPPERF_CHROMIUM} $dir/report.html $dir 2>&1};
is($?, 0, 'the browser ran') or diag($seen);
like($seen, qr/^1\.\.\d+$/m, 'to the end') or diag($seen);
foreach my $line (split /\n/, $seen)
{
	ok($1 eq 'ok', $2) or diag($seen) if $line =~ /^(ok|not ok) \d+ - (.*)/;
}
system('cp', glob("$dir/*.png"), "$dir/report.html", "$dir/report.json", $ENV{CLIPPERF_SCREENSHOTS}) == 0
  or die 'could not keep the screenshots';

done_testing();
