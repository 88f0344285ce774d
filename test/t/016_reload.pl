# Changed settings reach running sessions by a reload; bad ones are refused and change nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('reload');
my $session = $node->background_psql('postgres');

# Changes a setting for the whole server; comes back when the session runs with it.
sub change
{
	my ($setting, $value) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET $setting = '$value'");
	$node->reload;
	for (;;)
	{
		last if $session->query_safe("SELECT current_setting('$setting')") eq $value;
		select(undef, undef, undef, 0.05);
	}
}

sub in_function { $session->query_safe('DO $$ BEGIN PERFORM before FROM mark; END $$'); }

in_function();
is(calls($node, 'SELECT before FROM mark'), 0, 'nested statements are not counted');
change('clipperf.track', 'all');
in_function();
is(calls($node, 'SELECT before FROM mark'), 1, 'until clipperf.track is all');
change('clipperf.track', 'none');
in_function();
$session->query_safe('SELECT n FROM mark');
is(calls($node, 'SELECT before FROM mark') + calls($node, 'SELECT n FROM mark'), 1, 'nothing is when it is none');
change('clipperf.track', 'top');
$session->query_safe('SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 1, 'what the client sends is when it is top');

change('clipperf.enabled', 'off');
$session->query_safe('SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 1, 'nothing is counted while clipperf.enabled is off');
change('clipperf.enabled', 'on');
$session->query_safe('SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 2, 'and again when it is on');

# A session's own value goes before the server's.
$session->query_safe("SET clipperf.track = 'all'");
$node->safe_psql('postgres', "ALTER SYSTEM SET clipperf.track = 'none'");
$node->reload;
in_function();
is(calls($node, 'SELECT before FROM mark'), 2, 'a session may deviate');
$session->query_safe('RESET clipperf.track');
change('clipperf.track', 'top');

# Values that are none, in the file.
my $offset = -s $node->logfile;
$node->append_conf('postgresql.conf', "clipperf.nplusone_window = '9ms'\nclipperf.no_such_setting = 1\n");
$node->reload;
$node->wait_for_log(qr/9 ms is outside the valid range for parameter "clipperf.nplusone_window"|9 ms is outside/, $offset);
is($session->query_safe('SHOW clipperf.nplusone_window'), '5s', 'a bad value in the file changes nothing');
$session->query_safe('SELECT n FROM mark');
is(calls($node, 'SELECT n FROM mark'), 3, 'and counting goes on');

$session->quit;
is_healthy($node, 'reload');
$node->stop;
done_testing();
