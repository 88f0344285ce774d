# False alarms and misses of the N+1 detector under hot lookups. Started by test/bench/n-plus-one, which puts a
# private PostgreSQL with clipperf first in PATH, in the tree where clipload was built.
#
# The noise: 20 users on 20 connections look up popular keys at full speed, and lists of such keys are read all the
# time; nobody looks anything up because of a list. Every finding is false. The lists are read by the same users,
# by others, or by others of another route; they hold 5, 10 or 50 of the keys, the most popular first or any. Keys
# are small integers in sequence or uuids, 100 or 5000 of them, equally popular or by Zipf's law.
#
# The walks: jobs that update all keys from the first to the last, over one connection or four, while others read lists
# of the same keys: the first of them, a page in the middle, or any page, up or down. Every finding is false.
#
# The loops: the same noise, and one client that reads a list and looks up each of its rows with the very statement
# of the noise. Found is the share of its children that are reported, more than 1 where others were taken for them.
# Findings about any other parent are false.
use strict;
use warnings;

use File::Path qw(make_path);
use Getopt::Long;

my $directory;
my $lookups = 2000;
my $rows = 'noise walks loops';
GetOptions('directory=s' => \$directory, 'lookups=i' => \$lookups, 'rows=s' => \$rows) or exit 2;
die "--directory is needed\n" unless defined $directory;

$| = 1;

my $users = 20;
my $clipload = 'examples/clipper/load/clipload';
my $data = "$directory/data";

my $schema = <<'SQL';
CREATE EXTENSION clipperf;
CREATE TABLE item (id int8 PRIMARY KEY, code uuid UNIQUE NOT NULL, title text);
INSERT INTO item SELECT i, md5(i::text)::uuid, md5('title' || i) FROM generate_series(1, 5000) AS i;
CREATE TABLE note (id int8 PRIMARY KEY, item_id int8 NOT NULL REFERENCES item,
  item_code uuid NOT NULL REFERENCES item (code), title text);
INSERT INTO note SELECT 100000 + id, id, code, md5('note' || id) FROM item;
ANALYZE;
SQL

# Runs a command and returns its output, or ends the program.
sub run
{
	my @command = @_;
	open(my $pipe, '-|', @command) or die "cannot run $command[0]: $!\n";
	my $output = do { local $/; <$pipe> };
	close($pipe) or die "@command failed\n";
	return $output // '';
}

sub sql
{
	my ($text) = @_;
	chomp(my $output = run('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', $data, '-d', 'postgres', '-c', $text));
	return $output;
}

sub make_server
{
	make_path($directory);
	$ENV{PGUSER} = 'bench';
	run('initdb', '-N', '-A', 'trust', '--locale=C', '--encoding=UTF8', '-U', 'bench', '-D', $data);
	open(my $file, '>>', "$data/postgresql.conf") or die "cannot write $data/postgresql.conf: $!\n";
	print $file <<"CONF";
listen_addresses = ''
unix_socket_directories = '$data'
shared_preload_libraries = 'clipperf'
max_connections = 100
fsync = off
CONF
	close($file) or die "cannot write $data/postgresql.conf: $!\n";
	run('pg_ctl', 'start', '-s', '-w', '-D', $data, '-l', "$directory/log");
	sql($schema);
}

# Starts a run of clipload in the background; its route is given. Returns its process.
sub start
{
	my ($route, @arguments) = @_;
	my $pid = fork();
	die "fork failed: $!\n" unless defined $pid;
	return $pid if $pid != 0;
	open(STDOUT, '>', '/dev/null') or die "cannot write to /dev/null: $!\n";
	my ($mode, @options) = @arguments;
	exec($clipload, $mode, '--conninfo', "host=$data dbname=postgres application_name=$route", @options)
	  or die "cannot run $clipload: $!\n";
}

sub finish
{
	foreach my $pid (@_)
	{
		waitpid($pid, 0);
		die "clipload failed\n" if $? != 0;
	}
}

# The noise of one line: its processes.
sub start_noise
{
	my ($line) = @_;
	my $column = $line->{column};
	my $order = $line->{order} eq 'popular' ? 'id' : 'random()';
	my $list = "SELECT $column FROM item WHERE id <= $line->{keys} ORDER BY $order LIMIT $line->{rows}";
	my @keys = ('--keys' => "SELECT $column FROM item ORDER BY id LIMIT $line->{keys}",
		'--type' => $column eq 'id' ? 'int8' : 'uuid');
	my @hot = (@keys, '--lookup' => "SELECT * FROM item WHERE $column = \$1", '--users' => $users, '--pool' => $users,
		'--lookups' => $lookups, ($line->{popularity} eq 'uniform' ? '--uniform' : ()));

	return start('app', 'hot', @hot, '--list' => $list, '--list-every' => 10) if $line->{readers} eq 'the same';
	return (
		start('app', 'hot', @hot),
		start($line->{readers} eq 'others' ? 'app' : 'lists', 'hot', @keys, '--lookup' => 'SELECT 1 WHERE $1 IS NULL',
			'--list' => $list, '--list-every' => 1, '--users' => 4, '--pool' => 4, '--lookups' => int($lookups / 4)));
}

# All combinations of the values of some columns, as hashes.
sub combinations
{
	my @lines = ({});
	while (my ($name, $values) = splice(@_, 0, 2))
	{
		@lines = map { my $line = $_; map { { %$line, $name => $_ } } @$values } @lines;
	}
	return @lines;
}

