# What was counted of requests survives a restart, and a crash as of the last save; it goes with a reset, also what was
# under way; tables that are full lose what is least useful, and say so.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $node = new_server('requests_kept', "clipperf.request_idle = '1min'", 'clipperf.save_interval = 0');
# For this reader each pause ends a request.
sub ask
{
	my ($sql, @options) = @_;
	return $node->safe_psql('postgres', "SET clipperf.request_idle = 1; $sql", @options);
}

my $view = "SELECT route, requests, trace_share, transaction_share, p50_ms, span_p99_ms, statements, statements_p95, errors, first_seen, last_seen
	FROM clipperf_routes WHERE route LIKE '/%' ORDER BY route";

# Statements that no request has.
my $lost = 'SELECT (SELECT sum(calls + errors) FROM clipperf_queries WHERE toplevel) - (SELECT sum(statements) FROM clipperf_routes)';

sub run_requests
{
	$node->psql('postgres', q{
		SET clipperf.route = '/transaction'; BEGIN; SELECT n FROM mark; SELECT n FROM mark; COMMIT; BEGIN; SELECT missing; ROLLBACK;
		SET clipperf.route = '/trace'; SET clipperf.trace = 'kept'; SELECT n FROM mark; RESET clipperf.trace;
		SET clipperf.route = '/inferred'; SELECT n FROM mark}, on_error_stop => 0);
	settle($node);
}

# Restart.
run_requests();
$node->restart;
my $after = ask($view);
like($after, qr{^/inferred\|1\|0\|0\|.*^/trace\|1\|1\|0\|.*^/transaction\|2\|0\|1\|[^\n]*\|3\|2\|1\|}ms, 'kept over a restart');
is(ask($view =~ s/clipperf_routes/clipperf_routes_recent/r), $after, 'the last minutes, too');
$node->restart;
is(ask($view), $after, 'and as it was over another one');

# A trace that went on before the restart has ended with it.
$node->safe_psql('postgres', "SET clipperf.route = '/trace'; SET clipperf.trace = 'kept'; SELECT n FROM mark");
settle($node);
is(routes_of($node)->{'/trace'}->{requests}, 2, 'a trace does not go on over a restart');

# Another database has rows of its own, which all can see; who costs most, those who may read it.
$node->safe_psql('postgres', 'CREATE DATABASE other; CREATE ROLE stranger LOGIN; GRANT SET ON PARAMETER clipperf.request_idle TO stranger');
$node->safe_psql('other', "SET clipperf.route = '/trace'; BEGIN; SELECT 1; COMMIT");
settle($node);
my $both = "SELECT datname, requests, costliest_query FROM clipperf_routes WHERE route = '/trace' ORDER BY datname";
is(ask($both), 'other|1|SELECT $1' . "\n" . 'postgres|2|SELECT n FROM mark', 'a row for each database');
is(ask($both, extra_params => [ '-U', 'stranger' ]), "other|1|\npostgres|2|", 'figures are for all, texts are not');
like($node->safe_psql('postgres', 'SELECT round(sum(database_share)::numeric, 4) FROM clipperf_routes'), qr/^1\.0+$/, 'shares of one whole, to six digits each');

# A reset, also of what goes on: a transaction counts from then on.
my $session = $node->background_psql('postgres');
$session->query_safe("SET clipperf.route = '/open'; BEGIN; SELECT n FROM mark; SELECT n FROM mark");
$node->safe_psql('postgres', "SELECT clipperf_reset('queries')");
is(routes_of($node)->{'/trace'}->{requests}, 1, 'reset of statements alone, a row of some database');
$node->safe_psql('postgres', "SELECT clipperf_reset('routes')");
is_deeply(routes_of($node), {}, 'reset of requests');
$session->query_safe('SELECT n FROM mark; COMMIT');
is(routes_of($node)->{'/open'}->{statements}, 1, 'a transaction counts from the reset on');
$session->quit;

# A crash: what was saved comes back, and requests under way count no longer.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
run_requests();
$node->safe_psql('postgres', "SELECT clipperf_reset('samples')");	# saves
my $saved = ask($view);
run_requests();
$node->stop('immediate');
$node->start;
is(ask($view), $saved, 'a crash goes back to the last save');

# More routes than there is room for, in several databases; more in a minute than are kept of one.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my $many = join "\n", map { "SET clipperf.route = '/many/" . join('', map { chr(97 + $_) } $_ % 26, int($_ / 26)) . "'; SELECT 1;" } 0 .. 299;
# Within one minute of the clock.
$node->poll_query_until('postgres', 'SELECT extract(second FROM clock_timestamp()) < 30') or die 'the clock stands still';
$node->safe_psql($_, $many) foreach qw(postgres other);
settle($node);
is(ask(q{SELECT request_routes_held, request_routes_evicted > 80, request_recent_dropped > 400 FROM clipperf_info}),
	'512|t|t', 'full tables say so');
is(ask("SELECT count(*) FROM clipperf_routes WHERE datname = 'other' AND route LIKE '/many/%'"), 300, 'the latest are held');
is(ask($lost), 0, 'requests of the others have no route');
is(ask('SELECT count(*) FROM clipperf_routes WHERE route IS NULL'), 1, 'in one row');
is($node->safe_psql('postgres', 'SELECT count(*) <= 5 * 128 FROM clipperf_routes_recent'), 't', 'lately');

# Names that made room for others: what was counted has no route, in one row, and none is lost.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$node->safe_psql('postgres', join "\n", map { "SET clipperf.route = '/n" . join('', map { chr(97 + $_) } $_ % 26, int($_ / 26) % 26) . "'; SELECT 1;" } 0 .. 599);
settle($node);
my $routes = routes_of($node);
cmp_ok($routes->{''}->{requests}, '>=', 80, 'requests whose route has no name any more');
is(ask('SELECT count(*) FROM clipperf_routes WHERE route IS NULL'), 1, 'are one row');
is(ask($lost), 0, 'and none is lost');

# More traces at once than there is room for: those that were seen last go on.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$node->safe_psql('postgres', "SET clipperf.route = '/traces';\n"
	. join("\n", map { "SET clipperf.trace = 't$_'; SELECT 1; SET clipperf.trace = 'stays'; SELECT 2;" } 1 .. 4000));
settle($node);
$routes = routes_of($node);
is($routes->{'/traces'}->{requests}, 4001, 'traces that make room count');
is($routes->{'/traces'}->{statements}, 8000, 'with their statements');
is($routes->{'/traces'}->{statements_max}, 4000, 'the one that is in use stays');

is_healthy($node, 'requests');
done_testing();
