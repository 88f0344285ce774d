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
my $node = new_server('browser');
my $dir = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', 'CREATE DATABASE clipper');
$node->safe_psql('clipper', 'CREATE EXTENSION clipperf');
$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'clipper' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=0.05', '-f', "$clipper/data.sql", 'clipper' ], "Clipper's data");
$node->command_ok([ "$clipper/load/clipload", 'replay', '--conninfo', $node->connstr('clipper'), '--users', 20,
		'--pool', 4, '--requests', 400, '--seconds', 120, '--think-ms', 5 ], 'load');
$node->safe_psql('clipper', q{
	CREATE TABLE "</script><script>window.planted = 1</script><!--" (id int);
	INSERT INTO "</script><script>window.planted = 1</script><!--" SELECT generate_series(1, 20000);
	ANALYZE "</script><script>window.planted = 1</script><!--"});
$node->safe_psql('clipper', q{SELECT count(*) FROM "</script><script>window.planted = 1</script><!--" WHERE id = 5}) for 1 .. 3;

my ($status, $output, $errors) = clipperf($node, 'report', '--advise', '--quiet', '--output' => "html:$dir/report.html", 'clipper');
is("$status $errors", '0 ', 'the report');
cmp_ok(-s "$dir/report.html", '<', 500_000, 'its size');

my $seen = qx{HOME=$dir node $FindBin::RealBin/browser.js $ENV{CLIPPERF_CHROMIUM} $dir/report.html $dir 2>&1};
is($?, 0, 'the browser ran') or diag($seen);
like($seen, qr/^1\.\.\d+$/m, 'to the end') or diag($seen);
foreach my $line (split /\n/, $seen)
{
	ok($1 eq 'ok', $2) or diag($seen) if $line =~ /^(ok|not ok) \d+ - (.*)/;
}
if ($ENV{CLIPPERF_SCREENSHOTS})
{
	system('cp', glob("$dir/*.png"), "$dir/report.html", $ENV{CLIPPERF_SCREENSHOTS}) == 0 or die 'could not keep the screenshots';
}

done_testing();
