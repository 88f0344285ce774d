# What clipperf_slo says of endpoints is what a client has counted: at the very threshold, in each window, whatever the
# time of day does; and what follows of it by the rules of alerts.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Objectives;
use PostgreSQL::Test::Utils;
use Test::More;

srand(67);
my $clocks = Objectives->new;
my $node = $clocks->server('objectives');
my $minute = 60_000_000;
my $hour = 60 * $minute;

$node->safe_psql('postgres', q{
	INSERT INTO clipperf_endpoints (name, routes, target_ms, max_error_share, max_statements, min_requests_per_second, measured) VALUES
	('vote', '{/vote}', 50, 0.01, 3, 1, 'span'), ('everything', '{/%}', 75, 0.5, NULL, NULL, 'span'), ('database', '{/lock}', 50, NULL, NULL, NULL, 'database'),
	('feeds', '{"/feed\\\\_%", /feeds/%/top}', 10, 0.1, NULL, NULL, 'span')});
$node->safe_psql('postgres', q{
	INSERT INTO clipperf_endpoints (name, statements, target_ms, max_error_share) VALUES
	('marks', '{"select n, before from MARK%"}', 50, 0.1), ('literals', '{SELECT n FROM mark WHERE n = $1}', 50, 0.1)});

# At the threshold itself: values that no histogram tells apart.
$clocks->request($node, '/vote', us => $_, statements => 2) foreach 49_999, 50_000, 50_000, 50_001;
$clocks->request($node, '/vote', statements => $_) foreach 1, 3, 4;
$clocks->request($node, '/vote', failed => 1);
$clocks->request($node, '/vote', us => 80_000, statements => 3, failed => 1);
my $slo = slo_of($node, 'vote');
is($slo->{requests}, 9, 'requests');
is($slo->{met_share}, 7 / 9, 'good at the threshold, bad beyond it');
is($slo->{error_share}, 2 / 9, 'share of errors');
is($slo->{statements_mean}, 20 / 9, 'statements per request');
is($slo->{statements_p95}, 4, 'their 95th percentile');
is($slo->{statements_most}, 4, 'the most');
is($slo->{max_ms}, 80, 'the longest');
cmp_ok(abs($slo->{p95_ms} / 80 - 1), '<=', 0.04, 'p95');
cmp_ok(abs($slo->{p50_ms} / 50 - 1), '<=', 1, 'median');
ok(!$slo->{$_}, "$_: not met") foreach qw(time_met errors_met statements_met);
is($slo->{state}, 'ok', 'too few were bad to call it anything');
is_deeply(windows_of($node, 'vote'), $clocks->windows(qr/./, 50_000), 'windows');
is_deeply(windows_of($node, 'everything'), $clocks->windows(qr/./, 75_000), 'another threshold of the same requests');
is($node->safe_psql('postgres', q{SELECT abs(requests_per_second * extract(epoch FROM last_seen - first_seen) - (requests - 1)) < 1e-6, throughput_met = (requests_per_second >= 1)
	FROM clipperf_slo WHERE name = 'vote'}), 't|t', 'throughput');

# Which requests belong to an endpoint.
$clocks->request($node, $_) foreach '/feed_', '/feed_x', '/feed', '/feedx', '/feeds/top', '/feeds/a/b/top', '/feeds//top', "/feed_\x{c3}\x{a9}";
is(slo_of($node, 'feeds')->{requests}, 5, 'patterns of routes');
$clocks->request($node, '/any', sql => 'SELECT n, before FROM mark', statements => 2);
$clocks->request($node, '/any', sql => 'SELECT n FROM mark WHERE n = 17');
$clocks->request($node, '/any', sql => 'SELECT n FROM mark WHERE n = 18', us => 60_000, statements => 2);
$clocks->{session}->query("SET clipperf.route = '/any'; PREPARE one (int) AS SELECT n FROM mark WHERE n = \$1; BEGIN; EXECUTE one (1); COMMIT; RESET clipperf.route");
is(slo_of($node, 'marks')->{requests}, 1, 'a request with a statement, letters of either case');
is(slo_of($node, 'marks')->{statements_mean}, 2, 'and all its statements');
is(slo_of($node, 'literals')->{requests}, 3, 'constants are what the text has in their place');
is(slo_of($node, 'literals')->{met_share}, 2 / 3, 'with the time of the request');
$node->safe_psql('postgres', q{DELETE FROM clipperf_endpoints WHERE name IN ('marks', 'literals')});
$clocks->elapse(1);
$node->safe_psql('postgres', q{INSERT INTO clipperf_endpoints (name, statements, routes, target_ms, max_error_share) VALUES
	('failing', '{%/ $2}', '{/none}', 50, 0.1), ('either', '{%before%}', '{/any}', 50, 0.1)});
