# Jobs belong to the database that they were made in: a copy by CREATE DATABASE ... TEMPLATE does nothing of them.  While
# pg_upgrade runs the server nothing is built, saved or captured; afterwards the jobs go on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use PostgreSQL::Test::Utils qw(run_command system_or_bail);
use Test::More;

my $node = apply_server('copies');
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', q{
	CREATE EXTENSION clipperf;
	CREATE TABLE item (id int PRIMARY KEY, a int);
	INSERT INTO item SELECT i, i FROM generate_series(1, 1000) AS i });
my $id = recommend($node, 'create', 'item', 'item_a', 'CREATE INDEX item_a ON item (a)', '', 'source');

# A job that is not due, so that it is still open when the database is copied.
my $job = $node->safe_psql('source', qq{
	BEGIN;
	SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => true);
	UPDATE _clipperf_job SET retry_at = now() + interval '1 day';
	COMMIT });
is($node->safe_psql('source', "SELECT state FROM clipperf_jobs WHERE job = $job"), 'queued', 'a job is not due');
$node->stop;

# As pg_upgrade starts a server, once to look at it and once to fill it.
sub start_for_upgrade
{
	system_or_bail('pg_ctl', '-w', '-s', '-D', $node->data_dir, '-l', $node->logfile, '-o', '-b', 'start');
}

sub psql_for_upgrade
{
	my ($sql) = @_;
	return (run_command([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-c', $sql, 'source' ]))[0];
}

start_for_upgrade();
psql_for_upgrade("SET session_replication_role = replica; UPDATE _clipperf_job SET retry_at = now()");
is(psql_for_upgrade("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'clipperf%'"), 0,
	'pg_upgrade meets no worker of ours');
is(psql_for_upgrade("SELECT count(*) FROM clipperf_queries WHERE query LIKE '%pg_stat_activity%backend_type%'"), 0,
	'nothing is captured');
is(psql_for_upgrade("SELECT state FROM _clipperf_job WHERE job = $job"), 'queued', 'nor is a job begun');
psql_for_upgrade("SECURITY LABEL FOR clipperf ON COLUMN item.a IS 'private'");
is(psql_for_upgrade("SELECT label FROM pg_seclabel WHERE objoid = 'item'::regclass"), 'private',
	'but labels of the old server are restored');
psql_for_upgrade("UPDATE _clipperf_job SET retry_at = now() + interval '1 day'");
system_or_bail('pg_ctl', '-w', '-s', '-D', $node->data_dir, '-m', 'fast', 'stop');

# A copy.
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE source');
$node->restart;
ok($node->poll_query_until('twin', "SELECT state = 'canceled' FROM clipperf_jobs WHERE job = $job"),
	'the job is canceled in the copy');
like($node->safe_psql('twin', "SELECT reason FROM clipperf_jobs WHERE job = $job"), qr/of which this one is a copy/,
	'and says why');
$node->safe_psql('source', "UPDATE _clipperf_job SET retry_at = now()");
$node->restart;
like(wait_for_job($node, $job, 'source'), qr/verifying|kept/, 'it is done where it was asked for');
is($node->safe_psql('twin', "SELECT to_regclass('item_a') IS NULL"), 't', 'and only there');
$node->stop;
done_testing();
