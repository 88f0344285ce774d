# A shutdown leaves no message of workers that ended, which is no news; one that is terminated otherwise is started again.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use BuildPhase;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('shutdown_log', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
BuildPhase->set_up($node, 'postgres');

# Queries for the processes of the workers.
my %workers = (
	'launcher' => "SELECT pid FROM pg_stat_activity WHERE backend_type = 'clipperf launcher'",
	'saver' => 'SELECT worker_pid AS pid FROM clipperf_info');

# The process of a worker, once there is one.
sub worker
{
	my ($name) = @_;
	$node->poll_query_until('postgres', "SELECT count(pid) = 1 FROM ($workers{$name}) AS w") or die "no $name";
	return $node->safe_psql('postgres', $workers{$name});
}

foreach my $mode ('fast', 'smart')
{
	my $offset = -s $node->logfile;
	worker($_) foreach keys %workers;
	$node->stop($mode);
	my $log = slurp_file($node->logfile, $offset);
	like($log, qr/database system is shut down/, "$mode: the server is shut down");
	unlike($log, qr/clipperf \w+" \(PID \d+\) exited/, "$mode: nothing is said of the workers");
	$node->start;
}

# With a build on its way, that goes on after the start.
my $build = BuildPhase->reach($node, 'building index: scanning table');
my $offset = -s $node->logfile;
$node->stop('fast');
my $log = slurp_file($node->logfile, $offset);
unlike($log, qr/clipperf \w+" \(PID \d+\) exited/, 'nothing is said of a builder that was told to end');
unlike($log, qr/terminated by signal|PANIC/, 'and nothing has crashed');
$node->start;
$build->release;
is(wait_for_job($node, $build->{job}), 'kept', 'the build was begun again');

# Who is terminated while the server runs is needed, and comes back.
foreach my $name (sort keys %workers)
{
	my $pid = worker($name);
	system_or_bail('pg_ctl', 'kill', 'TERM', $pid);
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($workers{$name}) AS w WHERE pid <> $pid"),
		"the $name is started again");
}
$node->stop;
done_testing();
