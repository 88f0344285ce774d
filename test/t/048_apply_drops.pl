# Drops that are interrupted in each of their stages, and indexes of partitioned tables that are.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Application;
use Apply;
use BuildPhase;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('drops', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
BuildPhase->set_up($node, 'postgres');

sub builder
{
	return $node->safe_psql('postgres', 'SELECT worker_pid FROM clipperf_jobs WHERE worker_pid IS NOT NULL');
}

sub kill_builder
{
	my $offset = -s $node->logfile;
	PostgreSQL::Test::Utils::system_or_bail('pg_ctl', 'kill', 'KILL', builder());
	$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
}

sub crash
{
	$node->stop('immediate');
	$node->start;
}

# A session within a transaction that has read the table.
sub reader
{
	my ($begin) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe(($begin || 'BEGIN') . '; SELECT count(*) FROM item');
	return $session;
}

sub leave
{
	foreach my $session (@_)
	{
		eval { $session->query('COMMIT') };
		eval { $session->quit };
	}
}

# Waits until the index is as the condition on pg_index says.
sub index_is
{
	my ($index, $condition) = @_;
	return $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_index WHERE indexrelid = to_regclass('$index') AND $condition");
}

my $number = 0;

# A job that drops a new index, in stage 1: the index is INVALID, but kept up to date; or 2: it is dead. Returns the
# job, the name of the index, and the sessions that hold the drop there.
sub drop_in_stage
{
	my ($stage, $begin) = @_;
	my $index = 'item_drop_' . ++$number;
	$node->safe_psql('postgres', "CREATE INDEX $index ON item (a, id)");
	my @readers = reader($begin);
	my $job = apply_id($node, recommend($node, 'drop', 'item', $index, "DROP INDEX $index"));
	ok(index_is($index, 'NOT indisvalid AND indislive'), "a drop is in stage 1");
	return ($job, $index, @readers) if $stage == 1;

	push @readers, reader();
	leave(shift @readers);
	ok(index_is($index, 'NOT indislive'), "a drop is in stage 2");
	return ($job, $index, @readers);
}

sub check
{
	my ($name, $job, $state, $index, $stays) = @_;
	is(wait_for_job($node, $job), $state, "$name: the job is $state");
	is(invalid_indexes($node), '', "$name: nothing INVALID is left");
	is(index_names($node, 'item\\_drop%'), $stays ? $index : '', "$name: the index " . ($stays ? 'stays' : 'is gone'));
	ok(index_is_complete($node, $index, 'item'), "$name: and is complete") if $stays;
	ok(no_locks($node), "$name: no lock is left");
	$node->safe_psql('postgres', "DROP INDEX $index") if $stays;
}

my $application = Application->start($node, 'postgres', 'item');

# Canceled, in stage 1: the index is as before. In stage 2 it is too late.
my ($job, $index, @readers) = drop_in_stage(1);
is($node->safe_psql('postgres', "SELECT clipperf_cancel($job)"), 't', 'a drop can be canceled');
$node->poll_query_until('postgres', "SELECT phase IS NOT NULL FROM clipperf_jobs WHERE job = $job");
like(reason($node, $job), qr/^canceled by .*; what was begun is undone$/, 'it says that it undoes the drop');
$application->goes_on('the application works on');
leave(@readers);
check('stage 1, canceled', $job, 'canceled', $index, 1);
like(reason($node, $job), qr/^canceled by \S+$/, 'stage 1, canceled: it says by whom');

($job, $index, @readers) = drop_in_stage(2);
is($node->safe_psql('postgres', "SELECT clipperf_cancel($job)"), 't', 'a drop can be canceled late');
leave(@readers);
check('stage 2, canceled', $job, 'canceled', $index, 0);
like(reason($node, $job), qr/^canceled by .*; the index was dropped by then$/, 'stage 2, canceled: it says that it was too late');
is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 't', 'but the drop can be reverted');
check('stage 2, reverted', $job, 'reverted', $index, 1);

