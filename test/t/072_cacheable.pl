# What caches would have spared, against exact caches of a client, on a clock that it sets; over restarts; of many
# sessions and of more statements than there is room for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Objectives;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my %seconds = ('00:00:10' => 10, '00:01:00' => 60, '00:05:00' => 300, '01:00:00' => 3600);

# What the view says of a statement, by time to live: calls, and shares of hits.
sub told
{
	my ($node, $query) = @_;
	my %told;
	foreach (split /\n/, $node->safe_psql('postgres', "SELECT time_to_live, calls, hit_share_low, hit_share, hit_share_high
		FROM clipperf_cacheable WHERE query LIKE '$query' ORDER BY 1"))
	{
		my ($ttl, @figures) = split /\|/;
		$told{$ttl} = \@figures;
	}
	return \%told;
}

# An exact cache of each time to live: when each key was fetched, and how many calls were answered.
my %fetched;
my %hits;
my $calls = 0;

sub ask_exact_caches
{
	my ($key, $now_us) = @_;
	$calls++;
	foreach my $ttl (keys %seconds)
	{
		my $age = defined $fetched{$ttl}{$key} ? int($now_us / 1000) - $fetched{$ttl}{$key} : undef;
		if (defined $age && $age < 1000 * $seconds{$ttl}) { $hits{$ttl}++ }
		else { $fetched{$ttl}{$key} = int($now_us / 1000) }
	}
}

sub is_exact
{
	my ($node, $name) = @_;
	my $told = told($node, '%FROM mark WHERE n = $1%');
	foreach my $ttl (sort keys %seconds)
	{
		my ($told_calls, $low, $share, $high) = @{ $told->{$ttl} };
		my $exact = ($hits{$ttl} // 0) / $calls;
		is($told_calls, $calls, "$name, $ttl: all calls");
		cmp_ok(abs($share - $exact), '<', 1e-6, "$name, $ttl: the exact share") or diag("$share, not $exact");
		cmp_ok($low - 1e-9, '<=', $exact, "$name, $ttl: not below its bound");
		cmp_ok($high + 1e-9, '>=', $exact, "$name, $ttl: nor above");
	}
}

# Some hours of calls: popular keys and others, pauses of all lengths, at some time two of the same key at once.
my $clocks = Objectives->new;
my $node = $clocks->server('cacheable');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my $session = $node->background_psql('postgres');
my $random = 1;

sub ask
{
	my ($number) = @_;
	foreach (1 .. $number)
	{
		$random = ($random * 1103515245 + 12345) % 2147483648;
		my $key = int(40 * ($random / 2147483648)**3);
		$random = ($random * 1103515245 + 12345) % 2147483648;
		$clocks->elapse(int(10**(8 * $random / 2147483648)));
		ask_exact_caches($key, $clocks->{steady});
		$session->query("SELECT n FROM mark WHERE n = $key");
	}
}

ask(300);
is_exact($node, 'some hours');

# A restart is as if the caches had been emptied with it; what was counted is kept.
$session->quit;
$clocks->with_clocks(sub { $node->restart });
%fetched = ();
is_exact($node, 'restarted');
$session = $node->background_psql('postgres');
ask(100);
is_exact($node, 'after it');
$session->quit;
$node->stop;

# Many sessions at a time.
$node = new_server('cacheable_many', 'clipperf.cache_statements = 4');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
my $script = $node->basedir . '/ask.sql';
append_to_file($script, "\\set key random(1, 20)\nSELECT n FROM mark WHERE n = :key;\n");
$node->command_ok([ 'pgbench', '-n', '-c', 4, '-t', 500, '-f', $script, 'postgres' ], 'four sessions');
my ($asked, $lost, $misses) = split /\|/, $node->safe_psql('postgres', q{SELECT c.calls, i.cache_calls_lost, round(c.calls * (1 - c.hit_share))
	FROM clipperf_cacheable AS c, clipperf_info AS i WHERE c.time_to_live = '1 hour' AND c.query LIKE '%FROM mark WHERE%'});
is($asked + $lost, 2000, 'each call is replayed, or counted as lost');
cmp_ok($misses, '<=', 20, 'each key is fetched once in an hour');

# More statements than there is room for: what costs more than another takes its place.
$node->safe_psql('postgres', 'SELECT ' . join(', ', 1 .. $_)) foreach 1 .. 8;
$node->safe_psql('postgres', join(';', ('SELECT sum(sqrt(i)) AS costly FROM generate_series(1, 200000) AS g (i)') x 20));
my ($held, $evicted, $refused) = split /\|/,
	$node->safe_psql('postgres', 'SELECT cache_statements_held, cache_statements_evicted, cache_statements_refused FROM clipperf_info');
is($held, 4, 'four statements have room');
cmp_ok($evicted, '>=', 1, 'one made room for another');
cmp_ok($refused, '>=', 1, 'others had cost too little');
is($node->safe_psql('postgres', q{SELECT count(*) FROM clipperf_cacheable WHERE query LIKE '%costly%' AND time_to_live = '10 s'}), 1,
	'what costs most is among them');

# Less room after a restart, none, and some again.
foreach my $room (2, 0, 3)
{
	$node->append_conf('postgresql.conf', "clipperf.cache_statements = $room");
	$node->restart;
	$node->safe_psql('postgres', 'SELECT n FROM mark WHERE n = 1');
	$node->safe_psql('postgres', 'SELECT clipperf_reset(\'seq_scans\')');
	cmp_ok($node->safe_psql('postgres', 'SELECT cache_statements_held FROM clipperf_info'), '<=', $room, "room for $room");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_cacheable WHERE time_to_live = \'10 s\''), 1, 'it has begun again');
is_healthy($node, 'cacheable');

$node->stop;
done_testing();
