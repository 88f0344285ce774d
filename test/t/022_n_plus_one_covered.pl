# Loops of one request over its lists in another order than the rows came, and over several lists at a time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use List::Util qw(sum0);
use Test::More;

my $node = start_server('covered');

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE related (id int8 PRIMARY KEY, post_id int8 REFERENCES post, other_post_id int8 REFERENCES post (id), kind int);
INSERT INTO related SELECT 500000 + i, 200101 + i * 7, 200003 + i * 5, 1 FROM generate_series(0, 7) AS i;
INSERT INTO related SELECT 500100 + i, 200201 + i * 7, 200033 + i * 5, 2 FROM generate_series(0, 6) AS i;
ANALYZE related;
SQL

my @posts = split /\n/, $node->safe_psql('postgres', 'SELECT id FROM post ORDER BY title LIMIT 30');

# What a page runs: its lists, then this statement for each key.
sub page
{
	my ($lists, $child, @keys) = @_;
	return "BEGIN;\n$lists\n" . join("\n", map { sprintf $child, $_ } @keys) . "\nCOMMIT;\n";
}
my $remarks = 'SELECT body FROM remark WHERE post_id = %d;';
my $post = 'SELECT title FROM post WHERE id = %d;';

# Lists too short to be proven by one page count together.
foreach my $rows (5 .. 8)
{
	my $list = "SELECT id, title FROM post ORDER BY title LIMIT $rows;";
	my $name = "$rows rows, the last one first";
	my $finding = proven($node, $name, statements(page($list, $remarks, reverse @posts[0 .. $rows - 1]) x 3));
	has($finding, $name, children => 3 * $rows, loops => 3, parent_column => qr/^post\.id$/);

	# a row comes again before all have come: these are no children of the rows
	run_scenario($node, statements(page($list, $remarks, @posts[3, 1, 3, 0, 3, 1]) x 3));
	is_deeply([ grep { $_->{confidence} eq 'proven' } findings($node) ], [], "$rows rows at random: nothing is proven");
}

# A longer list from its last row to the first, also where every other row has a child.
foreach my $step (1, 2)
{
	my @keys = map { $posts[29 - $_ * $step] } 0 .. 29 / $step;
	my $name = "30 rows from the last one on, in steps of $step";
	my $finding = proven($node, $name, statements(page('SELECT id, title FROM post ORDER BY title LIMIT 30;', $remarks, @keys)));
	has($finding, $name, children => scalar @keys, loops => 1, parent_column => qr/^post\.id$/);
}

# Two lists of a page have two keys in common; the page looks up what both hold, in the order of a third one.
my $both = 'SELECT id, other_post_id FROM related WHERE kind = 1 ORDER BY id;'
  . "\nSELECT id, other_post_id, kind FROM related WHERE kind = 2 ORDER BY id;";
my @others = split /\n/, $node->safe_psql('postgres', 'SELECT DISTINCT other_post_id FROM related ORDER BY 1 DESC');
is(scalar @others, 13, 'the lists share keys');
my @found = run_scenario($node, statements(page($both, $post, @others) x 5));
cmp_ok(sum0(map { $_->{children} } grep { $_->{confidence} eq 'proven' && $_->{parent_column} eq 'related.other_post_id' } @found),
	'>=', 52, 'two lists with keys in common: four fifths of the children are counted')
  or diag(NPlusOne::described(@found));

# A page goes through its rows by groups, and has another list that begins with one of them.
my $lists = 'SELECT id, title FROM post ORDER BY title LIMIT 30;' . "\n"
  . "SELECT p.id FROM post AS p WHERE id IN ($posts[19], $posts[14], $posts[24]) ORDER BY id <> $posts[19], id;";
my $finding = proven($node, 'a list whose loop has begun', statements(page($lists, $remarks, @posts[0 .. 9, 19 .. 29, 10 .. 18])));
has($finding, 'a list whose loop has begun', children => 30, loops => 1, parent_query => qr/ORDER BY title/);

$node->stop;
done_testing();
