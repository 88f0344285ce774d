# The command clipperf when it cannot do its work: a clear message, status 2, and nothing half-written.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use IO::Socket::UNIX;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Socket;
use Test::More;

my $node = new_server('errors');
my $dir = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', q{
	CREATE TABLE clip (id int, score int);
	INSERT INTO clip SELECT i, i FROM generate_series(1, 10000) AS i;
	ANALYZE clip});
$node->safe_psql('postgres', 'SELECT count(*) FROM clip WHERE score = 1');

# Wrong use.
my ($status, $output, $errors) = clipperf($node);
is($status, 2, 'no command: status');
like($errors, qr/^clipperf: error: no command specified\nclipperf: hint: Try "clipperf --help"/, 'no command');
fails_with($node, ['chek'], qr/unknown command "chek"/, 'no such command');

# A message is written line by line: nothing that writes to the same log comes between. Each write is a datagram here.
{
	socketpair(my $ours, my $theirs, AF_UNIX, SOCK_DGRAM, PF_UNSPEC) or die "no pair of sockets: $!";
	my $child = fork // die "no process: $!";
	if ($child == 0)
	{
		open(STDERR, '>&', $theirs) or die "no standard error: $!";
		exec('clipperf', 'chek') or die "clipperf: $!";
	}
	waitpid($child, 0);
	foreach my $line (qr/^clipperf: error: unknown command "chek"\n\z/, qr/^clipperf: hint: .*\n\z/)
	{
		recv($ours, my $written, 1000, MSG_DONTWAIT);
		like($written, $line, 'a line at once');
	}
}
fails_with($node, [ 'report', '--top', 'many' ], qr/invalid value "many" for option --top: must be a whole number/, 'no number');
fails_with($node, [ 'report', '--top', '0' ], qr/invalid value "0" for option --top: must be at least 1/, 'no findings');
fails_with($node, [ 'check', 'a', 'b' ], qr/too many command-line arguments \(first is "b"\)/, 'two databases');
fails_with($node, [ 'check', '--format', 'html' ], qr/unrecognized format: "html"\nclipperf: detail: The formats are /, 'no such format');
fails_with($node, [ 'check', '--output', 'json' ], qr/invalid value "json" for option --output/, 'no file');
foreach my $option ([ 'report', '--top' ], [ 'recommend', '--min-calls' ], [ 'recommend', '--max-indexes' ], [ 'apply', '--id' ], [ 'jobs', '--job' ], [ 'revert', '--job' ])
{
	foreach my $value ('', 'many', '1x', '99999999999999999999')
	{
		fails_with($node, [ $option->[0], "$option->[1]=$value" ], qr/^clipperf: error: invalid value "$value" for option $option->[1]: must be a whole number\n\z/, "@$option: no number: $value");
	}
}
fails_with($node, [ 'check', '--output', 'html:a' ], qr/unrecognized format: "html"/, 'no such format of a file');
fails_with($node, [ 'check', '--baseline', 'a', '--write-baseline', 'b' ], qr/cannot be used together/, 'two baselines');
fails_with($node, [ 'check', '--baseline', "$dir/none" ], qr/could not open file ".*none": No such file/, 'no baseline');
($status, $output, $errors) = clipperf($node, 'check', '--nonsense');
is($status, 2, 'no such option: status');
like($errors, qr/^clipperf: unrecognized option .*\nclipperf: hint: Try "clipperf check --help"/, 'no such option');

# Help fits a terminal, and goes to standard output.
foreach my $arguments ([], map { [$_] } qw(report top check recommend advise apply revert jobs migration doctor))
{
	my $name = join(' ', 'clipperf', @$arguments);
	foreach my $option ('--help', '-?')
	{
		($status, $output, $errors) = clipperf($node, @$arguments, $option);
		is("$status $errors", '0 ', "$name $option");
		like($output, qr/^Usage:\n  \Q$name\E /m, "$name $option: usage");
		is(join("\n", grep { length > 80 } split /\n/, $output), '', "$name $option: 80 columns");
	}
	($status, $output) = clipperf($node, @$arguments, '--version');
	like($output, qr/^clipperf \d+\.\d+\.\d+\n\z/, "$name --version");
}

