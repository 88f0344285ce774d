# A pattern that rests on little evidence stands as long as nothing speaks against it, also after a restart.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('standing');
my $finding;

# So many posts and the author of each: five are just enough, fifty leave no doubt.
sub authors
{
	my ($rows, @options) = @_;
	return loop(posts($rows), '--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id', @options);
}

# The only finding, if there is one.
sub standing
{
	my ($name, $count) = @_;
	my @found = findings($node);
	is(scalar @found, $count, "$name: findings");
	return $found[0];
}

proven($node, 'five children', authors(5));
$node->restart;
$finding = standing('five children, after a restart', 1);
has($finding, 'five children, after a restart', loops => 1, children => 5, max_children => 5);

# Some of them, at random: no loop does that.
authors(5, '--order' => 'pick:3', '--repeat' => 6)->($node);
standing('five children and evidence against them', 0);
$node->restart;
standing('five children and evidence against them, after a restart', 0);

# Strong evidence stands.
proven($node, 'fifty children', authors(50));
authors(5, '--order' => 'pick:1', '--repeat' => 10)->($node);
$finding = standing('fifty children and evidence against five', 1);
has($finding, 'fifty children and evidence against five', loops => 1, children => [45, 50]);
$node->restart;
standing('fifty children, after a restart', 1);

# Two values of each row at once: the children are counted once, with the episode they belong to.
$finding = proven($node, 'two values of a row',
	loop(posts(50), '--child' => 'SELECT title FROM post WHERE id = $1 AND author_id = $2', '--bind' => '1=col:id',
		'--bind' => '2=col:author_id', '--repeat' => 3));
has($finding, 'two values of a row', loops => 3, children => [140, 150], max_children => [45, 50]);

$node->stop;
done_testing();
