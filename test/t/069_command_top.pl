# clipperf top: in terminals of several kinds, for scripts, and when the server or the terminal goes away.
#
# Readings are made by a key, with so long a time between them that no other one is made: so what is new between two of them
# is known.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use Encode qw(encode decode);
use NPlusOne;
use PostgreSQL::Test::Utils;
use Requests;
use Screen;
use Test::More;

my $node = start_server('top');
my @long = ('--interval' => 3600);
my ($status, $output, $errors);

# Starts the command in a terminal.
sub top
{
	my ($arguments, %options) = @_;
	my %environment = (Command::environment($node), %{ $options{environment} // {} });

	return Screen->start([ 'clipperf', 'top', @$arguments ], rows => $options{rows}, columns => $options{columns},
		environment => \%environment);
}

# Runs statements as an application does, and waits until they are counted: when its session has ended. A
# query that reads clipperf_info is none of the application's.
sub run_application
{
	my ($route, @statements) = @_;

	$node->safe_psql('postgres', join(";\n", "SET application_name = '$route'", @statements));
	$node->poll_query_until('postgres', q{
		SELECT count(*) = 0 FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND application_name <> 'clipperf' AND pid <> pg_backend_pid()
		AND EXISTS (SELECT FROM clipperf_info)})
	  or die 'sessions do not end';
	return;
}

# Quits, and tests that the terminal is as it was.
sub quits
{
	my ($screen, $name) = @_;

	$screen->press('q');
	is($screen->finish, 0, "$name: status");
	ok($screen->has_its_modes, "$name: the terminal has its modes");
	return;
}

# For scripts.
proven($node, 'a loop', children_of('author'));
run_application('/feed', 'SELECT title FROM post WHERE views = 0 LIMIT 3');
($status, $output, $errors) = clipperf($node, 'top', '--once', '--totals', '--pane' => 'statements', '--sort' => 'rows');
is("$status $errors", '0 ', 'once: status');
like($output, qr/\Aclipperf top: statements of database "postgres", all since \d{4}-.*\n\d+ of \d+ rows, by rows\n/, 'once: what it is of');
like($output, qr/^ +load +calls\/s +ms\/call +\*rows +blocks +route +statement$/m, 'once: the columns, and which one sorts');
is(join("\n", grep { length > 80 } split /\n/, $output), '', 'once: 80 columns');
cmp_ok(scalar(() = $output =~ /\n/g), '<=', 23, 'once: one screen');
my @rows = map { /^ +\S+ +\S+ +\S+ +(\d+)/ } split /\n/, $output;
is("@rows", join(' ', sort { $b <=> $a } @rows), 'once: sorted');
unlike($output, qr/\e|pg_extension|clipperf_info|> /, 'once: no control sequence, no mark, and nothing of its own');
{
	local $ENV{COLUMNS} = 200;
	(undef, $output) = clipperf($node, 'top', '--once', '--totals', '--pane' => 'statements', '--filter' => 'VIEWS = ');
	like($output, qr/\n1 of \d+ rows, by load, filter: VIEWS =\n.*\n.* 3 +\d+ \/feed +SELECT title FROM post WHERE views = \$1 LIMIT \$2\n\z/,
		'once: wide, and filtered');
	(undef, $output) = clipperf($node, 'top', '--once', '--totals');
	like($output, qr/^ +\S+ +\S+ +\S+ +\S+ +0 +0\.\d+ \/feed$|^ +\S+ +\S+ +\S+ +\S+ +0 +0 \/feed$/m, 'once: routes');
}
($status, $output) = clipperf($node, 'top', '--once', '--interval' => 0.1);
is($status, 0, 'once, of an interval: status');
like($output, qr/, the last \d+\.\d s\n0 of 0 rows, by load\n.*\n nothing has ended meanwhile\n\z/, 'once, of an interval');
(undef, $output) = clipperf($node, 'top', '--once', '--pane' => 'jobs');
like($output, qr/jobs of database "postgres", now\n.*\n.*\n nothing\n\z/, 'once: of now, at once');

# Wrong use, and no terminal.
fails_with($node, [ 'top', '--interval', '0' ], qr/invalid value "0" for option --interval\n.*from 0\.1 to 3600/, 'no time');
fails_with($node, [ 'top', '--interval', 'nan' ], qr/invalid value "nan" for option --interval/, 'no number');
fails_with($node, [ 'top', '--pane', 'x' ], qr/unrecognized pane: "x"\n.*routes, statements, waits, activity, jobs/, 'no pane');
fails_with($node, [ 'top', '--sort', 'x' ], qr/unrecognized column: "x"\n.*load, req\/s, /, 'no column');
fails_with($node, ['top'], qr/standard input and output must be a terminal\n.*--once/, 'no terminal');
fails_with($node, [ 'top', '--once', 'template1' ], qr/not installed in database "template1"/, 'no extension');
foreach my $terminal ('dumb', 'nonsense', '')
{
	my $screen = top([@long], environment => { TERM => $terminal });
	is($screen->finish, 2, "terminal \"$terminal\": status");
	like($screen->raw, qr/clipperf: error: terminal "$terminal" is not known, or cannot move its cursor\r\nclipperf: hint: /, "terminal \"$terminal\"");
	ok($screen->has_its_modes, "terminal \"$terminal\": its modes");
}

# Live: what was counted at first, then what is new.
my $screen = top([@long], environment => { TERM => 'vt100' });
my $text;
$screen->wait_for(qr/\Aclipperf top: routes of database "postgres", all since .*^1-5 pane .* q quit\n\z/ms);
pass('live: what was counted, and the keys');
$screen->press('2');
$screen->wait_for(qr/statements of database "postgres", all since .*\n.*\n.*\n>/);
run_application('/feed', ('SELECT title FROM post WHERE views = 0 LIMIT 3') x 7, ('SELECT id FROM post ORDER BY id LIMIT 5') x 2);
$screen->press(' ');
$screen->wait_for(qr/statements of database "postgres", the last \d+\.\d s\n2 of 2 rows/);
$screen->wait_for(qr/^[> ] +\S+ +\S+ +\S+ +3 +\d+ \/feed +SELECT title/m);
$screen->wait_for(qr/^[> ] +\S+ +\S+ +\S+ +5 +\d+ \/feed +SELECT id/m);
pass('live: what is new, per call');
$screen->press('>>>');
$text = $screen->wait_for(qr/by rows.*\n.*\*rows.*\n.* 5 +\d+ \/feed +SELECT id.*\n.* 3 +\d+ \/feed +SELECT title/);
$screen->press('r');
$screen->wait_for(qr/by rows, reversed\n.*\^rows.*\n.* 3 +\d+ \/feed +SELECT title.*\n.* 5 +\d+ \/feed +SELECT id/);
$screen->press("\eOD\eOD\eOD");
$screen->wait_for(qr/by load$/m);
$screen->press('/select IX');
$screen->wait_for(qr/^0 of 2 rows, by load, filter: select IX_$/m);
$screen->press("\x7fD\r");
$text = $screen->wait_for(qr/^1 of 2 rows, by load, filter: select ID$/m);
$screen->press("\e");
$screen->wait_for(qr/^2 of 2 rows, by load$/m);
run_application('/feed', 'SELECT 1 FROM post LIMIT 1');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
run_application('/feed', 'SELECT id FROM post ORDER BY id LIMIT 5');
$screen->press(' ');
$screen->wait_for(qr/, all since .*\n1 of 1 rows/);
pass('live: after a reset, what was counted since');
$screen->press('h');
$screen->wait_for(qr/^keys\n.*^blocks +blocks per execution/ms);
pass('live: help');

# Another size, down to one that has no place for anything.
foreach my $size ([ 12, 50 ], [ 3, 20 ], [ 1, 1 ], [ 40, 132 ], [ 24, 80 ])
{
	$screen->resize(@$size);
	my $begins = substr('clipperf top: statements of database', 0, $size->[1]);
	$screen->wait_for(qr/\A\Q$begins\E/);
	pass("live: @$size");
}
$screen->press("\e");
$screen->wait_for(qr/by load$/m);
quits($screen, 'live');
unlike($screen->raw, qr/\e\[[\d;]*[34]\dm/, 'vt100: no color');

# A statement is opened: its plan, its loop, its fix.
proven($node, 'a loop again', children_of('author'));
settle($node);
$screen = top([ @long, '--pane' => 'statements', '--filter' => 'FROM author' ], environment => { TERM => 'xterm-256color' }, rows => 60);
$screen->wait_for(qr/^> .*FROM author/m);
$screen->press("\r");
$text = $screen->wait_for(qr/^fix\n.*scroll/ms);
like($text, qr/^statement\nSELECT .* FROM author .*\n\nsince it was first seen\n(?:no route|route \S+): calls 50,/m, 'opened: the statement');
like($text, qr/^plan\ncalls 50, mean .*\nIndex Scan using author_pkey/m, 'opened: its plan');
like($text, qr/^loop\nproven: .*\nfor each row of: SELECT .* FROM post .*\nruns: SELECT .* FROM author .*\n(?:sent at.*\n)?instead: SELECT /m, 'opened: its loop');
like($text, qr/^fix\n\S+ n_plus_one on public\.author \(saves /m, 'opened: its fix');
$screen->press("\e");
$screen->wait_for(qr/^> .*FROM author/m);
quits($screen, 'opened');
like($screen->raw, qr/\e\[[\d;]*36m.*\e\[\?1049l/s, 'xterm: in color, and the screen of before is back');
$screen = top([ @long, '--filter' => 'x' ], environment => { TERM => 'xterm-256color', NO_COLOR => 1 });
$screen->wait_for(qr/filter: x/);
quits($screen, 'NO_COLOR');
unlike($screen->raw, qr/\e\[[\d;]*[34]\dm/, 'NO_COLOR: no color');

# A route, what runs now, and what waits.
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{SET application_name = '/holds'; BEGIN; UPDATE author SET posts = 1 WHERE id = 100001});
my $waiter = $node->background_psql('postgres');
$waiter->query_until(qr/go/, "SET application_name = '/waits';\n\\echo go\nUPDATE author SET posts = 2 WHERE id = 100001;\n");
$node->poll_query_until('postgres', q{
	SELECT count(*) = 1 FROM clipperf_waits WHERE wait_event_type = 'Lock' AND held_by = '/holds' AND route = '/waits'})
  or die 'no wait was sampled';
$screen = top([ @long, '--pane' => 'activity', '--sort' => 'waits for' ], columns => 120);
$screen->wait_for(qr/^[> ] .*active .*Lock by \d+ +\/waits +UPDATE a/m);
$screen->press('//waits' . "\r");
$screen->wait_for(qr/filter: \/waits$/m);
$screen->press("\r");
$screen->wait_for(qr/^session\nprocess \d+, .* waits for Lock transactionid, blocked by \d+\n.*\nUPDATE author SET posts = /m);
pass('activity: opened');
$screen->press("\e3");
$screen->wait_for(qr/^[> ] +\S+ Lock +transactionid +\/holds +\/waits$/m);
pass('waits');
$screen->press("\e/holds\r\r");
$screen->wait_for(qr/^who waits, since it counts\nabout \S+ ms: UPDATE author SET posts/m);
pass('waits: opened');
quits($screen, 'activity and waits');
$holder->query_safe('COMMIT');
$holder->quit;
$waiter->quit;

# Wide characters, characters that combine, and those that a terminal would obey.
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
run_application('/feed', encode('UTF-8', qq{SELECT 1 AS "\x{6f22}\x{5b57}e\x{301}|\e]0;title\a\e[31m\x{9b}31m\x{202e}|end" FROM post LIMIT 1}));
$screen = top([ @long, '--pane' => 'statements' ], columns => 120, environment => { TERM => 'xterm' });
$text = $screen->wait_for(qr/\|end" FROM post/);
like($text, qr/AS "\x{6f22}\x{5b57}e\x{301}\|\x{fffd}\]0;title\x{fffd}\x{fffd}\[31m\x{fffd}31m\x{fffd}\|end" FROM post/, 'wide and combining characters are shown, others are not');
$screen->resize(24, 74);
$screen->wait_for(qr/^> .* AS "\x{6f22}$/m);
pass('half of a wide character is left out');
quits($screen, 'characters');
unlike($screen->raw, qr/\e\]|\e\[31m|\xc2\x9b|\xe2\x80\xae/, 'none of them reaches the terminal');
$screen = top([ @long, '--pane' => 'statements' ], columns => 120, environment => { TERM => 'xterm', LC_ALL => 'C' });
$screen->wait_for(qr/AS "\?\?e\?\|\?\]0;title/);
quits($screen, 'ASCII');
unlike($screen->raw, qr/[\x80-\xff]/, 'a terminal of ASCII gets ASCII');

# The server goes away and comes back, and so does the extension.
$screen = top([ @long, '--pane' => 'statements' ], columns => 120);
$screen->wait_for(qr/^> .*FROM post/m);
$node->stop;
$text = $screen->wait_for(qr/no connection, trying again/);
like($text, qr/^> .*FROM post/m, 'no server: the last reading stays');
$screen->press('h');
$screen->wait_for(qr/^keys$/m);
$screen->press("\e");
$node->start;
$screen->wait_for(qr/^\d+ of \d+ rows, by load$/m);
pass('the server is back');
$node->safe_psql('postgres', 'DROP EXTENSION clipperf');
$screen->press(' ');
$screen->wait_for(qr/ERROR: .*clipperf_info" does not exist/);
$node->safe_psql('postgres', 'CREATE EXTENSION clipperf');
$screen->press(' ');
$screen->wait_for(qr/^\d+ of \d+ rows, by load$/m);
pass('the extension is back');
quits($screen, 'came back');

# Rights.
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN');
$screen = top([ @long, '--pane' => 'statements', '-U' => 'app' ], columns => 120);
$screen->wait_for(qr/, own statements only$/m);
pass('a role that sees its own statements');
quits($screen, 'rights');

# Signals, and a terminal that goes away.
$screen = top([@long], environment => { TERM => 'xterm' });
$screen->wait_for(qr/q quit/);
$screen->press("\cC");
is($screen->finish, 0, 'Ctrl-C: status');
ok($screen->has_its_modes, 'Ctrl-C: the terminal has its modes');
like($screen->raw, qr/\e\[\?1049l/, 'Ctrl-C: and its screen');
$screen = top([@long], environment => { TERM => 'xterm' });
$screen->wait_for(qr/q quit/);
kill 'TERM', $screen->{pid};
is($screen->finish, 2, 'SIGTERM: status');
ok($screen->has_its_modes, 'SIGTERM: the terminal has its modes');
like($screen->raw, qr/\e\[\?1049l.*clipperf: error: interrupted/s, 'SIGTERM: its screen, and a message');
$screen = top([@long]);
$screen->wait_for(qr/q quit/);
is($screen->hang_up, 2, 'the terminal goes away: status');

$node->stop;
done_testing();
