# The work of bench-selection. Started by test/bench/selection, on a server with the tables of five workloads: Clipper,
# an order system, a wholesale trade whose statements join many tables, a star schema of 24 tables with a hundred
# statements for decision support, and an application of 300 tables with a thousand statements. Each statement is handed
# in once, so that what is minimised is the sum of the planner's costs; none writes, so that no index costs any upkeep.
#
# Four algorithms choose among the same candidates, those that the advisor makes and merges without a budget, within the
# same bytes, and ask the same planner about the same hypothetical indexes; the peers make others of them, as follows:
#
#   clipperf  clipperf_recommend_for(statements, storage_budget, min_benefit => 0)
#   extend    R. Schlosser, J. Kossmann, M. Boissier, "Efficient scalable multi-attribute index selection using recursive
#             strategies" (ICDE 2019): again and again the one step that saves most per byte, which adds an index of
#             one key, or a key to a chosen index; it may add a candidate too, and put one in the place of its beginning
#   anytime   after S. Chaudhuri, V. Narasayya, "Anytime algorithm of database tuning advisor for Microsoft SQL Server"
#             (2020): the best indexes of each statement alone, and merged pairs of them; then, from no index, from the
#             best ten of them, and from the best two together, greedily the index that saves most, and the best outcome
#   db2advis  G. Valentin, M. Zuliani, D. Zilio, G. Lohman, A. Skelley, "DB2 Advisor: an optimizer smart enough to recommend
#             its own indexes" (ICDE 2000), without its random variations: each statement is planned with all candidates at
#             once, what it saves is divided among the indexes that its plan uses, and most per byte goes first
#
# On the two largest workloads a peer is stopped after five minutes of CPU, marked with a plus sign, and judged by what it
# had chosen until then.
#
# The budgets are shares of what clipperf chooses without one. Columns:
#
#   sum %    cost of all statements with what was chosen, in percent of that without indexes
#   mean %   the same of each statement alone, on the average of the statements
#   bytes    estimated size of the indexes chosen; indexes: their number
#   calls    how often a statement was planned. Peers are told at once what was asked before with the same set of indexes
#            of the statement's tables. For clipperf one more for each statement, which tells what it asks for
#   ms       clipperf: all of clipperf_recommend_for; peers: in the planner alone, as long as it took on the average
#   cpu s    CPU time of the backend, with a peer that of the peer too, without what was asked before
#   MB       by how much the run raised the memory of the backend at most
#
# The last table says how much worse than the better peer clipperf is where it is worst, in points of those percents, and
# how its calls compare with those of extend. So little as the tolerance is not counted: clipperf gives up up to 5 % of
# what an index saves for one that is simpler, on purpose.
use strict;
use warnings;

use FindBin;
use Getopt::Long;
use IPC::Open2;
use List::Util qw(max min sum0 uniq);
use Time::HiRes qw(time);

use lib $FindBin::Bin;
use SelectionStatements;

my $socket;
my $rows = 'clipper orders trade star many';
GetOptions('socket=s' => \$socket, 'rows=s' => \$rows) or exit 2;
die "--socket is needed\n" unless defined $socket;
$| = 1;

my @shares = (2, 5, 10, 25, 50, 100);
# Points of percent that are no difference.
my $tolerance = 0.5;
# Indexes that the anytime search begins with.
my $most_seeds = 10;
# Keys of an index that extend makes itself.
my $most_keys = 4;
# Steps that save less than this share of all cost end a search of the peers.
my $least_saving = 0.0001;
# Seconds of CPU after which a peer is stopped.
my $most_seconds = 300;
my %search_path = (clipper => 'public', orders => 'orders, public', trade => 'trade, public', star => 'star, public',
	many => 'many, public');
my @psql = ('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', $socket, '-U', 'postgres', '-d', 'postgres');

# Values of the variables of the order system's load.
my %variables = (
	customer => 4321, product => 77, order => 5000, category => 30, event => 60000, page => 40, day => 100, warehouse => 7,
	city => 33, word => 150);

my ($from_psql, $to_psql);

