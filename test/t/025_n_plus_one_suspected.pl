# Lookups by keys that came from outside, a cache say: suspected within one transaction or trace, else not found.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('suspected');
my $finding;

# Lookups of posts by numbers that no result held.
my @keyed = ('--child' => 'SELECT title FROM post WHERE id = $1', '--bind' => '1=col:n', '--type' => '1=int8');

# Loops that share a trace id; its text is new for each request, so it is not prepared.
sub trace
{
	my ($number) = @_;
	my $id = sprintf('%032x', 0x1234 + $number);
	return ('--comment' => "/*traceparent='00-$id-00f067aa0ba902b7-01',route='/cached'*/");
}

foreach my $protocol (qw(prepared simple))
{
	$finding = suspected($node, "one transaction, $protocol",
		loop('--series' => '200101..200140', @keyed, '--transaction', '--protocol' => $protocol));
	has($finding, "one transaction, $protocol",
		children => [35, 40], loops => 1, relation => 'post', child_query => qr/FROM post WHERE id = \$1/,
		parent_query => undef, parent_column => undef);
}

$finding = suspected($node, 'one trace',
	loop('--series' => '200201..200240', @keyed, '--protocol' => 'simple', trace(1)));
has($finding, 'one trace', route => '/cached', children => [35, 40]);

$finding = suspected($node, 'one trace over a pool of four',
	loop('--series' => '200301..200340', @keyed, '--protocol' => 'simple', '--connections' => 4, trace(2)));
has($finding, 'one trace over a pool of four', connections => 4, children => [38, 40], loops => 1);

suspected($node, 'random order in one transaction',
	loop('--series' => '200401..200440', @keyed, '--transaction', '--order' => 'random'));

suspected($node, 'twenty in one transaction', loop('--series' => '200501..200520', @keyed, '--transaction'));

# The first lookup of a transaction counts like the others.
$finding = suspected($node, 'ten in one transaction', loop('--series' => '203001..203010', @keyed, '--transaction'));
has($finding, 'ten in one transaction', children => 10, loops => 1);
silent($node, 'nine in one transaction', loop('--series' => '203101..203109', @keyed, '--transaction'));
silent($node, 'nine in one transaction with literals',
	loop('--series' => '203201..203209', @keyed, '--transaction', '--protocol' => 'simple'));
$finding = suspected($node, 'ten in one transaction with literals',
	loop('--series' => '203301..203310', @keyed, '--transaction', '--protocol' => 'simple'));
has($finding, 'ten in one transaction with literals', children => 10, loops => 1);

# .. unless it was long ago.
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET clipperf.nplusone_window = '50ms'});
silent($node, 'nine in one transaction, long after the first',
	statements(join('', "BEGIN;\nSELECT title FROM post WHERE id = 203500;\nSELECT pg_sleep(0.2);\n",
			(map { "SELECT title FROM post WHERE id = 20350$_;\n" } 1 .. 9), "COMMIT;\n")));
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET clipperf.nplusone_window');

# Lists of different lengths are one statement to us, though each length is looked up with but once.
suspected($node, 'beside lists of twelve lengths in one transaction',
	statements("BEGIN;\n"
		. join('', map { "SELECT title FROM post WHERE id = 20340$_ AND author_id IN (" . join(', ', 1 .. $_) . ");\n" } 1 .. 12)
		. "COMMIT;\n"));

# What a single request does a few times, or what no request ties together, is no finding.
silent($node, 'five in one transaction',
	loop('--series' => '200601..200605', @keyed, '--transaction', '--repeat' => 10));
silent($node, 'forty without transaction or trace', loop('--series' => '200701..200740', @keyed));
silent($node, 'no key lookup: a range in one transaction',
	loop('--series' => '200901..200940', '--child' => 'SELECT count(*) FROM post WHERE id > $1', '--bind' => '1=col:n',
		'--transaction'));
silent($node, 'many short transactions',
	sub {
		my ($server) = @_;
		foreach my $start (201000, 201010, 201020)
		{
			loop('--series' => $start . '..' . ($start + 3), @keyed, '--transaction')->($server);
		}
	});

# Who thinks for long between his lookups, in a transaction that he has left open, runs no loop.
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET clipperf.nplusone_window = '50ms'});
silent($node, 'long thoughts in one transaction',
	loop('--series' => '202001..202015', @keyed, '--transaction', '--think-ms' => 60));
silent($node, 'long thoughts in one trace',
	loop('--series' => '202101..202115', @keyed, '--protocol' => 'simple', '--think-ms' => 60, trace(3)));
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET clipperf.nplusone_window');

