# Loops in loops, and short loops that come again and again.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('nested');
my $finding;

# Six rows are enough, each time anew.
my @six = ('--parent' => 'SELECT id, author_id FROM remark WHERE post_id = $1 ORDER BY body', '--parent-arg' => 200002,
	'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id');
$finding = proven($node, 'six rows, three times', loop(@six, '--repeat' => 3));
has($finding, 'six rows, three times', loops => 3, children => 18, max_children => 6, parent_column => qr/author_id/);

# Over a pool they need the first repetitions as evidence, and count them all in the end.
$finding = proven($node, 'six rows over a pool', loop(@six, '--repeat' => 8, '--connections' => 4));
has($finding, 'six rows over a pool', loops => 8, children => [45, 48], max_children => 6, connections => 4);
silent($node, 'six rows over a pool, once', loop(@six, '--connections' => 4));

# Too few rows for a loop of their own stay so, whoever repeats them.
silent($node, 'four rows, ten times',
	loop(posts(4), '--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id', '--repeat' => 10));

# Two levels: a post's remarks, a remark's author.
sub nested
{
	my ($posts, $remarks, @options) = @_;
	return loop('--parent' => "SELECT id FROM post WHERE id <= 202000 ORDER BY title LIMIT $posts",
		'--child' => "SELECT id, author_id FROM remark WHERE post_id = \$1 AND $remarks ORDER BY body",
		'--bind' => '1=col:id',
		'--grandchild' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id', @options);
}

foreach my $connections (1, 4)
{
	my $name = "two levels, $connections connections";
	my ($remarks, $authors) = all_proven($node, $name, nested(30, 'true', '--connections' => $connections),
		qr/FROM remark/, qr/FROM author/);
	has($remarks, $name, loops => 1, children => [27, 30], parent_query => qr/FROM post/);
	has($authors, $name, loops => [20, 30], children => [120, 180], max_children => 6,
		parent_query => qr/FROM remark/, parent_column => qr/remark\.author_id/);
}

# The inner loops are short: three to five rows each.
foreach my $options ([], [ '--protocol' => 'simple' ], [ '--transaction' ], [ '--think-ms' => 5 ])
{
	my $name = "two levels, the inner ones short @$options";
	my ($remarks, $authors) = all_proven($node, $name, nested(10, '(id + post_id) % 7 > 2', @$options),
		qr/FROM remark/, qr/FROM author/);
	has($remarks, $name, loops => 1, children => [9, 10]);
	has($authors, $name, loops => [4, 10], children => [15, 50], max_children => [3, 5], parent_query => qr/FROM remark/);
}
my ($remarks, $authors) = all_proven($node, 'two levels, the inner ones short, over a pool',
	nested(40, '(id + post_id) % 7 > 2', '--connections' => 4), qr/FROM remark/, qr/FROM author/);
has($authors, 'two levels, the inner ones short, over a pool', children => [40, 200], parent_query => qr/FROM remark/);

# Two levels by single rows: a remark's post, that post's author.
my @single = ('--parent' => 'SELECT id, post_id FROM remark ORDER BY body LIMIT 50',
	'--child' => 'SELECT id, author_id FROM post WHERE id = $1', '--bind' => '1=col:post_id',
	'--grandchild' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id');
foreach my $options ([], [ '--protocol' => 'simple' ], [ '--transaction' ], [ '--repeat' => 4 ])
{
	my $name = "two levels of one row each @$options";
	my $times = grep({ $_ eq '--repeat' } @$options) ? 4 : 1;
	my ($posts, $post_authors) = all_proven($node, $name, loop(@single, @$options), qr/FROM post/, qr/FROM author/);
	has($posts, $name, children => [ 45 * $times, 50 * $times ], loops => $times, parent_query => qr/FROM remark/);
	has($post_authors, $name, children => [ 45 * $times, 50 * $times ], loops => $times, parent_query => qr/FROM post/,
		parent_column => 'post.author_id');
}

# A loop in a loop of a function.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION authors_of_remarks() RETURNS text LANGUAGE plpgsql AS $$
DECLARE outside record; inside record; one text; names text := '';
BEGIN
  FOR outside IN SELECT id FROM post WHERE id <= 202000 ORDER BY title LIMIT 12 LOOP
    FOR inside IN SELECT id, author_id FROM remark WHERE post_id = outside.id AND (id + post_id) % 7 > 2
      ORDER BY body LOOP
      SELECT name INTO one FROM author WHERE id = inside.author_id;
      names := names || one;
    END LOOP;
  END LOOP;
  RETURN names;
END $$;
SQL
($remarks, $authors) = all_proven($node, 'two levels in a function', statements('SELECT authors_of_remarks()'),
	qr/FROM remark/, qr/FROM author/);
has($_, 'two levels in a function', function => 'authors_of_remarks()') foreach ($remarks, $authors);

# From branch to branch of a tree, by one statement that follows its own rows.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE branch (id int8 PRIMARY KEY, parent_id int8 REFERENCES branch, name text);
INSERT INTO branch SELECT 800000 + i, CASE WHEN i > 1 THEN 800000 + (i + 1) / 3 END, md5(i::text)
  FROM generate_series(1, 121) AS i;
CREATE INDEX ON branch (parent_id);
SQL
my %below;
push @{ $below{ $_->[0] } }, $_->[1]
  foreach map { [ split /\|/ ] }
  split /\n/, $node->safe_psql('postgres', 'SELECT parent_id, id FROM branch WHERE parent_id IS NOT NULL ORDER BY name');
foreach my $order (qw(depth breadth))
{
	my @todo = (800001);
	my @visited;
	while (defined(my $branch = shift @todo))
	{
		my @branches = @{ $below{$branch} || [] };
		push @visited, $branch;
		if ($order eq 'depth') { unshift @todo, @branches; }
		else { push @todo, @branches; }
	}
	my $name = "a tree, $order first";
	$finding = proven($node, $name,
		statements(join(';', map { "SELECT id, name FROM branch WHERE parent_id = $_ ORDER BY name" } @visited)));
	has($finding, $name, children => [100, 120], parent_column => 'branch.id', child_parameter => '$1 (branch.parent_id)');
	is($finding->{parent_queryid}, $finding->{child_queryid}, "$name: the statement follows itself") if $finding;
}
silent($node, 'a user who opens a few branches',
	statements(join(';', map { "SELECT id, name FROM branch WHERE parent_id = $_ ORDER BY name" }
				800001, 800003, 800008, 800024, 800002, 800006, 800018)));

$node->stop;
done_testing();
