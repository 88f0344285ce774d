# clipperf profile: a load of the user's own, measured from its begin or its warm-up on; what it leaves behind, also where it
# fails, is interrupted, loses its connection or finds no space; runs that are compared, and the round of --apply.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('profile', 'clipperf.capture_parameters = on', 'clipperf.verify_calls = 20');
my $dir = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', q{
	CREATE TABLE clip (id int PRIMARY KEY, game int);
	INSERT INTO clip SELECT i, i % 5000 FROM generate_series(1, 200000) AS i;
	ANALYZE clip;
	INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('clips', '{/clips}', 100);
	SELECT clipperf_reset()});

# Writes a load: so many requests of a route, each with these statements.
sub load
{
	my ($name, $requests, $statements) = @_;
	my $text = join('', map { "BEGIN; SET LOCAL clipperf.route = '/clips'; " . $statements =~ s/:n/$_/gr . " COMMIT;\n" } 1 .. $requests);

	append_to_file("$dir/$name.sql", $text);
	return ('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$name.sql");
}

# Runs a load; returns status, output, errors and the directory that was made, whose name ends with the label.
sub profile
{
	my ($label, @arguments) = @_;
	my @result = clipperf($node, 'profile', '--directory' => $dir, '--label' => $label, @arguments);
	my ($made) = glob("$dir/*-$label");

	return (@result, $made);
}

# Starts a run that goes on.
sub start_profile
{
	my ($label, @arguments) = @_;
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');
	my $null = '';

	return IPC::Run::start([ 'clipperf', 'profile', '--directory' => $dir, '--label' => $label, @arguments ], '<', \undef, '>', \$null, '2>', \$null);
}

# Waits for a file with something in it; returns that.
sub wait_for_file
{
	my ($path) = @_;

	until (-s $path) { select(undef, undef, undef, 0.1) }
	return slurp_file($path);
}

# A value of run.txt.
sub entry
{
	my ($directory, $key) = @_;
	my ($value) = slurp_file("$directory/run.txt") =~ /^\Q$key\E: (.*)$/m;
	return $value;
}

# What a directory must not have: files that are not complete.
sub is_clean
{
	my ($directory, $name) = @_;
	is(join(' ', glob("$directory/*.tmp")), '', "$name: no file is unfinished");
}

# A complete run.
my @one = load('one', 300, 'SELECT game FROM clip WHERE id = :n;');
my @two = load('two', 300, 'SELECT game FROM clip WHERE id = :n; SELECT count(*) FROM clip WHERE id < :n;');
my ($status, $output, $errors, $first) = profile('first', '--comment' => 'one statement', '--', @one);
is($status, 0, 'a run: status');
is((split /\n/, $output)[0], '1', 'the output of the load is shown');
is(slurp_file("$first/load.txt"), $output, 'and kept');
like($errors, qr/^clipperf: note: what was measured is in \Q$first\E$/m, 'it says where the files are');
is(entry($first, 'status'), 'complete', 'run.txt: how it ended');
is(entry($first, 'comment'), 'one statement', 'the comment');
like(entry($first, 'load'), qr/^psql '?-XqAt'? .*one\.sql/, 'the load');
is(entry($first, 'period'), $node->safe_psql('postgres', "SELECT period FROM clipperf_periods WHERE label = 'first'"), 'the period');
is($node->safe_psql('postgres', q{
	SELECT value_after FROM clipperf_compare_figures('first', 'first') WHERE route = '/clips' AND kind = 'route' AND figure = 'calls'}), 300,
	'what was measured is the requests of the load');
is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_periods"), 1, 'no other period is left');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM clipperf_compare_figures('first', 'first') WHERE kind = 'route' AND route = 'clipperf'}), 0,
	'and nothing of the command itself is in it');
like(slurp_file("$first/settings.txt"), qr/^clipperf\.verify_calls = 20$/m, 'the settings');
valid_json(slurp_file("$first/report.json"), 'report.schema.json', 'the report as JSON');
like(slurp_file("$first/report.html"), qr/^<!DOCTYPE html>/i, 'and as HTML');
foreach my $file ([ 'metrics.txt', 'clipperf_metrics' ], [ 'profile.pb.gz', 'clipperf_profile' ])
{
	my $has = $node->safe_psql('postgres', "SELECT to_regproc('$file->[1]') IS NOT NULL") eq 't';

	is(-s "$first/$file->[0]" ? 1 : 0, $has ? 1 : 0, "$file->[0] is there if the server has the function");
	is($errors =~ /\Q$file->[0]\E is left out/ ? 1 : 0, $has ? 0 : 1, 'else it says so');
}
is_clean($first, 'a run');

