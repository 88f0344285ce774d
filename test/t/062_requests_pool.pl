# Requests over pgbouncer in transaction mode, where clients share a few connections: each transaction is a request, and
# so is each trace, on whatever connections its transactions ran.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Requests;
use Test::More;

$ENV{PATH} .= ':/usr/sbin';
plan skip_all => 'pgbouncer is not installed' if system('pgbouncer --version > /dev/null 2>&1') != 0;

my $node = new_server('requests_pool');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $sockets = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $user = $node->safe_psql('postgres', 'SELECT current_user');
append_to_file("$dir/pgbouncer.ini", <<"INI");
[databases]
postgres = host=@{[ $node->host ]} port=@{[ $node->port ]} user=$user
[pgbouncer]
listen_port = $port
unix_socket_dir = $sockets
auth_type = any
pool_mode = transaction
default_pool_size = 3
logfile = $dir/pgbouncer.log
INI
my $pgbouncer = IPC::Run::start([ 'pgbouncer', "$dir/pgbouncer.ini" ], '>', "$dir/out", '2>', "$dir/err");
END
{
	my $status = $?;
	$pgbouncer->kill_kill if $pgbouncer;
	$? = $status;
}
my $pool = "host=$sockets port=$port dbname=postgres user=$user";
my $tries = 0;
until (system('psql', '-XAtqc', 'SELECT 1', $pool, '-o', '/dev/null') == 0)
{
	$pgbouncer->pumpable && $tries++ < 1000 or die slurp_file("$dir/pgbouncer.log");
}
$node->safe_psql('postgres', 'CREATE TABLE hot (id int PRIMARY KEY, n int); INSERT INTO hot SELECT i, 0 FROM generate_series(1, 100) AS i');

my $trace = "traceparent='00-5bd66ef5095369c7:high:low-c532cb4098ac3dd2-01'";
my %scripts = (
	'/transaction' => [ 3, "BEGIN;\nSELECT n FROM hot WHERE id = :id COMMENT;\nUPDATE hot SET n = n + 1 WHERE id = :id COMMENT;\nSELECT 1 COMMENT;\nCOMMIT;\n", '' ],
	'/trace' => [ 3, "BEGIN;\nSELECT n FROM hot WHERE id = :id COMMENT;\nSELECT 1 COMMENT;\nCOMMIT;\nBEGIN;\nSELECT 2 COMMENT;\nCOMMIT;\n", ",$trace" ],
	'/each' => [ 2, "SELECT n FROM hot WHERE id = :id COMMENT;\nSELECT 1 COMMENT;\n", ",$trace" ]);
foreach my $route (keys %scripts)
{
	my ($statements, $sql, $more) = @{ $scripts{$route} };
	$sql =~ s{COMMENT}{/*route='$route'$more*/}g;
	append_to_file($dir . $route, "\\set id random(1, 100)\n\\set high random(10000000, 99999999)\n\\set low random(10000000, 99999999)\n$sql");
}
# The pool would keep its connections.
sub end_pool
{
	$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()});
}

end_pool();
foreach my $protocol (qw(simple extended))
{
	# pgbench makes parameters of variables, in comments as well, but in the simple protocol
	my @routes = grep { $protocol eq 'simple' || $_ eq '/transaction' } sort keys %scripts;
	measured($node, $protocol, sub {
		foreach my $route (@routes)
		{
			command_ok([ 'pgbench', '-n', '-M', $protocol, '-c', 8, '-t', 50, '-f', $dir . $route, $pool ], "$protocol: $route");
		}
		end_pool();
	}, map { $_ => { requests => 400, statements => 400 * $scripts{$_}->[0], errors => 0 } } @routes);
}
is_healthy($node, 'requests over a pool');
done_testing();
