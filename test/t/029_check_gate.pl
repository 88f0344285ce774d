# clipperf_check() as a gate: the same application gives the same answer in every run, and with a baseline only what is new fails.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use List::Util 'shuffle';
use NPlusOne;
use Test::More;

srand(29);
my $node = start_server('gate');

# The integration tests of an application: loops over a pool, one by one and all at once, lookups that are only suspected, scans.
my @tests = (
	children_of('author', '--connections' => 4),
	children_of('remark', '--connections' => 4, '--concurrent', '--order' => 'random'),
	statements(join("\n", 'BEGIN;', (map { 'SELECT title FROM post WHERE id = ' . (200001 + $_ * 37 % 1000) . ';' } 1 .. 12), 'COMMIT;')),
	statements('SELECT count(*) FROM remark WHERE kind = 1; SELECT id FROM post ORDER BY views, title LIMIT 3'));

# What the check says after the tests, in a random order, one to three times each.
sub checked
{
	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	foreach my $test (shuffle @tests)
	{
		$test->($node) foreach 1 .. 1 + int(rand(3));
	}
	my (undef, undef, $errors) = $node->psql('postgres', "\\set SHOW_CONTEXT never\nSELECT clipperf_check()");
	my ($error) = $errors =~ /(ERROR: .*)/s;
	return $error // "";
}

my %said;
$said{ checked() }++ foreach 1 .. 20;
is(scalar(keys %said), 1, 'twenty runs say the same') or diag(join("\n\n", map { "$said{$_} times:\n$_" } sort keys %said));
my ($said) = keys %said;
like($said, qr/^ERROR:  clipperf_check\(\) found 4 problems$/m, 'two loops and two scans');
like($said, qr/n_plus_one on public.author: SELECT name FROM author WHERE id = \$1 runs for each row of /, 'the loop of the pool');
unlike($said, qr/is repeated within/, 'what is suspected passes');

$node->safe_psql('postgres', "SELECT clipperf_accept_all('known')");
is(checked(), '', 'with a baseline the check passes') foreach 1 .. 3;
push @tests, statements('SELECT count(*) FROM post WHERE views > 1000');
like(checked(), qr/^ERROR:  clipperf_check\(\) found 1 problem\nDETAIL:  seq_scan on public.post: SELECT count\(\*\) FROM post WHERE views > \$1 /,
	'and what is new fails');

$node->stop;
done_testing();
