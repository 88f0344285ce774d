# Keys that are not values of a key column: spelled by a text, elements of an array, part of a document or of a text that lists
# them, numbers without gaps of which nobody knows whose keys they are; children that name a partition or child table each, or
# that look a document up.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('values');
my $finding;

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE person (id serial PRIMARY KEY, name text);
INSERT INTO person (name) SELECT md5(i::text) FROM generate_series(1, 120) AS i;
CREATE TABLE ticket (id serial PRIMARY KEY, owner_id int, keeper text, answers jsonb, watchers int[]);
INSERT INTO ticket (owner_id, keeper, answers, watchers) SELECT 1 + i * 37 % 120, (1 + i * 41 % 120)::text,
    jsonb_build_object('by', 1 + i * 43 % 120, 'votes', i % 7), ARRAY[1 + i * 47 % 120, 1 + i * 53 % 120]
  FROM generate_series(1, 400) AS i;
CREATE TABLE custom_value (id serial PRIMARY KEY, field int, value text);
INSERT INTO custom_value (field, value) SELECT i % 3, CASE i % 3 WHEN 0 THEN (1 + i * 37 % 120)::text WHEN 1 THEN 'text ' || i ELSE NULL END
  FROM generate_series(1, 600) AS i;
CREATE TABLE thing (id uuid PRIMARY KEY, title text);
INSERT INTO thing SELECT md5(i::text)::uuid, 'thing ' || i FROM generate_series(1, 100) AS i;
CREATE TABLE link (id serial PRIMARY KEY, target text);
INSERT INTO link (target) SELECT CASE WHEN i % 2 = 0 THEN id::text ELSE 'https://example.org/' || i END
  FROM (SELECT id, row_number() OVER (ORDER BY title) AS i FROM thing) AS t;
CREATE TABLE month (number int, total int);
INSERT INTO month SELECT i, i FROM generate_series(1, 12) AS i;

CREATE TABLE event (id int8, happened date, person_id int REFERENCES person, body text, PRIMARY KEY (id, happened)) PARTITION BY RANGE (happened);
CREATE TABLE event_2026_01 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE event_2026_02 PARTITION OF event FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE event_2026_03 PARTITION OF event FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
INSERT INTO event SELECT 5000 + i, '2026-01-01'::date + i % 85, 1 + i % 120, 'event' FROM generate_series(1, 500) AS i;
CREATE TABLE reading (id int8 PRIMARY KEY, sensor int, at date);
CREATE TABLE reading_a (PRIMARY KEY (id)) INHERITS (reading);
CREATE TABLE reading_b (PRIMARY KEY (id)) INHERITS (reading);
INSERT INTO reading_a SELECT i, i % 9, '2026-01-01' FROM generate_series(1, 99, 2) AS i;
INSERT INTO reading_b SELECT i, i % 9, '2026-01-01' FROM generate_series(2, 100, 2) AS i;
ANALYZE;
SQL

# The rows of a query, each an array of its columns.
sub rows
{
	my ($sql) = @_;
	return map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', $sql);
}

# The scenario of a parent, and a child for each value of a list.
sub over
{
	my ($parent, $child, @values) = @_;
	return statements(join(";\n", $parent, map { my $sql = $child; $sql =~ s/%s/$_/g; $sql } @values) . ';');
}

my $person = 'SELECT name FROM person WHERE id = %s';
my $any_order = 'ORDER BY md5(id::text)';

# Numbers without a gap, of which a name says that they are keys, but of no table that is there.
my @owners = map { $_->[0] } rows("SELECT owner_id FROM ticket $any_order LIMIT 100");
foreach my $rows (12, 40, 100)
{
	my $name = "$rows owners of 120";
	$finding = proven($node, $name, over("SELECT id, owner_id FROM ticket $any_order LIMIT $rows", $person, @owners[ 0 .. $rows - 1 ]));
	has($finding, $name, children => [ $rows * 0.9, $rows ], loops => 1, parent_column => 'ticket.owner_id');
}
silent($node, 'counting through numbers that a list holds',
	over('SELECT id, owner_id FROM ticket ORDER BY owner_id LIMIT 60', $person, 1 .. 9));
