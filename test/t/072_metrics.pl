# clipperf_metrics(): what the formats want, the figures of the views, at most 2,000 series of which none comes and goes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use JSON::PP;
use Metrics;
use Objectives;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $clocks = Objectives->new;
my $node = $clocks->server('metrics', 'max_connections = 30', "lc_messages = 'C'");
my $second = 1_000_000;

sub sql { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

# A view's row as a hash.
sub row { my ($sql) = @_; return decode_json(sql("SELECT row_to_json(r) FROM ($sql) AS r")); }

# The series of the database, of a route, of an endpoint.
sub here { my ($name, @labels) = @_; return series($name, database => 'postgres', @labels); }

# Nothing has happened: all is there that does not depend on what happens, at zero.
sql('SELECT clipperf_reset()');
my $first = metrics_of($node, 'postgres', 'at the start');
is($first->{ here('clipperf_request_database_seconds_count') }, 0, 'no requests');
is($first->{ here('clipperf_findings_open', kind => 'n_plus_one', severity => 'critical') }, 0, 'no findings');
is($first->{ here('clipperf_jobs_in_state', state => 'building') }, 0, 'no jobs');
is(scalar(grep { /route|endpoint/ && !/clipperf_(entries_held|lost_total)|left_out/ } keys %$first), 0, 'no routes');

# Requests whose times the test sets, at both sides of bounds.
sql(q{INSERT INTO clipperf_endpoints (name, routes, measured, target_ms, max_error_share, max_statements)
	VALUES ('vote', '{/vote}', 'span', 50, 0.1, 2), ('in the database', '{%}', 'database', 1, NULL, NULL)});
sql('SELECT clipperf_reset()');
my @us = (63, 64, 127, 128, 8_388_607, 8_388_608, 60 * $second);
$clocks->request($node, '/vote', us => $_, statements => 2) foreach @us;
$clocks->request($node, '/vote', statements => $_) foreach 1, 2, 3, 4, 7, 8, 1023, 1024;
$clocks->request($node, '/vote', failed => 1, us => 40_000, statements => 2);
$clocks->request($node, '/feed');
$clocks->quit;
settle($node);
my $requests = @us + 8 + 1;
my $metrics = metrics_of($node, 'postgres', 'requests');
goes_on($first, $metrics, 'requests');
foreach my $bound (64, 128, 8_388_608)
{
	my $le = $bound / $second;
	is($metrics->{ here('clipperf_route_span_seconds_bucket', route => '/vote', le => $le) }, 8 + (grep { $_ < $bound } @us, 40_000),
		"requests below $bound us");
}
is($metrics->{ here('clipperf_route_span_seconds_bucket', route => '/vote', le => '+Inf') }, $requests, 'all requests of the route');
is($metrics->{ here('clipperf_endpoint_time_seconds_count', endpoint => 'vote') }, $requests, 'all of its endpoint');
my $others = sum_of(routes_of($node), 'requests') - $requests - 1;
is($metrics->{ here('clipperf_request_span_seconds_count') }, $others + $requests + 1, 'all of the database');
# what waited for the sessions' end had a statement each
my %up_to = (1 => 2, 3 => 12, 7 => 14, 15 => 15, 511 => 15, 1023 => 16);
foreach my $bound (sort { $a <=> $b } keys %up_to)
{
	is($metrics->{ here('clipperf_request_statements_bucket', le => "$bound.0") }, $others + $up_to{$bound}, "requests of up to $bound statements");
}

# The figures are those of the views.
my $routes = routes_of($node);
foreach my $route ('/vote', '/feed')
{
	my $row = $routes->{$route};
	my %of = (failed_total => 'failed', errors_total => 'errors', statements_total => 'statements', loop_statements_total => 'loop_statements',
		database_seconds_count => 'requests', span_seconds_count => 'requests');
	is_deeply({ map { $_ => $metrics->{ here("clipperf_route_$_", route => $route) } } keys %of }, { map { $_ => $row->{ $of{$_} } } keys %of }, "$route: the view's figures");
	cmp_ok(abs($metrics->{ here('clipperf_route_database_seconds_sum', route => $route) } - $row->{total_ms} / 1000), '<', 1e-9, "$route: time in the database");
}
is($metrics->{ here('clipperf_request_failed_total') }, sum_of($routes, 'failed'), 'the view\'s figures, in all');
my $slo = slo_of($node, 'vote');
is($metrics->{ here('clipperf_endpoint_requests_total', endpoint => 'vote') }, $slo->{requests}, 'endpoint: requests');
my %bad = (time => 3, errors => 1, statements => 6);
foreach my $objective (sort keys %bad)
{
	is($metrics->{ here('clipperf_objective_bad_requests_total', endpoint => 'vote', objective => $objective) }, $bad{$objective}, "endpoint: bad by $objective");
}
is($bad{time}, sprintf('%.0f', $slo->{requests} * (1 - $slo->{met_share})), 'which is what clipperf_slo says');
is($metrics->{ here('clipperf_objective_allowed_ratio', endpoint => 'vote', objective => 'time') }, 0.05, 'endpoint: what may be bad');
is($metrics->{ here('clipperf_objective_allowed_ratio', endpoint => 'vote', objective => 'errors') }, 0.1, 'endpoint: what may fail');
is($metrics->{ here('clipperf_endpoint_time_seconds_sum', endpoint => 'in the database') }, $metrics->{ here('clipperf_request_database_seconds_sum') },
	'an endpoint tells the time that it measures');
ok(!exists $metrics->{ here('clipperf_objective_bad_requests_total', endpoint => 'in the database', objective => 'errors') }, 'no objective, no series');

# Info and findings.
sql('CREATE TABLE item (id int, customer int, filler text); INSERT INTO item SELECT i, i % 500, repeat($$x$$, 200) FROM generate_series(1, 20000) AS i; ANALYZE item');
sql('SELECT clipperf_reset()');
sql(join '', map { "SELECT count(filler) FROM item WHERE customer = $_;" } 1 .. 30);
settle($node);
$metrics = metrics_of($node, 'postgres', 'findings');
my $info = row('SELECT * FROM clipperf_info');
is($metrics->{clipperf_memory_reserved_bytes}, $info->{memory_reserved_bytes}, 'memory');
is($metrics->{'clipperf_entries_held{what="routes"}'}, $info->{routes_held}, 'what is held');
is($metrics->{ series('clipperf_build_info', version => $info->{version}) }, 1, 'version');
my %told = map { /^clipperf_findings_open\{database="postgres",kind="(.*)",severity="(.*)"\}/ && $metrics->{$_} > 0 ? ("$1 $2" => $metrics->{$_} + 0) : () } keys %$metrics;
my %found;
$found{$_}++ foreach split /\n/, sql(q{SELECT kind || ' ' || severity FROM clipperf_findings()});
cmp_ok(scalar(keys %found), '>', 0, 'there are findings');
is_deeply(\%told, \%found, 'findings: those of the report');
my $without = (parse_metrics(sql('SELECT clipperf_metrics(server => false)') ))[0];
is_deeply([ sort keys %$without ], [ grep { /database="/ } sort keys %$metrics ], 'without the server: what is of the database');

# A request counts when nothing can be added to it any more.
sub route_counts
{
	my $now = (parse_metrics(sql('SELECT clipperf_metrics()') ))[0];
	goes_on($metrics, $now, $_[0]);
	$metrics = $now;
	return $now->{ here('clipperf_route_span_seconds_count', route => '/slow') } // 0;
}
sql('SELECT clipperf_reset()');
$metrics = {};
my ($one, $two) = map { $node->background_psql('postgres') } 1 .. 2;
$_->query_safe("SET clipperf.route = '/slow'") foreach $one, $two;
my $trace = sub { sprintf("SELECT n FROM mark /*traceparent='00-%032x-c532cb4098ac3dd2-01'*/", $_[0]) };
$one->query_safe('SELECT n FROM mark');
$clocks->elapse(10 * $second);
is(routes_of($node)->{'/slow'}{requests}, 1, 'a pause has ended a request, as far as can be told');
is(route_counts('a pause'), 0, 'it is not certain');
$one->query_safe('BEGIN; SELECT n FROM mark; COMMIT');
is(route_counts('the next request'), 2, 'another one has begun, a transaction, and ended');
is(route_counts('again'), 2, 'and nothing changes it');
$one->query_safe('BEGIN; SELECT n FROM mark; COMMIT');
is(route_counts('a transaction'), 3, 'a transaction has ended');
$one->query_safe($trace->(1));
$two->query_safe($trace->(1));
$two->query_safe('BEGIN; SELECT n FROM mark; COMMIT');
$clocks->elapse(50 * $second);
$one->query_safe($trace->(1));
$clocks->elapse(61 * $second);
is(route_counts('a trace'), 4, 'a trace that one connection may go on with');
$one->query_safe($trace->(2));
is(route_counts('over'), 5, 'parts of a trace on two connections, and over');
$one->quit;
$two->quit;
settle($node);
$clocks->elapse(61 * $second);
is(route_counts('together'), 6, 'put together, and over');
is(routes_of($node)->{'/slow'}{requests}, 6, 'as in the view');
is($metrics->{ here('clipperf_route_span_seconds_bucket', route => '/slow', le => '8.388608') }, 5, 'one took long');
my $three = $node->background_psql('postgres');
$three->query_safe("SET clipperf.route = '/slow'");
$three->query_safe($trace->(3));
$three->query_safe('BEGIN; SELECT n FROM mark; COMMIT');
is(route_counts('a trace in a list'), 7, 'a trace that may go on elsewhere');
$clocks->elapse(61 * $second);
is(route_counts('a trace in a list'), 8, 'and has not');

# A statement of a trace that runs for over a minute on a second connection: nobody knows of it before it ends.
my ($holder, $four) = map { $node->background_psql('postgres') } 1 .. 2;
$holder->query_safe('SELECT pg_advisory_lock(1)');
$three->query_safe($trace->(4));
$three->query_safe('BEGIN; SELECT n FROM mark; COMMIT');
$four->query_safe("SET clipperf.route = '/slow'");
$four->query_until(qr//, sprintf("SELECT n, pg_advisory_lock(1) FROM mark /*traceparent='00-%032x-c532cb4098ac3dd2-01'*/;\n", 4));
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'advisory'}) or die 'nobody waits';
is(route_counts('a statement under way'), 9, 'its trace is not over');
$clocks->elapse(61 * $second);
is(route_counts('a long statement under way'), 10, 'its trace is taken to be over');
$holder->query_safe('SELECT pg_advisory_unlock(1)');
$four->query_safe('BEGIN; SELECT n FROM mark; COMMIT');
is(route_counts('a long statement has ended'), 11, 'what has been counted stays counted');
$clocks->elapse(61 * $second);
is(route_counts('a long statement is over'), 12, 'and what came late is another request');
is($metrics->{ here('clipperf_route_span_seconds_bucket', route => '/slow', le => '8.388608') }, 10, 'which took long');
$_->quit foreach $holder, $four;
$three->quit;

# Names of every kind. Routes fold ids and control characters; what no client can read is shown as elsewhere.
sql('SELECT clipperf_reset()');
sql(<<'SQL');
DELETE FROM clipperf_endpoints;
INSERT INTO clipperf_endpoints (name, routes, max_error_share) VALUES (E'a "b" \\ c\nd,e="f"}', '{/%}', 0.1)
SQL
my @names = ('/say "hi"', '/back\\slash', '/back\\nslash', '/comma,brace}', "/\x{c3}\x{a9}t\x{c3}\x{a9}", '/#', "/it's", '/%20');
sql(join '', map { my $quoted = s/'/''/gr; "SET clipperf.route = '$quoted'; BEGIN; SELECT n FROM mark; COMMIT;" } @names);
$metrics = metrics_of($node, 'postgres', 'names');
is($metrics->{ here('clipperf_route_span_seconds_count', route => $_) }, 1, "route $_") foreach @names;
is($metrics->{ here('clipperf_endpoint_requests_total', endpoint => qq{a "b" \\ c\nd,e="f"\}}) }, scalar(@names), 'an endpoint of any name');
$node->safe_psql('postgres', q{CREATE DATABASE "any ""bytes""" ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0});
my $bytes = 'any "bytes"';
$node->safe_psql($bytes, 'CREATE EXTENSION clipperf; CREATE TABLE mark (n int)');
$node->safe_psql($bytes, "SET client_encoding = 'SQL_ASCII';"
	  . join('', map { "SET clipperf.route = E'/caf\\x$_'; BEGIN; SELECT n FROM mark; COMMIT;" } 'e9', 'ea', 'c3\\xa9'));
$metrics = metrics_of($node, $bytes, 'bytes');
is($metrics->{ series('clipperf_route_span_seconds_count', database => $bytes, route => '/caf?') }, 2, 'bytes that no client can read');
is($metrics->{ series('clipperf_route_span_seconds_count', database => $bytes, route => '/caf??') }, 1, 'or might not');

# As many of everything as there can be.
sql('DELETE FROM clipperf_endpoints; SELECT clipperf_reset()');
sql(q{INSERT INTO clipperf_endpoints (name, routes, target_ms, max_error_share, max_statements)
	SELECT 'endpoint ' || i, ARRAY['/' || chr(96 + 1 + i % 26) || '%'], 10, 0.01, 5 FROM generate_series(1, 70) AS i});
sql(q{INSERT INTO _clipperf_job (action, state, relid, relation_name, index_name, ddl, role)
	SELECT 'create', (ARRAY['kept', 'useless', 'failed', 'canceled'])[1 + i % 4], 'item'::regclass, 'item', 'item_' || i, 'CREATE INDEX', 10
	FROM generate_series(1, 300) AS i});
my @many = map { my $i = $_; '/' . join('', map { chr(97 + $_) } $i / 26 % 26, $i % 26) } 0 .. 479;
my $visit = sub { return join '', map { "SET clipperf.route = '$_'; BEGIN; SELECT n FROM mark; COMMIT;" } @_ };
sql($visit->(@many[0 .. 9]));
settle($node);
my $few = metrics_of($node, 'postgres', 'ten routes');
my @exported = map { /^clipperf_route_failed_total.*route="(.*)"/ ? $1 : () } sort keys %$few;
cmp_ok(scalar(@exported), '>=', 8, 'the first routes have metrics of their own');
is($few->{ here('clipperf_endpoints_left_out') }, 6, 'not all endpoints');
is($few->{ here('clipperf_jobs_in_state', state => 'kept') }, 75, 'jobs by state');
sql($visit->(@many));
settle($node);
# twelve routes come to take most of the time: more than there are places for
my @heavy = @many[ 100 .. 111 ];
foreach my $route (@heavy)
{
	$clocks->request($node, $route, sql => 'SELECT count(*) FROM item AS a, generate_series(1, 20)', statements => 3) foreach 1 .. 2;
}
$clocks->quit;
settle($node);
my $crowded = metrics_of($node, 'postgres', 'as many as there can be');
goes_on($few, $crowded, 'as many as there can be');
cmp_ok(scalar(keys %$crowded), '<=', 2000, 'series: ' . keys %$crowded);
my $again = metrics_of($node, 'postgres', 'again');
is_deeply([ sort keys %$again ], [ sort keys %$crowded ], 'nothing comes and goes');
goes_on($crowded, $again, 'again');
my $count = sub { my ($metrics) = @_; return scalar(grep { /^clipperf_route_failed_total/ } keys %$metrics) };
cmp_ok($count->($crowded), '<=', 16, 'places of routes');
is($crowded->{ here('clipperf_routes_left_out') } + $count->($crowded),
	sql(q{SELECT count(*) FROM clipperf_routes WHERE route <> '' AND datname = 'postgres'}), 'the others are counted');
is($crowded->{ here('clipperf_request_span_seconds_count') }, sum_of(routes_of($node), 'requests'), 'and the database has all requests');

# A restart keeps values and places; a reset begins anew.
$clocks->with_clocks(sub { $node->restart });
my $kept = metrics_of($node, 'postgres', 'restarted');
my $lasting = sub { my ($metrics) = @_; return { map { $_ => $metrics->{$_} } grep { /^clipperf_(request|route|endpoint|objective)_/ } keys %$metrics } };
is_deeply($lasting->($kept), $lasting->($again), 'values and places are kept over a restart');
sql(q{SELECT clipperf_reset('routes')});
my $reset = metrics_of($node, 'postgres', 'reset');
is(scalar(grep { /^clipperf_route_/ } keys %$reset), 0, 'reset: no routes');
is_deeply([ grep { /^clipperf_(request|endpoint|objective)_\w+(_total|_bucket|_sum|_count)/ && $reset->{$_} != 0 } sort keys %$reset ], [], 'reset: all counters are 0');

# Who may.
sql('CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE stranger LOGIN');
my @as_monitor = (extra_params => [ '-U', 'monitor' ]);
my $seen = metrics_of($node, 'postgres', 'a monitor', @as_monitor);
is_deeply([ sort keys %$seen ], [ sort keys %$reset ], 'a monitor sees all');
is($seen->{ here('clipperf_jobs_in_state', state => 'kept') }, 75, 'also of jobs');
foreach my $read ('SELECT clipperf_metrics()', 'SELECT * FROM clipperf_request_metrics', 'SELECT * FROM clipperf_finding_counts')
{
	my ($status, $output, $errors) = $node->psql('postgres', $read, extra_params => [ '-U', 'stranger' ]);
	like($errors, qr/^psql:.*ERROR:  permission denied/, "a stranger: $read");
}

is_healthy($node, 'metrics');
done_testing();
