# clipperf check: budgets of routes, and where in the application's sources a problem is.

use strict;
use warnings;

use Cwd;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Command;
use JSON::PP;
use NPlusOne;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $node = start_server('budgets');
my $dir = PostgreSQL::Test::Utils::tempdir();

# A request of a route: a transaction of so many statements.
sub request
{
	my ($route, $statements) = @_;
	$node->safe_psql('postgres', join(";\n", "SET clipperf.route = '$route'", 'BEGIN',
			('SELECT count(*) FROM author WHERE id = 7') x $statements, 'COMMIT'));
	return;
}

$node->safe_psql('postgres', 'SELECT clipperf_reset()');
request('/feed/new', $_) foreach 1, 3, 2;
request('/feed/top', 5);
request('/a=b', 1);
settle($node);

# What a check with a budget says of it.
sub problems
{
	my ($expected, @options) = @_;
	my ($status, $output, $errors) = clipperf($node, 'check', '-k' => 'temp_spill', @options);

	is("$status $errors", "$expected ", "@options: status");
	return join("\n", $output =~ /^(max_.*)$/mg);
}

is(problems(0, '--max-statements' => '/feed/*=5'), '', 'a budget is kept');
is(problems(1, '--max-statements' => '/feed/*=4'), 'max_statements on route /feed/top: a request runs more than 4 statements',
	'one route exceeds it');
is(problems(1, '--max-statements' => '/feed/*=1', '--max-statements' => '/feed/???=3'),
	join("\n", 'max_statements on route /feed/new: a request runs more than 1 statement',
		'max_statements on route /feed/top: a request runs more than 1 statement',
		'max_statements on route /feed/top: a request runs more than 3 statements'), 'several budgets, in their order');
is(problems(0, '--max-statements' => '/a=b=1'), '', 'a route with the sign in it');
is(problems(1, '--max-statements' => '/none=1'), 'max_statements on route /none: no request was seen', 'a budget of which nothing was seen');
is(problems(0, '--max-p95' => '/feed/*=10min'), '', 'a time is kept');
is(problems(1, '--max-p95' => '/feed/new=0.001us'), 'max_p95 on route /feed/new: more than 5% of the requests take longer than 0.001us',
	'a time is exceeded');

# The figures are those of the view, and the fix runs.
my ($status, $output) = clipperf($node, 'check', '--max-statements' => '/feed/*=2', '--format' => 'json',
	map { ('--output' => "$_:$dir/$_") } qw(text junit sarif github));
my $json = valid_json($output, 'check.schema.json', 'JSON');
my ($top) = grep { $_->{problem} =~ m{/feed/top} } @{ $json->{problems} };
is($top->{summary}, 'a request runs up to 5 statements, 2 allowed', 'the summary');
like($top->{evidence}, qr/^1 requests; 5\.0 statements a request, at most 5; /, 'the evidence');
is($node->safe_psql('postgres', $top->{fix}) =~ s/\|[\d.e-]+\|/|..|/r, '5|..|SELECT count(*) FROM author WHERE id = $1', 'the fix shows the statements');
is(join(',', @{ $json->{kinds} }), 'n_plus_one,seq_scan,max_statements', 'the kinds');
my $xml = valid_xml(slurp_file("$dir/junit"), 'JUnit');
is($xml->('count(//testcase[@classname="clipperf.max_statements"]/failure)'), 2, 'JUnit: budgets failed');
is($xml->('string(//testcase[@classname="clipperf.seq_scan"]/@name)'), 'no seq_scan', 'JUnit: what passed');
my $sarif = decode_json(slurp_file("$dir/sarif"));
ok((grep { $_->{id} eq 'max_statements' && $_->{shortDescription} } @{ $sarif->{runs}[0]{tool}{driver}{rules} }), 'SARIF: the rule');
like(slurp_file("$dir/github"), qr{^::error title=max_statements::max_statements on route /feed/top: }m, 'GitHub: an error');

