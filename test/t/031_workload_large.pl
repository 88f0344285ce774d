# Many statements on many tables: all are planned, in bounded memory, and a cancel is heard.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('workload_large', 'clipperf.max_statements = 2000');
my ($tables, $statements) = (50, 500);

$node->safe_psql('postgres', join('', map {
	"CREATE TABLE t$_ (id int PRIMARY KEY, a int, b text); INSERT INTO t$_ SELECT i, i % 10, 'b' FROM generate_series(1, 100) AS i;" } 1 .. $tables));
$node->safe_psql('postgres', 'ANALYZE; SELECT clipperf_reset()');
$node->safe_psql('postgres', join(";\n", map {
	my $t = 1 + $_ % $tables;
	my $u = 1 + ($_ + 1 + int($_ / $tables)) % $tables;
	"SELECT count(*) AS n FROM t$t JOIN t$u USING (id) WHERE t$t.a = $_ % 10 AND t$u.b > 'a' LIMIT $_" } 1 .. $statements));

my $listed = $node->safe_psql('postgres', q{
	SELECT count(*), count(problem), bool_and(plan_cost > 0), count(DISTINCT tables) > 10 FROM clipperf_workload() WHERE query LIKE '%JOIN%'});
is($listed, "$statements|0|t|t", 'all are planned');

# What is kept is the trees; what planning leaves behind is not.
my $used = $node->safe_psql('postgres', q{
	CREATE TEMP TABLE kept (bytes bigint);
	SELECT count(*) FROM clipperf_workload();
	INSERT INTO kept SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name <> 'CacheMemoryContext';
	SELECT count(*) FROM clipperf_workload();
	SELECT sum(total_bytes) - (SELECT bytes FROM kept) < 1000000 FROM pg_backend_memory_contexts WHERE name <> 'CacheMemoryContext';
});
like($used, qr/\nt$/, 'nothing is left afterwards');

failed_with($node, 'postgres', "SET statement_timeout = 1; SELECT count(*) FROM clipperf_workload()",
	'57014', qr/statement timeout/, 'a timeout is heard');
is_healthy($node, 'a large workload');
done_testing();
