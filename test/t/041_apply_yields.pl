# Index commands of others while clipperf builds on the same table: theirs win, and ours waits without being in their way.
# What is renamed meanwhile is found all the same.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use BuildPhase;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('yields', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'clipperf.give_way_after = 50ms');
BuildPhase->set_up($node, 'postgres');
$node->safe_psql('postgres', 'CREATE INDEX item_theirs ON item (id, a)');

# A builder that waits for a lock on a table of ours could be waited for by whoever holds it.
sub builder_waits_for_table
{
	return $node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
		WHERE NOT l.granted AND l.locktype = 'relation' AND a.backend_type = 'clipperf builder'});
}

# In whichever phase the build is, and whichever command comes: it goes through, held up in its last phase for a while.
foreach my $phase ('building index: scanning table', 'building index: sorting live tuples', 'waiting for writers before build',
	'index validation: scanning table', 'waiting for old snapshots')
{
	foreach my $sql ('CREATE INDEX CONCURRENTLY item_user ON item (a)', 'REINDEX INDEX CONCURRENTLY item_theirs')
	{
		my $label = "$phase: " . (split / CONC/, $sql)[0];
		my $old = $node->background_psql('postgres', on_error_stop => 0);
		$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
		my $build = BuildPhase->reach($node, $phase);
		my $user = $node->background_psql('postgres', on_error_stop => 0);
		send_query($user, $sql);
		# Builds on item that wait for a writer let it go only when he has ended.
		ok(gave_way($node, $build->{job}), "$label: the build gives way");
		$build->release;
		ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_progress_create_index AS p
			JOIN pg_stat_activity AS a USING (pid) WHERE a.backend_type = 'client backend' AND p.phase = 'waiting for old snapshots'"),
			"$label: the command comes to its last phase");
		is(builder_waits_for_table(), 0, "$label: nobody of ours waits for the table");
		$old->query_safe('COMMIT');
		is($user->query('SELECT 1'), 1, "$label: it is done");
		unlike($user->{stderr}, qr/ERROR/, "$label: without an error");
		$_->quit foreach $old, $user;
		is(wait_for_job($node, $build->{job}), 'kept', "$label: then the build is");
		is(invalid_indexes($node), '', "$label: nothing INVALID is left");
		$node->safe_psql('postgres', "DROP INDEX IF EXISTS $build->{index}, item_user");
	}
}
unlike(slurp_file($node->logfile), qr/deadlock detected/, 'nobody has met a deadlock');

# An index that is renamed in mid-build.
my $build = BuildPhase->reach($node, 'waiting for old snapshots', index => 'named');
$node->safe_psql('postgres', 'ALTER INDEX named RENAME TO "re Named"');
$build->release;
is(wait_for_job($node, $build->{job}), 'kept', 'an index that is renamed in mid-build is kept');
is($node->safe_psql('postgres', "SELECT index_name FROM clipperf_jobs WHERE job = $build->{job}"), 're Named', 'by its new name');
$node->safe_psql('postgres', 'ALTER INDEX "re Named" RENAME TO again');
$node->safe_psql('postgres', "SELECT clipperf_revert($build->{job})");
ok(wait_for_state($node, $build->{job}, 'reverted'), 'renamed again, it is reverted');
is($node->safe_psql('postgres', "SELECT to_regclass('again') IS NULL"), 't', 'and gone');

# One that is renamed in mid-build, which is interrupted.
$build = BuildPhase->reach($node, 'waiting for old snapshots', index => 'broken');
$node->safe_psql('postgres', 'ALTER INDEX broken RENAME TO broken_off');
$node->safe_psql('postgres', "SELECT clipperf_cancel($build->{job})");
ok(wait_for_state($node, $build->{job}, 'canceled'), 'a build whose index was renamed is canceled');
$build->release;
is(invalid_indexes($node), '', 'and leaves nothing');

# A table that is renamed, or moved, in mid-build: the build gives way, and is done for the same table.
$build = BuildPhase->reach($node, 'waiting for old snapshots', index => 'moved');
$node->safe_psql('postgres', 'CREATE SCHEMA "New place"; ALTER TABLE item SET SCHEMA "New place"; ALTER TABLE "New place".item RENAME TO "Item"');
$build->release;
is(wait_for_job($node, $build->{job}), 'kept', 'a table that is renamed in mid-build has its index');
is($node->safe_psql('postgres', q{SELECT indrelid::regclass FROM pg_index WHERE indexrelid = '"New place".moved'::regclass}), '"New place"."Item"', 'and no other');

apply_is_healthy($node, 'yields');
$node->stop;
done_testing();
