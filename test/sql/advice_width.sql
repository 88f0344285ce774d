-- An index refuses rows that are too large for it, so that a statement may fail which worked before: what is recommended never does for what it includes.
SET client_min_messages = warning;
CREATE SCHEMA width;
SET search_path = width, public;
CREATE TYPE mood AS ENUM ('fine', 'bad');
CREATE DOMAIN short_name AS varchar(30);
CREATE DOMAIN any_name AS text CHECK (length(value) < 100);
CREATE TABLE ticket (
    id bigint PRIMARY KEY, tenant int NOT NULL,
    note text NOT NULL, amount numeric(10, 2) NOT NULL, price numeric NOT NULL, code varchar(20) NOT NULL, free varchar NOT NULL, country char(2) NOT NULL,
    state mood NOT NULL, host inet NOT NULL, span int4range NOT NULL, prices numrange NOT NULL, flags bit(3) NOT NULL, tags text[] NOT NULL,
    doc jsonb NOT NULL, bytes bytea NOT NULL, called short_name NOT NULL, named any_name NOT NULL, long varchar(700) NOT NULL, ref uuid NOT NULL,
    one varchar(250) NOT NULL, two varchar(250) NOT NULL, three varchar(250) NOT NULL, filler text NOT NULL);
INSERT INTO ticket
SELECT i, i % 500, 'note', i, i, 'code', 'free', 'de', 'fine', '10.0.0.1', '[1,2]', '[1,2]', B'101', '{a}', '{}', '\x01', 'called', 'named', 'long',
       md5(i::text)::uuid, 'one', 'two', 'three', repeat('x', 300)
FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE ticket;
CREATE FUNCTION advised(statements text[]) RETURNS SETOF text
LANGUAGE sql AS $$ SELECT ddl FROM clipperf_recommend_for(statements) WHERE action = 'create' ORDER BY ddl COLLATE "C" $$;
-- A column is included only if its type bounds the size of its values, however small these are now.
SELECT attname, atttypid::regtype AS type, ddl LIKE '%(tenant) INCLUDE (' || attname || ');' AS included
FROM pg_attribute, advised(ARRAY[format('SELECT %I FROM ticket WHERE tenant = 7', attname)]) AS ddl
WHERE attrelid = 'ticket'::regclass AND attnum > 2 AND attname NOT IN ('one', 'two', 'three', 'filler') ORDER BY attnum;
-- Together the columns must fit, too, in an index for one statement or for several.
SELECT advised(ARRAY['SELECT one FROM ticket WHERE tenant = 7']);
SELECT advised(ARRAY['SELECT one, two, three FROM ticket WHERE tenant = 7']);
SELECT bool_or(ddl ~ 'INCLUDE') AS included, bool_or(ddl ~ 'one' AND ddl ~ 'two' AND ddl ~ 'three') AS all_of_them
FROM advised(ARRAY['SELECT one, two FROM ticket WHERE tenant = 7', 'SELECT three FROM ticket WHERE tenant = 7']) AS ddl;
-- What worked before works with the index.
SELECT replace(advised('{SELECT note FROM ticket WHERE tenant = 7}'), ' CONCURRENTLY', '') AS ddl \gset
:ddl
CREATE FUNCTION wide() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) AS i $$;
UPDATE ticket SET note = wide() WHERE id = 7;
-- With rows that an index would refuse there is none, and the reason says why.
CREATE TABLE letter (id int PRIMARY KEY, owner int NOT NULL, body text NOT NULL, title varchar(100) NOT NULL, words text[] NOT NULL);
INSERT INTO letter SELECT i, i % 300, 'body ' || i, 'title ' || i, ARRAY['word ' || i] FROM generate_series(1, 20000) AS i;
UPDATE letter SET body = wide() WHERE id % 400 = 7;
VACUUM ANALYZE letter;
CREATE FUNCTION answered(statement text) RETURNS TABLE (action text, index_name name, answer text)
LANGUAGE sql AS $$ SELECT action, index_name, regexp_replace(reason, 'of (up to )?[0-9]+ bytes', 'of N bytes') FROM clipperf_recommend_for(ARRAY[statement]) $$;
SELECT * FROM answered('SELECT * FROM letter WHERE body = ''body 7''');
SELECT * FROM answered('SELECT * FROM letter WHERE lower(body) = ''body 7''');
SELECT * FROM answered('SELECT * FROM letter WHERE owner = 7 AND body = ''body 7''');
SELECT * FROM answered('SELECT * FROM letter WHERE title = ''title 7''');
SELECT * FROM answered('SELECT * FROM letter WHERE words @> ''{word 7}''');
UPDATE letter SET words = ARRAY[wide()] WHERE id % 400 = 7;
SELECT * FROM answered('SELECT * FROM letter WHERE words @> ''{word 7}''');
-- So it is with a scan that is asked about, and with the member of an index set.
SELECT FROM clipperf_reset();
\o /dev/null
SELECT format('SELECT * FROM letter WHERE body = %L', i) FROM generate_series(1, 10) AS i \gexec
\o
SELECT action, index_name, reason ~ '^an index on letter \(body\) could not be built' AS told FROM clipperf_recommend() WHERE relation = 'letter'::regclass;
SELECT outcome, reason ~ '^an index on letter \(body\) could not be built' AS told FROM clipperf_scan_advice WHERE relation = 'letter'::regclass;
SELECT FROM clipperf_add_index('wide set', 'CREATE INDEX letter_body ON letter (body)');
SELECT action, index_name, ddl IS NULL AS no_ddl, reason ~ '^an index on letter \(body\) could not be built' AS told FROM clipperf_recommend(index_set => 'wide set');
SELECT clipperf_drop_index_set('wide set');
\set VERBOSITY sqlstate
SELECT FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON letter (body)}');
\set VERBOSITY default
-- Where the values seen are wide the reason names the risk; so it does where the table has wide values that were not seen.
UPDATE letter SET body = left(wide(), 1500) WHERE length(body) > 1500;
VACUUM ANALYZE letter;
SELECT substring(answer, '; (writes of .*)') AS risk FROM answered('SELECT * FROM letter WHERE body = ''body 7''');
SELECT substring(answer, '; (writes of .*)') AS risk FROM answered('SELECT * FROM letter WHERE title = ''title 7''');
UPDATE letter SET words = CASE WHEN id % 400 = 7 THEN ARRAY[left(wide(), 1500)] ELSE '{}' END;
VACUUM ANALYZE letter;
SELECT substring(answer, '; (writes of .*)') AS risk FROM answered('SELECT * FROM letter WHERE words @> ''{word 7}''');
INSERT INTO letter SELECT i, i, i, i, '{}' FROM generate_series(20001, 60000) AS i;
UPDATE letter SET body = id, words = '{}' WHERE length(body) > 1000;
UPDATE letter SET body = wide() WHERE id = 7;
VACUUM (FULL, ANALYZE) letter;
SELECT answer ~ '(it cannot|could not) be built' AS risk FROM answered('SELECT * FROM letter WHERE body = ''body 7''');
SELECT answer ~ '(it cannot|could not) be built' AS risk FROM answered('SELECT * FROM letter WHERE title = ''title 7''');
-- A column is no key only to be read there, unless its type bounds its values: no statement compares or sorts by it with the index.
CREATE TABLE paper (
    id bigint PRIMARY KEY, tenant int NOT NULL, owner int NOT NULL, state text NOT NULL, failure text, email text NOT NULL, short varchar(40) NOT NULL,
    title text NOT NULL, free varchar NOT NULL, long varchar(5000) NOT NULL, doc jsonb NOT NULL, bytes bytea NOT NULL, tags text[] NOT NULL, named any_name NOT NULL,
    mood mood NOT NULL, one varchar(250) NOT NULL, two varchar(250) NOT NULL, three varchar(250) NOT NULL, filler text NOT NULL);
