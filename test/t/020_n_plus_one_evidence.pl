# The arithmetic of the proof, without a server: loops of each kind are proven soon, and chance comes to rare evidence
# no more often than is promised, however popular the keys are.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $program = "$PostgreSQL::Test::Utils::tmp_check/evidence";
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);

system_or_bail($ENV{CC} || 'cc', '-O2', '-w', "-I$top/src", "-I$server", split(' ', $flags),
	'-o', $program, "$top/test/unit/evidence.c", '-lm');
my ($output, $errors) = run_command([$program]);
is($errors, '', 'the program runs');
my %result = map { split ' ' } split /\n/, $output;

# Of each kind of loop: the lookups at which it is a weak proof at the latest, and one by itself, if it ever is.
my %loops = (
	plain => [ 5, 8 ], six => [ 6, undef ], twice => [ 10, 20 ], third => [ 6, 10 ], half => [ 7, 12 ],
	quarter => [ 7, 12 ], grouped => [ 14, undef ], two_keys => [ 14, undef ], three_keys => [ 10, 16 ],
	four_keys => [ 10, 16 ], same => [ 16, undef ]);
foreach my $loop (sort keys %loops)
{
	my ($weak, $strong) = @{ $loops{$loop} };
	cmp_ok($result{"loop_${loop}_weak"}, '>=', 5, "$loop: no proof by fewer than five");
	cmp_ok($result{"loop_${loop}_weak"}, '<=', $weak, "$loop: a weak proof soon");
	next unless defined $strong;
	cmp_ok($result{"loop_${loop}_strong"}, '>', 0, "$loop: proven by itself");
	cmp_ok($result{"loop_${loop}_strong"}, '<=', $strong, "$loop: soon");
}

# From the last row to the first, also where every other row has no child.
foreach my $step (1, 2)
{
	cmp_ok($result{"falling_$step"}, '>', 0, "from the last row on, in steps of $step: proven by itself");
	cmp_ok($result{"falling_$step"}, '<=', 12, "from the last row on, in steps of $step: soon");
}

# Lists too short to be proven by their rows in no order count together, request by request.
foreach my $distinct (5 .. 8)
{
	cmp_ok($result{"backwards_$distinct"}, '<=', 3, "$distinct rows backwards: proven in a few requests");
	cmp_ok($result{"short_${distinct}_$_"}, '<=', 2, "$distinct rows at random, $_: no more often than promised") foreach qw(0.0 1.0);
}

# Ten are promised of ten thousand loops: twice as many are three standard deviations more.
my @chances = grep { /^chance_/ } sort keys %result;
is(scalar(@chances), 60, 'all kinds of chance were tried');
cmp_ok($result{$_}, '<=', 2, "$_: no more often than promised") foreach @chances;
cmp_ok((sort { $b <=> $a } @result{@chances})[0], '>', 0.5, 'and it does happen');

# Either of two ways of either of two lists.
my @two = grep { /^two_lists_/ } sort keys %result;
is(scalar(@two), 20, 'two lists were tried');
cmp_ok($result{$_}, '<=', 4, "$_: no more often than promised of both") foreach @two;

# What somebody might count through is proven by its last row alone.
is($result{whole_before}, 0, 'nothing is proven of a part');
is($result{whole_then}, 1, 'the whole is proven');

done_testing();
