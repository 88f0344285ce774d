# One database is reset: what was seen there is gone from every view, what was seen in others is as it was, also what their sessions
# have not handed on yet, in the file, and after a crash. Who may reset what.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('reset_database', 'clipperf.plan_interval = 1');
my @databases = ('first', 'second');
my $statement = 'SELECT count(*) FROM post WHERE author = $1';
my %sessions;

# The views, by what is compared of them: what time alone changes, and shares of all databases, are left out.
my %views = (
	clipperf_queries => 'q.*',
	clipperf_routes => q{to_jsonb(q) - 'database_share'},
	clipperf_route_histograms => 'q.*',
	clipperf_plans => 'q.*',
	clipperf_cacheable => 'q.*',
	clipperf_samples => 'q.*',
	clipperf_n_plus_one => 'q.*',
	clipperf_seq_scans => 'q.*',
	clipperf_table_use => 'q.*',
	clipperf_waits => 'queryid, wait_event, samples, total_ms, sessions, first_seen, last_seen',
	clipperf_slo => 'name, requests, since',
	'clipperf_findings()' => 'kind, relation, queryid, summary, saved_ms');

# Views of all databases, and by what they tell them apart: asked for elsewhere, as that is a statement like any other.
my %of = map { split /\|/ } split /\n/, $node->safe_psql('postgres', q{
	SELECT c.relname, min(a.attname) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
	WHERE c.relkind = 'v' AND c.relname LIKE 'clipperf%' AND a.attname IN ('dbid', 'datname') GROUP BY 1});

# The rows of a view that are of a database, seen from there.
sub rows
{
	my ($database, $view) = @_;
	my $where = !$of{$view} ? '' : $of{$view} eq 'dbid' ? "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())" :
	  'WHERE datname = current_database()';
	return $node->safe_psql($database, "SELECT to_json(r) FROM (SELECT $views{$view} FROM $view AS q $where) AS r ORDER BY to_json(r)::text");
}

# What all views say of a database.
sub all_rows
{
	my ($database) = @_;
	return { map { $_ => rows($database, $_) } keys %views };
}

# How often the statement that goes on in a session was counted in a database.
sub counted
{
	my ($database, $query) = @_;
	return $node->safe_psql('postgres', qq{SELECT coalesce(sum(calls), 0) FROM clipperf_queries WHERE datname = '$database' AND query = '$query'});
}

foreach my $database (@databases)
{
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, q{
		CREATE EXTENSION clipperf;
		CREATE TABLE post (id int PRIMARY KEY, author int, title text);
		INSERT INTO post SELECT (i * 7919) % 100003, i % 50, repeat('x', 200) FROM generate_series(1, 20000) AS i;
		CREATE TABLE comment (id int PRIMARY KEY, post int REFERENCES post);
		INSERT INTO comment SELECT i, (i * 7919) % 100003 FROM generate_series(1, 20000) AS i;
		CREATE INDEX ON comment (post);
		ANALYZE;
		INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('posts', '{/posts}', 10);
	});
}
$node->safe_psql('postgres', 'SELECT clipperf_reset()');

