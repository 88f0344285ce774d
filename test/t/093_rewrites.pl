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
foreach my $line (grep { /^\{/ } split /\n/, $output)
{
	my $result = JSON::PP->new->decode($line);
	my ($verdict) = $result->{verdict} =~ /^(same|none|fails)/;
	$verdicts{ $verdict // 'wrong' }++;
	diag(map { "$_: " . ($result->{$_} // '') . "\n" } qw(n parent child literals suggestion verdict)) unless defined $verdict;
}
$verdicts{$_} //= 0 foreach qw(same none fails wrong);
note("seed $seed: $verdicts{same} rewritten and the same, $verdicts{none} not rewritten, $verdicts{fails} loops failed, "
	  . "$verdicts{wrong} wrong");
is($verdicts{wrong}, 0, "no suggestion does anything else than its loop, of $count loops of seed $seed");
is($verdicts{same} + $verdicts{none} + $verdicts{fails} + $verdicts{wrong}, $count, 'each loop has its verdict');
cmp_ok($verdicts{same}, '>', $count / 2, 'most loops are rewritten');

$node->stop;
done_testing();
