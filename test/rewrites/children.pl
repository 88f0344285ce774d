#!/usr/bin/perl
# children.pl COUNT SEED: calls of compare() in compare.sql for so many random loops.
use strict;
use warnings;

my ($count, $seed) = @ARGV;
srand($seed);

sub one { return $_[ int rand @_ ]; }
sub maybe { my ($chance, $text) = @_; return rand() < $chance ? $text : ''; }

# What is looped over: the child's key is a column of a result.  Keys come once, more than once, are missing, or null;
# the other values vary or stay the same.
sub parent
{
	my ($of) = @_;
	my $k2 = one('views', 'views', '2', 'NULLIF(views, 1)');
	my $k3 = one('title', 'note', "'a constant'", "'it''s'");
	my $k4 = one('score', '1.5');
	my $rows = one(20, 20, 25, 40);
	return "SELECT author_id AS k1, $k2 AS k2, $k3 AS k3, $k4 AS k4 FROM post ORDER BY title LIMIT $rows" if $of eq 'author';
	return "SELECT order_no AS k1, line_no AS k2, 'line' AS k3, 1.0 AS k4 FROM line ORDER BY qty, order_no DESC, line_no LIMIT $rows"
	  if $of eq 'line';
	return one(
		"SELECT id AS k1, $k2 AS k2, $k3 AS k3, $k4 AS k4 FROM post ORDER BY title LIMIT $rows",
		"SELECT id AS k1, $k2 AS k2, $k3 AS k3, $k4 AS k4 FROM post ORDER BY title DESC LIMIT $rows",
		"SELECT post_id AS k1, kind AS k2, body AS k3, 1.0 AS k4 FROM remark ORDER BY made, body LIMIT $rows",
		"SELECT id AS k1, at AS k2, 'w' || at AS k3, (at % 3)::numeric AS k4 FROM wanted ORDER BY at LIMIT $rows");
}

# A condition that finds rows by the key, of a table with these columns.
sub condition
{
	my ($key, $number, $text) = @_;
	my $find = one("$key = \$1", "$key = \$1", "$key = \$1", "\$1 = $key", "$key IN (\$1)", "$key = \$1::bigint", "$key = (\$1)");
	return $find
	  . maybe(0.25, one(" AND $number = \$2", " AND $number > \$2", " AND $number IS DISTINCT FROM \$2", " AND coalesce($number, 0) <= \$2"))
	  . maybe(0.15, one(" AND $text <> \$3", " AND ($text = \$3 OR $text IS NULL)", " AND $text LIKE \$3 || '%'"))
	  . maybe(0.10, " AND $number + 1 > \$4")
	  . maybe(0.05, " OR $number = 99");
}

sub query
{
	my ($table, $key, $number, $text, $order) = @{ one(
			[ 'remark', 'post_id', 'kind', 'body', 'id' ], [ 'post', 'id', 'views', 'note', 'id' ],
			[ 'post', 'author_id', 'views', 'title', 'id' ], [ 'tally', 'post_id', 'hits', 'label', 'post_id' ],
			[ 'line', 'order_no', 'qty', 'order_no::text', 'line_no' ]) };
	my $where = condition($key, $number, $text);
	my $columns = one('*', $text, "$number, $text", "$key, $text", "upper($text) AS big", "$number + 1, \$1 AS again", "$table.*", "1 AS one");
	my $tail = maybe(0.4, " ORDER BY $order" . maybe(0.3, ' DESC'));
	$tail .= one(' LIMIT 1', ' LIMIT 2', ' LIMIT 1 OFFSET 1', ' FETCH FIRST 2 ROWS ONLY') if $tail ne '' && rand() < 0.4;
	return one(
		("SELECT $columns FROM $table WHERE $where$tail") x 5,
		"SELECT DISTINCT $number FROM $table WHERE $where ORDER BY 1",
		"SELECT count(*), max($text) FROM $table WHERE $where",
		"SELECT $number, count(*) FROM $table WHERE $where GROUP BY $number ORDER BY 1, 2",
		"SELECT $number, sum($number) OVER (ORDER BY $order) FROM $table WHERE $where ORDER BY $order",
		"SELECT EXISTS (SELECT 1 FROM $table WHERE $where)",
		"SELECT k.$text FROM (SELECT * FROM $table WHERE $where ORDER BY $order) AS k",
		"WITH k AS (SELECT * FROM $table WHERE $where) SELECT $number FROM k ORDER BY $order",
		"SELECT $order FROM $table WHERE $where UNION ALL SELECT \$1 ORDER BY 1",
		"SELECT t.$order, a.name FROM $table t LEFT JOIN author a ON a.id = t.$key WHERE t.$key = \$1 ORDER BY t.$order",
		"SELECT a.name, t.$order FROM author a JOIN $table t ON t.$key = \$1 WHERE a.id = 100003 ORDER BY 2",
		"SELECT t.$order FROM $table t WHERE t.$key = \$1 ORDER BY t.$order FOR UPDATE",
		"SELECT $order FROM $table WHERE ($key, coalesce($number, 0)) = (\$1, \$2) ORDER BY $order",
		"SELECT CASE WHEN $number > \$2 THEN \$3 ELSE 'less' END FROM $table WHERE $key = \$1 ORDER BY $order");
}