silent($node, 'months, after a list of twelve', over('SELECT id, name FROM person ORDER BY id LIMIT 12', 'SELECT total FROM month WHERE number = %s', 1 .. 12));

# Texts that spell keys, of all rows or of some.
my @keepers = map { $_->[0] } rows("SELECT keeper FROM ticket $any_order LIMIT 30");
$finding = proven($node, 'keys as text', over("SELECT id, keeper FROM ticket $any_order LIMIT 30", $person, @keepers));
has($finding, 'keys as text', children => [ 28, 30 ], loops => 1, parent_column => 'ticket.keeper');
foreach my $requests (1, 3)
{
	my @values = grep { defined $_->[0] && $_->[0] =~ /^\d+$/ } rows("SELECT value FROM custom_value $any_order LIMIT 60");
	my $name = "values of which some are keys, $requests requests";
	$finding = proven($node, $name, sub {
		over("SELECT id, value FROM custom_value $any_order LIMIT 60", $person, map { $_->[0] } @values)->(@_) for 1 .. $requests; });
	has($finding, $name, children => [ @values * $requests * 0.8, @values * $requests ], parent_column => 'custom_value.value');
}
my @targets = grep { /-/ && !/:/ } map { $_->[0] } rows("SELECT target FROM link $any_order LIMIT 50");
$finding = proven($node, 'uuids as text', over("SELECT target FROM link $any_order LIMIT 50", q{SELECT title FROM thing WHERE id = '%s'}, @targets));
has($finding, 'uuids as text', children => scalar @targets, parent_column => 'link.target');

# A text column that has held no keys for a while is not looked at any more; one that has, is.
$node->safe_psql('postgres', q{CREATE TABLE mixed (id serial PRIMARY KEY, value text); INSERT INTO mixed (value) SELECT 'x' FROM generate_series(1, 20)});
my $mixed = 'SELECT id, value FROM mixed ORDER BY id LIMIT 20';
silent($node, 'texts without keys', over("$mixed;\n" x 20 . $mixed, $person, 1 .. 5));

# Elements of an array, numbers in JSON: one document for all rows, or one for each.
my $page = "SELECT * FROM ticket $any_order LIMIT 20";
my @tickets = map { $_->[0] } rows("SELECT id FROM ticket $any_order LIMIT 20");
my $ticket = 'SELECT owner_id FROM ticket WHERE id = %s';
my %documents = (
	'array_agg' => "SELECT array_agg(id) FROM ($page) AS p",
	'an array of texts' => "SELECT array_agg(id::text) FROM ($page) AS p",
	'ARRAY()' => "SELECT ARRAY(SELECT id FROM ticket $any_order LIMIT 20)",
	'json_agg' => "SELECT json_agg(p) FROM (SELECT id, keeper FROM ticket $any_order LIMIT 20) AS p",
	'json_agg of numbers' => "SELECT json_agg(id) FROM ($page) AS p",
	'jsonb_agg' => "SELECT jsonb_agg(jsonb_build_object('id', id, 'keeper', keeper)) FROM ($page) AS p",
	'nested' => "SELECT json_build_object('page', 3, 'tickets', json_agg(json_build_object('ticket', json_build_object('id', id)))) FROM ($page) AS p",
	'string_agg' => "SELECT string_agg(id::text, ',') FROM ($page) AS p",
	'string_agg of groups' => "SELECT 'all', string_agg(id::text, '; ' ORDER BY md5(id::text)) AS ids FROM (SELECT id FROM ticket $any_order LIMIT 20) AS p GROUP BY 1 ORDER BY 1",
	'names in json' => "SELECT json_object_agg(id, keeper) FROM (SELECT id, keeper FROM ticket $any_order LIMIT 20) AS p",
	'names in jsonb' => "SELECT jsonb_object_agg(id, keeper) FROM (SELECT id, keeper FROM ticket $any_order LIMIT 20) AS p",
	'computed texts' => "SELECT format('%s', id) FROM ticket $any_order LIMIT 20",
	'texts in jsonb' => "SELECT jsonb_agg(jsonb_build_object('id', id::text)) FROM ($page) AS p",
	'row_to_json' => "SELECT row_to_json(p) FROM (SELECT id, keeper FROM ticket $any_order LIMIT 20) AS p");
