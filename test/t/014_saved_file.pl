# The saved file: each field that is read back is checked, whatever its checksum says; what is no file of ours, as a FIFO or
# one of gigabytes, is put aside.  In any case the server starts, and every view can be read.  What was counted comes back as
# it was, losses included.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

# Each file makes the server copy all that it holds, and give back the memory of that. To have it from the kernel again takes
# several times as long as all else, so that it is kept: these are settings of glibc.
local @ENV{qw(MALLOC_TRIM_THRESHOLD_ MALLOC_MMAP_THRESHOLD_)} = (256 * 1024 * 1024) x 2;

# A small store, so that it loses something and its file is small.
my $node = new_server('saved_file', 'clipperf.save_samples = on', 'clipperf.max_statements = 100', 'clipperf.text_memory = 1024',
	'clipperf.sample_interval = 0');
my $path = $node->data_dir . '/pg_stat/clipperf.stat';

# One statement of each kind of thing that is remembered.
$node->safe_psql('postgres', q{
	CREATE TABLE parent (id int PRIMARY KEY);
	CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent, note text);
	INSERT INTO parent SELECT generate_series(1, 20);
	INSERT INTO child SELECT i, i % 20 + 1, 'note ' || i FROM generate_series(1, 2000) AS i });

sub remember_something
{
	$node->safe_psql('postgres', q{
		SELECT clipperf_reset();
		SET clipperf.route = '/saved';
		SET clipperf.seqscan_min_rows = 100;
		SELECT 1 FROM child WHERE note = 'note 1' });
	$node->safe_psql('postgres', "SET clipperf.route = '/saved'; SELECT id FROM parent ORDER BY id;\n"
		. join("\n", map { "SELECT id FROM child WHERE parent_id = $_;" } 1 .. 20)) for 1 .. 2;
}

# What is held, and what was lost.
my $held = q{SELECT statements_held > 0, n_plus_one_held > 0, seq_scans_held > 0, routes_held > 0, plans_held > 0,
	(SELECT count(*) > 0 FROM clipperf_samples) FROM clipperf_info};
my $losses = q{SELECT since, statements_evicted, executions_dropped, texts_cut, texts_dropped, n_plus_one_evicted,
	seq_scans_evicted, routes_evicted FROM clipperf_info};

# More statements and names of routes than there is room for, and a text that is cut.
sub lose_something
{
	$node->safe_psql('postgres', 'SELECT 1 AS ' . join(', 1 AS ', map { "column_number_$_" } 1 .. 1000));
	$node->safe_psql('postgres', join("\n", map { 'SELECT ' . join(', ', (1) x $_) . ';' } 1 .. 300));
	$node->safe_psql('postgres', join("\n",
			map { sprintf("SET application_name = 'app%s%s'; SELECT 1;", chr(97 + $_ % 26), chr(97 + $_ / 26)) } 1 .. 600));
}

lose_something();
remember_something();
is($node->safe_psql('postgres', 'SELECT statements_evicted, routes_evicted, texts_cut FROM clipperf_info'), '0|0|0',
	'a reset begins to count losses anew');
lose_something();
like($node->safe_psql('postgres', "SELECT statements_evicted > 0, routes_evicted > 0, texts_cut > 0 FROM clipperf_info"),
	qr/^t\|t\|t$/, 'something was lost');

# Nothing is captured from here on, so that all there is comes from the file.
$node->append_conf('postgresql.conf', 'clipperf.enabled = off');
$node->reload;
my $lost = $node->safe_psql('postgres', $losses);
$node->restart;
is($node->safe_psql('postgres', $losses), $lost, 'what was lost is known after a restart');
$node->append_conf('postgresql.conf', 'clipperf.enabled = on');
$node->reload;

# What is written depends on nothing but what is remembered.
remember_something();
$node->append_conf('postgresql.conf', 'clipperf.enabled = off');
$node->restart;
is($node->safe_psql('postgres', $held), 't|t|t|t|t|t', 'something of each kind was saved');
$node->stop;
my $whole = slurp_file($path);
$node->start;
$node->stop;
ok(slurp_file($path) eq $whole, 'a file that was read is written again byte by byte');
$node->append_conf('postgresql.conf', 'clipperf.enabled = on');
$node->start;
$node->safe_psql('postgres', q{INSERT INTO clipperf_endpoints (name, routes, statements, target_ms, max_error_share) VALUES ('saved', '{/saved}', '{x%}', 1, 0.1)});
$node->safe_psql('postgres', q{SET clipperf.route = '/saved'; SELECT id FROM parent});
$node->append_conf('postgresql.conf', 'clipperf.sample_interval = 20');
$node->reload;
for (1 .. 100)
{
	$node->safe_psql('postgres', 'SELECT pg_sleep(0.1)');
	last if $node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_waits');
}
$node->append_conf('postgresql.conf', "clipperf.sample_interval = 0\nclipperf.enabled = off");
$node->restart;
is($node->safe_psql('postgres', 'SELECT requests FROM clipperf_slo'), 1, 'an endpoint was saved');
is($node->safe_psql('postgres', 'SELECT count(*) > 0 FROM clipperf_waits'), 't', 'so were samples of waits');
$node->stop;
$whole = slurp_file($path);
my $header_length = 32;
my $body_length = length($whole) - $header_length;
cmp_ok($body_length, '>', 1000, 'something was saved');
cmp_ok($body_length, '<', 18000, 'not more than can be tried');

