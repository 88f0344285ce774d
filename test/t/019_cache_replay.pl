# What a cache of results would spare, against an exact cache, on 1,000 random traces.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $program = "$PostgreSQL::Test::Utils::tmp_check/cache_replay";
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);

system_or_bail($ENV{CC} || 'cc', '-O2', '-w', "-I$top/src", "-I$server", split(' ', $flags),
	'-o', $program, "$top/test/unit/cache_replay.c", '-lm');
my ($output, $errors) = run_command([$program]);
is($errors, '', 'the program runs');
my %result = map { split ' ' } split /\n/, $output;

is($result{figures}, 4000, '1,000 traces, four times to live each');
is($result{broken}, 0, 'the bounds are never broken');
cmp_ok($result{within}, '>=', 0.998, 'the expected share is within 3 points of the exact one');
cmp_ok($result{worst}, '<=', 0.06, 'and never far off');
cmp_ok($result{width}, '<=', 0.15, 'the bounds are narrow enough to tell something');
is($result{exact}, $result{small}, 'it is exact where all lists are followed');
is($result{stale_wrong}, 0, 'shares of stale and of kept results are those of random writes');
cmp_ok($result{counted}, '<=', 4, 'numbers of distinct lists are within four standard errors');
is($result{few}, 1, 'and exact while there are few');

done_testing();
