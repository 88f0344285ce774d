# Who walks through the keys by himself follows nobody's rows, although others have just listed the same keys.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use PostgreSQL::Test::Utils;
use Test::More;

# All programs seem to be one application. A long window, so that a slow machine changes nothing.
local $ENV{PGAPPNAME} = 'app';
my $node = start_server('walks', q{clipperf.nplusone_window = '60s'});
my $finding;

my $update = 'UPDATE post SET views = views + 1 WHERE id = $1';

# Somebody reads lists; then somebody else walks from one number to another, several times.
sub walk
{
	my ($lists, $series, @options) = @_;
	my @readers = map { loop('--parent' => $_, '--child' => 'SELECT 1') } @$lists;
	my $walker = loop('--series' => $series, '--child' => $update, '--bind' => '1=col:n', '--type' => '1=int8', @options);
	return sub {
		my ($server) = @_;
		foreach (1 .. 5)
		{
			$_->($server) foreach (@readers, $walker);
		}
	};
}

# Pages of 50 posts, ten of them one after the other.
my @pages = map { 'SELECT id FROM post WHERE id > ' . (200000 + $_ * 50) . ' ORDER BY id LIMIT 50' } 0 .. 9;
my %lists = (
	'the first posts' => [ $pages[0] ],
	'posts in the middle' => [ $pages[3] ],
	'all pages' => \@pages,
	'the latest posts first' => ['SELECT id FROM post WHERE id <= 200300 ORDER BY id DESC LIMIT 50'],
	'a page by title' => ['SELECT id FROM post WHERE id BETWEEN 200101 AND 200150 ORDER BY title']);
foreach my $name (sort keys %lists)
{
	foreach my $connections (1, 4)
	{
		silent($node, "a walk past $name over $connections connections",
			walk($lists{$name}, '200001..200540', '--connections' => $connections));
	}
}
silent($node, 'a walk that begins within a list', walk([ $pages[3] ], '200170..200400'));
silent($node, 'a walk down', walk([ $lists{'the latest posts first'}->[0] ], '200001..200400', '--order' => 'reverse'));
silent($node, 'a walk, prepared for each key anew', walk([ $pages[3] ], '200001..200400', '--protocol' => 'simple'));

# The same on the connection that has read the list.
foreach my $range ('200001..200500', '200170..200400')
{
	my ($first, $last) = split /\.\./, $range;
	silent($node, "a walk over $range on the list's own connection",
		statements(join(';', ($pages[3], map { "UPDATE post SET views = views + 1 WHERE id = $_" } $first .. $last) x 3)));
}

# Workers that take the next key each, one transaction per job.
my $script = $node->basedir . '/job.pgbench';
append_to_file($script, <<'SQL');
\set job :job + 1
\set id 200000 + :job * 4 + :client_id
BEGIN;
UPDATE post SET views = views + 1 WHERE id = :id;
SELECT count(*) FROM remark WHERE post_id = :id;
COMMIT;
SQL
silent($node, 'four workers, one transaction per job', sub {
	my ($server) = @_;
	foreach (1 .. 4)
	{
		$_->($server) foreach map { loop('--parent' => $_, '--child' => 'SELECT 1') } @pages[2, 3];
		$server->command_ok(
			[ 'pgbench', '--no-vacuum', '--client=4', '--transactions=100', '--define=job=0', "--file=$script", 'postgres' ],
			'workers');
	}
});

# Loops over sorted keys are found all the same: at once where the list was read, over a pool when they have come again.
my $by_id = 'SELECT id FROM post ORDER BY id LIMIT 50';
my @remarks = ('--child' => 'SELECT * FROM remark WHERE post_id = $1', '--bind' => '1=col:id');
foreach my $options ([], ['--transaction'], [ '--protocol' => 'simple' ])
{
	foreach my $order ('id', 'id DESC')
	{
		my $name = "a loop by $order @$options";
		$finding = proven($node, $name, loop('--parent' => "SELECT id FROM post ORDER BY $order LIMIT 50", @remarks, @$options));
		has($finding, $name, children => [45, 50], loops => 1);
	}
}
foreach my $order ('id', 'id DESC')
{
	my $name = "a loop by $order over a pool, five times";
	$finding = proven($node, $name,
		loop('--parent' => "SELECT id FROM post ORDER BY $order LIMIT 50", @remarks, '--connections' => 4, '--repeat' => 5));
	has($finding, $name, children => [225, 250], loops => 5, connections => 4);
}
$finding = proven($node, 'page after page over a pool',
	loop('--parent' => 'SELECT id FROM post WHERE id > $1 AND id <= 200500 ORDER BY id LIMIT 50', '--keyset' => 'id=200000',
		@remarks, '--connections' => 4));
has($finding, 'page after page over a pool', children => [450, 500], loops => 10, connections => 4);
$finding = proven($node, 'concurrent children of a sorted list',
	loop('--parent' => $by_id, @remarks, '--connections' => 4, '--concurrent', '--repeat' => 5));
# Which of them are credited depends on how the connections are scheduled: on a busy machine some are not.
has($finding, 'concurrent children of a sorted list', children => [200, 250], loops => 5);

# Numbers that are equal by chance: months, lines of an order, pages.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE category (id int PRIMARY KEY, name text, day date UNIQUE);
INSERT INTO category SELECT i, md5(i::text), '2024-01-01'::date + i FROM generate_series(1, 12) AS i;
CREATE TABLE sale (id int8 PRIMARY KEY, category_id int, month int, line int, day date, amount int);
INSERT INTO sale SELECT 500000 + i, 1 + i % 12, 1 + i % 12, i % 5, '2024-01-01'::date + i % 30, i FROM generate_series(1, 1000) AS i;
SQL
# All categories, then a statement for each number from 1 to 12 and its day, three times over.
sub counting
{
	my ($order, $text) = @_;
	my @numbered = map { my ($n, $day) = ($_, sprintf('2024-01-%02d', $_ + 1)); $text =~ s/NNN/$n/r =~ s/DDD/$day/r } 1 .. 12;
	return statements(join(';', ("SELECT id, day, name FROM category ORDER BY $order", @numbered) x 3));
}
foreach my $order (qw(id name))
{
	silent($node, "months after categories by $order", counting($order, 'SELECT sum(amount) FROM sale WHERE month = NNN'));
	silent($node, "days after categories by $order", counting($order, q{SELECT sum(amount) FROM sale WHERE day = 'DDD'}));
}
silent($node, 'lines of an order after categories', sub {
	my ($server) = @_;
	$server->safe_psql('postgres', join(';', 'SELECT id, name FROM category ORDER BY id',
			map { 'INSERT INTO sale (id, line, amount) VALUES (' . (600000 + $_) . ", $_, 5)" } 1 .. 12));
});
$finding = proven($node, 'sales of each category', counting('id', 'SELECT sum(amount) FROM sale WHERE category_id = NNN'));
has($finding, 'sales of each category', children => 36, loops => 3);

$node->stop;
done_testing();
