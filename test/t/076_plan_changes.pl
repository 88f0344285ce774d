# A plan that took the place of another one and is slower is a finding, with what else changed; noise and plans in turn are none.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

# The judge, by simulation.
my $top = "$FindBin::RealBin/../..";
my $program = "$PostgreSQL::Test::Utils::tmp_check/plan_judge";
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);
system_or_bail($ENV{CC} || 'cc', '-O2', '-w', "-I$top/src", "-I$server", split(' ', $flags),
	'-o', $program, "$top/test/unit/plan_judge.c", '-lm');
my ($output, $errors) = run_command([$program]);
is($errors, '', 'the program runs');
my %share = map { split ' ' } split /\n/, $output;
cmp_ok($share{$_}, '<=', 0.002, "$_: none is found") foreach qw(alike alike_disturbed alike_few alike_stalled busy_machine little_slower too_few);
cmp_ok($share{$_}, '>=', 0.75, "$_: it is found") foreach qw(slower slower_few slower_stalled);

# A plan changes as its index is dropped. Either plan has enough to do for a stall of the machine to be little beside it.
my $node = new_server('plan_changes', 'clipperf.plan_interval = 1', 'max_parallel_workers_per_gather = 0');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, kind int, name text);
	INSERT INTO item SELECT i, i / 1000, 'item ' || i FROM generate_series(1, 200000) AS i;
	CREATE INDEX item_kind ON item (kind);
	ANALYZE item });
my $found = q{SELECT count(*) FROM clipperf_findings() WHERE kind = 'plan_changed'};

# Blocks of executions, with pauses: a block lasts for a quarter of a second at least.
sub run_blocks
{
	my ($name) = @_;
	$node->safe_psql('postgres', "SET clipperf.route = '/items';\n" . join("SELECT pg_sleep(0.3);\n",
		map { join('', map { "SELECT count(name) AS $name FROM item WHERE kind = $_;\n" } 1 .. 9) } 1 .. 10));
}

run_blocks('of_kind');
is($node->safe_psql('postgres', $found), 0, 'one plan is no change');
run_blocks('of_kind');
is($node->safe_psql('postgres', $found), 0, 'nor is the same again');
$node->restart;
$node->safe_psql('postgres', 'DROP INDEX item_kind');
run_blocks('of_kind');
is($node->safe_psql('postgres', q{SELECT count(*) FROM clipperf_plans WHERE query LIKE '%FROM item WHERE kind%'}), 2, 'there are two plans');
my $finding = $node->safe_psql('postgres', q{SELECT summary || '|' || evidence || '|' || fix FROM clipperf_findings() WHERE kind = 'plan_changed'});
like($finding, qr/^another plan takes \d+ times as long: .*item WHERE kind.* times the work .*an index that the plan before used was dropped.*-- compare both plans/s, 'a finding, over a restart');
is($node->safe_psql('postgres', q{SELECT count(*) FROM clipperf_findings() WHERE kind = 'plan_changed' AND cost_ms > 0 AND saved_ms IS NULL AND saves IS NULL}), 1, 'what it costs, and no fix that would save it');

# Back again with the index: the plan before is used again.
$node->safe_psql('postgres', 'CREATE INDEX item_kind ON item (kind); ANALYZE item');
run_blocks('of_kind');
is($node->safe_psql('postgres', $found), 0, 'a plan that has replaced the slower one ends the finding');

done_testing();
