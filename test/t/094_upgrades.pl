# ALTER EXTENSION clipperf UPDATE: from each version that was released, with data in the tables, to what CREATE EXTENSION
# makes.
#
# The install scripts of released versions are in test/releases. Whether the comparison finds what an upgrade script
# forgets is tried with versions that are made up here.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Catalog;
use File::Basename;
use File::Copy;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my ($share) = run_command([ 'pg_config', '--sharedir' ]);
my $installed = "$share/extension";
my ($version) = slurp_file("$root/clipperf.control") =~ /^default_version *= *'(.*)'/m;
my @released = map { basename($_) =~ /^clipperf--(.+)\.sql\z/ } glob "$root/test/releases/clipperf--*.sql";
my @made;

plan skip_all => "scripts cannot be put into $installed" unless -w $installed;

END { unlink @made; }

# Puts a script where the server looks for it, for the time of the test.
sub install_script
{
	my ($name, $text) = @_;
	my $path = "$installed/$name.sql";

	return if -e $path;
	append_to_file($path, $text);
	push @made, $path;
	return;
}

# The rows of all tables of the extension, by table.
sub rows_of
{
	my ($node, $database) = @_;
	my $tables = $node->safe_psql($database, q{
		SELECT c.oid::regclass FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
			AND d.deptype = 'e' JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'clipperf'
		WHERE c.relkind = 'r' ORDER BY 1});

	return { map { $_ => decode_json($node->safe_psql($database, "SELECT coalesce(json_agg(t ORDER BY t::text), '[]') FROM $_ AS t")) }
		  split /\n/, $tables };
}

