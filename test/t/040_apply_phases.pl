# A build that is interrupted in each of its phases: canceled, its process terminated or killed, the launcher killed,
# the server stopped. The application works all the time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Application;
use Apply;
use BuildPhase;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('phases', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
BuildPhase->set_up($node, 'postgres');

sub launcher
{
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'clipperf launcher'");
}

# Kills a process, and waits until the server has restarted itself.
sub kill_process
{
	my ($pid) = @_;
	my $offset = -s $node->logfile;
	PostgreSQL::Test::Utils::system_or_bail('pg_ctl', 'kill', 'KILL', $pid);
	$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
}

# What is done to a build, and in which state its job ends.
my %faults = (
	'canceled' => [ sub { $node->safe_psql('postgres', "SELECT clipperf_cancel($_[0]->{job})") }, 'canceled' ],
	'reverted' => [ sub { $node->safe_psql('postgres', "SELECT clipperf_revert($_[0]->{job})") }, 'canceled' ],
	'builder terminated' => [ sub { $node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . $_[0]->builder . ')') }, 'kept' ],
	'builder killed' => [ sub { kill_process($_[0]->builder) }, 'kept' ],
	'launcher killed' => [ sub { kill_process(launcher()) }, 'kept' ],
	'server stopped' => [ sub { $node->stop('immediate'); $node->start }, 'kept' ]);

# What is found afterwards.
sub check
{
	my ($build, $fault, $state) = @_;
	my ($job, $index) = ($build->{job}, $build->{index});
	my $name = "$build->{phase}, $fault";

	is(wait_for_job($node, $job), $state, "$name: the job is $state");
	is(invalid_indexes($node), '', "$name: nothing INVALID is left");
	is(index_names($node, "item\\_%"), $state eq 'kept' ? $index : '', "$name: " . ($state eq 'kept' ? 'the index is there' : 'no index is there'));
	if ($state eq 'canceled')
	{
		like(reason($node, $job), qr/^canceled by /, "$name: it says by whom");
	}
	elsif ($build->{phase} !~ /^(queued|waiting)$/)
	{
		like(history($node, $job), qr/^queued (building )+queued (building )+kept$/, "$name: the job says what happened");
	}
	if ($state eq 'kept')
	{
		ok(index_is_complete($node, $index, 'item', 'stops(a)'), "$name: the index is complete");
		$node->safe_psql('postgres', "DROP INDEX $index");
	}
	if ($build->{before})
	{
		is(wait_for_job($node, $build->{before}), 'kept', "$name: the one before it is done");
		$node->safe_psql('postgres', "DROP INDEX before_$index");
	}
	ok(no_locks($node), "$name: no lock of a build is left");
}

foreach my $fault (sort keys %faults)
{
	my ($do, $state) = @{ $faults{$fault} };
	my $application = Application->start($node, 'postgres', 'item');

	foreach my $phase (BuildPhase->phases)
	{
		next if $fault =~ /builder/ && $phase eq 'waiting';
		my $build = BuildPhase->reach($node, $phase);
		$application->goes_on("$phase: the application works on");
		$do->($build);
		$build->release;
		check($build, $fault, $state);
	}
	$application->ends_well($fault, $state eq 'kept');
}
apply_is_healthy($node, 'phases');

# The launcher terminated: it is started again.
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . launcher() . ')');
is(wait_for_job($node, apply_index($node, 'other', 'other_nn', 'CREATE INDEX other_nn ON other (n, n)')), 'kept',
	'launcher terminated: jobs are done all the same');
apply_is_healthy($node, 'launcher');
$node->stop;
done_testing();
