# Nobody waits for ever for who has locked a table of ours, or changed a job, in a transaction that stays open: no worker, so
# that the jobs of others are done, and no caller of a function.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use BuildPhase;
use Capture;
use Test::More;

my $node = apply_server('waits', 'clipperf.verify_calls = 0', 'clipperf.max_build_workers = 1', 'clipperf.long_transaction = 1h');
BuildPhase->set_up($node, 'postgres');
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', 'CREATE EXTENSION clipperf; CREATE TABLE item (a int)');
my $number = 0;

# A job that is done at once, if its worker is.
sub is_done
{
	my ($database, $name) = @_;
	my $index = "quick_" . ++$number;
	my $job = apply_index($node, 'item', $index, "CREATE INDEX $index ON item (a) WHERE a > $number", '', $database);
	is(wait_for_job($node, $job, $database), 'kept', $name);
}

# Endpoints that are locked: jobs are done, and what has changed counts afterwards.
my $holder = $node->background_psql('postgres', on_error_stop => 0);
$holder->query_safe('BEGIN; LOCK TABLE clipperf_endpoints IN ACCESS EXCLUSIVE MODE');
is_done('postgres', 'endpoints are locked: a job is done');
is($node->safe_psql('postgres', 'SELECT count(*) FROM _clipperf_sync_endpoints()'), 1, 'and nobody waits who lets them count');
$holder->query_safe('COMMIT');

# The extension: a worker that waits there lets others go on.
$holder->query_safe('BEGIN; DROP EXTENSION clipperf');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'clipperf launcher'");
is_done('second', 'the extension is being dropped in one database: jobs of another are done');
$holder->query_safe('ROLLBACK');
is_done('postgres', 'then its own');

# A job that is done, but whose row is locked, keeps nobody from the table.
my $build = BuildPhase->reach($node, 'waiting for old snapshots');
$holder->query_safe("BEGIN; SELECT FROM _clipperf_job WHERE job = $build->{job} FOR UPDATE");
$build->release;
ok($node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
	WHERE NOT l.granted AND a.backend_type = 'clipperf builder')"), 'a worker waits for the row of its job');
is($node->safe_psql('postgres', 'VACUUM item; SELECT 1'), 1, 'the table is free, in the end');
is_done('second', 'jobs of another database are done');
$holder->query_safe('COMMIT');
is(wait_for_job($node, $build->{job}), 'kept', 'then the job is done');
$node->safe_psql('postgres', "DROP INDEX $build->{index}");

# Callers: what another one does in a transaction that stays open.
$build = BuildPhase->reach($node, 'waiting');
my $id = recommend($node, 'create', 'other', 'other_n', 'CREATE INDEX other_n ON other (n)');
$holder->query_safe("BEGIN; SELECT clipperf_cancel($build->{job}); SELECT clipperf_snapshot('held');
	SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => true)");
my %calls = (
	"SELECT clipperf_cancel($build->{job})" => qr/could not lock job.*Another session has changed it in a transaction/s,
	"SELECT clipperf_snapshot('other')" => qr/lock timeout.*Another session has called clipperf_snapshot\(\)/s,
	"SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => true)" => qr/lock timeout.*Another session has called clipperf_apply\(\)/s);
failed_with($node, 'postgres', "SET lock_timeout = '100ms'; $_", '55P03', qr/$calls{$_}.*Try again when that transaction has ended/s,
	"lock_timeout holds for $_") foreach sort keys %calls;
my %sessions = map { $_ => $node->background_psql('postgres', on_error_stop => 0) } keys %calls;
send_query($sessions{$_}, $_) foreach keys %calls;
foreach my $call (sort keys %calls)
{
	is($sessions{$call}->query('SELECT 1'), 1, "$call ends without it");
	like($sessions{$call}->{stderr}, $calls{$call}, 'and says why');
	$sessions{$call}->quit;
}
$holder->query_safe('ROLLBACK');
$build->release;
is(wait_for_job($node, $build->{job}), 'kept', 'what was not canceled in the end is done');
$holder->quit;

apply_is_healthy($node, 'waits');
$node->stop;
done_testing();
