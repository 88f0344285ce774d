# What sessions wait for: sessions that are held in a known wait are sampled as what they are, with their route, their statement
# and the route that holds their lock.  The samples survive a restart; sampling can be switched off and on, and runs on a standby.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('waits', 'max_connections = 12', 'max_worker_processes = 12');
my (%sessions, %processes);

# A session of a route that runs statements, the last of which may not end by itself.
sub begin
{
	my ($on, $route, @statements) = @_;
	my $session = $on->background_psql('postgres', on_error_stop => 0);
	my $last = pop @statements;

	$session->query_safe("SET clipperf.route = '$route'");
	$processes{$route} = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_safe($_) foreach @statements;
	$session->query_until(qr//, "$last;\n");
	$sessions{$route} = $session;
	return;
}

# Ends what a session runs, and the session.
sub end
{
	my ($on, $route) = @_;
	$on->safe_psql('postgres', "SELECT pg_cancel_backend($processes{$route})");
	$sessions{$route}->quit;
	delete $sessions{$route};
	return;
}

# Waits until something like that was sampled.
sub sampled
{
	my ($on, $condition, $name) = @_;
	ok($on->poll_query_until('postgres', "SELECT count(*) > 0 FROM clipperf_waits WHERE $condition"), $name)
		or diag($on->safe_psql('postgres', 'SELECT * FROM clipperf_waits'));
	return;
}

sub ask
{
	my ($sql, $on) = @_;
	return ($on || $node)->safe_psql('postgres', $sql);
}

my $moments = 'SELECT sampled_moments FROM clipperf_info';

# One after the other: a sleep, a row lock of another route, an advisory lock, work.
begin($node, '/sleep', 'SELECT pg_sleep(600)');
begin($node, '/vote', 'BEGIN', 'SELECT pg_advisory_lock(1)', 'UPDATE mark SET n = n + 1');
begin($node, '/feed', 'UPDATE mark SET before = before + 1');
begin($node, '/feed/second', 'UPDATE mark SET before = before + 2');
begin($node, '/exclusive', 'SELECT pg_advisory_lock(1)');
begin($node, '/loop', 'SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) AS s');
begin($node, '/clipperf', 'SELECT pg_sleep(600) FROM clipperf_info');

sampled($node, "route = '/sleep' AND state = 'active' AND wait_event_type = 'Timeout' AND wait_event = 'PgSleep' AND held_by IS NULL", 'a sleep');
sampled($node, "route = '/feed' AND state = 'active' AND wait_event_type = 'Lock' AND wait_event = 'transactionid' AND held_by = '/vote'",
	'a row that another route has locked');
sampled($node, "route = '/feed/second' AND state = 'active' AND wait_event_type = 'Lock' AND wait_event = 'tuple' AND held_by = '/vote'",
	'who waits for one that waits waits for the one that works');
sampled($node, "route = '/exclusive' AND state = 'active' AND wait_event_type = 'Lock' AND wait_event = 'advisory' AND held_by = '/vote'",
	'an advisory lock');
sampled($node, "route = '/loop' AND state = 'active' AND wait_event_type = 'CPU' AND wait_event = 'CPU'", 'work');
sampled($node, "route = '/vote' AND state = 'idle in transaction' AND wait_event = 'ClientRead'", 'a transaction without a statement is kept apart');
sampled($node, "route = '/clipperf' AND state = 'clipperf' AND wait_event = 'PgSleep'", 'so is a statement of clipperf');
is(ask("SELECT count(*) FROM clipperf_waits WHERE route = '/clipperf' AND state = 'active' AND wait_event = 'PgSleep'"), 0,
	'and counts there only');

# So is the report, however it is read, from its beginning: here it stays in the first thing that it calls.
my $first = "_clipperf_wrong_top(top integer, OUT sqlstate text, OUT message text) RETURNS SETOF record";
my $definition = ask("SELECT pg_get_functiondef('_clipperf_wrong_top'::regproc)");
ask("CREATE OR REPLACE FUNCTION $first LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); END'");
foreach my $report (qw(clipperf_report clipperf_report_text clipperf_findings))
{
	begin($node, "/$report", "SELECT count(*) FROM $report(1)");
	sampled($node, "route = '/$report' AND state = 'clipperf' AND wait_event = 'PgSleep'", "$report() is a statement of clipperf");
	is(ask("SELECT count(*) FROM clipperf_waits WHERE route = '/$report' AND state = 'active' AND wait_event = 'PgSleep'"), 0,
		"$report() counts there only");
	end($node, "/$report");
}
ask($definition);

# Which statement it is shows as soon as its text is known.
is(ask("SELECT count(DISTINCT queryid) FROM clipperf_waits WHERE route = '/sleep' AND wait_event = 'PgSleep' AND queryid IS NOT NULL"), 1,
	'the statement is known while it runs');
is(ask("SELECT DISTINCT query FROM clipperf_waits WHERE route = '/vote' AND state = 'idle in transaction' AND query LIKE 'UPDATE%'"),
	'UPDATE mark SET n = n + $1', 'the statement that ran last in the transaction');

# Now.
is(ask(q{SELECT state, request_kind, statements, wait_event_type, wait_event, blocking_pids IS NULL, query FROM clipperf_activity WHERE route = '/vote'}),
	'idle in transaction|transaction|2|Client|ClientRead|t|UPDATE mark SET n = n + $1', 'the transaction under way');
is(ask(q{SELECT state, wait_event_type, wait_event, blocking_routes, cardinality(blocking_pids) FROM clipperf_activity WHERE route = '/feed'}),
	'active|Lock|transactionid|{/vote}|1', 'who waits for it');
is(ask(q{SELECT blocking_pids[1] = (SELECT pid FROM clipperf_activity WHERE route = '/vote') FROM clipperf_activity WHERE route = '/exclusive'}),
	't', 'and for which process');
is(ask(q{SELECT state, wait_event, request_ms > 0, state_ms > 0, query FROM clipperf_activity WHERE route = '/sleep'}),
	'active|PgSleep|t|t|SELECT pg_sleep(600);', 'a statement whose text is not kept yet');
is(ask(q{SELECT count(*) FROM clipperf_activity WHERE route = '/clipperf'}), 0, 'statements of clipperf are no activity');

# Others see what pg_stat_activity shows them, and the routes.
ask('CREATE ROLE stranger LOGIN');
is($node->safe_psql('postgres', q{SELECT route, state, wait_event, queryid, query, blocking_routes FROM clipperf_activity WHERE route IN ('/feed', '/sleep') ORDER BY route},
		extra_params => [ '-U', 'stranger' ]),
	"/feed||||<insufficient privilege>|{/vote}\n/sleep||||<insufficient privilege>|", 'a stranger sees routes, and who blocks whom');
is($node->safe_psql('postgres', q{SELECT count(*), count(query), count(queryid), count(userid), count(usename) FROM clipperf_waits
	WHERE route = '/sleep' AND wait_event = 'PgSleep'}, extra_params => [ '-U', 'stranger' ]), '1|0|0|0|0', 'and waits without statements');

# A session that stays as it is is sampled at each moment: no more and no fewer.  How often is read before, within and after.
sub grows_as_moments
{
	my ($condition, $least, $most, $name) = @_;
	my $samples = "SELECT coalesce(sum(samples), 0) FROM clipperf_waits WHERE $condition";
	my $before = ask($moments);
	my $first = ask($samples);
	my $within = ask($moments);
	$node->poll_query_until('postgres', "SELECT sampled_moments > $within + 20 FROM clipperf_info");
	my $within_end = ask($moments);
	my $last = ask($samples);
	my $after = ask($moments);
	cmp_ok($last - $first, '>=', $least * ($within_end - $within), "$name: each moment is counted");
	cmp_ok($last - $first, '<=', $most * ($after - $before), "$name: none is counted twice");
	return;
}
grows_as_moments("route = '/sleep' AND wait_event = 'PgSleep'", 1, 1, 'one session');
grows_as_moments("route IN ('/sleep', '/feed', '/exclusive', '/loop')", 4, 4, 'four sessions');
is(ask("SELECT bool_and(sessions <= 1) FROM clipperf_waits WHERE route = '/sleep'"), 't', 'a session is no more than one at a time');

# Parallel workers work for their leader.
ask('CREATE TABLE many AS SELECT i FROM generate_series(1, 100000) AS i');
begin($node, '/parallel', 'SET max_parallel_workers_per_gather = 2', 'SET parallel_setup_cost = 0', 'SET parallel_tuple_cost = 0',
	'SET min_parallel_table_scan_size = 0', 'SELECT count(pg_sleep(0.01)) FROM many');
ok($node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM pg_stat_activity WHERE leader_pid IS NOT NULL'), 'a parallel worker runs');
grows_as_moments("route = '/parallel'", 2, 3, 'a leader and its workers');
is(ask("SELECT count(DISTINCT queryid) FROM clipperf_waits WHERE route = '/parallel' AND wait_event = 'PgSleep'"), 1, 'of one statement');
end($node, '/parallel');

# Who waits while a statement is parsed has no statement yet; once it has one, it is that one's. Where a minute ends in between,
# it is not: then it is tried again.
ask('SELECT i, pg_advisory_lock(2) FROM many WHERE i = 1');
begin($node, '/ddl', 'BEGIN', 'LOCK TABLE many');
my $put_down = 0;
for (1 .. 5)
{
	my ($parses, $runs) = map { my $samples = "(SELECT coalesce(sum(samples), 0) FROM clipperf_waits WHERE $_)"; "$samples > " . ask("SELECT $samples") }
	  "wait_event = 'relation' AND held_by = '/ddl' AND route IS NULL AND query IS NULL", "route = '/reads' AND wait_event = 'advisory'";
	begin($node, '/reads', 'SELECT i, pg_advisory_lock(1) FROM many WHERE i = 7');
	ok($node->poll_query_until('postgres', "SELECT $parses"), 'a lock that parsing waits for');
	$sessions{'/ddl'}->query_safe('COMMIT');
	ok($node->poll_query_until('postgres', "SELECT $runs"), 'then the statement runs');
	$put_down = ask("SELECT count(*) FROM clipperf_waits WHERE wait_event = 'relation' AND held_by = '/ddl' AND route = '/reads' AND query LIKE 'SELECT i, pg_advisory_lock(%'");
	end($node, '/reads');
	last if $put_down;
	$sessions{'/ddl'}->query_safe('BEGIN; LOCK TABLE many');
}
cmp_ok($put_down, '>', 0, 'is put down to the statement that came of it');
end($node, '/ddl');

# The report says what a statement waits for, once there are enough samples.
my $evidence = q{SELECT evidence FROM clipperf_findings() WHERE kind = 'seq_scan' AND relation = 'many'::regclass AND evidence LIKE '%pg_sleep%'};
for (1 .. 50)
{
	ask("SET clipperf.route = '/slow'; SELECT i, pg_sleep(1) FROM many WHERE i = 7");
	last if ask($evidence) =~ /waits/;
}
like(ask($evidence), qr/; waits \d+% for Timeout\/PgSleep \(\d+ samples\)$/, 'the evidence of a finding says what its statement waits for');

# A finding about several statements says it of each of them, on its line: an endpoint, and two loops over one list.
ask("INSERT INTO clipperf_endpoints (name, routes, target_ms, min_bad) VALUES ('slow ones', '{/slow}', 1, 1)");
ask("SET clipperf.route = '/slow'; BEGIN; SELECT i, pg_sleep(1) FROM many WHERE i = 7; COMMIT; BEGIN; SELECT i FROM many WHERE i = 8; COMMIT");
like(ask("SELECT evidence FROM clipperf_findings() WHERE kind = 'slo_breach' AND summary LIKE 'slow ones:%'"),
	qr/^\(1\) \d+% of its time in the database: SELECT i, pg_sleep[^\n]*; waits \d+% for Timeout\/PgSleep \(\d+ samples\)$/m,
	'the evidence about an endpoint');
ask(q{CREATE TABLE post (id int PRIMARY KEY);
	CREATE TABLE comment (post int REFERENCES post); CREATE INDEX ON comment (post);
	CREATE TABLE vote (post int REFERENCES post); CREATE INDEX ON vote (post);
	INSERT INTO post SELECT (i * 7919) % 100003 FROM generate_series(1, 5000) AS i;
	INSERT INTO comment SELECT id FROM post; INSERT INTO vote SELECT id FROM post; ANALYZE post, comment, vote});
my @posts = split /\n/, ask("SET clipperf.track = 'none'; SELECT id FROM post LIMIT 25");
my $loops = "SET clipperf.route = '/posts'; BEGIN; SELECT id FROM post LIMIT 25;\n"
	. join('', map { "SELECT pg_sleep(0.05) FROM $_->[0] WHERE post = $_->[1];\n" } map { my $post = $_; map { [ $_, $post ] } 'comment', 'vote' } @posts)
	. 'COMMIT';
my $of_loops = q{SELECT evidence FROM clipperf_findings() WHERE kind = 'n_plus_one' AND summary LIKE '2 statements for each row%'};
for (1 .. 20)
{
	ask($loops);
	my @told = ask($of_loops) =~ /; waits /g;
	last if @told == 2;
}
foreach my $table ('comment', 'vote')
{
	like(ask($of_loops), qr/^\(\d\) SELECT pg_sleep\(\$1\) FROM $table [^\n]*; waits \d+% for Timeout\/PgSleep \(\d+ samples\)$/m, "the evidence about a loop: $table");
}

# So does the profile, which adds up all the same.
is(ask(q{
	SELECT bool_or(l.line ~ ';\(waits for Timeout/PgSleep\) \d+$' AND l.line ~ 'FROM many'),
	       abs(1 - sum(substring(l.line FROM ' (\d+)$')::float8) / 1000
	               / (SELECT sum(q.total_ms + q.plan_ms) FROM clipperf_queries AS q WHERE q.toplevel AND q.datname = current_database())) <= 0.01
	FROM regexp_split_to_table(rtrim(clipperf_profile(), E'\n'), E'\n') AS l (line)}), 't|t', 'the profile');

# Switched off, nothing is sampled, by a process that stays.
sub switch
{
	my ($on, $interval) = @_;
	$on->safe_psql('postgres', "ALTER SYSTEM SET clipperf.sample_interval = $interval");
	$on->reload;
	return;
}
my $sampler = ask('SELECT sampler_pid FROM clipperf_info');
switch($node, 0);
my ($before, $after) = (0, 1);
for (my $i = 0; $i < 100 && $before != $after; $i++)
{
	$before = ask($moments);
	ask('SELECT pg_sleep(0.2)');
	$after = ask($moments);
}
is($after, $before, 'no samples are taken');
is(ask('SELECT sampler_pid FROM clipperf_info'), $sampler, 'the process stays');
is(ask("SELECT count(*) FROM pg_stat_activity WHERE pid = $sampler"), 0, 'it is connected to no database');

# What was sampled survives a restart, and nothing of it is lost.
end($node, $_) foreach grep { $_ ne '/vote' } keys %sessions;
end($node, '/vote');
my $kept = q{SELECT route, state, wait_event_type, wait_event, held_by, queryid, samples, total_ms, sessions, first_seen, last_seen
	FROM clipperf_waits ORDER BY route, state, wait_event_type, wait_event, held_by, queryid, samples};
my $totals = 'SELECT sampled_moments, sampled_ms, waits_held, waits_evicted, wait_samples_lost FROM clipperf_info';
my ($rows, $sums) = (ask($kept), ask($totals));
like($rows, qr/\/feed/, 'there is something to keep');
$node->restart;
is(ask($kept), $rows, 'the samples survive a restart');
is(ask($totals), $sums, 'so do the sums');
$node->stop('immediate');
$node->start;
is(ask($kept), $rows, 'a crash brings back what was saved');

# Switched on again, it goes on; ended, it is started again.
switch($node, 10);
ok($node->poll_query_until('postgres', "SELECT sampled_moments > $after + 10 FROM clipperf_info"), 'samples are taken again');
$sampler = ask('SELECT sampler_pid FROM clipperf_info');
kill 'TERM', $sampler;
ok($node->poll_query_until('postgres', "SELECT sampler_pid <> $sampler FROM clipperf_info"), 'a process that was ended is started again');
my $then = ask($moments);
ok($node->poll_query_until('postgres', "SELECT sampled_moments > $then FROM clipperf_info"), 'and goes on');

# track_activities is off: the wait alone tells.
begin($node, '/untold', 'SET track_activities = off', 'SELECT pg_sleep(600)');
sampled($node, "route = '/untold' AND state = 'active' AND wait_event = 'PgSleep' AND queryid IS NOT NULL", 'a session that tells the server nothing');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($processes{'/untold'})");
eval { $sessions{'/untold'}->quit };
delete $sessions{'/untold'};

# A standby has samples of its own.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
begin($standby, '/there', 'SELECT pg_sleep(600)');
sampled($standby, "route = '/there' AND wait_event = 'PgSleep'", 'a standby');
is(ask("SELECT count(*) FROM clipperf_waits WHERE route = '/feed'", $standby), 0, 'knows nothing of the primary');
end($standby, '/there');
is_healthy($standby, 'standby');
is_healthy($node, 'primary');
unlike(slurp_file($node->logfile), qr/clipperf sampler.*(?:ERROR|FATAL|WARNING)/, 'the sampler has nothing to say');

$standby->stop;
$node->stop;
done_testing();
