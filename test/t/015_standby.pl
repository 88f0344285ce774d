# On a streaming standby: what runs there is captured and reported there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Metrics;
use PostgreSQL::Test::Cluster;
use Test::More;

my $primary = new_server('primary');
$primary->safe_psql('postgres', 'CREATE TABLE read_here AS SELECT i AS id, i % 100 AS kind FROM generate_series(1, 5000) AS i');
$primary->safe_psql('postgres', 'SELECT before FROM mark');
$primary->restart;
is(calls($primary, 'SELECT before FROM mark'), 1, 'the primary has saved what it saw');
$primary->backup('copy');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', 'the standby is one');
is(calls($standby, 'SELECT before FROM mark'), 0, 'the primary\'s file, which the backup has copied, is not the standby\'s');
$standby->safe_psql('postgres', 'SELECT clipperf_reset()');
$standby->safe_psql('postgres', 'SELECT n FROM mark') foreach 1 .. 3;
is(calls($standby, 'SELECT n FROM mark'), 3, 'the standby counts its own statements');
is(calls($primary, 'SELECT n FROM mark'), 0, 'the primary does not know them');

# Findings are reported there too.
$standby->safe_psql('postgres', 'SELECT id FROM read_here WHERE kind = 7') foreach 1 .. 3;
is($standby->safe_psql('postgres', q{SELECT relation, scans FROM clipperf_seq_scans WHERE relation = 'read_here'::regclass}),
	'read_here|3', 'sequential scans are seen there');
is($standby->safe_psql('postgres', q{SELECT kind FROM clipperf_findings() WHERE relation = 'read_here'::regclass AND kind = 'seq_scan'}),
	'seq_scan', 'and reported');
my ($status, $output, $errors) = $standby->psql('postgres', "SELECT clipperf_check('{seq_scan}')");
isnt($status, 0, 'the check finds it');
like($errors, qr/read_here/, 'and names the table');
my ($metrics, $wrong) = parse_metrics($standby->safe_psql('postgres', 'SELECT clipperf_metrics()'));
is_deeply($wrong, [], 'metrics');
is(eval { my $found = 0; /kind="seq_scan"/ and $found += $metrics->{$_} foreach keys %$metrics; $found }, 1, 'and their findings');
$standby->safe_psql('postgres', "SELECT * FROM $_") foreach qw(clipperf_n_plus_one clipperf_samples clipperf_info);

# What the standby refuses is a failed statement, or none.
failed_with($standby, 'postgres', 'INSERT INTO mark VALUES (1)', '25006', qr/read-only transaction/, 'writes are refused');
$standby->safe_psql('postgres', 'SELECT n FROM mark');
is(calls($standby, 'SELECT n FROM mark'), 4, 'it goes on after an error');

# It survives its restart, and its promotion.
$standby->restart;
is(calls($standby, 'SELECT n FROM mark'), 4, 'what the standby saw survives its restart');
$standby->promote;
$standby->safe_psql('postgres', 'INSERT INTO mark VALUES (7); SELECT n FROM mark');
is(calls($standby, 'SELECT n FROM mark'), 5, 'and its promotion');
is(calls($standby, 'INSERT INTO mark VALUES ($1)'), 1, 'writes are counted then');
is_healthy($standby, 'standby');

$standby->stop;
$primary->stop;
done_testing();
