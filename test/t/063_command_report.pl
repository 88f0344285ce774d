# clipperf report: the rows of clipperf_findings() as text, JSON and Markdown, whatever characters statements hold.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Command;
use JSON::PP;
use NPlusOne;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('report');
my $dir = PostgreSQL::Test::Utils::tempdir();

# Nothing was seen; nothing is wrong.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my ($status, $output, $errors) = clipperf($node, 'report');
is("$status $errors", '0 ', 'nothing seen: status');
like($output, qr/^database "postgres", PostgreSQL .*, 0 statements\s+since .*\n\nNo statement that uses a table was seen\.\n/s, 'nothing seen');
$node->safe_psql('postgres', 'SELECT name FROM author WHERE id = 100001');
($status, $output) = clipperf($node, 'report', '--format' => 'markdown');
is($status, 0, 'nothing wrong: status');
like($output, qr/\n\nNothing to fix was found\.\n(?:\n### |\z)/, 'nothing wrong');

# Findings: two loops over one list, whose fix has two lines, and a scan with a name that is no word.
$node->safe_psql('postgres', qq{
	CREATE TABLE "a|b`c <d> \e[31m\xe2\x80\xae" ("x``y" int);
	INSERT INTO "a|b`c <d> \e[31m\xe2\x80\xae" SELECT i FROM generate_series(1, 5000) AS i;
	ANALYZE "a|b`c <d> \e[31m\xe2\x80\xae"});
$_->($node) foreach children_of('author'), children_of('remark');
$node->safe_psql('postgres', qq{SELECT count(*) FROM "a|b`c <d> \e[31m\xe2\x80\xae" WHERE "x``y" = 1});

# JSON has the rows of the function, and fits its schema.
($status, $output) = clipperf($node, 'report', '--format' => 'json', '--output' => "text:$dir/report.txt",
	'--output' => "markdown:$dir/report.md");
is($status, 0, 'findings: status');
my $json = valid_json($output, 'report.schema.json', 'JSON');
my @rows = @{ decode_json($node->safe_psql('postgres', 'SELECT json_agg(r) FROM clipperf_findings() AS r')) };
cmp_ok(scalar(@rows), '>=', 2, 'there are findings');
foreach my $column (qw(kind severity saves summary fix evidence queryid))
{
	is_deeply([ map { $_->{$column} } @{ $json->{findings} } ], [ map { $_->{$column} } @rows ], "JSON: $column");
}

# In psql the report fits a terminal of 120 columns as it is, and narrower ones where psql wraps or turns it.
my %formats = (120 => [ 'format=aligned' ], 119 => [ 'format=wrapped' ], 80 => [ 'format=wrapped' ], 79 => [ 'expanded=auto' ]);
foreach my $columns (sort keys %formats)
{
	my $said = $node->safe_psql('postgres', 'SELECT * FROM clipperf_report()',
		extra_params => [ map { ('-P', $_) } 'tuples_only=off', "columns=$columns", 'format=aligned', @{ $formats{$columns} } ]);
	my @lines = split /\n/, $said =~ s/\xe2\x80\xae//gr;	# takes no column
	cmp_ok(scalar(@lines), '>=', 2 + @rows, "psql, $columns columns: there are rows");
	is(join("\n", grep { length > $columns } @lines), '', "psql, $columns columns: all lines fit");
}

# Text fits a terminal, but for SQL, and has all that JSON has.
my $text = slurp_file("$dir/report.txt");
is(join("\n", grep { length > 80 && !/^(    fix: |         )/ } split /\n/, $text), '', 'text: 80 columns');
unlike($text, qr{[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae}, 'text: no control characters');
is(scalar(() = $text =~ /^ ?\d+\. (critical|warning|info) /mg), scalar(@rows), 'text: each finding');
my ($loops) = grep { $_->{fix} =~ /\n/ } @rows;
ok(defined $loops, 'a fix has several lines');
like($text, qr/^    fix: \Q${\ ($loops->{fix} =~ s{\n}{\n         }gr)}\E$/m, 'text: they stay lines');

# Markdown: a table with a row for each finding, and fixes in code that ends where it should.
my $markdown = slurp_file("$dir/report.md");
my @cells = map { scalar(() = /(?<!\\)\|/g) } $markdown =~ /^(\| \d+ \|.*)$/mg;
is("@cells", join(' ', (7) x @rows), 'Markdown: a row for each finding');
is(scalar(() = $markdown =~ /^```+sql$/mg), scalar(@rows), 'Markdown: a block of code for each fix');
unlike($markdown =~ s/^(```+)sql\n.*?^\1\n//msgr, qr/</, 'Markdown: no HTML');
unlike($markdown, qr{\e|\xe2\x80\xae}, 'Markdown: no control characters, nor one that turns what is read');

# After a restart there is no sample of a child any more, and its tables are found all the same.
my $rewrites = q{SELECT string_agg(fix, E'\n' ORDER BY fix) FROM clipperf_findings() WHERE kind = 'n_plus_one'};
my $before = $node->safe_psql('postgres', $rewrites);
like($before, qr/ANY/, 'there are rewrites');
$node->restart;
is($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_samples'), 0, 'no sample is left');
is($node->safe_psql('postgres', $rewrites), $before, 'the rewrites are the same after a restart');
($status, $output) = clipperf($node, 'report', '--format' => 'json');
is_deeply([ map { $_->{suggestion} ? 1 : 0 } @{ decode_json($output)->{loops} } ], [ map { 1 } @{ $json->{loops} } ], 'also those of the command');

# What there is to say beside the findings: objectives, those that are missed first, and routes by their time.
$node->safe_psql('postgres', q{
	INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('all [1]', '{%}', 60000);
	SET clipperf.route = '/kept';
	SET clipperf.request_idle = '1min';
	BEGIN; SELECT count(*) FROM author; COMMIT});
($status, $text) = clipperf($node, 'report', '--output' => "markdown:$dir/summary.md");
is(join("\n", grep { length > 80 && !/^(    fix: |         )/ } split /\n/, $text), '', 'summary: 80 columns');
like($text, qr/^Objectives\n    all \[1\]: \w/m, 'summary: objectives');
like($text, qr/^Routes that take most of the time\n    .*% of the time; \d+ request/m, 'summary: routes');
like(slurp_file("$dir/summary.md"), qr/^### Objectives\n\n- \*\*all \\\[1\\\]\*\*: /m, 'summary: Markdown');
$node->safe_psql('postgres', 'DELETE FROM clipperf_endpoints');

# What is shown.
($status, $output) = clipperf($node, 'report', '--top' => 1);
is(scalar(() = $output =~ /^ ?\d+\. /mg), 1, '--top');
like($output, qr/^These are the first 1 of (\d+) findings; --top=\1 shows all\.$/m, 'and how many there are');
($status, $output) = clipperf($node, 'report', '--top' => 1000);
unlike($output, qr/^These are the first/m, 'all of them');
$node->safe_psql('postgres', "SELECT clipperf_accept('n_plus_one')");
($status, $output) = clipperf($node, 'report');
unlike($output, qr/n_plus_one/, 'accepted findings are not shown');
($status, $output) = clipperf($node, 'report', '--accepted');
like($output, qr/n_plus_one/, '--accepted');
like($output, qr/^    fix: SELECT \* FROM public\.clipperf_recommend\(\);$/m, 'the advisor was not asked');
($status, $output) = clipperf($node, 'report', '--advise');
unlike($output, qr/clipperf_recommend/, '--advise');
($status, $output) = clipperf($node, 'report', '--quiet');
is("$status $output", '0 ', '--quiet');

# A role that sees its own statements only.
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN');
($status, $output) = clipperf($node, 'report', '-U' => 'app');
like($output =~ s/\s+/ /gr, qr/0 statements of role app since .* Members of pg_read_all_stats see the statements of all roles\./, "a role's own statements");

$node->stop;
done_testing();