foreach my $name (sort keys %documents)
{
	$finding = proven($node, $name, over($documents{$name}, $ticket, @tickets));
	has($finding, $name, children => [ 19, 20 ], loops => 1);
	has($finding, $name, parent_column => 'ticket.id') if $name eq 'array_agg';
}
my @by = map { $_->[0] } rows("SELECT answers->>'by' FROM ticket $any_order LIMIT 30");
$finding = proven($node, 'stored jsonb', over("SELECT id, answers FROM ticket $any_order LIMIT 30", $person, @by));
has($finding, 'stored jsonb', children => [ 27, 30 ], parent_column => 'ticket.answers');
my @watchers = map { split /,/, $_->[0] } rows("SELECT array_to_string(watchers, ',') FROM ticket $any_order LIMIT 15");
$finding = proven($node, 'stored arrays', over("SELECT id, watchers FROM ticket $any_order LIMIT 15", $person, @watchers));
has($finding, 'stored arrays', children => [ 27, 30 ], parent_column => 'ticket.watchers');

# A document that is looked up, by literals and parameters; a function whose query becomes a part of the statement.
$node->safe_psql('postgres', q{CREATE FUNCTION person_of(who int) RETURNS SETOF person LANGUAGE sql STABLE AS 'SELECT * FROM person WHERE id = who'});
my $list = "SELECT id, keeper, owner_id FROM ticket $any_order LIMIT 30";
my %children = (
	'a document that holds it' => [ q{SELECT count(*) FROM ticket WHERE answers @> %s}, 'jsonb', q{'{"by": %s}'} ],
	'a document that holds its text' => [ q{SELECT count(*) FROM ticket WHERE answers @> %s}, 'jsonb', q{'{"by": "%s"}'} ],
	'a part of a document' => [ q{SELECT count(*) FROM ticket WHERE answers->'by' = %s}, 'jsonb', q{'%s'} ],
	'a function' => [ 'SELECT name FROM person_of(%s)', 'int', '%s' ],
	'a function by the name of its argument' => [ 'SELECT p.name FROM person_of(who => %s) AS p', 'int', '%s' ]);
foreach my $name (sort keys %children)
{
	my ($child, $type, $value) = @{ $children{$name} };
	my @keepers = map { $_->[1] } rows($list);
	my $prepared = sprintf "PREPARE child($type) AS $child;\n$list", '$1';

	$finding = proven($node, "$name, literals", over($list, sprintf($child, $value), @keepers));
	has($finding, "$name, literals", children => [ 28, 30 ], loops => 1, parent_column => 'ticket.keeper');
	$finding = proven($node, "$name, parameters", over($prepared, "EXECUTE child($value)", @keepers));
	has($finding, "$name, parameters", children => [ 28, 30 ], loops => 1, parent_column => 'ticket.keeper');
}
silent($node, 'documents that hold several values', over($list, q{SELECT count(*) FROM ticket WHERE answers @> '{"by": %s, "votes": 3}'}, map { $_->[1] } rows($list)));
silent($node, 'catalogs that are looked through', statements(q{SELECT relname::text FROM pg_class WHERE relkind = 'r' ORDER BY md5(relname) LIMIT 30;}
	. join '', map { "SELECT count(*) FROM pg_attribute WHERE attrelid = '$_->[0]'::regclass AND attname = '$_->[0]';\n" }
	  rows(q{SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'pg_catalog'::regnamespace ORDER BY md5(relname) LIMIT 20})));

