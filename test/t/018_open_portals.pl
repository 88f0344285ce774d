# A portal outlives the prepared statement that it was made of, and its text with it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils qw(append_to_file);
use Test::More;

my $node = new_server('open_portals');

# In a transaction, the unnamed portal of a statement is closed by the next statement's, when the next one's text has
# replaced its own.  A text of 40 MB is given back to the operating system at once: whoever still reads it crashes.
my $script = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
my $long = 'x' x (40 * 1024 * 1024);
append_to_file($script, "BEGIN;\nSELECT n, length('$long') FROM mark;\nSELECT n + 1 FROM mark;\nCOMMIT;\n");
$node->command_ok([ 'pgbench', '-n', '-t', '2', '-M', 'extended', '-f', $script, 'postgres' ], 'a text that has gone is not read');
is(calls($node, 'SELECT n + $1 FROM mark'), 2, 'the statements after it are counted');
is($node->safe_psql('postgres', q{SELECT calls FROM clipperf_queries WHERE query LIKE 'SELECT n, length(%'}), 2, 'and so is its own');

# A cursor that is open at COMMIT ends long after what its rows were sent to has gone; a sanitizer sees who looks there.
$node->safe_psql('postgres', "BEGIN; DECLARE open CURSOR FOR SELECT n + 2 FROM mark; FETCH 1 FROM open; COMMIT");
is(calls($node, 'SELECT n + $1 FROM mark'), 3, 'a cursor that is open at the end is counted');

done_testing();
