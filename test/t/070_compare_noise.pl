# The arithmetic of comparisons, without a server: runs of the same that are disturbed in many ways are not told apart,
# and changes are found.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $program = "$PostgreSQL::Test::Utils::tmp_check/compare";
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);

system_or_bail($ENV{CC} || 'cc', '-O2', '-w', "-I$top/src", "-I$server", split(' ', $flags),
	'-o', $program, "$top/test/unit/compare.c", '-lm');
my ($output, $errors) = run_command([$program]);
is($errors, '', 'the program runs');

# Each line: load, change, and of 100 pairs of runs those found better, worse, same, unsure.
my %found;
foreach my $line (split /\n/, $output)
{
	my ($load, $change, @found) = split ' ', $line;

	$found{$load}{$change} = { better => $found[0], worse => $found[1], same => $found[2], unsure => $found[3] };
}

# Two in forty pairs are allowed of any kind of noise: five in a hundred, and two standard deviations more. The random
# numbers are the same in each run.
foreach my $load (sort keys %found)
{
	my $nothing = $found{$load}{nothing};

	cmp_ok($nothing->{better} + $nothing->{worse}, '<=', 9, "$load: runs of the same are not told apart");
}

# Of how many changes nine tenths are found at least: where noise is no larger than they are.
foreach my $case (
	[ slower => qw(quiet wandering drifting) ],
	[ slower_tail => qw(quiet wandering slow_wandering bursts drifting all wide) ],
	[ some_slower => qw(quiet wandering slow_wandering drifting) ],
	[ one_more => qw(quiet wandering slow_wandering bursts drifting all rare wide slow_machine) ])
{
	my ($change, @loads) = @$case;

	cmp_ok($found{$_}{$change}{worse}, '>=', 90, "$_, $change: found") foreach @loads;
}

# Where noise is larger, fewer are found.
cmp_ok($found{bursts}{$_}{worse}, '>=', 80, "bursts, $_: most are found") foreach qw(slower some_slower);
cmp_ok($found{all}{some_slower}{worse}, '>=', 70, 'all, some_slower: most are found');

# Half the time is found in any noise but that of a machine whose speed changes as much, and few calls.
cmp_ok($found{$_}{faster}{better}, '>=', 90, "$_, faster: found") foreach sort keys %found;

# Where nothing disturbs, the same is called the same.
cmp_ok($found{quiet}{nothing}{same}, '>=', 90, 'runs of the same are called so');

done_testing();
