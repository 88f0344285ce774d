# clipperf_apply() within migrations: plain files of SQL with and without one transaction, sent as one string, and
# statement by statement through prepared statements; and the files that clipperf_migration() writes. Then on a standby,
# which is promoted in mid-build.

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

# Waits until the jobs that build in the background have ended, whose indexes are there before that.
sub built
{
	return $node->poll_query_until('postgres', "SELECT ($there) = 2 AND NOT EXISTS (SELECT FROM clipperf_jobs WHERE state NOT IN ('kept', 'reverted'))");
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
ok(built(), 'they are built in the background');
clean();

# A savepoint that is rolled back takes them along, and only them.
ok(run_file("SAVEPOINT s;\n$apply\nROLLBACK TO s;\nINSERT INTO extra VALUES (4);\n", '-1'), 'rolled back to a savepoint');
is($node->safe_psql('postgres', $there), 0, 'they are gone');
is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_jobs WHERE state NOT IN ('kept', 'reverted')"), 0, 'and so are the jobs');
ok(run_file("SAVEPOINT s;\n$apply\nRELEASE s;\n", '-1'), 'a savepoint that is released');
is($node->safe_psql('postgres', $there), 2, 'keeps them');
clean();

# One string, as golang-migrate and Flyway may send it.
sub run_string { return PostgreSQL::Test::Utils::run_log([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', $_[0] ]) }
ok(run_string("INSERT INTO extra VALUES (2); $apply SELECT 1"), 'sent as one string');
is($node->safe_psql('postgres', $there), 2, 'they are there when it is done');
clean();
ok(!run_string("INSERT INTO extra VALUES (22); $apply SELECT 1 / 0"), 'sent as one string that fails');
is($node->safe_psql('postgres', "SELECT ($there) + count(*) FROM extra WHERE n = 22"), 0, 'nothing is left of it');

# Each statement prepared, or parsed with its parameters, as drivers do: in a transaction, without, and in a pipeline.
my $pgbench = sub {
	my ($protocol, $text) = @_;
	PostgreSQL::Test::Utils::append_to_file($file, $text);
	my $ok = PostgreSQL::Test::Utils::run_log([ 'pgbench', '-n', '-M', $protocol, '-t', '1', '-f', $file,
		'-h', $node->host, '-p', $node->port, 'postgres' ]);
	unlink $file;
	return $ok;
};
foreach my $protocol ('prepared', 'extended')
{
	ok($pgbench->($protocol, "BEGIN;\nINSERT INTO extra VALUES (3);\n$apply\n$apply\nCOMMIT;\n"), "$protocol, in a transaction");
	is($node->safe_psql('postgres', $there), 2, 'they are there when it is done');
	clean();
	ok($pgbench->($protocol, "BEGIN;\n$apply\nROLLBACK;\n"), "$protocol, rolled back");
	is($node->safe_psql('postgres', $there), 0, 'they are gone');
	ok($pgbench->($protocol, "$apply\n"), "$protocol, alone");
	ok(built(), 'they are built in the background');
	clean();
	ok($pgbench->($protocol, "\\startpipeline\nBEGIN;\nINSERT INTO extra VALUES (5);\n$apply\nCOMMIT;\n\\endpipeline\n"),
		"$protocol, a transaction sent as a pipeline");
	is($node->safe_psql('postgres', $there), 2, 'they are there when it is done');
	clean();
	ok($pgbench->($protocol, "\\startpipeline\nINSERT INTO extra VALUES (6);\n$apply\nINSERT INTO extra VALUES (7);\n\\endpipeline\n"),
		"$protocol, a pipeline without a transaction");
	ok(built(), 'they are built');
	clean();
}

# Files that clipperf_migration() wrote: each way, up, down and up again.
sub files
{
	my (@arguments) = @_;
	return map { $node->safe_psql('postgres', "SELECT clipperf_migration('$_', index_set => 'ours'@arguments)") } 'up', 'down';
}
my ($up, $down) = files();
my %runners = (
	'psql' => sub { run_file($_[0]) },
	'psql -1' => sub { run_file($_[0], '-1') },
	'one string' => sub { run_string($_[0]) },
	'one string in a transaction' => sub { run_string("BEGIN; $_[0]; INSERT INTO extra VALUES (8); COMMIT") },
	'a block of a runner' => sub { run_file("BEGIN;\n$_[0]\nINSERT INTO extra VALUES (9);\nCOMMIT;\n") },
);
foreach my $runner (sort keys %runners)
{
	my @counts = map { $runners{$runner}->($_); $node->safe_psql('postgres', $there) } $up, $down, $up, $up, $down;
	is("@counts", '2 0 2 2 0', "$runner runs the files");
}

# With CONCURRENTLY: each statement is sent alone, and psql sends them alone by itself.
($up, $down) = files(', concurrently => true');
like($up, qr/^CREATE INDEX CONCURRENTLY/m, 'a concurrent file');
my $chunks = sub { run_string($_) || return 0 foreach split(/^-- statement-breakpoint\n/m, $_[0]); return 1 };
foreach my $run ($runners{'psql'}, $chunks)
{
	my @counts = map { $run->($_) ? $node->safe_psql('postgres', $there) : 'failed' } $up, $down, $up, $up, $down;
	is("@counts", '2 0 2 2 0', 'it is run statement by statement');
}
ok(!run_string($up), 'and cannot be sent as one string');

# Within a function, called alone: in the background, too.
$node->safe_psql('postgres', "DO \$\$ BEGIN PERFORM * FROM clipperf_apply(index_set => 'ours'); END \$\$");
ok(built(), 'called by a function: built in the background');
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
like(history($standby, $job), qr/^queued (building )+queued building kept$/, 'after starting anew');
is(invalid_indexes($standby), '', 'and leaves nothing INVALID');
$standby->stop;
done_testing();
