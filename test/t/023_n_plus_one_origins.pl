# Parents whose column is computed, and children that compare in other ways than "column = value".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('origins');
my $finding;

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE branch (id int8 PRIMARY KEY, parent_id int8 REFERENCES branch, title text);
INSERT INTO branch SELECT 800000 + i * 3, CASE WHEN i > 1 THEN 800000 + ((i - 2) / 4 + 1) * 3 END, md5(i::text)
  FROM generate_series(1, 85) AS i;
CREATE MATERIALIZED VIEW top AS SELECT id, title FROM post ORDER BY title LIMIT 100;
CREATE UNIQUE INDEX ON top (id);
CREATE MATERIALIZED VIEW top_without_index AS SELECT id, title FROM post ORDER BY title LIMIT 100;
CREATE FUNCTION pages(n int) RETURNS SETOF int8 LANGUAGE plpgsql AS
  'BEGIN RETURN QUERY SELECT id FROM post ORDER BY title LIMIT n; END';
CREATE FUNCTION page_ids(n int) RETURNS TABLE (id int8) LANGUAGE sql STABLE AS
  'SELECT id FROM post ORDER BY title LIMIT n';
CREATE FUNCTION read_each(ids int8[]) RETURNS int LANGUAGE plpgsql AS '
  DECLARE one int8; n int := 0;
  BEGIN
    FOREACH one IN ARRAY ids LOOP
      PERFORM body FROM remark WHERE post_id = one;
      n := n + 1;
    END LOOP;
    RETURN n;
  END';
CREATE FUNCTION read_by_number(ids int8[]) RETURNS int LANGUAGE plpgsql AS '
  BEGIN
    FOR i IN array_lower(ids, 1) .. array_upper(ids, 1) LOOP
      PERFORM body FROM remark WHERE post_id = ids[i];
    END LOOP;
    RETURN array_length(ids, 1);
  END';
CREATE TABLE place (id int8 PRIMARY KEY, country text, data jsonb, tags int8[]);
INSERT INTO place SELECT 900000 + i, 'country ' || i * 7919 % 25, jsonb_build_object('post', 200000 + i),
  ARRAY[200000 + i, 200000 + i * 3] FROM generate_series(1, 1000) AS i;
ANALYZE;
SQL

my %parents = (
	'UNION ALL' => 'SELECT id, title FROM post WHERE id < 200500 UNION ALL SELECT id, title FROM post WHERE id >= 200500 ORDER BY title LIMIT 30',
	'UNION' => 'SELECT id, title FROM post WHERE id < 200020 UNION SELECT id, title FROM post WHERE id > 203990 ORDER BY title',
	'UNION of tables' => 'SELECT id, title FROM post WHERE id < 200500 UNION ALL SELECT post_id, body FROM remark WHERE id < 300010 ORDER BY title LIMIT 30',
	'WITH' => 'WITH p AS MATERIALIZED (SELECT id, title FROM post) SELECT id FROM p ORDER BY title LIMIT 30',
	'coalesce' => 'SELECT coalesce(id, 0) AS id FROM post ORDER BY title LIMIT 30',
	'text' => 'SELECT id::text AS id FROM post ORDER BY title LIMIT 30',
	'numeric' => 'SELECT id::numeric AS id FROM post ORDER BY title LIMIT 30',
	'max' => 'SELECT max(id) AS id FROM post GROUP BY author_id ORDER BY 1 DESC LIMIT 30',
	'min' => 'SELECT min(post_id) AS id FROM remark GROUP BY author_id ORDER BY max(body) LIMIT 30',
	'DISTINCT' => 'SELECT DISTINCT post_id AS id FROM remark WHERE id < 300040',
	'unnest' => 'SELECT unnest(array_agg(id ORDER BY title)) AS id FROM post WHERE id <= 200030',
	'a function' => 'SELECT * FROM pages(30) AS p (id)',
	'an SQL function' => 'SELECT id FROM page_ids(30)',
	'a function in the list' => 'SELECT pages(30) AS id',
	'a materialized view' => 'SELECT id FROM top ORDER BY title LIMIT 30',
	'one without an index' => 'SELECT id FROM top_without_index ORDER BY title LIMIT 30');
