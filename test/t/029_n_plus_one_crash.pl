# Backends that end in the middle of their loops: the others go on, and what is found afterwards is right.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('crash', 'restart_after_crash = on', 'max_prepared_transactions = 2');
my $finding;

# Clients that loop over the same few posts without end, so that they write to the same loops all the time; in
# one function each, to be in the detector for as much of the time as possible.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION titles_for_ever() RETURNS void LANGUAGE plpgsql AS $$
DECLARE row record; one text;
BEGIN
  LOOP
    FOR row IN SELECT id, author_id FROM post ORDER BY title LIMIT 50 LOOP
      SELECT name INTO one FROM author WHERE id = row.author_id;
    END LOOP;
  END LOOP;
END $$;
SQL

# Starts so many sessions that loop for ever; returns them when all of them are found looping.
sub start_loops
{
	my ($count) = @_;
	my @sessions = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. $count;
	$_->query_until(qr/started/, "\\echo started\nSELECT titles_for_ever();\n") foreach @sessions;
	ok($node->poll_query_until('postgres', "SELECT count(*) = $count FROM pg_stat_activity "
			  . "WHERE query LIKE 'SELECT titles_for_ever%' AND state = 'active'"), 'sessions loop');
	return @sessions;
}

my $pids = "FROM pg_stat_activity WHERE query LIKE 'SELECT titles_for_ever%'";

# Terminated: locks are released, and the others go on.
my @sessions = start_loops(6);
foreach my $left (reverse 1 .. 5)
{
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) $pids LIMIT 1");
	ok($node->poll_query_until('postgres', "SELECT count(*) = $left $pids"), "$left sessions are left");
	my $children = "SELECT coalesce(sum(children), 0) FROM clipperf_n_plus_one WHERE function IS NOT NULL";
	my $before = $node->safe_psql('postgres', $children);
	ok($node->poll_query_until('postgres', "SELECT ($children) > $before"), 'whose children are counted');
}
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) $pids");
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 $pids"), 'all have ended');
foreach my $session (@sessions) { eval { $session->quit }; }
proven($node, 'after sessions were terminated', children_of('author'));

# Killed, with a lock held or not: the server starts anew, and nothing is left of it.
foreach my $round (1 .. 3)
{
	@sessions = start_loops(4);
	my $victim = $node->safe_psql('postgres', "SELECT pid $pids LIMIT 1");
	my $offset = -s $node->logfile;
	ok(PostgreSQL::Test::Utils::run_log([ 'pg_ctl', 'kill', 'KILL', $victim ]), "round $round: a looping backend is killed");
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	ok($node->poll_query_until('postgres', 'SELECT true'), "round $round: the server has recovered");
	foreach my $session (@sessions) { eval { $session->quit }; }
	$finding = proven($node, "round $round: after a crash", children_of('author'));
	has($finding, "round $round: after a crash", children => [45, 50], loops => 1);
}

# A loop in a transaction that is prepared, and what comes after it on the same connection.
my @authors = split /\n/, $node->safe_psql('postgres', 'SELECT author_id FROM post ORDER BY title LIMIT 50');
$finding = proven($node, 'a prepared transaction',
	statements('BEGIN; SELECT id, author_id FROM post ORDER BY title LIMIT 50;'
		  . join('', map { "SELECT name FROM author WHERE id = $_;" } @authors)
		  . q{PREPARE TRANSACTION 'loop'; COMMIT PREPARED 'loop';}));
has($finding, 'a prepared transaction', children => [45, 50], loops => 1);
silent($node, 'prepared transactions with a few lookups each',
	statements(join('', map { my $round = $_;
				'BEGIN;' . join('', map { "SELECT name FROM author WHERE id = $_;" } @authors[ $round * 5 .. $round * 5 + 4 ])
				  . "PREPARE TRANSACTION 'few'; ROLLBACK PREPARED 'few';" } 0 .. 5)));

# What is forgotten while its loop runs is an episode again when it goes on.
$finding = proven($node, 'forgotten in the middle',
	statements('SELECT id, author_id FROM post ORDER BY title LIMIT 50;'
		  . join('', map { "SELECT name FROM author WHERE id = $_;" } @authors[ 0 .. 24 ])
		  . q{SELECT clipperf_reset('n_plus_one'); SELECT id, author_id FROM post ORDER BY title LIMIT 50;}
		  . join('', map { "SELECT name FROM author WHERE id = $_;" } @authors[ 0 .. 24 ])));
has($finding, 'forgotten in the middle', children => [22, 25], loops => 1);
my $other = $node->background_psql('postgres');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my $looper = $node->background_psql('postgres');
$looper->query_safe('SELECT id, author_id FROM post ORDER BY title LIMIT 50');
$looper->query_safe("SELECT name FROM author WHERE id = $_") foreach @authors[ 0 .. 24 ];
$other->query_safe('SELECT clipperf_reset()');
$looper->query_safe("SELECT name FROM author WHERE id = $_") foreach @authors[ 25 .. 49 ];
is($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_n_plus_one WHERE loops < 1 OR children < loops'),
	0, 'no pattern without an episode');
$_->quit foreach ($other, $looper);

$node->stop;
done_testing();