# A baseline holds them as it holds others.
($status) = clipperf($node, 'check', '--max-statements' => '/feed/*=2', '--write-baseline' => "$dir/baseline");
is($status, 0, 'a baseline');
($status) = clipperf($node, 'check', '--max-statements' => '/feed/*=2', '--baseline' => "$dir/baseline");
is($status, 0, 'which passes what it holds');
($status) = clipperf($node, 'check', '--max-statements' => '/feed/*=1', '--baseline' => "$dir/baseline");
is($status, 1, 'and no other budget');

# What is no budget.
foreach my $case ([ statements => '12', 'must be ROUTE=LIMIT' ], [ statements => '=12', 'must be ROUTE=LIMIT' ],
	[ statements => '/x=', 'whole number' ], [ statements => '/x=1.5', 'whole number' ], [ statements => '/x=0', 'whole number' ],
	[ statements => '/x=12ms', 'whole number' ], [ p95 => '/x=100', 'a time with its unit' ], [ p95 => '/x=-1ms', 'a time with its unit' ],
	[ p95 => '/x=nanms', 'a time with its unit' ], [ p95 => '/x=1 ms', 'a time with its unit' ])
{
	my ($option, $budget, $message) = @$case;
	fails_with($node, [ 'check', "--max-$option" => $budget ], qr/^clipperf: error: invalid .*: must be .*|\Q$message\E/, "--max-$option=$budget");
}

# Where the statement is sent, by its comment: a file below the current directory, another one, and no file.
my $here = getcwd();
my @places = ("file='$here/app/feed.py',line='42'", "source_location='lib/a b.rb:7'", "file='/srv/x.rb',line='7'", "controller='feed',action='index'",
	"file='feed.py',line='none'");
my @tables = map { "place_$_" } 0 .. $#places;
$node->safe_psql('postgres', join("\n", map { "CREATE TABLE $_ (post_id int8 PRIMARY KEY, name text); INSERT INTO $_ SELECT id, title FROM post;" } @tables)
	  . ' ANALYZE; SELECT clipperf_reset();');
my $list = $node->safe_psql('postgres', 'SELECT id FROM post ORDER BY title LIMIT 30');
foreach my $i (0 .. $#places)
{
	my $request = "BEGIN; SELECT id FROM post ORDER BY title LIMIT 30 /*$places[$i]*/;\n"
	  . join('', map { "SELECT name FROM $tables[$i] WHERE post_id = $_ /*$places[$i]*/;\n" } split /\n/, $list) . 'COMMIT;';
	$node->safe_psql('postgres', $request) foreach 1 .. 2;
}
($status, $output) = clipperf($node, 'check', '-k' => 'n_plus_one', '--format' => 'json', '--location' => 'schema.sql', map { ('--output' => "$_:$dir/$_") } qw(sarif github));
is($status, 1, 'places: status');
$json = valid_json($output, 'check.schema.json', 'places: JSON');
my %places = map { $_->{relation} => join(':', $_->{file} // '', $_->{line} // '') } @{ $json->{problems} };
is_deeply(\%places, { 'public.place_0' => 'app/feed.py:42', 'public.place_1' => ':', 'public.place_2' => '/srv/x.rb:7', 'public.place_3' => ':',
		'public.place_4' => ':' }, 'places: file and line');
my %located = map { $_->{locations}[0]{logicalLocations}[0]{fullyQualifiedName} => $_->{locations}[0]{physicalLocation} }
  @{ decode_json(slurp_file("$dir/sarif"))->{runs}[0]{results} };
is("$located{'public.place_0'}{artifactLocation}{uri} $located{'public.place_0'}{region}{startLine}", 'app/feed.py 42', 'SARIF: the place');
is("$located{'public.place_3'}{artifactLocation}{uri} $located{'public.place_3'}{region}{startLine}", 'schema.sql 1', 'SARIF: none is known');
my $annotations = slurp_file("$dir/github");
like($annotations, qr/^::error file=app\/feed\.py,line=42,title=n_plus_one on public\.place_0::/m, 'GitHub: the place');
like($annotations, qr/^::error file=schema\.sql,title=n_plus_one on public\.place_3::/m, 'GitHub: none is known');
is($node->safe_psql('postgres', "SELECT source_location FROM clipperf_problems() WHERE relation = 'place_3'::regclass"), 'feed#index', 'SQL: all that is known');

$node->stop;
done_testing();