# Its process ends: the drop is done by another one.
foreach my $stage (1, 2)
{
	($job, $index, @readers) = drop_in_stage($stage);
	$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . builder() . ')');
	leave(@readers);
	check("stage $stage, terminated", $job, 'kept', $index, 0);
}

# Somebody wants to lock the table: the drop gives way and is done afterwards, or undone.
foreach my $end ('kept', 'canceled')
{
	($job, $index, @readers) = drop_in_stage(1);
	$readers[0]->query_safe('ALTER TABLE item ADD COLUMN more int');
	ok(wait_for_state($node, $job, 'waiting'), 'a drop gives way to ALTER TABLE');
	$node->safe_psql('postgres', "SELECT clipperf_cancel($job)") if $end eq 'canceled';
	$readers[0]->query_safe('ALTER TABLE item DROP COLUMN more');
	leave(@readers);
	check("gave way, $end", $job, $end, $index, $end eq 'canceled');
}

# What a job built is reverted, which is canceled.
$job = apply_index($node, 'item', 'item_drop_built', 'CREATE INDEX item_drop_built ON item (a, id)');
is(wait_for_job($node, $job), 'kept', 'an index is built');
@readers = reader();
is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 't', 'and to be reverted');
ok(index_is('item_drop_built', 'NOT indisvalid'), 'its drop has begun');
is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 't', 'to ask for that again changes nothing');
is($node->safe_psql('postgres', "SELECT clipperf_cancel($job)"), 't', 'it can be canceled');
leave(@readers);
check('revert canceled', $job, 'canceled', 'item_drop_built', 1);
$application->ends_well('drops');

# Killed, and the server stopped; also while the drop is undone, before and after the rebuilt index has taken its place.
$application = Application->start($node, 'postgres', 'item');
foreach my $fault (\&kill_builder, \&crash)
{
	my $name = $fault == \&crash ? 'server stopped' : 'builder killed';
	foreach my $stage (1, 2)
	{
		($job, $index, @readers) = drop_in_stage($stage);
		$fault->();
		leave(@readers);
		check("stage $stage, $name", $job, 'kept', $index, 0);
	}
	foreach my $begin ('BEGIN ISOLATION LEVEL REPEATABLE READ', 'BEGIN')
	{
		($job, $index, @readers) = drop_in_stage(1, $begin);
		$node->safe_psql('postgres', "SELECT clipperf_cancel($job)");
		my $phase = $begin eq 'BEGIN' ? 'waiting for readers before marking dead' : 'waiting for old snapshots';
		ok(phase($node, $job, $phase), "the drop is undone: $phase");
		$fault->();
		leave(@readers);
		check("undone, $phase, $name", $job, 'canceled', $index, 1);
	}
}
$application->ends_well('drops', 1);

# ------------------------------------------------------------------------
# Partitioned tables
# ------------------------------------------------------------------------

$node->safe_psql('postgres', q{
	CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
	CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000) PARTITION BY RANGE (id);
	CREATE TABLE part_2a PARTITION OF part_2 FOR VALUES FROM (1000) TO (2000);
	INSERT INTO parts SELECT n * 20, n FROM generate_series(0, 99) AS n;
});

# The indexes of the table and of its partitions.
sub indexes_of_parts
{
	return $node->safe_psql('postgres', "SELECT count(*) FROM pg_index WHERE indrelid::regclass::text ~ '^part'");
}

# A job whose build is in a partition: the first or the last one. Returns the session that holds it there, too.
sub build_in_partition
{
	my ($which) = @_;
	my $holder = $node->background_psql('postgres', on_error_stop => 0);
	if ($which eq 'first')
	{
		BuildPhase::lock_phase($holder, 'building index: scanning table');
	}
	else
	{
		$holder->query_safe('BEGIN; UPDATE part_2a SET a = a');
	}
	my $new = apply_index($node, 'parts', 'parts_a', 'CREATE INDEX parts_a ON parts (stops(a))');
	phase($node, $new, $which eq 'first' ? 'building index' : 'waiting for writers before build');
	return ($new, $holder);
}

