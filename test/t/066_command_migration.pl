# clipperf migration: the text of clipperf_migration() in files of five tools, by their names and in their languages.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('migration');
my $dir = PostgreSQL::Test::Utils::tempdir();

# An index set with all that a string of another language could stumble over, found by a search_path of its own.
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA shop;
ALTER DATABASE postgres SET search_path = shop, public;
CREATE TABLE shop.item (id int PRIMARY KEY, a int, "we""ird #{x}\n" text);
SET search_path = shop, public;
SELECT clipperf_add_index('ours', 'CREATE INDEX item_a ON item (a)');
SELECT clipperf_add_index('ours', $$CREATE INDEX item_w ON item ("we""ird #{x}\n") WHERE "we""ird #{x}\n" <> 'a\b''c%(d)s </e>'$$);
SQL
my %sql = map { $_ => $node->safe_psql('postgres', "SELECT clipperf_migration('$_', index_set => 'ours')") } 'up', 'down';
my $indexes = "SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'item'";

# Runs the command for a tool, and tests which files it has written.
sub written
{
	my ($tool, $files, @options) = @_;
	my @command = ('migration', '--output' => $dir, '--tool' => $tool, '--index-set' => 'ours', '--name' => 'add_indexes',
		'--number' => '20260102030405', @options);
	my ($status, $output, $errors) = clipperf($node, @command);

	is("$status $errors", '0 ', "$tool: status");
	is($output, join('', map { "$dir/$_\n" } @$files), "$tool: its files");
	($status, $output, $errors) = clipperf($node, @command);
	is("$status $output", '2 ', "$tool: no file is replaced");
	like($errors, qr/^clipperf: error: file ".*\Q$files->[0]\E" already exists$/, "$tool: and it says so");
	return map { slurp_file("$dir/$_") } @$files;
}

# Plain SQL runs up and down, under three names.
foreach my $case ([ 'plain', 'add_indexes.down.sql', 'add_indexes.up.sql' ],
	[ 'golang-migrate', '20260102030405_add_indexes.down.sql', '20260102030405_add_indexes.up.sql' ],
	[ 'flyway', 'U20260102030405__add_indexes.sql', 'V20260102030405__add_indexes.sql' ])
{
	my ($tool, @files) = @$case;
	my ($down, $up) = written($tool, \@files);

	is($down, $sql{down}, "$tool: down");
	is($up, $sql{up}, "$tool: up");
}
$node->command_ok([ 'psql', '-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/add_indexes.up.sql", 'postgres' ], 'up');
is($node->safe_psql('postgres', $indexes), 'item_a item_pkey item_w', 'the indexes are there');
$node->command_ok([ 'psql', '-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/add_indexes.down.sql", 'postgres' ], 'down');
is($node->safe_psql('postgres', $indexes), 'item_pkey', 'they are gone');

# Rails: a document that ends with a line which the SQL does not have.
my ($ruby) = written('rails', ['20260102030405_add_indexes.rb']);
like($ruby, qr/^class AddIndexes < ActiveRecord::Migration\[5\.2\]\n  def up\n    execute <<'(\w+)'\n\Q$sql{up}\E\1\n  end\n\n  def down\n    execute <<'(\w+)'\n\Q$sql{down}\E\2\n  end\nend\n\z/,
	'rails: the class');

# Django: Python reads the very text.
my ($python) = written('django', ['20260102030405_add_indexes.py'], '--app' => 'shop', '--after' => '0001_initial');
mkdir "$dir/django";
append_to_file("$dir/django/__init__.py", '');
append_to_file("$dir/django/db.py", <<'PYTHON');
class migrations:
    class Migration:
        pass
    class RunSQL:
        noop = ''
        def __init__(self, sql, reverse_sql):
            self.sql, self.reverse_sql = sql, reverse_sql
PYTHON
my $read = <<'PYTHON';
import runpy, sys
sys.path.insert(0, sys.argv[1])
migration = runpy.run_path(sys.argv[2])['Migration']
print(migration.dependencies)
print(migration.operations[0].sql + migration.operations[0].reverse_sql, end='')
PYTHON
my $said = '';
IPC::Run::run([ (grep { -x } '/usr/bin/python3', map { "$_/python3" } split /:/, $ENV{PATH})[0], '-c', $read, $dir,
		"$dir/20260102030405_add_indexes.py" ], '>', \$said);
is($said, "[('shop', '0001_initial')]\n$sql{up}$sql{down}", 'django: the migration');

# One direction, to standard output.
foreach my $direction ('up', 'down')
{
	my ($status, $output) = clipperf($node, 'migration', "--$direction", '--index-set' => 'ours');
	is("$status $output", "0 $sql{$direction}", "--$direction");
}
my ($status, $output) = clipperf($node, 'migration', '--up', '--tool' => 'rails', '--output' => $dir, '--index-set' => 'ours', '--name' => 'up_only',
	'--number' => 1);
is($status, 0, 'one direction in a file of both');
like(slurp_file("$dir/1_up_only.rb"), qr/  def down\n    raise ActiveRecord::IrreversibleMigration\n  end\n/, 'the other one cannot be run');
($status, $output) = clipperf($node, 'migration', '--output' => $dir, '--tool' => 'flyway', '--index-set' => 'ours');
like($output, qr{^\Q$dir\E/U\d{14}__clipperf_indexes\.sql\n\Q$dir\E/V\d{14}__clipperf_indexes\.sql\n\z}, 'the defaults');

# What is wrong.
fails_with($node, [ 'migration', '--up' ], qr/there is nothing to migrate\nclipperf: hint: "clipperf recommend"/, 'nothing recommended');
fails_with($node, [ 'migration', '--up', '--id' => 'x' ], qr/invalid value "x" for option --id/, 'no number');
fails_with($node, [ 'migration', '--up', '--id' => '12345' ], qr/12345/, 'no such recommendation');
fails_with($node, [ 'migration', '--up', '--index-set' => 'none' ], qr/none/, 'no such set');
fails_with($node, [ 'migration', '--index-set' => 'ours' ], qr/one of --up and --down must be given, or --output/, 'no direction');
fails_with($node, [ 'migration', '--output' => $dir, '--tool' => 'alembic' ], qr/unrecognized tool: "alembic"\nclipperf: detail: The tools are /, 'no such tool');
fails_with($node, [ 'migration', '--output' => $dir, '--tool' => 'django', '--app' => 'shop' ], qr/--app and --after must be used together/, 'half of a dependency');
fails_with($node, [ 'migration', '--up', '--name' => '../x' ], qr/invalid value "\.\.\/x" for option --name/, 'a name that is none');
fails_with($node, [ 'migration', '--index-set' => 'ours', '--output' => "$dir/none" ], qr/could not create file ".*none.*": No such file/, 'no directory');

$node->stop;
done_testing();
