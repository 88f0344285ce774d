# The monitoring systems that people run, on what clipperf gives them: called by test/monitoring/run, which has their programs
# in the directory CLIPPERF_MONITORING.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use HTTP::Tiny;
use IPC::Run;
use JSON::PP;
use Metrics;
use NPlusOne;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $programs = $ENV{CLIPPERF_MONITORING} // die 'CLIPPERF_MONITORING is not set';
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = start_server('monitoring');
$node->safe_psql('postgres', q{
	CREATE ROLE prometheus LOGIN IN ROLE pg_monitor;
	SELECT clipperf_reset();
	INSERT INTO clipperf_endpoints (name, routes, measured, target_ms, max_error_share, max_statements)
	VALUES ('pages', '{/page}', 'span', 0.001, 0.01, 2), ('it''s "all"', '{%}', 'database', 50, 0.1, NULL)});

# Writes a file; returns its path.
sub write_file
{
	my ($name, $text) = @_;
	open(my $file, '>:raw', "$dir/$name.tmp") or die $!;
	print $file $text;
	close $file or die $!;
	rename "$dir/$name.tmp", "$dir/$name" or die $!;
	return "$dir/$name";
}

# Runs a program on a text; returns what it says and whether all is well.
sub judged
{
	my ($text, @command) = @_;
	my $output = '';
	my $well = IPC::Run::run(\@command, '<', \$text, '>&', \$output);
	return ($well, $output);
}

# A little of everything that has metrics: routes, errors, loops.
sub work
{
	my $page = 'BEGIN; SELECT count(*) FROM post WHERE views = 0; SELECT 1/1; COMMIT;';
	$node->psql('postgres', "SET clipperf.route = '/page'; $page $page SET clipperf.route = '/say \"hi\"'; $page BEGIN; SELECT 1/0; ROLLBACK;",
		on_error_stop => 0);
	children_of('author', '--comment' => "/*route='/list'*/", '--transaction')->($node);
	return;
}
work() foreach 1 .. 2;
settle($node);

