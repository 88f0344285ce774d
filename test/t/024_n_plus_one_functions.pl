# Loops inside the server: PL/pgSQL functions that look up row by row.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('functions');
my $finding;

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION names_of_authors() RETURNS text LANGUAGE plpgsql AS $$
DECLARE row record; one text; names text := '';
BEGIN
  FOR row IN SELECT id, author_id FROM post ORDER BY title LIMIT 50 LOOP
    SELECT name INTO one FROM author WHERE id = row.author_id;
    names := names || one;
  END LOOP;
  RETURN names;
END $$;
CREATE FUNCTION refresh_tallies() RETURNS void LANGUAGE plpgsql AS $$
DECLARE row record;
BEGIN
  FOR row IN SELECT id FROM post ORDER BY title LIMIT 50 LOOP
    INSERT INTO tally (post_id, hits) VALUES (row.id, 1)
      ON CONFLICT (post_id) DO UPDATE SET hits = tally.hits + 1;
  END LOOP;
END $$;
CREATE FUNCTION name_of(author int8) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT name FROM author WHERE id = name_of.author);
END $$;
CREATE FUNCTION names_by_calls() RETURNS text LANGUAGE plpgsql AS $$
DECLARE row record; names text := '';
BEGIN
  FOR row IN SELECT id, author_id FROM post ORDER BY title LIMIT 50 LOOP
    names := names || name_of(row.author_id);
  END LOOP;
  RETURN names;
END $$;
CREATE FUNCTION names_at_once() RETURNS text LANGUAGE plpgsql AS $$
DECLARE ids int8[];
BEGIN
  SELECT array_agg(author_id) INTO ids FROM (SELECT author_id FROM post ORDER BY title LIMIT 50) AS page;
  RETURN (SELECT string_agg(name, '') FROM author WHERE id = ANY (ids));
END $$;
SQL

$finding = proven($node, 'a FOR loop', statements('SELECT names_of_authors()'));
has($finding, 'a FOR loop',
	function => 'names_of_authors()',
	parent_query => qr/FROM post ORDER BY title/,
	child_query => qr/FROM author WHERE id/,
	relation => 'author',
	child_parameter => '$1 (author.id)',
	children => [45, 50],
	connections => 1);
# Its statements are no samples, and name variables of the function.
like($finding->{suggestion}, qr/FROM author WHERE id = ANY \(\$1::bigint\[\]\)/, 'a FOR loop: has a batch');

$finding = proven($node, 'a FOR loop that writes', statements('SELECT refresh_tallies()'));
has($finding, 'a FOR loop that writes', function => 'refresh_tallies()', relation => 'tally', children => [45, 50]);

$finding = proven($node, 'a FOR loop, called ten times',
	statements(join(';', ('SELECT names_of_authors()') x 10)));
has($finding, 'a FOR loop, called ten times', loops => 10, children => [450, 500]);

$finding = proven($node, 'a function in a function', statements('SELECT names_by_calls()'));
has($finding, 'a function in a function', function => qr/name_of|names_by_calls/, children => [45, 50]);

$finding = proven($node, 'an anonymous block', statements(<<'SQL'));
DO $$
DECLARE row record;
BEGIN
  FOR row IN SELECT id FROM post ORDER BY title LIMIT 50 LOOP
    UPDATE post SET views = views + 1 WHERE id = row.id;
  END LOOP;
END $$
SQL
has($finding, 'an anonymous block', function => undef, relation => 'post', children => [45, 50]);

silent($node, 'a function that looks up all keys at once', statements('SELECT names_at_once()'));
silent($node, 'many calls of a function with one lookup each',
	statements(join(';', map { 'SELECT name_of(' . (100001 + $_ * 17 % 1999) . ')' } 1 .. 60)));

$node->stop;
done_testing();
