# A process that is stopped while it counts, as a debugger or a frozen container stops it, does not keep readers waiting.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $program = "$PostgreSQL::Test::Utils::tmp_check/steady";
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);

system_or_bail($ENV{CC} ? split(' ', $ENV{CC}) : 'cc', '-O2', '-w', "-I$top/src", "-I$server", split(' ', $flags),
	'-o', $program, "$top/test/unit/steady.c");
my ($output, $errors) = run_command([$program]);
is($errors, '', 'the program runs');
my %result = map { split ' ' } split /\n/, $output;

is($result{rests}, 1, 'an owner that rests is read');
is($result{writes}, 0, 'one that writes all the time is not read, rather than wrong');
is($result{stopped}, 0, 'one that is stopped while it writes is given up');
cmp_ok($result{slept_ms}, '<=', 50, 'soon: others may need what the reader has locked');
is($result{goes_on}, 1, 'one that had only lost the processor is read');

done_testing();
