# clipperf apply, jobs and revert: what is asked for happens, is watched in logs and terminals, and ends with its status.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('apply');
my $indexes = "SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'item'";

# A table; two recommendations for statements that are handed in.
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, customer int, made timestamptz);
	INSERT INTO item SELECT i, i % 5000, now() - i * interval '1 min' FROM generate_series(1, 60000) AS i;
	ANALYZE item});
my @ids = split /\n/, $node->safe_psql('postgres', q{
	SELECT id FROM clipperf_recommend_for('{SELECT * FROM item WHERE customer = 1, SELECT * FROM item WHERE made = now()}')
	WHERE action = 'create' ORDER BY index_name});
is(scalar(@ids), 2, 'two recommendations');

# Nothing to do, and what would be done.
my ($status, $output, $errors) = clipperf($node, 'apply');
is("$status $errors", '0 ', 'nothing to build: status');
like($output, qr/^There is nothing to build: "clipperf recommend" /, 'nothing to build');
is((clipperf($node, 'jobs'))[1], "There are no jobs.\n", 'no jobs');
($status, $output, $errors) = clipperf($node, 'apply', '--id' => $ids[0], '--dry-run');
is("$status $errors", '0 ', 'dry run: status');
like($output, qr/^ +create idx_item_customer\n +CREATE INDEX CONCURRENTLY idx_item_customer ON public\.item \(customer\)$/m, 'dry run');
is($node->safe_psql('postgres', $indexes), 'item_pkey', 'nothing was built');
fails_with($node, [ 'apply', '--dry-run', '--watch' ], qr/options --dry-run and --watch cannot be used together/, 'watching nothing');
fails_with($node, [ 'apply', '--id' => 'x' ], qr/invalid value "x" for option --id/, 'no number');
fails_with($node, [ 'apply', '--id' => 12345 ], qr/recommendation 12345 does not exist/, 'no such recommendation');

# In a log: a line for each state. The build waits for a lock that another session holds, and the reason says so.
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN; LOCK TABLE item IN SHARE ROW EXCLUSIVE MODE');
my ($watched, $progress) = ('', '');
my %environment = (PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');
my $run;
{
	local @ENV{ keys %environment } = values %environment;
	$run = IPC::Run::start([ 'clipperf', 'apply', '--watch', '--id' => $ids[0] ], '<', \undef, '>', \$watched, '2>', \$progress);
}
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM clipperf_jobs WHERE state = 'waiting'") or die 'the job does not wait';
$run->pump until $progress =~ /waiting.*\n/;
like($progress, qr/^ +1\. waiting +idx_item_customer, waits for .*$/m, 'a log says what a job waits for');
is(join("\n", grep { length > 80 } split /\n/, $progress), '', 'in 80 columns');
($status, $output) = clipperf($node, 'jobs', '--format' => 'json');
my $json = valid_json($output, 'jobs.schema.json', 'jobs: JSON');
is($json->{jobs}[0]{state}, 'waiting', 'JSON: it waits');
is($status, 0, 'and nothing is wrong');
$session->query_safe('COMMIT');
$session->quit;
$run->finish;
is($? >> 8, 0, 'built: status');
like($progress, qr/^ +1\. verifying +idx_item_customer$/m, 'the log ends with the state');
like($watched, qr/^ +1\. verifying +create idx_item_customer on public\.item$/m, 'and so does the output');
is($node->safe_psql('postgres', $indexes), 'idx_item_customer item_pkey', 'the index is there');

# Without watching, the next command is named.
($status, $output, $errors) = clipperf($node, 'apply', '--id' => $ids[1]);
is("$status $errors", '0 ', 'not watched: status');
like($output, qr/^To watch: clipperf jobs --watch postgres\n\z/m, 'not watched: the next command');

# In a terminal of 40 columns and 3 lines, each line is written again, and none is longer.
($status, $output) = run_command_line($node, 'script', '-qec', 'stty cols 44 rows 3; clipperf jobs --watch', '/dev/null');
is($status, 0, 'terminal: status');
# Which job it is of depends on whether the second one is done by then.
like($output, qr/\e\[K +[12]\. \w+ /, 'terminal: a line is written');
my ($screen) = $output =~ /watching\.\r?\n(.*?)\r?\n?(?: +1\. verifying +create.*)?\z/s;
is(join("\n", grep { length > 44 } map { s/\e\[\w+//gr } split /\r?\n/, $screen), '', 'terminal: no line is longer');

# Reverted.
($status, $output, $errors) = clipperf($node, 'revert', '--job' => 1, '--job' => 2, '--watch');
is($status, 0, 'reverted: status');
like($output, qr/^ +1\. reverted .*^ +2\. reverted /ms, 'reverted');
is($node->safe_psql('postgres', $indexes), 'item_pkey', 'the indexes are gone');
($status, $output, $errors) = clipperf($node, 'revert', '--job' => 1);
is($status, 1, 'nothing to revert: status');
like($errors, qr/^clipperf: warning: there is nothing to revert in job 1$/, 'nothing to revert');
fails_with($node, ['revert'], qr/no job specified\nclipperf: hint: "clipperf jobs" lists/, 'no job');
fails_with($node, [ 'revert', '--job' => 99 ], qr/job 99 does not exist/, 'revert: no such job');
fails_with($node, [ 'jobs', '--job' => 99 ], qr/job 99 does not exist/, 'jobs: no such job');
is((clipperf($node, 'jobs', '--job' => 2, '--format' => 'json'))[1] =~ /"job": 1\b/, '', 'one job alone');

# A job that fails: the reason is told, and the status says that it did.
$node->safe_psql('postgres', 'INSERT INTO item VALUES (0, 0, now())');
$node->safe_psql('postgres', q{
	SELECT clipperf_add_index('ours', 'CREATE UNIQUE INDEX item_customer ON item (customer)')});
($status, $output, $errors) = clipperf($node, 'apply', '--index-set' => 'ours', '--watch');
is($status, 1, 'failed: status');
like($output, qr/^ +\d+\. failed +create item_customer on public\.item\n +\S/m, 'failed: with the reason');
is((clipperf($node, 'jobs'))[0], 1, 'jobs: status');

# Whoever interrupts the watching ends nothing else.
$session = $node->background_psql('postgres');
$session->query_safe('BEGIN; LOCK TABLE item IN SHARE ROW EXCLUSIVE MODE');
($watched, $progress) = ('', '');
$node->safe_psql('postgres', q{SELECT clipperf_add_index('more', 'CREATE INDEX item_made ON item (made)')});
{
	local @ENV{ keys %environment } = values %environment;
	$run = IPC::Run::start([ 'clipperf', 'apply', '--watch', '--index-set' => 'more' ], '<', \undef, '>', \$watched, '2>', \$progress);
}
$run->pump until $progress =~ /waiting.*\n/;
$run->signal('INT');
$run->finish;
is($? >> 8, 2, 'interrupted: status');
like($progress, qr/Ctrl-C only ends the watching.*^clipperf: error: interrupted$/ms, 'interrupted');
$session->query_safe('COMMIT');
$session->quit;
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_indexes WHERE indexname = 'item_made'") or die 'the job ended';
pass('the job goes on');

# Who may not build is told by the server.
$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN');
fails_with($node, [ 'apply', '-U' => 'stranger' ], qr/permission denied for function clipperf_apply/, 'missing rights');

done_testing();
