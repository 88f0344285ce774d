# With whose rights an index is built, who may do what with a job, and what others see of it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use BuildPhase;
use Capture;
use Test::More;

my $node = apply_server('rights', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h', 'max_worker_processes = 12');
BuildPhase->set_up($node, 'postgres');
mkdir $node->basedir . '/space';
my $space = $node->basedir . '/space';
$node->safe_psql('postgres', $_) foreach "CREATE TABLESPACE space LOCATION '$space'", q{
	CREATE ROLE owner NOLOGIN; CREATE ROLE member IN ROLE owner; CREATE ROLE stranger;
	CREATE ROLE noinherit NOINHERIT IN ROLE owner;
	CREATE SCHEMA shop; GRANT USAGE, CREATE ON SCHEMA shop TO owner; GRANT USAGE ON SCHEMA shop TO stranger;
	CREATE TABLE shop.item (id int, a int, secret text);
	INSERT INTO shop.item VALUES (1, 7, 'a secret'), (2, 7, 'a secret');
	ALTER TABLE shop.item OWNER TO owner;
	GRANT EXECUTE ON FUNCTION clipperf_apply(bigint[], text, boolean, boolean), clipperf_wait(bigint, interval, boolean),
		clipperf_cancel(bigint), clipperf_revert(bigint) TO owner, stranger, member, noinherit;
	GRANT pg_read_all_stats TO owner, stranger;
};
my $number = 0;

# A recommendation for shop.item, and the job that a role makes of it.
sub for_item
{
	my ($ddl, $table) = @_;
	my $index = 'item_' . ++$number;
	return (recommend($node, 'create', $table || 'shop.item', $index, sprintf($ddl, $index)), $index);
}

sub apply_as
{
	my ($role, $id, $settings) = @_;
	return $node->safe_psql('postgres', ($settings || '') . "SET ROLE $role; SELECT job FROM clipperf_apply(ARRAY[$id])");
}

sub refused
{
	my ($role, $id, $text, $name) = @_;
	my $jobs = $node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_jobs');
	failed_with($node, 'postgres', "SET ROLE $role; SELECT * FROM clipperf_apply(ARRAY[$id])", '42501', $text, "$name: refused at once");
	failed_with($node, 'postgres', "SET ROLE $role; SELECT * FROM clipperf_apply(ARRAY[$id], concurrently => false)", '42501', $text,
		"$name: also in a transaction");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_jobs'), $jobs, "$name: there is no job");
}

# Who lacks a right is told so by clipperf_apply().
my ($id, $index) = for_item('CREATE INDEX %s ON shop.item (a)');
refused('stranger', $id, qr/must be owner of table item/, 'not the owner');
$node->safe_psql('postgres', 'REVOKE CREATE ON SCHEMA shop FROM owner');
refused('owner', $id, qr/permission denied for schema shop/, 'no CREATE on the schema');
$node->safe_psql('postgres', 'GRANT CREATE ON SCHEMA shop TO owner');
($id, $index) = for_item('CREATE INDEX %s ON shop.item (a) TABLESPACE space');
refused('owner', $id, qr/permission denied for tablespace space/, 'no CREATE on the tablespace');
$node->safe_psql('postgres', q{
	CREATE TABLE shop.parts (id int) PARTITION BY RANGE (id); CREATE TABLE shop.part PARTITION OF shop.parts DEFAULT;
	ALTER TABLE shop.parts OWNER TO owner});
($id, $index) = for_item('CREATE INDEX %s ON shop.parts (id)', 'shop.parts');
refused('owner', $id, qr/must be owner of table part/, "somebody else's partition");
failed_with($node, 'postgres', 'SELECT * FROM clipperf_apply(ARRAY[' . (for_item('CREATE INDEX %s ON pg_class (relpages)', 'pg_class'))[0] . '])',
	'0A000', qr/cannot create indexes on system catalog "pg_class"/, 'a system catalog: refused at once');

# Membership counts, as it does for CREATE INDEX; SET ROLE decides.
($id, $index) = for_item('CREATE INDEX %s ON shop.item (a, id)');
$node->safe_psql('postgres', 'GRANT pg_read_all_stats TO member, noinherit');
my $job = apply_as('member', $id);
is(wait_for_job($node, $job), 'kept', 'a member of the owner is served');
is($node->safe_psql('postgres', "SELECT made_by FROM clipperf_jobs WHERE job = $job"), 'member', 'by a build of its own');
is($node->safe_psql('postgres', "SELECT relowner::regrole FROM pg_class WHERE relname = '$index'"), 'owner', 'the index is the owner\'s');
($id, $index) = for_item('CREATE INDEX %s ON shop.item (id, a)');
$node->safe_psql('postgres', "UPDATE clipperf_recommendations SET made_by = 'noinherit', role = 'noinherit'::regrole WHERE id = $id");
refused('noinherit', $id, qr/must be owner of table item/, 'a member that does not inherit');
$job = $node->safe_psql('postgres', "SET SESSION AUTHORIZATION noinherit; SET ROLE owner; SELECT job FROM clipperf_apply(ARRAY[$id])");
is(wait_for_job($node, $job), 'kept', 'after SET ROLE it is the owner');
is($node->safe_psql('postgres', "SELECT made_by FROM clipperf_jobs WHERE job = $job"), 'owner', 'whose rights the build has');

# Rights that are lost between the call and the build: it fails, and nothing is left.
foreach my $case (
	[ 'owner', 'ALTER TABLE shop.item OWNER TO stranger', 'ALTER TABLE shop.item OWNER TO owner', qr/must be owner of table item/ ],
	[ 'member', 'REVOKE owner FROM member', 'GRANT owner TO member', qr/must be owner of table item/ ],
	[ 'owner', 'REVOKE CREATE ON SCHEMA shop FROM owner', 'GRANT CREATE ON SCHEMA shop TO owner', qr/permission denied for schema shop/ ])
{
	my ($role, $revoke, $grant, $reason) = @$case;
	my $build = BuildPhase->reach($node, 'waiting for old snapshots');
	($id, $index) = for_item('CREATE INDEX %s ON shop.item (a DESC)');
	$job = apply_as($role, $id);
	$node->safe_psql('postgres', $revoke);
	$build->release;
	is(wait_for_job($node, $job), 'failed', "$revoke: the job fails");
	like(reason($node, $job), $reason, "$revoke: and says why");
	is(index_names($node, $index), '', "$revoke: no index is left");
	$node->safe_psql('postgres', $grant);
	wait_for_job($node, $build->{job});
	$node->safe_psql('postgres', "DROP INDEX $build->{index}");
}

# Functions of an index are run as the owner of the table, whoever builds: they cannot become anybody else, and they
# do not see the settings of others.
$node->safe_psql('postgres', q{
	CREATE TABLE seen (who text, what text); GRANT INSERT ON seen TO PUBLIC;
	ALTER ROLE stranger SET search_path = nowhere;
	GRANT CREATE ON SCHEMA public TO owner;
	SET ROLE owner;
	CREATE FUNCTION public.spy_at_work() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO public.seen VALUES (current_user, current_setting('search_path'));
		BEGIN
			EXECUTE 'SET ROLE ' || (SELECT quote_ident(rolname) FROM pg_catalog.pg_roles WHERE oid = 10);
			INSERT INTO public.seen VALUES ('escaped', 'SET ROLE');
		EXCEPTION WHEN insufficient_privilege THEN NULL;
		END;
		BEGIN
			EXECUTE 'SET SESSION AUTHORIZATION ' || (SELECT quote_ident(rolname) FROM pg_catalog.pg_roles WHERE oid = 10);
			INSERT INTO public.seen VALUES ('escaped', 'SET SESSION AUTHORIZATION');
		EXCEPTION WHEN insufficient_privilege THEN NULL;
		END;
		BEGIN
			EXECUTE 'ALTER ROLE owner SUPERUSER';
			INSERT INTO public.seen VALUES ('escaped', 'ALTER ROLE');
		EXCEPTION WHEN insufficient_privilege THEN NULL;
		END;
		BEGIN
			EXECUTE 'CREATE TEMP TABLE trap (n int)';
			INSERT INTO public.seen VALUES ('escaped', 'CREATE TEMP TABLE');
		EXCEPTION WHEN insufficient_privilege THEN NULL;
		END;
	END $$;
	CREATE FUNCTION public.spy(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN
		PERFORM public.spy_at_work();
		RETURN n;
	END $$;
});
# By a superuser; constants are computed when the definition is read, too.
($id, $index) = for_item('CREATE INDEX %s ON shop.item (spy(a), (a + spy(1)))');
$job = apply_id($node, $id);
is(wait_for_job($node, $job), 'kept', 'a superuser builds an index of a function of somebody else') or diag(reason($node, $job));
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT who, ' ') FROM seen"), 'owner', 'which runs as the owner of the table');
# Taken back, and applied with helpers of a parallel build.
is($node->safe_psql('postgres', "SELECT clipperf_revert($job)"), 't', 'it is reverted');
is(wait_for_job($node, $job), 'reverted', 'that runs nothing else');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT who, ' ') FROM seen"), 'owner', 'all along');

