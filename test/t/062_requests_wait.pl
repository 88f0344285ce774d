# No statement waits until its request can be counted: while somebody holds the lock of the requests, sessions keep what
# they can, and what they cannot is counted as lost.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use POSIX ();
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

plan skip_all => 'there is no compiler' if system('cc --version > /dev/null 2>&1') != 0;

my $top = "$FindBin::RealBin/../..";
my $dir = PostgreSQL::Test::Utils::tempdir();
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);
system_or_bail('cc', '-shared', '-fPIC', '-O', '-w', "-I$top/src", "-I$server", split(' ', $flags),
	'-o', "$dir/held_lock.so", "$top/test/preload/held_lock.c");
my $fifo = "$dir/fifo";
POSIX::mkfifo($fifo, oct(600)) or die "$fifo: $!";

my $node = new_server('requests_wait', "clipperf.request_idle = '1min'", 'clipperf.save_interval = 0');
$node->safe_psql('postgres', "CREATE FUNCTION hold_request_lock(text) RETURNS void LANGUAGE c AS '$dir/held_lock', 'hold_request_lock'");

# Runs code while another session holds the lock.
sub with_held_lock
{
	my ($code) = @_;
	my $before = -s $node->logfile;
	my $holder = $node->background_psql('postgres');
	$holder->query_until(qr//, "SELECT hold_request_lock('$fifo');\n");
	$node->wait_for_log(qr/the lock is held/, $before);
	$code->();
	open my $end, '>', $fifo or die "$fifo: $!";
	close $end;
	$holder->quit;
	return;
}

# Transactions of one session, and the session itself, which goes on.
my $session = $node->background_psql('postgres');
sub run_transactions
{
	my ($count) = @_;
	$session->query_safe("SET clipperf.route = '/held';\n" . "BEGIN; SELECT n FROM mark; COMMIT;\n" x $count);
	return;
}

with_held_lock(sub { run_transactions(300) });
my $lost = $node->safe_psql('postgres', 'SELECT requests_lost FROM clipperf_info');
cmp_ok($lost, '>', 0, 'what found no room is counted as lost, also while its session has not handed it on');
is(routes_of($node)->{'/held'}->{requests} + $lost, 300, 'all others are counted');
is(calls($node, 'SELECT n FROM mark'), 300, 'statements are counted, whatever becomes of their requests');

# Once nobody holds it all are counted again, and what was lost is not forgotten, nor counted twice.
run_transactions(100);
$session->quit;
settle($node);
is(routes_of($node)->{'/held'}->{requests} + $lost, 400, 'all of those that came later');
is($node->safe_psql('postgres', 'SELECT requests_lost FROM clipperf_info'), $lost, 'what was lost counts once');
$node->restart;
is($node->safe_psql('postgres', 'SELECT requests_lost FROM clipperf_info'), $lost, 'and is known after a restart');
$node->safe_psql('postgres', "SELECT clipperf_reset('routes')");
is($node->safe_psql('postgres', 'SELECT requests_lost FROM clipperf_info'), 0, 'until requests are forgotten');

is_healthy($node, 'requests that cannot be handed on');
done_testing();
