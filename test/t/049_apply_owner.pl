# REASSIGN OWNED gives the extension's tables to a role that is no superuser: what it writes into them, and what its triggers do,
# runs with nobody's rights but its own. Workers leave such tables alone, and jobs say so.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use Test::More;

my $node = apply_server('owner', 'clipperf.verify_calls = 0');
$node->safe_psql('postgres', 'CREATE ROLE admin SUPERUSER LOGIN; CREATE ROLE plain LOGIN; CREATE DATABASE handed');
my @as_admin = (extra_params => [ '-U', 'admin' ]);
$node->safe_psql('handed', 'CREATE EXTENSION clipperf; GRANT CREATE ON SCHEMA public TO plain', @as_admin);
$node->safe_psql('handed', 'CREATE TABLE item AS SELECT 1 AS a', extra_params => [ '-U', 'plain' ]);
my $id = recommend($node, 'create', 'item', 'item_a', 'CREATE INDEX item_a ON item (a)', '', 'handed');
my $job = $node->safe_psql('handed', qq{
	BEGIN;
	SELECT job FROM clipperf_apply(ARRAY[$id], concurrently => true);
	UPDATE _clipperf_job SET retry_at = now() + interval '1 day';
	COMMIT });
$node->safe_psql('handed', 'REASSIGN OWNED BY admin TO plain', @as_admin);

# What the new owner writes: to make an index again, as a superuser, that was more than an index.
$node->safe_psql('handed', qq{
	UPDATE _clipperf_job SET action = 'drop', goal = 'revert', role = 10, retry_at = now(),
		restore = ARRAY['public.item_a', 'ALTER ROLE plain SUPERUSER'] WHERE job = $job;
	CREATE FUNCTION grab() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN
		ALTER ROLE plain SUPERUSER;
		RETURN NULL;
	END \$\$;
	CREATE CONSTRAINT TRIGGER grab AFTER INSERT ON _clipperf_snapshot DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION grab()},
	extra_params => [ '-U', 'plain' ]);
$node->append_conf('postgresql.conf', 'clipperf.snapshot_interval = 1');
$node->restart;
$node->safe_psql('handed', 'SELECT a FROM item');

# Workers have been there when those of a database that is made later have: of jobs, and of two rounds of snapshots.
$node->safe_psql('postgres', 'CREATE TABLE item AS SELECT 1 AS a');
my $later = apply_index($node, 'item', 'item_later', 'CREATE INDEX item_later ON item (a)', '');
is(wait_for_job($node, $later), 'kept', 'jobs of other databases are done');
my $last = $node->safe_psql('postgres', 'SELECT coalesce(max(period), 0) FROM clipperf_periods');
ok($node->poll_query_until('postgres', "SELECT max(period) > $last + 2 FROM clipperf_periods"), 'and snapshots are taken');

is($node->safe_psql('handed', "SELECT rolsuper FROM pg_roles WHERE rolname = 'plain'"), 'f', 'the new owner is no superuser');
is($node->safe_psql('handed', "SELECT state FROM clipperf_jobs WHERE job = $job"), 'queued', 'the job is not begun');
like(reason($node, $job, 'handed'), qr/the tables of the extension do not belong to a superuser/, 'and says why');

# Given back.
$node->safe_psql('handed', q{
	DROP FUNCTION grab() CASCADE;
	UPDATE _clipperf_job SET action = 'create', goal = 'apply', restore = '{}';
	REASSIGN OWNED BY plain TO admin});
$node->restart;
is(wait_for_job($node, $job, 'handed'), 'kept', 'given back to a superuser, jobs go on');

apply_is_healthy($node, 'owner');
$node->stop;
done_testing();
