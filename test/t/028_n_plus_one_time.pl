# Time adds up: what is promised for loops is what is saved when they are replaced by the suggestions, and all loops of a
# request together never take longer than the request.
#
# Each statement of the program costs a time that is planted, in the server, and so large that whatever else runs on the
# machine hardly matters. Each program is timed in the run in which it is measured, and run again if that was disturbed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = start_server('time', "clipperf.nplusone_window = '60s'");

# Milliseconds that a statement costs, whatever it finds.
sub cost
{
	my ($ms) = @_;
	return sprintf('(SELECT pg_sleep(%.4f) OFFSET 0) AS cost', $ms / 1000);
}

# Runs a program: statements, and numbers of milliseconds in which the application computes and no statement runs. Returns
# the milliseconds that it took.
sub timed
{
	my $session = $node->background_psql('postgres');
	my $begun = time;
	foreach my $step (@_)
	{
		if ($step =~ /^\d+$/) { sleep($step / 1000); }
		else { $session->query_safe($step); }
	}
	my $took = (time - $begun) * 1000;
	$session->quit;
	return $took;
}

my $list = 'SELECT id, author_id FROM post ORDER BY title LIMIT 20;';
my @rows = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', $list);
my %child = (
	'remarks' => sub { my ($ms, $key) = @_; "SELECT body FROM remark, " . cost($ms) . " WHERE post_id $key;" },
	'author' => sub { my ($ms, $key) = @_; "SELECT name FROM author, " . cost($ms) . " WHERE id $key;" },
	'tally' => sub { my ($ms, $key) = @_; "SELECT hits FROM tally, " . cost($ms) . " WHERE post_id $key;" });
my %column = (remarks => 0, author => 1, tally => 0);

# The program: the list, and for each row the children, after what the application computes; or a statement for all
# rows in place of each loop.
sub program
{
	my ($replaced, $computed, %ms) = @_;
	my @steps = ($list);
	foreach my $name ($replaced ? sort keys %ms : ())
	{
		push @steps, $child{$name}->($ms{$name}, '= ANY (ARRAY[' . join(', ', map { $_->[$column{$name}] } @rows) . ']::int8[])');
	}
	foreach my $row (@rows)
	{
		push @steps, $computed if $computed > 0;
		push @steps, map { $child{$_}->($ms{$_}, "= $row->[$column{$_}]") } $replaced ? () : sort keys %ms;
	}
	return @steps;
}

# Programs: what the application computes for each row, and the costs of the children.
my %programs = (
	'one loop' => [ 0, remarks => 90 ],
	'two loops' => [ 0, remarks => 90, author => 45 ],
	'three loops' => [ 0, remarks => 90, author => 30, tally => 60 ],
	'two loops of a program that computes' => [ 40, remarks => 90, author => 45 ]);
foreach my $name (sort keys %programs)
{
	my ($computed, %ms) = @{ $programs{$name} };
	my ($promised, $saved);

	# A machine that does something else during one run only makes the two differ by that: they are run again then.
	foreach my $try (1 .. 5)
	{
		$node->safe_psql('postgres', 'SELECT clipperf_reset()');
		my $looped = timed(program(0, $computed, %ms));
		my @found = findings($node);
		is(scalar @found, scalar keys %ms, "$name: all loops are found") or diag(NPlusOne::described(@found));
		($promised, my $claimed) = split /\|/, $node->safe_psql('postgres', <<'SQL');
SELECT (SELECT sum(saved_ms) FROM clipperf_findings() WHERE kind = 'n_plus_one'), sum(child_ms + roundtrip_ms) FROM clipperf_n_plus_one
SQL
		$saved = $looped - timed(program(1, $computed, %ms));
		ok($claimed <= $looped, "$name: the loops take no longer than all") or diag("claimed $claimed ms of $looped");
		note(sprintf('%s: promised %.0f ms, saved %.0f ms, claimed %.0f of %.0f ms', $name, $promised, $saved, $claimed, $looped));
		last if abs($promised - $saved) <= 0.25 * $saved;
	}
	ok(abs($promised - $saved) <= 0.25 * $saved, "$name: what is promised is saved")
	  or diag("promised $promised ms, saved $saved ms");
}

# Values that could have come from several lists of one request are one loop's alone.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my $looped = timed('SELECT id FROM post ORDER BY title LIMIT 25;', program(0, 0, remarks => 10, tally => 5));
my $claimed = $node->safe_psql('postgres', 'SELECT sum(child_ms + roundtrip_ms) FROM clipperf_n_plus_one');
ok($claimed <= $looped, 'two lists with the same keys: the loops take no longer than all') or diag("claimed $claimed ms of $looped");
is($node->safe_psql('postgres', 'SELECT sum(children) FROM clipperf_n_plus_one'), 40, 'two lists with the same keys: each child counts once');

$node->stop;
done_testing();