sub write_file
{
	my ($contents) = @_;
	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file $contents;
	close $file;
}

# All that is told of what is remembered.
my $all = join(' UNION ALL ', map { "SELECT string_agg(r::text, '') FROM $_ AS r" }
	qw(clipperf_queries clipperf_n_plus_one clipperf_seq_scans clipperf_samples clipperf_routes clipperf_routes_recent _clipperf_read_endpoints() clipperf_waits clipperf_cacheable clipperf_plans clipperf_profile()
	clipperf_info));
my $report = "SELECT string_agg(r::text, '') FROM clipperf_findings() AS r";

# The server starts, and it can be read.
sub reads_all
{
	$node->start(fail_ok => 1) or return 0;
	my $read = $node->psql('postgres', "$all; $report; SELECT count(*) FROM clipperf_workload()");
	$node->stop;
	return $read == 0;
}

ok(reads_all(), 'the file as it is');

# A module that changes one byte after the other, the checksum being right, reads the file, and reads the views.
my $module = "$PostgreSQL::Test::Utils::tmp_check/saved_file.so";
my ($server) = run_command([ 'pg_config', '--includedir-server' ]);
my ($flags) = run_command([ 'pg_config', '--cppflags' ]);
system_or_bail($ENV{CC} ? split(' ', $ENV{CC}) : 'cc', '-O2', '-w', '-fPIC', '-shared', "-I$server", split(' ', $flags),
	'-o', $module, "$FindBin::RealBin/../unit/saved_file.c");

write_file($whole);
$node->start;
$node->safe_psql('postgres', qq{CREATE FUNCTION saved_file_damage(bytea, int, int, int, text) RETURNS int
	AS '$module' LANGUAGE C STRICT});
my $copy = $node->data_dir . '/whole.stat';
{
	open(my $file, '>:raw', $copy) or die "$copy: $!";
	print $file $whole;
	close $file;
}

# How many of the files so damaged were used.
sub damage
{
	my ($step, $mask, $query, $name) = @_;
	my ($status, $output, $errors) = $node->psql('postgres',
		"SET client_min_messages = error; SELECT saved_file_damage(pg_read_binary_file('whole.stat'), 0, $step, $mask, \$\$$query\$\$)");
	is($status, 0, $name) or diag($errors);
	return $status == 0 ? $output : 0;
}

# All views are read each time; the report, which takes more than all else, after every eighth byte.
my $used = damage(1, 0xFF, $all, "each of $body_length bytes with all bits changed") + damage(1, 0x01, $all, 'with the lowest bit changed');
damage(8, 0xFF, $report, 'the report after every eighth');
damage(8, 0x80, $report, 'the report, with the highest bit changed');
cmp_ok($used, '>', $body_length / 2, 'most changes are seen in a figure or a text only');
cmp_ok($used, '<', 2 * $body_length, 'some are found out');
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'no process died');

# The same when the server starts, for some bytes.
my @bad;
foreach my $try (0 .. 9)
{
	my $damaged = $whole;
	substr($damaged, $header_length + int($try * $body_length / 10), 1) ^= "\xFF";
	write_file($damaged);
	push @bad, $try unless reads_all();
}
is("@bad", '', 'the server starts with a file whose checksum is wrong');

# What is no file of ours.
unlink $path;
POSIX::mkfifo($path, 0600) or die "mkfifo: $!";
ok(reads_all(), 'a FIFO in its place');
like(slurp_file($node->logfile), qr/It is no regular file/, 'is put aside');
unlink glob("$path*");
open(my $large, '>', $path) or die $!;
truncate($large, 3 * 1024 * 1024 * 1024) or die $!;
close $large;
ok(reads_all(), 'a file of three gigabytes');
like(slurp_file($node->logfile), qr/larger than what could be saved/, 'is put aside, too');
unlink glob("$path*");
mkdir $path or die $!;
ok(reads_all(), 'a directory');
done_testing();
