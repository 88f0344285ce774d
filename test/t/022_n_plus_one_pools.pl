# Children spread over a pool of connections, in any order, while the parent is still open.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('pools');
my $finding;

# A pool of four.
foreach my $protocol (qw(prepared simple))
{
	$finding = proven($node, "a pool of four, $protocol",
		children_of('author', '--connections' => 4, '--protocol' => $protocol));
	has($finding, "a pool of four, $protocol", connections => 4, children => [45, 50], loops => 1);
}
$finding = proven($node, 'a pool of four with think time',
	children_of('remark', '--connections' => 4, '--think-ms' => 5));
has($finding, 'a pool of four with think time', connections => 4, children => [45, 50]);

# All children at once, in row order and in any other.
foreach my $order (qw(row reverse random))
{
	$finding = proven($node, "concurrent, order $order",
		children_of('remark', '--connections' => 4, '--concurrent', '--order' => $order));
	has($finding, "concurrent, order $order", connections => [2, 4], children => [45, 50]);
}
$finding = proven($node, 'concurrent over ten connections',
	children_of('author', '--connections' => 10, '--concurrent'));
has($finding, 'concurrent over ten connections', children => [45, 50]);

# One by one, but not in row order.
foreach my $order (qw(reverse random))
{
	$finding = proven($node, "order $order", children_of('remark', '--order' => $order));
	has($finding, "order $order", children => [45, 50]);
}

# A parent that is read through a cursor, on the children's connection and apart from it.
foreach my $rows (1, 10, 100)
{
	$finding = proven($node, "a cursor of $rows rows at a time", children_of('remark', '--cursor' => $rows));
	has($finding, "a cursor of $rows rows at a time", children => [40, 50], max_children => [40, 50],
		parent_query => qr/FROM post ORDER BY title/);
}
proven($node, 'a cursor, children over a pool', children_of('remark', '--cursor' => 10, '--connections' => 4));

# A cursor that outlives its transaction, and one whose rows are fetched between the children of the same transaction.
my @authors = split /\n/, $node->safe_psql('postgres', 'SELECT author_id FROM post ORDER BY title LIMIT 50');
my $fetches = join('', map {
		my $page = $_;
		"FETCH 10 FROM page;\n"
		  . join('', map { "SELECT name FROM author WHERE id = $_;\n" } @authors[ $page * 10 .. $page * 10 + 9 ])
	} 0 .. 4);
my $declare = 'FOR SELECT id, author_id FROM post ORDER BY title LIMIT 50';
my %cursors = (
	'a holdable cursor' => "BEGIN; DECLARE page CURSOR WITH HOLD $declare; COMMIT;\n$fetches",
	'a cursor fetched between its children' => "BEGIN; DECLARE page CURSOR $declare;\n${fetches}COMMIT;");
foreach my $name (sort keys %cursors)
{
	$finding = proven($node, $name, statements($cursors{$name}));
	has($finding, $name, children => [45, 50], max_children => [45, 50], loops => 1,
		parent_query => qr/FROM post ORDER BY title/, child_query => qr/FROM author/);
}

# A cursor over more rows than a client would read at once.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE event (id int8 PRIMARY KEY, post_id int8, body text);
INSERT INTO event SELECT 1000000 + i, 200000 + i * 7919 % 4000, md5(i::text) FROM generate_series(1, 150000) AS i;
ANALYZE event;
CREATE FUNCTION last_titles(events int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE row record; one text; titles text := ''; seen int := 0;
BEGIN
  FOR row IN SELECT id, post_id FROM event LOOP
    SELECT title INTO one FROM post WHERE id = row.post_id;
    titles := titles || one;
    seen := seen + 1;
    EXIT WHEN seen = events;
  END LOOP;
  RETURN titles;
END $$;
SQL
my @events = split /\n/, $node->safe_psql('postgres', 'SELECT post_id FROM event LIMIT 100');
$finding = proven($node, 'a cursor over many rows',
	statements('BEGIN; DECLARE page CURSOR FOR SELECT id, post_id FROM event;'
		  . join('', map { my $page = $_; 'FETCH 20 FROM page;' . join('', map { "SELECT title FROM post WHERE id = $_;" }
					@events[ $page * 20 .. $page * 20 + 19 ]) } 0 .. 4) . 'COMMIT;'));
has($finding, 'a cursor over many rows', children => [95, 100], loops => 1, parent_column => 'event.post_id');
$finding = proven($node, 'a loop of a function over many rows', statements('SELECT last_titles(100)'));
has($finding, 'a loop of a function over many rows', children => [85, 100], function => 'last_titles(integer)');

# A parent that is still being sent while the children run.
foreach my $protocol (qw(prepared simple))
{
	$finding = proven($node, "an open parent, $protocol",
		children_of('remark', '--single-row', '--connections' => 4, '--protocol' => $protocol));
	has($finding, "an open parent, $protocol", connections => 3, children => [45, 50]);
}

# Two users at the same time, each with a page and children of his own, over separate connections.
$finding = proven($node, 'two users at once', sub {
	my ($server) = @_;
	my @runs = map {
		my $offset = $_ * 100;
		my $pid = fork();
		die "fork failed: $!" unless defined $pid;
		if ($pid == 0)
		{
			eval {
				loop('--parent' => "SELECT id FROM post ORDER BY title LIMIT 50 OFFSET $offset",
					'--child' => 'SELECT * FROM remark WHERE post_id = $1', '--bind' => '1=col:id',
					'--think-ms' => 1)->($server);
			};
			require POSIX;
			POSIX::_exit($@ ? 1 : 0);
		}
		$pid;
	} (0, 1);
	foreach my $pid (@runs)
	{
		waitpid($pid, 0);
		die 'a user failed' if $? != 0;
	}
});
has($finding, 'two users at once', loops => 2, children => [90, 100], max_children => [45, 50]);

# Sorted keys without a gap at the first page, where a trace ties the connections together.
foreach my $options ([], ['--concurrent'])
{
	my $name = "sorted keys in one trace @$options";
	my $finding = proven($node, $name,
		loop('--parent' => 'SELECT id FROM post ORDER BY id LIMIT 50', '--child' => 'SELECT body FROM remark WHERE post_id = $1',
			'--bind' => '1=col:id', '--type' => '1=int8', '--protocol' => 'simple', '--connections' => 4, @$options,
			'--comment' => "/*traceparent='00-" . '0af7651916cd43dd8448eb211c80319' . scalar(@$options) . "-00f067aa0ba902b7-01'*/"));
	has($finding, $name, children => [ 45, 50 ], loops => 1);
}

$node->stop;
done_testing();
