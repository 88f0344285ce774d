# What stands in the way of the file that is saved: it is logged, harms nobody, and once it is gone all is saved again.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Errno;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('save_fails', 'clipperf.save_interval = 1s');
my $path = $node->data_dir . '/pg_stat/clipperf.stat';

# Has the saver saved since now?
sub saves_again
{
	my $now = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
	return $node->poll_query_until('postgres', "SELECT coalesce(saved_at > '$now', false) FROM clipperf_info");
}

# Puts something in a place that the saver may have taken at the moment, by a function that makes it.
sub put
{
	my ($place, $make) = @_;
	until ($make->($place))
	{
		$!{EEXIST} or die "$place: $!";
		unlink $place if $place eq $path;
	}
}

ok(saves_again(), 'at first');

# A FIFO that nobody reads: to open it would be to wait for ever, and the server's end would wait for that.
my $fifo = sub { POSIX::mkfifo($_[0], 0600) };
put("$path.tmp", $fifo);
ok(saves_again(), 'a FIFO in the place of the temporary file goes');
put("$path.tmp", $fifo);
$node->stop;
ok(-f $path && !-e "$path.tmp", 'at the end as well');

# What cannot be taken away.
mkdir "$path.tmp" or die $!;
my $offset = -s $node->logfile;
$node->start;
$node->wait_for_log(qr/LOG:  could not write file "pg_stat\/clipperf\.stat\.tmp": Is a directory/, $offset);
$node->restart;
is($node->safe_psql('postgres', 'SELECT saved_at FROM clipperf_info'), '', 'a directory there: nothing is saved');
rmdir "$path.tmp" or die $!;
ok(saves_again(), 'until it is gone');
put($path, sub { mkdir $_[0] });
$node->wait_for_log(qr/LOG:  could not open file "pg_stat\/clipperf\.stat": Is a directory/, $offset);
# It is put aside when the server starts: what is saved next comes after the test has looked.
$node->append_conf('postgresql.conf', 'clipperf.save_interval = 0');
$node->restart;
is($node->safe_psql('postgres', 'SELECT saved_at FROM clipperf_info'), '', 'a directory in place of the file');
rmdir $path if -d $path;
$node->append_conf('postgresql.conf', 'clipperf.save_interval = 1s');
$node->reload;
ok(saves_again(), 'until it is gone');
is_healthy($node, 'in the end');
done_testing();
