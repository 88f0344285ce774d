# Others at work while an index is built: DDL, drops, locks, two callers, databases, roles.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use Test::More;

my $node = apply_server('others', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'max_worker_processes = 6');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, a int, b int);
	INSERT INTO item SELECT n, n, n FROM generate_series(1, 1000) AS n;
	CREATE TABLE other AS SELECT 1 AS n;
});

# A session that keeps builds of all tables from ending.
sub hold
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
	return $session;
}

# ALTER TABLE during a build: it does not wait long, nor does anybody behind it; the build is done afterwards.
my $holder = hold();
my $job = apply_index($node, 'item', 'item_a', 'CREATE INDEX item_a ON item (a)');
ok(phase($node, $job, 'waiting for old snapshots'), 'a build goes on');
$node->safe_psql('postgres', "SET lock_timeout = '60s'; ALTER TABLE item ADD COLUMN c int");
ok(gave_way($node, $job), 'the build gave way, and says for whom');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $job), 'kept', 'it is done afterwards');

# The transaction that the build waits for wants the table itself: not a deadlock, and the build is the one to lose.
$holder->query_safe('BEGIN; UPDATE item SET b = 0 WHERE id = 1');
$job = apply_index($node, 'item', 'item_ab', 'CREATE INDEX item_ab ON item (a, b)');
ok(phase($node, $job, 'waiting for writers before build'), 'a build waits for a transaction');
$holder->query_safe('ALTER TABLE item ADD COLUMN d int');
is($holder->query('SELECT 1'), 1, 'which can change the table');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $job), 'kept', 'and the build is done afterwards');

# A long transaction is waited for before the build begins, by name.
$node->append_conf('postgresql.conf', "clipperf.long_transaction = 0");
$node->reload;
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
$job = apply_index($node, 'item', 'item_b', 'CREATE INDEX item_b ON item (b)');
ok(wait_for_state($node, $job, 'waiting'), 'a long transaction is waited for');
like(reason($node, $job), qr/^waits for process \d+ \(application .*, idle in transaction, transaction open for .*\) to end its transaction/,
	'it is named');
is($node->safe_psql('postgres', "SELECT clipperf_cancel($job)"), 't', 'who waits can be canceled');
is(wait_for_job($node, $job), 'canceled', 'by who is just looking at it, or at once');
$holder->query_safe('COMMIT');
$node->append_conf('postgresql.conf', "clipperf.long_transaction = 1h");
$node->reload;

# A lock that the build needs.
$holder->query_safe('BEGIN; LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE');
$job = apply_index($node, 'item', 'item_b', 'CREATE INDEX item_b ON item (b)');
ok(wait_for_state($node, $job, 'waiting'), 'a lock is waited for');
like(reason($node, $job), qr/^waits for process \d+ .*, which has the table locked/, 'its holder is named');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $job), 'kept', 'then it is built');

# DROP TABLE during a build.
$node->safe_psql('postgres', 'CREATE TABLE doomed AS SELECT 1 AS n');
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
$job = apply_index($node, 'doomed', 'doomed_n', 'CREATE INDEX doomed_n ON doomed (n)');
ok(phase($node, $job, 'waiting for old snapshots'), 'a build goes on');
$node->safe_psql('postgres', 'DROP TABLE doomed');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $job), 'failed', 'its table is dropped');
like(reason($node, $job), qr/doomed no longer exists/, 'it says so');

# Two sessions apply the same.
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
my $id = recommend($node, 'create', 'item', 'item_twice', 'CREATE INDEX item_twice ON item (b, a)');
$job = apply_id($node, $id);
ok(phase($node, $job, 'waiting for old snapshots'), 'a build goes on');
is(apply_id($node, $id), $job, 'who asks for the same gets the same job');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $job), 'kept', 'which is done once');
my $one = $node->background_psql('postgres');
my $two = $node->background_psql('postgres');
$id = recommend($node, 'create', 'item', 'item_both', 'CREATE INDEX item_both ON item (b, id)');
my $first = $one->query_safe("BEGIN; SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => true)");
send_query($two, "SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => true)");
ok(waits_for_lock($node, 'SELECT job FROM clipperf_apply%'), 'asked for at the same moment: the second one waits for the first');
$one->query_safe('COMMIT');
is($two->query_safe('SELECT 2'), "$first\n2", 'and is given the same job');
is(wait_for_job($node, $first), 'kept', 'which is done once');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%(b, id)'"), 1, 'there is one index');

