# A site with a schema for each of its customers has more tables than the server has memory for locks. Whoever
# looks at all of them leaves the others theirs: nobody's statement fails, and everybody can connect.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('locks', 'max_locks_per_transaction = 10', 'max_connections = 20', 'max_prepared_transactions = 0',
	'max_worker_processes = 4', 'max_wal_senders = 0', 'autovacuum_max_workers = 1');
my $tables = 600;

# The share that one command of ours may take: half of the locks for all sessions.
my $most = $node->safe_psql('postgres', q{
	SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int
		+ current_setting('max_worker_processes')::int + current_setting('autovacuum_max_workers')::int + 1) / 2});
cmp_ok($most, '<', $tables, 'there are more tables than locks');

# Tables in schemas of their own, each with an index that is there twice, each read by a statement of its own.
$node->safe_psql('postgres', join('', map { "
	CREATE SCHEMA s$_;
	CREATE TABLE s$_.t (a int, b int);
	CREATE INDEX a1 ON s$_.t (a);
	CREATE INDEX a2 ON s$_.t (a);" } 1 .. $tables));
$node->safe_psql('postgres', join('', 'SELECT clipperf_reset();', map { "SELECT b FROM s$_.t WHERE a = 1;\n" } 1 .. $tables));

# Others can lock tables and connect while a transaction that looked at all of them goes on.
sub others_are_well
{
	my ($name) = @_;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM ' . join(', ', map { "s$_.t" } 1 .. 30)), '0',
		"$name: others get their locks");
}

my $session = $node->background_psql('postgres');
$session->query_safe('SET client_min_messages = error; BEGIN');
is($session->query_safe('SELECT count(*) FROM clipperf_unneeded_indexes()'), $tables, 'all duplicates are found');
others_are_well('unneeded');
is($session->query_safe("SELECT count(*) FROM clipperf_indexes WHERE relation::text LIKE 's%.t'"), 2 * $tables, 'all indexes are read');
others_are_well('indexes');
is($session->query_safe(q{SELECT count(*) FILTER (WHERE problem IS NULL),
		count(*) FILTER (WHERE problem LIKE '% tables of other statements are locked %')
		FROM clipperf_workload() WHERE query LIKE 'SELECT b FROM s%'}),
	$most . '|' . ($tables - $most), 'as many statements as their tables may be locked are planned, and it is said of the others');
others_are_well('workload');
$session->query_safe('COMMIT; BEGIN');
$session->query_safe('SELECT count(*) FROM clipperf_recommend()');
is($session->query_safe("SELECT count(*) FROM clipperf_recommendations WHERE action = 'drop'"), $most, 'advice is given on their tables');
others_are_well('advice');
$session->query_safe('COMMIT');
$session->quit;
is_healthy($node, 'in the end');

# Tables that refer to those of the statements count, too.
$node->safe_psql('postgres', join("\n", 'SELECT clipperf_reset();', 'CREATE TABLE owner (id int PRIMARY KEY);',
	map { "ALTER TABLE s$_.t ADD FOREIGN KEY (b) REFERENCES owner;" } 1 .. $tables));
$node->safe_psql('postgres', 'SELECT * FROM owner WHERE id = 1');
$session = $node->background_psql('postgres');
$session->query_safe('BEGIN; SET client_min_messages = error; SELECT count(*) FROM clipperf_recommend()');
others_are_well('foreign keys');
$session->query_safe('COMMIT');
$session->quit;
done_testing();
