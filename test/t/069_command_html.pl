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
unlike($page =~ s/\Q$data\E//r, qr{\b(?:https?:|src=|href="[^#])|url\(|@[A-Z]+@}, 'nothing is loaded, and no place of the template was left');
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

# Very much was seen: thousands of long statements, each with other operators, make no large page.
my $columns = 'id AS a_name_that_makes_it_long, ' x 50;
$node->safe_psql('postgres', join('', "\\o /dev/null\n", map {
	my $number = $_;
	"SELECT $columns id" . join('', map { $number >> $_ & 1 ? ' + 1' : ' - 1' } 0 .. 11) . " FROM item LIMIT 1;\n"
} 0 .. 4095));
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_queries'), '>', 2000, 'much was seen');
($status, $page) = clipperf($node, 'report', '--format' => 'html');
is($status, 0, 'much was seen: status');
cmp_ok(length($page), '<', 500_000, 'the page is small');
is(scalar(@{ decode_json(data_of($page))->{queries} }), 100, 'it has the first hundred');

# A database without an encoding may hold any bytes.
$node->safe_psql('postgres', q{CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'});
$node->safe_psql('bytes', 'CREATE EXTENSION clipperf');
$node->safe_psql('bytes', "SET client_encoding = sql_ascii; CREATE TABLE \"t\xe9\" (id int); SELECT * FROM \"t\xe9\"");
($status, $page, $errors) = clipperf($node, 'report', '--format' => 'html', 'bytes');
is("$status $errors", '0 ', 'any bytes: status');
ok(decode_json(data_of($page)), 'any bytes: JSON');

done_testing();
