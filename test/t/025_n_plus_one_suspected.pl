# Look-ups by keys that came from outside, a cache say: suspected within one transaction or trace, else not found.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('suspected');
my $finding;

# Look-ups of posts by numbers that no result held.
my @keyed = ('--child' => 'SELECT title FROM post WHERE id = $1', '--bind' => '1=col:n', '--type' => '1=int8');

# Loops that share a trace id; its text is new for each request, so it is not prepared.
sub trace
{
	my ($number) = @_;
	my $id = sprintf('%032x', 0x1234 + $number);
	return ('--comment' => "/*traceparent='00-$id-00f067aa0ba902b7-01',route='/cached'*/");
}

foreach my $protocol (qw(prepared simple))
{
	$finding = suspected($node, "one transaction, $protocol",
		loop('--series' => '200101..200140', @keyed, '--transaction', '--protocol' => $protocol));
	has($finding, "one transaction, $protocol",
		children => [35, 40], loops => 1, relation => 'post', child_query => qr/FROM post WHERE id = \$1/,
		parent_query => undef, parent_column => undef);
}

$finding = suspected($node, 'one trace',
	loop('--series' => '200201..200240', @keyed, '--protocol' => 'simple', trace(1)));
has($finding, 'one trace', route => '/cached', children => [35, 40]);

$finding = suspected($node, 'one trace over a pool of four',
	loop('--series' => '200301..200340', @keyed, '--protocol' => 'simple', '--connections' => 4, trace(2)));
has($finding, 'one trace over a pool of four', connections => 4, children => [38, 40], loops => 1);

suspected($node, 'random order in one transaction',
	loop('--series' => '200401..200440', @keyed, '--transaction', '--order' => 'random'));

suspected($node, 'twenty in one transaction', loop('--series' => '200501..200520', @keyed, '--transaction'));

# The first look-up of a transaction counts like the others.
$finding = suspected($node, 'ten in one transaction', loop('--series' => '203001..203010', @keyed, '--transaction'));
has($finding, 'ten in one transaction', children => 10, loops => 1);
silent($node, 'nine in one transaction', loop('--series' => '203101..203109', @keyed, '--transaction'));
silent($node, 'nine in one transaction with literals',
	loop('--series' => '203201..203209', @keyed, '--transaction', '--protocol' => 'simple'));
$finding = suspected($node, 'ten in one transaction with literals',
	loop('--series' => '203301..203310', @keyed, '--transaction', '--protocol' => 'simple'));
has($finding, 'ten in one transaction with literals', children => 10, loops => 1);

# .. unless it was long ago.
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET clipperf.nplusone_window = '50ms'});
silent($node, 'nine in one transaction, long after the first',
	statements(join('', "BEGIN;\nSELECT title FROM post WHERE id = 203500;\nSELECT pg_sleep(0.2);\n",
			(map { "SELECT title FROM post WHERE id = 20350$_;\n" } 1 .. 9), "COMMIT;\n")));
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET clipperf.nplusone_window');

# Lists of different lengths are one statement to us, though each length is looked up with but once.
suspected($node, 'beside lists of twelve lengths in one transaction',
	statements("BEGIN;\n"
		. join('', map { "SELECT title FROM post WHERE id = 20340$_ AND author_id IN (" . join(', ', 1 .. $_) . ");\n" } 1 .. 12)
		. "COMMIT;\n"));

# What a single request does a few times, or what no request ties together, is no finding.
silent($node, 'five in one transaction',
	loop('--series' => '200601..200605', @keyed, '--transaction', '--repeat' => 10));
silent($node, 'forty without transaction or trace', loop('--series' => '200701..200740', @keyed));
silent($node, 'no key look-up: a range in one transaction',
	loop('--series' => '200901..200940', '--child' => 'SELECT count(*) FROM post WHERE id > $1', '--bind' => '1=col:n',
		'--transaction'));
silent($node, 'many short transactions',
	sub {
		my ($server) = @_;
		foreach my $start (201000, 201010, 201020)
		{
			loop('--series' => $start . '..' . ($start + 3), @keyed, '--transaction')->($server);
		}
	});

# Who thinks for long between his look-ups, in a transaction that he has left open, runs no loop.
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET clipperf.nplusone_window = '50ms'});
silent($node, 'long thoughts in one transaction',
	loop('--series' => '202001..202015', @keyed, '--transaction', '--think-ms' => 60));
silent($node, 'long thoughts in one trace',
	loop('--series' => '202101..202115', @keyed, '--protocol' => 'simple', '--think-ms' => 60, trace(3)));
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET clipperf.nplusone_window');

# A loop with lineage in a transaction is proven, not suspected as well.
proven($node, 'lineage in a transaction', children_of('author', '--transaction'));

unlike($node->safe_psql('postgres', q{SELECT DISTINCT severity FROM clipperf_report() WHERE kind = 'n_plus_one'}),
	qr/info/, 'what is proven is more than information');

$node->stop;
done_testing();