# Rolled back: no job. Prepared: refused.
$one->query_safe("BEGIN; SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => true); ROLLBACK");
is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_jobs WHERE state = 'queued'"), 0,
	'what is rolled back was not asked for');
$_->quit foreach $one, $two;

# Several databases.
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', 'CREATE EXTENSION clipperf; CREATE TABLE item (a int)');
$job = apply_index($node, 'item', 'item_a', 'CREATE INDEX item_a ON item (a)', undef, 'second');
is(wait_for_job($node, $job, 'second'), 'kept', 'jobs of another database are done');
is($node->safe_psql('second', "SELECT count(*) FROM pg_indexes WHERE indexname = 'item_a'"), 1, 'there');

# DROP EXTENSION and DROP DATABASE while jobs are there.
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
$job = apply_index($node, 'item', 'item_ext', 'CREATE INDEX item_ext ON item (a, b, id)');
ok(phase($node, $job, 'waiting for old snapshots'), 'a build goes on');
$node->safe_psql('postgres', 'DROP EXTENSION clipperf');
$node->safe_psql('postgres', 'CREATE EXTENSION clipperf');
my $same = recommend($node, 'create', 'item', 'item_new', 'CREATE INDEX item_new ON item (id, b)');
$holder->query_safe('COMMIT');
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'clipperf builder'"),
	'DROP EXTENSION: the build ends');
is(wait_for_job($node, apply_id($node, $same)), 'kept', 'a new extension works');
$node->safe_psql('second', 'CREATE TABLE other AS SELECT 1');
$two = $node->background_psql('second');
$two->query_safe('BEGIN; INSERT INTO item VALUES (1)');
$job = apply_index($node, 'item', 'item_aa', 'CREATE INDEX item_aa ON item (a, a)', undef, 'second');
ok($node->poll_query_until('second', "SELECT coalesce(phase, '') LIKE 'waiting%' FROM clipperf_jobs WHERE job = $job"),
	'a build in another database');
$node->safe_psql('postgres', 'DROP DATABASE second WITH (FORCE)');
eval { $two->quit };
is(wait_for_job($node, apply_index($node, 'item', 'item_last', 'CREATE INDEX item_last ON item (id, a)')), 'kept',
	'DROP DATABASE in mid-build: other jobs go on');

# No process to be had: it says so, and goes on when there is one.
$holder->quit;
$node->append_conf('postgresql.conf', 'max_worker_processes = 3');
$node->restart;
$job = apply_index($node, 'item', 'item_slots', 'CREATE INDEX item_slots ON item (b, id, a)');
ok($node->poll_query_until('postgres', qq{
	SELECT reason LIKE '%waits for a free background worker; max_worker_processes is 3' FROM clipperf_jobs WHERE job = $job}),
	'no process is to be had: the job says so');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
is(wait_for_job($node, $job), 'kept', 'it is done when there is one');

# The role that asked: has its rights and no more, and may be gone.
$node->safe_psql('postgres', q{
	CREATE ROLE owner_of_item NOLOGIN; CREATE ROLE stranger;
	CREATE TABLE owned (a int); INSERT INTO owned VALUES (1); ALTER TABLE owned OWNER TO owner_of_item;
	GRANT CREATE ON SCHEMA public TO owner_of_item;
	GRANT EXECUTE ON FUNCTION clipperf_apply(bigint[], text, boolean, boolean) TO owner_of_item, stranger;
	GRANT pg_read_all_stats TO owner_of_item, stranger;
	CREATE TABLE who (name text); GRANT INSERT ON who TO PUBLIC;
});
$id = recommend($node, 'create', 'owned', 'owned_a', 'CREATE INDEX owned_a ON owned (a)');
failed_with($node, 'postgres', "SET ROLE stranger; SELECT * FROM clipperf_apply(ARRAY[$id])", '42501',
	qr/must be owner of table owned/, 'a stranger is refused at once');
