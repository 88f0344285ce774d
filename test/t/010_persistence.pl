# What is remembered survives restarts, crashes and damage to its file.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'clipperf'
compute_query_id = on
clipperf.save_interval = 0
clipperf.save_samples = on
restart_after_crash = on
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION clipperf;
	CREATE TABLE kept (id int PRIMARY KEY, name text);
	INSERT INTO kept SELECT i, 'name ' || i FROM generate_series(1, 100) AS i;
});

my $file = $node->data_dir . '/pg_stat/clipperf.stat';

# Everything a reader can see of the statements on table kept, as text.
sub remembered
{
	return $node->safe_psql('postgres', q{
		SELECT q FROM clipperf_queries AS q WHERE query LIKE 'SELECT name FROM kept%' ORDER BY q::text COLLATE "C";
		SELECT s FROM clipperf_samples AS s WHERE query LIKE 'SELECT name FROM kept%' ORDER BY s::text COLLATE "C";
		SELECT since FROM clipperf_info;
	});
}

# How often the statement on table kept ran, by its counters.
sub calls
{
	return $node->safe_psql('postgres',
		q{SELECT coalesce(sum(calls), 0) FROM clipperf_queries WHERE query = 'SELECT name FROM kept WHERE id = $1'});
}

# Run the statement, under a route of its own.
sub run_statement
{
	my ($times) = @_;
	$node->safe_psql('postgres',
		join('', map { "SELECT name FROM kept WHERE id = $_ /*route='/kept'*/;\n" } 1 .. $times));
}

sub slurp
{
	open(my $handle, '<:raw', $file) or die "$file: $!";
	local $/;
	my $bytes = <$handle>;
	close $handle;
	return $bytes;
}

sub spew
{
	my ($bytes) = @_;
	open(my $handle, '>:raw', $file) or die "$file: $!";
	print $handle $bytes;
	close $handle;
}

# A clean restart.
run_statement(7);
$node->safe_psql('postgres', q{SET app.kept = 'name 5'; SELECT name FROM kept WHERE name = current_setting('app.kept')});
my $before = remembered();
like($before, qr{/kept}, 'the statement is there with its route');
like($before, qr{typical}, 'and with a sample');
like($before, qr{app\.kept\W+name 5}, 'and with a setting that it read');
$node->restart;
is(remembered(), $before, 'all is there after a restart');
is(calls(), 7, 'and counts on');
run_statement(1);
is(calls(), 8, 'from where it was');
$node->restart;
is(calls(), 8, 'a second restart keeps that');

# What ran inside of functions is in no row of clipperf_queries: findings keep their texts and routes by themselves.
$node->safe_psql('postgres', q{
	CREATE TABLE keeper (id int8 PRIMARY KEY, name text);
	CREATE TABLE thing (id int8 PRIMARY KEY, keeper_id int8 REFERENCES keeper, kind int);
	INSERT INTO keeper SELECT 1000 + i, 'keeper ' || i FROM generate_series(1, 500) AS i;
	INSERT INTO thing SELECT 50000 + i, 1001 + (i * 7) % 500, i % 50 FROM generate_series(1, 5000) AS i;
	ANALYZE;
	CREATE FUNCTION names() RETURNS text LANGUAGE plpgsql AS $$
	DECLARE r record; one text; names text := '';
	BEGIN
		FOR r IN SELECT id, keeper_id FROM thing WHERE kind = 7 ORDER BY md5(id::text) LIMIT 40 LOOP
			SELECT name INTO one FROM keeper WHERE id = r.keeper_id;
			names := names || one;
		END LOOP;
		RETURN names;
	END $$;
});
my $findings = q{
	SELECT parent_query, child_query, route, confidence, loops, children FROM clipperf_n_plus_one;
	SELECT query, scans FROM clipperf_seq_scans WHERE relation = 'thing'::regclass;
};
$node->safe_psql('postgres', "SELECT names() /*route='/%C3%A9t%C3%A9'*/;\n" x 3);
my $found = $node->safe_psql('postgres', $findings);
like($found, qr{^SELECT id, keeper_id FROM thing.*\|SELECT name.* FROM keeper .*\|/été\|proven\|3\|120\nSELECT id, keeper_id.*\|3$},
	'a loop and a scan inside of a function');
$node->restart;
is($node->safe_psql('postgres', $findings), $found, 'both are there after a restart, with their texts and their route');

# A crash: what was saved last is there again.
run_statement(1);
$node->stop('immediate');
$node->start;
is(calls(), 8, 'a crash brings back what was saved at the last shutdown');

# The worker saves on its own, as soon as a reload says so.
run_statement(3);
my $log = -s $node->logfile;
$node->append_conf('postgresql.conf', 'clipperf.save_interval = 1s');
$node->reload;
$node->poll_query_until('postgres', 'SELECT saved_at > pg_postmaster_start_time() FROM clipperf_info')
  or die 'the worker did not save';
$node->append_conf('postgresql.conf', 'clipperf.save_interval = 0');
$node->reload;
$node->stop('immediate');
$node->start;
is(calls(), 11, 'a crash after a save by the worker loses nothing from before');

