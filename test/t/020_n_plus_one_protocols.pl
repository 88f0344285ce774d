# An N+1 pattern is proven whatever the protocol, in and out of transactions, fast or slow.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use NPlusOne;
use Test::More;
use Time::HiRes qw(time);

my $node = start_server('protocols');
my $finding;

# Each protocol, with everything that a finding says.
foreach my $protocol (qw(prepared extended simple))
{
	$finding = proven($node, $protocol, children_of('author', '--protocol' => $protocol));
	has($finding, $protocol,
		parent_query => qr/FROM post ORDER BY title/,
		parent_column => qr/author_id/,
		child_query => qr/SELECT name FROM author WHERE id = \$1/,
		relation => 'author',
		child_parameter => qr/id|1/,
		loops => 1,
		children => [45, 50],
		max_children => [45, 50],
		connections => 1,
		pipelined => 'false',
		function => undef);
}

# Suspicion is not piled on proof: the text has the constants, the view has none.
unlike($finding->{child_query}, qr/1000/, 'constants do not show');

# The suggestion is the child for many keys.
my $rows = runs($node, $finding, 'prepared', '{100001,100002,100003}');
is(scalar(() = $rows =~ /Author/g), 3, 'the suggestion finds a row for each key');

# Transactions.
$finding = proven($node, 'one transaction', children_of('author', '--transaction'));
has($finding, 'one transaction', children => [45, 50], loops => 1);
$finding = proven($node, 'one transaction, simple protocol',
	children_of('author', '--transaction', '--protocol' => 'simple'));
has($finding, 'one transaction, simple protocol', children => [45, 50]);

# Think time shows as the time between the children.
$finding = proven($node, 'think time', children_of('author', '--think-ms' => 5));
has($finding, 'think time', children => [45, 50]);
cmp_ok($finding->{roundtrip_ms}, '>', 45 * 5, 'think time: it is part of the round trips');
cmp_ok($finding->{child_ms}, '<=', 1.001 * calls($node, $finding->{child_query}, 'total_ms + plan_ms'), 'think time: the children themselves have none of it');
proven($node, 'think time in a transaction', children_of('author', '--think-ms' => 5, '--transaction'));

# Time adds up: what interleaved loops are said to cost is no more than the time that went by.
foreach my $think (0, 3)
{
	my $start = time;
	my @loops = all_proven($node, "interleaved loops, $think ms between them",
		loop(posts(50), '--think-ms' => $think,
			'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id',
			'--child' => 'SELECT count(*) FROM remark WHERE post_id = $1', '--bind' => '1=col:id',
			'--child' => 'SELECT hits FROM tally WHERE post_id = $1', '--bind' => '1=col:id'),
		qr/FROM author/, qr/FROM remark/, qr/FROM tally/);
	my $claimed = 0;
	$claimed += $_->{child_ms} + $_->{roundtrip_ms} foreach @loops;
	cmp_ok($claimed, '<=', 1000 * (time - $start), "interleaved loops, $think ms between them: together no more than all of it");
	cmp_ok($claimed, '>', 3 * 45 * $think, "interleaved loops, $think ms between them: but most of it");
}

# A loop may take longer than a result waits for its first child. Each connection has its turn every 0.7 seconds, which leaves
# a busy machine more than a second.
$node->safe_psql('postgres', 'ALTER SYSTEM SET clipperf.nplusone_window = 2000');
$node->reload;
$finding = proven($node, 'longer than the window',
	children_of('author', '--think-ms' => 60, '--connections' => 12));
has($finding, 'longer than the window', children => [45, 50]);
$node->safe_psql('postgres', 'ALTER SYSTEM RESET clipperf.nplusone_window');
$node->reload;

# Episodes add up.
$finding = proven($node, 'five times', children_of('author', '--repeat' => 5));
has($finding, 'five times', loops => 5, children => [225, 250], max_children => [45, 50]);

# The child's literal may be quoted, and stand on the left.
foreach my $text ('SELECT name FROM author WHERE id = $1', 'SELECT name FROM author WHERE $1 = id',
	'SELECT name FROM author WHERE id = $1 AND name IS NOT NULL LIMIT 1')
{
	$finding = proven($node, "quoted literal in \"$text\"",
		loop(posts(30), '--child' => $text, '--bind' => '1=col:author_id', '--protocol' => 'simple'));
	has($finding, "quoted literal in \"$text\"", children => [27, 30]);
}

# Two columns of the same rows: the one that the children follow is named.
$finding = proven($node, 'the column that is followed', children_of('remark'));
has($finding, 'the column that is followed', parent_column => qr/\bid\b/, relation => 'remark');

# The route of the children.
$finding = proven($node, 'route', children_of('author', '--comment' => q{/*route='/feed'*/}));
has($finding, 'route', route => '/feed', child_query => qr/^[^*]*$/);

# Few children are enough, fewer are not.
proven($node, 'five children', loop(posts(5), '--child' => 'SELECT name FROM author WHERE id = $1',
		'--bind' => '1=col:author_id'));
silent($node, 'four children', loop(posts(4), '--child' => 'SELECT name FROM author WHERE id = $1',
		'--bind' => '1=col:author_id'));

$node->stop;
done_testing();
