# clipperf report --format=html, without a browser: one file that loads nothing, with the report as JSON in it, whatever
# characters statements hold; and it stays small where very much was seen.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $node = new_server('html', 'clipperf.max_statements = 20000');
my $dir = PostgreSQL::Test::Utils::tempdir();

# The JSON of a page, as its program reads it.
sub data_of
{
	my ($page) = @_;
	my @blocks = $page =~ m{<script type="application/json" id="data">(.*?)</script>}sg;

	is(scalar(@blocks), 1, 'one block of data');
	return $blocks[0];
}

# What could end the element or begin a comment, and what JSON and JavaScript read in two ways.
$node->safe_psql('postgres', qq{
	CREATE TABLE item (id int, "a<b" int);
	INSERT INTO item SELECT i, i FROM generate_series(1, 20000) AS i;
	ANALYZE item});
$node->safe_psql('postgres', q{SELECT count(*) AS "</script><script>planted()</script><!-- & " FROM item WHERE "a<b" = 1}) for 1 .. 3;
$node->safe_psql('postgres', q{SET clipperf.route = '/<b>&"'; SELECT count(*) FROM item WHERE id = 1});
settle($node);

my ($status, $page, $errors) = clipperf($node, 'report', '--format' => 'html', '--output' => "json:$dir/report.json");
is("$status $errors", '0 ', 'status');
my $json = valid_json(slurp_file("$dir/report.json"), 'report.schema.json', 'JSON');
my $data = data_of($page);
my $embedded = decode_json($data);
$_->{made_at} = undef foreach $json, $embedded;
is_deeply($embedded, $json, 'the page holds the report');
unlike($data, qr/[<>&]/, 'nothing in the data is markup');
ok((grep { $_->{query} =~ m{</script><script>planted} } @{ $embedded->{queries} }), 'the statement is there');
unlike($page, qr/planted\(\)<\/script>/, 'and nowhere as it stands');
# The libraries in it name namespaces of SVG and addresses of licenses, which nothing loads; test/html sees that nothing does.
my $markup = $page =~ s{<script[^>]*>.*?</script>}{}sgr;
unlike($markup, qr{\b(?:https?:|src=|href="[^#])|url\(|@[A-Z_]+@}, 'nothing is loaded, and no place of the template was left');
unlike($page =~ s/\Q$data\E//r, qr{@(?:DATA|SCRIPT|STYLE|CHARTS|CHARTS_STYLE)@}, 'in no script either');
like($page, qr/uPlot/, 'the charts are in it');
like($page, qr/$_/, "and their licenses: $_") foreach 'Permission is hereby granted, free of charge', 'Apache License', 'Mike Bostock', 'Robert Penner';
like($page, qr/default-src 'none'/, 'and nothing could be');

# The sections are the rows of the views.
foreach my $case ([ routes => 'clipperf_routes', 'route' ], [ scans => 'clipperf_seq_scans', 'executions' ])
{
	my ($section, $view, $column) = @$case;
	my $rows = decode_json($node->safe_psql('postgres',
			"SELECT json_agg(v.$column ORDER BY total_ms DESC) FROM $view AS v"));

	# the command itself may have asked meanwhile
	is_deeply([ grep { $_ ne 'clipperf' } map { $_->{$column} } @{ $json->{$section} } ], [ grep { $_ ne 'clipperf' } @$rows ],
		"$section are those of $view");
}

# A route's histogram has each of its requests; the profile has stacks of the function; nothing is compared that was not asked for.
foreach my $route (grep { $_->{route} ne 'clipperf' } @{ $json->{routes} })
{
	my $sum = 0;

	$sum += $_ foreach @{ $route->{counts} };
	is($sum, $route->{requests}, "route $route->{route}: all requests are in the histogram");
	is(scalar(@{ $route->{bounds_ms} }), @{ $route->{counts} } + 1, 'each part has its bounds');
}
my %stacks = map { /^(.*) \d+$/ ? ($1 => 1) : () } split /\n/, $node->safe_psql('postgres', q{SELECT clipperf_profile('folded')});
cmp_ok(scalar(@{ $json->{profile} }), '>', 0, 'there are stacks');
is(join("\n", grep { !$stacks{$_} } map { $_->{stack} } @{ $json->{profile} }), '', 'and they are those of clipperf_profile()');
is($json->{comparison}, undef, 'nothing is compared');

# Two periods: the figures of clipperf_impact(), in all formats.
$node->safe_psql('postgres', q{SELECT clipperf_snapshot('first', 'the first')});
$node->safe_psql('postgres', q{SET clipperf.route = '/one'; BEGIN; SELECT count(*) FROM item WHERE id = 1; COMMIT});
settle($node);
$node->safe_psql('postgres', q{SELECT clipperf_snapshot('second')});
($status, my $text, $errors) = clipperf($node, 'report', '--before' => 'first', '--after' => 'second',
	'--output' => "json:$dir/compared.json", '--output' => "markdown:$dir/compared.md");
is("$status $errors", '0 ', 'two periods: status');
my $compared = valid_json(slurp_file("$dir/compared.json"), 'report.schema.json', 'two periods: JSON')->{comparison};
is("$compared->{before} $compared->{after}", 'first second', 'the periods');
is_deeply($compared->{impact}, decode_json($node->safe_psql('postgres', q{SELECT json_agg(i) FROM clipperf_impact('first', 'second') AS i})),
	'the figures of clipperf_impact()');
ok((grep { $_->{kind} eq 'route' && $_->{name} eq '/one' } @{ $compared->{rows} }), 'the rows of clipperf_compare()');
like($text, qr/^Before and after\n(?:    .*\n)*    statements per request: /m, 'in text');
like(slurp_file("$dir/compared.md"), qr/^### Before and after\n\n- \*\*.*\*\*: /m, 'in Markdown');
is_deeply([ map { $_->{label} } @{ valid_json(slurp_file("$dir/compared.json"), 'report.schema.json', 'periods')->{periods} } ], [ 'first', 'second' ], 'the periods that are kept');
my ($second) = grep { $_->{label} eq 'second' } @{ valid_json(slurp_file("$dir/compared.json"), 'report.schema.json', 'waits of periods')->{periods} };
my $waits = decode_json($node->safe_psql('postgres', q{
	SELECT coalesce(json_object_agg(wait_event_type, sessions), '{}') FROM (
	SELECT wait_event_type, sum(sessions) AS sessions FROM clipperf_period_waits WHERE label = 'second' GROUP BY wait_event_type) AS w}));
is_deeply({ map { $_->{wait_event_type} => $_->{sessions} } @{ $second->{waits} } }, $waits, 'what sessions waited for in a period');
is($second->{sessions}, $node->safe_psql('postgres', q{SELECT sessions FROM clipperf_periods WHERE label = 'second'}), 'and how many they were');
($status, undef, $errors) = clipperf($node, 'report', '--before' => 'first');
is("$status $errors", '0 ', 'the last period is the one that is not named');
fails_with($node, [ 'report', '--before' => 'nowhere' ], qr/period "nowhere" does not exist/, 'no such period');

# Very much was seen: thousands of long statements, each with other operators, in hundreds of routes, make no large page.
my $columns = 'id AS a_name_that_makes_it_long, ' x 50;
my @routes = map { my $letter = $_; map { "/$letter$_" } 'a' .. 'z' } 'a' .. 'j';
$node->safe_psql('postgres', join('', "\\o /dev/null\n", map {
	my $number = $_;
	"SET clipperf.route = '$routes[$number % @routes]';\nBEGIN;\nSELECT $columns id" .
	  join('', map { $number >> $_ & 1 ? ' + 1' : ' - 1' } 0 .. 11) . " FROM item LIMIT 1;\nCOMMIT;\n"
} 0 .. 4095));
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_queries'), '>', 2000, 'much was seen');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_routes'), '>', 200, 'of many routes');
($status, $page) = clipperf($node, 'report', '--format' => 'html');
is($status, 0, 'much was seen: status');
cmp_ok(length($page), '<', 500_000, 'the page is small');
my $large = decode_json(data_of($page));
is(scalar(@{ $large->{$_} }), 100, "it has the first hundred: $_") foreach qw(queries routes);
is(scalar(grep { defined $_->{counts} } @{ $large->{routes} }), 40, 'and the distributions of the first forty');
cmp_ok($large->{totals}->{queries}, '>', 2000, 'and says how many statements there are');
cmp_ok($large->{totals}->{routes}, '>', 200, 'and routes');
is($large->{totals}->{scans}, scalar(@{ $large->{scans} }), 'of what is shown as a whole, the same');

# A database without an encoding may hold any bytes.
$node->safe_psql('postgres', q{CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'});
$node->safe_psql('bytes', 'CREATE EXTENSION clipperf');
$node->safe_psql('bytes', "SET client_encoding = sql_ascii; CREATE TABLE \"t\xe9\" (id int); SELECT * FROM \"t\xe9\"");
($status, $page, $errors) = clipperf($node, 'report', '--format' => 'html', 'bytes');
is("$status $errors", '0 ', 'any bytes: status');
ok(decode_json(data_of($page)), 'any bytes: JSON');

done_testing();