# Uuids in documents, and a value that no document may break.
my @things = map { $_->[0] } rows('SELECT id FROM thing ORDER BY title LIMIT 25');
$finding = proven($node, 'uuids in JSON', over('SELECT json_agg(t) FROM (SELECT id, title FROM thing ORDER BY title LIMIT 25) AS t',
		q{SELECT title FROM thing WHERE id = '%s'}, @things));
has($finding, 'uuids in JSON', children => 25);
silent($node, 'documents of all kinds', statements(<<'SQL'));
SELECT '{}'::json, '[]'::jsonb, '{}'::int[], NULL::json, NULL::int[], '{{1,2},{3,4}}'::int[], '{1,NULL,3}'::int8[];
SELECT '"\"1"'::json, '[1e5, -0, 1.5, 12345678901234567890, "a\\", {"k":[{"k":1}]}]'::json, '[1e5, -0, 1.50, 12345678901234567890]'::jsonb;
SELECT array_agg(repeat('x', i)) FROM generate_series(0, 200) AS i;
SELECT json_agg(i), jsonb_agg(i), array_agg(i), array_agg(i::int2), array_agg(md5(i::text)::uuid) FROM generate_series(1, 5000) AS i;
SELECT '[3:5]={1,2,3}'::int[], ARRAY['a', repeat('b', 3000)], array_fill(7, ARRAY[3]), array_prepend(1, ARRAY[2, 3]) FROM generate_series(1, 3);
SQL

# Children that name a part of the table each: one loop over the whole.
my @events = rows("SELECT id, to_char(happened, 'YYYY_MM') FROM event ORDER BY md5(id::text) LIMIT 30");
my $events = join '', map { "SELECT body FROM event_$_->[1] WHERE id = $_->[0];\n" } @events;
$finding = proven($node, 'partitions', statements("SELECT id, happened FROM event ORDER BY md5(id::text) LIMIT 30;\n$events"));
has($finding, 'partitions', children => 30, loops => 1, parent_column => 'event.id', relation => 'event', suggestion => undef, no_suggestion => qr/partition/);
my @people = map { $_->[0] } rows('SELECT id FROM person ORDER BY name LIMIT 30');
my $n = 0;
$finding = proven($node, 'partitions by a foreign key', statements("SELECT id FROM person ORDER BY name LIMIT 30;\n"
	  . join('', map { 'SELECT "e"."body" FROM "public"."event_2026_0' . (1 + $n++ % 3) . qq{" AS "e" WHERE "e"."person_id" = $_;\n} } @people)));
has($finding, 'partitions by a foreign key', children => 30, loops => 1, relation => 'event', parent_column => 'person.id');
$finding = proven($node, 'one partition', over('SELECT id FROM person ORDER BY name LIMIT 30', 'SELECT body FROM event_2026_02 WHERE person_id = %s', @people));
has($finding, 'one partition', children => 30, suggestion => qr/event_2026_02/);
my @readings = map { $_->[0] } rows('SELECT id FROM reading ORDER BY md5(id::text) LIMIT 30');
$finding = proven($node, 'child tables', statements("SELECT id FROM reading ORDER BY md5(id::text) LIMIT 30;\n"
	  . join('', map { 'SELECT sensor FROM reading_' . ($_ % 2 ? 'a' : 'b') . " WHERE id = $_;\n" } @readings)));
has($finding, 'child tables', children => 30, loops => 1, relation => 'reading');
$finding = suspected($node, 'partitions without a list', statements('BEGIN;' . join('', map { "SELECT body FROM event_2026_0$_->[1] WHERE id = $_->[0];\n" }
			map { [ 5001 + $_, 1 + $_ % 3 ] } 0 .. 29) . 'COMMIT;'));
has($finding, 'partitions without a list', children => [ 27, 30 ], relation => 'event');

$node->stop;
done_testing();
