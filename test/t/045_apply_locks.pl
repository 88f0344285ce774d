# Who waits for whom: what is in the way of a job is named, and no job is in the way of others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Application;
use Apply;
use BuildPhase;
use Capture;
use Test::More;

my $node = apply_server('locks', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'max_prepared_transactions = 5',
	'deadlock_timeout = 500ms');
BuildPhase->set_up($node, 'postgres');
my $application = Application->start($node, 'postgres', 'item');
my $number = 0;

# A new job on item.
sub job_on_item
{
	my ($ddl) = @_;
	my $index = 'item_lock_' . ++$number;
	return (apply_index($node, 'item', $index, sprintf($ddl || 'CREATE INDEX %s ON item (a, id)', $index)), $index);
}

# It is done, and its index taken away.
sub done_and_dropped
{
	my ($job, $index, $name) = @_;
	is(wait_for_job($node, $job), 'kept', $name);
	$node->safe_psql('postgres', "DROP INDEX $index");
}

# The builder waits, and has found no deadlock: whoever finds one later is its victim.
sub has_looked_for_deadlocks
{
	return $node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE backend_type = 'clipperf builder' AND NOT granted
		AND waitstart < clock_timestamp() - 2 * current_setting('deadlock_timeout')::interval");
}

my $holder = $node->background_psql('postgres', on_error_stop => 0);
my $other = $node->background_psql('postgres', on_error_stop => 0);

# A transaction that the build waits for wants the same lock as the build: no deadlock, and the build is the one to lose.
foreach my $statement ('ANALYZE item', 'LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE', 'ALTER TABLE item ALTER a SET STATISTICS 50')
{
	$holder->query_safe('BEGIN; UPDATE item SET a = a WHERE id = 200');
	my ($job, $index) = job_on_item();
	ok(phase($node, $job, 'waiting for writers before build'), 'a build waits for a transaction');
	ok(has_looked_for_deadlocks(), 'for a while');
	$holder->query($statement);
	is($holder->query('SELECT 1'), 1, "which can do $statement");
	ok(gave_way($node, $job), "$statement: the build gave way");
	$holder->query_safe('COMMIT');
	done_and_dropped($job, $index, "$statement: it is done afterwards");
}

# The same in a ring of three.
$holder->query_safe('BEGIN; UPDATE other SET n = 2');
$other->query_safe('BEGIN; UPDATE item SET a = a WHERE id = 200');
send_query($other, 'UPDATE other SET n = 3');
ok(waits_for_lock($node, 'UPDATE other%'), 'a transaction waits for another one');
my ($job, $index) = job_on_item();
ok(phase($node, $job, 'waiting for writers before build'), 'a build waits for it');
ok(has_looked_for_deadlocks(), 'for a while');
$holder->query('ANALYZE item');
is($holder->query('SELECT 1'), 1, 'that other one can do ANALYZE');
$holder->query_safe('COMMIT');
$other->query_safe('COMMIT');
done_and_dropped($job, $index, 'the build is done afterwards');

# VACUUM alone has no need to hurry.
my $build = BuildPhase->reach($node, 'building index: scanning table');
send_query($other, 'VACUUM item');
ok(waits_for_lock($node, 'VACUUM item%'), 'VACUUM waits for a build');
$application->goes_on('the application does not wait for either');
is(state($node, $build->{job}), 'building', 'nor does the build give way');
$build->release;
done_and_dropped($build->{job}, $build->{index}, 'it is done, and VACUUM after it');
is($other->query('SELECT 1'), 1, 'VACUUM is done');

