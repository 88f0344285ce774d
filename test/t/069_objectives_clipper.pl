# The example application's load, whose requests share a pool and name their traces: its endpoints have the requests and
# statements that the application has counted, and what is missed is a finding with its statements and fixes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $clipper = "$FindBin::RealBin/../../examples/clipper";
my $node = new_server('objectives_clipper', "clipperf.request_idle = '1min'");
$node->safe_psql('postgres', 'CREATE DATABASE clipper');
$node->safe_psql('clipper', 'CREATE EXTENSION clipperf');
$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'clipper' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=0.02', '-f', "$clipper/data.sql", 'clipper' ], "Clipper's data");
# Times are those of the machine: no request is slow.
$node->safe_psql('clipper', q{SELECT clipperf_add_endpoints('clipper'); UPDATE clipperf_endpoints SET target_ms = 4000000 WHERE target_ms IS NOT NULL});
$node->safe_psql('clipper', 'SELECT clipperf_reset()');

my ($table, $errors) = run_command([ "$clipper/load/clipload", 'replay', '--conninfo', $node->connstr('clipper'), '--users', 20, '--pool', 4,
		'--requests', 400, '--seconds', 170, '--think-ms', 5, '--protocol', 'extended', '--traces' ]);
my %pages;
while ($table =~ /^(\S+) +(\d+) +\S+ +\S+ +\S+ +([\d.]+) +(\d+)$/mg)
{
	my ($page, $requests, $mean) = ($1, $2, $3);
	# the load counts BEGIN and COMMIT, too
	$mean -= 2 if $page =~ m{^(?:vote|favorite|comments/create)$};
	$pages{"/$page"} = { requests => $requests, mean => $mean };
}
cmp_ok(scalar(keys %pages), '>=', 10, 'the load has counted its pages') or diag($table, $errors);
settle($node);

my %patterns = ('feed listing' => qr{^/feed/}, 'clip detail' => qr{^/clip$}, 'search' => qr{^/search$}, 'comments list' => qr{^/comments(/best|/latest)?$},
	'create comment' => qr{^/comments/create$}, 'vote' => qr{^/vote$}, 'all requests' => qr{^/});
foreach my $name (sort keys %patterns)
{
	my @pages = map { $pages{$_} } grep { $_ =~ $patterns{$name} } keys %pages;
	my ($requests, $statements) = (0, 0);
	$requests += $_->{requests}, $statements += $_->{requests} * $_->{mean} foreach @pages;
	my ($have, $mean) = split /\|/, $node->safe_psql('clipper',
		"SET clipperf.request_idle = 1; SELECT requests, coalesce(statements_mean, 0) FROM clipperf_slo WHERE name = '$name'");
	is($have, $requests, "$name: requests");
	cmp_ok(abs($have * $mean - $statements), '<=', 0.06 * $requests, "$name: statements, as far as the load's table has them");
}

# A breach: of statements per request, which no machine changes.
$node->safe_psql('clipper', q{UPDATE clipperf_endpoints SET max_error_share = NULL, min_requests_per_second = NULL WHERE target_ms IS NOT NULL});
$node->safe_psql('clipper', q{DELETE FROM clipperf_endpoints WHERE name <> 'feed listing'});
my $breach = q{SELECT severity, evidence, fix FROM clipperf_findings() WHERE kind = 'slo_breach' AND rank = 1};
my ($severity, $evidence, $fix) = split /\|/, $node->safe_psql('clipper', "SET clipperf.request_idle = 1; $breach"), 3;
like($evidence, qr/statements per request on average/, 'more statements than allowed');
like($evidence, qr/^\(1\) \d+% of its time in the database: .*calls?, /m, 'the statements that are to blame');
like($fix, qr/^-- \d+% of its time: n_plus_one on /m, 'the findings that fix it');
like($fix, qr/^SELECT .* = ANY/m, 'and their fixes');
my ($status, $output, $said) = $node->psql('clipper', "SET clipperf.request_idle = 1; SELECT clipperf_check('{slo_breach}')");
like($said, qr/^DETAIL:  slo_breach: endpoint "feed listing": fewer than 95% of its requests take at most 9 statements$/m, 'the check fails');
is($node->safe_psql('clipper', "SET clipperf.request_idle = 1; SELECT clipperf_accept_all('known', '{slo_breach}')") > 0, 1, 'accepted');
is($node->safe_psql('clipper', "SET clipperf.request_idle = 1; SELECT count(*) FROM clipperf_problems('{slo_breach}')"), 0, 'so it passes');
is($node->safe_psql('clipper', "SET clipperf.request_idle = 1; SELECT bool_or(severity = 'info' AND evidence LIKE 'accepted; %') FROM clipperf_findings(accepted => true) WHERE kind = 'slo_breach'"),
	't', 'and is shown as accepted');

is_healthy($node, 'the load');
done_testing();
