# The tables of statements survive restarts, are told apart from later tables of the same OID, and go with their statement.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('table_use', 'clipperf.max_statements = 100');

# Tables that the statements with such a text use, with how they do.
sub used_by
{
	my ($pattern) = @_;
	return $node->safe_psql('postgres', "SELECT coalesce(string_agg(DISTINCT relation || CASE WHEN reads THEN ' read' ELSE '' END
			|| CASE WHEN writes THEN ' written' ELSE '' END, ', '), 'none')
		FROM clipperf_table_use WHERE query LIKE '$pattern' AND query NOT LIKE '%clipperf_table_use%'");
}

# What a session knows must not hide what is forgotten.
$node->safe_psql('postgres', 'CREATE TABLE kept (id int); CREATE TABLE gone (id int)');
my $gone = $node->safe_psql('postgres', "SELECT 'gone'::regclass::oid");
my $session = $node->background_psql('postgres');
$session->query_safe('PREPARE pair AS SELECT k.id AS pair FROM kept AS k JOIN gone USING (id)');
$session->query_safe('EXECUTE pair') for 1 .. 8;
is(used_by('%pair%'), 'gone read, kept read', 'a prepared statement');
$node->safe_psql('postgres', "SELECT clipperf_reset('queries')");
is(used_by('%pair%'), 'none', 'forgotten');
$session->query_safe('EXECUTE pair');
is(used_by('%pair%'), 'gone read, kept read', 'a plan that was known before the reset is looked at again');

# Evicted with its statement, and there again with it.
$node->safe_psql('postgres', join('', map { "SELECT $_ AS flood_$_, pg_sleep(0.011);\n" } 1 .. 300));
$session->query_safe('EXECUTE pair');
is(used_by('%pair%'), 'gone read, kept read', 'there again after many others');

$node->restart;
is(used_by('%pair%'), 'gone read, kept read', 'after a restart');

# Another table gets the OID of one that was dropped: a statement that used that does not use this one.
$node->safe_psql('postgres', 'DROP TABLE gone');
is(used_by('%pair%'), 'kept read', 'a dropped table is not shown');
$node->stop;
# Else its row keeps the OID. No other process is there that might see the row still.
my ($vacuum, $said) = ("VACUUM pg_class\n", '');
IPC::Run::run([ 'postgres', '--single', '-D', $node->data_dir, 'postgres' ], '<', \$vacuum, '>&', \$said) or die $said;
system_or_bail('pg_resetwal', '-f', '-o', $gone, '-D', $node->data_dir);
$node->start;
$node->safe_psql('postgres', 'CREATE TABLE other (id int)');
is($node->safe_psql('postgres', "SELECT 'other'::regclass::oid"), $gone, 'a new table has the OID of the old one');
is(used_by('%pair%'), 'kept read', 'and is not taken for it');
$node->safe_psql('postgres', 'SELECT id AS young FROM other');
is(used_by('%young%'), 'other read', 'its own statements use it');
$node->safe_psql('postgres', 'VACUUM FREEZE pg_attribute');
is(used_by('%pair%'), 'kept read', 'a frozen catalog makes no difference');
is(used_by('%young%'), 'other read', 'nor to its own');

# Sessions that change between plans with other tables keep pair.
$node->safe_psql('postgres', q{
	CREATE SCHEMA one; CREATE TABLE one.item (id int); CREATE SCHEMA two; CREATE TABLE two.item (id int);
	CREATE VIEW seen AS SELECT id FROM one.item;
	CREATE FUNCTION turns() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
		CREATE OR REPLACE VIEW seen AS SELECT id FROM two.item;
	END $$ });
$session = $node->background_psql('postgres');
$session->query_safe('PREPARE turn AS SELECT id AS turn FROM seen');
$session->query_safe('EXECUTE turn');
is(used_by('%turn FROM%'), 'one.item read', 'one plan');
$session->query_safe('SELECT turns()');
$session->query_safe('EXECUTE turn');
is(used_by('%turn FROM%'), 'one.item read, two.item read', 'pair');
$session->quit;

done_testing();