# Parallel helpers belong to the same role.
$node->safe_psql('postgres', q{
	INSERT INTO shop.item SELECT n, n, 'x' FROM generate_series(10, 20000) AS n;
	ALTER TABLE shop.item SET (parallel_workers = 2);
	SET ROLE owner; CREATE FUNCTION public.calm(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
	BEGIN
		IF current_user <> 'owner' THEN RAISE EXCEPTION 'runs as %', current_user; END IF;
		RETURN n;
	END $$});
($id, $index) = for_item('CREATE INDEX %s ON shop.item (calm(a))');
my $offset = -s $node->logfile;
$node->append_conf('postgresql.conf', 'log_min_messages = debug1');
$node->reload;
$job = apply_as('owner', $id, 'SET max_parallel_maintenance_workers = 2;');
is(wait_for_job($node, $job), 'kept', 'a parallel build of a role that cannot log in');
$node->wait_for_log(qr/parallel worker.*PID|building index "$index" on table "item" with request for [12] parallel workers/, $offset);
pass('has helpers');
$job = apply_as('owner', (for_item('CREATE INDEX %s ON shop.item (calm(a), id)'))[0], 'SET max_parallel_maintenance_workers = 0;');
$offset = -s $node->logfile;
is(wait_for_job($node, $job), 'kept', 'and one whose caller wants none');
unlike(substr(PostgreSQL::Test::Utils::slurp_file($node->logfile), $offset), qr/with request for/, 'has none');
$node->append_conf('postgresql.conf', 'log_min_messages = warning');
$node->reload;

# What a row holds is in the reason of a failure: not for everybody.
($id, $index) = for_item('CREATE UNIQUE INDEX %s ON shop.item (secret)');
$job = apply_as('owner', $id);
is(wait_for_job($node, $job), 'failed', 'a unique index that the rows do not allow');
is(invalid_indexes($node), '', 'leaves nothing INVALID');
foreach my $source ("clipperf_jobs WHERE job = $job", "clipperf_job_changes WHERE job = $job AND state = 'failed'")
{
	like($node->safe_psql('postgres', "SET ROLE owner; SELECT reason FROM $source"), qr/a secret|\(x\)/, "the owner reads why in $source");
	$node->safe_psql('postgres', 'CREATE ROLE anybody') if $source =~ /jobs/;
	is($node->safe_psql('postgres', "SET ROLE anybody; SELECT count(*) FROM $source"), 0,
		"others do not see it, in $source");
}

# A condition of the reader is not asked about rows that he does not see.
$node->safe_psql('postgres', q{CREATE FUNCTION told(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
	BEGIN RAISE NOTICE 'told %', $1; RETURN true; END $$});
unlike(($node->psql('postgres', "SET ROLE anybody; SELECT job FROM $_ WHERE told(state)"))[2], qr/told/, "$_ tells a condition nothing")
  foreach qw(clipperf_jobs clipperf_job_changes);
$node->safe_psql('postgres', 'DROP FUNCTION told(text)');

# So are statements in a result.
$node->safe_psql('postgres', qq{UPDATE _clipperf_job SET verdict = '{"statements": []}' WHERE job = $job});
is($node->safe_psql('postgres', "SET ROLE owner; SELECT result IS NOT NULL FROM clipperf_jobs WHERE job = $job"), 't', 'the owner reads the result');

# And its statement, as its predicate may hold a constant that nobody else knows.
is($node->safe_psql('postgres', "SET ROLE owner; SELECT ddl LIKE 'CREATE%' FROM clipperf_jobs WHERE job = $job"), 't', 'the owner reads the statement');

# Whom a build waits for is shown as pg_stat_activity shows it.
$node->safe_psql('postgres', 'CREATE ROLE plain; ALTER TABLE item OWNER TO plain; CREATE ROLE monitor IN ROLE pg_monitor');
my $build = BuildPhase->reach($node, 'waiting for old snapshots');
ok($node->poll_query_until('postgres', "SELECT waits_for IS NOT NULL FROM clipperf_jobs WHERE job = $build->{job}"), 'a build waits for somebody');
foreach my $case (
	[ 'monitor', qr/^process \d+ \(.*idle in transaction, transaction open for / ],
	[ 'plain', qr/^process \d+(?: \(application [^,]*\))?$/ ],
	[ 'anybody', qr/^$/ ])
{
	my ($role, $shown) = @$case;
	like($node->safe_psql('postgres', "SET ROLE $role; SELECT waits_for FROM clipperf_jobs WHERE job = $build->{job}"), $shown, "$role reads as much of it");
	unlike($node->safe_psql('postgres', "SET ROLE $role; SELECT p::text FROM _clipperf_build_progress() AS p"), qr/transaction open/,
		"$role finds no more in _clipperf_build_progress()");
}
failed_with($node, 'postgres', 'SET ROLE anybody; SELECT * FROM _clipperf_build_pace()', '42501', qr/permission denied for function/, 'nor in what it is made of');
$build->release;
wait_for_job($node, $build->{job});
$node->safe_psql('postgres', "DROP INDEX $build->{index}; ALTER TABLE item OWNER TO CURRENT_USER");

# Who may end a job.
$build = BuildPhase->reach($node, 'waiting for old snapshots');
failed_with($node, 'postgres', "SET ROLE stranger; SELECT clipperf_cancel($build->{job})", '42501', qr/permission denied for job/,
	"a stranger cannot cancel somebody else's job");
failed_with($node, 'postgres', "SET ROLE stranger; SELECT clipperf_revert($build->{job})", '42501', qr/permission denied for job/,
	'nor revert it');
is(state($node, $build->{job}), 'building', 'it goes on');
$build->release;
is(wait_for_job($node, $build->{job}), 'kept', 'and is done');
failed_with($node, 'postgres', "SET ROLE stranger; SELECT clipperf_revert($build->{job})", '42501', qr/must be owner of table item/,
	'nor take it back then');
$node->safe_psql('postgres', "DROP INDEX $build->{index}");
$build = BuildPhase->reach($node, 'waiting for old snapshots');
($id, $index) = for_item('CREATE INDEX %s ON shop.item (a DESC)');
$job = apply_as('owner', $id);
is($node->safe_psql('postgres', "SET ROLE member; SELECT clipperf_cancel($job)"), 't', 'a member of the role that made it can');
$build->release;

# Constants mean the same to the process that builds as to who wrote them.
$node->safe_psql('postgres', 'CREATE TABLE dated (d date, t interval, f float8)');
$id = recommend($node, 'create', 'dated', 'dated_d',
	q{CREATE INDEX dated_d ON dated (d) WHERE d < '01/02/2024'::date AND t < '-1 2:03:04'::interval AND f < '0.12345678901234568'::float8});
$job = $node->safe_psql('postgres', "SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -5;
	SELECT job FROM clipperf_apply(ARRAY[$id])");
is(wait_for_job($node, $job), 'kept', 'an index with constants');
is($node->safe_psql('postgres', q{SET extra_float_digits = 1; SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'dated_d'::regclass}),
	q{((d < '2024-02-01'::date) AND (t < '-1 days -02:03:04'::interval) AND (f < '0.12345678901234568'::double precision))},
	'which mean what its author meant');

# Settings of the database do not lead the build astray.
$node->safe_psql('postgres', q{
	CREATE ROLE nobody;
	ALTER DATABASE postgres SET role = 'nobody';
	ALTER DATABASE postgres SET exit_on_error = on;
	ALTER DATABASE postgres SET session_replication_role = replica;
	ALTER DATABASE postgres SET default_tablespace = 'space';
	ALTER DATABASE postgres SET default_transaction_read_only = on;
	ALTER DATABASE postgres SET statement_timeout = '1ms';
	ALTER DATABASE postgres SET search_path = 'nowhere'});
# What an ordinary session asks, untouched by them.
sub ask
{
	my ($sql) = @_;
	my $options = join ' ', map { "-c $_" } 'role=none', 'session_replication_role=origin', 'default_tablespace=', 'statement_timeout=0',
	  'default_transaction_read_only=off', 'search_path=public', 'exit_on_error=off';
	return $node->safe_psql('postgres', $sql, connstr => $node->connstr('postgres') . " options='$options'");
}

$id = (split /\n/, ask(q{INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
	VALUES ('create', 'dated', 'dated_t', 'CREATE INDEX dated_t ON public.dated (t)', 'workload', 'a test') RETURNING id}))[0];
$job = ask("SELECT job FROM clipperf_apply(ARRAY[$id])");
is(ask("SELECT clipperf_wait($job, '3min')"), 'kept', 'settings of the database do not matter');
is(ask("SELECT reltablespace FROM pg_class WHERE relname = 'dated_t'"), 0, 'nor its tablespace');
is(ask("SELECT string_agg(state, ' ' ORDER BY changed_at) FROM clipperf_job_changes WHERE job = $job"),
	'queued building kept', 'all changes are kept');
$node->safe_psql('template1', 'ALTER DATABASE postgres RESET ALL');

apply_is_healthy($node, 'rights');
$node->stop;
done_testing();
