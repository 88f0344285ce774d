# Keys of every common type are followed, also where PostgreSQL converts between column and parameter.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('types');

# Types that an extension, and a user, made.
$node->safe_psql('postgres', q{
CREATE EXTENSION citext;
CREATE DOMAIN keytext AS citext CHECK (VALUE <> '');
CREATE TYPE made_range AS RANGE (subtype = int8);
});

# How a number becomes a key of each type.
my %keys = (
	int2 => '(20000 + i)::int2',
	int4 => '2000000000 + i',
	int8 => '5000000000 + i',
	uuid => 'md5(i::text)::uuid',
	text => q{'key-' || md5(i::text)},
	'varchar(50)' => q{'code-' || i},
	'char(20)' => q{'char-' || i},
	numeric => '(i + 0.5)::numeric',
	oid => '(70000 + i)::oid',
	inet => q{('10.1.' || i % 7 || '.' || i % 256)::inet + i * 256},
	macaddr => q{('08002b0' || to_hex(65536 + i))::macaddr},
	macaddr8 => q{('08002b010203' || to_hex(4096 + i))::macaddr8},
	citext => q{'U' || md5(i::text) || '@Example.org'},
	keytext => q{'made ' || md5(i::text)},
	'varchar(400)' => q{'https://example.org/a/path/of/some/length/' || repeat(md5(i::text), 8)},
	date => q{'2020-01-01'::date + i},
	timestamp => q{'2020-01-01'::timestamp + i * interval '1 minute'},
	timestamptz => q{'2020-01-01 00:00+00'::timestamptz + i * interval '1 minute'},
	time => q{'00:00'::time + i * interval '1 minute'},
	interval => q{i * interval '7 minutes'},
	'bit(16)' => 'i::bit(16)',
	'bit varying' => 'i::bit(16)::varbit',
	int4range => 'int4range(i * 10, i * 10 + 5)',
	tstzrange => q{tstzrange('2020-01-01 00:00+00'::timestamptz + i * interval '1 hour', '2020-01-01 00:30+00'::timestamptz + i * interval '1 hour')},
	made_range => 'made_range(i, i + 1)');

# A list and its items for one type of key.
sub make_tables
{
	my ($number, $type) = @_;
	$node->safe_psql('postgres', <<"SQL");
CREATE TABLE list_$number (id $type PRIMARY KEY, title text);
INSERT INTO list_$number SELECT $keys{$type}, md5(i::text) FROM generate_series(1, 300) AS i;
CREATE TABLE item_$number (id int8 PRIMARY KEY, list_id $type REFERENCES list_$number, body text);
INSERT INTO item_$number SELECT i, (SELECT id FROM list_$number ORDER BY title OFFSET i % 300 LIMIT 1)
  FROM generate_series(1, 600) AS i;
CREATE INDEX ON item_$number (list_id);
ANALYZE list_$number, item_$number;
SQL
	return;
}

# 30 rows of a list, for each its items; the child's condition and options may differ.
sub items
{
	my ($number, $condition, @options) = @_;
	return loop('--parent' => "SELECT id, title FROM list_$number ORDER BY title LIMIT 30",
		'--child' => "SELECT * FROM item_$number WHERE $condition", '--bind' => '1=col:id', @options);
}

my $number = 0;
my %number_of;
foreach my $type (sort keys %keys)
{
	$number_of{$type} = ++$number;
	make_tables($number, $type);
	foreach my $protocol (qw(prepared simple))
	{
		my $finding = proven($node, "$type, $protocol",
			items($number, 'list_id = $1', '--protocol' => $protocol));
		has($finding, "$type, $protocol", children => [27, 30], relation => "item_$number");
	}
}

# The parameter's type is another integer than the column's.
foreach my $pair ([qw(int4 int8)], [qw(int2 int4)], [qw(int2 int8)], [qw(int8 numeric)])
{
	my ($column, $parameter) = @$pair;
	my $finding = proven($node, "$column column, $parameter parameter",
		items($number_of{$column}, 'list_id = $1', '--type' => "1=$parameter"));
	has($finding, "$column column, $parameter parameter", children => [27, 30]);
}

# Bare numbers of the simple protocol.
foreach my $column (qw(int2 int4 int8))
{
	proven($node, "$column column, bare number",
		items($number_of{$column}, 'list_id = $1', '--type' => "1=$column", '--protocol' => 'simple'));
}

