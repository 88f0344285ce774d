# Endpoints and what was counted of them over restarts and reboots, crashes, dumps, copies of databases, standby servers;
# rules that several sessions change; more routes than there is room for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Objectives;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clocks = Objectives->new;
my $node = $clocks->server('objectives_kept');
my $minute = 60_000_000;
my $hour = 60 * $minute;

sub held
{
	my ($server) = @_;
	return $server->safe_psql('postgres', 'SELECT endpoints_held FROM clipperf_info');
}

sub restart
{
	my ($mode) = @_;
	$clocks->quit;
	$clocks->with_clocks(sub { $node->stop($mode // 'fast'); $node->start });
}

my $rule = q{INSERT INTO clipperf_endpoints (name, routes, statements, target_ms, max_error_share, max_statements)
	VALUES ('vote', '{/vote}', '{SELECT before%}', 50, 0.1, 2)};
$node->safe_psql('postgres', $rule);
$clocks->elapse(1);

# Restart.
$clocks->request($node, '/vote', us => $_ * 10_000, statements => 1 + $_, failed => $_ == 3) foreach 1 .. 8;
my ($slo, $windows) = (slo_of($node, 'vote'), windows_of($node, 'vote'));
is($slo->{requests}, 8, 'before the restart');
restart();
is_deeply(slo_of($node, 'vote'), $slo, 'kept over a restart');
is_deeply(windows_of($node, 'vote'), $windows, 'the windows, too');
$clocks->request($node, '/other', sql => 'SELECT before FROM mark');
is(slo_of($node, 'vote')->{requests}, 9, 'it goes on, and statements are compared');

# Reboot: the clock that measures durations begins at 0. The server was down for two hours.
$clocks->quit;
$clocks->with_clocks(sub {
	$node->stop;
	$clocks->set_day(2 * 3600);
	$clocks->set_steady(5_000_000);
	$node->start });
$windows = windows_of($node, 'vote');
is_deeply([ map { $windows->{$_}[0] } 60, 360, 4320 ], [ 0, 9, 9 ], 'the machine was down for two hours');
$clocks->request($node, '/vote', us => 60_000, statements => 2);
is(windows_of($node, 'vote')->{5}[1], 1, 'it goes on after a reboot');

# The time of day was set back by a day while the server was down: nothing is lost, and nothing is in days to come.
$clocks->quit;
$clocks->with_clocks(sub { $node->stop; $clocks->set_day(-86400); $node->start });
$windows = windows_of($node, 'vote');
is_deeply([ map { $windows->{$_}[0] } 5, 360, 4320 ], [ 1, 10, 10 ], 'the time of day was set back');
$clocks->request($node, '/vote');
is(windows_of($node, 'vote')->{5}[0], 2, 'and it goes on');
$clocks->set_day(0);

# A crash goes back to the last save; a rule that was not saved counts all the same.
$node->safe_psql('postgres', "SELECT clipperf_reset('samples')");    # saves
$slo = slo_of($node, 'vote');
$clocks->request($node, '/vote') foreach 1 .. 3;
$node->safe_psql('postgres', q{INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('later', '{/later}', 50)});
restart('immediate');
$node->poll_query_until('postgres', 'SELECT endpoints_held = 2 FROM clipperf_info') or die 'the rule is not found';
pass('a rule that was not saved is found after a crash');
is(slo_of($node, 'vote')->{requests}, $slo->{requests}, 'counters are those of the last save');

# Rules that several sessions change: whoever commits last sees what others have committed.
my @sessions = map { $node->background_psql('postgres') } 1, 2;
$_->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM clipperf_endpoints') foreach @sessions;
$sessions[0]->query_safe(q{INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('first', '{/1}', 50)});
$sessions[1]->query_safe(q{INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('second', '{/2}', 50)});
$sessions[0]->query_safe('COMMIT');
is(held($node), 3, 'one has committed');
$sessions[1]->query_safe('COMMIT');
is(held($node), 4, 'an older snapshot does not undo it');
$sessions[1]->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM clipperf_endpoints');
$sessions[0]->query_safe(q{DELETE FROM clipperf_endpoints WHERE name IN ('first', 'second', 'later')});
$sessions[1]->query_safe('SELECT count(*) FROM clipperf_slo');
is(held($node), 1, 'nor does one that reads');
$sessions[1]->query_safe('COMMIT');
$_->quit foreach @sessions;

# A change of what is counted begins anew; of what is made of it does not.
$clocks->request($node, '/vote') foreach 1 .. 2;
my $before = slo_of($node, 'vote')->{requests};
$node->safe_psql('postgres', 'UPDATE clipperf_endpoints SET max_error_share = 0.5, target_share = 0.5, min_bad = 1, comment = now()');
is(slo_of($node, 'vote')->{requests}, $before, 'shares may change');
my $open = $node->background_psql('postgres');
$open->query_safe("SET clipperf.route = '/vote'; BEGIN; SELECT n FROM mark");
$clocks->elapse(1);
$node->safe_psql('postgres', 'UPDATE clipperf_endpoints SET target_ms = 60');
$open->query_safe('COMMIT');
$clocks->elapse(1);
is(slo_of($node, 'vote')->{requests}, 0, 'another target is another objective; a request that began before does not count');
$open->query_safe('BEGIN; SELECT n FROM mark; COMMIT');
is(slo_of($node, 'vote')->{requests}, 1, 'the next does');
$open->quit;

# A trace over two connections belongs to what any of its statements does.
$clocks->quit;
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
foreach my $sql ('SELECT n FROM mark', 'SELECT before FROM mark', 'SELECT afterwards FROM mark')
{
	$node->safe_psql('postgres', "SET clipperf.trace = 'one'; SET clipperf.route = '/traced'; $sql");
}
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
$clocks->elapse($minute);
is($node->safe_psql('postgres', 'SELECT requests, statements_mean FROM clipperf_slo'), '1|3', 'a trace over connections');

# Several databases with the same names: copies, and a dump that is restored.
$clocks->quit;
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$node->safe_psql('template1', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $$postgres$$');
$node->safe_psql('template1', 'CREATE DATABASE copied TEMPLATE postgres; CREATE DATABASE restored');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '--file', $dump, '--dbname', $node->connstr('postgres') ], 'dumped');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restored');
is($node->safe_psql('restored', 'SELECT e FROM clipperf_endpoints AS e'), $node->safe_psql('postgres', 'SELECT e FROM clipperf_endpoints AS e'), 'rules are in the dump');
is(held($node), 2, 'a restored rule counts, one that was copied does not yet');
is(slo_of($node, 'vote', 'copied')->{state}, 'no requests', 'who reads its figures sees to it');
is(held($node), 3, 'three databases');
$clocks->elapse(1);
foreach my $case ([ 'postgres', 1 ], [ 'copied', 2 ], [ 'restored', 3 ])
{
	my ($database, $times) = @$case;
	$node->safe_psql($database, join("\n", ("SET clipperf.route = '/vote'; BEGIN; SELECT 1; COMMIT;") x $times));
}
is(slo_of($node, 'vote', 'postgres')->{requests}, 1, 'each has its own requests');
is(slo_of($node, 'vote', 'copied')->{requests}, 2, 'also the copy');
is(slo_of($node, 'vote', 'restored')->{requests}, 3, 'and what was restored');
$node->safe_psql('postgres', 'DROP DATABASE restored');
$node->safe_psql('copied', 'DROP EXTENSION clipperf');
is(slo_of($node, 'vote')->{state}, 'ok', 'the others go on');
is(held($node), 1, 'what was dropped leaves its places');

# A standby server: its own requests, by rules that come from the primary.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$clocks->with_clocks(sub { $standby->start });
$node->wait_for_catchup($standby);
is(slo_of($standby, 'vote')->{requests}, 0, 'the standby reads the rules');
$clocks->elapse(1);
$standby->safe_psql('postgres', "SET clipperf.route = '/vote'; BEGIN; SELECT 1; COMMIT") foreach 1 .. 2;
is(slo_of($standby, 'vote')->{requests}, 2, 'and counts its requests');
$node->safe_psql('postgres', q{UPDATE clipperf_endpoints SET target_ms = 70; INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('other', '{/other}', 1)});
$node->wait_for_catchup($standby);
is(slo_of($standby, 'vote')->{requests}, 0, 'a change arrives');
is(held($standby), 2, 'and an endpoint');
$node->safe_psql('postgres', q{DELETE FROM clipperf_endpoints WHERE name = 'vote'});
$node->wait_for_catchup($standby);
is(slo_of($standby, 'other')->{state}, 'no requests', 'one goes');
is(held($standby), 1, 'there, too');
$node->safe_psql('postgres', 'DELETE FROM clipperf_endpoints');
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT count(*) FROM clipperf_slo'), 0, 'the last one goes');
is(held($standby), 0, 'and leaves its place');
$standby->stop;

# More routes than are held, and more than there is room for: each request counts.
$node->safe_psql('postgres', q{INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('many', '{/many/%}', 50), ('few', '{/many/a%}', 50)});
$clocks->elapse(1);
$node->safe_psql('postgres', join("\n", map {
	my $name = join('', map { chr(97 + $_) } $_ % 26, int($_ / 26) % 26);
	"SET clipperf.route = '/many/$name'; BEGIN; SELECT 1; COMMIT;" } (0 .. 599) x 2));
is(slo_of($node, 'many')->{requests}, 1200, '600 routes, twice');
is(slo_of($node, 'few')->{requests}, 48, 'those that begin with a letter');

# Those that are under way when it all ends.
my $killed = $node->background_psql('postgres', on_error_die => 0);
$killed->query_safe("SET clipperf.route = '/many/killed'; BEGIN; SELECT 1");
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'});
eval { $killed->quit };
$node->poll_query_until('postgres', "SELECT requests = 1201 FROM clipperf_slo WHERE name = 'many'") or die 'it is not counted';
pass('a session that is terminated counts its request');

is_healthy($node, 'endpoints');
done_testing();