# The table is locked against everybody when the job is looked at: the job waits, and can be canceled.
$application->ends_well('locks of the same kind');
$build = BuildPhase->reach($node, 'waiting');
send_query($other, 'BEGIN; LOCK TABLE item IN ACCESS EXCLUSIVE MODE');
ok(waits_for_lock($node, 'LOCK TABLE%'), 'another one wants to lock the table');
$node->poll_query_until('postgres', "SELECT reason LIKE '%wants to lock the table' OR reason LIKE '%has the table locked'
	FROM clipperf_jobs WHERE job = $build->{job}");
$build->release;
is($other->query('SELECT 1'), 1, 'the table is locked');
my $pid = $other->query('SELECT pg_backend_pid()');
ok($node->poll_query_until('postgres', "SELECT reason LIKE 'waits for process $pid (%), which has the table locked'
	FROM clipperf_jobs WHERE job = $build->{job}"), 'the job waits, and says for whom');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE relation = 'item'::regclass AND NOT granted"), 0,
	'without waiting for the lock');
is($node->safe_psql('postgres', "SELECT clipperf_cancel($build->{job})"), 't', 'it can be canceled');
is(wait_for_job($node, $build->{job}), 'canceled', 'by who is just looking at it, or at once');
$other->query_safe('COMMIT');

# A prepared transaction.
$node->append_conf('postgresql.conf', "clipperf.long_transaction = 0");
$node->reload;
$node->safe_psql('postgres', "BEGIN; UPDATE item SET a = a WHERE id = 200; PREPARE TRANSACTION 'it''s'");
($job, $index) = job_on_item();
ok(wait_for_state($node, $job, 'waiting'), 'a prepared transaction is waited for');
like(reason($node, $job), qr/^waits for prepared transaction 'it''s' \(prepared .* ago\) to end its transaction/, 'by name');
$node->safe_psql('postgres', "COMMIT PREPARED 'it''s'");
done_and_dropped($job, $index, 'then it is built');
$node->safe_psql('postgres', "BEGIN; LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE; PREPARE TRANSACTION 'locks'");
($job, $index) = job_on_item();
ok(wait_for_state($node, $job, 'waiting'), 'one that has the table locked, too');
like(reason($node, $job), qr/^waits for prepared transaction 'locks' \(.*\), which has the table locked/, 'by name');
$node->safe_psql('postgres', "COMMIT PREPARED 'locks'");
done_and_dropped($job, $index, 'then it is built');

# A drop waits for those who have used the table, before it begins; a build does not wait for readers' locks.
$node->safe_psql('postgres', 'CREATE INDEX item_gone ON item (a)');
$holder->query_safe('BEGIN; SELECT count(*) FROM item');
$job = apply_id($node, recommend($node, 'drop', 'item', 'item_gone', 'DROP INDEX item_gone'));
ok(wait_for_state($node, $job, 'waiting'), 'a drop waits for who has read the table');
like(reason($node, $job), qr/^waits for process \d+ .* to end its transaction/, 'by name');
is(invalid_indexes($node), '', 'and has not begun');
($job, $index) = job_on_item();
$holder->query_safe('COMMIT');
done_and_dropped($job, $index, 'a build does not');
$node->append_conf('postgresql.conf', "clipperf.long_transaction = 1h");
$node->reload;

# The name of the index is taken at the last moment, by a transaction that was not to be seen: another one is chosen.
$build = BuildPhase->reach($node, 'initializing');
$_->query_safe('COMMIT') foreach @{ $build->{sessions} };
is(wait_for_job($node, $build->{job}), 'kept', 'a name that is taken meanwhile is no failure');
like(reason($node, $build->{job}), qr/^built as "idx_item.*", since the name "$build->{index}" is taken/, 'another one is chosen');
$build->release;
$node->safe_psql('postgres', "DROP SEQUENCE $build->{index}");
$index = $node->safe_psql('postgres', "SELECT index_name FROM clipperf_jobs WHERE job = $build->{job}");
$node->safe_psql('postgres', "DROP INDEX $index");

# clipperf_wait() holds up no build, and no build goes on without one that has written.
($job, $index) = job_on_item();
is(wait_for_job($node, $job), 'kept', 'who waits is not waited for');
$node->safe_psql('postgres', "DROP INDEX $index");
$build = BuildPhase->reach($node, 'building index: sorting live tuples');
failed_with($node, 'postgres', "DO \$\$ BEGIN UPDATE item SET a = a + 1 WHERE id = 201; PERFORM clipperf_wait($build->{job}); END \$\$",
	'25001', qr/in a transaction that has used tables/, 'clipperf_wait() refuses to wait after a write');
failed_with($node, 'postgres', "DO \$\$ BEGIN PERFORM count(*) FROM item; PERFORM clipperf_wait($build->{job}); END \$\$",
	'25001', qr/in a transaction that has used tables/, 'nor after a read');
$other->query_safe('CREATE PROCEDURE wait_and_write(job bigint) LANGUAGE plpgsql AS $$
	BEGIN PERFORM clipperf_wait(job, \'1ms\'); UPDATE item SET a = a + 1 WHERE id = 202; END $$');
failed_with($node, 'postgres', "CALL wait_and_write($build->{job})",
	'25001', qr/must be called in a statement of its own/, 'nor in a statement that goes on to write');
$build->release;
is(wait_for_job($node, $build->{job}), 'kept', 'the build is done');
ok(index_is_complete($node, $build->{index}, 'item', 'stops(a)'), 'the index has its row');

$_->quit foreach $holder, $other;
apply_is_healthy($node, 'locks');
$node->stop;
done_testing();
