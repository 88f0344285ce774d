# Regressions that are planted, and what looks like one: what the verdict says of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Test::More;

my $node = apply_server('planted', 'clipperf.verify_calls = 100', 'clipperf.verify_time = 300', 'max_worker_processes = 6');

# One clipperf setting from now on.
sub set
{
	my ($setting) = @_;
	$node->append_conf('postgresql.conf', "$setting\n");
	$node->reload;
}

# The queryid of the statement with such a text.
sub queryid
{
	my ($text) = @_;
	return $node->safe_psql('postgres', "SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE '$text' AND query NOT LIKE '%clipperf%'");
}

# What the verdict says of a statement with such a text: one of the figures, or none if it is not judged at all.
sub said
{
	my ($job, $figure, $text) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT coalesce(string_agg(s->>'$figure', ' '), 'none') FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
		WHERE job = $job AND s->>'statement' LIKE '$text'});
}

# A statement that is prepared once and run with each of these parameters.
sub run_prepared
{
	my ($statement, @parameters) = @_;
	$node->safe_psql('postgres', "PREPARE s AS $statement;" . join('', map { "EXECUTE s ($_);" } @parameters));
}

# The job has been looked at again, and goes on.
sub still_watched
{
	my ($job) = @_;
	for (1 .. 2)
	{
		my $due = $node->safe_psql('postgres', "SELECT retry_at FROM _clipperf_job WHERE job = $job");
		$node->safe_psql('postgres', "UPDATE _clipperf_job SET retry_at = now() WHERE job = $job");
		$node->poll_query_until('postgres', "SELECT retry_at > now() OR state <> 'verifying' FROM _clipperf_job WHERE job = $job");
	}
	return state($node, $job);
}

# Posts whose rare scores are spread over all times: with an index on the time, a search for a score that nobody has walks
# all of it, once the generic plan looks cheaper. One score in ten is such a one.
my $newest = 'SELECT id, created, body FROM %s ORDER BY created DESC LIMIT 50';
my $low = 'SELECT id, created, score FROM %s WHERE score < $1 ORDER BY created DESC LIMIT 20';
sub make_posts
{
	my ($name) = @_;
	$node->safe_psql('postgres', qq{
		CREATE TABLE $name (id int PRIMARY KEY, created timestamptz NOT NULL, score int NOT NULL, body text NOT NULL);
		INSERT INTO $name SELECT i, '2026-01-01'::timestamptz + i * interval '1 min',
			CASE WHEN hashint4(i) % 100 = 0 THEN -1 ELSE abs(hashint4(i * 7) % 1000) END, repeat('x', 200)
			FROM generate_series(1, 100000) AS i ORDER BY md5(i::text);
		CREATE INDEX ${name}_score ON $name (score);
		VACUUM ANALYZE $name});
	run_prepared(sprintf($low, $name), map { $_ % 10 ? 0 : -50 } 1 .. 200);
	run_prepared(sprintf($newest, $name) . ' OFFSET $1', (0) x 40);
}
sub apply_newest
{
	my ($name) = @_;
	my $job = apply_index($node, $name, "${name}_created", "CREATE INDEX ${name}_created ON $name (created DESC)",
		queryid("SELECT id, created, body FROM $name %"));
	is(wait_for_job($node, $job), 'verifying', "an index of $name is built");
	return $job;
}