# IS NOT DISTINCT FROM is an equality, too.
foreach my $protocol (qw(prepared simple))
{
	proven($node, "IS NOT DISTINCT FROM, $protocol",
		items($number_of{int8}, 'list_id IS NOT DISTINCT FROM $1', '--protocol' => $protocol));
}

# A parameter of text for a column of varchar, and text that is cast to the key's type.
proven($node, 'varchar column, text parameter',
	items($number_of{'varchar(50)'}, 'list_id = $1', '--type' => '1=text'));
foreach my $column (qw(int4 int8 uuid))
{
	my $finding = proven($node, "$column column, text parameter with a cast",
		items($number_of{$column}, "list_id = \$1::text::$column", '--type' => '1=text'));
	has($finding, "$column column, text parameter with a cast", children => [27, 30]);
}

# The child's key column is wider than the parent's.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE wide (id int8 PRIMARY KEY, body text);
INSERT INTO wide SELECT 900000 + i, md5(i::text) FROM generate_series(1, 300) AS i;
CREATE TABLE narrow (id int4 PRIMARY KEY, wide_id int4 NOT NULL REFERENCES wide, title text);
INSERT INTO narrow SELECT i, 900000 + i, md5(i::text) FROM generate_series(1, 300) AS i;
SQL
my $finding = proven($node, 'int4 column of the parent, int8 column of the child',
	loop('--parent' => 'SELECT wide_id FROM narrow ORDER BY title LIMIT 30',
		'--child' => 'SELECT body FROM wide WHERE id = $1', '--bind' => '1=col:wide_id'));
has($finding, 'int4 column of the parent, int8 column of the child', parent_column => qr/wide_id/);

# A composite key: the column that tells the rows apart is named, whatever the other parameter is.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE vote (user_id int8, list_id uuid, vote int, PRIMARY KEY (user_id, list_id));
SQL
$finding = proven($node, 'composite key',
	loop('--parent' => "SELECT id FROM list_$number_of{uuid} ORDER BY title LIMIT 30",
		'--child' => 'SELECT vote FROM vote WHERE user_id = $1 AND list_id = $2',
		'--bind' => '1=value:77', '--bind' => '2=col:id'));
has($finding, 'composite key', relation => 'vote', child_parameter => qr/2|list_id/);

# Foreign keys that nobody has declared: told by the column's name, or by being a uuid.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE categories (id int4 PRIMARY KEY, name text);
INSERT INTO categories SELECT i, 'category ' || i FROM generate_series(1, 300) AS i;
CREATE TABLE editor (editor_id int8 PRIMARY KEY, name text);
INSERT INTO editor SELECT i, 'editor ' || i FROM generate_series(1, 300) AS i;
CREATE TABLE signed (id int8 PRIMARY KEY, token uuid NOT NULL UNIQUE);
INSERT INTO signed SELECT i, md5(i::text)::uuid FROM generate_series(1, 300) AS i;
CREATE TABLE story (id int8 PRIMARY KEY, category_id int4, editor_id int8, signature uuid, score int4, title text);
INSERT INTO story SELECT 600000 + i, 1 + i * 7 % 300, 1 + i * 11 % 300, md5((1 + i * 13 % 300)::text)::uuid, 1 + i * 17 % 300,
  md5(i::text) FROM generate_series(1, 300) AS i;
CREATE TABLE footnote (id int8 PRIMARY KEY, story_id int8, body text);
ALTER TABLE story ADD reviewer_id int4, ADD "proofReaderId" int4;
UPDATE story SET reviewer_id = 1 + editor_id * 23 % 300, "proofReaderId" = 1 + editor_id * 19 % 300;
CREATE TABLE review (id int8 PRIMARY KEY, reviewer_id int4, body text);
SQL
my $stories = 'SELECT id, category_id, editor_id, signature, score, reviewer_id, "proofReaderId" FROM story '
  . 'ORDER BY title LIMIT 40';
my %undeclared = (
	category_id => 'SELECT name FROM categories WHERE id = $1',
	editor_id => 'SELECT name FROM editor WHERE editor_id = $1',
	signature => 'SELECT id FROM signed WHERE token = $1',
	id => 'SELECT body FROM footnote WHERE story_id = $1');
foreach my $column (sort keys %undeclared)
{
	foreach my $protocol (qw(prepared simple))
	{
		my $name = "undeclared foreign key, $column, $protocol";
		$finding = proven($node, $name,
			loop('--parent' => $stories, '--child' => $undeclared{$column}, '--bind' => "1=col:$column",
				'--protocol' => $protocol));
		has($finding, $name, children => [36, 40], parent_column => "story.$column");
	}
}

