# The memory of a session does not grow with the statements it has seen: what clipperf keeps of them is bounded, as
# docs/operations.md says.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

# Bytes that docs/operations.md states.
my $bound = 2 * 1024 * 1024;

my $node = new_server('private_memory');
my $session = $node->background_psql('postgres');
$session->query_safe('CREATE TABLE wide (a int, b int)');

sub bytes
{
	my ($where) = @_;
	return $session->query_safe("SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts WHERE $where");
}
my $ours = "name LIKE 'clipperf%'";
my $top_before = bytes("name = 'TopMemoryContext'");

# Statements of different structure: the bits of a number choose which columns they read.
sub columns
{
	my ($number) = @_;
	return join(', ', map { ($number >> $_) & 1 ? 'a' : 'b' } 0 .. 14);
}
for my $round (0 .. 19)
{
	$session->query_safe(join("\n", map { 'SELECT ' . columns($_) . ' FROM wide WHERE a = 1;' } 1000 * $round + 1 .. 1000 * $round + 1000));
}
cmp_ok($node->safe_psql('postgres', 'SELECT statements_held + statements_evicted + executions_dropped FROM clipperf_info'),
	'>=', 20000, 'a session has seen 20,000 statements');
my $after_statements = bytes($ours);
cmp_ok($after_statements, '>', 100000, 'and keeps something of them');
cmp_ok($after_statements, '<=', $bound, 'not more than the bound');

# Statements of functions, with long texts, whose variables have names.
for my $round (0 .. 3)
{
	$session->query_safe(join("\n", map {
				my $statement = 'PERFORM ' . columns($_) . ' FROM wide WHERE a = v OR a IN (' . join(', ', map { "v + $_" } 1 .. 300) . ')';
				"DO \$do\$ DECLARE v int := 1; BEGIN $statement; END \$do\$;"
			} 500 * $round + 1 .. 500 * $round + 500));
}
cmp_ok(bytes($ours), '>', $after_statements, 'something is kept of statements of functions, too');
cmp_ok(bytes($ours), '<=', $bound, 'not more than the bound');
cmp_ok(bytes("name = 'TopMemoryContext'") - $top_before, '<', 200000, 'nor is it kept anywhere else');
$session->quit;
is_healthy($node, 'after that');
$node->stop;
done_testing();
