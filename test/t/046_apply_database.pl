# Whoever drops, renames, moves or copies a database gets it alone, whatever a worker does there: a build is put off, and
# goes on afterwards; of a job that is copied nothing is left in the copy.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('database', 'clipperf.verify_calls = 0');
my $number = 0;

# A database with a table, of which an index on slow(a) is not done before let_go().
sub new_database
{
	my ($owner) = @_;
	my $database = 'busy_' . ++$number;
	$node->safe_psql('postgres', "CREATE DATABASE $database OWNER $owner");
	$node->safe_psql($database, q{
		CREATE EXTENSION IF NOT EXISTS clipperf;
		CREATE TABLE item (id int PRIMARY KEY, a int);
		INSERT INTO item SELECT n, n FROM generate_series(1, 100) AS n;
		CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN
			IF current_setting('test.slow', true) = 'on' THEN
				PERFORM pg_sleep(100000);
			END IF;
			RETURN n;
		END $$});
	$node->safe_psql('postgres', "ALTER DATABASE $database SET test.slow = on");
	return $database;
}

# A build that lasts.
sub build
{
	my ($database) = @_;
	my $job = apply_index($node, 'item', 'item_slow', 'CREATE INDEX item_slow ON item (slow(a))', undef, $database);
	ok(is_building($database), "$database: a build lasts");
	return $job;
}

# A worker sleeps there, in a build or elsewhere.
sub is_building
{
	my ($database) = @_;
	return $node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = '$database' AND backend_type = 'clipperf builder' AND wait_event = 'PgSleep')");
}

sub let_go
{
	my ($database, $job) = @_;
	$node->safe_psql('postgres', "ALTER DATABASE $database RESET test.slow");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = '$database' AND backend_type = 'clipperf builder'");
	is(wait_for_job($node, $job, $database), 'kept', "$database: the build is done afterwards");
	is(invalid_indexes($node, $database), '', "$database: nothing INVALID is left");
}

# Those that do not drop it.
mkdir($node->basedir . '/space');
$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '" . $node->basedir . "/space'");
foreach my $sql ('CREATE DATABASE %s_copy TEMPLATE %1$s', 'ALTER DATABASE %s SET TABLESPACE space', 'ALTER DATABASE %s RENAME TO %1$s_new')
{
	my $database = new_database('postgres');
	my $job = build($database);
	my $statement = sprintf($sql, $database);
	$node->safe_psql('postgres', $statement);
	pass($statement);
	$database .= '_new' if $sql =~ /RENAME/;
	ok($node->poll_query_until($database, "SELECT EXISTS (SELECT FROM clipperf_job_changes
		WHERE job = $job AND reason = 'gave way to a command that needs the database alone')"), "$database: the job says why it waits");
	let_go($database, $job);
	next if $sql !~ /TEMPLATE/;
	is(invalid_indexes($node, "${database}_copy"), '', 'the copy has nothing INVALID');
}

# A worker that does not build, and does not end when told so.
my $database = new_database('postgres');
$node->safe_psql($database, q{
	CREATE FUNCTION sleeps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(100000); RETURN NEW; END';
	CREATE TRIGGER sleeps BEFORE UPDATE ON _clipperf_job FOR EACH ROW EXECUTE FUNCTION sleeps()});
my $job = build($database);
$node->safe_psql('postgres', "CREATE DATABASE ${database}_copy TEMPLATE $database");
pass('a worker that is stuck: copied');
$node->safe_psql('postgres', "DROP DATABASE ${database}_copy WITH (FORCE)");
$node->safe_psql($database, 'DROP TRIGGER sleeps ON _clipperf_job');
let_go($database, $job);

# What a build has left when the server crashed, and was copied so.
$database = new_database('postgres');
$job = build($database);
$node->safe_psql('postgres', "ALTER DATABASE $database ALLOW_CONNECTIONS false");
$node->stop('immediate');
$node->start;
# When a job is done, it is known which databases are to be looked into.
$node->safe_psql('postgres', 'CREATE TABLE here (a int)');
is(wait_for_job($node, apply_index($node, 'here', 'here_a', 'CREATE INDEX here_a ON here (a)')), 'kept', 'jobs are done after the crash');
$node->safe_psql('postgres', "CREATE DATABASE ${database}_copy TEMPLATE $database");
is(invalid_indexes($node, "${database}_copy"), 'item_slow', 'a copy has an INVALID index');
$node->restart;
ok($node->poll_query_until("${database}_copy", "SELECT state = 'canceled' FROM clipperf_jobs WHERE job = $job"),
	'the job of the copy is canceled');
like(reason($node, $job, "${database}_copy"), qr/of which this one is a copy/, 'and says why');
is(invalid_indexes($node, "${database}_copy"), '', 'its index is taken away');
$node->safe_psql('postgres', "ALTER DATABASE $database ALLOW_CONNECTIONS true");
$node->restart;
let_go($database, $job);

# Dropped by its owner, who may not terminate our workers.
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN CREATEDB');
foreach my $option ('', ' WITH (FORCE)')
{
	$database = new_database('owner');
	build($database);
	$node->safe_psql('postgres', "DROP DATABASE $database$option", extra_params => [ '-U', 'owner' ]);
	pass("DROP DATABASE$option");
	$database = new_database('owner');
	$node->safe_psql($database, q{
		CREATE FUNCTION sleeps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(100000); RETURN NEW; END';
		CREATE TRIGGER sleeps BEFORE UPDATE ON _clipperf_job FOR EACH ROW EXECUTE FUNCTION sleeps()});
	build($database);
	$node->safe_psql('postgres', "DROP DATABASE $database$option", extra_params => [ '-U', 'owner' ]);
	pass("DROP DATABASE$option: a worker that is stuck");
}

# Nobody is told to leave a database for a command on another.
$database = new_database('postgres');
$job = build($database);
$node->safe_psql('postgres', 'CREATE DATABASE another TEMPLATE template0; DROP DATABASE another');
is(history($node, $job, $database), 'queued building', 'a build goes on while other databases are copied and dropped');

# Nor by who may not do it, however often that is tried.
$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN CREATEDB');
my (undef, undef, $refused) = $node->psql('postgres', "DROP DATABASE $database; CREATE DATABASE copied TEMPLATE $database;" x 1000,
	extra_params => [ '-U', 'stranger' ], on_error_stop => 0);
like($refused, qr/must be owner of database.*permission denied to copy database/s, 'a stranger may neither drop nor copy the database');
is(history($node, $job, $database), 'queued building', 'and keeps nobody from building there');
let_go($database, $job);

apply_is_healthy($node, 'database');
$node->stop;
done_testing();