# Against it: one statement more in each request.
($status, $output, $errors, my $second) = profile('second', '--against' => $first, '--', @two);
is($status, 1, 'a run that is worse: status');
like($output, qr/^first -> second$/m, 'the table: what is compared');
like($output, qr/^statements per request +1 +2 +\+100%  worse$/m, 'the four figures');
like($output, qr/^Endpoints.*\nclips +worse +/m, 'endpoints');
like($output, qr/^Routes.*\n(?:.*\n)*?\/clips +worse +/m, 'routes');
like($output, qr/^Statements that changed.*\n(?:.*\n)*?SELECT count.* new /m, 'statements');
is($output, slurp_file("$second/load.txt") . slurp_file("$second/compare.txt"), 'it is kept');
my $json = decode_json(slurp_file("$second/compare.json"));
is("$json->{before} $json->{after}", 'first second', 'and as JSON');
$json = { %$json, report => valid_json(slurp_file("$second/report.json"), 'report.schema.json', 'its report') };
is("$json->{report}{comparison}{before} $json->{report}{comparison}{after}", 'first second', 'its report compares, too');
is_deeply($json->{report}{comparison}{impact}, $json->{impact}, 'and says the same');
is(valid_json(slurp_file("$first/report.json"), 'report.schema.json', 'the report of the first')->{comparison}, undef, 'the first one has nothing to compare with');
is(scalar(grep { $_->{kind} eq 'endpoint' && $_->{result} eq 'worse' } @{ $json->{compare} }), 1, 'with the rows of clipperf_compare()');
($status) = profile('third', '--against' => $second, '--', @two);
is($status, 0, 'a run that is not worse');

# What is counted during the warm-up is not measured; --reset forgets what was counted before.
my $go = "$dir/go";
load('few', 10, 'SELECT game FROM clip WHERE id = :n;');
my $script = "psql -Xqf $dir/few.sql; until test -e $go; do sleep 0.1; done; psql -Xqf $dir/one.sql";
my $waiting = start_profile('warm', '--warmup' => '10s', '--reset', '--', 'sh', '-c', $script);
ok($node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM _clipperf_snapshot WHERE is_dropped AND snapshot > (SELECT max(period) FROM clipperf_periods))"),
	'the warm-up is over');
append_to_file($go, '');
$waiting->finish;
is($node->safe_psql('postgres', q{
	SELECT value_after FROM clipperf_compare_figures('warm', 'warm') WHERE route = '/clips' AND kind = 'route' AND figure = 'calls'}), 300,
	'what came after the warm-up is measured');
is($node->safe_psql('postgres', q{SELECT requests FROM clipperf_routes WHERE route = '/clips'}), 300, 'and all that is counted');
($status, $output, $errors, my $cold) = profile('cold', '--warmup' => '2min', '--', 'true');
is($status, 2, 'a load that ends within the warm-up: status');
like($errors, qr/^clipperf: error: the load ended before the warm-up was over$/m, 'it says so');
is(entry($cold, 'period'), undef, 'and measures nothing');

