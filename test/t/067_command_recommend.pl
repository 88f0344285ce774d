# clipperf recommend and advise: the rows of the advisor as text and JSON, and scripts taken apart as the server reads them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('recommend');
my $dir = PostgreSQL::Test::Utils::tempdir();

# A table found by a search_path of its own, in a database with a name for shells to stumble over.
my $database = q{it's a shop};
$node->safe_psql('postgres', qq{CREATE DATABASE "$database"});
$node->safe_psql($database, q{
	CREATE EXTENSION clipperf;
	CREATE SCHEMA shop;
	ALTER DATABASE "it's a shop" SET search_path = shop, public});
$node->safe_psql($database, q{
	CREATE TABLE shop.item (id int PRIMARY KEY, customer int, made timestamptz);
	INSERT INTO shop.item SELECT i, i % 5000, now() - i * interval '1 min' FROM generate_series(1, 60000) AS i;
	ANALYZE shop.item});
$node->safe_psql('postgres', 'SELECT clipperf_reset()');

# Writes a script; returns its path.
sub script
{
	my ($name, $text) = @_;

	append_to_file("$dir/$name", $text);
	return "$dir/$name";
}

# Nothing was seen: the server says so, and nothing is recommended.
my ($status, $output, $errors) = clipperf($node, 'recommend', $database);
is($status, 0, 'nothing seen: status');
like($output, qr/^database "it's a shop", the statements that were seen: 0 indexes to create, 0 to\s+drop\n\z/, 'nothing to create');
my $own = $node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_queries WHERE query ~ $$set_config|clipperf$$');
is($own, 0, 'its own queries are not among what was seen');
like($errors, qr/^clipperf: note: no statement to advise on was observed$/m, 'and it says why');

# What was seen.
$node->safe_psql($database, join('', map { "SELECT * FROM item WHERE customer = $_;" } 1 .. 30));
($status, $output, $errors) = clipperf($node, 'recommend', '--output' => "json:$dir/recommend.json", $database);
is("$status $errors", '0 ', 'seen: status');
like($output, qr/: 1 index to\s+create, 0 to\s+drop\n/, 'an index to create');
like($output, qr/^ +\d+\. create idx_item_customer on shop\.item, saves \d+\.\d%, \d+ kB$/m, 'which');
like($output, qr/^ +CREATE INDEX CONCURRENTLY idx_item_customer ON shop\.item \(customer\);$/m, 'its statement, in one line');
like($output, qr/^To build them, and watch: clipperf apply --watch 'it'\\''s a shop'\n\z/m, 'the next command');
is(join("\n", grep { length > 80 && !/CREATE/ } split /\n/, $output), '', 'text: 80 columns');

my $json = valid_json(slurp_file("$dir/recommend.json"), 'recommend.schema.json', 'recommend: JSON');
my $rows = decode_json($node->safe_psql($database, 'SELECT json_agg(r) FROM clipperf_recommendations AS r'));
is(scalar(@$rows), 1, 'the row is kept');
is_deeply([ map { $json->{recommendations}[0]{$_} } qw(action index_name ddl reason) ],
	[ map { $rows->[0]{$_} } qw(action index_name ddl reason) ], 'JSON has what is kept');
is_deeply([ grep { !defined $json->{recommendations}[0]{$_} } qw(mean_before_ms mean_after_ms blocks_before blocks_after) ],
	[], 'JSON has time and blocks');
is($json->{recommendations}[0]{relation}, 'shop.item', 'JSON: the table with its schema');

# An operator that somebody has put on the search_path is not called by who asks.
$node->safe_psql($database, q{
	CREATE ROLE mallory;
	GRANT CREATE, USAGE ON SCHEMA shop TO mallory;
	SET ROLE mallory;
	CREATE FUNCTION shop.trap(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$trapped$$; END';
	CREATE OPERATOR shop.= (FUNCTION = shop.trap, LEFTARG = oid, RIGHTARG = regclass)});
($status, $output, $errors) = clipperf($node, 'recommend', $database);
is($status, 0, "others' operators are not called") or diag($errors);

# Options of the advisor.
foreach my $case ([ '--min-calls' => 31 ], [ '--storage-budget' => '8kB' ], [ '--max-indexes' => 0 ], [ '--min-benefit' => 1 ])
{
	($status, $output) = clipperf($node, 'recommend', @$case, $database);
	like("$status $output", qr/^0 .*: 0 indexes to\s/s, "@$case: nothing to create");
}
($status, $output) = clipperf($node, 'recommend', '--time-limit' => '1min', '--since' => '2020-01-01', $database);
like($output, qr/: 1 index to create/, '--time-limit and --since');
fails_with($node, [ 'recommend', '--max-indexes' => -1, $database ], qr/max_indexes/, 'fewer than none');
fails_with($node, [ 'recommend', '--index-set' => 'nonesuch', $database ], qr/index set "nonesuch" does not exist/, 'no such set');

# A script: comments, quotes and functions with semicolons within, as the server's own parser has them.
my $queries = script('queries.sql', <<'SQL');
-- a comment; with a semicolon
SELECT * FROM item WHERE customer = 1;
/* another; /* nested; */ one */
SELECT 'it''s; one', $body$ two; $body$ FROM item WHERE made > now() - interval '1 hour';;
SELECT * FROM item WHERE customer = $1
SQL
($status, $output, $errors) = clipperf($node, 'advise', '--format' => 'json', $queries, $database);
is("$status $errors", '0 ', 'advise: status');
$json = valid_json($output, 'recommend.schema.json', 'advise: JSON');
is(join(' ', sort map { $_->{index_name} } grep { $_->{action} eq 'create' } @{ $json->{recommendations} }),
	'idx_item_customer idx_item_made', 'both indexes');
is_deeply([ split /\n/, $node->safe_psql($database, q{
		SELECT line || ' ' || left(statement, 20) FROM _clipperf_script_statements($$} . slurp_file($queries) . '$$)') ],
	[ '2 SELECT * FROM item W', q{4 SELECT 'it''s; one',}, '5 SELECT * FROM item W' ], 'statements and their lines');

# Text names what is to be built, as it is for no other call of apply.
($status, $output) = clipperf($node, 'advise', $queries, $database);
my @ids = $output =~ /^ +(\d+)\. create /mg;
is(scalar(@ids), 2, 'advise: two rows');
like($output, qr/^To build them, and watch: clipperf apply --watch \Q${\ join(' ', map { "--id=$_" } @ids)}\E 'it'\\''s a shop'$/m, 'by their ids');

# Weights, and standard input.
($status, $output) = clipperf($node, 'advise', '--weights' => '0,1,0', '--format' => 'json', $queries, $database);
is_deeply([ map { $_->{index_name} } grep { $_->{action} eq 'create' } @{ decode_json($output)->{recommendations} } ],
	['idx_item_made'], 'what is never called gets no index');
fails_with($node, [ 'advise', '--weights' => '1,2', $queries, $database ], qr/weights/, 'too few weights');
fails_with($node, [ 'advise', '--weights' => 'a', $queries, $database ], qr/invalid input syntax for type double precision: "a"/, 'no weight');
($status, $output) = run_command_line($node, 'sh', '-c', q{echo 'SELECT * FROM item WHERE made = now()' | clipperf advise - "it's a shop"});
like("$status $output", qr/^0 .*the statements of standard input: 1 index to\s+create/s, 'standard input');

# Scripts that are none.
foreach my $case (
	[ "SELECT 1;\n\n-- \xc3\xa9\xc3\xa9\xc3\xa9\n  SELEC 2;", qr{wrong\.sql:4: syntax error at or near "SELEC"\nclipperf: hint: }, 'a word is wrong' ],
	[ "\\d item\n", qr{wrong\.sql:1: syntax error at or near "\\"\nclipperf: hint: .* without commands of psql}, 'a command of psql' ],
	[ "SELECT 1;\nSELECT 'a", qr{wrong\.sql:2: unterminated quoted string}, 'an open string' ],
	[ "-- nothing\n;\n", qr{file ".*wrong\.sql" holds no statement}, 'comments only' ],
	[ '', qr{file ".*wrong\.sql" holds no statement}, 'an empty file' ],
	[ "SELECT 1\0", qr{file ".*wrong\.sql" is not SQL}, 'a zero byte' ])
{
	my ($text, $pattern, $name) = @$case;
	my $wrong = script('wrong.sql', $text);

	fails_with($node, [ 'advise', $wrong, $database ], $pattern, $name);
	unlink $wrong;
}
fails_with($node, [ 'advise', "$dir/none.sql", $database ], qr/could not open file ".*none\.sql": No such file/, 'no file');
fails_with($node, [ 'advise', $dir, $database ], qr/could not read file ".*": Is a directory/, 'a directory');
fails_with($node, ['advise'], qr/no file specified\nclipperf: hint: Try "clipperf advise --help"/, 'no file given');

done_testing();
