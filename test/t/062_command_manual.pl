# The manual of the command: its examples run, and each option has its place there.
#
# Each block ```sh of docs/command.md and docs/load-test.md is run by a shell, against a database with the example application's data, after some
# of its load. An HTML comment <!-- exit: N --> on the line above a block says that its status is not 0.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $clipper = "$root/examples/clipper";
my $page = slurp_file("$root/docs/command.md");
my $load_test = slurp_file("$root/docs/load-test.md");

my $node = new_server('manual');
$node->safe_psql('postgres', 'CREATE DATABASE clipper');
$node->safe_psql('clipper', 'CREATE EXTENSION clipperf');
$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'clipper' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=0.02', '-f', "$clipper/data.sql", 'clipper' ], "Clipper's data");
$node->command_ok([ "$clipper/load/clipload", 'replay', '--conninfo', $node->connstr('clipper'), '--users', 20,
		'--pool', 4, '--requests', 300, '--seconds', 120, '--think-ms', 5 ], 'load');

# Users of the load share connections statement by statement, so that how many statements of a page stand together there is
# a matter of luck.  One page in a transaction is one request.
$node->safe_psql('clipper', join(";\n", q(SET clipperf.route = '/clip'), 'BEGIN',
		('SELECT title FROM clips ORDER BY id LIMIT 1') x 4, 'COMMIT'));
settle($node);

# Examples.
chdir PostgreSQL::Test::Utils::tempdir();
my $examples = 0;
my $examples_text = "$page$load_test";
while ($examples_text =~ /(?:^<!-- exit: (\d+) -->\n)?^```sh\n(.*?)^```\n/msg)
{
	my ($expected, $code) = ($1 // 0, $2);
	my ($status, $output, $errors) = run_command_line($node, 'sh', '-e', '-u', '-c', $code);

	is($status, $expected, $code =~ s/\n.*//sr) or diag("$output\n$errors");
	$examples++;
}
cmp_ok($examples, '>=', 4, 'there are examples');

# Options: those of each subcommand's help and of its section, which the sections on connecting and installing complete.
my (undef, $help) = clipperf($node, '--help');
my @commands = $help =~ /^  ([a-z]+)  +\w/mg;
cmp_ok(scalar(@commands), '>=', 1, 'there are commands');
my ($common) = $page =~ /^## Connecting\n(.*?)^## /ms;
foreach my $command (@commands)
{
	my ($section) = $page =~ /^## clipperf $command\n(.*?)(?=^## |\z)/ms;
	my %documented = map { $_ => 1 } map { /`(--[a-z-]+)/g } ($common . ($section // '')) =~ /^\| (.*?) \|/mg;
	my (undef, $options) = clipperf($node, $command, '--help');
	my %helped = map { $_ => 1 } $options =~ /^ +(?:-[\w?], )?(--[a-z-]+)/mg;

	is(join(' ', sort keys %documented), join(' ', sort keys %helped), "$command: the options of the manual are those of the help");
}

# The command alone, where there is libpq and no server: what is copied is all that it is made of.
my $alone = PostgreSQL::Test::Utils::tempdir() . '/alone';
my ($libpq) = run_command([ 'pg_config', '--libdir' ]);
my ($headers) = run_command([ 'pg_config', '--includedir' ]);
mkdir $alone;
mkdir "$alone/src";
mkdir "$alone/src/common";
mkdir "$alone/docs";
system("cp -R $root/Makefile $root/clipperf.control $alone && cp -R $root/src/client $alone/src/ && cp $root/src/common/control_character.h $alone/src/common/ && cp $root/docs/command.md $alone/docs/ && find $alone -name '*.o' -delete"
	  . " && mkdir -p $alone/examples/clipper/load $alone/test/fuzz"
	  . " && cp $root/examples/clipper/load/clipload.mk $alone/examples/clipper/load/ && cp $root/test/fuzz/fuzz.mk $alone/test/fuzz/") == 0
  or die 'could not copy the sources';
unlink "$alone/src/client/clipperf";
append_to_file("$alone/pg_config", "#!/bin/sh\ncase \$1 in --libdir) echo $libpq ;; --includedir) echo $headers ;; --bindir) echo $alone/bin ;; --mandir) echo $alone/man ;; *) exit 1 ;; esac\n");
chmod 0755, "$alone/pg_config";
command_ok([ 'make', '-s', '-C', $alone, "PG_CONFIG=$alone/pg_config", 'install-client' ], 'the command is built without a server');
command_ok([ "$alone/bin/clipperf", '--version' ], 'and runs');

# Its manual page is made of the manual, and well formed.
my $man = slurp_file("$alone/man/man1/clipperf.1");
foreach my $command (@commands)
{
	like($man, qr/^\.SH "CLIPPERF \U$command"$/m, "$command: in the manual page");
}
my ($complaints) = run_command([ 'mandoc', '-T', 'lint', '-W', 'warning', "$alone/man/man1/clipperf.1" ]);
is($complaints, '', 'the manual page is well formed');
my ($rendered) = run_command([ 'mandoc', '-T', 'utf8', '-O', 'width=80', "$alone/man/man1/clipperf.1" ]);
$rendered =~ s/.\x08//g;
ok($rendered =~ /^ +--totals\n +show all that was counted, /m, 'an option of it');
ok($rendered !~ /\]\(|\*\*|\|.*\|.*\|/, 'nothing of Markdown is left in it');

# Without ncurses all is there but the live screen.
unlink "$alone/src/client/top/terminal.o", "$alone/src/client/clipperf";
command_ok([ 'make', '-s', '-C', $alone, "PG_CONFIG=$alone/pg_config", 'WITHOUT_CURSES=1', 'install-client' ], 'the command is built without ncurses');
my ($status, undef, $errors) = run_command_line($node, "$alone/bin/clipperf", 'top', 'clipper');
is($status, 2, 'without ncurses: no live screen');
like($errors, qr/error: this command was built without curses, .*\n.*--once.*libncurses-dev/, 'without ncurses: what is missing');
is((run_command_line($node, "$alone/bin/clipperf", 'top', '--once', '--totals', 'clipper'))[0], 0, 'without ncurses: one screen');

$node->stop;

done_testing();
