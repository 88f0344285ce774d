# A backend that dies in mid-statement: the server recovers, and clipperf with it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('killed');

# Canceled and terminated: the statement has failed, or its backend is gone; others are not concerned.
my $worker = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $worker->query_safe('SELECT pg_backend_pid()');
$worker->query_until(qr/started/, "\\echo started\nSELECT pg_sleep(600) AS canceled FROM mark;\n");
ok($node->poll_query_until('postgres', "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $pid"),
	'a statement runs');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
ok($node->poll_query_until('postgres', "SELECT state = 'idle' FROM pg_stat_activity WHERE pid = $pid"), 'it is canceled');
is(calls($node, 'SELECT pg_sleep($1) AS canceled FROM mark', 'errors'), 1, 'that is an error of this statement');
$worker->query('SELECT 1');
$worker->{stderr} = '';
$worker->query_safe('SELECT afterwards FROM mark');
is(calls($node, 'SELECT afterwards FROM mark', 'CASE WHEN toplevel THEN calls END'), 1, 'the next one is the client\'s again');

$worker->query_until(qr/again/, "\\echo again\nSELECT pg_sleep(601) AS terminated FROM mark WHERE n = 1;\n");
ok($node->poll_query_until('postgres', "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $pid"),
	'another statement runs');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid"), 'its backend ends');
is(calls($node, 'SELECT afterwards FROM mark'), 1, 'what it had counted is still there');
is_healthy($node, 'terminated');
eval { $worker->quit };

# SIGKILL: the server starts again from scratch.
my $victim = $node->background_psql('postgres', on_error_stop => 0);
my $idle = $node->background_psql('postgres', on_error_stop => 0);
$idle->query_safe('SELECT before FROM mark');
$pid = $victim->query_safe('SELECT pg_backend_pid()');
$victim->query_until(qr/started/, "\\echo started\nSELECT pg_sleep(602) AS killed FROM mark;\n");
ok($node->poll_query_until('postgres', "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $pid"),
	'a statement runs that will be killed');
my $offset = -s $node->logfile;
ok(PostgreSQL::Test::Utils::run_log([ 'pg_ctl', 'kill', 'KILL', $pid ]), 'its backend is killed');
$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server has recovered');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$node->safe_psql('postgres', 'SELECT n FROM mark') foreach 1 .. 3;
is(calls($node, 'SELECT n FROM mark'), 3, 'it counts again');
is($node->safe_psql('postgres', 'SELECT statements_held BETWEEN 1 AND 10, executions_dropped FROM clipperf_info'), 't|0',
	'and knows what it holds');
eval { $_->quit } foreach $victim, $idle;

$node->restart;
$node->safe_psql('postgres', 'SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 4, 'nor is a later restart disturbed');
$node->stop;
done_testing();