# promtool and the strict parsers, on both formats.
my @as = (extra_params => [ '-U', 'prometheus' ]);
my $prometheus = $node->safe_psql('postgres', 'SELECT clipperf_metrics()', @as);
my $open = $node->safe_psql('postgres', q{SELECT clipperf_metrics('openmetrics')}, @as);
my ($well, $output) = judged($prometheus, "$programs/usr/bin/promtool", 'check', 'metrics');
ok($well && $output eq '', 'promtool check metrics') or diag($output);
$ENV{PYTHONPATH} = "$programs/usr/lib/python3/dist-packages";
my ($values) = parse_metrics($prometheus);
my %parsed;
foreach my $case ([ 'prometheus', $prometheus ], [ 'openmetrics', $open ])
{
	($well, $output) = judged($case->[1], '/usr/bin/python3', "$FindBin::RealBin/parse.py", $case->[0]);
	ok($well, "prometheus_client reads $case->[0]") or diag($output);
	$parsed{ $case->[0] } = { map { /^(.*) (\S+)$/ } grep { !/overhead|sampler|memory|clipperf_(?:saved|entries|lost|sessions)/ } split /\n/, $output };
	is(scalar(split /\n/, $output), scalar(keys %$values), "all series of $case->[0]");
}
is_deeply($parsed{openmetrics}, $parsed{prometheus}, 'the same in both formats');
foreach my $broken ($prometheus =~ s/le="\+Inf"/le="9"/r, $prometheus =~ s/"\}/}/r, $prometheus . "\n$prometheus")
{
	cmp_ok(scalar(@{ (parse_metrics($broken))[1] }), '>', 0, 'and our own parser sees what is wrong');
}

# Rules: those of the manual.
write_file($_, slurp_file("$root/docs/prometheus/$_")) foreach 'clipperf.rules.yaml', 'queries.yaml';
write_file('rules_test.yaml', slurp_file("$FindBin::RealBin/rules_test.yaml"));
foreach my $command ([ 'check', 'rules', "$dir/clipperf.rules.yaml" ], [ 'test', 'rules', "$dir/rules_test.yaml" ])
{
	($well, $output) = judged('', "$programs/usr/bin/promtool", @$command);
	ok($well, "promtool $command->[0] $command->[1]") or diag($output);
}

# What "clipperf rules" writes: rules that Prometheus takes, and documents that are YAML.
(undef, $output) = clipperf($node, 'rules', '--output' => "openslo:$dir/slo.yaml");
write_file('endpoints.rules.yaml', $output);
($well, $output) = judged('', "$programs/usr/bin/promtool", 'check', 'rules', "$dir/endpoints.rules.yaml");
ok($well, 'promtool check rules: those of clipperf rules') or diag($output);
($well, $output) = judged(slurp_file("$dir/slo.yaml"), '/usr/bin/python3', '-c',
	'import sys, yaml; print(*(d["kind"] + " " + d["metadata"]["displayName"] for d in yaml.safe_load_all(sys.stdin)), sep="\\n")');
is($output, qq{Service postgres\nSLO it's "all": time\nSLO it's "all": errors\nSLO pages: time\nSLO pages: errors\n}, 'OpenSLO: documents of YAML');

# The exporters and Prometheus, on ports of their own.
my %port = map { $_ => PostgreSQL::Test::Cluster::get_free_port() } qw(postgres node prometheus);
my %log;
my @running;

sub start_program
{
	my ($name, @command) = @_;
	push @running, IPC::Run::start(["$programs/usr/bin/$command[0]", @command[ 1 .. $#command ] ], '<', \undef, '>&', \$log{$name});
	return;
}
END { $_->kill_kill(grace => 5) foreach @running; }

mkdir "$dir/textfile";
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION clipperf');
{
	local $ENV{DATA_SOURCE_NAME} = 'postgresql:///postgres?user=prometheus&sslmode=disable&host=' . $node->host . '&port=' . $node->port;
	start_program('postgres', 'prometheus-postgres-exporter', "--extend.query-path=$dir/queries.yaml", "--web.listen-address=127.0.0.1:$port{postgres}",
		'--disable-settings-metrics', '--log.level=warn');
}
start_program('node', 'prometheus-node-exporter', '--collector.disable-defaults', '--collector.textfile', "--collector.textfile.directory=$dir/textfile",
	"--web.listen-address=127.0.0.1:$port{node}", '--log.level=warn');
write_file('prometheus.yml', <<"YAML");
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [clipperf.rules.yaml, endpoints.rules.yaml]
scrape_configs:
  - {job_name: postgres, static_configs: [{targets: ['127.0.0.1:$port{postgres}']}]}
  - {job_name: node, static_configs: [{targets: ['127.0.0.1:$port{node}']}]}
YAML
($well, $output) = judged('', "$programs/usr/bin/promtool", 'check', 'config', "$dir/prometheus.yml");
ok($well, 'promtool check config') or diag($output);
start_program('prometheus', 'prometheus', "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/data", "--web.listen-address=127.0.0.1:$port{prometheus}",
	'--log.level=warn');

# What a server says, once it answers.
sub get
{
	my ($name, $path) = @_;
	my $answer;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$answer = HTTP::Tiny->new(timeout => 60)->get("http://127.0.0.1:$port{$name}$path");
		return $answer->{content} if $answer->{success};
		$_->pump_nb foreach @running;
		select undef, undef, undef, 0.1;
	}
	die "$name: $answer->{status} $answer->{content} $log{$name}";
}

# Series of an exporter by our names: without the labels that it adds, bounds as we write them.
sub exported
{
	my ($text) = @_;
	my %series;
	while ($text =~ /^(clipperf_\w+(?:\{.*\})?) (\S+)$/mg)
	{
		my ($name, $value) = ($1, $2);
		$name =~ s/,?server="[^"]*"//;
		$name =~ s/\{,/{/;
		$name =~ s/\{\}//;
		$name =~ s/le="(\d+)"/le="$1.0"/;
		# some libraries write labels in the order of their names
		my ($metric, $labels) = $name =~ /^(\w+)(?:\{(.*)\})?$/;
		$series{ $metric . '{' . join(',', sort($labels ? $labels =~ /(\w+="(?:[^"\\]|\\.)*")/g : ())) . '}' } = $value;
	}
	return \%series;
}

# The series of what the test did, and of no tool's session: the routes of these are names of applications.
sub known
{
	my ($series) = @_;
	return { map { $_ => $series->{$_} } grep { !/route="[^\/]/ } keys %$series };
}

# Of them, those that do not change while nothing happens.
sub steady
{
	my ($series) = @_;
	return { map { $_ => $series->{$_} + 0 } grep { /route="\/|endpoint="pages"|_open|_in_state|allowed|reserved|limit|build_info/ } keys %{ known($series) } };
}
get('postgres', '/metrics');
my $told = exported($node->safe_psql('postgres', 'SELECT clipperf_metrics()', @as));
my $by_exporter = exported(get('postgres', '/metrics'));
is_deeply([ sort keys %{ known($by_exporter) } ], [ sort keys %{ known($told) } ], 'the exporter has the series of clipperf_metrics()');
cmp_ok(scalar(keys %{ steady($told) }), '>=', 100, 'there are some to compare');
is_deeply(steady($by_exporter), steady($told), 'and their values');

# Two databases in one directory.
foreach my $database ('postgres', 'other')
{
	my ($status, undef, $errors) = clipperf($node, 'metrics', ($database eq 'other' ? '--no-server' : ()), '--output' => "$dir/textfile/$database.prom", '-U' => 'prometheus', $database);
	is("$status$errors", '0', "clipperf metrics $database");
}
my $by_file = exported(get('node', '/metrics'));
is((get('node', '/metrics') =~ /^node_textfile_scrape_error (\S+)/m)[0], 0, 'the collector takes the files');
my $both = { %$told, %{ exported($node->safe_psql('other', 'SELECT clipperf_metrics(server => false)', @as)) } };
is_deeply([ sort keys %{ known($by_file) } ], [ sort keys %{ known($both) } ], 'the textfile collector has them, of both databases');
is_deeply(steady($by_file), steady($both), 'and their values');

# The value of an expression now: the numbers of its series.
sub query
{
	my ($expression) = @_;
	my $escaped = $expression =~ s/([^\w.-])/sprintf('%%%02X', ord $1)/ger;
	my $answer = decode_json(get('prometheus', "/api/v1/query?query=$escaped"));
	return map { $_->{value}[1] } @{ $answer->{data}{result} };
}

# Each expression of the dashboard says something while the application works.
my $dashboard = decode_json(slurp_file("$root/docs/grafana/clipperf.json"));
my %expressions;
foreach my $panel (@{ $dashboard->{panels} })
{
	foreach my $target (@{ $panel->{targets} // [] })
	{
		my $expression = $target->{expr};
		$expression =~ s/\$__rate_interval/1m/g;
		$expression =~ s/\$database/.*/g;
		$expressions{"$panel->{title}: $target->{legendFormat}"} = $expression;
	}
}
cmp_ok(scalar(keys %expressions), '>=', 25, 'the dashboard has expressions');
$expressions{'p95 of one route'} = 'histogram_quantile(0.95, sum by (le) (rate(clipperf_route_span_seconds_bucket{job="postgres", route="/page"}[1m])))';
my %silent = %expressions;
my %numbers;
foreach (1 .. $PostgreSQL::Test::Utils::timeout_default)
{
	work();
	foreach my $name (keys %silent)
	{
		$numbers{$name} = [ grep { !/NaN|Inf/ } query($silent{$name}) ];
		delete $silent{$name} if @{ $numbers{$name} };
	}
	last if !%silent;
	sleep 1;
}
is_deeply(\%silent, {}, 'each expression of the dashboard returns data');
is_deeply([ map { /\$/ ? $_ : () } values %expressions ], [], 'no variable is left in them');
cmp_ok($numbers{'p95 of one route'}[0] // 0, '>', 0, 'a p95');

# The rules are loaded, and those of objectives speak: no request of the endpoint "pages" keeps to its target.
my $rules = decode_json(get('prometheus', '/api/v1/rules'));
my @rules = map { @{ $_->{rules} } } @{ $rules->{data}{groups} };
cmp_ok(scalar(@rules), '>=', 15, 'rules are loaded');
is_deeply([ map { $_->{lastError} // () } @rules ], [], 'they can be evaluated');
my @burns;
foreach (1 .. $PostgreSQL::Test::Utils::timeout_default)
{
	@burns = query('ALERTS{alertname="ClipperfBudgetBurns", endpoint="pages", objective="time", severity="critical", job="postgres", slo=""}');
	last if @burns == 2;
	work();
	sleep 1;
}
is(scalar(@burns), 2, 'an alert, by both rules');
is(scalar(query('ALERTS{alertname="ClipperfBudgetBurns", slo="pages-time", severity="critical", job="postgres"}')), 2, 'and by those of clipperf rules');
like($node->safe_psql('postgres', q{SELECT state FROM clipperf_slo WHERE name = 'pages'}), qr/^critical$/, 'as clipperf_slo says');
unlike($log{postgres} // '', qr/level=(error|warn)/, 'the exporter has no complaints');

is_healthy($node, 'monitoring');
done_testing();
