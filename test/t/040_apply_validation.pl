# A build that is interrupted while it validates its index: in the scan of the index, and in the sort of what that found.
#
# Nothing that a test can lock is used there, so nothing can hold a build in these phases but a signal. They are waited for in a
# loop within the server, which stops the process that builds, and does what is to be done if it is in the phase still. It may
# have been stopped while it held a lock of shared memory that this needs as well, such as that of the buffer which a look-up
# of the catalog reads: after 5 seconds it goes on by itself, and another job is tried.

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
	CREATE FUNCTION builder_in(phase_ text) RETURNS int LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_stat_clear_snapshot();
		RETURN (SELECT p.pid FROM pg_stat_progress_create_index AS p WHERE p.phase = phase_);
	END $$;
	-- Of no row, since the write of one fails when the command has ended already.
	CREATE FUNCTION shell(command text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L', command);
	END $$;
	CREATE FUNCTION do_in(job_ bigint, phase_ text, action text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		builder int;
		done bool;
	BEGIN
		LOOP
			builder := builder_in(phase_);
			IF builder IS NOT NULL THEN
				PERFORM shell(replace('kill -STOP $BUILDER; (
					n=0; while [ $n -lt 50 ] && grep -q "^State:.T" /proc/$BUILDER/status; do sleep 0.1; n=$((n + 1)); done
					kill -CONT $BUILDER) >/dev/null 2>&1 &', '$BUILDER', builder::text));
				IF builder_in(phase_) = builder THEN
					EXECUTE replace(replace(action, '$BUILDER', builder::text), '$JOB', job_::text);
					done := coalesce(pg_read_file(format('/proc/%s/stat', builder), 0, 1000, true) ~ '[)] T', false);
				END IF;
				PERFORM shell(format('kill -CONT %s || :', builder));
			END IF;
			-- After the phase the build waits for this very transaction.
			IF done IS NOT NULL OR EXISTS (SELECT FROM _clipperf_job WHERE job = job_ AND state NOT IN ('queued', 'building'))
				OR builder_in('waiting for old snapshots') IS NOT NULL THEN
				RETURN CASE WHEN done THEN 'done' ELSE 'missed' END;
			END IF;
		END LOOP;
	END $$;
});
my $number = 0;

# What runs a shell command on the server if the builder is stopped still.  One that ends the server waits for the end of this session.
my $end = '; while kill -0 $PPID 2>/dev/null; do sleep 0.1; done';

sub shell
{
	return "SELECT shell('if grep -q \"^State:.T\" /proc/\$BUILDER/status; then $_[0]; fi')";
}

my %faults = (
	'canceled' => [ 'SELECT clipperf_cancel($JOB)', 'canceled' ],
	'builder terminated' => [ shell('kill -TERM $BUILDER'), 'kept' ],
	'builder canceled' => [ shell('kill -INT $BUILDER'), 'canceled' ],
	'builder killed' => [ shell("kill -KILL \$BUILDER$end"), 'kept', 'restarts' ],
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
		my ($status, $out, $errors) = $node->psql('postgres', qq{
			SELECT job FROM clipperf_apply(ARRAY[$id]) \\gset
			\\echo :job
			SELECT do_in(:job, '$phase', '$quoted');});
		my ($job, $done) = split /\n/, $out;
		die $errors if $status == 3;
		return ($job, $index, $offset) if $status == 2 || $done eq 'done';
		wait_for_job($node, $job);
		$node->safe_psql('postgres', "DROP INDEX IF EXISTS $index");
	}
}

foreach my $fault (sort keys %faults)
{
	foreach my $phase ('index validation: scanning index', 'index validation: sorting tuples')
	{
		my ($action, $state, $outage) = @{ $faults{$fault} };
		my $name = "$phase, $fault";
		$action = shell("kill -QUIT $node->{_pid}; kill -CONT \$BUILDER$end") if ($outage || '') eq 'stops';
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