INSERT INTO paper
SELECT i, hashint4(i + 7) & 15, i % 3000, CASE WHEN i % 200 = 0 THEN 'open' ELSE 'done' END, CASE WHEN i % 100 = 0 THEN 'failed' END, 'e' || i, 'short ' || i,
       'title ' || hashint4(i), hashint4(i), hashint4(i), to_jsonb(hashint4(i)), hashint4(i)::text::bytea, ARRAY['tag ' || hashint4(i)], hashint4(i), 'fine',
       'one' || i % 7, 'two' || i % 9, 'three' || i, repeat('f', 300)
FROM generate_series(1, 40000) AS i;
CREATE INDEX paper_tenant ON paper (tenant, id);
CREATE TABLE share (member int NOT NULL, paper bigint NOT NULL);
INSERT INTO share SELECT i % 20000, 1 + (hashint4(i) & 32767) FROM generate_series(1, 60000) AS i;
CREATE INDEX share_member ON share (member) INCLUDE (paper);
VACUUM ANALYZE paper, share;
-- What is advised is built, and a row is written with a wide value of the column.
CREATE FUNCTION tried(statements text[], wide_column name, OUT advice text, OUT written text) LANGUAGE plpgsql AS $$
DECLARE
    ddl text;
BEGIN
    SELECT coalesce(string_agg(regexp_replace(a, '^.* (ON .*);$', '\1'), ' + '), '-') INTO advice FROM advised(statements) AS a;
    FOR ddl IN SELECT a FROM advised(statements) AS a LOOP
        EXECUTE replace(ddl, ' CONCURRENTLY', '');
    END LOOP;
    INSERT INTO paper
    SELECT r.* FROM paper AS p,
        jsonb_populate_record(p, jsonb_build_object('id', 0, wide_column, CASE wide_column WHEN 'tags' THEN to_jsonb(ARRAY[wide()]) ELSE to_jsonb(left(wide(), 4000)) END)) AS r
    WHERE p.id = 1;
    RAISE SQLSTATE 'ZZ001';
EXCEPTION
    WHEN SQLSTATE 'ZZ001' THEN written := 'yes';
    WHEN program_limit_exceeded THEN written := 'no: ' || regexp_replace(SQLERRM, '[0-9]+', 'N');
