# Requests and their statements are those that the client has counted: told apart by traces, by transactions, by pauses;
# with errors of every kind; in every protocol.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use NPlusOne;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $node = start_server('requests_counted', "clipperf.request_idle = '1min'");

# No pause of a busy machine ends a request, but where one is wanted.

# Runs statements in one session on the route /r; errors are expected.
sub session
{
	my ($sql) = @_;
	return sub { $node->psql('postgres', "SET clipperf.route = '/r';\n$sql", on_error_stop => 0); };
}

# Tests what the route /r shows: requests by trace, transaction, inference; statements, errors, failed requests.
sub counted
{
	my ($name, $sql, $trace, $transaction, $inferred, $statements, $errors, $failed) = @_;
	my $requests = $trace + $transaction + $inferred;
	my $routes = measured($node, $name, ref $sql ? $sql : session($sql),
		'/r' => { requests => $requests, statements => $statements, errors => $errors // 0, failed => $failed // $errors // 0 });
	my $row = $routes->{'/r'};
	is_deeply([ map { sprintf('%.0f', $row->{$_} * $requests) } qw(trace_share transaction_share inferred_share) ],
		[ $trace, $transaction, $inferred ], "$name: how they were told apart");
	return $row;
}

my $select = "SELECT n FROM mark;\n";
my $trace = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01';
my $other = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

# Told apart by pauses of the client, by transactions, by both.
counted('autocommit', $select x 5, 0, 0, 1, 5);
counted('transactions', "BEGIN;\n$select${select}COMMIT;\nBEGIN;\n${select}ROLLBACK;\n" x 3, 0, 6, 0, 9);
counted('both', "$select BEGIN; $select COMMIT; $select", 0, 1, 2, 3);
counted('chained', "BEGIN; $select COMMIT AND CHAIN; $select$select ROLLBACK AND CHAIN; $select COMMIT; $select", 0, 3, 1, 5);
counted('chained after an error', "BEGIN; SELECT 1/0; ROLLBACK AND CHAIN; $select COMMIT; $select", 0, 2, 1, 3, 1);
counted('savepoints', "BEGIN; $select SAVEPOINT s; $select ROLLBACK TO s; $select RELEASE s; $select COMMIT;", 0, 1, 0, 4);
counted('prepared transactions',
	q{BEGIN; UPDATE mark SET n = n; PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'; } . $select, 0, 1, 1, 2)
  if $node->safe_psql('postgres', 'SHOW max_prepared_transactions') > 0;
counted('many in one message', "SELECT 1\\; SELECT 2\\; SELECT 3;\n$select", 0, 0, 1, 4);
counted('empty transactions', "BEGIN; COMMIT; BEGIN; ROLLBACK; $select", 0, 0, 1, 1);
counted('cursors', "BEGIN; DECLARE c CURSOR FOR SELECT id FROM post; FETCH 5 FROM c; $select FETCH 5 FROM c; COMMIT;", 0, 1, 0, 2);
counted('utility statements',
	"SET search_path = public; SHOW search_path; CREATE TABLE made (n int); EXPLAIN $select EXPLAIN ANALYZE $select COPY mark TO '/dev/null'; "
	  . "CREATE TABLE kept AS SELECT * FROM mark; DROP TABLE made, kept; DISCARD ALL; SET clipperf.route = '/r'; $select", 0, 0, 1, 2);
counted('nested statements', q{CREATE FUNCTION nested() RETURNS bigint LANGUAGE plpgsql AS $$
	BEGIN PERFORM n FROM mark; BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END; RETURN (SELECT count(*) FROM mark); END $$;
	SELECT nested(); DO $$ BEGIN PERFORM n FROM mark; END $$; DROP FUNCTION nested;}, 0, 0, 1, 1);
counted('procedures that commit', q{CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
	BEGIN UPDATE mark SET n = n; COMMIT; UPDATE mark SET n = n; ROLLBACK; PERFORM n FROM mark; END $$;
	} . "$select CALL commits(); $select DROP PROCEDURE commits;", 0, 0, 1, 2);
counted('our own statements', "$select SELECT count(*) FROM clipperf_queries; BEGIN; SELECT clipperf_reset('nothing'); ROLLBACK; $select",
	0, 0, 1, 2);
counted('with a name that is cut off', "SET clipperf.enabled = off; $select SET clipperf.enabled = on; $select", 0, 0, 1, 1);

# Another route is another request.
measured($node, 'routes', session("$select SET clipperf.route = '/s'; $select$select SET clipperf.route = '/r'; $select"),
	'/r' => { requests => 2, statements => 2 }, '/s' => { requests => 1, statements => 2 });
measured($node, 'the route that is named', sub {
	$node->safe_psql('postgres', "BEGIN; $select SELECT set_config('clipperf.route', '/named', true); $select SELECT 1 /*route='/later'*/; COMMIT;",
		connstr => $node->connstr('postgres') . " application_name='worker'") },
	'/named' => { requests => 1, statements => 4 });

# Errors: executed, planned, started, parsed, at the end of a transaction, in one that goes on.
$node->safe_psql('postgres', q{CREATE TABLE strict (n int UNIQUE DEFERRABLE INITIALLY DEFERRED, m int CHECK (m > 0), k int PRIMARY KEY);
	INSERT INTO strict VALUES (1, 1, 1); CREATE ROLE nobody});
counted('a constraint', "INSERT INTO strict VALUES (2, 0, 2);", 0, 0, 1, 1, 1);
counted('in planning', 'SELECT 1/0;', 0, 0, 1, 1, 1);
counted('in parsing', "SELECT missing; SELECT FROM; $select", 0, 0, 1, 3, 2, 1);
counted('without rights', "SET ROLE nobody; SET clipperf.route = '/r'; SELECT * FROM strict;", 0, 0, 1, 1, 1);
counted('in a transaction', "BEGIN; $select SELECT missing; $select ROLLBACK; BEGIN; $select SELECT 1/0; COMMIT;", 0, 2, 0, 4, 2);
counted('at COMMIT', "BEGIN; INSERT INTO strict VALUES (1, 1, 2); COMMIT;", 0, 1, 0, 1, 1);
counted('at the end of a statement', "INSERT INTO strict VALUES (1, 1, 2);", 0, 0, 1, 1, 1);
counted('caught by a savepoint', "BEGIN; SAVEPOINT s; INSERT INTO strict VALUES (2, 2, 1); ROLLBACK TO s; $select COMMIT; $select", 0, 1, 1, 3, 1);
counted('a utility statement', "CREATE TABLE mark (n int); $select", 0, 0, 1, 1, 1);
counted('rolled back on purpose', "BEGIN; $select ROLLBACK; ROLLBACK; $select", 0, 1, 1, 2, 0);
counted('a time limit', "SET statement_timeout = '20ms'; SELECT pg_sleep(10);", 0, 0, 1, 1, 1);

# Traces: in the text, by the setting, in application_name; over pauses, transactions and connections.
my $commented = "SELECT n FROM mark /*traceparent='$trace'*/;\n";
counted('in comments', $commented x 3 . $select, 1, 0, 1, 4);
counted('by the setting', "SET clipperf.trace = 'one'; $select$select SET clipperf.trace = 'two'; $select RESET clipperf.trace; $select", 2, 0, 1, 4);
counted('in any form', "SET clipperf.trace = '$trace'; $select SET clipperf.trace = '5BD66EF5095369C7B0D1F8F4BD33716A'; $select RESET clipperf.trace; $commented",
	1, 0, 0, 3);
counted('of the name of the application', "SET application_name = '$trace'; $select SET application_name = '$other'; $select$select", 2, 0, 0, 3);
counted('the text before the setting', "SET clipperf.trace = 'other'; $commented RESET clipperf.trace; $commented", 1, 0, 0, 2);
counted('no trace of zeros', "SET clipperf.trace = '" . '0' x 32 . "'; $select", 0, 0, 1, 1);
counted('of a transaction', "BEGIN; $select$commented${select}COMMIT; $select", 1, 0, 1, 4);
counted('over transactions', "BEGIN; ${commented}COMMIT; BEGIN; ${commented}COMMIT; $commented", 1, 0, 0, 3);
counted('one after the other in a transaction', "BEGIN; $commented SELECT 1 /*traceparent='$other'*/; COMMIT;", 2, 0, 0, 2);
counted('prepared earlier', "PREPARE p AS SELECT n FROM mark /*traceparent='$trace'*/;\n" . 'EXECUTE p; ' x 3, 0, 0, 1, 3);
counted('over connections', sub { session("SET clipperf.trace = 'over'; $select")->() for 1 .. 4; }, 1, 0, 0, 4);
counted('with an error', "SET clipperf.trace = 'fails'; $select SELECT 1/0; SELECT missing; $select", 1, 0, 0, 4, 2, 1);

# In each protocol, as real clients use them: a list of 50 rows and a statement for each. Statements that were prepared
# name no trace when they are executed again.
foreach my $protocol (qw(prepared extended simple))
{
	my @common = (posts(50), '--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id',
		'--type' => '1=int8', '--protocol' => $protocol);
	my $route = "/*route='/r'*/";
	counted("$protocol, autocommit", loop(@common, '--comment' => $route), 0, 0, 1, 51);
	my $row = counted("$protocol, in transactions", loop(@common, '--transaction', '--comment' => $route, '--repeat' => 2), 0, 2, 0, 102)
	  if $protocol ne 'prepared';
	$row = counted("$protocol, in a transaction", loop(@common, '--transaction', '--comment' => $route), 0, 1, 0, 51);
	cmp_ok($row->{loop_statements}, '>=', 45, "$protocol: lookups of a loop");
	cmp_ok($row->{loop_statements}, '<=', 50, "$protocol: no more than there were");
	my $traced = "/*route='/r',traceparent='$trace'*/";
	if ($protocol eq 'prepared')
	{
		counted("$protocol, traced", loop(@common, '--comment' => $traced), 0, 0, 1, 51);
	}
	else
	{
		counted("$protocol, traced over four connections", loop(@common, '--comment' => $traced, '--connections' => 4, '--concurrent'), 1, 0, 0, 51);
		counted("$protocol, traced in transactions", loop(@common, '--comment' => $traced, '--transaction', '--connections' => 2), 1, 0, 0, 51);
	}
	counted("$protocol, in a pipeline", loop(@common, '--pipeline', '--comment' => $route), 0, 0, 1, 51) if $protocol ne 'simple';
}

# A reader sees what is over in sessions that stay: transactions at once, others when their client has paused, as the reader
# takes it. For the session itself no pause between its statements ends the request.
$node->append_conf('postgresql.conf', "clipperf.request_idle = '100ms'");
$node->reload;
settle($node);
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my $stays = $node->background_psql('postgres', on_error_stop => 0);
$stays->query_safe("SET clipperf.route = '/r'; SET clipperf.request_idle = '1min'");
$stays->query_safe($select) for 1 .. 3;
ok($node->poll_query_until('postgres', "SELECT statements = 3 AND requests = 1 FROM clipperf_routes WHERE route = '/r'"), 'after a pause');
$stays->query_safe("BEGIN; $select");
is($node->safe_psql('postgres', "SELECT requests FROM clipperf_routes WHERE route = '/r'"), 1, 'a transaction goes on');
$stays->query_safe('COMMIT');
is($node->safe_psql('postgres', "SELECT requests, statements FROM clipperf_routes WHERE route = '/r'"), '2|4', 'until its end');

$stays->quit;

# A pause of the client, and none: a statement that takes long is no pause, nor is a utility statement, nor one that fails.
counted('pauses', "SET clipperf.request_idle = '2s'; SELECT pg_sleep(3);\n"
	. 'DO $$ BEGIN PERFORM pg_sleep(3); END $$; SELECT 1;' . "SET statement_timeout = '3s'; SELECT pg_sleep(600);\n SELECT 1;\n"
	. "\\! sleep 3\nSET clipperf.track = top; SELECT 1;", 0, 0, 2, 5, 1);

# Many sessions at full speed, with a reader beside them: each request is counted once, or is known to be lost, as none waits
# for the reader.
$node->safe_psql('postgres', 'CREATE TABLE hot (id int PRIMARY KEY, n int); INSERT INTO hot SELECT i, 0 FROM generate_series(1, 100) AS i; SELECT 1');
my $script = PostgreSQL::Test::Utils::tempdir() . '/script';
PostgreSQL::Test::Utils::append_to_file($script, join("\n", '\set id random(1, 100)', '\set route random(1, 9)',
	'BEGIN;', "SELECT n FROM hot WHERE id = :id /*route='/many/:route'*/;", 'UPDATE hot SET n = n + 1 WHERE id = :id;', 'COMMIT;', ''));
measured($node, 'many sessions', sub {
	my $reader = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			'DO $$ BEGIN FOR i IN 1 .. 100 LOOP PERFORM count(*) FROM clipperf_routes; END LOOP; END $$' ]);
	$node->command_ok([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '250', '-f', $script, '-d', $node->connstr('postgres') ], 'pgbench');
	$reader->finish; });
my $routes = routes_of($node);
my $many = { map { $_ => $routes->{$_} } grep { m{^/many/} } keys %$routes };
my $counted = 2000 - $node->safe_psql('postgres', 'SELECT requests_lost FROM clipperf_info');
cmp_ok($counted, '>', 1000, 'most are counted');
is(sum_of($many, 'requests'), $counted, 'each transaction is a request');
is(sum_of($many, 'statements'), 2 * $counted, 'of two statements');
is(sum_of(routes_of($node, 'clipperf_routes_recent'), 'statements') >= 2 * $counted, 1, 'lately');

is_healthy($node, 'requests');
done_testing();
