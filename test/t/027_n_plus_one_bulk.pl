# Bulk statements, their triggers and foreign keys are no loops of the application.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('bulk', 'clipperf.track = all');

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE note (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  post_id int8 NOT NULL REFERENCES post ON DELETE CASCADE, author_id int8 NOT NULL REFERENCES author);
CREATE INDEX ON note (post_id);
CREATE FUNCTION count_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE post SET views = views + 1 WHERE id = NEW.post_id;
  RETURN NEW;
END $$;
CREATE TRIGGER count_note AFTER INSERT ON note FOR EACH ROW EXECUTE FUNCTION count_note();
SQL

# The page of posts that each scenario has just read, in the order in which the triggers will see it.
my $page = 'SELECT id, author_id FROM post ORDER BY title LIMIT 50';

# Rows of the page as text: one line each.
my @rows = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', $page);
my $copy = join("\n", map { "$_->[0]\t$_->[1]" } @rows);
my $values = join(', ', map { "($_->[0], $_->[1])" } @rows);

proven($node, 'control', children_of('remark'));

silent($node, 'INSERT .. SELECT with foreign keys and a trigger',
	statements("$page; INSERT INTO note (post_id, author_id) $page;"));
silent($node, 'multi-row INSERT', statements("$page; INSERT INTO note (post_id, author_id) VALUES $values;"));
silent($node, 'COPY', statements("$page;\nCOPY note (post_id, author_id) FROM STDIN;\n$copy\n\\.\n"));
silent($node, 'many multi-row INSERTs and COPYs in one transaction',
	statements("BEGIN; $page;\n"
		  . ("INSERT INTO note (post_id, author_id) VALUES $values;\n"
			  . "COPY note (post_id, author_id) FROM STDIN;\n$copy\n\\.\n") x 5
		  . 'COMMIT;'));
silent($node, 'bulk UPDATE that checks a foreign key per row',
	statements("$page; UPDATE note SET author_id = author_id + 1 WHERE author_id < 102000;"));
silent($node, 'DELETE that cascades', statements(<<'SQL'));
INSERT INTO post SELECT 900000 + i, 100001, 'to delete' FROM generate_series(1, 60) AS i;
INSERT INTO note (post_id, author_id) SELECT 900000 + i, 100001 FROM generate_series(1, 60) AS i;
SELECT id FROM post WHERE id > 900000 ORDER BY id;
DELETE FROM post WHERE id > 900000;
SQL
silent($node, 'MERGE', statements(<<"SQL"));
$page;
MERGE INTO tally t USING ($page) p ON t.post_id = p.id
  WHEN MATCHED THEN UPDATE SET hits = hits + 1
  WHEN NOT MATCHED THEN INSERT (post_id, hits) VALUES (p.id, 1);
SQL
silent($node, 'prepared statements executed with other keys', statements(<<'SQL'));
PREPARE find (int8) AS SELECT * FROM post WHERE id = $1;
EXECUTE find (200001);
EXECUTE find (200900);
EXECUTE find (200017);
EXECUTE find (203000);
EXECUTE find (200333);
EXECUTE find (201234);
SQL

# The trigger's statement by single inserts is the application's loop: the insert is found, whatever it fires.
my ($insert) = all_proven($node, 'row by row inserts',
	loop('--parent' => $page, '--child' => 'INSERT INTO note (post_id, author_id) VALUES ($1, $2)',
		'--bind' => '1=col:id', '--bind' => '2=col:author_id'),
	qr/INSERT INTO note/);
has($insert, 'row by row inserts', relation => 'note', children => [45, 50]);

$node->stop;
done_testing();
