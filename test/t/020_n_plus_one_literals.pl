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

# The batch has the constant that the loop had, or a parameter, and never the one of other runs of the statement: all that
# was kept of it as samples may be of these.
my $others = <<'SQL';
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind = 7', n) FROM generate_series(1, 64) AS n
\gexec
SQL
my $list = "SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30;\n";
sub loop_of_kind
{
	my ($kind) = @_;
	return $list . <<"SQL";
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind = $kind', debtor_id)
FROM (SELECT debtor_id FROM debt ORDER BY title LIMIT 30) AS keys
\\gexec
SQL
}
$finding = proven($node, 'another value outside of loops', statements($others . loop_of_kind(1)));
like($finding->{suggestion}, qr/ kind = (1|\$2)\b/, 'another value outside of loops: not that one');
$finding = proven($node, 'the same value everywhere', statements(loop_of_kind(1)));
like($finding->{suggestion}, qr/ kind = 1\b/, 'the same value everywhere: a constant');
$finding = proven($node, 'loops with two values', statements(loop_of_kind(1) . loop_of_kind(7)));
like($finding->{suggestion}, qr/ kind = \$2\b/, 'loops with two values: a parameter');
$finding = proven($node, 'two sessions', statements(loop_of_kind(1) . "\\connect\n" . loop_of_kind(7)));
like($finding->{suggestion}, qr/ kind = \$2\b/, 'loops with two values, one in each session: a parameter');

# A comment that is another one for each row makes no other statement of it, wherever it stands.
foreach my $statement (
	'SELECT name FROM debtor WHERE id = %1$s AND kind = 1 -- row %2$s',
	'SELECT name FROM debtor WHERE id = %1$s AND kind = 1 /* page */ /* row %2$s */',
	'SELECT name FROM debtor /* row %2$s */ WHERE id = %1$s AND kind = 1'
  )
{
	foreach my $kinds (1, 2)
	{
		my $name = ($kinds == 1 ? 'one kind: ' : 'its constant changes, too: ') . $statement;
		my $child = $kinds == 1 ? $statement : $statement =~ s/kind = 1/kind = %3\$s/r;

		$finding = proven($node, $name, statements($list . <<"SQL"));
SELECT format('$child', debtor_id, md5(id::text), id % 2)
FROM (SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30) AS keys
\\gexec
SQL
		like($finding->{suggestion},
			$kinds == 1 ? qr/ = ANY \(\$1::int.* kind = 1\b/ : qr/unnest\(\$1::int\w+\[\], \$2::int\w+\[\]\)/, $name);
	}
}

# What holds for constants holds for those of a statement that has parameters besides: prepared, in a function, and a list of another length.
sub prepared_loop
{
	my ($kind) = @_;
	return "PREPARE loop_$kind (int) AS SELECT name FROM debtor WHERE id = \$1 AND kind = $kind;\n$list" . <<"SQL";
SELECT format('EXECUTE loop_$kind(%s)', debtor_id) FROM (SELECT debtor_id FROM debt ORDER BY title LIMIT 30) AS keys
\\gexec
SQL
}
my $others_prepared = "PREPARE other (int) AS SELECT name FROM debtor WHERE id = \$1 AND kind = 7;\n" . <<'SQL';
SELECT format('EXECUTE other(%s)', n) FROM generate_series(1, 64) AS n
\gexec
SQL
$finding = proven($node, 'prepared', statements($others_prepared . prepared_loop(1)));
like($finding->{suggestion}, qr/ kind = (1|\$2)\b/, 'prepared with another constant outside of loops: not that one');
$finding = proven($node, 'prepared alone', statements(prepared_loop(1)));
like($finding->{suggestion}, qr/ kind = 1\b/, 'prepared with one constant: it stays');
$finding = proven($node, 'prepared twice', statements(prepared_loop(1) . prepared_loop(7)));
like($finding->{suggestion}, qr/ kind = \$2\b/, 'prepared with two constants: a parameter');

# Also where two texts are of one length and have the same hash of 32 bits.
my @alike = (1021059, 1321873);
is( $node->safe_psql('postgres', 'SELECT count(DISTINCT hashtext(text)) FROM (VALUES '
		  . join(', ', map { "('SELECT name FROM debtor WHERE id = \$1 AND kind = $_')" } @alike) . ') AS t(text)'),
	1, 'two texts have the same hash');
$finding = proven($node, 'prepared alike', statements(prepared_loop($alike[0]) . prepared_loop($alike[1])));
like($finding->{suggestion}, qr/ kind = \$2\b/, 'two constants in texts with the same hash: a parameter');

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION other_kind(debtor int) RETURNS text LANGUAGE plpgsql AS
'DECLARE found text; BEGIN SELECT name INTO found FROM debtor AS d WHERE d.id = debtor AND d.kind = 7; RETURN found; END';
CREATE FUNCTION loop_of_function() RETURNS void LANGUAGE plpgsql AS
'DECLARE found text; debtor int; BEGIN
  FOR debtor IN SELECT debtor_id FROM debt ORDER BY title LIMIT 30 LOOP
    SELECT name INTO found FROM debtor AS d WHERE d.id = debtor AND d.kind = 1;
  END LOOP;
END';
SQL
$finding = proven($node, 'function', statements(<<'SQL'));
SET clipperf.track = 'all';
SELECT other_kind(n) FROM generate_series(1, 64) AS n;
SELECT loop_of_function();
SQL
like($finding->{suggestion}, qr/kind = (1|\$2)\b/, 'the constant of another function: not that one');

$finding = proven($node, 'list of another length', statements(<<'SQL'));
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind IN (7, 8, 9)', n) FROM generate_series(1, 64) AS n
\gexec
SELECT id, debtor_id FROM debt ORDER BY title LIMIT 30;
SELECT format('SELECT name FROM debtor WHERE id = %s AND kind IN (1, 2)', debtor_id)
FROM (SELECT debtor_id FROM debt ORDER BY title LIMIT 30) AS keys
\gexec
SQL
like($finding->{suggestion}, qr/kind (?!.*[789])/, 'a list of another length: not of those values');

# A constant that is no key has the keys' values: it is not taken for one.
silent($node, 'numbers that are compared with nothing',
	loop(posts(30), '--child' => 'SELECT $1 AS number, name FROM author WHERE id = 100001',
		'--bind' => '1=col:author_id', '--type' => '1=int8', '--protocol' => 'simple'));

$node->stop;
done_testing();
