# The machine's clock is set forward by years and back again, or back by hours: everything goes on as if it had not
# been. What was remembered meanwhile is worth no more than the rest, and nobody waits until the clock has caught up.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'another library is preloaded' if $ENV{LD_PRELOAD};
plan skip_all => 'there is no compiler' if system('cc --version > /dev/null 2>&1') != 0;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $clock = "$dir/ahead";
system_or_bail('cc', '-shared', '-fPIC', '-O', '-o', "$dir/moved_clock.so", "$FindBin::RealBin/../preload/moved_clock.c", '-ldl');

# Sets the server's clock to so many seconds ahead of the machine's.
sub set_clock
{
	my ($seconds) = @_;
	open(my $file, -e $clock ? '+<:raw' : '>:raw', $clock) or die "$clock: $!";
	syswrite($file, pack('q', $seconds)) == 8 or die $!;
	close $file;
}

set_clock(0);
$ENV{MOVED_CLOCK} = $clock;
$ENV{LD_PRELOAD} = "$dir/moved_clock.so";
my $node = new_server('clock', 'clipperf.max_statements = 200', 'clipperf.save_interval = 1s');
delete $ENV{LD_PRELOAD};
my $years = 10 * 365 * 24 * 3600;

# Statements that differ, run twice so that a flooded store takes them; each on a route of its own.
sub run_statements
{
	my ($mark, $count) = @_;
	$node->safe_psql('postgres', join("\n", map {
		my $sql = 'SELECT n FROM mark WHERE ' . join(' AND ', ("$mark > 0") x $_) . ';';
		"SET clipperf.route = '$mark" . ('x' x $_) . "'; $sql $sql" } 1 .. $count));
}

sub count_statements
{
	my ($mark) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM clipperf_queries WHERE route LIKE '${mark}x%'");
}

# Waits until the statement that waits for a job is in that state.
sub wait_state
{
	my ($state) = @_;
	return $node->poll_query_until('postgres',
		"SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'SELECT clipperf\\_wait%' AND state = '$state'");
}

# The saver.
ok($node->poll_query_until('postgres', 'SELECT saved_at IS NOT NULL FROM clipperf_info'), 'saved');
my $saved = $node->safe_psql('postgres', 'SELECT saved_at FROM clipperf_info');
set_clock(-3600);
cmp_ok($node->safe_psql('postgres', "SELECT clock_timestamp() < '$saved'"), 'eq', 't', 'the clock is set back');
ok($node->poll_query_until('postgres', "SELECT saved_at < '$saved' FROM clipperf_info"), 'saved again');
set_clock(0);

# What was seen while the clock was ahead.
set_clock($years);
run_statements('n', 100);
$node->safe_psql('postgres', 'SELECT before FROM mark');
set_clock(0);
is($node->safe_psql('postgres', "SELECT bool_and(last_seen > now()) FROM clipperf_queries WHERE route LIKE 'nx%'"), 't', 'seen in years to come');
$node->safe_psql('postgres', 'SELECT before FROM mark');
is($node->safe_psql('postgres', "SELECT last_seen < now() FROM clipperf_queries WHERE query = 'SELECT before FROM mark'"), 't',
	'a statement that is seen again was seen last now');
run_statements('before', 100);
run_statements('afterwards', 100);
cmp_ok(count_statements('n'), '<', count_statements('afterwards'), 'those that are not go first');
cmp_ok(count_statements('n'), '<', count_statements('before'), 'before any other');

# Routes: those of years to come make room before those in use.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
set_clock($years);
$node->safe_psql('postgres', join("\n", map { 'SET clipperf.route = \'f' . ('x' x ($_ % 60)) . ('y' x ($_ / 60)) . "'; SELECT n FROM mark;" } 1 .. 520));
set_clock(0);
$node->safe_psql('postgres', join("\n", map { 'SET clipperf.route = \'g' . ('x' x $_) . "'; SELECT before FROM mark;" } 1 .. 20));
is($node->safe_psql('postgres', "SELECT count(DISTINCT route) FROM clipperf_queries WHERE route LIKE 'gx%'"), 20, 'all routes in use have their names');

# What requests of a route and an endpoint left in years to come, when they are seen again; and what is sampled of waits.
$node->safe_psql('postgres', "INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('again', ARRAY['/again'], 10000)");
foreach my $moved ([ 'ahead', $years ], [ 'right', 0 ], [ 'behind', -3600 ])
{
	my ($label, $seconds) = @$moved;
	set_clock($seconds);
	$node->safe_psql('postgres', "SET clipperf.route = '/again'; BEGIN; SELECT n FROM mark; COMMIT");
	$node->safe_psql('postgres', "SELECT clipperf_snapshot('$label')");
	ok($node->poll_query_until('postgres', "SELECT last_seen <= clock_timestamp() FROM clipperf_$_"), "$label: $_")
	  foreach "routes WHERE route = '/again'", "slo WHERE name = 'again'";
	is($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_periods WHERE requests < 0 OR requests_per_second <= 0'), 0,
		"$label: no period has less than nothing");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_compare_figures('$_->[0]', '$_->[1]') AS f WHERE value_before < 0 OR value_after < 0"),
	0, "compared: @$_") foreach [ 'ahead', 'right' ], [ 'right', 'behind' ], [ 'ahead', 'behind' ], [ 'behind', 'right' ];
is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM regexp_matches(clipperf_metrics(), '^[^#].* (-|NaN)', 'gn')"), 'f', 'no metric is negative');
my $sampled = $node->background_psql('postgres');
send_query($sampled, "SET application_name = 'sampled'; SELECT pg_sleep(100000)");
ok($node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM clipperf_waits WHERE wait_event = 'PgSleep' AND last_seen <= clock_timestamp())"),
	'waits are sampled by the clock that was set back');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'sampled'");
eval { $sampled->quit };
set_clock(0);

# A job that waits.
$node->safe_psql('postgres', 'CREATE TABLE item AS SELECT n AS id, n AS a FROM generate_series(1, 300) AS n');
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE');
my $job = apply_index($node, 'item', 'item_a', 'CREATE INDEX item_a ON item (a)');
ok(wait_for_state($node, $job, 'waiting'), 'a job waits for a lock');
my $other = $node->background_psql('postgres');
send_query($other, "SELECT clipperf_wait($job, '10 s')");
ok(wait_state('active'), 'somebody waits for the job, for ten seconds');
set_clock(-3600);
ok(wait_state('idle'), 'the clock is set back: he has waited long enough');
$holder->query_safe('COMMIT');
like(wait_for_job($node, $job), qr/verifying|kept/, 'the job goes on when the lock is free');

# A build gives way to a statement that has waited for it, however the clock goes.
$node->append_conf('postgresql.conf', "clipperf.give_way_after = '60 s'");
$node->reload;
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM mark');
$job = apply_index($node, 'item', 'item_id', 'CREATE INDEX item_id ON item (id)');
ok(phase($node, $job, 'waiting for old snapshots'), 'a build goes on');
send_query($other, 'ALTER TABLE item ADD COLUMN b int');
ok(waits_for_lock($node, 'ALTER TABLE item%'), 'a statement waits for it');
set_clock(-7200);
ok(gave_way($node, $job), 'the build gives way');
$holder->query_safe('COMMIT');
like(wait_for_job($node, $job), qr/verifying|kept/, 'and is done later');
$_->quit foreach $holder, $other;
is_healthy($node, 'in the end');
$node->stop;
done_testing();
