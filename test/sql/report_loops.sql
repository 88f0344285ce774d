-- Loops over one list are one finding, in the words of the application that runs them.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA report_loops;
SET search_path = report_loops, public;
CREATE TABLE member (id int PRIMARY KEY, name text);
INSERT INTO member SELECT 5000 + i * 7, 'member ' || i FROM generate_series(1, 100) AS i;
CREATE TABLE clip (id int PRIMARY KEY, title text, owner_id int REFERENCES member);
INSERT INTO clip SELECT 1000 + i * 3, md5(i::text), 5000 + (i * 37 % 100 + 1) * 7 FROM generate_series(1, 300) AS i;
CREATE TABLE vote (clip_id int REFERENCES clip, score int);
INSERT INTO vote SELECT 1000 + (i % 300 + 1) * 3, i FROM generate_series(1, 1500) AS i;
CREATE INDEX ON vote (clip_id);
CREATE TABLE favorite (clip_id int REFERENCES clip, made int);
INSERT INTO favorite SELECT 1000 + (i % 300 + 1) * 3, i FROM generate_series(1, 1500) AS i;
CREATE INDEX ON favorite (clip_id);
ANALYZE;
SET application_name = 'a page';

-- The report without figures that change.
CREATE FUNCTION told(OUT number bigint, OUT part text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT f.number, p.part, regexp_replace(p.line, '[0-9.,]+ (ms|s|min)\M', 'N ms', 'g')
    FROM (SELECT row_number() OVER (ORDER BY relation::text COLLATE "C"), *
          FROM (SELECT summary, evidence, fix, (SELECT min(r::text) FROM regexp_matches(evidence, 'becomes \S+ \((\w+)', 'g') AS r) AS relation
                FROM clipperf_findings() WHERE kind = 'n_plus_one') AS r) AS f (number),
         LATERAL (VALUES (1, 'summary', f.summary), (2, 'evidence', f.evidence), (3, 'fix', f.fix)) AS l (n, part, text),
         LATERAL regexp_split_to_table(l.text, E'\n') WITH ORDINALITY AS t (line, m),
         LATERAL (SELECT l.part, t.line) AS p (part, line)
    ORDER BY f.number, l.n, regexp_replace(t.line, '\(\d\) ?', '') COLLATE "C"
$$;
CREATE FUNCTION without_numbers(text) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace($1, '\(\d\)', '(n)') $$;

-- A page of Rails: three statements for each of 25 clips. One of them runs without the list, too.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id, owner_id FROM clip ORDER BY title LIMIT 25 /*application:Clipper,controller:clips,action:index*/;
SELECT format($$SELECT count(*) FROM vote WHERE clip_id = %s /*application:Clipper,controller:clips,action:index,line:app/clip.rb:12:in `votes'*/$$, id),
    format($$SELECT made FROM favorite WHERE clip_id = %s ORDER BY made LIMIT 1 /*application:Clipper,controller:clips,action:index,line:app/clip.rb:20:in `favorite'*/$$, id),
    format($$SELECT name FROM member WHERE id = %s /*application:Clipper,controller:clips,action:index,line:app/clip.rb:31:in `owner'*/$$, owner_id)
FROM clip ORDER BY title LIMIT 25 \gexec
SELECT format($$SELECT count(*) FROM vote WHERE clip_id = %s /*application:Clipper,controller:clips,action:index*/$$, 1) FROM generate_series(1, 10) \gexec
\o
\set ECHO all
SELECT part, without_numbers(line) AS line FROM told();
SELECT relation, loops, children, route, framework, source_location FROM clipperf_n_plus_one ORDER BY relation::text COLLATE "C";
SELECT clipperf_check('{n_plus_one}');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT clipperf_check('{n_plus_one}');
-- What is accepted goes by each statement: one that comes later is new.
SELECT clipperf_accept('n_plus_one', 'vote', reason => 'a counter') > 0 AS accepted;
SELECT summary FROM clipperf_findings() WHERE kind = 'n_plus_one';
SELECT clipperf_accept_all('as it was', '{n_plus_one}');
SELECT summary FROM clipperf_findings() WHERE kind = 'n_plus_one';
SELECT count(*) FROM clipperf_findings(accepted => true) WHERE kind = 'n_plus_one' AND evidence LIKE 'accepted; %';
SELECT clipperf_check('{n_plus_one}');
\set ECHO none
\o /dev/null
SELECT id, owner_id FROM clip ORDER BY title LIMIT 25 /*application:Clipper,controller:clips,action:index*/;
SELECT format($$SELECT max(made) FROM favorite WHERE clip_id = %s /*application:Clipper,controller:clips,action:index*/$$, id)
FROM clip ORDER BY title LIMIT 25 \gexec
\o
\set ECHO all
SELECT clipperf_check('{n_plus_one}');
DELETE FROM clipperf_accepted;
\set VERBOSITY terse

-- As text, each statement begins a line.
SELECT count(*) FILTER (WHERE line ~ '^   \(\d\) SELECT') AS statements, max(length(line)) <= 100 AS fits
FROM clipperf_report_text() AS line;

-- Where the comment says it in the way of sqlcommenter; values that change with each call are not kept.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id, owner_id FROM clip ORDER BY title LIMIT 25 /*route='/list'*/;
SELECT format($$SELECT score FROM vote WHERE clip_id = %s /*db_driver='psycopg2:2.9',file='clips%%2Fviews.py',framework='django:4.2.1',line='7',request_id='%s',route='/list'*/$$,
    id, md5(id::text)) FROM clip ORDER BY title LIMIT 25 \gexec
\o
\set ECHO all
SELECT framework, source_location FROM clipperf_n_plus_one;
SELECT part, line FROM told() WHERE part = 'fix';

-- Or application_name does; what is not known is kept as it is said, and has no idiom.
SET application_name = 'my prisma service';
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id, owner_id FROM clip ORDER BY title LIMIT 25;
SELECT format('SELECT score FROM vote WHERE clip_id = %s', id) FROM clip ORDER BY title LIMIT 25 \gexec
SELECT format($$SELECT made FROM favorite WHERE clip_id = %s /*framework='home-made',job='Nightly',source_location='lib/%s:3'*/$$,
    id, repeat('long/', 60)) FROM clip ORDER BY title LIMIT 25 \gexec
\o
\set ECHO all
SELECT relation, framework, length(source_location), left(source_location, 20) AS beginning FROM clipperf_n_plus_one ORDER BY relation::text COLLATE "C";
SELECT f AS framework, _clipperf_idiom(f) AS idiom
FROM unnest('{rails_v7.1,django:4.2,flask:2.2/sqlalchemy,@prisma/client,"spring boot",sequelize,sequel,director,""}'::text[]) AS f;
SET application_name = 'a page';

-- What a client's loop calls a function for is no loop of that function.
CREATE FUNCTION votes_of(int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM report_loops.vote WHERE clip_id = $1; RETURN n; END $$;
CREATE FUNCTION all_votes() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE c record; n bigint; s bigint := 0; BEGIN
FOR c IN SELECT id FROM report_loops.clip ORDER BY title LIMIT 25 LOOP SELECT count(*) INTO n FROM report_loops.vote WHERE clip_id = c.id; s := s + n; END LOOP;
RETURN s; END $$;
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id, owner_id FROM clip ORDER BY title LIMIT 25;
SELECT format('SELECT votes_of(%s)', id) FROM clip ORDER BY title LIMIT 25 \gexec
\o
\set ECHO all
SELECT confidence, function, children > 20 AS counted FROM clipperf_n_plus_one;
SELECT clipperf_reset();
SELECT all_votes();
SELECT confidence, function, children > 20 AS counted FROM clipperf_n_plus_one;

-- Where constants are not kept, a number that may name a column by its place is missed; others are parameters.
SET clipperf.capture_parameters = off;
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id, owner_id FROM clip ORDER BY title LIMIT 25;
SELECT format('SELECT score FROM vote WHERE clip_id = %s AND true ORDER BY 1', id),
    format('SELECT made FROM favorite WHERE (clip_id IN (%s)) AND made > 3 AND true ORDER BY made', id)
FROM clip ORDER BY title LIMIT 25 \gexec
\o
\set ECHO all
SELECT child_query, suggestion, no_suggestion FROM clipperf_n_plus_one ORDER BY relation::text COLLATE "C";
RESET clipperf.capture_parameters;

-- Where no route is known, none is named.
SELECT clipperf_reset();
SET application_name = '';
\set ECHO none
\o /dev/null
SELECT id, owner_id FROM clip ORDER BY title LIMIT 25;
SELECT format('SELECT score FROM vote WHERE clip_id = %s', id), format('SELECT made FROM favorite WHERE clip_id = %s', id)
FROM clip ORDER BY title LIMIT 25 \gexec
\o
\set ECHO all
SELECT substring(evidence, '\d+ statements per request[^;]*;') AS statements FROM clipperf_findings() WHERE kind = 'n_plus_one';
SET application_name = 'a page';

-- The same row read again and again: no batch would help, and the fix says so.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
BEGIN;
SELECT 'SELECT title FROM clip WHERE id = 1021' FROM generate_series(1, 25) \gexec
COMMIT;
\o
\set ECHO all
SELECT summary, fix FROM clipperf_findings() WHERE kind = 'n_plus_one';

-- A summary is not cut in the middle of a word.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
BEGIN;
SELECT format('INSERT INTO vote (clip_id, score) VALUES (%s, %s)', 1003 + 3 * (i % 7), i * i % 11) FROM generate_series(1, 120) AS i \gexec
ROLLBACK;
\o
\set ECHO all
SELECT summary FROM clipperf_findings() WHERE kind = 'n_plus_one';

-- A long statement: what it asks for is shown.
SELECT clipperf_line(s, 80) FROM unnest(ARRAY[
    'SELECT ' || repeat('"clips"."column", ', 20) || '"clips"."id" FROM "clips" LEFT OUTER JOIN "members" ON "members"."id" = "clips"."owner_id" INNER JOIN "games" ON "games"."id" = "clips"."game_id" WHERE "clips"."id" = $1',
    'SELECT c.id, c.title FROM clips c, members m, games g, tags t, broadcasters b WHERE c.owner_id = m.id AND g.id = $1',
    'SELECT count(*) FROM (SELECT DISTINCT a_long_name, another_long_name, a_third_long_name FROM clips) AS distinct_clips WHERE a_long_name = $1',
    'SELECT count(*) FROM clips WHERE ' || repeat('title <> $1 AND ', 10) || 'id = $2',
    'SELECT a_long_name, another_long_name, a_third_long_name, yet_another_name, and_a_last_name_of_all FROM clips',
    'SELECT count(*) FROM clips WHERE EXISTS (SELECT FROM members WHERE members.id = clips.owner_id AND name = $1) AND language = $2',
    'SELECT 1', NULL]) WITH ORDINALITY AS u (s, n) ORDER BY n;

-- A fix that would fill screens is shown in few lines: as comments, which nobody runs, with the query that has the whole.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY '{account,avatar,badge}'::text[] LOOP
        EXECUTE format('CREATE TABLE %I (clip_id int PRIMARY KEY, %s)', t,
                       (SELECT string_agg(format('a_column_with_a_long_name_%s int', i), ', ') FROM generate_series(1, 30) AS i));
        EXECUTE format('INSERT INTO %I (clip_id) SELECT id FROM clip', t);
    END LOOP;
END $$;
ANALYZE;
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
BEGIN;
SELECT id, title FROM clip ORDER BY title LIMIT 25;
SELECT format('SELECT clip_id, %s FROM account WHERE clip_id = %s', c.columns, id), format('SELECT clip_id, %s FROM avatar WHERE clip_id = %s', c.columns, id),
    format('SELECT clip_id, %s FROM badge WHERE clip_id = %s', c.columns, id)
FROM clip, (SELECT string_agg(format('a_column_with_a_long_name_%s', i), ', ') FROM generate_series(1, 30) AS i) AS c (columns) ORDER BY title LIMIT 25 \gexec
COMMIT;
\o
\set ECHO all
CREATE VIEW shown AS
SELECT 'table' AS form, line FROM clipperf_report() AS r, string_to_table(r.fix, E'\n') AS line WHERE r.rank = 1
UNION ALL
SELECT 'text', regexp_replace(line, '^   (fix:|    ) ', '') FROM (
    SELECT line, sum((line ~ '^   fix: ')::int) OVER (ORDER BY n) AS fixes
    FROM clipperf_report_text(1) WITH ORDINALITY AS t (line, n)) AS t WHERE fixes = 1 AND line <> '';
SELECT form, count(*) <= 24 AS few, bool_and(line LIKE '-- %') AS comments, bool_or(line ~ 'account') AND bool_or(line ~ 'badge') AS all_of_them
FROM shown GROUP BY form ORDER BY form;
SELECT line FROM shown WHERE form = 'text' AND line ~ 'shortened';
-- And the whole is there, whole, whatever the search_path of who runs that query.
SELECT substring(line FROM 'whole: (.*)$') AS query FROM shown WHERE form = 'text' AND line ~ 'shortened' \gset
SET search_path = pg_catalog;
SELECT fix AS whole FROM (:query) AS f \gset
SET search_path = report_loops, public;
SELECT bool_and(line LIKE 'SELECT %' AND line LIKE '%a_column_with_a_long_name_30%') AS whole, count(*) FROM string_to_table(:'whole', E'\n') AS line WHERE line NOT LIKE '-- %';
-- What is short enough stays what it is, to the line; where there are very many, the last ones are left out.
SELECT _clipperf_shown_fix(fix, 40, 3, 'elsewhere') = fix AS same FROM (VALUES
    ('SELECT a, b, c FROM t WHERE id = ANY ($1)'), (E'-- one\n-- two\n-- three')) AS f (fix);
SELECT * FROM string_to_table(_clipperf_shown_fix(
    (SELECT string_agg(format('SELECT first_column, second_column FROM a_table_%s WHERE id = ANY ($1); -- (%s)', i, i), E'\n' ORDER BY i) FROM generate_series(1, 20) AS i),
    60, 6, 'elsewhere'), E'\n') AS line;
SELECT _clipperf_shown_fix(E'SELECT 1;\nSELECT 2;', 20, 1, 'elsewhere');
DROP SCHEMA report_loops CASCADE;
