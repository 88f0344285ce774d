# A period keeps what sessions waited for in it: exactly what clipperf_waits counted between its two snapshots, whatever happened
# meanwhile: a restart, a reset, a snapshot that was rolled back; so many by route, and the others added up.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('snapshot_waits', 'clipperf.save_interval = 0');
my $moments = 'SELECT sampled_moments FROM clipperf_info';

sub ask
{
	my ($sql, @options) = @_;
	return $node->safe_psql('postgres', $sql, @options);
}

# Waits for so many moments more.
sub sample
{
	my ($count) = @_;
	my $now = ask($moments);
	ok($node->poll_query_until('postgres', "SELECT sampled_moments > $now + $count FROM clipperf_info"), 'samples are taken');
	return;
}

# A session of a route that sleeps until it is ended, and has been sampled so.
sub sleeper
{
	my ($route) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe("SET clipperf.route = '$route'; SELECT pg_backend_pid()");
	my $before = counted($route);

	$session->query_until(qr//, "SELECT pg_sleep(600);\n");
	ok($node->poll_query_until('postgres', "SELECT (" . waits_of($route) . ") > $before"), "$route is sampled");
	return { route => $route, session => $session, pid => $pid };
}

sub end
{
	my ($sleeper) = @_;
	ask("SELECT pg_cancel_backend($sleeper->{pid})");
	$sleeper->{session}->quit;
	ok($node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $sleeper->{pid})"), "$sleeper->{route} ends");
	return;
}

# What clipperf_waits has counted for the sleep of a route.
sub waits_of
{
	my ($route) = @_;
	return "SELECT coalesce(sum(total_ms), 0) FROM clipperf_waits WHERE route = '$route' AND state = 'active' AND wait_event = 'PgSleep'";
}

sub counted
{
	my ($route) = @_;
	return ask(waits_of($route));
}

# The figure of it in a period.
sub kept
{
	my ($period, $route, $figure) = @_;
	return ask("SELECT $figure FROM clipperf_period_waits WHERE label = '$period' AND route = '$route' AND wait_event = 'PgSleep'");
}

sub snapshot
{
	my ($label) = @_;
	return ask("SELECT clipperf_snapshot('$label')");
}

# What was counted between two snapshots; a route that did nothing in a period is not in it.
snapshot('start');
my $one = sleeper('/one');
sample(10);
end($one);
snapshot('first');
my $first = counted('/one');
is(kept('first', '/one', 'total_ms'), $first, 'all that was sampled is in the period');
is(kept('first', '/one', "wait_event_type || ' ' || other_routes"), 'Timeout false', 'what it is');
is(kept('first', '/one', 'samples'), ask(q{SELECT sum(samples) FROM clipperf_waits WHERE route = '/one' AND wait_event = 'PgSleep'}), 'and how often');
is(kept('start', '/one', 'count(*)'), 0, 'and not in the one before');

# A restart goes on; a snapshot that is rolled back is none.
$one = sleeper('/one');
ask(q{BEGIN; SELECT clipperf_snapshot('undone'); ROLLBACK});
end($one);
$node->restart;
$one = sleeper('/one');
end($one);
snapshot('second');
is(kept('second', '/one', 'total_ms'), counted('/one') - $first, 'over a restart and a rollback');

# A session that sleeps all the time is one at a time, of each moment and of all active ones.
$one = sleeper('/one');
my $two = sleeper('/two');
snapshot('before all');
sample(20);
snapshot('all the time');
is(kept('all the time', '/one', 'sessions'), 1, 'one session');
is(ask(q{SELECT sum(sessions) FROM clipperf_period_waits WHERE label = 'all the time' AND wait_event = 'PgSleep'}), 2, 'of two');
is(ask(q{SELECT abs(p.sessions - (SELECT sum(sessions) FROM clipperf_period_waits AS w WHERE w.period = p.period)) < 0.00001
	FROM clipperf_periods AS p WHERE p.label = 'all the time'}), 't', 'the sessions of a period are the sum of its waits');

# Resets: what is counted again counts from there, and so does the time.
ask(q{SELECT clipperf_reset('waits')});
sample(5);
snapshot('reset');
is(kept('reset', '/one', 'sessions'), 1, 'after a reset');
cmp_ok(kept('reset', '/one', 'total_ms'), '<=', counted('/one'), 'no more than since then');
ask(q{SELECT clipperf_reset_database('waits')});
sample(5);
snapshot('database reset');
is(kept('database reset', '/one', 'sessions'), 1, 'after a reset of the database');
cmp_ok(kept('database reset', '/one', 'total_ms'), '<=', counted('/one'), 'no more than since then');
end($_) foreach $one, $two;

# Everyone sees routes and figures; what was dropped is gone, and the next period is as it was.
ask('CREATE ROLE stranger LOGIN');
my $next = kept('database reset', '/one', 'total_ms');
is(ask(q{SELECT sessions FROM clipperf_period_waits WHERE label = 'all the time' AND route = '/two' AND wait_event = 'PgSleep'},
		extra_params => [ '-U', 'stranger' ]), 1, 'a stranger sees it');
failed_with($node, 'postgres', 'SET ROLE stranger; SELECT * FROM _clipperf_snapshot_wait', '42501', qr/permission denied/, 'but not the table');
ask(q{SELECT clipperf_drop_period('reset')});
is(ask(q{SELECT count(*) FROM _clipperf_snapshot_wait WHERE snapshot NOT IN (SELECT period FROM clipperf_periods)}), 0, 'a period is dropped with its waits');
is(kept('database reset', '/one', 'total_ms'), $next, 'the next one keeps its own');

# Many routes: a hundred by themselves, the others added up, and nothing lost. In the end all of them have been sampled.
snapshot('before many');
my @left = map { my $letter = $_; map { "/many/$letter$_" } 'a' .. 'j' } 'a' .. 'l';
while (@left)
{
	my $sql = join '', map { "SET clipperf.route = '$_'; SELECT pg_sleep(0.03); " } @left;
	ask("$sql RESET clipperf.route");
	my %seen = map { $_ => 1 } split /\n/, ask(q{SELECT DISTINCT route FROM clipperf_waits WHERE wait_event = 'PgSleep'});
	@left = grep { !$seen{$_} } @left;
}
sample(3);
snapshot('many');
is(ask(q{SELECT count(*) FROM clipperf_period_waits WHERE label = 'many' AND NOT other_routes}), 100, 'a hundred are kept');
is(ask(q{SELECT count(*) FROM clipperf_period_waits WHERE label = 'many' AND other_routes AND wait_event = 'PgSleep'}), 1, 'and the sum of the others');
is(ask(q{SELECT sum(total_ms) FROM clipperf_period_waits WHERE label = 'many' AND (route LIKE '/many/%' OR other_routes) AND wait_event = 'PgSleep'}),
	ask(q{SELECT sum(total_ms) FROM clipperf_waits WHERE route LIKE '/many/%' AND wait_event = 'PgSleep'}), 'which is the whole');

# Where nothing is sampled, nothing is said of it.
$node->append_conf('postgresql.conf', 'clipperf.sample_interval = 0');
$node->reload;
1 until ask('SELECT clipperf_snapshot()') && ask('SELECT sessions IS NULL FROM clipperf_periods ORDER BY period DESC LIMIT 1') eq 't';
is(ask('SELECT count(*) FROM clipperf_period_waits WHERE period = (SELECT max(period) FROM clipperf_periods)'), 0, 'without samples there is nothing');
$node->stop;

done_testing();
