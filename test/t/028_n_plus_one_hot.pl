# Many users at full speed: hot lookups on pooled connections and pgbench's own scripts are no N+1 patterns.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('hot');

# Popular posts, looked up while lists of posts are read on the same connections.
my @posts = ('--keys' => 'SELECT id FROM post ORDER BY id', '--lookup' => 'SELECT * FROM post WHERE id = $1',
	'--list' => 'SELECT id, author_id FROM post ORDER BY title LIMIT 50');

proven($node, 'control', children_of('author'));

foreach my $options ([ '--type' => 'int8' ], [ '--protocol' => 'simple', '--type' => 'int8' ], [ '--uniform' ],
	[ '--pool' => 1 ], [ '--pool' => 16 ])
{
	silent($node, "hot lookups @$options", hot(@posts, '--users' => 30, '--lookups' => 300, @$options));
}
silent($node, 'hot lookups, a list every five',
	hot(@posts, '--users' => 30, '--lookups' => 200, '--list-every' => 5));
silent($node, 'hot lookups out of the listed posts alone',
	hot('--keys' => 'SELECT id FROM post ORDER BY title LIMIT 2000', '--lookup' => 'SELECT * FROM post WHERE id = $1',
		'--list' => 'SELECT id FROM post ORDER BY title LIMIT 500', '--users' => 30, '--lookups' => 300));
silent($node, 'hot logins',
	hot('--keys' => 'SELECT email FROM author ORDER BY id', '--lookup' => 'SELECT id, name FROM author WHERE email = $1',
		'--list' => 'SELECT id, author_id FROM post ORDER BY title LIMIT 50', '--users' => 30, '--lookups' => 300));
silent($node, 'hot counters',
	hot('--keys' => 'SELECT id FROM post ORDER BY id', '--lookup' => 'UPDATE post SET views = views + 1 WHERE id = $1',
		'--list' => 'SELECT id FROM post ORDER BY title LIMIT 50', '--users' => 10, '--lookups' => 200));

# pgbench, over its own tables.
$node->command_ok([ 'pgbench', '--initialize', '--quiet', '--scale=2', 'postgres' ], 'pgbench tables');
foreach my $script (qw(select-only simple-update tpcb-like))
{
	foreach my $protocol (qw(prepared extended simple))
	{
		silent($node, "pgbench $script, $protocol", sub {
			my ($server) = @_;
			$server->command_ok(
				[ 'pgbench', '--no-vacuum', "--builtin=$script", "--protocol=$protocol", '--client=4', '--jobs=2',
					'--transactions=250', 'postgres' ], "pgbench $script, $protocol");
		});
	}
}

# The loop is still found among hot lookups of the very same statement.
my $finding = proven($node, 'a loop among hot lookups', sub {
	my ($server) = @_;
	my $pid = fork();
	die "fork failed: $!" unless defined $pid;
	if ($pid == 0)
	{
		eval { hot(@posts, '--users' => 8, '--pool' => 2, '--lookups' => 200)->($server); };
		require POSIX;
		POSIX::_exit($@ ? 1 : 0);
	}
	loop('--parent' => 'SELECT post_id FROM remark ORDER BY body LIMIT 50',
		'--child' => 'SELECT * FROM post WHERE id = $1', '--bind' => '1=col:post_id', '--repeat' => 5)->($server);
	waitpid($pid, 0);
	die 'the hot lookups failed' if $? != 0;
});
has($finding, 'a loop among hot lookups', children => [200, 260], parent_query => qr/FROM remark/);

# Lookups by others of the very keys of a loop that is running are not its children.
$finding = proven($node, 'a loop over hot keys', sub {
	my ($server) = @_;
	my $page = 'SELECT post_id FROM remark ORDER BY body LIMIT 50';
	my $pid = fork();
	die "fork failed: $!" unless defined $pid;
	if ($pid == 0)
	{
		eval {
			loop('--parent' => $page, '--child' => 'SELECT * FROM post WHERE id = $1', '--bind' => '1=col:post_id',
				'--think-ms' => 4)->($server);
		};
		require POSIX;
		POSIX::_exit($@ ? 1 : 0);
	}
	$server->poll_query_until('postgres', "SELECT count(*) > 0 FROM clipperf_n_plus_one")
	  or die 'the loop was not found';
	hot('--keys' => $page, '--lookup' => 'SELECT * FROM post WHERE id = $1', '--uniform', '--users' => 2, '--pool' => 2,
		'--lookups' => 100)->($server);
	waitpid($pid, 0);
	die 'the loop failed' if $? != 0;
});
has($finding, 'a loop over hot keys', loops => 1, children => [45, 50], connections => 1);

$node->stop;
done_testing();
