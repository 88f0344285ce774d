# A build that is interrupted while it validates its index: in the scan of the index, and in the sort of what that found.
#
# Nothing that a test can lock is used there, so nothing can hold a build in these phases but a signal. They are waited for in a
# loop within the server, which stops the process that builds, and does what is to be done if it is in the phase still.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Test::More;

my $node = apply_server('validation', 'clipperf.verify_calls = 0');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int, a int);
	INSERT INTO item SELECT n, n * 7919::bigint % 200003 FROM generate_series(1, 200000) AS n;
	CREATE FUNCTION do_in(job_ bigint, phase_ text, action text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		builder int;
	BEGIN
		LOOP
			PERFORM pg_stat_clear_snapshot();
			SELECT p.pid INTO builder FROM pg_stat_progress_create_index AS p WHERE p.phase = phase_;
			IF FOUND THEN
				EXECUTE format($sql$COPY (SELECT 1) TO PROGRAM 'kill -STOP %s'$sql$, builder);
				PERFORM pg_stat_clear_snapshot();
				EXIT WHEN EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.phase = phase_);
				EXECUTE format($sql$COPY (SELECT 1) TO PROGRAM 'kill -CONT %s'$sql$, builder);
			END IF;
			-- After the phase the build waits for this very transaction.
			IF EXISTS (SELECT FROM _clipperf_job WHERE job = job_ AND state NOT IN ('queued', 'building'))
				OR EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.phase = 'waiting for old snapshots') THEN
				RETURN 'missed';
			END IF;
		END LOOP;
		EXECUTE replace(replace(action, '$BUILDER', builder::text), '$JOB', job_::text);
		EXECUTE format($sql$COPY (SELECT 1) TO PROGRAM 'kill -CONT %s'$sql$, builder);
		RETURN 'done';
	END $$;
});
my $number = 0;

# A shell command, run by the server.
sub shell
{
	return "COPY (SELECT 1) TO PROGRAM '$_[0]'";
}

my %faults = (
	'canceled' => [ 'SELECT clipperf_cancel($JOB)', 'canceled' ],
	'builder terminated' => [ 'SELECT pg_terminate_backend($BUILDER)', 'kept' ],
	'builder canceled' => [ 'SELECT pg_cancel_backend($BUILDER)', 'canceled' ],
	'builder killed' => [ shell('kill -9 $BUILDER'), 'kept', 'restarts' ],
	'server stopped' => [ undef, 'kept', 'stops' ]);

# Makes a job, and does something to it in that phase; if it was too late for that, another one. Returns the job.
sub do_in_phase
{
	my ($phase, $action) = @_;
	my $quoted = $action =~ s/'/''/gr;
	while (1)
	{
		my $index = 'item_validated_' . ++$number;
		my $id = recommend($node, 'create', 'item', $index, "CREATE INDEX $index ON item (a) WITH (fillfactor = 10)");
		my $offset = -s $node->logfile;
		my ($status, $out) = $node->psql('postgres', qq{
			SELECT job FROM clipperf_apply(ARRAY[$id]) \\gset
			\\echo :job
			SELECT do_in(:job, '$phase', '$quoted');});
		my ($job, $done) = split /\n/, $out;
		return ($job, $index, $offset) if ($done || 'done') eq 'done';
		wait_for_job($node, $job);
		$node->safe_psql('postgres', "DROP INDEX $index");
	}
}

foreach my $fault (sort keys %faults)
{
	foreach my $phase ('index validation: scanning index', 'index validation: sorting tuples')
	{
		my ($action, $state, $outage) = @{ $faults{$fault} };
		my $name = "$phase, $fault";
		$action = shell("kill -QUIT $node->{_pid}; kill -CONT \$BUILDER") if ($outage || '') eq 'stops';
		my ($job, $index, $offset) = do_in_phase($phase, $action);
		if (($outage || '') eq 'stops')
		{
			$node->wait_for_log(qr/database system is shut down/, $offset);
			$node->_update_pid(0);
			$node->start;
		}
		$node->wait_for_log(qr/database system is ready to accept connections/, $offset) if $outage;
		is(wait_for_job($node, $job), $state, "$name: the job is $state");
		like(history($node, $job), $state eq 'kept' ? qr/^queued building (building )*queued building kept$/ : qr/^queued building building canceled$/,
			"$name: it says what happened");
		is(index_names($node, 'item\\_validated%'), $state eq 'kept' ? $index : '', "$name: " . ($state eq 'kept' ? 'the index is there' : 'no index is there'));
		is(invalid_indexes($node), '', "$name: nothing INVALID is left");
		if ($state eq 'kept')
		{
			ok(index_is_complete($node, $index, 'item'), "$name: the index is complete");
			$node->safe_psql('postgres', "DROP INDEX $index");
		}
		ok(no_locks($node), "$name: no lock is left");
	}
}
apply_is_healthy($node, 'validation');
$node->stop;
done_testing();