# What is found apart from children of the loop's parent.
sub false_alarms
{
	return sql(q{SELECT count(*) FROM clipperf_n_plus_one WHERE parent_query NOT LIKE '%FROM note%' OR parent_query IS NULL});
}

# Prints false alarms by line; returns how many there were.
sub measure_noise
{
	my $false = 0;
	printf "%-8s %-8s %5s %5s %-8s %-12s %6s\n", qw(key popular keys rows order readers false);
	foreach my $line (combinations(
		column => [qw(id code)], popularity => [qw(zipf uniform)], keys => [ 10, 100, 5000 ], rows => [ 5, 10, 50 ],
		order => [qw(popular any)], readers => [ 'the same', 'others', 'other route' ]))
	{
		sql('SELECT clipperf_reset()');
		finish(start_noise($line));
		my $found = false_alarms();
		printf "%-8s %-8s %5d %5d %-8s %-12s %6d\n", $line->{column} eq 'id' ? 'integer' : 'uuid',
		  @$line{qw(popularity keys rows order readers)}, $found;
		$false += $found;
	}
	return $false;
}

# Prints false alarms by line; returns how many there were.
sub measure_walks
{
	my $false = 0;
	my %lists = (
		'the first' => 'id <= 50', 'in the middle' => 'id BETWEEN 2001 AND 2050',
		'any page' => 'id > (SELECT 50 * floor(random() * 100))');
	printf "%-14s %-5s %12s %8s %6s\n", qw(list order connections pause false);
	foreach my $line (combinations(list => [ sort keys %lists ], order => [qw(ASC DESC)], connections => [ 1, 4 ],
			pause => [ 0, 1 ]))
	{
		my $list = "SELECT id FROM item WHERE $lists{$line->{list}} ORDER BY id LIMIT 50";
		$list = "SELECT id FROM ($list) AS page ORDER BY id DESC" if $line->{order} eq 'DESC';
		sql('SELECT clipperf_reset()');
		my $readers = start('app', 'hot', '--type' => 'int8', '--keys' => 'SELECT 1',
			'--lookup' => 'SELECT 1 WHERE $1 IS NOT NULL', '--list' => $list, '--list-every' => 1, '--users' => 2, '--pool' => 2, '--lookups' => $lookups * 4);
		finish(start('app', 'loop', '--series' => '1..5000',
				'--child' => 'UPDATE item SET title = title WHERE id = $1', '--bind' => '1=col:n', '--type' => '1=int8',
				'--connections' => $line->{connections}, '--think-ms' => $line->{pause}));
		finish($readers);
		my $found = false_alarms();
		printf "%-14s %-5s %12d %5d ms %6d\n", @$line{qw(list order connections pause)}, $found;
		$false += $found;
	}
	return $false;
}

# Prints what is found of real loops in the noise; returns false alarms, missed loops and loops.
sub measure_loops
{
	my ($false, $missed, $loops) = (0, 0, 0);
	my $repeat = 20;
	printf "%-8s %-8s %5s %5s %-12s %6s %9s %6s\n", qw(key popular keys rows connections found loops false);
	foreach my $line (combinations(
		column => [qw(id code)], popularity => [qw(zipf uniform)], keys => [ 100, 5000 ], rows => [ 6, 10, 50 ],
		connections => [ 1, 4 ]))
	{
		my $column = "item_$line->{column}";
		my $within = $line->{keys} - 50;
		sql('SELECT clipperf_reset()');
		my @noise = start_noise({ %$line, order => 'any', readers => 'the same' });
		finish(start('app', 'loop',
			'--parent' => "SELECT $column FROM note WHERE item_id <= $within ORDER BY title LIMIT $line->{rows}",
			'--child' => "SELECT * FROM item WHERE $line->{column} = \$1", '--bind' => "1=col:$column",
			'--connections' => $line->{connections}, '--repeat' => $repeat));
		finish(@noise);
		my ($children, $counted) = split(/\|/,
			sql(q{SELECT coalesce(sum(children), 0), coalesce(sum(loops), 0) FROM clipperf_n_plus_one WHERE parent_query LIKE '%FROM note%'}));
		my $found = false_alarms();
		printf "%-8s %-8s %5d %5d %-12d %6.2f %9d %6d\n", $line->{column} eq 'id' ? 'integer' : 'uuid',
		  @$line{qw(popularity keys rows connections)}, $children / ($repeat * $line->{rows}), $counted, $found;
		$false += $found;
		$missed += $children == 0;
		$loops++;
	}
	return ($false, $missed, $loops);
}

make_server();
my $false = 0;
my @summary;
if ($rows =~ /\bnoise\b/)
{
	$false += measure_noise();
	push @summary, sprintf('%d false alarms under noise alone', $false);
}
if ($rows =~ /\bwalks\b/)
{
	my $more = measure_walks();
	$false += $more;
	push @summary, "$more false alarms under walks";
}
if ($rows =~ /\bloops\b/)
{
	my ($more, $missed, $loops) = measure_loops();
	push @summary, sprintf('%d of %d kinds of loops found, %d false alarms beside them', $loops - $missed, $loops, $more);
}
run('pg_ctl', 'stop', '-s', '-m', 'fast', '-D', $data);
print join('; ', @summary), "\n";
