# A statement that reads lists faster than they can all be recorded: its loops are found, and then all of them counted.

use strict;
use warnings;

use Digest::MD5 'md5_hex';
use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

# The posts number $first to $last, in the order of their titles.
sub list
{
	my ($first, $last) = @_;
	return 'SELECT id, author_id FROM post WHERE id BETWEEN ' . (200000 + $first) . ' AND ' . (200000 + $last)
	  . " ORDER BY title;\n";
}

# A list of ten posts, and a lookup of each one's author.
sub looped
{
	my ($round) = @_;
	my ($first, $last) = (1 + $round * 10 % 200, 10 + $round * 10 % 200);
	my @posts = sort { md5_hex($a) cmp md5_hex($b) } $first .. $last;
	return list($first, $last) . join('', map { 'SELECT name FROM author WHERE id = ' . (100001 + $_ * 7 % 2000) . ";\n" } @posts);
}

# Lists that nothing follows, long enough to use up what may be recorded. Their authors are not looked up.
sub idle
{
	my ($count) = @_;
	return list(2501, 2600) x $count;
}

sub rounds
{
	my ($count, $idle) = @_;
	return statements("\\o /dev/null\n" . idle(2000) . join('', map { idle($idle) . looped($_) } 1 .. $count));
}

my $node = start_server('fast');
my $finding = proven($node, 'one list in twenty has a loop', rounds(1000, 19));
cmp_ok($finding->{loops}, '<=', 1000, 'no more loops than there were');

rounds(30, 50)->($node);
my ($after) = findings($node);
is($after->{loops} - $finding->{loops}, 30, 'each later loop is counted');
is($after->{children} - $finding->{children}, 300, 'with all of its children');

# Lists of a statement that never had children: they use up what may be recorded.
sub childless
{
	my ($count) = @_;
	return "SELECT id, author_id, views FROM post WHERE id BETWEEN 202501 AND 202600 ORDER BY title;\n" x $count;
}

# A statement that is run now and then has each of its loops counted from the first on, whatever is run beside it.
# That a loop is not missed by chance, twelve rounds are run.
sub beside
{
	my ($round) = @_;
	my $looped = looped($round);
	$looped =~ s/^SELECT id, author_id FROM/SELECT author_id, title FROM/;
	return childless(2000) . $looped;
}

$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$finding = proven($node, 'a list now and then beside one all the time',
	statements("\\o /dev/null\n" . join('', map { beside($_) } 1 .. 12)));
is($finding->{loops}, 12, 'all of its loops are counted');

# The same of a cursor that fetches row by row, first over other posts and without children.
sub cursor
{
	my ($first, @keys) = @_;
	return "BEGIN;\nDECLARE c CURSOR FOR SELECT author_id, views FROM post "
	  . "WHERE id BETWEEN $first AND $first + 19 ORDER BY title;\n"
	  . join('', map { "FETCH c;\n" . ($_ ? "SELECT name FROM author WHERE id = $_;\n" : '') } @keys) . "COMMIT;\n";
}

$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my @authors = split(/\n/,
	$node->safe_psql('postgres', 'SELECT author_id FROM post WHERE id BETWEEN 200001 AND 200020 ORDER BY title'));
proven($node, 'a cursor beside lists',
	statements("\\o /dev/null\n" . childless(2000) . cursor(200101, (0) x 20) . childless(2000) . cursor(200001, @authors)));

done_testing();
