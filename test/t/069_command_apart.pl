# What the command clipperf asks a server is not counted as the application's: neither its statements, nor requests of a
# route of its own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('apart', 'clipperf.track = all');
my $dir = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', q{
	CREATE TABLE clip (id int, score int);
	INSERT INTO clip SELECT i, i FROM generate_series(1, 10000) AS i;
	ANALYZE clip;
	CREATE ROLE app LOGIN;
	CREATE DATABASE bare});
$node->safe_psql('postgres', "SET application_name = '/feed'; SELECT count(*) FROM clip WHERE score = 1");

my @commands = (
	['report'], [ 'report', '--format' => 'json' ], [ 'report', '--format' => 'html' ], ['check'],
	[ 'check', '--max-statements' => '/feed=3' ], ['recommend'], [ 'apply', '--dry-run' ], ['jobs'],
	['migration'], ['metrics'], ['rules'], ['doctor'], [ 'top', '--once', '--interval' => 0.1 ],
	[ 'profile', '-d' => 'postgres', '--label' => 'apart', '--directory' => $dir, '--', 'true' ],
	[ 'report', '-U' => 'app' ], [ 'doctor', '-U' => 'app' ]);
push @commands, map { [ 'top', '--once', '--totals', '--pane' => $_ ] } qw(routes statements waits activity jobs);

# Sessions tell what they did when they end, and these have.
foreach my $command (@commands)
{
	my ($status, undef, $errors) = clipperf($node, @$command);
	my $name = join(' ', @$command) =~ s/\Q$dir\E/DIRECTORY/r;

	isnt($status, -1, $name);
	unlike($errors, qr/syntax error|does not exist/, "$name: its errors");
	$node->poll_query_until('postgres', q{
		SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'clipperf' AND pid <> pg_backend_pid()
		AND backend_type = 'client backend'}) or die 'the session does not end';
	is($node->safe_psql('postgres', "SELECT string_agg(query, '; ') FROM clipperf_queries WHERE route = 'clipperf'"), '', "$name: no statements");
	is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_routes WHERE route = 'clipperf'"), 0, "$name: no requests");
}

$node->stop;
done_testing();
