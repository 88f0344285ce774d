# clipperf_apply() within migrations: plain files of SQL with and without one transaction, sent as one string, and
# statement by statement through prepared statements. And on a standby, that is promoted in mid-build.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('migrations', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, a int);
	SELECT clipperf_add_index('ours', 'CREATE INDEX item_a ON item (a)');
	SELECT clipperf_add_index('ours', 'CREATE INDEX item_both ON item (a DESC, id) WHERE a > 0');
});
my $apply = q{SELECT state FROM clipperf_apply(index_set => 'ours');};
my $there = q{SELECT count(*) FROM pg_indexes WHERE indexname IN ('item_a', 'item_both')};
my $file = PostgreSQL::Test::Utils::tempdir() . '/migration.sql';

# What a runner does, and whether it leaves a transaction open around the file.
sub run_file
{
	my ($text, @options) = @_;
	PostgreSQL::Test::Utils::append_to_file($file, $text);
	my $ok = PostgreSQL::Test::Utils::run_log([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
		@options, '-f', $file ]);
	unlink $file;
	return $ok;
}

sub clean { $node->safe_psql('postgres', 'DROP INDEX IF EXISTS item_a; DROP INDEX IF EXISTS item_both') }

ok(run_file("CREATE TABLE extra (n int);\n$apply\nINSERT INTO extra VALUES (1);\n", '-1'), 'psql -1 runs a migration');
is($node->safe_psql('postgres', $there), 2, 'its indexes are there when it is done');
ok(run_file("$apply\n", '-1'), 'psql -1 runs it again');
is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_jobs WHERE transactional AND state = 'kept'"), 2,
	'with nothing more to do');
clean();
ok(!run_file("$apply\nSELECT 1 / 0;\n", '-1'), 'a migration that fails');
is($node->safe_psql('postgres', $there), 0, 'leaves nothing');
ok(run_file("$apply\n"), 'without -1');
ok($node->poll_query_until('postgres', "SELECT ($there) = 2"), 'they are built in the background');
clean();

# One string, as golang-migrate and Flyway may send it.
ok(PostgreSQL::Test::Utils::run_log([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c',
	"INSERT INTO extra VALUES (2); $apply SELECT 1" ]), 'sent as one string');
is($node->safe_psql('postgres', $there), 2, 'they are there when it is done');
clean();

# Each statement prepared, as drivers do, in a transaction and without.
my $pgbench = sub {
	my ($text) = @_;
	PostgreSQL::Test::Utils::append_to_file($file, $text);
	my $ok = PostgreSQL::Test::Utils::run_log([ 'pgbench', '-n', '-M', 'prepared', '-t', '1', '-f', $file,
		'-h', $node->host, '-p', $node->port, 'postgres' ]);
	unlink $file;
	return $ok;
};
ok($pgbench->("BEGIN;\nINSERT INTO extra VALUES (3);\n$apply\nCOMMIT;\n"), 'prepared, in a transaction');
is($node->safe_psql('postgres', $there), 2, 'they are there when it is done');
clean();
ok($pgbench->("$apply\n"), 'prepared, alone');
ok($node->poll_query_until('postgres', "SELECT ($there) = 2"), 'they are built in the background');
clean();

# Within a function, called alone: in the background, too.
$node->safe_psql('postgres', "DO \$\$ BEGIN PERFORM * FROM clipperf_apply(index_set => 'ours'); END \$\$");
ok($node->poll_query_until('postgres', "SELECT ($there) = 2"), 'called by a function: built in the background');
clean();

# PREPARE TRANSACTION cannot be: nobody would notice its end.
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->restart;
failed_with($node, 'postgres', "BEGIN; SELECT count(*) FROM clipperf_apply(index_set => 'ours', concurrently => true); PREPARE TRANSACTION 'x'",
	'0A000', qr/cannot PREPARE a transaction that has made or changed jobs/, 'not in a prepared transaction');

# A standby says no, and finishes what its primary began when it is promoted.
failed_with($node, 'postgres', "BEGIN READ ONLY; SELECT * FROM clipperf_apply(index_set => 'ours')", '25006', qr/read-only/,
	'not in a read-only transaction');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my $holder = $node->background_psql('postgres', on_error_stop => 0);
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM extra');
my $job = apply_index($node, 'item', 'item_late', 'CREATE INDEX item_late ON item (id, a)');
ok(phase($node, $job, 'waiting for old snapshots'), 'a build goes on');
$node->wait_for_catchup($standby);
failed_with($standby, 'postgres', "SELECT * FROM clipperf_apply(index_set => 'ours')", '25006', qr/during recovery/,
	'a standby refuses');
is(state($standby, $job), 'building', 'the job can be read there');
$node->stop('immediate');
eval { $holder->quit };
$standby->promote;
is(wait_for_job($standby, $job), 'kept', 'promoted, it finishes the job');
like(history($standby, $job), qr/^queued building queued building kept$/, 'after starting anew');
is(invalid_indexes($standby), '', 'and leaves nothing INVALID');
$standby->stop;
done_testing();