END $$;
SELECT attname, t.* FROM pg_attribute,
    tried(ARRAY[format('SELECT d.%1$I FROM share s JOIN paper d ON d.id = s.paper WHERE s.member < 40 AND d.tenant = 3 ORDER BY d.%1$I', attname)], attname) AS t
WHERE attrelid = 'paper'::regclass AND attname IN ('title', 'free', 'long', 'doc', 'bytes', 'tags') ORDER BY attnum;
SELECT attname, advised(ARRAY[format('SELECT d.%1$I FROM share s JOIN paper d ON d.id = s.paper WHERE s.member < 40 AND d.tenant = 3 ORDER BY d.%1$I', attname)])
FROM unnest('{short,mood,named}'::name[]) AS attname;
SELECT * FROM tried('{SELECT d.title FROM share s JOIN paper d ON d.owner = s.paper WHERE s.member < 5 ORDER BY d.title}', 'title');
SELECT * FROM tried('{"SELECT title FROM paper WHERE owner IN (3, 5, 7, 9, 44) ORDER BY title"}', 'title');
SELECT * FROM tried(ARRAY['SELECT d.title FROM share s JOIN paper d ON d.id = s.paper WHERE s.member < 40 AND d.tenant = 3 ORDER BY d.title',
    'SELECT title FROM paper WHERE tenant = 3 AND title ILIKE ''%77%'''], 'title');
SELECT * FROM tried(ARRAY['SELECT d.title FROM share s JOIN paper d ON d.id = s.paper WHERE s.member < 40 AND d.tenant = 3 ORDER BY d.title LIMIT 10',
    'SELECT id, title FROM paper WHERE tenant = 3 AND title ILIKE ''%77%'' LIMIT 50'], 'title');
SELECT advised('{SELECT d.one FROM share s JOIN paper d ON d.id = s.paper WHERE s.member < 40 AND d.tenant = 3 ORDER BY d.one}');
SELECT advised('{"SELECT d.one, d.two, d.three FROM share s JOIN paper d ON d.id = s.paper WHERE s.member < 40 AND d.tenant = 3 ORDER BY d.one, d.two, d.three"}');
-- What a predicate says of a column needs no key of it, and any other key does.
SELECT * FROM tried('{SELECT count(*) FROM paper WHERE failure IS NOT NULL}', 'failure');
SELECT * FROM tried('{SELECT id FROM paper WHERE failure IS NOT NULL}', 'failure');
SELECT * FROM tried('{SELECT * FROM paper WHERE failure IS NOT NULL ORDER BY id LIMIT 10}', 'failure');
SELECT * FROM tried('{SELECT count(*) FROM paper WHERE title <> '''' AND failure IS NOT NULL}', 'title');
SELECT * FROM tried('{SELECT count(*) FROM paper WHERE lower(failure) IS NOT NULL}', 'failure');
SELECT * FROM tried('{SELECT id FROM paper WHERE state <> ''done''}', 'state');
SELECT * FROM tried('{SELECT count(*) FROM paper WHERE failure IS NULL AND owner = 3}', 'failure');
CREATE TABLE note (words text NOT NULL, failure text, made int NOT NULL);
INSERT INTO note SELECT repeat('w', 300), CASE WHEN i % 100 = 0 THEN 'failed' END, i FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE note;
SELECT advised('{SELECT count(*) FROM note WHERE failure IS NOT NULL}');
ALTER TABLE note DROP COLUMN made;
SELECT advised('{SELECT count(*) FROM note WHERE failure IS NOT NULL}');
-- What is compared or sorted by is a key as before.
SELECT statement, EXISTS (SELECT FROM advised(ARRAY[statement]) AS ddl WHERE ddl ~ '(title|email)') AS is_key FROM unnest(ARRAY[
    'SELECT * FROM paper WHERE email = ''e7''',
    'SELECT count(*) FROM paper WHERE owner = 7 AND title > ''title 5''',
    'SELECT title FROM paper WHERE owner = 7 ORDER BY title LIMIT 3',
    'SELECT title FROM (SELECT title FROM paper WHERE owner = 7 ORDER BY title LIMIT 3) AS first',
    'SELECT email FROM (SELECT DISTINCT ON (owner) owner, email FROM paper ORDER BY owner, email) AS first WHERE email <> ''''',
    'SELECT max(title) FROM paper WHERE owner = 4',
    'SELECT DISTINCT title FROM paper WHERE owner = 4',
    'SELECT owner, title, count(*) FROM paper GROUP BY owner, title',
    'SELECT title, row_number() OVER (PARTITION BY owner ORDER BY title) FROM paper',
    'SELECT id, title FROM paper ORDER BY title LIMIT 10 OFFSET 3000']) AS statement;
-- An index that somebody asks about is priced as it would be used.
SELECT cost_after < 0.5 * cost_before AS cheaper
FROM clipperf_what_if('SELECT title FROM paper WHERE tenant = 3 AND title ILIKE ''%77%''', '{"CREATE INDEX ON paper (tenant, title)"}');
DROP SCHEMA width CASCADE;
