# The saved file: each field that is read back is checked, whatever its checksum says; what is no file of ours, as a FIFO or
# one of gigabytes, is put aside.  In any case the server starts, and every view can be read.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('saved_file');
$node->safe_psql('postgres', q{
	SELECT clipperf_reset();
	CREATE TABLE parent (id int PRIMARY KEY);
	CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent, note text);
	INSERT INTO parent SELECT generate_series(1, 20);
	INSERT INTO child SELECT i, i % 20 + 1, 'note ' || i FROM generate_series(1, 2000) AS i;
	SET clipperf.route = '/saved';
	SET clipperf.seqscan_min_rows = 100;
	SELECT count(*) FROM child WHERE note = 'note 1';
	SELECT id FROM parent ORDER BY id });
$node->safe_psql('postgres', "SET clipperf.route = '/saved'; SELECT id FROM parent ORDER BY id;\n"
	. join("\n", map { "SELECT id FROM child WHERE parent_id = $_ ORDER BY id;" } 1 .. 20)) for 1 .. 3;
$node->stop;
my $path = $node->data_dir . '/pg_stat/clipperf.stat';
my $whole = slurp_file($path);
my $header_length = 32;
my $body_length = length($whole) - $header_length;
cmp_ok($body_length, '>', 1000, 'something was saved');

# CRC-32C as the server computes it, reflected, by the table of its polynomial.
my @crc_table = map {
	my $c = $_;
	$c = $c & 1 ? ($c >> 1) ^ 0x82F63B78 : $c >> 1 for 1 .. 8;
	$c
} 0 .. 255;

sub crc32c
{
	my ($bytes) = @_;
	my $crc = 0xFFFFFFFF;
	$crc = $crc_table[ ($crc ^ $_) & 0xFF ] ^ ($crc >> 8) foreach unpack('C*', $bytes);
	return $crc ^ 0xFFFFFFFF;
}

sub write_file
{
	my ($contents) = @_;
	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file $contents;
	close $file;
}

# The server starts, and all that is told of what is remembered can be read.
sub reads_all
{
	$node->start(fail_ok => 1) or return 0;
	my $read = $node->psql('postgres', q{
		SELECT * FROM clipperf_queries; SELECT * FROM clipperf_n_plus_one; SELECT * FROM clipperf_seq_scans;
		SELECT * FROM clipperf_samples; SELECT * FROM clipperf_info; SELECT * FROM clipperf_report() });
	$node->stop;
	return $read == 0;
}

is(unpack('L<', substr($whole, 24, 4)), crc32c(substr($whole, $header_length)), 'the checksum is what it is taken for here');
ok(reads_all(), 'the file as it is');

# One byte after the other would take hours: bytes spread evenly, each time from another beginning.
my $tries = 60;
my @bad;
foreach my $try (0 .. $tries - 1)
{
	my $at = $header_length + int($try * $body_length / $tries + ($try * 7) % ($body_length / $tries));
	my $damaged = $whole;
	substr($damaged, $at, 1) = chr(ord(substr($damaged, $at, 1)) ^ ($try % 2 ? 0xFF : 0x80));
	substr($damaged, 24, 4) = pack('L<', crc32c(substr($damaged, $header_length)));
	write_file($damaged);
	push @bad, $at unless reads_all();
}
is("@bad", '', "$tries bytes changed one by one, the checksum being right");
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'no process died');

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
