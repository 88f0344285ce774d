# Plans survive a restart, are measured beside others who instrument, in parallel and nested executions, and in profiles that tools open.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use IPC::Run;
use List::Util qw(sum);
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Pprof qw(read_pprof);
use Test::More;

my $node = new_server('plans', 'clipperf.plan_interval = 1', 'max_parallel_workers_per_gather = 0');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, kind int, name text);
	INSERT INTO item SELECT i, i % 10, 'item ' || i FROM generate_series(1, 20000) AS i;
	ANALYZE item });

# The outline, calls measured, and figures of the plans of statements with such a text.
sub plans
{
	my ($pattern, $columns) = @_;
	return $node->safe_psql('postgres', 'SELECT ' . ($columns // q{regexp_replace(outline, '  \([^\n]*\)', '', 'g')}) .
		qq{ FROM clipperf_plans WHERE query LIKE '$pattern' AND query NOT LIKE '%clipperf_plans%' ORDER BY 1});
}

# A restart keeps everything.
$node->safe_psql('postgres', 'SELECT name AS kept FROM item WHERE id = ' . $_) foreach 1 .. 3;
$node->safe_psql('postgres', 'SELECT kind, count(*) AS kept FROM item GROUP BY kind');
my $all = q{plan_id, calls, measured, timed, round(total_ms::numeric, 3), round(p95_ms::numeric, 3), mean_blocks, settings,
	first_seen, last_seen, outline};
my $before = plans('%AS kept%', $all);
like($before, qr/\|3\|3\|3\|.*Index Scan using item_pkey on item/, 'measured');
like($before, qr/HashAggregate/, 'another statement');
$node->restart;
is(plans('%AS kept%', $all), $before, 'after a restart');
$node->safe_psql('postgres', 'SELECT name AS kept FROM item WHERE id = 4');
is(plans('%AS kept FROM item WHERE%', 'measured'), 4, 'it goes on');

# Parallel workers: what they do counts, and no more time than the execution took.
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my $result = $node->safe_psql('postgres', "$parallel SELECT sum(id) AS shared FROM item; SELECT sum(id) AS shared FROM item");
is($result, "200010000\n200010000", 'the result of a parallel query');
like(plans('%AS shared%'), qr/Finalize Aggregate\n  ->  Gather\n        ->  Partial Aggregate\n              ->  Parallel Seq Scan on item/, 'its plan');
is(plans('%AS shared%', q{outline ~ 'Parallel Seq Scan on item[^\n]*rows 20000,'}), 't', 'rows of all workers');
cmp_ok(plans('%AS shared%', q{(SELECT sum(m[1]::int) FROM regexp_matches(outline, '(\d+)% of the time', 'g') AS m)}), '<=', 102, 'shares of the time');

# Who else instruments executions sees what is his own, and so do we.
my $explained = $node->safe_psql('postgres', q{
	LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on;
	SET client_min_messages = log; SELECT count(*) AS beside FROM item WHERE kind = 3 });
is($explained, 2000, 'beside auto_explain');
like(plans('%AS beside%'), qr/Aggregate\n  ->  Seq Scan on item/, 'measured beside auto_explain');
my $timed = $node->safe_psql('postgres', 'EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) AS asked FROM item WHERE kind = 3');
like($timed, qr/Seq Scan on item .*actual time=.* rows=2000 loops=1.*Rows Removed by Filter: 18000/s, 'EXPLAIN ANALYZE');
is(plans('%AS asked%'), '', 'is not measured');

# Errors in the middle, caught or not, in cursors and in functions.
$node->safe_psql('postgres', q{
	SET clipperf.track = 'all';
	CREATE FUNCTION fails_inside() RETURNS int LANGUAGE plpgsql AS $$
	DECLARE r record; n int := 0;
	BEGIN
		FOR r IN SELECT 1 / (id - 500) AS inner_failing FROM item ORDER BY id LOOP n := n + 1; END LOOP;
		RETURN n;
	EXCEPTION WHEN division_by_zero THEN RETURN n; END $$;
	SELECT fails_inside() AS outer_well FROM generate_series(1, 3);
	CREATE FUNCTION recurses(n int) RETURNS int LANGUAGE plpgsql AS $$
	BEGIN RETURN (SELECT CASE WHEN n = 0 THEN 0 ELSE 1 + recurses(n - 1) END AS deeper); END $$;
	SELECT recurses(20) });
is(plans('%inner_failing%', 'measured'), '', 'what fails is not measured');
is(plans('%AS outer_well%', 'measured'), 1, 'what is around it is');
is(plans('%AS deeper%', 'calls'), 21, 'nested executions');
is_healthy($node, 'after errors');

# A long plan is cut, and nothing of its time is lost.
$node->safe_psql('postgres', 'SELECT ' . join(' + ', map { "(SELECT count(*) FROM item AS i$_ WHERE kind = $_)" } 1 .. 30) . ' AS long');
is(plans('%AS long%', q{array_length(string_to_array(outline, E'\n'), 1) || ' ' || (outline ~ '\(and \d+ more nodes\)$')}), '21 true', 'a long plan');
cmp_ok(plans('%AS long%', q{(SELECT sum(m[1]::int) FROM regexp_matches(outline, '(\d+)% of the time', 'g') AS m)}), '>=', 80, 'all of its time');

# The profile adds up, and is one.
$node->safe_psql('postgres', "SET clipperf.route = '/a'; SELECT count(*) AS of_a FROM item; SET clipperf.route = '/b'; SELECT max(id) AS of_b FROM item");
my ($spent, $calls, $base64) = split /\|/, $node->safe_psql('postgres', q{
	SELECT (SELECT sum(total_ms + plan_ms) FROM clipperf_queries WHERE toplevel AND datname = current_database()),
	       (SELECT sum(calls) FROM clipperf_queries WHERE toplevel AND datname = current_database()),
	       translate(clipperf_profile('pprof'), E'\n', '') });
my $file = decode_base64($base64);
my $profile = read_pprof($file);
is_deeply($profile->{types}, [ [ 'calls', 'count' ], [ 'time', 'nanoseconds' ] ], 'the kinds of values');
my $ms = sum(map { $_->{values}[1] } @{ $profile->{samples} }) / 1e6;
cmp_ok(abs($ms - $spent), '<=', 0.01 * $spent, 'times add up');
cmp_ok(abs(sum(map { $_->{values}[0] } @{ $profile->{samples} }) - $calls), '<=', 0.01 * $calls, 'calls add up');
my @of_a = grep { ($_->{labels}{route} // '') eq '/a' } @{ $profile->{samples} };
ok(@of_a > 0 && !(grep { $_->{stack}[0] ne '/a' } @of_a), 'the label of a route');
ok((grep { "@{ $_->{stack} }" =~ m{^/a SELECT count\(\*\) AS of_a FROM item Aggregate Seq Scan on item$} } @of_a), 'a stack');
is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM regexp_split_to_table(clipperf_profile(), E'\n') AS l
	WHERE l ~ '^/b;SELECT max\\(id\\) AS of_b FROM item;Result \\d+\$'"), 't', 'a folded stack');

SKIP:
{
	my ($out, $err) = ('', '');
	skip('go is not installed', 3) if !eval { IPC::Run::run([ 'go', 'version' ], '>', \$out, '2>', \$err) };
	my $path = $node->basedir . '/profile.pb.gz';
	open my $handle, '>:raw', $path or die "$path: $!";
	print $handle $file;
	close $handle;
	local $ENV{HOME} = $node->basedir;
	ok(IPC::Run::run([ 'go', 'tool', 'pprof', '-top', '-nodecount=500', $path ], '>', \$out, '2>', \$err), 'go tool pprof reads it') or diag($err);
	like($out, qr/Type: time.*Seq Scan on item/s, 'and shows a node');
	IPC::Run::run([ 'go', 'tool', 'pprof', '-top', '-tagfocus=route=/b', '-sample_index=calls', $path ], '>', \$out, '2>', \$err);
	like($out, qr/Type: calls\n.*\b1\b[^\n]* Result\n/s, 'and the calls of a route');
}

# No memory grows, whatever there is to measure; what does not fit is counted.
$node->safe_psql('postgres', join('', map { my $n = $_; 'SELECT ' . join('(', map { $n & 1 << $_ ? 'abs' : 'sign' } 0 .. 10) . '(id' . ')' x 11 . " FROM item WHERE id = 1;\n" } 1 .. 1500));
is($node->safe_psql('postgres', 'SELECT plans_held BETWEEN 700 AND 768 AND plans_evicted > 500 FROM clipperf_info'), 't', 'a flood of statements');
$node->restart;
is($node->safe_psql('postgres', 'SELECT plans_held BETWEEN 700 AND 768 AND plans_evicted > 500 FROM clipperf_info'), 't', 'and a restart');

# A plan as deep as the stack: what the executor has just enough room for succeeds with clipperf, too.
my $joins = 400;
my $deep = join("\n", 'SET join_collapse_limit = 1; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET geqo = off;',
	'SET plan_cache_mode = force_generic_plan; CREATE TEMPORARY TABLE one AS SELECT 1 AS a; ANALYZE one;',
	'PREPARE deep AS SELECT count(*) FROM ' . '(' x $joins . 'one AS t0' . join('', map { " LEFT JOIN one AS t$_ ON t$_.a + t0.a = 2)" } 1 .. $joins) . ';',
	'EXECUTE deep;');
my %succeeded;
foreach my $setting ('clipperf.enabled = off', 'clipperf.plan_interval = 1')
{
	my (undef, $output) = $node->psql('postgres', "$deep\nSET $setting;\n"
		  . join('', map { "SET max_stack_depth = '${_}kB'; SELECT 'stack $_'; EXECUTE deep;\n" } map { 100 + 4 * $_ } 0 .. 10), on_error_stop => 0);
	$succeeded{$setting} = join(' ', $output =~ /^stack (\d+)\n1$/mg);
}
is($succeeded{'clipperf.plan_interval = 1'}, $succeeded{'clipperf.enabled = off'}, 'a deep plan succeeds with the same stack');
isnt($succeeded{'clipperf.enabled = off'}, '', 'and does at all');

done_testing();
