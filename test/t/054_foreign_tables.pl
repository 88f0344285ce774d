# Nobody connects to a foreign server by reading advice: a statement whose planning would is not planned again, and says so.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('foreign', 'log_connections = on', "postgres_fdw.application_name = 'over there'");
my $directory = $node->host;
my $port = $node->port;

unless ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'}))
{
	plan skip_all => 'postgres_fdw is not installed';
}
$node->safe_psql('postgres', qq{
	CREATE EXTENSION postgres_fdw;
	CREATE EXTENSION file_fdw;
	CREATE TABLE far (id int, kind int, name text);
	INSERT INTO far SELECT n, n % 100, 'name ' || n FROM generate_series(1, 5000) AS n;
	CREATE TABLE near (id int, kind int);
	INSERT INTO near SELECT n, n % 100 FROM generate_series(1, 5000) AS n;
	ANALYZE;

	CREATE SERVER asked FOREIGN DATA WRAPPER postgres_fdw
		OPTIONS (host '$directory', port '$port', dbname 'postgres', use_remote_estimate 'true');
	CREATE SERVER silent FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$directory', port '$port', dbname 'postgres');
	CREATE USER MAPPING FOR CURRENT_USER SERVER asked;
	CREATE USER MAPPING FOR CURRENT_USER SERVER silent;
	CREATE FOREIGN TABLE by_server (id int, kind int, name text) SERVER asked OPTIONS (table_name 'far');
	CREATE FOREIGN TABLE by_table (id int, kind int, name text) SERVER silent
		OPTIONS (table_name 'far', use_remote_estimate 'true');
	CREATE FOREIGN TABLE not_asked (id int, kind int, name text) SERVER asked
		OPTIONS (table_name 'far', use_remote_estimate 'false');
	CREATE FOREIGN TABLE by_default (id int, kind int, name text) SERVER silent OPTIONS (table_name 'far');
	CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
	CREATE FOREIGN TABLE a_file (line text) SERVER files OPTIONS (filename '/dev/null');

	CREATE VIEW seen AS SELECT id, kind FROM by_server;
	CREATE FUNCTION inlined(int) RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM by_server WHERE kind = \$1';
	CREATE TABLE parts (id int, kind int, name text) PARTITION BY LIST (kind);
	CREATE TABLE part_near PARTITION OF parts DEFAULT;
	CREATE FOREIGN TABLE part_far PARTITION OF parts FOR VALUES IN (1) SERVER asked OPTIONS (table_name 'far');
	SELECT clipperf_reset()});

# Statements of the application, each with whether planning it may connect.
my %asks = (
	'SELECT name FROM by_server WHERE kind = 2' => 1,
	'SELECT name FROM by_table WHERE kind = 2' => 1,
	'SELECT near.id FROM near JOIN by_server USING (id) WHERE near.kind = 2' => 1,
	'SELECT id FROM seen WHERE kind = 2' => 1,
	'SELECT count(*) FROM inlined(2)' => 1,
	'SELECT count(*) FROM parts WHERE id = 2' => 1,
	"UPDATE by_server SET name = 'x' WHERE id = 2" => 1,
	'SELECT id FROM near WHERE kind IN (SELECT kind FROM by_server WHERE id = 2)' => 1,
	'SELECT name FROM not_asked WHERE kind = 2' => 0,
	'SELECT name FROM by_default WHERE kind = 2' => 0,
	'SELECT near.id FROM near JOIN by_default USING (id) WHERE near.kind = 2' => 0,
	"SELECT count(*) FROM a_file WHERE line = 'x'" => 0,
	'SELECT id FROM near WHERE kind = 2' => 0);

my $application = $node->background_psql('postgres');
foreach my $statement (sort keys %asks)
{
	$application->query_safe("$statement;") foreach 1 .. 3;
}
$application->quit;
like(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/application_name=over there/, 'the application connects to the foreign server');

# From here on the reader's sessions alone.
my $before = -s $node->logfile;
my $problems = $node->safe_psql('postgres', q{SELECT query || ' = ' || coalesce(problem, 'none') FROM clipperf_workload()});
foreach my $statement (sort keys %asks)
{
	my $text = $statement;
	my $number = 0;
	$text =~ s/\b2\b|'x'/'$' . ++$number/ge;
	my ($line) = grep { index($_, "$text = ") == 0 } split(/\n/, $problems);
	ok(defined $line, "in the workload: $statement") or next;
	if ($asks{$statement})
	{
		like($line, qr/= a foreign table cannot be planned here: planning foreign table "\w+" may connect to its server/, 'it is not planned');
	}
	else
	{
		like($line, qr/= none$/, 'it is planned');
	}
}
$node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_recommend()');
$node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_report()');
$node->psql('postgres', 'SELECT clipperf_check()');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile, $before), qr/application_name=over there/, 'no reader has');

# EXPLAIN of one's own statement does, as ever.
$node->safe_psql('postgres', 'EXPLAIN SELECT name FROM by_server WHERE kind = 2');
like(PostgreSQL::Test::Utils::slurp_file($node->logfile, $before), qr/application_name=over there/, 'EXPLAIN does');
is_healthy($node, 'at the end');

done_testing();