# What an update has lost: rows of before that no row of after has all values of.
sub lost
{
	my ($before, $after) = @_;
	my @lost;

	my $json = JSON::PP->new->canonical;

	foreach my $table (sort keys %$before)
	{
		foreach my $row (@{ $before->{$table} })
		{
			# The row of after that has all values of the one of before; it may have more columns.
			my @found = grep {
				my $new = $_;
				!grep { !exists $new->{$_} || $json->encode([ $new->{$_} ]) ne $json->encode([ $row->{$_} ]) } keys %$row
			} @{ $after->{$table} // [] };
			push @lost, "$table: " . $json->encode($row) if !@found;
		}
	}
	return @lost;
}

# Makes a database with a version of the extension, and data in its tables, as users put them there.
sub create_version
{
	my ($node, $database, $from) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION clipperf VERSION '$from'");
	$node->safe_psql($database, q{
		CREATE TABLE clip (id int, score int);
		INSERT INTO clip SELECT i, i % 100 FROM generate_series(1, 20000) AS i;
		ANALYZE clip;
		CREATE TABLE vote (id int, score int)});
	# Statements of a session of their own, which tells of them when it ends.
	$node->safe_psql($database, join(';', "SET application_name = '/clip'", ('SELECT id FROM clip WHERE id = 7') x 20));
	$node->safe_psql($database, q{SELECT count(*) FROM clipperf_recommend()});
	$node->safe_psql($database, q{SELECT clipperf_accept('seq_scan', 'clip', reason => 'known')});
	$node->safe_psql($database, q{SELECT clipperf_add_index('ours', 'CREATE INDEX vote_score ON vote (score)')});
	$node->safe_psql($database, q{INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('/clip', '{/clip}', 100)});
	$node->safe_psql($database, q{SELECT clipperf_snapshot('before the update')});
	$node->safe_psql($database, q{SELECT count(*) FROM clipperf_apply(index_set => 'ours')});
	$node->poll_query_until($database, q{SELECT bool_and(state = 'kept') FROM clipperf_jobs}) or die 'the index is not built';
	return;
}

my $node = new_server('upgrades', "clipperf.verify_calls = 0");
$node->safe_psql('postgres', 'CREATE DATABASE created');
$node->safe_psql('created', 'CREATE EXTENSION clipperf');
my $created = catalog_of($node, 'created');
cmp_ok(scalar(keys %$created), '>', 500, 'the catalog has much to compare');

# What is released, by the change log and by tags, has its script here.
my %frozen = map { $_ => 1 } @released;
my @needed = grep { $_ ne $version } slurp_file("$root/CHANGELOG.md") =~ /^## (\d\S*?),? (?!not released)/mg;
if (-e "$root/.git")
{
	my ($tags) = run_command([ 'git', '-C', $root, 'tag', '--list', 'v[0-9]*' ]);
	push @needed, map { s/^v//r } split /\n/, $tags;
}
ok($frozen{$_}, "version $_: its install script is in test/releases") foreach @needed;

# From each released version.
foreach my $from (@released)
{
	my $database = 'from_' . $from =~ tr/0-9a-z/_/cr;

	install_script("clipperf--$from", slurp_file("$root/test/releases/clipperf--$from.sql"));
	create_version($node, $database, $from);
	my $before = rows_of($node, $database);
	$node->safe_psql($database, "ALTER EXTENSION clipperf UPDATE TO '$version'");
	is(join("\n", differences(catalog_of($node, $database), $created)), '', "from $from: the objects are those of $version");
	is(join("\n", lost($before, rows_of($node, $database))), '', "from $from: the data is there");
}

# A made-up version before this one, which lacks a view, a function, a column with its index, a comment and a right; and
# two ways from there to this one, the second of which forgets them all.
my $install = slurp_file("$root/sql/clipperf--$version.sql");
my $view = join('', $install =~ /^((?:CREATE VIEW|COMMENT ON VIEW|COMMENT ON COLUMN) \@extschema\@\.clipperf_job_changes\b.*?;\n)/msg);
my ($comment) = $install =~ /^(COMMENT ON VIEW \@extschema\@\.clipperf_info IS.*?;\n)/ms;
ok($view ne '' && defined $comment, 'parts of the install script are found');
my $forget = <<'SQL';
DROP VIEW @extschema@.clipperf_job_changes;
ALTER TABLE @extschema@.clipperf_endpoints DROP CONSTRAINT clipperf_endpoints_pkey;
COMMENT ON VIEW @extschema@.clipperf_info IS NULL;
REVOKE SELECT ON @extschema@.clipperf_routes FROM PUBLIC;
ALTER TABLE @extschema@.clipperf_accepted ALTER made_by DROP NOT NULL;
SQL
my $remember = <<"SQL";
$view
GRANT SELECT ON \@extschema\@.clipperf_job_changes TO PUBLIC;
ALTER TABLE \@extschema\@.clipperf_endpoints ADD PRIMARY KEY (name);
$comment
GRANT SELECT ON \@extschema\@.clipperf_routes TO PUBLIC;
ALTER TABLE \@extschema\@.clipperf_accepted ALTER made_by SET NOT NULL;
SQL
install_script('clipperf--made.up', $install . $forget);
install_script('clipperf--made.worse', $install . $forget);
install_script("clipperf--made.up--$version", $remember);
install_script("clipperf--made.worse--$version", "DELETE FROM \@extschema\@.clipperf_accepted;\n");

create_version($node, 'made_up', 'made.up');
my $before = rows_of($node, 'made_up');
my @empty = grep { !@{ $before->{$_} } && !/recommendations|scan_advice|job_measures|snapshot_finding/ } sort keys %$before;
is("@empty", '', 'there is data in the tables');
isnt(join("\n", differences(catalog_of($node, 'made_up'), $created)), '', 'the made-up version is another one');
$node->safe_psql('made_up', 'ALTER EXTENSION clipperf UPDATE');
is(join("\n", differences(catalog_of($node, 'made_up'), $created)), '', 'a complete script leads to the objects of this version');
is(join("\n", lost($before, rows_of($node, 'made_up'))), '', 'and keeps the data');
is($node->safe_psql('made_up', "SELECT extversion FROM pg_extension WHERE extname = 'clipperf'"), $version, 'which is this version');
is($node->safe_psql('made_up', 'SELECT count(*) >= 0 FROM clipperf_report()'), 't', 'and works');

create_version($node, 'made_worse', 'made.worse');
$before = rows_of($node, 'made_worse');
$node->safe_psql('made_worse', 'ALTER EXTENSION clipperf UPDATE');
my $differences = join("\n", differences(catalog_of($node, 'made_worse'), $created));
like($differences, qr/$_/m, "what is forgotten is found: $_")
  foreach '^view public\.clipperf_job_changes: definition: missing$', '^view public\.clipperf_job_changes: column reason: missing$',
  '^table public\.clipperf_endpoints: constraint clipperf_endpoints_pkey: missing$', '^table public\.clipperf_endpoints: index: missing$',
  '^view public\.clipperf_info: comment: is$', '^view public\.clipperf_routes: definition: is$', '^table public\.clipperf_accepted: column made_by: is$';
like(join("\n", lost($before, rows_of($node, 'made_worse'))), qr/^clipperf_accepted: \{.*"reason":"known"/m, 'and so is what is lost');

$node->stop;
done_testing();
