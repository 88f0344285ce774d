# The file system is full, or files may not grow, while an index is written: the build fails and leaves nothing, and the
# application, whose tables are elsewhere, goes on.
#
# The small file system is a tmpfs, which only root can mount: here somebody who is root in a namespace of his own. Where
# that is not allowed, the limit of the size of files shows the same.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Application;
use Apply;
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

# The pages of this index are almost empty, so that it needs more than 20 MB; another one, of few rows, has room enough.
my $large = 'ON item (a) WITH (fillfactor = 10)';
my $small = 'ON item (a) WHERE a < 100';

# Starts the server by a command that stands before that of pg_ctl.
sub start_by
{
	my ($node, @command) = @_;
	PostgreSQL::Test::Utils::system_log(@command, 'pg_ctl', '-w', '-s', '-D', $node->data_dir, '-l', $node->logfile,
		'-o', '--cluster-name=' . $node->name, 'start') == 0 or die 'the server did not start';
	$node->_update_pid(1);
}

# Builds what is too large, in the background and in a transaction, and then what is not.
sub check
{
	my ($node, $name, $tablespace, $message) = @_;
	my $in = $tablespace ? "TABLESPACE $tablespace" : '';
	(my $large_there = $large) =~ s/$/ $in/;
	(my $small_there = $small) =~ s/ WHERE/ $in WHERE/;
	my $application = Application->start($node, 'postgres', 'item');

	my $id = recommend($node, 'create', 'item', 'item_large', "CREATE INDEX item_large $large_there");
	my $job = apply_id($node, $id);
	is(wait_for_job($node, $job), 'failed', "$name: the build fails");
	like(reason($node, $job), $message, "$name: it says why");
	is(history($node, $job), 'queued building building failed', "$name: what it has begun was removed");
	is(index_names($node, 'item\\_large%'), '', "$name: no index is left");
	$application->goes_on("$name: the application works on");

	my (undef, undef, $errors) = $node->psql('postgres', "SELECT * FROM clipperf_apply(ARRAY[$id], concurrently => false)");
	like($errors, $message, "$name: in a transaction, its caller is told");
	is(index_names($node, 'item\\_large%'), '', "$name: no index is left");

	$job = apply_index($node, 'item', 'item_small', "CREATE INDEX item_small $small_there");
	is(wait_for_job($node, $job), 'kept', "$name: what has room is built");
	$application->ends_well($name);
	apply_is_healthy($node, $name);
}

# A server with the table, not started.
sub server
{
	my ($name) = @_;
	my $node = apply_server($name, 'clipperf.verify_calls = 0');
	$node->safe_psql('postgres', q{
		CREATE TABLE item (id int PRIMARY KEY, a int);
		INSERT INTO item SELECT n, n FROM generate_series(1, 300000) AS n;
	});
	$node->stop;
	return $node;
}

# Runs a command as somebody who has mounted a tmpfs.
my @with_tmpfs = ('unshare', '-rm', 'sh', '-c',
	'mount -t tmpfs -o size=4M,mode=777 tmpfs "$1" && shift && exec unshare -U --map-user=1000 --map-group=1000 -- "$@"', 'sh');

SKIP:
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my ($out, $error) = PostgreSQL::Test::Utils::run_command([ @with_tmpfs, $dir, 'sh', '-c', ': >"$1/file" && echo done', 'sh', $dir ]);
	skip "no tmpfs can be mounted here: $error", 1 unless $out eq 'done';

	my $node = server('full');
	start_by($node, @with_tmpfs, $dir);
	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$dir'");
	check($node, 'tmpfs', 'small', qr/No space left on device/);
	$node->safe_psql('postgres', 'CHECKPOINT');
	cmp_ok($node->safe_psql('postgres', "SELECT pg_tablespace_size('small')"), '<', 100000, 'tmpfs: the space is free again');

	# Who knows the size beforehand does not begin.
	my $known = recommend($node, 'create', 'item', 'item_known', 'CREATE INDEX item_known ON item (id, a) TABLESPACE small');
	$node->safe_psql('postgres', "UPDATE clipperf_recommendations SET size_bytes = 3000000 WHERE id = $known");
	failed_with($node, 'postgres', "SELECT * FROM clipperf_apply(ARRAY[$known])",
		'53100', qr/not enough disk space: about 6 MB are needed for the index and its sort, [0-3] MB are free/, 'tmpfs: told beforehand');
	$node->stop;
}

SKIP:
{
	# More than a segment of WAL, and whole blocks.
	my @limited = ('prlimit', '--fsize=20004864', '--');
	my ($out, $error) = PostgreSQL::Test::Utils::run_command([ @limited, 'echo', 'done' ]);
	skip "the size of files cannot be limited here: $error", 1 unless $out eq 'done';

	my $node = server('limited');
	start_by($node, @limited);
	check($node, 'size of files', undef, qr/File too large/);
	$node->stop;
}
done_testing();