foreach my $which ('first', 'last')
{
	my %faults = (
		'canceled' => sub { $node->safe_psql('postgres', "SELECT clipperf_cancel($_[0])") },
		'terminated' => sub { $node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . builder() . ')') },
		'killed' => \&kill_builder,
		'server stopped' => \&crash);
	foreach my $fault (sort keys %faults)
	{
		my ($new, $holder) = build_in_partition($which);
		is($node->safe_psql('postgres', "SELECT count(*) FROM pg_index WHERE indrelid = 'part_1'::regclass AND indisvalid"),
			$which eq 'first' ? 0 : 1, "$which partition: the others have theirs");
		$faults{$fault}->($new);
		leave($holder);
		is(wait_for_job($node, $new), $fault eq 'canceled' ? 'canceled' : 'kept', "$which partition, $fault: the job ends");
		is(invalid_indexes($node), '', "$which partition, $fault: nothing INVALID is left");
		is(indexes_of_parts(), $fault eq 'canceled' ? 0 : 4, "$which partition, $fault: all indexes are there, or none");
		ok(no_locks($node), "$which partition, $fault: no lock is left");
		$node->safe_psql('postgres', 'DROP INDEX IF EXISTS parts_a');
	}
}

# Killed, and canceled before another process goes on: by the job alone it is known what to remove.
my ($new, $holder) = build_in_partition('last');
$node->append_conf('postgresql.conf', 'max_worker_processes = 3');
crash();
leave($holder);
ok($node->poll_query_until('postgres', "SELECT _clipperf_apply_obstacle() LIKE '%max_worker_processes%'"), 'no process is to be had');
is($node->safe_psql('postgres', "SELECT clipperf_cancel($new)"), 't', 'who has died in building can be canceled');
like(reason($node, $new), qr/^canceled by .*; what was begun is undone/, 'it says what is to be done still');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
is(wait_for_job($node, $new), 'canceled', 'the next process does it');
is(indexes_of_parts(), 0, 'nothing is left');

# The last step waits for writers to any partition: named if they take long, and else for a moment only. Then the
# partitions' indexes stay, until the job ends.
$node->append_conf('postgresql.conf', 'clipperf.long_transaction = 0');
$node->reload;
foreach my $end ('kept', 'canceled', 'failed')
{
	$holder = $node->background_psql('postgres', on_error_stop => 0);
	BuildPhase::lock_phase($holder, 'building index: scanning table');
	$new = apply_index($node, 'parts', 'parts_a', 'CREATE INDEX parts_a ON parts (stops(a)) WHERE id >= 1000');
	phase($node, $new, 'building index');
	my $writer = $node->background_psql('postgres', on_error_stop => 0);
	$writer->query_safe('BEGIN; UPDATE part_1 SET a = a; SAVEPOINT s');
	BuildPhase::unlock_phase($holder, 'building index: scanning table');
	ok(wait_for_state($node, $new, 'waiting'), 'the last step waits for a writer');
	like(reason($node, $new), qr/^waits for process \d+ .* to end its transaction/, 'by name');
	$node->safe_psql('postgres', "SELECT clipperf_cancel($new)") if $end eq 'canceled';
	$node->safe_psql('postgres', "UPDATE _clipperf_job SET role = 'pg_monitor'::regrole WHERE job = $new") if $end eq 'failed';
	leave($writer);
	is(wait_for_job($node, $new), $end, "the last step: the job is $end");
	like(reason($node, $new), qr/must be owner/, 'the last step, failed: its role has lost its rights') if $end eq 'failed';
	is(indexes_of_parts(), $end eq 'kept' ? 4 : 0, "the last step, $end: all indexes are there, or none");
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS parts_a');
	leave($holder);
}
apply_is_healthy($node, 'drops');
$node->stop;
done_testing();
