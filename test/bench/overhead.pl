# What clipperf costs, measured against nothing preloaded and against pg_stat_statements. Started by
# test/bench/overhead, which puts a private PostgreSQL with clipperf first in PATH.
#
# Three servers run at once, from copies of one data directory: "nothing", "pgss" and "clipperf", which differ in
# shared_preload_libraries alone. A load is measured on them in short runs, in the order A B C, C B A, B C A, A C B,
# C A B, B A C and again, so that neither drift nor neighbours favour one of them. Each round gives one ratio per
# pair of servers; the table shows the median ratio with its 95 % confidence interval, by order statistics. The
# verdict is about throughput. Beside it stands the ratio of transactions per second of processor time that the
# server used, which other work on the machine disturbs much less.
#
# With --one-server there is a single server with both extensions, and the three are kinds of sessions on it, in which
# both, clipperf or pg_stat_statements are switched off. Server and clients share one processor. Where in memory each
# server's buffers happen to lie makes differences of some percent between servers, and idle processors others; both
# are gone then. What is left out is what hooks that return at once cost, and the queryid, which "nothing" has, too.
#
# The data fits into shared buffers, and fsync is off: the loads are bound by the processor, where an extension's
# cost shows most. Instructions are counted by callgrind in a single-user backend: the difference between a run of 2N
# statements and one of N, divided by N. What is done by the clock, such as passing pending counters on each second and
# after each slow statement, is more of it where valgrind or the machine is slow; so each count is the least of three
# runs, which all begin with nothing saved.
use strict;
use warnings;

use File::Path qw(make_path);
use Getopt::Long;
use POSIX ();

my $directory;
my $pairs = 50;
my $seconds = 1;
my $rows;
my $one_server;
GetOptions(
	'one-server' => \$one_server,
	'directory=s' => \$directory,
	'pairs=i' => \$pairs,
	'seconds=i' => \$seconds,
	'rows=s' => \$rows) or exit 2;
die "--directory is needed\n" unless defined $directory;
$rows //= 'prepared simple tpcb rows50 million' . ($one_server ? '' : ' distinct hot instructions');

$| = 1;

# How many statements are held, on both sides: the eviction load needs a full store.
my $max_statements = 5000;

my @servers = qw(nothing pgss clipperf);
my %preload = (nothing => '', pgss => 'pg_stat_statements', clipperf => 'clipperf');
my %extension = (pgss => 'pg_stat_statements', clipperf => 'clipperf');

# Of the sessions on the one server: what each is made of.
my %session_options = (
	nothing => '-c clipperf.enabled=off -c pg_stat_statements.track=none',
	pgss => '-c clipperf.enabled=off',
	clipperf => '-c pg_stat_statements.track=none');

# What binds a command to one processor.
my @bound = $one_server ? qw(taskset -c 0) : ();

my @orders = ([0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]);

# A target compares clipperf with another server: [peer, least ratio].
my %loads = (
	prepared => {
		title => 'pgbench -S -M prepared',
		arguments => [qw(-n -S -M prepared -c 4 -j 2)],
		targets => [['nothing', 0.98], ['pgss', 1.0]]
	},
	simple => {
		title => 'pgbench -S -M simple',
		arguments => [qw(-n -S -M simple -c 4 -j 2)],
		targets => [['nothing', 0.98], ['pgss', 1.0]]
	},
	tpcb => {
		title => 'pgbench, TPC-B',
		arguments => [qw(-n -c 4 -j 2)],
		before => 'VACUUM pgbench_branches, pgbench_tellers',
		targets => [['nothing', 0.98], ['pgss', 1.0]]
	},
	rows50 => {
		title => '50 rows, three key columns, lineage on',
		arguments => [qw(-n -M prepared -c 4 -j 2)],
		script => "\\set clip random(1, 2000)\n"
		  . "SELECT id, clip_id, user_id, content FROM comments WHERE clip_id = :clip;\n",
		targets => [['nothing', 0.97]]
	},
	million => {
		title => '1,000,000 rows',
		arguments => [qw(-n -M prepared -c 1)],
		script => "SELECT id, payload FROM million;\n",
		targets => [['nothing', 0.99]]
	},
	distinct => {
		title => 'all statements distinct, store full',
		arguments => [qw(-n -M simple -c 4 -j 2)],
		script => join('', map { "\\set $_ random(1, 40)\n" } qw(a b c d))
		  . "SELECT c:a, c:b, c:c, c:d FROM wide WHERE id = 1;\n",
		fill => 1,
		targets => [['pgss', 1.2]]
	},
	hot => {
		title => '16 clients on one hot statement',
		arguments => [qw(-n -M prepared -c 16 -j 2)],
		script => "SELECT abalance FROM pgbench_accounts WHERE aid = 42;\n",
		targets => [['pgss', 1.0]]
	},
	instructions => {
		title => 'instructions per -S statement',
	});

