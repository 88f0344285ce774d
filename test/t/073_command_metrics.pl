# clipperf metrics and clipperf rules: files that are whole or not there, what cannot be done, objectives of any name.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use JSON::PP;
use Metrics;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('command_metrics');
my $dir = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE stranger LOGIN; CREATE DATABASE empty');

# Metrics, to standard output and into a file.
my ($status, $output, $errors) = clipperf($node, 'metrics', '-U' => 'monitor');
is("$status$errors", '0', 'metrics: status');
my ($metrics, $wrong) = parse_metrics($output);
is_deeply($wrong, [], 'the text format');
ok(exists $metrics->{'clipperf_requests_in_flight{database="postgres"}'} && exists $metrics->{clipperf_worker_running}, 'of the database and of the server');
($status, $output, $errors) = clipperf($node, 'metrics', '--format' => 'openmetrics', '--output' => "$dir/clipperf.prom");
is("$status$output$errors", '0', 'into a file: nothing is said');
(my $open, $wrong) = parse_metrics(slurp_file("$dir/clipperf.prom"), 'openmetrics');
is_deeply($wrong, [], 'OpenMetrics');
goes_on($metrics, $open, 'into a file');
is((stat "$dir/clipperf.prom")[2] & 0777, 0666 & ~umask, 'that others may read');
($status, $output) = clipperf($node, 'metrics', '--no-server');
is(scalar(grep { !/database=/ } keys %{ (parse_metrics($output))[0] }), 0, 'without what is of the server');

# What cannot be done leaves the file as it was.
my $before = slurp_file("$dir/clipperf.prom");
fails_with($node, [ 'metrics', '--output' => "$dir/clipperf.prom", '-U' => 'stranger' ],
	qr/permission denied for function clipperf_metrics\nclipperf: hint: .*pg_monitor/, 'no rights');
fails_with($node, [ 'metrics', '--output' => "$dir/clipperf.prom", '--format' => 'json' ],
	qr/unrecognized format of metrics: "json"\nclipperf: hint: The formats are prometheus and openmetrics/, 'no such format');
