# Quantiles are within 5 % of the true ones from 1 us to over an hour, whatever the distribution.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $program = "$PostgreSQL::Test::Utils::tmp_check/histogram";
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);

system_or_bail($ENV{CC} || 'cc', '-O2', '-w', "-I$top/src", "-I$server", split(' ', $flags),
	'-o', $program, "$top/test/unit/histogram.c", '-lm');
my ($output, $errors) = run_command([$program]);
is($errors, '', 'the program runs');
my %result = map { split ' ' } split /\n/, $output;

cmp_ok($result{$_}, '<=', 0.05, "$_: relative error at most 5 %") foreach qw(bucket uniform exponential lognormal two_peaks constant hour);
cmp_ok($result{bucket}, '>', 0.03, 'and the error was really looked for');
is($result{follow}, 1, 'buckets follow one another without gaps');
is($result{ends}, 1, 'what is out of range counts at its end');
is($result{saturates}, 1, 'counts do not overflow');
is($result{empty}, 1, 'no quantile of nothing');

done_testing();