# The same in both: loops over lists, scans of a table, waits.
foreach my $database (@databases)
{
	my $loop = "SET clipperf.route = '/posts';\n";
	foreach my $author (1 .. 4)
	{
		my @posts = split /\n/, $node->safe_psql($database, "SET clipperf.track = 'none'; SELECT id FROM post WHERE author = $author LIMIT 25");

		$loop .= "BEGIN;\nSELECT id FROM post WHERE author = $author LIMIT 25;\n";
		$loop .= "SELECT * FROM comment WHERE post = $_;\n" foreach @posts;
		$loop .= "COMMIT;\n";
	}
	$node->safe_psql($database, $loop);

	my $session = $node->background_psql($database);
	$session->query_safe("PREPARE scan AS SELECT count(*) FROM post WHERE author = \$1");
	$session->query_safe('EXECUTE scan (3)') foreach 1 .. 10;
	$session->query_safe('SELECT pg_advisory_lock(1)');

	my $waiting = $node->background_psql($database, on_error_stop => 0);
	$waiting->query_until(qr//, "SELECT pg_advisory_lock(1);\n");
	$node->poll_query_until('postgres',
		"SELECT count(*) > 0 FROM clipperf_waits WHERE datname = '$database' AND wait_event = 'advisory' AND queryid IS NOT NULL")
	  or die 'nothing waits';
	$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'");
	$waiting->quit;
	$session->quit;
}

# From now on nothing is sampled, and only these sessions run what is not clipperf's. They keep what they count to themselves.
$node->safe_psql('postgres', 'ALTER SYSTEM SET clipperf.sample_interval = 0');
$node->restart;
foreach my $database (@databases)
{
	my $session = $node->background_psql($database);
	$session->query_safe("PREPARE scan AS SELECT count(*) FROM post WHERE author = \$1");
	$session->query_safe('BEGIN; EXECUTE scan (3); COMMIT');	# a request that ends here, not after a pause
	$sessions{$database} = $session;
}

my $before = { map { $_ => all_rows($_) } @databases };
foreach my $database (@databases)
{
	isnt($before->{$database}->{$_}, '', "$database: there is something in $_") foreach sort keys %views;
}
my %since = map { $_ => $node->safe_psql($_, 'SELECT since FROM clipperf_info') } @databases;

# Each part by itself, then all.
my %parts = (
	samples => ['clipperf_samples'],
	plans => ['clipperf_plans'],
	seq_scans => ['clipperf_seq_scans'],
	n_plus_one => ['clipperf_n_plus_one'],
	waits => ['clipperf_waits'],
	routes => [ 'clipperf_routes', 'clipperf_route_histograms' ],
	queries => [ 'clipperf_queries', 'clipperf_cacheable', 'clipperf_table_use' ]);
foreach my $part (qw(samples plans seq_scans n_plus_one waits routes queries))
{
	$node->safe_psql('first', "SELECT clipperf_reset_database('$part')");
	is(rows('first', $_), '', "$part of one database: gone from $_") foreach @{ $parts{$part} };
}
is($node->safe_psql('first', 'SELECT since FROM clipperf_info'), $since{first}, 'it is observed since the same time');
is_deeply(all_rows('second'), $before->{second}, 'the other one has lost nothing');

is(counted('first', $statement), 0, 'what a session has not handed on is forgotten');
$sessions{first}->query_safe('BEGIN; EXECUTE scan (3); COMMIT');
is(counted('first', $statement), 1, 'and what it does next is counted');
is($node->safe_psql('postgres', "SELECT requests, statements FROM clipperf_routes WHERE datname = 'first'"), '1|1', 'so is its request');
$sessions{second}->query_safe('BEGIN; EXECUTE scan (3); COMMIT');
is(counted('second', $statement), 12, 'a session of another database goes on');
$before->{second} = all_rows('second');

$node->safe_psql('first', 'SELECT clipperf_reset_database()');
is(rows('first', $_), '', "all of one database: gone from $_") foreach grep { $_ ne 'clipperf_slo' } sort keys %views;
is($node->safe_psql('first', q{SELECT requests, met_share IS NULL, since > '} . $since{first} . q{' FROM clipperf_slo}), '0|t|t',
	'an endpoint begins again');
is($node->safe_psql('first', "SELECT since > '$since{first}' FROM clipperf_info"), 't', 'it is observed since then');
is($node->safe_psql('second', 'SELECT since FROM clipperf_info'), $since{second}, 'the other one since the same time');
is_deeply(all_rows('second'), $before->{second}, 'and that has lost nothing');

# After a crash nothing of it comes back, and after a restart the rest is there.
$since{first} = $node->safe_psql('first', 'SELECT since FROM clipperf_info');
$_->quit foreach values %sessions;
$node->stop('immediate');
$node->start;
is(counted('first', 'SELECT * FROM comment WHERE post = $1'), 0, 'a crash does not bring it back');
is($node->safe_psql('first', 'SELECT since FROM clipperf_info'), $since{first}, 'nor the time before');
is(counted('second', 'SELECT * FROM comment WHERE post = $1'), 100, 'nor does it lose what was saved of the other one');

# What is sampled of a database from then on is measured by the time since then: a session that sleeps is one at a time.
$node->safe_psql('first', "SELECT clipperf_reset_database('waits')");
$node->safe_psql('postgres', 'ALTER SYSTEM RESET clipperf.sample_interval');
$node->reload;
my $sleeper = $node->background_psql('first', on_error_stop => 0);
$sleeper->query_until(qr//, "SELECT pg_sleep(6000);\n");
$node->poll_query_until('first', "SELECT max(samples) > 10 FROM clipperf_waits WHERE wait_event = 'PgSleep' AND datname = 'first'");
$node->safe_psql('postgres', 'ALTER SYSTEM SET clipperf.sample_interval = 0');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
$sleeper->quit;
$node->restart;
is($node->safe_psql('first', q{
	SELECT sessions > total_ms / sampled_ms, sessions <= 1.001 FROM clipperf_waits, clipperf_info
	WHERE wait_event = 'PgSleep' AND datname = 'first'}), 't|t', 'the mean number of sessions is that since the reset');

# Who may.
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE owner LOGIN; ALTER DATABASE second OWNER TO owner');
failed_with($node, 'first', 'SET ROLE keeper; SELECT clipperf_reset_database()', '42501', qr/permission denied for function clipperf_reset_database/,
	'nobody may reset a database without a grant');
$node->safe_psql('first', 'GRANT EXECUTE ON FUNCTION clipperf_reset_database TO keeper, owner');
$node->safe_psql('first', 'SET ROLE keeper; SELECT clipperf_reset_database()');
failed_with($node, 'first', "SET ROLE keeper; SELECT clipperf_reset_database(database => 'second')", '42501', qr/must be owner of database second/,
	'and with one not another database');
failed_with($node, 'first', 'SET ROLE keeper; SELECT clipperf_reset()', '42501', qr/permission denied for function clipperf_reset$/m, 'nor all of them');
isnt(rows('second', 'clipperf_queries'), '', 'the other one is as it was');
$node->safe_psql('first', "SET ROLE owner; SELECT clipperf_reset_database('queries', 'second')");
is(rows('second', 'clipperf_queries'), '', 'its owner may reset it from elsewhere');

failed_with($node, 'first', "SELECT clipperf_reset_database('all', 'nowhere')", '3D000', qr/database "nowhere" does not exist/, 'a database that is not there');
failed_with($node, 'first', "SELECT clipperf_reset_database('standbys')", '22023', qr/standby servers cannot be reset for one database/, 'standby servers');
failed_with($node, 'first', "SELECT clipperf_reset_database('everything')", '22023', qr/unrecognized reset target: "everything"/, 'an unknown target');
failed_with($node, 'first', 'SELECT clipperf_reset_database(NULL)', '22004', qr/argument "what" must not be null/, 'no target');
failed_with($node, 'first', "SELECT clipperf_reset_database('all', NULL)", '22004', qr/argument "database" must not be null/, 'no database');

is_healthy($node, 'reset of one database');
done_testing();
