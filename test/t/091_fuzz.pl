# A server with clipperf gives the answers of one without, statement by statement, over random statements.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Rounds of the fuzzer's stream, each of some hundred statements.  Their number is fixed, not their time, so that every
# machine runs the same.
my $rounds = 8;
my $seed = $ENV{FUZZ_SEED} // 1;

my $fuzz = "$FindBin::RealBin/../fuzz/fuzz";
system_or_bail($ENV{MAKE} // 'make', '-s', '-C', "$FindBin::RealBin/../..", 'with_llvm=no', 'test/fuzz/fuzz');

# Start a server of the fuzzer's settings.
sub start_server
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', qq{
compute_query_id = on
autovacuum = off
timezone = 'UTC'
max_parallel_workers_per_gather = 0
restart_after_crash = on
log_min_error_statement = panic
log_statement = none
statement_timeout = '180s'
lock_timeout = '1s'
$settings
});
	$node->start;
	return $node;
}

my $with = start_server('with', q{
shared_preload_libraries = 'clipperf'
clipperf.track = all
clipperf.seqscan_min_rows = 1
clipperf.nplusone_min_children = 2
});
my $without = start_server('without', '');

my ($output, $errors) = run_command(
	[
		$fuzz, '--first=' . $with->connstr, '--second=' . $without->connstr, "--seed=$seed", "--rounds=$rounds"
	]);
like($output, qr/^[1-9]\d+ statements, 0 differences$/m, "no difference in $rounds rounds of seed $seed")
  or diag($output, $errors);
foreach my $node ($with, $without)
{
	unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|was terminated by signal/, 'no crash of the server ' . $node->name);
}
$with->stop;
$without->stop;

done_testing();