# The other end.
fails_with($node, [ 'check', '-h', "$dir/none" ], qr/connection to server on socket ".*none.*" failed: No such file/, 'no server');
fails_with($node, [ 'check', 'none' ], qr/database "none" does not exist/, 'no database');
fails_with($node, [ 'check', '-U', 'none' ], qr/role "none" does not exist/, 'no role');
fails_with($node, [ 'check', 'template1' ], qr/extension "clipperf" is not installed in database "template1"\nclipperf: hint: /, 'no extension');
$node->safe_psql('postgres', "UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'clipperf'");
fails_with($node, ['check'], qr/has version 0\.0\.9, older than this command's \d+\.\d+\.\d+\nclipperf: hint: .*ALTER EXTENSION clipperf UPDATE/, 'an older extension');
$node->safe_psql('postgres', "UPDATE pg_extension SET extversion = '123.0' WHERE extname = 'clipperf'");
is((clipperf($node, 'check'))[0], 1, 'a newer extension');
$node->safe_psql('postgres', q{
	CREATE ROLE stranger LOGIN;
	CREATE DATABASE closed});
$node->safe_psql('closed', 'CREATE SCHEMA hidden; CREATE EXTENSION clipperf SCHEMA hidden');
fails_with($node, [ 'check', 'closed', '-U', 'stranger' ], qr/permission denied for schema hidden/, 'missing rights');
fails_with($node, [ 'top', '--once', 'closed', '-U', 'stranger' ], qr/permission denied for schema hidden/, 'missing rights: top');

# Passwords: from a file, and none where none may be asked for.
$node->safe_psql('postgres', "CREATE ROLE secret LOGIN PASSWORD 'it''s'; GRANT pg_read_all_stats TO secret");
append_to_file($node->data_dir . '/pg_hba.conf', '');
my $hba = slurp_file($node->data_dir . '/pg_hba.conf');
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all secret scram-sha-256\n$hba");
$node->reload;
{
	local $ENV{PGPASSFILE} = "$dir/passwords";
	append_to_file($ENV{PGPASSFILE}, "*:*:*:secret:it's\n");
	chmod 0600, $ENV{PGPASSFILE};
	is((clipperf($node, 'check', '-U', 'secret'))[0], 1, 'a password of a file');
	local $ENV{PGSERVICEFILE} = "$dir/services";
	append_to_file($ENV{PGSERVICEFILE}, "[checked]\nuser=secret\ndbname=postgres\n");
	is((clipperf($node, 'check', '-d', 'service=checked'))[0], 1, 'a service');
}
fails_with($node, [ 'check', '-w', '-U', 'secret' ], qr/no password supplied/, 'no password');
# Asked for: on standard input, as there is no terminal.
foreach my $case ([ "it's", '-U secret', 1 ], [ "it's", '-W -U secret', 1 ], [ 'wrong', '-U secret', 2 ])
{
	my ($password, $options, $expected) = @$case;
	($status, $output, $errors) = run_command_line($node, 'sh', '-c', "echo \"$password\" | setsid -w clipperf check $options");
	is($status, $expected, "$options, $password: status");
	like($errors, qr/^Password: /, "$options, $password: asked");
}
like($errors, qr/password authentication failed for user "secret"/, 'a wrong password');

# Output that cannot be written.
foreach my $case ([ '>/dev/full', 'standard output: No space left' ], [ '--output json:/dev/full', 'file "/dev/full": No space left' ],
	[ "--output json:$dir/none/file", 'No such file or directory' ], [ "--write-baseline $dir/none/file", 'No such file or directory' ],
	[ '>&-', 'standard output: Bad file descriptor' ])
{
	my ($redirection, $expected) = @$case;
	($status, $output, $errors) = run_command_line($node, 'sh', '-c', "clipperf check $redirection");
	is($status, 2, "$redirection: status");
	like($errors, qr/^clipperf: error: could not .*\Q$expected\E/, "$redirection: the error");
}
# A reader that is gone.
($status, $output, $errors) = run_command_line($node, 'perl', '-e', q{
	pipe(my $read, my $write);
	close $read;
	open(STDOUT, '>&', $write);
	exit(system('clipperf', 'check') >> 8);
});
is($status, 2, 'a closed pipe: status');
like($errors, qr/^clipperf: error: could not write to standard output: Broken pipe$/, 'a closed pipe');
# A file that may not grow: the one that is there stays.
append_to_file("$dir/report.json", "before\n");
($status, $output, $errors) = run_command_line($node, 'sh', '-c', "ulimit -f 0; exec clipperf check --output json:$dir/report.json 2>&1 | cat");
like($output, qr/^clipperf: error: could not write to file "\Q$dir\E\/report\.json": File too large$/m, 'a full disk');
is(slurp_file("$dir/report.json"), "before\n", 'a full disk: the file is the one before');
is_deeply([ glob("$dir/*.tmp") ], [], 'a full disk: nothing is left');
# A link goes on to name its file, which keeps its permissions.
chmod 0640, "$dir/report.json";
symlink("$dir/report.json", "$dir/link.json");
is((clipperf($node, 'check', '-q', '--output', "json:$dir/link.json"))[0], 1, 'a link');
ok(-l "$dir/link.json", 'a link stays one');
like(slurp_file("$dir/report.json"), qr/^\{/, 'and its file is written');
is((stat "$dir/report.json")[2] & 0777, 0640, 'with the permissions it had');

# What happens while the server works.
my $blocker = $node->background_psql('postgres');
$blocker->query_safe('BEGIN; LOCK TABLE clipperf_accepted IN ACCESS EXCLUSIVE MODE');
foreach my $signal (qw(INT TERM HUP))
{
	my ($run, $said, $error) = start_waiting($node, 'check', '--output', "json:$dir/interrupted.json");
	$run->signal($signal);
	$run->finish;
	is(join(' ', $run->result(0), $$said), '2 ', "SIG$signal: status and output");
	is($$error, "Cancel request sent\nclipperf: error: interrupted\n", "SIG$signal: message");
	ok($node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'clipperf')"),
		"SIG$signal: the server's work has ended");
}
my ($run, $said, $error) = start_waiting($node, 'check', '--output', "json:$dir/interrupted.json");
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'clipperf'");
$run->finish;
is(join(' ', $run->result(0), $$said), '2 ', 'a lost connection: status and output');
like($$error, qr/^clipperf: error: .*terminating connection due to administrator command$/m, 'a lost connection');
ok(!-e "$dir/interrupted.json", 'nothing was written');
$blocker->query_safe('ROLLBACK');
$blocker->quit;

# A server that does not answer.
{
	my $deaf = PostgreSQL::Test::Utils::tempdir_short();
	my $socket = IO::Socket::UNIX->new(Local => "$deaf/.s.PGSQL.1", Listen => 1) or die "no socket: $!";
	my ($deaf_said, $deaf_error) = ('', '');
	my $waiting = IPC::Run::start([ 'clipperf', 'check', '-h', $deaf, '-p', 1 ], '<', \undef, '>', \$deaf_said, '2>', \$deaf_error);
	my $accepted = $socket->accept;
	# It has sent its first message, and waits.
	sysread($accepted, my $message, 1);
	$waiting->signal('INT');
	$waiting->finish;
	is(join(' ', $waiting->result(0), $deaf_said), '2 ', 'a server that does not answer: status and output');
	is($deaf_error, "clipperf: error: interrupted\n", 'a server that does not answer: message');
}

# Not preloaded.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
fails_with($node, ['check'], qr/shared_preload_libraries/, 'not preloaded');

$node->stop;
done_testing();
