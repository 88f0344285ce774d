# A statement that runs while the store is reset is counted again afterwards, however long the reset takes.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('reset');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'clipperf'
clipperf.max_statements = 20000
autovacuum = off
fsync = off
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION clipperf');
$node->safe_psql('postgres', 'CREATE TABLE hot (one int); CREATE TABLE wide ('
	  . join(', ', map { "c$_ int" } 1 .. 40) . ')');

# Sessions that run one statement all the time, until the server stops.
my $script = PostgreSQL::Test::Utils::tempdir() . '/hot.sql';
append_to_file($script, "SELECT one FROM hot;\n");
my ($in, $out) = ('', '');
my $load = IPC::Run::start(
	[ 'pgbench', '-n', '-M', 'prepared', '-c', '2', '-T', '600', '-f', $script, $node->connstr('postgres') ],
	'<', \$in, '>', \$out, '2>', \$out);

# Thousands of statements make the reset long.
my $fill = <<'SQL';
DO $$ BEGIN
	FOR a IN 1..40 LOOP FOR b IN 1..40 LOOP FOR c IN 1..3 LOOP
		EXECUTE format('SELECT c%s, c%s, c%s FROM wide', a, b, c);
	END LOOP; END LOOP; END LOOP;
END $$
SQL
foreach my $round (1 .. 8)
{
	$node->safe_psql('postgres', "SET clipperf.track = 'all'; $fill");
	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 AND sum(calls) > 100 FROM clipperf_queries WHERE query = 'SELECT one FROM hot'})
	  or last;
	pass("reset $round: counted again");
}
is(Test::More->builder->current_test, 8, 'after every reset');

$load->kill_kill;
$node->stop('immediate');
done_testing();
