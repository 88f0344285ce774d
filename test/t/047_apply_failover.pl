# The primary is lost while a build is in each of its phases: the standby that is promoted finishes the job.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Application;
use Apply;
use BuildPhase;
use Capture;
use PostgreSQL::Test::Cluster;
use Test::More;

my $first = apply_server('first', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
BuildPhase->set_up($first, 'postgres');
$first->backup('copy');
$first->stop;

foreach my $phase (BuildPhase->phases)
{
	(my $name = $phase) =~ s/\W+/_/g;
	my $primary = PostgreSQL::Test::Cluster->new("primary_$name");
	$primary->init_from_backup($first, 'copy');
	$primary->append_conf('postgresql.conf', 'synchronous_commit = on');
	$primary->start;
	$primary->backup('base');
	my $standby = PostgreSQL::Test::Cluster->new("standby_$name");
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	$standby->start;

	# What the application is told to be committed is on the standby.
	$primary->append_conf('postgresql.conf', "synchronous_standby_names = '*'");
	$primary->reload;
	my $application = Application->start($primary, 'postgres', 'item');
	my $build = BuildPhase->reach($primary, $phase);
	$application->goes_on("$phase: the application works on");
	my $state = state($primary, $build->{job});
	$primary->wait_for_catchup($standby);
	is(state($standby, $build->{job}), $state, "$phase: the standby knows the job");
	failed_with($standby, 'postgres', "SELECT clipperf_$_($build->{job})", '25006', qr/during recovery/, "$phase: it refuses to $_")
	  foreach 'cancel', 'revert', 'wait';
	is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'clipperf %er'
		AND backend_type <> 'clipperf saver'"), 0, "$phase: and has neither launcher nor builder");

	$primary->stop('immediate');
	$application->stop;
	$build->release;
	$standby->promote;
	is(wait_for_job($standby, $build->{job}), 'kept', "$phase: promoted, it finishes the job");
	is(invalid_indexes($standby), '', "$phase: nothing INVALID is left");
	ok(index_is_complete($standby, $build->{index}, 'item', 'stops(a)'), "$phase: the index is complete");
	ok(no_locks($standby), "$phase: no lock is left");
	$application->{node} = $standby;
	$application->ends_well($phase, 1);
	apply_is_healthy($standby, $phase);
	$standby->stop;
	$_->clean_node foreach $primary, $standby;
}
done_testing();
