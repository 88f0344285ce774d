# Taking snapshots keeps nobody waiting: not the saver, not who drops or copies a database; and databases that cannot be
# connected to are passed over in silence.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('snapshot_worker', 'clipperf.save_interval = 1');

# A database that has statements, and the extension.
sub create_database
{
	my ($database) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION IF NOT EXISTS clipperf');
	$node->safe_psql($database, 'SELECT 1');
}

# Wait until all databases have had their turn: the second period begins after all others of the first round.
sub wait_for_round
{
	my ($database) = @_;
	my $last = $node->safe_psql($database, 'SELECT coalesce(max(period), 0) FROM clipperf_periods');
	return $node->poll_query_until($database, "SELECT max(period) > $last + 1 FROM clipperf_periods");
}

# A snapshot that does not end.
sub let_snapshots_last
{
	my ($database) = @_;
	$node->safe_psql($database, 'CREATE OR REPLACE FUNCTION _clipperf_sync_endpoints() RETURNS void LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
		AS $$SELECT pg_catalog.pg_sleep(100000)$$');
}

sub wait_for_snapshot
{
	my ($database) = @_;
	return $node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = '$database' AND backend_type = 'clipperf snapshot' AND wait_event = 'PgSleep')");
}

create_database($_) foreach qw(gone closed lasting other);
$node->safe_psql('postgres', 'DROP DATABASE gone');
$node->safe_psql('postgres', 'ALTER DATABASE closed ALLOW_CONNECTIONS false');

# Objects of others that are called like ours are not called.
$node->safe_psql('other', q{
	CREATE FUNCTION clipperf_snapshot() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''planted''; END';
	CREATE FUNCTION clipperf_snapshot(label varchar) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''planted''; END';
	CREATE FUNCTION clipperf_snapshot(label varchar, comment varchar) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''planted''; END'});

my $log = -s $node->logfile;
$node->append_conf('postgresql.conf', 'clipperf.snapshot_interval = 1');
$node->reload;
ok(wait_for_round('other'), 'snapshots are taken');
ok(!$node->log_contains(qr/FATAL|ERROR|exit code/, $log), 'and databases that cannot be connected to are passed over');

# While one is taken that does not end, the counters are saved.
let_snapshots_last('lasting');
ok(wait_for_snapshot('lasting'), 'a snapshot lasts');
foreach my $time ('saved', 'and again')
{
	my $saved = $node->safe_psql('postgres', 'SELECT saved_at FROM clipperf_info');
	ok($node->poll_query_until('postgres', "SELECT saved_at > '$saved' FROM clipperf_info"), "counters are $time");
}
ok(wait_for_snapshot('lasting'), 'it is still being taken');

# Who wants the database alone gets it.
foreach my $statement ('CREATE DATABASE copied TEMPLATE lasting', 'ALTER DATABASE lasting RENAME TO renamed')
{
	$node->safe_psql('postgres', $statement);
	pass($statement);
	my $database = $statement =~ /RENAME/ ? 'renamed' : 'lasting';
	ok(wait_for_snapshot($database), 'the next snapshot lasts, too');
}
$node->safe_psql('postgres', 'DROP DATABASE renamed');
pass('DROP DATABASE renamed');
ok(wait_for_round('other'), 'snapshots of others go on');

# A snapshot that waits for a lock is left out, so that those of other databases are taken.
my $holder = $node->background_psql('postgres');
$holder->query_safe("BEGIN; SELECT clipperf_snapshot('held')");
ok(wait_for_round('other'), 'another session takes a snapshot: those of other databases go on');
$holder->query_safe('COMMIT');
$holder->quit;
ok(wait_for_round('postgres'), 'as do those of its own, then');

$node->stop;
done_testing();
