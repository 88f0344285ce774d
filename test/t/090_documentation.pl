# The manual: its examples run, its links lead somewhere, and nothing that the extension has is missing from it.
#
# Every block ```sql of README.md and docs/*.md is run, page by page in one psql session each, in a database with the
# example application's data, after some of its load. ```sql error says that an error is expected. An HTML comment
# <!-- before: STATEMENT --> on the line above a block prepares for it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $clipper = "$root/examples/clipper";
my @pages = ('README.md', map { s{^\Q$root\E/}{}r } sort glob("$root/docs/*.md"));
my %text = map { $_ => slurp_file("$root/$_") } @pages,
	'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/clipper/README.md';

my $node = new_server('documentation');
$node->safe_psql('postgres', 'CREATE DATABASE clipper');
$node->safe_psql('clipper', 'CREATE EXTENSION clipperf');
$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'clipper' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=0.02', '-f', "$clipper/data.sql", 'clipper' ], "Clipper's data");

# The blocks of SQL of a page: what each needs before, whether it is to fail, and its code.
sub sql_blocks
{
	my ($page) = @_;
	my @blocks;
	while ($text{$page} =~ /(?:^<!-- before: (.*?) -->\n)?^```sql( error)?\n(.*?)^```\n/msg)
	{
		push @blocks, { before => $1, fails => defined $2, code => $3 };
	}
	return @blocks;
}

# Runs a page in one session; returns what came out of each of its blocks.
sub run_page
{
	my (@blocks) = @_;
	my $script = join('', map { (defined $_->{before} ? "$_->{before};\n" : '') . "\\echo @@@@\n$_->{code}" } @blocks);
	my $output = '';

	IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr('clipper') ], '<', \$script, '>&', \$output);
	my (undef, @outputs) = split /^@@@@\n/m, $output, -1;
	return @outputs;
}

