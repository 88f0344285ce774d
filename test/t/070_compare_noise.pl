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

# Each line: load, change, pairs of runs, and of these found better, worse, same, unsure; and those where another route was
# found better or worse.
my %found;
foreach my $line (split /\n/, $output)
{
	my ($load, $change, $pairs, @found) = split ' ', $line;
	my $all = { pairs => $pairs, better => $found[0], worse => $found[1], same => $found[2], unsure => $found[3], others => $found[4] };

	$found{$load}{$change} = { map { $_ => 100 * $all->{$_} / $pairs } keys %$all };
}

# Two in forty pairs are allowed of any kind of noise: five in a hundred, and two standard deviations more. The random
# numbers are the same in each run.
foreach my $load (sort keys %found)
{
	my $nothing = $found{$load}{nothing};

	cmp_ok($nothing->{better} + $nothing->{worse} + $nothing->{others}, '<=', 9, "$load: runs of the same are not told apart");
	foreach my $change (qw(slower slower_tail some_slower one_more faster))
	{
		cmp_ok($found{$load}{$change}{others}, '<=', 10, "$load, $change: nothing is found in the routes that did not change");
		next if $change eq 'faster';
		cmp_ok($found{$load}{$change}{better}, '<=', 4, "$load, $change: nothing is found better");
	}
}

# Nine tenths of the changes are found on a machine that others use, beside routes that did not change.
foreach my $case (
	[ slower => qw(quiet quiet_alone shared crowded bursts drifting wide other_cache slow_machine) ],
	[ slower_tail => qw(quiet quiet_alone shared bursts drifting wide other_cache) ],
	[ some_slower => qw(quiet quiet_alone shared bursts drifting other_cache) ],
	[ one_more => sort keys %found ])
{
	my ($change, @loads) = @$case;

	cmp_ok($found{$_}{$change}{worse}, '>=', 90, "$_, $change: found") foreach @loads;
}

# Half the time is found in any noise; where nothing ran beside it, most often.
foreach my $load (sort keys %found)
{
	cmp_ok($found{$load}{faster}{better}, '>=', $load eq 'slow_machine_alone' ? 65 : 90, "$load, faster: found");
}

# Where nothing disturbs, the same is called the same.
cmp_ok($found{$_}{nothing}{same}, '>=', 90, "$_: runs of the same are called so") foreach qw(quiet quiet_alone);

done_testing();