# Numbers drawn by lot, as those of sysbench, are no list; where they go up or down, leave no gaps, or are many, they are.
sub transaction
{
	my ($sql, @values) = @_;
	return "BEGIN;\n" . join('', map { "$sql$_;\n" } @values) . "COMMIT;\n";
}
my $title = 'SELECT title FROM post WHERE id = ';
srand(7);
foreach my $range (50, 4000, 100000)
{
	silent($node, "ten of $range numbers, drawn by lot, in each of many transactions",
		statements(join '', map { transaction($title, map { 200001 + int(rand($range)) } 1 .. 10) } 1 .. 60));
}
silent($node, 'the same with parameters',
	statements("PREPARE one (int8) AS ${title}\$1;\n"
		. join('', map { "BEGIN;\n" . join('', map { 'EXECUTE one (' . (200001 + int(rand(4000))) . ");\n" } 1 .. 10) . "COMMIT;\n" } 1 .. 60)));
suspected($node, 'ten that go down', statements(transaction($title, map { 203999 - 131 * $_ } 0 .. 9)));
suspected($node, 'ten without a gap', statements(transaction($title, map { 203000 + $_ } 7, 2, 9, 4, 0, 3, 8, 1, 6, 5)));
$finding = suspected($node, 'two hundred rows of a file', statements(transaction($title, map { 200001 + $_ * 7919 % 4000 } 1 .. 200)));
has($finding, 'two hundred rows of a file', children => 200, loops => 1);
# Keys that cannot be guessed come from a list.
suspected($node, 'ten addresses', statements(transaction('SELECT name FROM author WHERE email = ', map { "'author" . $_ * 7919 % 2000 . "\@example.org'" } 1 .. 10)));

# Rows that are inserted one by one are a batch that is sent in pieces.
foreach my $insert ("INSERT INTO job (id, post_id) VALUES (500%d, 2000%d)", "INSERT INTO tally (hits, post_id) VALUES (1, 2011%d)",
	"INSERT INTO author (name, id, email) VALUES ('a', 150%d, 'new%d') ON CONFLICT DO NOTHING")
{
	$finding = suspected($node, $insert, statements('BEGIN; SET CONSTRAINTS ALL DEFERRED;' .
			join('', map { my $sql = $insert; $sql =~ s/%d/$_/g; "$sql;\n" } 10 .. 41) . 'ROLLBACK;'));
	has($finding, $insert, children => [ 31, 32 ], loops => 1, in_pieces => 'true', suggestion => qr/unnest/);
}
$finding = suspected($node, 'prepared', statements("PREPARE one (int8) AS INSERT INTO job (id) VALUES (\$1);\nBEGIN;\n" .
		join('', map { "EXECUTE one (600$_);\n" } 10 .. 41) . 'COMMIT;'));
has($finding, 'prepared', children => [ 31, 32 ], in_pieces => 'true');
like($node->safe_psql('postgres', q{SELECT summary FROM clipperf_findings() WHERE kind = 'n_plus_one'}), qr/rows inserted one by one/, 'they are reported as such');
$finding = suspected($node, 'three loops in one request', statements("BEGIN;\n" .
		join('', map { "INSERT INTO job (id) VALUES (700$_);\n" } 10 .. 41) . 'COMMIT;'));
silent($node, 'one row in each transaction', statements(join '', map { "BEGIN;\nINSERT INTO job (id) VALUES (800$_);\nCOMMIT;\n" } 10 .. 60));
silent($node, 'rows outside of transactions', statements(join '', map { "INSERT INTO job (id) VALUES (900$_);\n" } 10 .. 60));
silent($node, 'batches', statements("BEGIN;\n" . join('', map { "INSERT INTO job (id) VALUES (1000$_), (1001$_), (1002$_);\n" } 10 .. 40) . 'COMMIT;'));
silent($node, 'rows from elsewhere', statements("BEGIN;\n" . join('', map { "INSERT INTO job (id) SELECT id + 2000000 FROM post WHERE id = 2000$_;\n" } 10 .. 18) . 'COMMIT;'));

# A loop with lineage in a transaction is proven, not suspected as well.
proven($node, 'lineage in a transaction', children_of('author', '--transaction'));

unlike($node->safe_psql('postgres', q{SELECT DISTINCT severity FROM clipperf_findings() WHERE kind = 'n_plus_one'}),
	qr/info/, 'what is proven is more than information');

$node->stop;
done_testing();
