# Jobs are not part of a dump, index sets and what jobs have built are: a restored database has the indexes, and a
# clipperf that knows of no jobs and does new ones. A dump waits for no build, and is not waited for but at its end.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use BuildPhase;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('dump', 'clipperf.verify_calls = 10', 'clipperf.long_transaction = 1h');
BuildPhase->set_up($node, 'postgres');
$node->safe_psql('postgres', "SELECT clipperf_add_index('ours', 'CREATE INDEX item_ours ON item (a DESC, id)')");
$node->safe_psql('postgres', "SELECT * FROM item WHERE a = $_") foreach 1 .. 5;
my $queryid = $node->safe_psql('postgres', "SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE 'SELECT * FROM item WHERE a%'");

# Jobs in several states.
my $verifying = apply_index($node, 'item', 'item_verifying', 'CREATE INDEX item_verifying ON item (a)', $queryid);
is(wait_for_job($node, $verifying), 'verifying', 'one job is being judged');
my $kept = apply_index($node, 'other', 'other_kept', 'CREATE INDEX other_kept ON other (n)');
is(wait_for_job($node, $kept), 'kept', 'one is done');
my $build = BuildPhase->reach($node, 'index validation: scanning table');
is(state($node, $build->{job}), 'building', 'one builds');
my $queued = apply_index($node, 'other', 'other_queued', 'CREATE INDEX other_queued ON other (n DESC) WHERE n > 0');
is(state($node, $queued), 'queued', 'one is queued');

# Both formats, while the build goes on.
my $dir = PostgreSQL::Test::Utils::tempdir();
$node->command_ok([ 'pg_dump', '-f', "$dir/dump.sql", '-d', $node->connstr('postgres') ], 'it is dumped in mid-build');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", '-d', $node->connstr('postgres') ], 'in the other format, too');
my $text = PostgreSQL::Test::Utils::slurp_file("$dir/dump.sql");
unlike($text, qr/_clipperf_job/, 'no job is in the dump');
like($text, qr/item_ours/, 'the index set is');
unlike($text, qr/$build->{index}/, 'the half built index is not');
$build->release;
like(wait_for_job($node, $build->{job}), qr/^(kept|verifying)$/, 'the build is done');
is(wait_for_job($node, $queued), 'kept', 'and the one behind it');

$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0") foreach 'plain', 'custom';
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-1', '-f', "$dir/dump.sql", '-d', $node->connstr('plain') ], 'it is restored');
$node->command_ok([ 'pg_restore', '-e', '-j', '2', '-d', $node->connstr('custom'), "$dir/dump" ], 'from the other format, too');
foreach my $database ('plain', 'custom')
{
	is($node->safe_psql($database, 'SELECT count(*) FROM clipperf_jobs'), 0, "$database: there are no jobs");
	is($node->safe_psql($database, 'SELECT count(*) FROM clipperf_job_changes'), 0, "$database: nor a history");
	is(join(' ', map { index_names($node, $_, $database) } 'item\\_%', 'other\\_%'), 'item_verifying other_kept', "$database: the indexes are there");
	is($node->safe_psql($database, "SELECT string_agg(index_name::text, ' ') FROM clipperf_index_set_members WHERE index_set = 'ours'"), 'item_ours',
		"$database: and the index set");
	my $job = $node->safe_psql($database, "SELECT job FROM clipperf_apply(index_set => 'ours')");
	like(wait_for_job($node, $job, $database), qr/^(kept|verifying)$/, "$database: new jobs are done");
	is($job, 1, "$database: counted from 1");
	ok(no_builder($node, $database), "$database: no process is left");
	is(invalid_indexes($node, $database), '', "$database: nothing INVALID is left");
}
is(state($node, $verifying), 'verifying', 'where it was dumped, the jobs are as before');
apply_is_healthy($node, 'dump');
$node->stop;
done_testing();
