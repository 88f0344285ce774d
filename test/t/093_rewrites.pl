# The statement that is suggested in place of a loop does what the loop does, row by row, over random loops.

use strict;
use warnings;

use FindBin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Loops to try, and the seed they are made of.  Their number is fixed, not their time, so that every machine runs the
# same.
my $count = $ENV{REWRITES} || 400;
my $seed = $ENV{REWRITES_SEED} || 1;
my $directory = "$FindBin::RealBin/../rewrites";

my $node = PostgreSQL::Test::Cluster->new('rewrites');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'clipperf'
clipperf.track = all
autovacuum = off
fsync = off
});
$node->start;
$node->safe_psql('postgres', slurp_file("$directory/compare.sql"));

my ($loops, $errors) = run_command([ $^X, "$directory/children.pl", $count, $seed ]);
is($errors, '', 'there are loops');
my ($status, $output, $messages) = $node->psql('postgres', $loops, extra_params => ['-At']);
is("$status$messages", '0', 'all were tried') or diag($messages);

my %verdicts;
foreach my $result (results($output))
{
	my ($verdict) = $result->{verdict} =~ /^(same|none|fails)/;
	$verdicts{ $verdict // 'wrong' }++;
	show($result) unless defined $verdict;
}
$verdicts{$_} //= 0 foreach qw(same none fails wrong);
note("seed $seed: $verdicts{same} rewritten and the same, $verdicts{none} not rewritten, $verdicts{fails} loops failed, "
	  . "$verdicts{wrong} wrong");
is($verdicts{wrong}, 0, "no suggestion does anything else than its loop, of $count loops of seed $seed");
is($verdicts{same} + $verdicts{none} + $verdicts{fails} + $verdicts{wrong}, $count, 'each loop has its verdict');
cmp_ok($verdicts{same}, '>', $count / 2, 'most loops are rewritten');

# Children that are written as people write them, and no generator does: each has a statement that does the same, or a
# reason for none.
$node->safe_psql('postgres', slurp_file("$directory/unusual.sql"));
my @calls = split /\n/, $node->safe_psql('postgres', 'SELECT call FROM rewrites.unusual_calls ORDER BY number, literals');
s/; SELECT/;\nSELECT/g foreach @calls;
$output = '';
# A session follows results for a part of its time only: a few of these at a time.
while (my @some = splice @calls, 0, 20)
{
	($status, my $part, $messages) =
	  $node->psql('postgres', join("\n", 'SET search_path = rewrites, public;', @some), extra_params => ['-At']);
	is("$status$messages", '0', 'all unusual ones were tried') or diag($messages);
	$output .= "$part\n";
}

my %reasons;
my $same = 0;
foreach my $result (results($output))
{
	if ($result->{verdict} eq 'same') { $same++; }
	elsif ($result->{verdict} =~ /^none: (?!not found)(.*)/) { $reasons{$1}++; }
	else { fail("unusual child $result->{n}"); show($result); }
}
is_deeply(\%reasons,
	{
		'a part of it, in WITH, changes rows' => 4,
		'it is written in a way that is not rewritten' => 2,
		'it reads the table that it changes, so that one change is seen by the next' => 2,
		'it changes a row again where a key comes again, which one statement does not' => 4
	},
	'a reason is given where there is no statement');
is($same, 82, 'all others are rewritten and the same');

$node->stop;
done_testing();

# What compare() has found, row by row.
sub results
{
	my ($rows) = @_;
	return map { JSON::PP->new->decode($_) } grep { /^\{/ } split /\n/, $rows;
}

sub show
{
	my ($result) = @_;
	diag(map { "$_: " . ($result->{$_} // '') . "\n" } qw(n parent child literals suggestion verdict));
}
