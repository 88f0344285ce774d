# clipperf check: the command says what clipperf_check() says, in each of its formats, and the same in every run.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Command;
use List::Util 'shuffle';
use NPlusOne;
use PostgreSQL::Test::Utils;
use Test::More;

srand(60);
my $node = start_server('check', 'clipperf.seqscan_min_rows = 3000');
my $dir = PostgreSQL::Test::Utils::tempdir();

# The integration tests of an application: two loops over a list that is sorted, a scan, and a table of 2,000 rows that is too small to judge.
my @tests = (
	children_of('author', '--connections' => 4),
	children_of('remark', '--connections' => 4, '--concurrent', '--order' => 'random'),
	statements("SELECT count(*) FROM remark WHERE body = 'none'"),
	statements('SELECT count(*) FROM author WHERE posts = 1'));

# Runs the tests in a random order, one to three times each.
sub run_tests
{
	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	foreach my $test (shuffle @tests)
	{
		$test->($node) foreach 1 .. 1 + int(rand(3));
	}
	return;
}

# Nothing seen is no pass.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
fails_with($node, ['check'], qr/clipperf_check\(\) has seen nothing to judge\nclipperf: detail: .*\nclipperf: hint: /, 'nothing seen');

# Stable, but for the fixes: loops over one list have one, which begins with what it saves most of.
my %said;
foreach (1 .. 20)
{
	run_tests();
	my ($status, $output) = clipperf($node, 'check');
	$said{"status $status\n" . $output =~ s/^    .*\n//mgr}++;
}
is(scalar(keys %said), 1, 'twenty runs say the same') or diag(join("\n\n", map { "$said{$_} times:\n$_" } sort keys %said));
my (undef, $said) = clipperf($node, 'check');
like((keys %said)[0], qr/^status 1\ndatabase "postgres": 4 problems\njudged: \d+ statements, 1 list looped over, 1 table too small to judge\n/,
	'what was found and judged');
like($said, qr/^note: scans of tables with fewer than 3000 rows are not judged/m, 'what is too small');
like($said, qr/^n_plus_one on public.author: SELECT name FROM author WHERE id = \$1 runs for each row of .*\n    fix: .*SELECT .* = ANY/m,
	'a loop and its fix');
like($said, qr/^n_plus_one on public.remark: .*\n    fix: part of the fix above, of the loops over the same list\n/m, 'another loop over the same list');
like($said, qr/^seq_scan on public.remark: SELECT count\(\*\) FROM remark WHERE body = \$1 reads all rows for \(body =\)\n    fix: /m,
	'a scan and its fix');
my (undef, $report) = clipperf($node, 'report', '--output' => "markdown:$dir/report.md");
like($report, qr/^    \(1\) SELECT .*\n(?:        .*\n)*    \(2\) SELECT /m, 'in the report each statement of the loops begins a line');
like(slurp_file("$dir/report.md"), qr/^\\?\(1\\?\) SELECT .*\n\n\\?\(2\\?\) SELECT /m, 'and in Markdown a paragraph');

# It is the server's own judgement.
my (undef, undef, $errors) = $node->psql('postgres', "\\set SHOW_CONTEXT never\nSELECT clipperf_check()");
my ($detail) = $errors =~ /^DETAIL:  (.*)\nHINT/ms;
is(join("\n", $said =~ /^((?:n_plus_one|seq_scan) on .*)$/mg), $detail, 'the problems are those of clipperf_check()');
my ($notice) = $errors =~ /clipperf_check\(\) judged (.*)/;
like($said, qr/^judged: \Q$notice\E$/m, 'what was judged is what it says');

# Formats.
my ($status, $output) = clipperf($node, 'check', '--format' => 'json');
is($status, 1, 'JSON: status');
my $json = valid_json($output, 'check.schema.json', 'JSON');
is(join("\n", map { $_->{problem} } @{ $json->{problems} }), $detail, 'JSON: the problems');
ok(!$json->{passed}, 'JSON: not passed');
is($json->{problems}[0]{relation}, 'public.author', 'JSON: the table');
is($json->{judged}{small_tables}, 1, 'JSON: a table was too small');

my $junit_file = "$dir/junit.xml";
my $sarif_file = "$dir/check.sarif";
($status, $output) = clipperf($node, 'check', '--quiet', '--output' => "junit:$junit_file", '--output' => "sarif:$sarif_file",
	'--location' => 'db/my schema.sql');
is($status, 1, 'files: status');
is($output, '', 'files: quiet');
my $xml = valid_xml(slurp_file($junit_file), 'JUnit');
is($xml->('count(//testcase)'), 4, 'JUnit: a test case for each problem');
is($xml->('count(//testcase[@classname="clipperf.n_plus_one"]/failure)'), 2, 'JUnit: loops failed');
is($xml->('string(/testsuites/@failures)'), 4, 'JUnit: failures');
like($xml->('string(//failure[contains(., "seq_scan on public.remark")])'), qr/^seq_scan on public.remark: .*\nfix: /, 'JUnit: what and how to fix it');
my $sarif = JSON::PP::decode_json(slurp_file($sarif_file));
is($sarif->{version}, '2.1.0', 'SARIF: version');
is(scalar(@{ $sarif->{runs}[0]{results} }), 4, 'SARIF: results');
my $location = $sarif->{runs}[0]{results}[3]{locations}[0];
is($location->{physicalLocation}{artifactLocation}{uri}, 'db/my%20schema.sql', 'SARIF: the file');
is($location->{logicalLocations}[0]{fullyQualifiedName}, 'public.remark', 'SARIF: the table');
is((stat $junit_file)[2] & 0777, 0666 & ~umask, 'files have the usual permissions');

($status, $output) = clipperf($node, 'check', '--format' => 'github', '--location' => 'a,b:c');
like($output, qr/^::error file=a%2Cb%3Ac,title=n_plus_one on public.author::n_plus_one on public.author: .*%0Afix: /m, 'GitHub: an error');
like($output, qr/^::notice file=a%2Cb%3Ac,title=clipperf check::judged \d+ statements, /m, 'GitHub: a notice');

# Kinds and what is allowed go to the server.
($status, $output) = clipperf($node, 'check', '-k' => 'seq_scan', '--allow' => 'remark', '--allow' => 'post');
is($status, 0, 'allowed: status');
like($output, qr/^database "postgres": no problems\njudged: \d+ statements, 1 table too small to judge\n/, 'allowed: what was judged');
($status, $output, $errors) = clipperf($node, 'check', '--allow' => 'author', '--allow' => '%from remark%', '--allow' => 'public.post', '--allow' => 'a "quoted\\" one');
is($status, 0, 'several are allowed');
like($errors, qr/^clipperf: warning: entry "a "quoted\\" one" of argument "allow" matches nothing$/m, 'a warning of the server');
($status, $output) = clipperf($node, 'check', '-k' => 'temp_spill', '--format' => 'junit');
is($status, 0, 'no problem of another kind');
is(valid_xml($output, 'JUnit of another kind')->('string(//testcase/@name)'), 'no temp_spill', 'a test case that passed');
fails_with($node, [ 'check', '-k' => 'none' ], qr/unrecognized kind of finding: "none"\nclipperf: hint: The kinds are /, 'no kind');

# A baseline.
my $baseline = "$dir/baseline";
($status, $output) = clipperf($node, 'check', '--write-baseline' => $baseline);
is($status, 0, 'writing a baseline passes');
is(slurp_file($baseline), "# Problems that \"clipperf check --baseline\" passes, one on each line.\n$detail\n", 'the baseline');
push @tests, statements('SELECT count(*) FROM post WHERE views > 1000');
run_tests();
($status, $output) = clipperf($node, 'check', '--baseline' => $baseline);
is($status, 1, 'what is new fails');
like($output, qr/^database "postgres": 5 problems, 1 of them new$/m, 'what is new is counted');
like($output, qr/\n\nseq_scan on public.post: .*\n    fix: .*\n\z/, 'what is new is named');
unlike($output, qr/^n_plus_one/m, 'what is known is not');
append_to_file($baseline, "\n# a comment\nseq_scan on gone: that was fixed\r\n" . ($output =~ /^(seq_scan on public.post: .*\n)/m)[0]);
($status, $output) = clipperf($node, 'check', '--baseline' => $baseline, '--output' => "json:$dir/known.json", '--output' => "junit:$junit_file");
is($status, 0, 'with a baseline the check passes');
like($output, qr/^note: 1 entry of the baseline is no problem any more$/m, 'an entry that was not met');
$json = valid_json(slurp_file("$dir/known.json"), 'check.schema.json', 'JSON with a baseline');
ok($json->{passed}, 'JSON: passed');
is(scalar(grep { $_->{new} } @{ $json->{problems} }), 0, 'JSON: nothing new');
is("@{ $json->{not_met} }", 'seq_scan on gone: that was fixed', 'JSON: an entry that was not met');
is(valid_xml(slurp_file($junit_file), 'JUnit with a baseline')->('count(//testcase/skipped)'), 5, 'JUnit: known ones are skipped');

# A role that sees its own statements only.
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO app');
$node->safe_psql('postgres', "SELECT count(*) FROM remark WHERE body = 'none'", extra_params => [ '-U', 'app' ]);
($status, $output) = clipperf($node, 'check', '-U' => 'app');
is($status, 1, "a role's own statements");
like($output, qr/^note: only statements of role "app" were judged/m, 'and whose they are');

# Names and statements that are not meant to be read by terminals, XML or a schema of another name.
$node->safe_psql('postgres', <<"SQL");
CREATE SCHEMA "moni toring";
CREATE DATABASE strange;
\\c strange
CREATE SCHEMA "moni toring";
CREATE EXTENSION clipperf SCHEMA "moni toring";
CREATE TABLE "<clip>&\e[31m\n]]>" (id int, "</script><!--\x01" int);
INSERT INTO "<clip>&\e[31m\n]]>" SELECT i, i FROM generate_series(1, 10000) AS i;
ANALYZE;
SELECT count(*) FROM "<clip>&\e[31m\n]]>" WHERE "</script><!--\x01" = 1;
SQL
($status, $output) = clipperf($node, 'check', 'strange', '--output' => "json:$dir/strange.json", '--output' => "junit:$junit_file",
	'--output' => "github:$dir/github", '--write-baseline' => $baseline);
is($status, 0, 'strange names: a baseline');
unlike($output, qr/[\x00-\x09\x0b-\x1f\x7f]/, 'strange names: no control characters');
$json = valid_json(slurp_file("$dir/strange.json"), 'check.schema.json', 'strange names: JSON');
is(scalar(@{ $json->{problems} }), 1, 'strange names: found');
unlike(slurp_file("$dir/strange.json"), qr/</, 'strange names: JSON may stand in HTML');
valid_xml(slurp_file($junit_file), 'strange names: JUnit');
($status) = clipperf($node, 'check', 'strange', '--baseline' => $baseline);
is($status, 0, 'strange names: known by the baseline');
($status, $output) = clipperf($node, 'check', 'dbname=strange', '--format' => 'github');
is($status, 1, 'a connection string');
is(scalar(() = $output =~ /^::/mg), scalar(() = $output =~ /\n/g), 'strange names: each annotation is one line');

# A database that does not say what its bytes mean.
$node->safe_psql('postgres', q{CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'});
$node->safe_psql('bytes', qq{
	CREATE EXTENSION clipperf;
	CREATE TABLE "caf\xe9" (id int);
	INSERT INTO "caf\xe9" SELECT i FROM generate_series(1, 10000) AS i;
	ANALYZE;
	SELECT count(*) FROM "caf\xe9" WHERE id = 1});
($status, $output) = clipperf($node, 'check', 'bytes', '--format' => 'json', '--output' => "junit:$junit_file", '--output' => "sarif:$sarif_file");
is($status, 1, 'bytes that are no text: found');
$json = valid_json($output, 'check.schema.json', 'bytes that are no text: JSON');
is($json->{problems}[0]{relation}, "public.\"caf\x{fffd}\"", 'bytes that are no text: replaced');
valid_xml(slurp_file($junit_file), 'bytes that are no text: JUnit');
ok(JSON::PP::decode_json(slurp_file($sarif_file)), 'bytes that are no text: SARIF');

$node->stop;
done_testing();
