# Which list a loop is over, where a page reads several that hold the same keys, as those of a fresh database do.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('parents');
my $finding;

# Five tables, the keys of each from 1 to 50; a table that refers to each, and one that refers to any.
my @names = qw(album book chart deed event);
foreach my $name (@names)
{
	$node->safe_psql('postgres', <<"SQL");
CREATE TABLE $name (id serial PRIMARY KEY, place int, title text);
INSERT INTO $name (place, title) SELECT abs(hashint4(i * ascii('$name'))), md5('$name' || i) FROM generate_series(1, 50) AS i;
CREATE TABLE ${name}_line (id serial PRIMARY KEY, ${name}_id int NOT NULL REFERENCES $name, body text);
INSERT INTO ${name}_line (${name}_id, body) SELECT 1 + i % 50, 'line' FROM generate_series(1, 100) AS i;
SQL
}
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE sticker (id serial PRIMARY KEY, stuck_id int, body text);
INSERT INTO sticker (stuck_id, body) SELECT 1 + i % 50, 'note' FROM generate_series(1, 200) AS i;
CREATE TABLE listener (id serial PRIMARY KEY, album_id int REFERENCES album, chart_id int REFERENCES chart, other_id int REFERENCES album);
INSERT INTO listener (album_id, chart_id, other_id)
  SELECT 1 + abs(hashint4(i)) % 50, 1 + abs(hashint4(i + 100)) % 50, 1 + abs(hashint4(i + 200)) % 50 FROM generate_series(1, 50) AS i;
ANALYZE;
SQL

# A list: its statement and its keys.
sub list
{
	my ($table, $order, $limit, $offset, $column) = @_;
	$column //= 'id';
	my $sql = "SELECT $column FROM $table ORDER BY $order LIMIT $limit OFFSET " . ($offset // 0);
	return { column => "$table.$column", sql => $sql, keys => [ split /\n/, $node->safe_psql('postgres', $sql) ] };
}

# So many requests of a page that reads these lists, then runs a child for each of the keys.
sub page
{
	my ($requests, $child, $keys, @lists) = @_;
	my $sql = join(";\n", (map { $_->{sql} } @lists), map { "$child = $_" } @$keys) . ";\n";
	return statements($sql x $requests);
}

# Tests that a page's loop over one of its lists is found, as many times as it ran, and over no other.
sub is_over
{
	my ($name, $list, $requests, $scenario, %more) = @_;
	my $keys = @{ $list->{keys} };
	my $found = proven($node, $name, $scenario);
	has($found, $name, parent_column => $list->{column}, children => $requests * $keys, loops => $requests,
		max_children => $keys, rival_column => undef, %more);
	return;
}

my $any = 'SELECT body FROM sticker WHERE stuck_id';
my %short = (album => list('album', 'id', 6), book => list('book', 'id', 6, 3));
my %long = (chart => list('chart', 'id', 10), deed => list('deed', 'place', 20), event => list('event', 'id', 25, 3));

# A list that is covered wholly wins over one that begins alike and goes on.
foreach my $requests (1, 3)
{
	foreach my $order ([qw(album chart)], [qw(chart album)], [qw(deed album event chart)], [qw(chart event deed album)])
	{
		my @lists = map { $short{$_} // $long{$_} } @$order;
		my $name = "$requests requests of @$order";
		is_over("$name: six of six", $short{album}, $requests, page($requests, $any, $short{album}{keys}, @lists));
		is_over("$name: ten of ten", $long{chart}, $requests, page($requests, $any, $long{chart}{keys}, @lists));
	}
	is_over("$requests requests: from the middle of another", $short{book}, $requests,
		page($requests, $any, $short{book}{keys}, $long{deed}, $short{book}, $long{event}));
}

# The order of rows tells, where lists hold the same keys in other orders.
is_over('by its order', $long{deed}, 2,
	page(2, $any, $long{deed}{keys}, list('album', 'id', 50), $long{deed}, list('book', 'place', 30)));

# A foreign key tells, even against a list that fits better.
is_over('by its foreign key', $long{chart}, 2,
	page(2, 'SELECT body FROM chart_line WHERE chart_id', $long{chart}{keys}, $long{chart}, list('album', 'id', 10), $short{book}));
silent($node, 'keys of another table',
	page(5, 'SELECT body FROM chart_line WHERE chart_id', [ 1 .. 10 ], list('album', 'id', 10)));

# Two columns of one table's keys, in lists where rows share them.
my @shared = (list('listener', 'id', 25, 0, 'album_id'), list('album', 'id', 20), list('listener', 'md5(id::text)', 20, 0, 'other_id'));
is_over('rows that share keys', $shared[0], 2, page(2, 'SELECT title FROM album WHERE id', $shared[0]{keys}, @shared),
	children => [ 48, 50 ], max_children => [ 24, 25 ]);
is_over('other rows that share keys', $shared[2], 2, page(2, 'SELECT title FROM album WHERE id', $shared[2]{keys}, @shared),
	children => [ 38, 40 ], max_children => [ 19, 20 ]);

# Nobody can tell lists with the same keys in the same order: that is said.
foreach my $requests (1, 2)
{
	my @alike = map { list($_, 'id', 12) } qw(album event);
	$finding = proven($node, "$requests requests: either of two", page($requests, $any, [ 1 .. 12 ], @alike, $short{book}));
	has($finding, "$requests requests: either of two", parent_column => qr/^(album|event)\.id$/, rival_column => qr/^(album|event)\.id$/,
		children => 12 * $requests, loops => $requests);
	isnt($finding->{parent_column}, $finding->{rival_column}, "$requests requests: two columns");
}

# Two lists with common keys, each looped over by the same statement: none is lost, and none is counted twice.
my @both = (list('album', 'title', 12), list('album', 'title', 18, 6));
$both[1]{sql} =~ s/ FROM/, place FROM/;
my @found = all_proven($node, 'two lists with common keys',
	page(1, 'SELECT body FROM album_line WHERE album_id', [ map { @{ $_->{keys} } } @both ], @both), (qr/album_line/) x 2);
is(join(' ', sort { $a <=> $b } map { $_->{children} } run_scenario($node,
			page(1, 'SELECT body FROM album_line WHERE album_id', [ map { @{ $_->{keys} } } @both ], @both))),
	'12 18', 'two lists with common keys: all children, each once');

$node->stop;
done_testing();