# Settings of all servers: no background work, nothing that waits for a disk, no parallel plans.
my $configuration = <<"END";
listen_addresses = ''
max_connections = 40
shared_buffers = 512MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 8GB
checkpoint_timeout = 1d
autovacuum = off
bgwriter_lru_maxpages = 0
max_parallel_workers_per_gather = 0
jit = off
logging_collector = off
log_min_messages = warning
pg_stat_statements.max = $max_statements
clipperf.max_statements = $max_statements
END

# The tables of our own loads, besides pgbench's.
my $schema = <<'END';
CREATE TABLE clips (id int PRIMARY KEY);
CREATE TABLE users (id int PRIMARY KEY);
INSERT INTO clips SELECT generate_series(1, 2000);
INSERT INTO users SELECT generate_series(1, 5000);
CREATE TABLE comments (id int PRIMARY KEY, clip_id int NOT NULL REFERENCES clips,
	user_id int NOT NULL REFERENCES users, content text NOT NULL);
INSERT INTO comments SELECT i, 1 + i / 50, 1 + i * 7919 % 5000, 'a comment of ordinary length, number ' || i
	FROM generate_series(0, 99999) i;
CREATE INDEX ON comments (clip_id);
CREATE TABLE million (id int PRIMARY KEY, payload int NOT NULL);
INSERT INTO million SELECT i, i FROM generate_series(1, 1000000) i;
DO $$ BEGIN
	EXECUTE 'CREATE TABLE wide (id int PRIMARY KEY, '
		|| (SELECT string_agg(format('c%s int DEFAULT 0', i), ', ') FROM generate_series(1, 40) i) || ')';
END $$;
INSERT INTO wide (id) VALUES (1);
VACUUM (FREEZE, ANALYZE);
END

# Runs a command and returns its standard output. Dies, showing the output, when it fails.
sub run
{
	my (@command) = @_;
	open(my $out, '-|', @command) or die "cannot run $command[0]: $!\n";
	local $/;
	my $text = <$out> // '';
	close($out) or die "failed: @command\n$text\n";
	return $text;
}

# The data directory of a server; its socket lies in it.
sub data_directory
{
	return "$directory/" . ($one_server ? 'nothing' : $_[0]);
}

sub start_server
{
	my ($name) = @_;
	my $data = data_directory($name);
	my $libraries = $one_server ? 'pg_stat_statements,clipperf' : $preload{$name};
	run(@bound, 'pg_ctl', 'start', '-s', '-w', '-t', '120', '-D', $data, '-l', "$data.log", '-o',
		"-c shared_preload_libraries='$libraries' -c unix_socket_directories='$data'");
}

sub stop_server
{
	run('pg_ctl', 'stop', '-s', '-m', 'fast', '-D', data_directory($_[0]));
}

# Runs SQL on a server, without a statement's tag.
sub sql
{
	my ($name, $sql) = @_;
	return run('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', data_directory($name),
		'-d', 'postgres', '-c', $sql);
}

sub write_file
{
	my ($path, $text) = @_;
	open(my $file, '>', $path) or die "cannot write $path: $!\n";
	print $file $text;
	close($file) or die "cannot write $path: $!\n";
}

