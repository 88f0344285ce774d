# Several build workers: as many tables at once as clipperf.max_build_workers says, one job at a time for a table, in one
# database and in two. What one of them comes to is nothing to the others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('workers', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'clipperf.max_build_workers = 2',
	'max_worker_processes = 12');
my $tables = join ' ', map { "CREATE TABLE item_$_ (a int, b int); INSERT INTO item_$_ SELECT n, n FROM generate_series(1, 100) AS n;" } 1 .. 4;
$node->safe_psql('postgres', "CREATE TABLE other AS SELECT 1 AS n; $tables");
my $holder = $node->background_psql('postgres', on_error_stop => 0);
my $phase = 'waiting for old snapshots';

# No build comes to its end until release() is called.
sub hold
{
	$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
}

sub release
{
	$holder->query_safe('COMMIT');
}

sub job_on
{
	my ($table, $columns, $database) = @_;
	(my $index = "${table}_$columns") =~ s/\W+/_/g;
	return apply_index($node, $table, $index, "CREATE INDEX $index ON $table ($columns)", undef, $database);
}

# The job goes no further while the others are held, as long as a whole round of the launcher.
sub is_left_alone
{
	my ($job, $name) = @_;
	is($node->safe_psql('postgres', "SELECT state || coalesce(worker_pid::text, '') FROM clipperf_jobs WHERE job = $job"), 'queued', $name);
}

sub all_kept
{
	my ($name, @jobs) = @_;
	is(join(' ', map { wait_for_job($node, $_) } @jobs), join(' ', ('kept') x @jobs), $name);
	is(invalid_indexes($node), '', "$name: nothing INVALID is left");
	ok(no_locks($node), "$name: no lock is left");
}

# Two tables at once; the third waits for a worker, a second job on the first one for the first job.
hold();
my @jobs = map { job_on("item_$_", 'a') } 1, 2;
ok(phase($node, $_, $phase), 'two tables are worked on at once') foreach @jobs;
is($node->safe_psql('postgres', "SELECT count(DISTINCT worker_pid) FROM clipperf_jobs WHERE state = 'building'"), 2, 'by two processes');
push @jobs, job_on('item_3', 'a'), job_on('item_1', 'b');
is_left_alone($jobs[2], 'a third one is not, with two workers');

# One more worker: it takes the third table, and nobody takes the first one a second time.
$node->append_conf('postgresql.conf', 'clipperf.max_build_workers = 4');
$node->reload;
ok(phase($node, $jobs[2], $phase), 'with more workers it is');
push @jobs, job_on('item_4', 'a');
ok(phase($node, $jobs[4], $phase), 'and a fourth one');
is_left_alone($jobs[3], 'a table is worked on by one of them');
release();
all_kept('all are done', @jobs);
is($node->safe_psql('postgres', qq{
	SELECT b.changed_at >= k.changed_at FROM clipperf_job_changes AS b, clipperf_job_changes AS k
	WHERE b.job = $jobs[3] AND b.state = 'building' AND k.job = $jobs[0] AND k.state = 'kept'}), 't',
	'two jobs on one table follow each other');

# One is canceled, one gives way to DDL: the other one goes on undisturbed.
$node->append_conf('postgresql.conf', 'clipperf.max_build_workers = 3');
$node->reload;
hold();
@jobs = map { job_on("item_$_", 'a, b') } 1 .. 3;
ok(phase($node, $_, $phase), 'three builds') foreach @jobs;
my $pid = $node->safe_psql('postgres', "SELECT worker_pid FROM clipperf_jobs WHERE job = $jobs[2]");
is($node->safe_psql('postgres', "SELECT clipperf_cancel($jobs[0])"), 't', 'one is canceled');
is(wait_for_job($node, $jobs[0]), 'canceled', 'it ends');
$node->safe_psql('postgres', 'ALTER TABLE item_2 ADD COLUMN c int');
like(history($node, $jobs[1]), qr/^queued building /, 'one gives way to ALTER TABLE');
is($node->safe_psql('postgres', "SELECT worker_pid, attempts FROM clipperf_jobs WHERE job = $jobs[2]"), "$pid|0", 'the third one goes on');
release();
all_kept('those that were not canceled are done', @jobs[1, 2]);
is(index_names($node, 'item\\_1\\_a\\_b'), '', 'the one that was is not there');

# One of them is killed: all begin anew.
hold();
@jobs = map { job_on("item_$_", 'b, a') } 1 .. 3;
ok(phase($node, $_, $phase), 'three builds') foreach @jobs;
$pid = $node->safe_psql('postgres', "SELECT worker_pid FROM clipperf_jobs WHERE job = $jobs[1]");
my $offset = -s $node->logfile;
PostgreSQL::Test::Utils::system_or_bail('pg_ctl', 'kill', 'KILL', $pid);
$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
eval { $holder->quit };
all_kept('one is killed', @jobs);
$holder = $node->background_psql('postgres', on_error_stop => 0);

# Two databases at once.
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', "CREATE EXTENSION clipperf; $tables");
my $other = $node->background_psql('second', on_error_stop => 0);
$other->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM item_2');
hold();
my $first = job_on('item_1', 'b DESC, a');
my $second = job_on('item_1', 'b DESC, a', 'second');
ok(phase($node, $first, $phase), 'a build in one database');
ok($node->poll_query_until('second', "SELECT coalesce(phase = '$phase', false) FROM clipperf_jobs WHERE job = $second"),
	'and one in another database');
$other->query_safe('COMMIT');
is(wait_for_job($node, $second, 'second'), 'kept', 'which is done first');
is(state($node, $first), 'building', 'as it waits for its own database alone');
release();
all_kept('two databases', $first);

$_->quit foreach $holder, $other;
apply_is_healthy($node, 'workers');
$node->stop;
done_testing();