# Examples.
foreach my $page (@pages)
{
	my @blocks = sql_blocks($page) or next;
	$node->command_ok([ "$clipper/load/clipload", 'replay', '--conninfo', $node->connstr('clipper'), '--users', 20,
			'--pool', 4, '--requests', 300, '--seconds', 120, '--think-ms', 5 ], "load for $page");
	my @outputs = run_page(@blocks);
	is(scalar(@outputs), scalar(@blocks), "$page runs to its end");
	foreach my $n (0 .. $#blocks)
	{
		my ($first) = $blocks[$n]{code} =~ /^([^\n]*)/;
		my $failed = ($outputs[$n] // '') =~ /^(?:ERROR|FATAL): /m;
		ok(!$failed == !$blocks[$n]{fails}, "$page: $first") or diag($outputs[$n]);
	}
}

# Outputs fit a terminal of 110 columns.
foreach my $page (@pages)
{
	my @wide = grep { length($_ =~ s/\s+$//r) > 110 } map { split /\n/ } $text{$page} =~ /^```text\n(.*?)^```\n/msg;
	is(join("\n", @wide), '', "$page: outputs fit 110 columns");
}

# Settings.
my %contexts = (superuser => 'superuser, in any session', user => 'any user', postmaster => 'restart', sighup => 'reload');
# Those that act in background processes alone, where neither a session's settings nor a role's count.
my %background = map { ("clipperf.$_" => 'superuser, for a database or the server') } qw(long_transaction verify_calls verify_time auto_revert);
my %documented;
while ($text{'docs/settings.md'} =~ /^\| `(clipperf\.\w+)` \| (.*) \|$/mg)
{
	my ($name, $rest) = ($1, $2);
	$documented{$name} = join('|', map { s/^\s+|\s+$//gr } split(/\|/, $rest));
}
my %actual;
foreach my $row (split /\n/, $node->safe_psql('clipper', <<'SQL'))
SELECT name || chr(9) || concat_ws('|', vartype,
           CASE current_setting(name) WHEN '' THEN 'empty' ELSE '`' || current_setting(name) || '`' END,
           coalesce(array_to_string(enumvals, ', '), min_val || ' .. ' || max_val, ''), coalesce(unit, ''), context)
FROM pg_settings WHERE name LIKE 'clipperf.%'
SQL
{
	my ($name, $rest) = split /\t/, $row;
	$rest =~ s/([^|]+)$/$background{$name} \/\/ $contexts{$1} \/\/ $1/e;
	$actual{$name} = $rest;
}
is_deeply(\%documented, \%actual, 'docs/settings.md: type, default, range, unit and context of each setting');

# Comments, and a place in the manual.
my $members = <<'SQL';
WITH member AS (
    SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'clipperf'
), relation AS (
    SELECT c.oid, c.relname, c.relkind FROM member AS m JOIN pg_class AS c
    ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind IN ('r', 'v', 'm')
), composite AS (
    SELECT t.oid, t.typname, t.typrelid FROM member AS m JOIN pg_type AS t
    ON m.classid = 'pg_type'::regclass AND t.oid = m.objid AND t.typtype = 'c' AND t.typname NOT IN (SELECT relname FROM relation)
), function AS (
    SELECT p.oid, p.proname FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
)
SQL
is($node->safe_psql('clipper', <<"SQL"), '', 'every object and column has a comment');
$members
SELECT relname FROM relation WHERE obj_description(oid, 'pg_class') IS NULL
UNION ALL
SELECT typname FROM composite WHERE obj_description(oid, 'pg_type') IS NULL
UNION ALL
SELECT oid::regprocedure::text FROM function WHERE obj_description(oid, 'pg_proc') IS NULL
UNION ALL
SELECT attrelid::regclass || '.' || attname FROM pg_attribute
WHERE (attrelid IN (SELECT oid FROM relation) OR attrelid IN (SELECT typrelid FROM composite))
  AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL
SQL
my $manual = join("\n", map { $text{$_} } @pages);
my @objects = split /\n/, $node->safe_psql('clipper', <<"SQL");
$members
SELECT relname FROM relation UNION SELECT typname FROM composite UNION SELECT proname FROM function
SQL
cmp_ok(scalar(@objects), '>=', 20, 'there are objects to look for');
is(join(' ', grep { $manual !~ /\b\Q$_\E\b/ } sort @objects), '', 'the manual mentions every object');

# References: each function and view that users call has one section of its own, with the arguments and columns of the catalog.
my %reference;
foreach my $page (@pages)
{
	while ($text{$page} =~ /^#+ (?:Reference: )?(clipperf_\w+)(?: and (clipperf_\w+))?\n(.*?)(?=^#|\z)/msg)
	{
		my $section = $3;
		push @{ $reference{$_} }, $section foreach grep { defined } $1, $2;
	}
}

# The columns of a section: "name type" of each row, but of those that only another object has.
sub documented_columns
{
	my ($object) = @_;
	my $section = ($reference{$object} // [''])->[0];
	return documented_columns($1) if $section =~ /It returns the columns of `(clipperf_\w+)`/;
	my @columns;
	while ($section =~ /^\| (`\w+`(?:, `\w+`)*) \| ([^|]+) \| (.*) \|$/mg)
	{
		my ($names, $type, $meaning) = ($1, $2, $3);
		next if $meaning =~ /Only in (\w+)/ && $1 ne $object;
		push @columns, map { "$_ $type" } $names =~ /`(\w+)`/g;
	}
	return sort @columns;
}

my $described = 0;
foreach my $row (split /\n/, $node->safe_psql('clipper', <<"SQL"))
$members
SELECT concat_ws(chr(9), p.proname,
           regexp_replace(replace(pg_get_function_arguments(p.oid), '"concurrently"', 'concurrently'), '(, )?OUT .*|::[a-z ]+(\\[\\])?', '', 'g'),
           (SELECT string_agg(a.name || ' ' || format_type(a.type, NULL), ', ' ORDER BY a.name COLLATE "C")
            FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes) AS a (name, type, mode) WHERE a.mode IN ('o', 't')))
FROM function AS f JOIN pg_proc AS p USING (oid) WHERE p.proname LIKE 'clipperf\\_%'
UNION ALL
SELECT concat_ws(chr(9), relname, '',
           (SELECT string_agg(attname || ' ' || CASE atttypid::regtype::text WHEN '_clipperf_relation' THEN 'regclass'
                              ELSE format_type(atttypid, NULL) END, ', ' ORDER BY attname COLLATE "C")
            FROM pg_attribute WHERE attrelid = oid AND attnum > 0 AND NOT attisdropped))
FROM relation WHERE relname LIKE 'clipperf\\_%'
SQL
{
	my ($object, $arguments, $columns) = split /\t/, $row;
	$described++;
	is(scalar(@{ $reference{$object} // [] }), 1, "$object has a reference");
	my $section = ($reference{$object} // [''])->[0];
	my ($signature) = $section =~ /^`\Q$object\E\((.*?)\)`/m;
	is($signature // '', $arguments, "$object: its arguments");
	is(join(', ', documented_columns($object)), $columns // '', "$object: its columns");
}
cmp_ok($described, '>=', 30, 'there are references');

# Kinds of finding: those of the code, each in the table of docs/report.md if something makes findings of it, else reserved.
my ($kinds_part) = $text{'docs/report.md'} =~ /^## Kinds of finding$(.*?)^## /ms;
my @described = sort $kinds_part =~ /^\| `(\w+)` \|/mg;
my @reserved = map { /`(\w+)`/g } $kinds_part =~ /^(The names? .* reserved:)/mg;
my $unknown = $node->safe_psql('clipper', "SELECT hint FROM _clipperf_wrong_kinds('{none}')");
my @kinds = sort split /, /, ($unknown =~ /The kinds are (.*)\./)[0];
is("@{[ sort @described, @reserved ]}", "@kinds", 'docs/report.md: the kinds of finding are those of the code');
my $makers = join("\n", map { slurp_file($_) } grep { !/--/ } glob("$root/sql/*.sql"), glob("$root/src/*/*.c"), glob("$root/src/*/*/*.c"));
is(join(' ', grep { $makers =~ /['"]$_['"]/ } @kinds), "@described", 'docs/report.md: those that findings are made of, and no others');

# README.md counts the programs of make check-clients, and those that loop: by how each file registers its own.
my %register = (
	'*.py' => qr/^\@program\((.*)\)$/m, '*.rb' => qr/^program[ (]:\w+(?:, *'([^']*)')?/m, '*.js' => qr/^program\('\w+', \[(.*?)\]/m,
	'*.php' => qr/^    '\w+' => \['(.*?)'/m, '*.java' => qr/^\s+add\("\w+", "(.*?)"/m);
my ($programs, $looping) = (0, 0);
foreach my $glob (sort keys %register)
{
	foreach my $file (glob("$root/test/clients/$glob"))
	{
		my $source = slurp_file($file);
		next if $source !~ /^\W*Programs of /m;
		my @tables = $source =~ /$register{$glob}/g;
		isnt(scalar(@tables), 0, "$file has programs");
		$programs += @tables;
		$looping += grep { ($_ // '-') !~ /^\s*-?\s*$/ } @tables;
	}
}
like($text{'README.md'} =~ s/\s+/ /gr, qr/runs $programs programs .* $looping of which loop/, 'README.md: programs of make check-clients');

# The name that a link to a heading uses.
sub anchor
{
	my ($heading) = @_;
	$heading =~ s/[^\w\s-]//g;
	return lc($heading) =~ s/\s/-/gr;
}

# Links.
foreach my $page (sort keys %text)
{
	my ($directory) = $page =~ m{^(.*/)?[^/]+$};
	my @broken;
	my $prose = $text{$page} =~ s/^```.*?^```$//msgr;
	while ($prose =~ /\]\(([^)\s]+)\)/g)
	{
		my ($file, $heading) = $1 =~ /^([^#]*)(?:#(.*))?$/;
		next if $file =~ /^https?:/;
		my $path = $file eq '' ? $page : ($directory // '') . $file;
		1 while $path =~ s{[^/]+/\.\./}{};
		if (!-e "$root/$path")
		{
			push @broken, $1;
		}
		elsif (defined $heading)
		{
			my %anchors = map { anchor($_) => 1 } slurp_file("$root/$path") =~ /^#+ (.*)$/mg;
			push @broken, "$path#$heading" unless $anchors{$heading};
		}
	}
	is("@broken", '', "$page: links lead somewhere");
}

# Messages that the manual quotes are those of the code.
my $sources = join("\n", map { slurp_file($_) } grep { !/--/ } glob("$root/sql/*.sql"), glob("$root/src/*.c"), glob("$root/src/*/*.c"), glob("$root/src/*/*/*.c"));
my ($logged) = $text{'docs/operations.md'} =~ /^## What is logged$(.*?)^## /ms;
my ($trouble) = $text{'docs/operations.md'} =~ /^## Troubleshooting$(.*?)^## /ms;
my @messages = ($logged =~ /^\| `([a-z ]+) "/mg, $trouble =~ /^\*\*[^*"]*"([^"]+)"/mg);
cmp_ok(scalar(@messages), '>=', 6, 'docs/operations.md quotes messages');
is(join(', ', grep { index($sources, $_) < 0 } @messages), '', 'docs/operations.md: the messages that it quotes are those of the code');

# Reserved memory, in MB: majors of PostgreSQL differ by a few slots for background processes.
my ($reserved) = $text{'docs/operations.md'} =~ /100 connections\) it is (\d+) MB/;
$node->append_conf('postgresql.conf', 'max_connections = 100');
$node->restart;
my $actually = $node->safe_psql('clipper', 'SELECT memory_reserved_bytes / 1048576.0 FROM clipperf_info');
cmp_ok(abs($actually - ($reserved // 0)), '<=', 2, "docs/operations.md: $actually MB are reserved with 100 connections");

# Output fits a page.
foreach my $page (@pages)
{
	my @wide = grep { length > 120 } map { split /\n/ } $text{$page} =~ /^```text\n(.*?)^```$/msg;
	is(join("\n", @wide), '', "$page: no line of output is wider than 120 columns");
}

$node->stop;
done_testing();