$clocks->{session}->query('SELECT 1 / 0'), $clocks->{session}->{stderr} = '' foreach 1 .. 2;
$clocks->{session}->query('BEGIN; COMMIT');
is(slo_of($node, 'either')->{requests}, 0, 'nothing yet');
$clocks->request($node, '/any', sql => 'SELECT before FROM mark');
$clocks->request($node, '/other', sql => 'SELECT before FROM mark');
$clocks->request($node, '/any');
is(slo_of($node, 'either')->{requests}, 3, 'by its route or by a statement, each request once');
is(slo_of($node, 'failing')->{error_share}, 1, 'a statement that has never run well');

# Patterns are those of LIKE: random ones, of random names of routes and of texts, as the server compares them.
$clocks->quit;
$node->safe_psql('postgres', q{DELETE FROM clipperf_endpoints WHERE name IN ('failing', 'either', 'feeds')});
my @letters = ('a', 'b', 'B', '_', '%', "\\", "\xc3\xa9");
sub random_word
{
	my ($most, @of) = @_;
	return join('', map { $of[ int(rand(@of)) ] } 1 .. 1 + int(rand($most)));
}
my %pattern = map { random_word(8, @letters, '%', '_') => 1 } 1 .. 60;
my @patterns = grep { !/(?:^|[^\\])(?:\\\\)*\\$/ } sort keys %pattern;
my %word = map { '/x' . random_word(6, grep { $_ ne "\\" } @letters) => 1 } 1 .. 60;
my @words = sort keys %word;
$node->safe_psql('postgres', join("\n", 'BEGIN;', (map { my $n = $_;
	"INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('like $n', ARRAY[\$\$/x$patterns[$n]\$\$], 1);" } 0 .. $#patterns), 'COMMIT;'));
$clocks->elapse(1);
$node->safe_psql('postgres', join("\n", map { "SET clipperf.route = \$\$$_\$\$; BEGIN; SELECT 1; COMMIT;" } @words));
is($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_endpoints AS e JOIN clipperf_slo USING (name) WHERE name LIKE $$like %$$ AND requests IS DISTINCT FROM
	(SELECT count(*) FROM unnest(ARRAY[' . join(', ', map { "\$w\$$_\$w\$" } @words) . ']) AS w (word) WHERE w.word LIKE e.routes[1])'), 0, 'random patterns of routes')
  or diag($node->safe_psql('postgres', 'SELECT e.routes, requests FROM clipperf_endpoints AS e JOIN clipperf_slo USING (name) WHERE name LIKE $$like %$$'));
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_slo WHERE name LIKE $$like %$$ AND requests > 0'), '>', 3, 'some of which are met');
$node->safe_psql('postgres', 'DELETE FROM clipperf_endpoints WHERE name LIKE $$like %$$');

# The time in the database: of a statement that waits in it.
my $holder = $node->background_psql('postgres');
foreach my $us (50_000, 50_001)
{
	$holder->query_safe('SELECT pg_advisory_lock(1)');
	my $waiter = $node->background_psql('postgres');
	$waiter->query_until(qr/begun/, "SET clipperf.route = '/lock';\nBEGIN;\n\\echo begun\nSELECT pg_advisory_xact_lock(1);\nCOMMIT;\n");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'advisory'");
	$clocks->elapse($us);
	$holder->query_safe('SELECT pg_advisory_unlock(1)');
	$waiter->quit;
}
$holder->quit;
$slo = slo_of($node, 'database');
is($slo->{requests}, 2, 'requests that waited');
is($slo->{met_share}, 1 / 2, 'by their time in the database');
is($slo->{max_ms}, 50.001, 'which is exact');
is($slo->{in_database_share}, 1, 'all of the span was spent there');
is(slo_of($node, 'vote')->{in_database_share}, 0, 'of another, which waited for its client, nothing was');

# Windows: one request a minute, every third slow and every fifth failed, is what the log says in each of 400 minutes.
$clocks->quit;
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$clocks->elapse($hour - $clocks->{passed} % $hour);
$clocks->{log} = [];
foreach my $i (1 .. 400)
{
	$clocks->request($node, '/vote', us => $i % 3 ? 0 : $minute, failed => $i % 5 == 0, statements => 2);
	$clocks->elapse($i % 3 ? $minute : 0);
	next if $i % 40;
	my ($have, $want) = (windows_of($node, 'vote'), $clocks->windows(qr{^/vote$}, 50_000));
	is_deeply([ map { $have->{$_} } 5, 30, 60, 120, 360 ], [ map { $want->{$_} } 5, 30, 60, 120, 360 ], "minutes, after $i");
}
is($node->safe_psql('postgres', q{SELECT count(*), count(*) FILTER (WHERE burn_rate <> bad::float8 / requests / allowed_share)
	FROM clipperf_slo_windows WHERE name = 'vote'}), '14|0', 'burn rates are shares of bad requests over the share that may be bad');

# What a clock that jumps by years does to them: nothing.
foreach my $ahead (10 * 365 * 86400, -86400, 0)
{
	$clocks->set_day($ahead);
	$clocks->request($node, '/vote', failed => 1);
	my ($have, $want) = (windows_of($node, 'vote'), $clocks->windows(qr{^/vote$}, 50_000));
	is_deeply([ map { $have->{$_} } 5, 30, 60, 120, 360 ], [ map { $want->{$_} } 5, 30, 60, 120, 360 ], "the time of day is $ahead s ahead");
}

# Hours of three days.
$clocks->quit;
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$clocks->{log} = [];
foreach my $i (1 .. 80)
{
	$clocks->request($node, '/vote', failed => $i % 7 == 0);
	$clocks->elapse($hour);
	next if $i % 16;
	is_deeply(windows_of($node, 'vote'), $clocks->windows(qr{^/vote$}, 50_000), "hours, after $i");
}
$clocks->elapse(80 * $hour);
is_deeply(windows_of($node, 'vote'), { map { $_ => [ 0, 0, 0 ] } @Objectives::windows }, 'all of it is long ago');
is(slo_of($node, 'vote')->{state}, 'ok', 'nothing is no alarm');
is(slo_of($node, 'vote')->{requests}, 80, 'what was counted since the reset stays');

# The rules of alerts: which windows, which rates, how many bad requests.
sub state_after
{
	my ($endpoint, @steps) = @_;
	$clocks->quit;
	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	foreach my $step (@steps)
	{
		my ($good, $failed, $minutes) = @$step;
		$clocks->{session} //= $node->background_psql('postgres', on_error_stop => 0);
		$clocks->{session}->query("SET clipperf.route = '/alert'");
		$clocks->{session}->query(join(' ', ('BEGIN; SELECT 1; COMMIT;') x $good)) if $good;
		$clocks->{session}->query("BEGIN; SELECT missing; COMMIT"), $clocks->{session}->{stderr} = '' foreach 1 .. $failed;
		$clocks->{session}->query('RESET clipperf.route');
		$clocks->elapse($minutes * $minute);
	}
	my $row = slo_of($node, $endpoint);
	return $row->{state} . ($row->{reason} ? " $row->{reason}" : '');
}
$node->safe_psql('postgres', q{DELETE FROM clipperf_endpoints; INSERT INTO clipperf_endpoints (name, routes, max_error_share) VALUES ('alert', '{/alert}', 0.05)});
is(state_after('alert', [ 3, 9, 0 ]), 'ok', 'nine bad requests are too few');
like(state_after('alert', [ 3, 10, 0 ]), qr/^critical errors come 15\.4 times faster than allowed, over 1 h and over 5 min/, 'ten are not');
like(state_after('alert', [ 3, 10, 4 ]), qr/^critical .* 1 h and over 5 min/, 'still in the short window');
is(state_after('alert', [ 3, 10, 5 ], [ 1, 0, 0 ]) =~ /1 h and over 5 min/, '', 'it is over: the short window says so');
like(state_after('alert', [ 3, 10, 5 ], [ 1, 0, 0 ]), qr/^critical errors come 14\.3 .* over 6 h and over 30 min/, 'but not for half an hour');
like(state_after('alert', [ 20, 12, 0 ]), qr/^critical errors come 7\.5 .* over 6 h and over 30 min/, 'six times as fast');
like(state_after('alert', [ 20, 12, 30 ]), qr/^warning errors come 7\.5 .* over 1 day and over 2 h/, 'after half an hour, a warning');
like(state_after('alert', [ 70, 30, 0 ]), qr/^warning errors come 6\.0 .* over 1 day and over 2 h/, 'exactly six is not more than six');
like(state_after('alert', [ 40, 10, 0 ]), qr/^warning errors come 4\.0 .* over 1 day and over 2 h/, 'three times as fast');
like(state_after('alert', [ 40, 10, 120 ]), qr/^warning errors come 4\.0 .* over 3 days and over 6 h/, 'after two hours');
like(state_after('alert', [ 180, 20, 0 ]), qr/^warning errors come 2\.0 .* over 3 days and over 6 h/, 'faster than allowed');
is(state_after('alert', [ 190, 10, 0 ]), 'ok', 'as fast as allowed');
is(slo_of($node, 'alert')->{budget_left}, 0, 'all is spent');
is(slo_of($node, 'alert')->{errors_met} ? 'met' : 'not', 'met', 'and not more');
is(state_after('alert', [ 40, 10, 6 * 60 ]), 'ok', 'after six hours');
cmp_ok(abs(slo_of($node, 'alert')->{budget_left} + 3), '<', 1e-9, 'though more was spent than there was');
$clocks->quit;

is_healthy($node, 'objectives');
done_testing();