# A key by its name alone, which does not say of what: what tells is that the children follow it.
my %unknown = (
	reviewer_id => 'SELECT name FROM editor WHERE editor_id = $1',
	'"proofReaderId"' => 'SELECT body FROM review WHERE reviewer_id = $1');
foreach my $column (sort keys %unknown)
{
	my $name = "a key of an unknown table, $column";
	$finding = proven($node, $name,
		loop('--parent' => $stories, '--child' => $unknown{$column}, '--bind' => "1=col:$column"));
	has($finding, $name, children => [36, 40], parent_column => "story.$column");
}
$finding = proven($node, 'children by a key of an unknown table',
	loop('--parent' => 'SELECT editor_id FROM editor ORDER BY editor_id LIMIT 40',
		'--child' => 'SELECT body FROM review WHERE reviewer_id = $1', '--bind' => '1=col:editor_id'));
has($finding, 'children by a key of an unknown table', children => 40, child_parameter => '$1 (review.reviewer_id)');

# A number that is no key is none, whatever rows it happens to find.
silent($node, 'a number that is no key',
	loop('--parent' => $stories, '--child' => 'SELECT name FROM categories WHERE id = $1', '--bind' => '1=col:score'));

# The key of a table that comes later is followed from then on, in the same session; so are tables named later.
my $later = join(';', map { "SELECT name FROM venue WHERE id = $_" } map { 1 + $_ * 7 % 50 } 1 .. 20);
$node->safe_psql('postgres', 'CREATE TABLE event (id int8 PRIMARY KEY, venue_id int8, title text);'
	. "INSERT INTO event SELECT 700000 + i, 1 + i * 7 % 50, lpad(i::text, 4, '0') FROM generate_series(1, 20) AS i");
$finding = proven($node, 'a table that comes later', statements(<<"SQL"));
SELECT id, venue_id FROM event ORDER BY title;
CREATE TABLE venue (id int8 PRIMARY KEY, name text);
SELECT id, venue_id FROM event ORDER BY title;
$later;
SQL
has($finding, 'a table that comes later', parent_column => 'event.venue_id', children => 20);
silent($node, 'a table that is not watched',
	statements("SET clipperf.tables = 'post'; SELECT id, venue_id FROM event ORDER BY title; $later;"));
proven($node, 'a table that is watched from now on', statements(<<"SQL"));
SET clipperf.tables = 'post';
SELECT id, venue_id FROM event ORDER BY title;
SET clipperf.tables = 'event, venue';
SELECT id, venue_id FROM event ORDER BY title;
$later;
SQL

# A type whose name alone means a length of one: the batch's array holds whole values.
$node->safe_psql('postgres', q{
CREATE TABLE depot (code char(8) PRIMARY KEY, name text);
INSERT INTO depot SELECT 'd' || i, 'n' FROM generate_series(1, 100) AS i;
CREATE TABLE crate (id int PRIMARY KEY, depot_code char(8) REFERENCES depot);
INSERT INTO crate SELECT i, 'd' || 1 + i * 37 % 100 FROM generate_series(1, 40) AS i;});
$finding = proven($node, 'character', statements(<<'SQL'));
SELECT depot_code FROM crate ORDER BY id LIMIT 30;
PREPARE depot_of (char(8)) AS SELECT name FROM depot WHERE code = $1;
SELECT format('EXECUTE depot_of(%L)', depot_code) FROM (SELECT depot_code FROM crate ORDER BY id LIMIT 30) AS keys
\gexec
SQL
has($finding, 'character', children => [27, 30], relation => 'depot');
like($finding->{suggestion}, qr/\$1::bpchar\[\]/, 'character: not cut to one');

# A session that first met the statement while the table its keys lead to was locked follows it afterwards.
my ($locker, $reader) = map { $node->background_psql('postgres') } 1 .. 2;
proven($node, 'a table that was locked', sub {
	$locker->query_safe('BEGIN; LOCK TABLE venue');
	$reader->query_safe('SELECT venue_id FROM event ORDER BY title LIMIT 15');
	$locker->query_safe('ROLLBACK');
	my @ids = split /\n/, $reader->query_safe('SELECT venue_id FROM event ORDER BY title LIMIT 15');
	$reader->query_safe("SELECT name FROM venue WHERE id = $_") foreach @ids;
});
$_->quit foreach ($locker, $reader);

$node->stop;
done_testing();