# Makes the data once, with nothing preloaded, and copies it for the others.
sub make_servers
{
	my $first = data_directory($servers[0]);
	make_path($directory);
	print "== loading\n";
	run('initdb', '-N', '-A', 'trust', '--locale=C', '--encoding=UTF8', '-U', 'bench', '-D', $first);
	write_file("$first/postgresql.auto.conf", $configuration);
	$ENV{PGUSER} = 'bench';
	start_server($servers[0]);
	run("pgbench -i -q -s 10 -h '$first' postgres 2>&1");
	write_file("$directory/schema.sql", $schema);
	run('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $first, '-d', 'postgres', '-f', "$directory/schema.sql");
	if (!$one_server)
	{
		stop_server($servers[0]);
		run('cp', '-R', $first, data_directory($_)) foreach @servers[1 .. $#servers];
		start_server($_) foreach @servers;
	}
	foreach my $name (@servers)
	{
		sql($name, "CREATE EXTENSION $extension{$name}") if $extension{$name};
	}
}

# Seconds of processor time that the ended backends of a server have used.
sub processor_seconds
{
	my ($name) = @_;
	open(my $file, '<', data_directory($name) . '/postmaster.pid') or die "$name does not run\n";
	chomp(my $pid = <$file>);
	close($file);
	open(my $stat, '<', "/proc/$pid/stat") or return undef;
	my $line = <$stat>;
	close($stat);
	$line =~ s/^.*\) //;
	my ($user, $system) = (split(' ', $line))[ 13, 14 ];
	return ($user + $system) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# The postmaster's count of the processor time of its children, after the backend that pgbench used last has gone.
sub settled_processor_seconds
{
	my ($name) = @_;
	sql($name, <<'WAIT');
DO $$ BEGIN
	WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgbench') LOOP
		PERFORM pg_sleep(0.001), pg_stat_clear_snapshot();
	END LOOP;
END $$
WAIT
	return processor_seconds($name);
}

# Measures one run: transactions per second, without the time to connect, and transactions per second of
# processor time, which is undefined where the system does not tell.
sub measure
{
	my ($name, $load, $duration) = @_;
	sql($name, $load->{before}) if $load->{before};
	my $before = processor_seconds($name);
	local $ENV{PGOPTIONS} = $session_options{$name} if $one_server;
	my $text = run(
		@bound, 'pgbench', @{ $load->{arguments} }, '-T', $duration,
		'-h', data_directory($name),
		($load->{file} ? ('-f', $load->{file}) : ()), 'postgres');
	$text =~ /^tps = ([0-9.]+)/m or die "pgbench said:\n$text\n";
	my $rate = $1;
	die "pgbench failed transactions on $name:\n$text\n" if $text =~ /number of failed transactions: [1-9]/;
	my ($transactions) = $text =~ /transactions actually processed: (\d+)/;
	my $used = settled_processor_seconds($name);
	return ($rate, defined $used && $used > $before ? $transactions / ($used - $before) : undef);
}

# Fills the stores, so that every new statement needs an eviction, and verifies that they are full.
sub fill_stores
{
	my ($load) = @_;
	my %held = (
		pgss => 'SELECT count(*) FROM pg_stat_statements(false)',
		clipperf => 'SELECT count(*) FROM clipperf_queries');
	foreach my $name (@servers)
	{
		measure($name, $load, 5);
		next unless $held{$name};
		my $count = sql($name, $held{$name}) + 0;
		printf "   %s holds %d statements\n", $name, $count;
		die "the store of $name is not full\n" if $count < 0.8 * $max_statements;
	}
}

sub median
{
	my (@sorted) = sort { $a <=> $b } @_;
	my $middle = int(@sorted / 2);
	return @sorted % 2 ? $sorted[$middle] : ($sorted[ $middle - 1 ] + $sorted[$middle]) / 2;
}

# The 95 % confidence interval of a median: the order statistics between which it lies, by the binomial
# distribution. Fewer than six values have none.
sub median_interval
{
	my (@sorted) = sort { $a <=> $b } @_;
	my $n = @sorted;
	my ($k, $probability, $below) = (0, 0.5**$n, 0.5**$n);
	return ($sorted[0], $sorted[-1]) if $below > 0.025;
	while (1)
	{
		$probability *= ($n - $k) / ($k + 1);
		last if $below + $probability > 0.025;
		$below += $probability;
		$k++;
	}
	return ($sorted[$k], $sorted[ $n - 1 - $k ]);
}

# Measures one load in alternating rounds. Returns, by server, the lists of its rates, by time and by processor
# time; round i is element i of each.
sub measure_load
{
	my ($key) = @_;
	my $load = $loads{$key};
	my %rates;
	print "== $load->{title}\n";
	if ($load->{script})
	{
		$load->{file} = "$directory/$key.sql";
		write_file($load->{file}, $load->{script});
	}
	if ($load->{fill})
	{
		fill_stores($load);
	}
	else
	{
		measure($_, $load, 1) foreach @servers;
	}
	foreach my $round (0 .. $pairs - 1)
	{
		foreach my $i (@{ $orders[ $round % @orders ] })
		{
			my ($by_time, $by_processor) = measure($servers[$i], $load, $seconds);
			push @{ $rates{time}{ $servers[$i] } }, $by_time;
			push @{ $rates{processor}{ $servers[$i] } }, $by_processor;
		}
		printf "   round %d of %d:%s per second\n", $round + 1, $pairs,
		  join(',', map { sprintf(' %s %.5g', $_, $rates{time}{$_}[-1]) } @servers);
	}
	return \%rates;
}

# The ratios of two servers' rates, round by round, where both are known.
sub ratios
{
	my ($rates, $one, $other) = @_;
	return map { $rates->{$one}[$_] / $rates->{$other}[$_] }
	  grep { defined $rates->{$one}[$_] && defined $rates->{$other}[$_] } 0 .. $#{ $rates->{$one} };
}

# What the ratios say about a target: met by the median, or missed, which is only certain when the whole
# confidence interval lies below.
sub verdict
{
	my ($least, @ratios) = @_;
	return 'too few pairs' if @ratios < 15;
	return 'met' if median(@ratios) >= $least;
	return (median_interval(@ratios))[1] < $least ? 'MISSED' : 'not met, within noise';
}

sub ratio_column
{
	my (@ratios) = @_;
	return 'unknown' unless @ratios;
	return sprintf('%.3f [%.3f, %.3f]', median(@ratios), median_interval(@ratios));
}

# The table's lines of one load: one per target.
sub load_lines
{
	my ($load, $rates) = @_;
	my @lines;
	foreach my $target (@{ $load->{targets} })
	{
		my ($peer, $least) = @$target;
		my @ratios = ratios($rates->{time}, 'clipperf', $peer);
		push @lines,
		  [
			$load->{title}, "clipperf / $peer", ratio_column(@ratios),
			ratio_column(ratios($rates->{processor}, 'clipperf', $peer)),
			$peer eq 'nothing' ? ratio_column(ratios($rates->{time}, 'pgss', 'nothing')) : '',
			sprintf('>= %.2f', $least), verdict($least, @ratios)
		  ];
	}
	return @lines;
}

# Instructions of a single-user backend that runs $count statements and has none in store.
sub count_once
{
	my ($name, $count) = @_;
	my $input = "$directory/instructions.sql";
	my $log = "$directory/callgrind.log";
	write_file($input,
		join('', map { 'SELECT abalance FROM pgbench_accounts WHERE aid = ' . (1 + $_ * 7919 % 1000000) . ";\n" } 1 .. $count));
	unlink glob(data_directory('nothing') . '/pg_stat/*');
	system("valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file='$log' "
		  . "postgres --single -D '" . data_directory('nothing') . "' -c shared_preload_libraries='$preload{$name}' "
		  . "postgres <'$input' >'$directory/single.out' 2>'$directory/single.err'") == 0
	  or die "postgres --single failed under valgrind, see $directory/single.err\n";
	open(my $file, '<', $log) or die "cannot read $log: $!\n";
	my ($collected) = map { /Collected\s*:\s*(\d+)/ ? $1 : () } <$file>;
	close($file);
	die "callgrind counted nothing\n" unless $collected;
	return $collected;
}

# The least of three such counts.
sub count_instructions
{
	my ($least) = sort { $a <=> $b } map { count_once(@_) } 1 .. 3;
	return $least;
}

# The table's lines of the instruction counts. The servers must be stopped, their tables vacuumed: else the first
# run would set hint bits for the others.
sub instruction_lines
{
	my $title = $loads{instructions}{title};
	my %per_statement;
	my $count = 2000;
	return [ $title, '', 'valgrind is not installed', '', '', '', 'not measured' ]
	  if system('command -v valgrind >/dev/null') != 0;
	print "== $title\n";
	foreach my $name (@servers)
	{
		$per_statement{$name} = (count_instructions($name, 2 * $count) - count_instructions($name, $count)) / $count;
		printf "   %s: %.0f\n", $name, $per_statement{$name};
	}
	my %added = map { $_ => $per_statement{$_} - $per_statement{nothing} } qw(pgss clipperf);
	return [
		$title, sprintf('added to %.0f', $per_statement{nothing}), sprintf('%.0f', $added{clipperf}),
		'', sprintf('%.0f', $added{pgss}), '< pgss', $added{clipperf} < $added{pgss} ? 'met' : 'MISSED'
	];
}

sub print_table
{
	my (@lines) = (
		[ 'load', 'compared', 'clipperf, median [95 %]', 'by processor time', 'pgss / nothing', 'target', 'verdict' ], @_);
	my @width;
	foreach my $line (@lines)
	{
		foreach my $i (0 .. $#$line)
		{
			$width[$i] = length($line->[$i]) if length($line->[$i]) > ($width[$i] // 0);
		}
	}
	my $rule = [ map { '-' x $_ } @width ];
	splice(@lines, 1, 0, $rule);
	foreach my $line (@lines)
	{
		print '| ', join(' | ', map { sprintf("%-$width[$_]s", $line->[$_]) } 0 .. $#width), " |\n";
	}
}

my @selected = split(' ', $rows);
my @lines;
foreach my $key (@selected)
{
	die "unknown load: $key; known are: " . join(' ', sort keys %loads) . "\n" unless $loads{$key};
	die "one server cannot measure $key\n" if $one_server && $key =~ /^(distinct|instructions)$/;
}
make_servers();
foreach my $key (grep { $_ ne 'instructions' } @selected)
{
	push @lines, load_lines($loads{$key}, measure_load($key));
}
sql('nothing', 'VACUUM (FREEZE)');
stop_server($_) foreach $one_server ? 'nothing' : @servers;
push @lines, instruction_lines() if grep { $_ eq 'instructions' } @selected;
printf "\n%s, %d rounds of %d s, %s processors\n", split(/\n/, run('postgres', '--version')), $pairs, $seconds,
  split(/\n/, run('getconf', '_NPROCESSORS_ONLN'));
print_table(@lines);