fails_with($node, [ 'metrics', '--output' => "$dir/clipperf.prom", 'empty' ], qr/extension "clipperf" is not installed in database "empty"/, 'no extension');
fails_with($node, [ 'metrics', '--output' => "$dir/none/clipperf.prom" ], qr{could not create file ".*/none/}, 'no directory');
fails_with($node, [ 'metrics', 'a', 'b' ], qr/too many command-line arguments/, 'two databases');
is(slurp_file("$dir/clipperf.prom"), $before, 'the file is as it was');
is_deeply([ map { s{.*/}{}r } glob("$dir/*") ], ['clipperf.prom'], 'and nothing is beside it');

# Rules of no endpoints, and of some.
($status, $output, $errors) = clipperf($node, 'rules');
is($status, 0, 'no rules: status');
like($output, qr/^groups: \[\]$/m, 'no rules');
like($errors, qr/^clipperf: note: no endpoint of database "postgres" has an objective$/m, 'and it is said');
$node->safe_psql('postgres', q{INSERT INTO clipperf_endpoints (name, routes, measured, target_ms, target_share, max_error_share, min_requests_per_second, max_statements, min_bad)
	VALUES ('vote', '{/vote}', 'span', 50, 0.9, 0.001, NULL, NULL, 7), ('VOTE!', '{/vote}', 'database', 10, 0.99, NULL, NULL, NULL, 10),
		('all', '{%}', 'span', NULL, 0.95, NULL, 12.5, NULL, 10), ('loops', '{%}', 'span', NULL, 0.95, NULL, NULL, 9, 10),
		(E'it''s "q" \\\\ {{x}}\n#', '{/q}', 'span', 5, 0.95, NULL, NULL, NULL, 10)});
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
($status, $output, $errors) = clipperf($node, 'rules', '--output' => "openslo:$dir/slo.yaml");
is("$status$errors", '0', 'rules: status');
is($node->safe_psql('postgres', q{SELECT count(*) FROM clipperf_queries WHERE query ~ 'clipperf_endpoints'}), 0, 'its own queries are not among what was seen');
my @alerts = $output =~ /^      - alert: (.*?)(?=^      - alert|^  - name|\z)/msg;
is(scalar(@alerts), 4 * 4 + 1, 'alerts: four for each objective that has a budget, one for throughput');
like($output, qr/^groups:\n  - name: "clipperf postgres: VOTE!"\n/m, 'groups by endpoint');
my ($alert) = grep { /slo: vote-errors/ && /window: 6h/ } @alerts;
is($alert, <<'YAML', 'an alert');
ClipperfBudgetBurns
        expr: |
          rate(clipperf_objective_bad_requests_total{database="postgres", endpoint="vote", objective="errors"}[6h]) / ignoring (objective) rate(clipperf_endpoint_requests_total{database="postgres", endpoint="vote"}[6h]) > 6 * 0.001
          and rate(clipperf_objective_bad_requests_total{database="postgres", endpoint="vote", objective="errors"}[30m]) / ignoring (objective) rate(clipperf_endpoint_requests_total{database="postgres", endpoint="vote"}[30m]) > 6 * 0.001
          and ignoring (objective) increase(clipperf_objective_bad_requests_total{database="postgres", endpoint="vote", objective="errors"}[6h]) >= 7
        labels: {severity: critical, objective: errors, window: 6h, slo: vote-errors}
        annotations:
          summary: "{{ $labels.endpoint }} in {{ $labels.database }} spends its budget of errors more than 6 times too fast"
YAML
my %slos = map { /slo: (\S+)\}/ ? ($1 => 1) : () } @alerts;
is(join(' ', sort keys %slos), 'all-throughput it-s-q-x-time vote-2-time vote-errors vote-time', 'each objective has a name of its own');
like($output, qr/rate\(clipperf_endpoint_requests_total\{database="postgres", endpoint="all"\}\[5m\]\) < 12\.5$/m, 'throughput');
like($output, qr/endpoint="it's \\"q\\" \\\\ \{\{x\}\}\\x0a#"/, 'a name of any characters, in PromQL');
is(scalar(() = $output =~ /^#/mg), 1, 'which do not end its line');

# The windows are those of clipperf_slo.
foreach my $case ([ 14.4, '1 h', '5 min', '1h', '5m' ], [ 6, '6 h', '30 min', '6h', '30m' ], [ 3, '1 day', '2 h', '1d', '2h' ], [ 1, '3 days', '6 h', '3d', '6h' ])
{
	my ($factor, $long, $short, @windows) = @$case;
	my ($place) = grep { [ 14.4, 6, 3, 1 ]->[$_] == $factor } 0 .. 3;
	my ($l, $s) = @{ [ [ 3, 1 ], [ 5, 2 ], [ 6, 4 ], [ 7, 5 ] ]->[$place] };
	my @rates = map { $_ == $l || $_ == $s ? $factor + 0.01 : 0 } 1 .. 7;
	is($node->safe_psql('postgres', "SELECT long_window, short_window FROM _clipperf_alert('{@{[ join ',', @rates ]}}', '{9,9,9,9,9,9,9}', 1)"), "$long|$short", "clipperf_slo: $factor");
	is(scalar(grep { /\[$windows[0]\].*> $factor \* .*\[$windows[1]\].*> $factor \* /s } @alerts), 4, "rules: $factor over $windows[0] and $windows[1]");
}

# OpenSLO.
my @documents = split /^---\n/m, slurp_file("$dir/slo.yaml");
is(scalar(@documents), 1 + 4, 'a service and four objectives');
like($_, qr/\AapiVersion: openslo\/v1\nkind: (Service|SLO)\nmetadata:\n  name: [a-z0-9]([-a-z0-9]*[a-z0-9])?\n  displayName: "/, 'a document') foreach @documents;
my ($slo) = grep { /name: vote-2-time/ || /"vote: time"/ } @documents;
like($slo, qr/^  service: postgres\n/m, 'of the service');
like($slo, qr/^        bad:\n.*query: "clipperf_objective_bad_requests_total\{database=\\"postgres\\", endpoint=\\"vote\\", objective=\\"time\\"\}"\n        total:\n/ms, 'a ratio');
like($slo, qr/^  budgetingMethod: Occurrences\n  objectives:\n    - displayName: "0\.9 of requests take at most 50 ms.*"\n      target: 0\.9\n/m, 'a target');
is(decode_json('[' . ($documents[1] =~ /displayName: (".*")/)[0] . ']')->[0], "VOTE!: time", 'names are quoted') if $documents[1] =~ /VOTE/;
fails_with($node, [ 'rules', '--format' => 'json' ], qr/unrecognized format: "json"\nclipperf: detail: The formats are prometheus, openslo/, 'no such format');

done_testing();