# Runs SQL in the one session of the peers; returns the lines it prints.
sub sql
{
	my ($text) = @_;
	my @lines;
	print $to_psql "$text;\n\\echo done\n";
	while (defined(my $line = <$from_psql>))
	{
		chomp $line;
		return @lines if $line eq 'done';
		push @lines, $line;
	}
	die "psql ended: @lines\n";
}

# A string as SQL writes it.
sub quote
{
	my ($text) = @_;
	$text =~ s/'/''/g;
	return "'$text'";
}

# The statements of a file, each ends with a semicolon at the end of a line; no comments, and none that write.
sub read_statements
{
	my @statements;
	foreach my $name (@_)
	{
		open(my $file, '<', "$FindBin::Bin/$name") or die "cannot read $name: $!\n";
		my $text = join('', grep { !/^(--|\\)/ } <$file>);
		$text =~ s{\s*/\*.*?\*/}{}g;
		$text =~ s/(?<!:):(\w+)/$variables{$1}/g;
		push @statements, grep { /^SELECT/ } map { s/\s+/ /gr =~ s/^ | $//gr } split(/;\s*(?:\n|\z)/, $text);
	}
	return @statements;
}

# Divides at commas that are in no parentheses.
sub split_keys
{
	my ($text) = @_;
	my ($depth, @keys) = (0, '');
	foreach my $part (split(/([(),])/, $text))
	{
		$depth += $part eq '(' ? 1 : $part eq ')' ? -1 : 0;
		if ($part eq ',' && $depth == 0) { push @keys, '' }
		else { $keys[-1] .= $part }
	}
	return map { s/^\s+|\s+$//gr } @keys;
}

# What stands in the parentheses that a text begins with, and what follows them.
sub split_parentheses
{
	my ($text) = @_;
	$text =~ /^\s*(\((?:[^()]++|(?1))*\))(.*)$/s or die "no parentheses: $text\n";
	return (substr($1, 1, -1), $2);
}

# An index of a definition such as clipperf prints.
sub parse_index
{
	my ($ddl) = @_;
	my ($table, $method, $rest) = $ddl =~ /^CREATE INDEX ON (\S+) (?:USING (\w+) )?(\(.*)$/s or die "no index: $ddl\n";
	my ($keys, $included);
	($keys, $rest) = split_parentheses($rest);
	($included, $rest) = split_parentheses($rest) if $rest =~ s/^ INCLUDE //;
	return {
		ddl => $ddl, table => $table, method => $method // 'btree', keys => [ split_keys($keys) ],
		included => [ defined $included ? split_keys($included) : () ], rest => $rest
	};
}

# The process id of the session, and the CPU time when an algorithm began.
my ($pid, $begun_cpu);

# Seconds of CPU that the session and this process have used.
sub cpu_seconds
{
	open(my $file, '<', "/proc/$pid/stat") or die "cannot read the state of process $pid: $!\n";
	my @fields = split(/ /, <$file> =~ s/.*\) //r);
	my ($user, $system) = times();
	return ($fields[11] + $fields[12]) / 100 + $user + $system;
}

# Megabytes of the session: "VmRSS" now, or "VmHWM" at most.
sub megabytes
{
	my ($what) = @_;
	open(my $file, '<', "/proc/$pid/status") or die "cannot read the state of process $pid: $!\n";
	my ($line) = grep { /^$what/ } <$file>;
	return ($line =~ /(\d+)/)[0] / 1024;
}

# Begins to measure; returns the memory of now.
sub begin_measuring
{
	$begun_cpu = cpu_seconds();
	open(my $file, '>', "/proc/$pid/clear_refs") or die "cannot reset the peak of process $pid: $!\n";
	print $file "5\n";
	close($file);
	return megabytes('VmRSS');
}

# Has a peer used up its time?
sub is_late
{
	return cpu_seconds() - $begun_cpu > $most_seconds;
}

# The state of one workload.
my (@statements, @indexes, %number_of, @base);
# What the planner said: the cost by question, and which questions an algorithm asked.
my (%answers, %asked);
# Which indexes the plans use when all are there, by question.
my %used_of;
# By statement, how often the planner was called in truth, and how long it took.
my (@planned, @planning_ms);

# Adds an index, or finds it; returns its number.
sub add_index
{
	my ($ddl) = @_;
	return $number_of{$ddl} if defined $number_of{$ddl};
	my $index = parse_index($ddl);
	my $number = @indexes;
	my ($size) = sql("SELECT size_bytes[1] FROM clipperf_what_if('SELECT 1', ARRAY[" . quote($ddl) . '])');
	$index->{size} = $size;
	my ($name) = $index->{table} =~ /(\w+)"?$/;
	my @words = $index->{keys}[0] =~ /(\w+)/g;
	foreach my $n (0 .. $#statements)
	{
		$index->{matters}{$n} = 1
		  if $statements[$n] =~ /\b$name\b/i && grep { $statements[$n] =~ /\b\Q$_\E\b/i } @words;
	}
	push @indexes, $index;
	return $number_of{$ddl} = $number;
}

# The question that a set of indexes puts for a statement.
sub question
{
	my ($statement, @set) = @_;
	return join(' ', $statement, sort { $a <=> $b } grep { $indexes[$_]{matters}{$statement} } uniq(@set));
}

# Asks the planner these questions; returns which indexes the plans use, by question.
sub plan
{
	my (@questions) = @_;
	my %used;
	while (my @batch = splice(@questions, 0, 1000))
	{
		my $n = -1;
		my $values = join(', ', map { my ($s, @i) = split / /; $n++; "($n, $s, '{" . join(',', @i) . "}'::int[])" } @batch);
		my %asked = map { $_ => 1 } map { my (undef, @i) = split / /; @i } @batch;
		my $indexes = join(', ', '(-1, NULL)', map { "($_, " . quote($indexes[$_]{ddl}) . ')' } sort keys %asked);
		my $statements = join(', ', map { "($_, " . quote($statements[$_]) . ')' } 0 .. $#statements);
		foreach my $line (sql("WITH index (id, ddl) AS MATERIALIZED (VALUES $indexes)
			SELECT q.n, w.cost_after, w.planning_after_ms, ARRAY(SELECT id FROM index WHERE ddl = ANY (w.used))
			FROM (VALUES $values) AS q (n, s, i) JOIN (VALUES $statements) AS s (id, statement) ON s.id = q.s,
			clipperf_what_if(s.statement, ARRAY(SELECT ddl FROM index WHERE id = ANY (q.i) ORDER BY id)) AS w"))
		{
			my ($number, $cost, $ms, $used) = split /\|/, $line;
			my ($statement) = split / /, $batch[$number];
			$answers{ $batch[$number] } = $cost;
			$used{ $batch[$number] } = { map { $_ => 1 } $used =~ /\d+/g };
			$planned[$statement]++;
			$planning_ms[$statement] += $ms;
		}
	}
	return \%used;
}

# Answers groups of questions, those of a group about one statement. If with the indexes of all of them the plan uses
# only what one of them has, its answer is the same.
sub answer
{
	my (@groups) = @_;
	while (@groups)
	{
		my $used = plan(map { @$_ > 3 ? union(@$_) : @$_ } @groups);
		my @rest;
		foreach my $group (grep { @$_ > 3 } @groups)
		{
			my $union = union(@$group);
			my @open = grep { $_ ne $union && !has_all($_, $used->{$union}) } @$group;
			my %open = map { $_ => 1 } @open;
			$answers{$_} = $answers{$union} foreach grep { !$open{$_} } @$group;
			next unless @open;
			my $half = int((@open + 1) / 2);
			push @rest, [ @open[ 0 .. $half - 1 ] ], [ @open[ $half .. $#open ] ];
		}
		@groups = grep { @$_ } @rest;
	}
}

# The question with the indexes of all of these.
sub union
{
	my ($statement) = split / /, $_[0];
	return join(' ', $statement, sort { $a <=> $b } uniq(map { my (undef, @set) = split / /; @set } @_));
}

# Has a question all these indexes?
sub has_all
{
	my ($question, $indexes) = @_;
	my (undef, @set) = split / /, $question;
	return keys(%$indexes) == grep { $indexes->{$_} } @set;
}

# Asks whatever is not known yet about these sets (array references), for the statements they matter to.
sub ask
{
	my ($sets, @among) = @_;
	@among = (0 .. $#statements) unless @among;
	my @new;
	foreach my $set (@$sets)
	{
		foreach my $statement (@among)
		{
			my $question = question($statement, @$set);
			$asked{$question} = 1;
			$new[$statement]{$question} = 1 unless defined $answers{$question};
		}
	}
	answer(map { [ sort keys %$_ ] } grep { defined } @new);
}

# Cost of each statement with a set of indexes.
sub costs_of
{
	my (@set) = @_;
	ask([ \@set ]);
	return map { $answers{ question($_, @set) } } 0 .. $#statements;
}

sub cost_of
{
	return sum0(costs_of(@_));
}

sub bytes_of
{
	return sum0(map { $indexes[$_]{size} } uniq(@_));
}

# Is one list the beginning of the other?
sub begins
{
	my ($longer, $shorter) = @_;
	return @$shorter <= @$longer && !grep { $longer->[$_] ne $shorter->[$_] } 0 .. $#$shorter;
}

# Has one index all that the other has, and further columns?
sub extends
{
	my ($longer, $shorter) = map { $indexes[$_] } @_;
	return 0 if $longer == $shorter || join('|', map { $_->{table}, $_->{method}, $_->{rest} } $longer) ne
	  join('|', map { $_->{table}, $_->{method}, $_->{rest} } $shorter);
	return 0 unless begins($longer->{keys}, $shorter->{keys});
	my %has = map { s/ .*//r => 1 } @{ $longer->{keys} }, @{ $longer->{included} };
	return !grep { !$has{$_} } @{ $shorter->{included} };
}

# The indexes that have one key more than another, of those that candidates of its table have, and the candidates that
# extend it.
sub extensions
{
	my ($number, @candidates) = @_;
	my $index = $indexes[$number];
	my @extensions = grep { extends($_, $number) } @candidates;
	return @extensions if $index->{method} ne 'btree' || @{ $index->{keys} } >= $most_keys || @{ $index->{included} };
	my %has = map { s/ .*//r => 1 } @{ $index->{keys} };
	my @keys = uniq(map { @{ $_->{keys} } } grep { $_->{table} eq $index->{table} && $_->{method} eq 'btree' } map { $indexes[$_] } @candidates);
	return uniq(@extensions,
		map { add_index("CREATE INDEX ON $index->{table} (" . join(', ', @{ $index->{keys} }, $_) . ")$index->{rest}") }
		  grep { !$has{ s/ .*//r } } @keys);
}

# Extend.
sub extend
{
	my ($budget, @candidates) = @_;
	my @chosen;
	my %extended;
	my @starts = @candidates;
	foreach my $column (uniq(map { my $i = $indexes[$_]; map { "$i->{table} ($_)" } @{ $i->{keys} } }
		  grep { $indexes[$_]{method} eq 'btree' } @candidates))
	{
		push @starts, add_index("CREATE INDEX ON $column");
	}
	@starts = uniq(@starts);
	my $cost = cost_of();
	my $least = $least_saving * $cost;
	for (;;)
	{
		my %chosen = map { $_ => 1 } @chosen;
		my @steps = map { [ @chosen, $_ ] } grep { !$chosen{$_} } @starts;
		foreach my $old (@chosen)
		{
			my @rest = grep { $_ != $old } @chosen;
			$extended{$old} //= [ extensions($old, @candidates) ];
			push @steps, map { [ @rest, $_ ] } grep { !$chosen{$_} } @{ $extended{$old} };
		}
		@steps = grep { bytes_of(@$_) <= $budget } @steps;
		ask(\@steps);
		my $bytes = bytes_of(@chosen);
		my ($best, $best_ratio, $best_cost);
		foreach my $step (@steps)
		{
			my $now = cost_of(@$step);
			next if $cost - $now <= $least;
			my $ratio = ($cost - $now) / max(8192, bytes_of(@$step) - $bytes);
			($best, $best_ratio, $best_cost) = ($step, $ratio, $now) if !defined $best || $ratio > $best_ratio;
		}
		return @chosen if !defined $best;
		@chosen = @$best;
		$cost = $best_cost;
		return @chosen if is_late();
	}
}

# Adds greedily what saves most.
sub enumerate
{
	my ($budget, $chosen, @candidates) = @_;
	my @chosen = @$chosen;
	my $cost = cost_of(@chosen);
	my $least = $least_saving * sum0(@base);
	for (;;)
	{
		my %chosen = map { $_ => 1 } @chosen;
		my @steps = grep { bytes_of(@$_) <= $budget } map { [ @chosen, $_ ] } grep { !$chosen{$_} } @candidates;
		ask(\@steps);
		my ($best, $best_cost);
		foreach my $step (@steps)
		{
			my $now = cost_of(@$step);
			($best, $best_cost) = ($step, $now) if $cost - $now > $least && (!defined $best || $now < $best_cost);
		}
		return ($cost, @chosen) unless defined $best;
		@chosen = @$best;
		$cost = $best_cost;
		return ($cost, @chosen) if is_late();
	}
}

# The best indexes for one statement alone.
sub best_of_statement
{
	my ($statement, @candidates) = @_;
	my @matters = grep { $indexes[$_]{matters}{$statement} } @candidates;
	my @chosen;
	my $cost = $base[$statement];
	for (;;)
	{
		ask([ map { [ @chosen, $_ ] } @matters ], $statement);
		my ($best, $best_cost);
		foreach my $index (@matters)
		{
			my $now = $answers{ question($statement, @chosen, $index) };
			($best, $best_cost) = ($index, $now) if $now < 0.999 * $cost && (!defined $best || $now < $best_cost);
		}
		return @chosen unless defined $best;
		push @chosen, $best;
		$cost = $best_cost;
	}
}

# One index for two that begin with the same key; nothing if there is none.
sub merge
{
	my ($one, $other) = map { $indexes[$_] } @_;
	return if $one->{table} ne $other->{table} || $one->{rest} ne $other->{rest} || $one->{keys}[0] ne $other->{keys}[0]
	  || $one->{method} ne 'btree' || $other->{method} ne 'btree';
	my (%has, @keys, @included);
	foreach my $key (@{ $one->{keys} }, @{ $other->{keys} })
	{
		push @keys, $key unless $has{ $key =~ s/ .*//r }++;
	}
	foreach my $column (@{ $one->{included} }, @{ $other->{included} })
	{
		push @included, $column unless $has{$column}++;
	}
	return if @keys > 8;
	return add_index("CREATE INDEX ON $one->{table} (" . join(', ', @keys) . ')'
		  . (@included ? ' INCLUDE (' . join(', ', @included) . ')' : '') . $one->{rest});
}

# The anytime search.
sub anytime
{
	my ($budget, @all) = @_;
	ask([ [] ]);
	my @candidates = uniq(map { best_of_statement($_, @all) } 0 .. $#statements);
	my @merged;
	foreach my $one (@candidates)
	{
		push @merged, map { merge($one, $_) } grep { $_ != $one } @candidates;
	}
	@candidates = grep { $indexes[$_]{size} <= $budget } sort { $a <=> $b } uniq(@candidates, @merged);

	my @pairs = grep { bytes_of(@$_) <= $budget }
	  map { my $one = $_; map { [ $one, $_ ] } grep { $_ > $one } @candidates } @candidates;
	ask(\@pairs);
	my ($pair) = sort { cost_of(@$a) <=> cost_of(@$b) } @pairs;
	my ($best_cost, @best);
	my @seeds = sort { cost_of($a) <=> cost_of($b) } @candidates;
	foreach my $seed ([], (map { [$_] } splice(@seeds, 0, $most_seeds)), ($pair // ()))
	{
		my ($cost, @chosen) = enumerate($budget, $seed, @candidates);
		($best_cost, @best) = ($cost, @chosen) if !defined $best_cost || $cost < $best_cost;
		last if is_late();
	}
	return @best;
}

# DB2 Advisor's knapsack.
sub db2advis
{
	my ($budget, @candidates) = @_;
	my (%saved, @chosen);
	ask([ [] ]);
	foreach my $statement (0 .. $#statements)
	{
		my $question = question($statement, @candidates);
		$asked{$question} = 1;
		my @used = sort { $a <=> $b } keys %{ $used_of{$question} //= plan($question)->{$question} };
		$saved{$_} += ($base[$statement] - $answers{$question}) / @used foreach @used;
	}
	foreach my $index (sort { $saved{$b} / $indexes[$b]{size} <=> $saved{$a} / $indexes[$a]{size} || $a <=> $b } keys %saved)
	{
		push @chosen, $index if $saved{$index} > 0 && bytes_of(@chosen, $index) <= $budget;
	}
	return @chosen;
}

# What the last run took: CPU seconds and megabytes.
my $measured;

# Runs clipperf; returns how often it planned, the time it took, and what it chose, or with "all" its candidates.
sub clipperf
{
	my ($budget, $all) = @_;
	my $texts = join(', ', map { quote($_) } @statements);
	my $limit = $budget < 0 ? '' : ", storage_budget => '$budget bytes'";
	my (@chosen, @candidates, $calls);
	sql('SET client_min_messages = debug2');
	my $memory = begin_measuring();
	my $begun = time();
	my @lines = sql("SELECT 'chosen: ' || rtrim(ddl, ';') FROM clipperf_recommend_for(ARRAY[$texts], min_benefit => 0$limit)
		WHERE action = 'create' AND source = 'workload'");
	my $ms = 1000 * (time() - $begun);
	$measured = { cpu => cpu_seconds() - $begun_cpu, mb => max(0, megabytes('VmHWM') - $memory) };
	sql('RESET client_min_messages');
	foreach my $line (@lines)
	{
		$calls = $1 + @statements if $line =~ / candidates, (\d+) questions to the planner$/;
		my ($what, $rest) = $line =~ /(chosen|candidate): CREATE INDEX (?:CONCURRENTLY )?(?:\S+ )??ON (.*)$/ or next;
		push @{ $what eq 'chosen' ? \@chosen : \@candidates }, "CREATE INDEX ON $rest";
	}
	return ($calls, $ms, map { add_index($_) } $all ? @candidates : @chosen);
}

# What comes of a choice, as the line of a table.
sub judge
{
	my ($workload, $share, $algorithm, $calls, $ms, @chosen) = @_;
	my @costs = costs_of(@chosen);
	return {
		workload => $workload, share => $share, algorithm => $algorithm, calls => $calls, ms => $ms, %$measured,
		sum => 100 * sum0(@costs) / sum0(@base),
		mean => sum0(map { 100 * $costs[$_] / $base[$_] } 0 .. $#costs) / @costs,
		bytes => bytes_of(@chosen), indexes => scalar(@chosen)
	};
}

# Runs a peer.
sub judge_peer
{
	my ($workload, $share, $algorithm, $budget, @candidates) = @_;
	my %peers = (extend => \&extend, anytime => \&anytime, db2advis => \&db2advis);
	%asked = ();
	my $memory = begin_measuring();
	my @chosen = $peers{$algorithm}->($budget < 0 ? 9e15 : $budget, @candidates);
	my $late = is_late() ? '+' : '';
	$measured = { cpu => cpu_seconds() - $begun_cpu, mb => max(0, megabytes('VmHWM') - $memory) };
	my @questions = keys %asked;
	my $ms = sum0(map { my ($statement) = split / /; $planning_ms[$statement] / $planned[$statement] } @questions);
	return judge($workload, $share, $algorithm . $late, scalar(@questions), $ms, @chosen);
}

sub print_line
{
	my ($line) = @_;
	printf("%-9s %9s  %-9s %7.2f %7.2f %10d %8d %7d %8d %7.1f %6.1f\n", $line->{workload},
		$line->{share} eq 'unlimited' ? 'unlimited' : "$line->{share} %", @$line{qw(algorithm sum mean bytes indexes calls ms cpu mb)});
}

# Gets one workload ready.
sub begin_workload
{
	my ($workload) = @_;
	my %files = (orders => [ 'advice_orders_shop.pgbench', 'advice_orders_office.pgbench' ]);
	my %made = (star => \&SelectionStatements::star, many => \&SelectionStatements::many);
	@statements = $made{$workload} ? $made{$workload}->() :
	  read_statements(@{ $files{$workload} // ["selection_${workload}_statements.sql"] });
	@indexes = @planned = @planning_ms = ();
	%number_of = %answers = %used_of = ();
	# One transaction that always sees the same, so that clipperf_what_if() sizes each index once.
	sql("COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL search_path = $search_path{$workload}");
	@base = costs_of();
}

# Measures one workload; returns its lines.
sub run_workload
{
	my ($workload) = @_;
	begin_workload($workload);
	my (undef, undef, @candidates) = clipperf(-1, 1);
	my (undef, undef, @free) = clipperf(-1);
	my $full = bytes_of(@free);
	printf("%s: %d statements, %d candidates, %d bytes chosen without a budget\n", $workload, scalar(@statements),
		scalar(@candidates), $full);
	printf("%-9s %9s  %-9s %7s %7s %10s %8s %7s %8s %7s %6s\n", qw(workload budget algorithm), 'sum %', 'mean %',
		qw(bytes indexes calls ms), 'cpu s', 'MB');
	my @lines;
	foreach my $share (@shares, 'unlimited')
	{
		my $budget = $share eq 'unlimited' ? -1 : int($full * $share / 100);
		push @lines, judge($workload, $share, 'clipperf', clipperf($budget));
		print_line($lines[-1]);
		foreach my $peer ('extend', 'anytime', 'db2advis')
		{
			push @lines, judge_peer($workload, $share, $peer, $budget, @candidates);
			print_line($lines[-1]);
		}
	}
	print "\n";
	return @lines;
}

# By how much clipperf is worse than the better peer at most, and where.
sub shortfall
{
	my ($what, @lines) = @_;
	my %best;
	foreach my $line (grep { $_->{algorithm} ne 'clipperf' } @lines)
	{
		my $at = "$line->{workload} $line->{share}";
		$best{$at} = min($best{$at} // $line->{$what}, $line->{$what});
	}
	my @worse = sort { $b->[0] <=> $a->[0] }
	  map { my $at = "$_->{workload} $_->{share}"; [ $_->{$what} - $best{$at}, $at ] } grep { $_->{algorithm} eq 'clipperf' } @lines;
	return (@{ $worse[0] }, scalar(grep { $_->[0] > $tolerance } @worse), scalar(@worse));
}

# Whether the targets are met.
sub print_targets
{
	my (@lines) = @_;
	printf("%-60s %9s  %s\n", 'target', 'worst', 'verdict');
	foreach my $what ('sum', 'mean')
	{
		my ($worst, $where, $missed, $all) = shortfall($what, @lines);
		printf("%-60s %+9.2f  %s\n", "$what %: no more than the better peer's at every budget ($where)", $worst,
			$missed ? "missed at $missed of $all" : 'met');
	}
	my %extend = map { ("$_->{workload} $_->{share}" => $_->{calls}) } grep { $_->{algorithm} =~ /^extend/ } @lines;
	my @ratios = sort { $b->[0] <=> $a->[0] }
	  map { my $at = "$_->{workload} $_->{share}"; [ $_->{calls} / $extend{$at}, $at ] } grep { $_->{algorithm} eq 'clipperf' } @lines;
	my $missed = grep { $_->[0] > 0.1 } @ratios;
	printf("%-60s %9.2f  %s\n", "calls: a tenth of extend's at every budget ($ratios[0][1])", $ratios[0][0],
		$missed ? "missed at $missed of " . @ratios : 'met');
	my $ours = sum0(map { $_->{calls} } grep { $_->{algorithm} eq 'clipperf' } @lines);
	my $theirs = sum0(values %extend);
	printf("%-60s %9.2f  %s\n", "calls: a tenth of extend's, all together ($ours of $theirs)", $ours / $theirs,
		$ours > $theirs / 10 ? 'missed' : 'met');
	print "(points of percent, tolerance $tolerance; calls as a share)\n";
}

my $psql_pid = open2($from_psql, $to_psql, 'sh', '-c', 'exec "$@" 2>&1', 'sh', @psql);
($pid) = sql('SELECT pg_backend_pid()');
print_targets(map { run_workload($_) } split(/ /, $rows));
close($to_psql);
waitpid($psql_pid, 0);