sub update
{
	my ($table, $key, $number, $text) = @{ one(
			[ 'post', 'id', 'views', 'note' ], [ 'post', 'author_id', 'views', 'note' ],
			[ 'remark', 'post_id', 'kind', 'body' ], [ 'tally', 'post_id', 'hits', 'label' ]) };
	my $set = one("$number = \$2", "$number = $number + 1", "$text = \$3", "$number = $number + \$2", "$number = \$2, $text = \$3",
		"($number, $text) = (\$2, \$3)", "$text = $text || \$3", "$number = (SELECT count(*) FROM line WHERE order_no = \$1)",
		"$number = (SELECT count(*) FROM $table AS o WHERE o.$key = \$1)", "$number = 4");
	my $where = condition($key, $number, $text);
	return one(("UPDATE $table SET $set WHERE $where") x 3,
		"UPDATE $table SET $set WHERE $key = \$1",
		"UPDATE $table AS t SET $set FROM author AS a WHERE t.$key = \$1 AND a.id = 100003",
		"UPDATE $table SET $set WHERE $key = \$1 RETURNING $number, $text");
}

sub delete_rows
{
	my ($table, $key, $number, $text) = @{ one([ 'remark', 'post_id', 'kind', 'body' ], [ 'tally', 'post_id', 'hits', 'label' ],
			[ 'line', 'order_no', 'line_no', 'qty::text' ]) };
	my $where = condition($key, $number, $text);
	return one("DELETE FROM $table WHERE $where", "DELETE FROM $table WHERE $key = \$1 AND $number = \$2",
		"DELETE FROM $table WHERE $where RETURNING $key, $number", "DELETE FROM $table AS t USING author AS a WHERE t.$key = \$1 AND a.id = 100003",
		"DELETE FROM $table AS t WHERE t.$key = \$1 AND EXISTS (SELECT FROM $table AS o WHERE o.$key > t.$key)");
}

sub insert
{
	my $conflict = one('', ' ON CONFLICT DO NOTHING', ' ON CONFLICT (post_id) DO NOTHING', ' ON CONFLICT (post_id) DO UPDATE SET hits = tally.hits + 1',
		' ON CONFLICT (post_id) DO UPDATE SET hits = excluded.hits', ' ON CONFLICT (post_id) DO UPDATE SET label = $3, hits = $2');
	return one("INSERT INTO tally (post_id, hits, label) VALUES (\$1, \$2, \$3)$conflict",
		"INSERT INTO tally VALUES (\$1, \$2)$conflict",
		"INSERT INTO tally (post_id, hits, made) VALUES (\$1, \$2, DEFAULT)$conflict",
		"INSERT INTO journal (k1, k2, k3, k4) VALUES (\$1, \$2, \$3, \$4)",
		"INSERT INTO journal VALUES (DEFAULT, \$1, \$2, lower(\$3))",
		"INSERT INTO journal (k1, k3) VALUES (\$1, 'one'), (\$1, \$3)",
		"INSERT INTO journal (k1, k2) SELECT post_id, kind FROM remark WHERE post_id = \$1 ORDER BY id",
		"INSERT INTO journal (k1, k2, k3) SELECT \$1, max(hits), min(label) FROM tally WHERE post_id = \$1",
		"INSERT INTO journal (k1, k2) VALUES (\$1, (SELECT count(*) FROM journal WHERE k1 = \$1))",
		"INSERT INTO journal (k1, k3) VALUES (\$1, \$3) RETURNING k3",
		"MERGE INTO tally AS t USING (SELECT \$1 AS id, \$2 AS n) AS s ON t.post_id = s.id WHEN MATCHED THEN UPDATE SET hits = s.n WHEN NOT MATCHED THEN INSERT (post_id, hits) VALUES (s.id, s.n)");
}

print "SET search_path = rewrites, public;\n";
foreach my $number (1 .. $count)
{
	my $child = one(\&query, \&query, \&query, \&update, \&update, \&delete_rows, \&insert, \&insert)->();
	my $of = $child =~ /author_id(?:::\w+)? (?:=|IN)|= author_id/ ? 'author' : $child =~ /\border_no(?:::\w+)? (?:=|IN)|= order_no/ && $child !~ /post_id|\bid\b/ ? 'line' : 'post';
	my $literals = rand() < 0.4 ? 'true' : 'false';
	my ($parent, $quoted) = map { s/'/''/gr } parent($of), $child;
	# The same statement with other constants, which has the same queryid.
	my $other = rand() < 0.4 ? "'" . ($quoted =~ s/(?<![\$\w.])(\d+)(?![\w.])/$1 + 1/egr) . "'" : 'NULL';
	# A statement in which functions of clipperf have run is clipperf's own from then on.
	print "SELECT clipperf_reset();\n";
	print "SELECT json_build_object('n', $number, 'literals', $literals, 'child', '$quoted', 'parent', '$parent', "
	  . "'verdict', c.verdict, 'suggestion', c.suggestion) FROM compare('$parent', '$quoted', $literals, $other) AS c;\n";
}