$job = $node->safe_psql('postgres', "SET ROLE owner_of_item; SELECT job FROM clipperf_apply(ARRAY[$id])");
is(wait_for_job($node, $job), 'kept', 'the owner, who cannot even log in, is served');
is($node->safe_psql('postgres', "SELECT made_by FROM clipperf_jobs WHERE job = $job"), 'owner_of_item', 'by a build of his');
is($node->safe_psql('postgres', "SELECT relowner::regrole FROM pg_class WHERE relname = 'owned_a'"), 'owner_of_item', 'in his name');
failed_with($node, 'postgres', "SET ROLE stranger; SELECT clipperf_revert($job)", '42501', qr/permission denied/,
	'taking back is nobody\'s right by default');

# A function in an index expression is run as the owner of the table, and cannot become another.
$node->safe_psql('postgres', q{
	SET ROLE owner_of_item;
	CREATE FUNCTION spy(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN
		BEGIN
			PERFORM set_config('session_authorization', (SELECT rolname FROM pg_roles WHERE oid = 10), false);
			RAISE EXCEPTION 'escaped';
		EXCEPTION WHEN insufficient_privilege THEN NULL;
		END;
		IF current_user <> 'owner_of_item' THEN RAISE EXCEPTION 'runs as %', current_user; END IF;
		RETURN $1;
	END $$;
});
$job = apply_index($node, 'owned', 'owned_spy', 'CREATE INDEX owned_spy ON owned (spy(a))');
is(wait_for_job($node, $job), 'kept', 'a function in an expression runs as the owner of the table');
diag(reason($node, $job)) if state($node, $job) ne 'kept';

$holder = hold();
$node->safe_psql('postgres', q{CREATE ROLE passing; CREATE TABLE his (a int); ALTER TABLE his OWNER TO passing;
	GRANT EXECUTE ON FUNCTION clipperf_apply(bigint[], text, boolean, boolean) TO passing;
	GRANT pg_read_all_stats TO passing; GRANT CREATE ON SCHEMA public TO passing});
$id = recommend($node, 'create', 'item', 'blocker', 'CREATE INDEX blocker ON item (a, id, b)');
my $blocker = apply_id($node, $id);
ok(phase($node, $blocker, 'waiting for old snapshots'), 'the only builder is busy');
$id = recommend($node, 'create', 'his', 'his_a', 'CREATE INDEX his_a ON his (a)');
$job = $node->safe_psql('postgres', "SET ROLE passing; SELECT job FROM clipperf_apply(ARRAY[$id])");
$node->safe_psql('postgres', 'ALTER TABLE his OWNER TO CURRENT_USER; DROP OWNED BY passing; DROP ROLE passing');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $job), 'failed', 'a job whose role is dropped fails');
like(reason($node, $job), qr/the role that asked for it no longer exists/, 'and says so');
$holder->quit;

# One that is done says so, too: nobody can take it back as that role any more.
$node->safe_psql('postgres', q{CREATE ROLE leaving; CREATE ROLE staying; CREATE TABLE left_behind (a int); ALTER TABLE left_behind OWNER TO leaving;
	GRANT EXECUTE ON FUNCTION clipperf_apply(bigint[], text, boolean, boolean) TO leaving;
	GRANT pg_read_all_stats TO leaving; GRANT CREATE ON SCHEMA public TO leaving});
$id = recommend($node, 'create', 'left_behind', 'left_behind_a', 'CREATE INDEX left_behind_a ON left_behind (a)');
$job = $node->safe_psql('postgres', "SET ROLE leaving; SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => false)");
unlike(reason($node, $job) // '', qr/no longer exists/, 'a job whose role is there does not say that it is gone');
$node->safe_psql('postgres', 'REASSIGN OWNED BY leaving TO staying; DROP OWNED BY leaving; DROP ROLE leaving');
like($node->safe_psql('postgres', "SET ROLE staying; SELECT reason FROM clipperf_jobs WHERE job = $job"),
	qr/the role that asked for it no longer exists$/, 'but when it is gone, to who owns the table now');

# Timeouts of the caller are his alone.
$id = recommend($node, 'create', 'item', 'item_time', 'CREATE INDEX item_time ON item (b, b)');
$job = $node->safe_psql('postgres', "SET statement_timeout = '5s'; SET lock_timeout = 1; SET idle_in_transaction_session_timeout = 1;
	SELECT job FROM clipperf_apply(ARRAY[$id])");
is(wait_for_job($node, $job), 'kept', 'timeouts of the caller do not reach the build');

apply_is_healthy($node, 'others');
$node->stop;
done_testing();