# A backend killed in mid-statement takes the server through a crash.
my $worker = $node->safe_psql('postgres', 'SELECT worker_pid FROM clipperf_info');
my $sleeper = IPC::Run::start(
	[ 'psql', '-X', '-d', $node->connstr('postgres'), '-c', 'SELECT count(*) FROM kept, pg_sleep(600)' ],
	'>', \my $stdout, '2>', \my $stderr);
my $asleep = q{FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%FROM kept%'};
$node->poll_query_until('postgres', "SELECT count(*) = 1 $asleep") or die 'no sleeper';
kill 'KILL', $node->safe_psql('postgres', "SELECT pid $asleep");
$sleeper->finish;
$node->poll_query_until('postgres', "SELECT worker_pid <> $worker FROM clipperf_info")
  or die 'the server did not come back';
is(calls(), 11, 'a backend killed by SIGKILL leaves what was saved');
run_statement(1);
is(calls(), 12, 'and capture goes on');

# Damaged files are set aside; the server starts all the same.
$node->stop;
my $good = slurp();
my $middle = int(length($good) / 2);
my %damaged = (
	'a flipped bit' => substr($good, 0, $middle)
	  . chr(ord(substr($good, $middle, 1)) ^ 1)
	  . substr($good, $middle + 1),
	'a missing end' => substr($good, 0, $middle),
	'bytes after the end' => $good . 'more',
	'no header' => substr($good, 0, 5),
	'nothing' => '',
	'another magic' => 'X' . substr($good, 1),
	'another format' => substr($good, 0, 8) . pack('L', 4711) . substr($good, 12),
	'another server' => substr($good, 0, 12) . pack('L', 9) . substr($good, 16));
foreach my $damage (sort keys %damaged)
{
	spew($damaged{$damage});
	unlink "$file.damaged";
	$log = -s $node->logfile;
	$node->start;
	is(calls(), 0, "with $damage: the server starts with nothing remembered");
	ok(-e "$file.damaged", "with $damage: the file is kept aside");
	like(substr(slurp_file($node->logfile), $log),
		qr{LOG:  ignoring file "pg_stat/clipperf\.stat"}, "with $damage: the log says so");
	run_statement(1);
	is(calls(), 1, "with $damage: capture works");
	$node->stop;
}

# What was put aside holds texts, and is forgotten with them.
spew($damaged{'a flipped bit'});
$node->start;
$node->safe_psql('postgres', q{SELECT clipperf_reset('standbys')});
ok(-e "$file.damaged", 'the file put aside stays');
$node->safe_psql('postgres', q{SELECT clipperf_reset('queries')});
ok(!-e "$file.damaged", 'until a reset');
$node->stop;

# A file of a smaller server: what has room is kept.
spew($good);
$node->append_conf('postgresql.conf', "clipperf.max_statements = 100\nclipperf.text_memory = 1MB");
$node->start;
is(calls(), 12, 'a smaller store takes what it has room for');

# A file that cannot be written is no reason to fail.
mkdir "$file.tmp" or die $!;
$log = -s $node->logfile;
$node->stop;
like(substr(slurp_file($node->logfile), $log),
	qr{LOG:  could not write file "pg_stat/clipperf\.stat\.tmp"}, 'a failed save is logged');
rmdir "$file.tmp";
$node->start;
is(calls(), 12, 'and the old file stays');

# A reset is saved too.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$node->restart;
is(calls(), 0, 'what was reset does not come back');

# Names of applications fill half of the table of routes, also over a restart.
my $routes_like = q{SELECT count(DISTINCT route) FROM clipperf_queries
	WHERE query = 'SELECT id FROM kept WHERE id = $1' AND route LIKE };
$node->append_conf('postgresql.conf', 'clipperf.max_statements = 5000');
foreach my $round (1, 2)
{
	$node->restart;
	$node->safe_psql('postgres',
		join('', map { "SET application_name = 'worker $round.$_'; SELECT id FROM kept WHERE id = 1;\n" } 1 .. 300));
}
cmp_ok($node->safe_psql('postgres', "$routes_like 'worker %'"), '<=', 256, 'names of applications take no more than half');
cmp_ok($node->safe_psql('postgres', "$routes_like 'worker %'"), '>=', 200, 'and may take that');

# The table of routes fills up: the least recently used names make room, and what was named for them has none.
$node->restart;
$node->safe_psql('postgres',
	join('', map { "SET clipperf.route = '/many/$_'; SELECT id FROM kept WHERE id = 1;\n" } 'aaa' .. 'axb'));
run_statement(1);
$node->restart;
is($node->safe_psql('postgres', q{
	SELECT count(DISTINCT route) BETWEEN 400 AND 512, bool_or(route IS NULL)
	FROM clipperf_queries WHERE query = 'SELECT id FROM kept WHERE id = $1'}),
	't|t', 'routes that made room count as none');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM clipperf_queries WHERE query = 'SELECT name FROM kept WHERE id = $1' AND route = '/kept'}),
	1, 'the route used last is known');

$node->stop;
done_testing();
