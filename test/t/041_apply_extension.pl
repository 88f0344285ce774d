# DROP EXTENSION meets whoever is about to write a job: one of them waits for the other, and neither is a deadlock's
# victim.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use BuildPhase;
use Capture;
use Test::More;

my $node = apply_server('extension', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'deadlock_timeout = 100ms');

# A process waits for a lock, and goes on doing so after it has looked for a deadlock.
sub waits
{
	my ($who, $name) = @_;
	ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
		WHERE NOT l.granted AND $who AND l.waitstart < clock_timestamp() - 2 * current_setting('deadlock_timeout')::interval"), $name);
}

# DROP EXTENSION has locked some of our tables and comes to the next.
sub drop_halfway
{
	my ($blocker, $dropper) = @_;
	$blocker->query_safe('BEGIN; LOCK TABLE clipperf_scan_advice IN ACCESS SHARE MODE');
	send_query($dropper, 'DROP EXTENSION clipperf');
	waits("a.query LIKE 'DROP EXTENSION%' AND l.relation = 'clipperf_scan_advice'::regclass", 'DROP EXTENSION is halfway');
}

# It is done, and nobody lost.
sub dropped
{
	my ($blocker, $dropper, $name) = @_;
	$blocker->query_safe('COMMIT');
	is($dropper->query("SELECT count(*) FROM pg_extension WHERE extname = 'clipperf'"), '0', "$name: the extension is dropped");
	ok(no_builder($node, 'postgres'), "$name: no process is left");
	unlike(slurp_log(), qr/deadlock detected/, "$name: no deadlock");
	is(index_names($node, 'item\\_%'), '', "$name: no index is left");
	$node->safe_psql('postgres', 'CREATE EXTENSION clipperf');
}

sub slurp_log { return PostgreSQL::Test::Utils::slurp_file($node->logfile) }

BuildPhase->set_up($node, 'postgres');
my ($blocker, $dropper, $caller) = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 3;

# The builder has built, and wants to write so.
my $build = BuildPhase->reach($node, 'waiting for old snapshots');
drop_halfway($blocker, $dropper);
$build->release;
waits("a.backend_type = 'clipperf builder'", 'the builder waits, too');
dropped($blocker, $dropper, 'a builder');

# The same, and DROP EXTENSION takes longer than a builder waits for a table of ours: it tries again, and leaves nothing.
$build = BuildPhase->reach($node, 'waiting for old snapshots');
drop_halfway($blocker, $dropper);
$build->release;
waits("a.backend_type = 'clipperf builder'", 'the builder waits');
my $since = $node->safe_psql('postgres', "SELECT l.waitstart FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
	WHERE NOT l.granted AND a.backend_type = 'clipperf builder'");
ok($node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.backend_type = 'clipperf builder'
		AND NOT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = a.pid AND NOT l.granted AND l.waitstart > '$since'))"),
	'the builder waits again, or has ended');
dropped($blocker, $dropper, 'a builder that waits again');

# Somebody cancels a job.
$build = BuildPhase->reach($node, 'waiting');
drop_halfway($blocker, $dropper);
send_query($caller, "SELECT clipperf_cancel($build->{job})");
waits("a.query LIKE '%clipperf_cancel%'", 'the caller waits, too');
dropped($blocker, $dropper, 'a caller');
$build->release;
is($caller->query('SELECT 1'), '1', 'and has his answer');
$_->quit foreach $blocker, $dropper, $caller;

apply_is_healthy($node, 'DROP EXTENSION');
$node->stop;
done_testing();