# What goes wrong.
($status, $output, $errors, my $failed) = profile('failed', '--', 'sh', '-c', "psql -Xqf $dir/one.sql; echo trouble >&2; exit 3");
is($status, 2, 'a load that fails: status');
like($errors, qr/^clipperf: error: the load failed with status 3$/m, 'it says so');
like(slurp_file("$failed/load.txt"), qr/^trouble$/m, 'its errors are kept');
is(entry($failed, 'status'), 'the load failed with status 3', 'run.txt says so');
ok(entry($failed, 'period') && -s "$failed/report.html", 'what was measured is kept');
($status, $output, $errors, my $lost) = profile('lost', '--', 'psql', '-XqAt', '-c',
	"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE query LIKE '%clipperf_%' AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
is($status, 0, 'a connection that is lost meanwhile: status');
like($errors, qr/the connection to the server was lost, and is made again/, 'it says so');
is(entry($lost, 'status'), 'complete', 'the run is complete');
fails_with($node, [ 'profile', '--directory' => $dir, '--label' => 'nowhere', '--', "$dir/nowhere" ], qr/could not run "\Q$dir\E\/nowhere": No such file/, 'no such load');
fails_with($node, [ 'profile', '--directory' => $dir, '--label' => 'nowhere', '--', 'no_such_command' ], qr/could not run "no_such_command": No such file/, 'nor one in PATH');
foreach my $label ('', '12', 'x' x 64)
{
	fails_with($node, [ 'profile', '--directory' => $dir, '--label' => $label, '--', 'true' ], qr/invalid value "$label" for option --label/, "a label that is none: $label");
}
is_deeply([ glob "$dir/*-nowhere $dir/*-12 $dir/*-x*" ], [], 'and no directory was made for them');
fails_with($node, [ 'profile', '--directory' => $dir, '--label' => 'first', '--', 'true' ], qr/period "first" already exists/, 'a label that is taken');
fails_with($node, [ 'profile', '--directory' => "$dir/nowhere", '--label' => 'new', '--', 'true' ], qr/could not create directory/, 'no place for the directory');
fails_with($node, [ 'profile', '--directory' => $dir, '--label' => 'new', '--against' => $cold, '--', 'true' ], qr/tells of no run that was measured/, 'against nothing');
$node->safe_psql('postgres', "SELECT clipperf_drop_period('third')");
my ($third) = glob("$dir/*-third");
fails_with($node, [ 'profile', '--directory' => $dir, '--label' => 'new', '--against' => $third, '--', 'true' ], qr/has no period "third", which directory/, 'against a period that was dropped');
fails_with($node, [ 'profile', '--label' => 'new', '--warmup' => '1d', '--', 'true' ], qr/invalid value "1d" for option --warmup/, 'not a duration');
fails_with($node, [ 'profile', '--', 'true' ], qr/no label specified/, 'no label');
fails_with($node, [ 'profile', '--label' => 'new' ], qr/no command specified that makes the load/, 'no load');
fails_with($node, [ 'profile', '--label' => 'new', '--apply', '--against' => $first, '--', 'true' ], qr/cannot be used together/, 'two options');
is(join(' ', glob("$dir/*-new")), '', 'nothing is left of what could not begin');

# No space: what the load says is shown all the same, and the other files are there.
my $large = "head -c 3000000 /dev/zero | tr '\\0' x";
($status, $output, $errors) = run_command_line($node, 'bash', '-c',
	"ulimit -f 1000; clipperf profile --directory $dir --label full -- sh -c \"$large\"");
my ($full) = glob("$dir/*-full");
is($status, 0, 'a file that may not grow: status');
like($errors, qr/could not write to file "\Q$full\E\/load\.txt": File too large/, 'it says so');
is(length($output), 3000000, 'the output is shown');
ok(-s "$full/report.html", 'and the rest is measured');

# Interrupted: the load is ended, what was measured is kept.
$waiting = start_profile('interrupted', '--', 'sh', '-c', "psql -Xqf $dir/one.sql; echo \$\$ >$dir/pid; exec sleep 600");
my $load = wait_for_file("$dir/pid") + 0;
$waiting->signal('INT');
$waiting->finish;
my ($interrupted) = glob("$dir/*-interrupted");
is($waiting->full_result(0) >> 8, 2, 'interrupted: status');
is(entry($interrupted, 'status'), 'interrupted', 'run.txt says so');
ok(entry($interrupted, 'period') && -s "$interrupted/report.html", 'what was measured is kept');
is(kill(0, $load), 0, 'the load has ended');
is_clean($interrupted, 'interrupted');

# The round: the index that is recommended is built, and stays as it pays off.
my @scan = load('scan', 60, 'SELECT count(*) FROM clip WHERE game = :n;');
($status, $output, $errors, my $tuned) = profile('tuned', '--apply', '--reset', '--', @scan);
is($status, 0, '--apply: status');
like($output, qr/^tuned -> tuned, applied$/m, 'the table');
like($output, qr/^\/clips +better +/m, 'what became better');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_indexes WHERE tablename = 'clip' AND indexdef LIKE '%(game)'"), 1, 'the index is there');
like(slurp_file("$tuned/jobs.txt"), qr/create idx_clip_game on public\.clip/, 'what became of the job');
is(entry("$tuned/$_->[0]", 'label'), $_->[1], "the run $_->[0]") foreach [ before => 'tuned' ], [ after => 'tuned, applied' ];
ok(-s "$tuned/compare.txt", 'the comparison');
is_clean($tuned, '--apply');

# Nothing to build.
($status, $output, $errors) = profile('again', '--apply', '--', @scan);
is($status, 0, 'nothing is recommended: status');
like($errors, qr/nothing is recommended/, 'it says so');

# A second run that fails: what was built is reverted.
$node->safe_psql('postgres', 'DROP INDEX idx_clip_game; SELECT clipperf_reset()');
my $once = "test ! -e $dir/once && touch $dir/once && psql -Xqf $dir/scan.sql";
($status, $output, $errors) = profile('undone', '--apply', '--', 'sh', '-c', $once);
is($status, 2, 'a second run that fails: status');
like($errors, qr/^clipperf: note: job \d+ is reverted$/m, 'it says so');
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_indexes WHERE tablename = 'clip' AND indexdef LIKE '%(game)'"), 'the index is gone');

# So it is where the second run is interrupted.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
unlink("$dir/once", "$dir/pid");
$waiting = start_profile('halted', '--apply', '--', 'sh', '-c',
	"if test ! -e $dir/once; then touch $dir/once; psql -Xqf $dir/scan.sql; else echo \$\$ >$dir/pid; exec sleep 600; fi");
wait_for_file("$dir/pid");
$waiting->signal('INT');
$waiting->finish;
is($waiting->full_result(0) >> 8, 2, 'a second run that is interrupted: status');
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_indexes WHERE tablename = 'clip' AND indexdef LIKE '%(game)'"), 'the index is gone');
$node->stop;

done_testing();
