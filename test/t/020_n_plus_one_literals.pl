# Keys that stand in the text are followed wherever they stand among other constants, and however they are written.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

# pg_stat_statements sorts the server's list of constants when it sees a statement for the first time.
my $node = start_server('literals', q{shared_preload_libraries = 'clipperf, pg_stat_statements'});

# Thirty rows and for each the child, its key in the text.
sub literal_loop
{
	my ($child, @options) = @_;
	return loop(posts(30), '--child' => $child, '--bind' => '1=col:author_id', '--type' => '1=int8',
		'--protocol' => 'simple', @options);
}

# Other constants stand before and behind the key, in the order of the tree or not.
foreach my $child (
	'SELECT name, 17 AS seventeen FROM author WHERE id = $1',
	'SELECT name FROM author WHERE 23 > 5 AND id = $1 AND name <> \'nobody\'',
	'SELECT name FROM author WHERE id = $1 AND 4 < 9 OFFSET 0 LIMIT 6',
	'WITH one AS (SELECT 1 AS n) SELECT name, 2.5 FROM author, one WHERE id = $1 LIMIT 7',
	'SELECT 1, 2, 3, 4, 5, 6, 7, 8, name FROM author WHERE id = $1',
	'SELECT name FROM author WHERE (id) = ($1)/* 5 */'
  )
{
	my $finding = proven($node, $child, literal_loop($child));
	has($finding, $child, children => [27, 30], relation => 'author');
}

# Keys below zero.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE debtor (id int PRIMARY KEY, name text);
INSERT INTO debtor SELECT -i, md5(i::text) FROM generate_series(5000, 5299) AS i;
CREATE TABLE debt (id int PRIMARY KEY, debtor_id int REFERENCES debtor, title text);
INSERT INTO debt SELECT i, -5000 - i * 37 % 300, md5(i::text) FROM generate_series(1, 300) AS i;
ANALYZE debtor, debt;
SQL
my $finding = proven($node, 'negative keys',
	loop('--parent' => 'SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30',
		'--child' => 'SELECT name FROM debtor WHERE id = $1 AND 3 > 2', '--bind' => '1=col:debtor_id',
		'--type' => '1=int4', '--protocol' => 'simple'));
has($finding, 'negative keys', children => [27, 30], relation => 'debtor');

# The same statement with its keys written in two ways: it has one queryid, and is one pattern.
$finding = proven($node, 'two spellings', statements(<<'SQL'));
SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30;
SELECT format('SELECT name FROM debtor WHERE id = %s', CASE WHEN n % 2 = 0 THEN key ELSE quote_literal(key) END)
FROM (SELECT debtor_id::text AS key, row_number() OVER (ORDER BY title) AS n FROM debt ORDER BY title LIMIT 30) AS keys
\gexec
SQL
has($finding, 'two spellings', children => [27, 30], relation => 'debtor');

# The first of them compares with NULL, which is no key: those after it are followed all the same.
$node->safe_psql('postgres', 'ALTER TABLE debtor ADD kind int DEFAULT 1');
$finding = proven($node, 'NULL before keys', statements(<<'SQL'));
SELECT name FROM debtor WHERE id = NULL AND kind = 1;
SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30;
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind = 1', debtor_id)
FROM (SELECT debtor_id FROM debt ORDER BY title LIMIT 30) AS keys
\gexec
SQL
has($finding, 'NULL before keys', children => [27, 30], relation => 'debtor');

# What is the same throughout a loop need not be a constant of the statement: where other runs of it have another value, it
# stays a parameter of the batch, though the loop itself was not kept as a sample.
$finding = proven($node, 'another value outside of loops', statements(<<'SQL'));
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind = %s', n, n % 2 + 7) FROM generate_series(1, 64) AS n
\gexec
SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30;
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind = 1', debtor_id)
FROM (SELECT debtor_id FROM debt ORDER BY title LIMIT 30) AS keys
\gexec
SQL
like($finding->{suggestion}, qr/ kind = \$2\b/, 'another value outside of loops: a parameter');
$finding = proven($node, 'the same value everywhere', statements(<<'SQL'));
SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30;
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind = 1', debtor_id)
FROM (SELECT debtor_id FROM debt ORDER BY title LIMIT 30) AS keys
\gexec
SQL
like($finding->{suggestion}, qr/ kind = 1\b/, 'the same value everywhere: a constant');

# A constant that is no key has the keys' values: it is not taken for one.
silent($node, 'numbers that are compared with nothing',
	loop(posts(30), '--child' => 'SELECT $1 AS number, name FROM author WHERE id = 100001',
		'--bind' => '1=col:author_id', '--type' => '1=int8', '--protocol' => 'simple'));

$node->stop;
done_testing();
