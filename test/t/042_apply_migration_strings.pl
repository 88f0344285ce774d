# What stands in a string of a migration file is a string for whoever runs the file, under standard_conforming_strings on
# or off.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = apply_server('strings');
if ($node->safe_psql('postgres', 'SHOW server_version_num') >= 190000)
{
	plan skip_all => 'standard_conforming_strings is always on';
}
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int, body text);
	CREATE TABLE canary (a int);
	CREATE TABLE "odd\'" (id int, "o\'" text)});

# What a predicate compares with, as a string of a session whose setting is on.
my @constants = (q{'\''; DROP TABLE public.canary; --'}, q{'\\'}, q{'a\nb'}, q{'''\'}, q{'plain'}, q{'"\'}, q{'$clipperf$\'}, q{'E''\x41'});
my $members = '';
foreach my $n (0 .. $#constants)
{
	$members .= "SELECT clipperf_add_index('odd', \$x\$CREATE INDEX item_$n ON item (id) WHERE body <> $constants[$n]\$x\$, 'high', 'p\\');\n";
}
$members .= q{SELECT clipperf_add_index('odd', $x$CREATE INDEX "odd\'_i" ON "odd\'" ("o\'") WHERE "o\'" = 'x\'''$x$);};
$node->safe_psql('postgres', $members);

sub session { return "options='-c standard_conforming_strings=$_[0]'" }

sub write_file
{
	my ($direction, $concurrently, $strings) = @_;
	my $path = "$PostgreSQL::Test::Utils::tmp_check/$direction.sql";
	my $text = $node->safe_psql('postgres', "SELECT clipperf_migration('$direction', NULL, 'odd', $concurrently)",
		connstr => $node->connstr('postgres') . ' ' . session($strings));
	append_to_file($path, "$text\n");
	return $path;
}

# Runs a file; what psql says but for NOTICEs.
sub run_file
{
	my ($path, $strings) = @_;
	my $said = '';
	IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr('postgres') . ' ' . session($strings), '-f', $path ], '>&', \$said);
	return join "\n", grep { !/NOTICE:/ } split /\n/, $said;
}

my $indexes = q{SELECT string_agg(indexdef, E'\n' ORDER BY indexname COLLATE "C") FROM pg_indexes WHERE schemaname = 'public' AND tablename IN ('item', 'odd\''')};
my $wanted = join "\n", (map { "CREATE INDEX item_$_ ON public.item USING btree (id) WHERE (body <> $constants[$_]::text)" } 0 .. $#constants),
  q{CREATE INDEX "odd\'_i" ON public."odd\'" USING btree ("o\'") WHERE ("o\'" = 'x\'''::text)};

foreach my $concurrently ('false', 'true')
{
	foreach my $written ('on', 'off')
	{
		my ($up, $down) = map { write_file($_, $concurrently, $written) } 'up', 'down';
		foreach my $run ('on', 'off')
		{
			my $case = "concurrently $concurrently, written under $written, run under $run";
			foreach my $time ('once', 'again')
			{
				is(run_file($up, $run), '', "$case: the up file runs $time");
				is($node->safe_psql('postgres', $indexes), $wanted, "$case: it makes what is meant, $time");
			}
			is(run_file($down, $run), '', "$case: the down file runs");
			is($node->safe_psql('postgres', $indexes), '', "$case: it drops that");
		}
		unlink $up, $down;
	}
}
is($node->safe_psql('postgres', q{SELECT to_regclass('canary')}), 'canary', 'no string was run');

# The same for builds: the setting of whoever asks is not that of who builds.
foreach my $strings ('on', 'off')
{
	my $jobs = $node->safe_psql('postgres', q{SELECT job FROM clipperf_apply(index_set => 'odd')},
		connstr => $node->connstr('postgres') . ' ' . session($strings));
	wait_for_job($node, $_) foreach split /\n/, $jobs;
	is($node->safe_psql('postgres', $indexes), $wanted, "builds asked for under $strings");
	$node->safe_psql('postgres', 'DROP INDEX ' . join(', ', (map { "item_$_" } 0 .. $#constants), q{"odd\'_i"}));
}

$node->stop;
done_testing();
