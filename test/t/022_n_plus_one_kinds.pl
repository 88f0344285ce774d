# Loops whose children do not run once for each row in turn: twice per row, for rows of one kind, for some rows only,
# over rows that share few keys or one, over lists of few rows; and rows that one request reads again and again.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('kinds');
my $finding;

# Three kinds of things that happened, the things in tables of their own; orders of several lines each.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE happening (id int8 PRIMARY KEY, kind int, subject_id int8);
INSERT INTO happening SELECT 700000 + i, i % 3,
  CASE i % 3 WHEN 0 THEN 100001 + i * 37 % 2000 WHEN 1 THEN 200001 + i * 41 % 4000 ELSE 300001 + i * 43 % 12000 END
  FROM generate_series(1, 3000) AS i;
CREATE TABLE line (order_no int, line_no int, PRIMARY KEY (order_no, line_no));
INSERT INTO line SELECT 5000 + o * 17, l FROM generate_series(1, 50) AS o, generate_series(1, 4) AS l;
CREATE TABLE line_note (order_no int, line_no int, body text, FOREIGN KEY (order_no, line_no) REFERENCES line);
INSERT INTO line_note SELECT order_no, line_no, 'note' FROM line;
ANALYZE;
SQL

# The rows of a query, each an array of its columns.
sub rows
{
	my ($sql) = @_;
	return map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', $sql);
}