my $unknown = qr/function|unnest/;
foreach my $name (sort keys %parents)
{
	$finding = proven($node, $name,
		loop('--parent' => $parents{$name}, '--child' => 'SELECT body FROM remark WHERE post_id = $1',
			'--bind' => '1=col:id', '--type' => '1=int8'));
	has($finding, $name, children => [ 25, 40 ], loops => 1, relation => 'remark');
	like($finding->{parent_column} // '-', qr/^(post\.id|remark\.post_id|.*)$/, "$name: where it came from")
	  if $name =~ $unknown;
	like($finding->{parent_column} // '-', qr/^(post\.id|remark\.post_id)$/, "$name: where it came from")
	  unless $name =~ $unknown;
}

$finding = proven($node, 'a recursive query',
	loop('--parent' => 'WITH RECURSIVE t AS (SELECT id FROM branch WHERE parent_id IS NULL UNION ALL '
		  . 'SELECT b.id FROM branch b JOIN t ON b.parent_id = t.id WHERE b.id < 800066) SELECT id FROM t',
		'--child' => 'SELECT * FROM branch WHERE id = $1', '--bind' => '1=col:id', '--type' => '1=int8'));
has($finding, 'a recursive query', children => [ 20, 21 ], parent_column => 'branch.id');

proven($node, 'elements of an array, one by one in a function',
	statements("SELECT id FROM post ORDER BY title LIMIT 30;\n"
		  . 'SELECT read_each(ARRAY(SELECT id FROM post ORDER BY title LIMIT 30));'));

# .. by their numbers, also those of an array that begins elsewhere, and of one that a driver sends again and again.  One with
# nulls is read only where the server has taken it apart, which it has not for the first five, planned each by itself.
my $ids = 'ARRAY(SELECT id FROM post ORDER BY title LIMIT 30)';
my %arrays = (
	'read_by_number(ids)' => "SELECT read_by_number($ids);",
	'read_by_number(ids), from 0' => "SELECT read_by_number(('[0:29]=' || $ids\::text)::int8[]);",
	'read_by_number(ids), with nulls' => "SELECT read_by_number($ids || '{NULL,NULL}'::int8[]);",
	'array[number], prepared' => "PREPARE of_array (int8[], int) AS SELECT body FROM remark WHERE post_id = \$1[\$2];\n"
	  . "SELECT $ids AS ids \\gset\n" . join('', map { "EXECUTE of_array (:'ids', $_);\n" } 1 .. 30));
foreach my $name (sort keys %arrays)
{
	$finding = proven($node, $name, statements("BEGIN; SELECT id FROM post ORDER BY title LIMIT 30;\n$arrays{$name}\nCOMMIT;"));
	has($finding, $name, children => [ $name =~ /nulls/ ? 23 : 28, 30 ], parent_column => 'post.id', relation => 'remark');
}

# What is taken out of arrays and documents.
my $places = 'FROM (SELECT * FROM place ORDER BY md5(id::text) LIMIT 30) AS p';
my %taken = (
	'tags[1]' => "SELECT tags[1] AS post $places",
	'unnest(tags)' => "SELECT unnest(tags) AS post $places",
	"data->>'post'" => "SELECT data->>'post' AS post $places",
	"(data->>'post')::int8" => "SELECT (data->>'post')::int8 AS post $places",
	"(data->'post')::int8" => "SELECT (data->'post')::int8 AS post $places",
	"data['post']::int8" => "SELECT data['post']::int8 AS post $places",
	"(data #>> '{post}')::int8" => "SELECT (data #>> '{post}')::int8 AS post $places");
foreach my $name (sort keys %taken)
{
	$finding = proven($node, $name,
		loop('--parent' => $taken{$name}, '--child' => 'SELECT body FROM remark WHERE post_id = $1',
			'--bind' => '1=col:post', '--type' => '1=int8'));
	has($finding, $name, children => $name =~ /unnest/ ? [ 57, 60 ] : [ 28, 30 ],
		parent_column => $name =~ /tags/ ? 'place.tags' : 'place.data');
}

# What rows were grouped by is looked up like a key.
foreach my $parent ('SELECT country, count(*) FROM place GROUP BY country ORDER BY country', 'SELECT DISTINCT country FROM place')
{
	$finding = proven($node, $parent,
		loop('--parent' => $parent, '--child' => 'SELECT id FROM place WHERE country = $1', '--bind' => '1=col:country'));
	has($finding, $parent, children => 25, parent_column => 'place.country');
}

# Counts and numbers of rows are no keys, whatever rows they happen to find.
$node->safe_psql('postgres',
	q{CREATE TABLE step (id int8 PRIMARY KEY, title text); INSERT INTO step SELECT i, md5(i::text) FROM generate_series(1, 50) AS i});
silent($node, 'numbers of rows',
	loop('--parent' => 'SELECT id AS post, row_number() OVER (ORDER BY title) AS id FROM post ORDER BY title LIMIT 30',
		'--child' => 'SELECT title FROM step WHERE id = $1', '--bind' => '1=col:id', '--type' => '1=int8'));

# Children that compare otherwise.
my %children = (
	'value = ANY (column)' => 'SELECT id FROM place WHERE $1 = ANY (tags)',
	'column @> ARRAY[value]' => 'SELECT id FROM place WHERE tags @> ARRAY[$1::int8]',
	'coalesce' => 'SELECT body FROM remark WHERE post_id = coalesce($1, 0)',
	'IS NOT DISTINCT FROM' => 'SELECT body FROM remark WHERE post_id IS NOT DISTINCT FROM $1');
foreach my $name (sort keys %children)
{
	foreach my $protocol (qw(prepared simple))
	{
		$finding = proven($node, "$name, $protocol",
			loop('--parent' => 'SELECT id FROM post ORDER BY title LIMIT 30', '--child' => $children{$name},
				'--bind' => '1=col:id', '--type' => '1=int8', '--protocol' => $protocol));
		has($finding, "$name, $protocol", children => [ 28, 30 ], loops => 1);
	}
}
$finding = proven($node, 'out of a document',
	loop('--parent' => 'SELECT id FROM post ORDER BY title LIMIT 30', '--child' => q{SELECT id FROM place WHERE data->>'post' = $1},
		'--bind' => '1=col:id', '--type' => '1=text'));
has($finding, 'out of a document', children => [ 28, 30 ]);

# A list that is copied out.
my @copied = split /\n/, $node->safe_psql('postgres', 'SELECT id FROM post ORDER BY title LIMIT 20');
my $remarks = join '', map { "SELECT body FROM remark WHERE post_id = $_;\n" } @copied;
$finding = proven($node, 'COPY of a query', statements("BEGIN;\nCOPY (SELECT id, title FROM post ORDER BY title LIMIT 20) TO STDOUT;\n${remarks}COMMIT;"));
has($finding, 'COPY of a query', children => 20, parent_column => qr/^post\.id$/);

# The array has the type of the column, not that of the constants that were sent.
$remarks =~ s/post_id =/post_id IS NOT DISTINCT FROM/g;
$finding = proven($node, 'constants of another type',
	statements("BEGIN;\nSELECT id, title FROM post ORDER BY title LIMIT 20;\n${remarks}COMMIT;"));
has($finding, 'constants of another type', suggestion => qr/\$1::bigint\[\]/);

# The days of a chart, each of which is then looked up; days that somebody counts are no rows of a list.
$node->safe_psql('postgres', q{
CREATE TABLE visit (id serial, day date, minutes int);
INSERT INTO visit (day, minutes) SELECT '2024-01-01'::date + i % 20, i FROM generate_series(1, 400) AS i;
ANALYZE visit});
my $days = join '', map { sprintf "SELECT sum(minutes) FROM visit WHERE day = '2024-01-%02d';\n", $_ } 1 .. 20;
foreach my $list ('SELECT DISTINCT day FROM visit ORDER BY day', 'SELECT day, count(*) FROM visit GROUP BY day ORDER BY day')
{
	$finding = proven($node, $list, statements("BEGIN;\n$list;\n${days}COMMIT;"));
	has($finding, $list, children => 20, parent_column => qr/^visit\.day$/);
}
silent($node, 'days that are counted', statements($days));

$node->stop;
done_testing();
