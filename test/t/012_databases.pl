# The store is the server's: databases without the extension are captured, and DROP EXTENSION disturbs nobody.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('databases');

# A database without the extension.
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE TABLE elsewhere (n int); SELECT n FROM elsewhere');
is($node->safe_psql('postgres', q{
	SELECT d.datname, q.calls FROM clipperf_queries AS q JOIN pg_database AS d ON d.oid = q.dbid
	WHERE query = 'SELECT n FROM elsewhere' }), 'other|1', 'it is captured there, and read from here');
failed_with($node, 'other', 'SELECT * FROM clipperf_queries', '42P01', qr/does not exist/, 'there it cannot be read');

# One that is dropped: its statements stay readable.
$node->safe_psql('postgres', 'DROP DATABASE other');
is(calls($node, 'SELECT n FROM elsewhere'), 1, 'the statements of a dropped database can be read');
$node->safe_psql('postgres', 'SELECT * FROM clipperf_report()');

# DROP EXTENSION while another session reads: it waits, nothing is lost.
my $reader = $node->background_psql('postgres', on_error_stop => 0);
$reader->query_safe('BEGIN');
$reader->query_safe('SELECT count(*) FROM clipperf_queries');
failed_with($node, 'postgres', "SET lock_timeout = '100ms'; DROP EXTENSION clipperf", '55P03', qr/lock timeout/,
	'DROP EXTENSION waits for a reader');
is($reader->query('SELECT count(*) > 0 FROM clipperf_queries'), 't', 'who reads on');
$reader->query_safe('COMMIT');
$reader->query_safe('PREPARE again AS SELECT count(*) > 0 FROM clipperf_queries');
$reader->query_safe('EXECUTE again');

# And while others work: they notice nothing, and what they do is counted all along.
my $worker = $node->background_psql('postgres');
$worker->query_safe('SELECT before FROM mark');
my $cycles = 3;
foreach (1 .. $cycles)
{
	$node->safe_psql('postgres', 'DROP EXTENSION clipperf');
	$worker->query_safe('SELECT before FROM mark');
	$node->safe_psql('postgres', 'CREATE EXTENSION clipperf');
	$worker->query_safe('SELECT before FROM mark');
}
is(calls($node, 'SELECT before FROM mark'), 1 + 2 * $cycles, 'statements are counted with and without extension');
$reader->query('EXECUTE again');
is($reader->query('SELECT count(*) > 0 FROM clipperf_queries'), 't', 'a session from before reads the new extension');

$node->safe_psql('postgres', 'DROP EXTENSION clipperf');
$reader->query('EXECUTE again');
like($reader->{stderr}, qr/relation "clipperf_queries" does not exist|does not exist/, 'a prepared reader says what is gone');
$reader->{stderr} = '';
is($reader->query('SELECT n FROM mark'), '1', 'and its session goes on');
$reader->quit;
$worker->quit;

is_healthy($node, 'DROP EXTENSION');
$node->stop;
done_testing();