# The scenario of a parent and what the given function makes of each of its rows: a list of statements.
sub for_each
{
	my ($parent, $children, $before, $after) = @_;
	my $sql = join(";\n", $before // (), $parent, (map { $children->(@$_) } rows($parent)), $after // ()) . ';';
	return statements($sql);
}

my $page = 'SELECT id FROM post ORDER BY title LIMIT';
my $remarks = sub { "SELECT body FROM remark WHERE post_id = $_[0]" };

# Twice or three times per row, in a transaction or not.
foreach my $rows (6, 10, 20, 50)
{
	foreach my $times (2, 3)
	{
		foreach my $block ([], [ 'BEGIN', 'COMMIT' ])
		{
			my $name = "$rows rows, $times times each" . (@$block ? ' in a transaction' : '');
			$finding = proven($node, $name, for_each("$page $rows", sub { ($remarks->(@_)) x $times }, @$block));
			has($finding, $name, children => $rows * $times, loops => 1, max_children => $rows * $times,
				parent_column => 'post.id');
		}
	}
}
$finding = suspected($node, 'twice each without a list',
	statements("BEGIN;\n" . join('', map { ("SELECT title FROM post WHERE id = 2005$_;\n") x 2 } 10 .. 29) . "COMMIT;"));
has($finding, 'twice each without a list', children => 40);

# Rows of three kinds, the things of each kind looked up in its own table.
my @tables = ('SELECT name FROM author WHERE id = ', 'SELECT title FROM post WHERE id = ', 'SELECT body FROM remark WHERE id = ');
foreach my $rows (24, 30, 90)
{
	my @found = all_proven($node, "$rows rows of three kinds",
		for_each("SELECT id, kind, subject_id FROM happening ORDER BY id LIMIT $rows", sub { $tables[ $_[1] ] . $_[2] }),
		qr/FROM author/, qr/FROM post/, qr/FROM remark/);
	has($_, "$rows rows of three kinds", children => $rows / 3, loops => 1, parent_column => 'happening.subject_id')
	  foreach @found;
}

# Children for some rows, whichever: half of them, a quarter.
foreach my $share (2, 4)
{
	my $wanted = 20 * $share;
	my $count = 0;
	$finding = proven($node, "a child for one row in $share",
		for_each("$page $wanted", sub { $_[0] * 7919 % 1013 % $share == 0 && ++$count ? $remarks->(@_) : () }));
	has($finding, "a child for one row in $share", children => $count, loops => 1);
}

# Rows that share keys: grouped by them, few of them in any order, one for all.
my $author = sub { "SELECT name FROM author WHERE id = $_[1]" };
my %shared = (
	'five keys, grouped' => "WHERE author_id BETWEEN 100101 AND 100105 ORDER BY author_id, id LIMIT 25",
	'two keys' => 'WHERE author_id IN (100101, 100102) ORDER BY body LIMIT 30',
	'three keys' => 'WHERE author_id IN (100101, 100102, 100103) ORDER BY body LIMIT 30',
	'four keys' => 'WHERE author_id IN (100101, 100102, 100103, 100104) ORDER BY body LIMIT 30');
$node->safe_psql('postgres',
	q{UPDATE remark SET author_id = 100101 + id % 4 WHERE id <= 300200; UPDATE remark SET author_id = 100105 WHERE id BETWEEN 300201 AND 300205});
foreach my $name (sort keys %shared)
{
	my $parent = "SELECT id, author_id FROM remark $shared{$name}";
	$parent = "SELECT id, author_id FROM (SELECT id, author_id, row_number() OVER (PARTITION BY author_id ORDER BY id) AS n "
	  . "FROM remark WHERE author_id BETWEEN 100101 AND 100105) AS r WHERE n <= 5 ORDER BY author_id, n"
	  if $name =~ /grouped/;
	my $count = rows($parent);
	$finding = proven($node, $name, for_each($parent, $author));
	has($finding, $name, children => $count, loops => 1, parent_column => 'remark.author_id');
}
$finding = proven($node, 'one key for all rows',
	for_each('SELECT id, author_id FROM remark WHERE author_id = 100101 ORDER BY id LIMIT 20', $author));
has($finding, 'one key for all rows', children => [ 19, 20 ], loops => 1);
silent($node, 'one key for all rows, asked for a few times',
	statements("SELECT id, author_id FROM remark WHERE author_id = 100101 ORDER BY id LIMIT 20;\n"
		  . "SELECT name FROM author WHERE id = 100101;\n" x 5));

# Composite keys of small numbers: one finding, however many of their columns came from the rows.
foreach my $rows (20, 40)
{
	$finding = proven($node, "$rows lines of orders",
		for_each("SELECT order_no, line_no FROM line ORDER BY 1, 2 LIMIT $rows",
			sub { "SELECT body FROM line_note WHERE order_no = $_[0] AND line_no = $_[1]" }));
	has($finding, "$rows lines of orders", children => [ $rows * 0.9, $rows ], loops => 1);
}

# Lists of few rows add up over requests, where the setting admits them.
foreach my $rows (2, 3, 4)
{
	my $lists = join('', map {
			my $list = "SELECT id FROM post ORDER BY title LIMIT $rows OFFSET " . ($_ * $rows);
			join(";\n", $list, map { $remarks->(@$_) } rows($list)) . ";\n"
	} 1 .. 60);
	$finding = proven($node, "lists of $rows", statements("SET clipperf.nplusone_min_children = 2;\n$lists"));
	has($finding, "lists of $rows", max_children => $rows, children => [ $rows * 30, $rows * 60 ]);
	silent($node, "lists of $rows, by default", statements($lists));
}

# One row that a request reads again and again.
my $again = "SELECT title FROM post WHERE id = 200801;\n";
$finding = suspected($node, 'the same row in one transaction', statements("BEGIN;\n" . $again x 20 . 'COMMIT;'));
has($finding, 'the same row in one transaction', children => 20);
suspected($node, 'the same row in one trace',
	loop('--series' => '1..25', '--child' => 'SELECT title FROM post WHERE id = $1', '--bind' => '1=value:200801',
		'--protocol' => 'simple', '--comment' => "/*traceparent='00-" . '0af7651916cd43dd8448eb211c80319c' . "-00f067aa0ba902b7-01'*/"));
silent($node, 'the same row a few times', statements("BEGIN;\n" . $again x 12 . 'COMMIT;'));
silent($node, 'the same row in no request', statements($again x 60));

$node->stop;
done_testing();