# Before, what reads the table was called 200 times and took so many milliseconds each, whose bucket begins at that byte of
# the histogram: what this machine had to do by then does not matter.
sub known_past
{
	my ($job, $ms, $byte, $condition) = @_;
	$condition ||= 'is_read';
	$node->safe_psql('postgres', "UPDATE _clipperf_job_measures SET blocks = 200 * blocks / calls, rows = 200 * rows / calls, calls = 200,
			total_ms = 200 * $ms, histogram = decode(repeat('00', $byte) || 'c8000000' || repeat('00', 1532 - $byte), 'hex')
		WHERE job = $job AND stage = 'before' AND $condition");
}

# A statement whose slow calls sleep, and most are faster than before: by then each of 200 calls took 50 ms and touched one
# block, as far as is remembered.
sub sleepy
{
	my ($name, $other) = @_;
	my $sleepy = "SELECT count(note), pg_sleep(\$1) FROM $name WHERE owner = \$2";
	$node->safe_psql('postgres', "CREATE TABLE $name AS SELECT n AS id, n % 500 AS owner, repeat('x', 50) AS note
		FROM generate_series(1, 20000) AS n; VACUUM ANALYZE $name");
	run_prepared($_, map { "0, $_" } 1 .. 200) foreach $sleepy, $other // ();
	my $job = apply_index($node, $name, "${name}_owner", "CREATE INDEX ${name}_owner ON $name (owner)", queryid("SELECT count(note), pg\\_sleep%$name%"));
	is(wait_for_job($node, $job), 'verifying', "an index of $name is built");
	known_past($job, 50, 744);
	$node->safe_psql('postgres', "UPDATE _clipperf_job_measures SET blocks = calls, blocks_read = 0 WHERE job = $job AND stage = 'before'");
	return ($job, $sleepy);
}

# A tail: one call in ten takes as long as all others together, and most are no slower than before.
my ($job, $sleepy) = sleepy('tail');
run_prepared($sleepy, map { $_ % 10 ? "0, $_" : "1, $_" } 1 .. 100);
is(wait_for_verdict($node, $job), 'regressed', 'a tail is a regression');
is(said($job, 'judgement', '%pg_sleep%'), 'slower', 'as the statement is slower');
like(said($job, 'rule', '%pg_sleep%'), qr/^(tail|total)$/, 'though not by its ranks');
cmp_ok(said($job, 'faster_share', '%pg_sleep%'), '>', 0.5, 'which tell of most calls only');
like(reason($node, $job), qr/\[SELECT count\(note\), pg_sleep.*p95 .* -> .* blocks per call, seen in (the slowest calls|all calls together)/,
	'the verdict names it with its figures, and what they were seen in');

# Two terrible calls in ten are enough.
($job, $sleepy) = sleepy('ten');
run_prepared($sleepy, map { $_ % 5 ? "0, $_" : "2, $_" } 1 .. 10);
is(wait_for_verdict($node, $job), 'regressed', 'two terrible calls in ten decide, before the time has passed');
is(said($job, 'rule', '%pg_sleep%'), 'tail', 'as the tail tells');

# More blocks in less time, as where an index is walked and a sort is saved: time decides, and both are shown.
($job, $sleepy) = sleepy('walk');
run_prepared($sleepy, map { "0, $_" } 1 .. 100);
is(wait_for_verdict($node, $job), 'kept', 'more blocks in less time pay');
is(said($job, 'judgement', '%pg_sleep%'), 'faster', 'as the statement is faster');
like(reason($node, $job), qr/p95 .* over 100 calls \(mean .*\), though 1 -> \d+ blocks per call/, 'the reason says both');
# Of two such statements the reason names one first, and says of the other one as well that it touches more blocks.
my $other = 'SELECT max(note), pg_sleep($1) FROM two WHERE owner = $2';
($job, $sleepy) = sleepy('two', $other);
run_prepared($_, map { "0, $_" } 1 .. 100) foreach $other, $sleepy;
is(wait_for_verdict($node, $job), 'kept', 'both pay');
like(reason($node, $job), qr/, though 1 -> \d+ blocks per call.*; more blocks: [^;]*\[SELECT .*: p95 .*, 1 -> \d+ blocks per call/, 'the reason tells of the blocks of each');

# One call that is held up takes longer than all others: by the blocks that they touch less they may have saved what writes pay.
$node->safe_psql('postgres', q{CREATE TABLE held (id int PRIMARY KEY, owner int NOT NULL, note text NOT NULL) WITH (fillfactor = 70);
	INSERT INTO held SELECT n, n % 500, repeat('x', 50) FROM generate_series(1, 20000) AS n; VACUUM ANALYZE held});
my $held = 'SELECT count(note), pg_sleep($1) FROM held WHERE owner = $2';
my $move = 'UPDATE held SET owner = owner + 500 WHERE id = $1';
run_prepared($move, 1 .. 2000);
run_prepared($held, map { "0, $_" } 1 .. 200);
my $of_held = queryid('SELECT count(note), pg\\_sleep%held%');
$job = apply_index($node, 'held', 'held_owner', 'CREATE INDEX held_owner ON held (owner)', $of_held);
is(wait_for_job($node, $job), 'verifying', 'an index that writes pay for');
known_past($job, 10, 632, "queryid = $of_held");
run_prepared($move, 2001 .. 4000);
run_prepared($held, map { $_ == 50 ? "2, $_" : "0, $_" } 1 .. 100);
is(wait_for_verdict($node, $job), 'kept', 'is kept, though one call was held up');
is(said($job, 'judgement', 'SELECT%'), 'unclear', 'as what it saves is unclear');
is(said($job, 'judgement', 'UPDATE%'), 'slower', 'and writes are slower');
set('clipperf.verify_calls = 40');

# A tail by a plan that is right for most values: it is named, whatever the verdict.
make_posts('posts');
$job = apply_newest('posts');
run_prepared(sprintf($low, 'posts'), map { $_ % 10 ? 0 : -50 } 1 .. 100);
run_prepared(sprintf($newest, 'posts') . ' OFFSET $1', (0) x 50);
like(wait_for_verdict($node, $job), qr/^(kept|regressed)$/, 'a plan that walks an index for some values is judged');
is(said($job, 'judgement', '%score <%'), 'slower', 'as slower');
like(reason($node, $job), qr/\[SELECT id, created, score FROM posts .*p95 .* -> .* blocks per call, seen in/, 'and named');

# A majority that does not run: what was lost so far decides.
make_posts('majority');
$job = apply_newest('majority');
run_prepared(sprintf($low, 'majority'), map { $_ % 5 ? 0 : -50 } 1 .. 40);
is(still_watched($job), 'verifying', 'it is watched while its time has not passed');
set('clipperf.verify_time = 1');
is(wait_for_verdict($node, $job), 'regressed', 'then a loss decides, whoever else has run');
is(said($job, 'judgement', '%score <%'), 'slower', 'as a statement is slower');
set('clipperf.verify_time = 300');

# A loser is told as soon as the larger part can be judged.
make_posts('loser');
set('clipperf.verify_calls = 1000000');
$job = apply_newest('loser');
run_prepared(sprintf($newest, 'loser') . ' OFFSET $1', (0) x 40);
is(still_watched($job), 'verifying', 'what pays is watched');
run_prepared(sprintf($low, 'loser'), (-50) x 40);
is(wait_for_verdict($node, $job), 'regressed', 'what loses more is not waited for');
set('clipperf.verify_calls = 40');

# Losers that the recommendation told of are waited for, and the verdict says what became of each.
make_posts('foreseen');
my $by_id = 'SELECT score FROM foreseen WHERE id = $1';
run_prepared($by_id, 1 .. 40);
my $told = recommend($node, 'create', 'foreseen', 'foreseen_created', 'CREATE INDEX foreseen_created ON foreseen (created DESC)',
	queryid('SELECT id, created, body FROM foreseen %'));
$node->safe_psql('postgres', "UPDATE clipperf_recommendations SET slowed = '{"
	  . queryid('SELECT id, created, score FROM foreseen %') . ',' . queryid('SELECT score FROM foreseen%') . "}' WHERE id = $told");
$job = apply_id($node, $told);
is(wait_for_job($node, $job), 'verifying', 'an index with losers that were foreseen');
run_prepared(sprintf($newest, 'foreseen') . ' OFFSET $1', (0) x 50);
is(still_watched($job), 'verifying', 'is not judged before these have run');
run_prepared(sprintf($low, 'foreseen'), (-50) x 40);
is(still_watched($job), 'verifying', 'each of them') if state($node, $job) eq 'verifying';
run_prepared($by_id, 1 .. 40);
like(wait_for_verdict($node, $job), qr/^(kept|regressed)$/, 'then it is');
like(reason($node, $job), qr/\[SELECT id, created, score FROM foreseen [^;]*, as foreseen/, 'what was foreseen is named');
is(said($job, 'foreseen', '%score <%'), 'true', 'and marked');
like(reason($node, $job), qr/\[SELECT score FROM foreseen WHERE id = \$1\] was to become slower, and (did not|it cannot be told yet) in \d+ calls/,
	'and what did not come');

# Counters in two schemas, one with a name that wants quotes.
foreach my $schema ('a', 'b', '"my-app"')
{
	$node->safe_psql('postgres', qq{
		CREATE SCHEMA $schema;
		CREATE TABLE $schema.counters (id int PRIMARY KEY, val int NOT NULL, made int NOT NULL, note text) WITH (fillfactor = 70);
		INSERT INTO $schema.counters SELECT i, i, i, repeat('n', 100) FROM generate_series(1, 20000) AS i;
		VACUUM ANALYZE $schema.counters});
}
sub set_val { my ($schema, $times) = @_; run_prepared("UPDATE $schema . counters SET val = val + 1 WHERE id = \$1", 1 .. $times) }

# Another schema's table of the same name: its writes get slower, which is nothing to this index.
run_prepared('SELECT id, note FROM a.counters WHERE val = $1', 1 .. 60);
set_val('b', 3000);
$job = apply_index($node, 'a.counters', 'a_val', 'CREATE INDEX a_val ON a.counters (val)', queryid('SELECT id, note FROM a.counters%'));
is(wait_for_job($node, $job), 'verifying', 'an index of a schema');
$node->safe_psql('postgres', "CREATE INDEX b_$_ ON b.counters (val, id)") for 1 .. 3;
set_val('b', 3000);
run_prepared('SELECT id, note FROM a.counters WHERE val = $1', 1 .. 60);
is(wait_for_verdict($node, $job), 'kept', 'is kept');
is(said($job, 'judgement', 'UPDATE%'), 'none', 'the other schema has nothing to do with it');

# Names that want quotes, and texts that no pattern would find: the index makes updates that were HOT cold.
my $rare = 'SELECT id FROM "my-app".counters WHERE val > 1000000 LIMIT $1';
run_prepared($rare, (5) x 40);
set_val('"my-app"', 3000);
$job = apply_index($node, '"my-app".counters', 'app_val', 'CREATE INDEX app_val ON "my-app".counters (val)', queryid('SELECT id FROM "my-app"%'));
is(wait_for_job($node, $job), 'verifying', 'an index that makes updates cold');
set_val('"my-app"', 6000);
run_prepared($rare, (5) x 41);
like(wait_for_verdict($node, $job), qr/^(kept|regressed)$/, 'is judged');
is(said($job, 'judgement', 'UPDATE%'), 'slower', 'by its updates, too');
is(said($job, 'kind', 'UPDATE%'), 'write', 'which are known as writes');
like(reason($node, $job), qr/\[UPDATE "my-app"\s?\.\s?counters SET .*blocks per call, seen in/, 'and named');
$node->safe_psql('postgres', "SELECT clipperf_revert($job)");
ok(wait_for_state($node, $job, 'reverted'), 'it is reverted');

# Two indexes at once, one of which makes updates cold: only that is charged with it.
$node->safe_psql('postgres', q{CREATE TABLE pair (LIKE a.counters INCLUDING ALL) WITH (fillfactor = 70);
	INSERT INTO pair SELECT i, i, i, repeat('n', 100) FROM generate_series(1, 20000) AS i; VACUUM ANALYZE pair});
$node->safe_psql('postgres', q{DROP INDEX pair_val_idx}) if $node->safe_psql('postgres', "SELECT to_regclass('pair_val_idx') IS NOT NULL") eq 't';
my $update = 'UPDATE pair SET val = val + 1 WHERE id = $1';
run_prepared($update, 1 .. 3000);
run_prepared('SELECT id FROM pair WHERE made = $1', 1 .. 60);
run_prepared('SELECT id FROM pair WHERE val = $1', 1 .. 2);
my $guilty = apply_index($node, 'pair', 'pair_val', 'CREATE INDEX pair_val ON pair (val)', queryid('SELECT id FROM pair WHERE val%'));
my $innocent = apply_index($node, 'pair', 'pair_made', 'CREATE INDEX pair_made ON pair (made)', queryid('SELECT id FROM pair WHERE made%'));
is(wait_for_job($node, $_), 'verifying', 'one of two indexes is built') foreach $guilty, $innocent;
run_prepared($update, 1 .. 12000);
run_prepared('SELECT id FROM pair WHERE made = $1', 1 .. 60);
is(wait_for_verdict($node, $innocent), 'kept', 'the innocent one is kept');
is(said($innocent, 'judgement', 'UPDATE%'), 'same', 'the updates are not its own');
set('clipperf.verify_time = 1');
is(wait_for_verdict($node, $guilty), 'regressed', 'the other one is not');
is(said($guilty, 'judgement', 'UPDATE%'), 'slower', 'as it makes updates slower');
is(said($guilty, 'write_overhead_share', 'UPDATE%'), '1.00', 'alone');
set('clipperf.verify_time = 300');

# Useful only at night: what it costs by day is its price, as long as the night has not come.
$node->safe_psql('postgres', q{CREATE TABLE night (id int PRIMARY KEY, val int, note text) WITH (fillfactor = 70);
	INSERT INTO night SELECT i, i, repeat('n', 100) FROM generate_series(1, 20000) AS i; VACUUM ANALYZE night});
run_prepared('SELECT note FROM night WHERE val = $1', 1 .. 60);
run_prepared('SELECT note FROM night WHERE id = $1', 1 .. 60);
run_prepared('UPDATE night SET val = val + 1 WHERE id = $1', 1 .. 3000);
$job = apply_index($node, 'night', 'night_val', 'CREATE INDEX night_val ON night (val)',
	queryid('SELECT note FROM night WHERE val%') . ',' . queryid('SELECT note FROM night WHERE id%'));
is(wait_for_job($node, $job), 'verifying', 'an index for the night');
run_prepared('UPDATE night SET val = val + 1 WHERE id = $1', 1 .. 3000);
run_prepared('SELECT note FROM night WHERE id = $1', 1 .. 60);
is(still_watched($job), 'verifying', 'by day it only costs, and is watched');
run_prepared('SELECT note FROM night WHERE val = $1', 1 .. 60);
is(wait_for_verdict($node, $job), 'kept', 'at night it is worth it');

# A drop that was recommended for no statement at all is verified on all that read the table.
$node->safe_psql('postgres', q{CREATE TABLE dropped (id int PRIMARY KEY, a int NOT NULL, b text NOT NULL, c int);
	INSERT INTO dropped SELECT i, i / 20, md5(i::text), i FROM generate_series(1, 200000) AS i;
	CREATE INDEX dropped_a ON dropped (a); CREATE INDEX dropped_ab ON dropped (a, b); VACUUM ANALYZE dropped});
my $sum = 'SELECT sum(c) FROM dropped WHERE a BETWEEN $1 AND $1 + 20';
run_prepared($sum, 1 .. 200);
$job = apply_id($node, recommend($node, 'drop', 'dropped', 'dropped_a', 'DROP INDEX dropped_a'));
is($node->safe_psql('postgres', "SELECT queryids FROM _clipperf_job WHERE job = $job"), '{}', 'a drop is for no statement');
is(wait_for_job($node, $job), 'verifying', 'the index is dropped');
known_past($job, 0.02, 204);
run_prepared($sum, 1 .. 200);
is(wait_for_verdict($node, $job), 'regressed', 'and missed');
is(said($job, 'judgement', 'SELECT sum%'), 'slower', 'by a statement that reads the table');

apply_is_healthy($node, 'planted');
$node->stop;
done_testing();
