-- Which indexes are recommended for which statements, and which are not.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA advice;
SET search_path = advice, public;
CREATE TABLE owners (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL);
CREATE TABLE items (
    id integer PRIMARY KEY,
    owner integer NOT NULL,
    kind text NOT NULL,
    removed boolean NOT NULL,
    created timestamp NOT NULL,
    score integer NOT NULL,
    title text NOT NULL,
    attributes jsonb NOT NULL,
    labels text[] NOT NULL,
    parent integer REFERENCES items (id)
);
ALTER TABLE items SET (autovacuum_enabled = false);
ALTER TABLE owners SET (autovacuum_enabled = false);
INSERT INTO owners SELECT n, 'name ' || n, 'Mail' || n || '@example.com' FROM generate_series(1, 5000) AS n;
INSERT INTO items
SELECT n, (n * 7919) % 1000, 'kind ' || n % 8, n % 50 = 0, timestamp '2026-01-01' + (n * 104729 % 20000) * interval '1 minute',
       n * 31 % 1009, 'title ' || md5(n::text), jsonb_build_object('colour', n % 997, 'size', n % 7),
       ARRAY['label ' || n % 499, 'label ' || n % 13], nullif(n / 2, 0)
FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) owners, items;

CREATE FUNCTION advised(VARIADIC statements text[]) RETURNS TABLE (index text)
LANGUAGE sql AS $$
    SELECT regexp_replace(ddl, '^CREATE INDEX CONCURRENTLY \S+ ON advice\.', '')
    FROM clipperf_recommend_for(statements)
    WHERE action = 'create'
$$;

-- Equality, order and range.
SELECT * FROM advised('SELECT * FROM items WHERE owner = 5');
SELECT * FROM advised('SELECT * FROM items WHERE owner = 5 AND kind = ''kind 3''');
SELECT * FROM advised('SELECT * FROM items WHERE owner IN (5, 7, 11)');
SELECT * FROM advised('SELECT * FROM items ORDER BY created DESC LIMIT 10');
SELECT * FROM advised('SELECT * FROM items WHERE kind = ''kind 3'' ORDER BY created DESC LIMIT 10');
SELECT * FROM advised('SELECT * FROM items WHERE kind = ''kind 3'' ORDER BY score DESC, created LIMIT 10');
SELECT * FROM advised('SELECT * FROM items WHERE kind = ''kind 3'' AND created > ''2026-01-14 20:00''');
SELECT * FROM advised('SELECT max(score) FROM items');

-- Most of the rows: nothing helps.
SELECT * FROM advised('SELECT * FROM items');
SELECT * FROM advised('SELECT * FROM items WHERE NOT removed');
SELECT * FROM advised('SELECT * FROM items WHERE id = 7');
SELECT * FROM advised('SELECT o.name FROM items i JOIN owners o ON o.id = i.owner WHERE i.id < 50');

-- Constant conditions become predicates, parameters do not.
SELECT * FROM advised('SELECT * FROM items WHERE removed');
SELECT * FROM advised('SELECT * FROM items WHERE removed AND owner = 5');
SELECT * FROM advised('SELECT * FROM items WHERE NOT removed ORDER BY score DESC LIMIT 10');

-- Joins, sub-queries and what is around them.
SELECT * FROM advised('SELECT * FROM owners o JOIN items i ON i.owner = o.id WHERE o.name = ''name 7''');
SELECT * FROM advised('SELECT name, (SELECT count(*) FROM items i WHERE i.owner = o.id) FROM owners o WHERE o.id = 3');
SELECT * FROM advised('SELECT * FROM owners o WHERE o.id < 4 AND EXISTS (SELECT FROM items i WHERE i.owner = o.id AND i.score = 1)');
SELECT * FROM advised('WITH mine AS (SELECT * FROM items WHERE owner = 5) SELECT * FROM mine WHERE score > 3');
SELECT * FROM advised('SELECT id FROM items WHERE owner = 5 UNION ALL SELECT id FROM owners WHERE email = ''Mail7@example.com''');
SELECT * FROM advised('SELECT * FROM items WHERE owner = 5 OR score = 999');
CREATE VIEW live AS SELECT * FROM items WHERE NOT removed;
SELECT * FROM advised('SELECT * FROM live WHERE owner = 5');
SELECT * FROM advised('UPDATE items SET score = score + 1 WHERE owner = 5');
SELECT * FROM advised('DELETE FROM items WHERE owner = 5');

-- Expressions, unless a function of this database is in them.
SELECT * FROM advised('SELECT * FROM owners WHERE lower(email) = ''mail7@example.com''');
CREATE FUNCTION cleaned(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN trim($1); END';
SELECT * FROM advised('SELECT * FROM owners WHERE cleaned(email) = ''Mail7@example.com''');
SELECT action, relation, ddl, reason FROM clipperf_recommend_for(
    ARRAY['SELECT * FROM owners WHERE cleaned(email) = ''Mail7@example.com''']) WHERE action = 'skip';
SELECT action, relation, ddl FROM clipperf_recommend_for(
    ARRAY['SELECT * FROM owners WHERE cleaned(email) = ''Mail7@example.com'''], allow_functions => '{cleaned(text)}');

-- An expression without a collation has no order, and keeps nobody from advice.
CREATE TABLE notes (id integer PRIMARY KEY, plain text COLLATE "C" NOT NULL, other text COLLATE "POSIX" NOT NULL);
INSERT INTO notes SELECT n, md5(n::text), md5(n::text) FROM generate_series(1, 5000) AS n;
VACUUM (ANALYZE) notes;
SELECT * FROM advised('SELECT * FROM notes WHERE (plain || other) LIKE ''abc1%''', 'SELECT * FROM notes WHERE plain = ''abc''');

-- Other access methods.
SELECT * FROM advised('SELECT * FROM items WHERE attributes @> ''{"colour": 17}''');
SELECT * FROM advised('SELECT * FROM items WHERE labels && ARRAY[''label 17'']');
SELECT * FROM advised('SELECT * FROM items WHERE to_tsvector(''english'', title) @@ to_tsquery(''english'', ''nothing'')');

CREATE TABLE places (id integer PRIMARY KEY, at point NOT NULL);
INSERT INTO places SELECT n, point(n % 100, n / 100) FROM generate_series(1, 10000) AS n;
VACUUM (ANALYZE) places;
SELECT * FROM advised('SELECT * FROM places WHERE at <@ box(point(0, 0), point(3, 3))');
SELECT * FROM advised('SELECT * FROM places ORDER BY at <-> point(3, 4) LIMIT 5');

-- Partitions are served by an index on their parent, which cannot be built concurrently.
CREATE TABLE parts (id integer, day date, v integer) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
INSERT INTO parts SELECT n, date '2026-01-01' + n % 360, n % 1000 FROM generate_series(1, 40000) AS n;
ANALYZE parts;
SELECT ddl FROM clipperf_recommend_for(ARRAY['SELECT * FROM parts WHERE v = 3']);

-- Two indexes that help only together count as two: one alone does not pay, and both must save twice as much.
SELECT index_name FROM clipperf_recommend_for(ARRAY['SELECT * FROM items WHERE owner = 5 OR score = 999'], min_benefit => 0.4) ORDER BY 1;
SELECT index_name FROM clipperf_recommend_for(ARRAY['SELECT * FROM items WHERE owner = 5 OR score = 999'], min_benefit => 0.6);
-- What an index must save is a share of what is left with the other one: of a fifth of the time, owner's statement, and of a lot that no index saves.
SELECT least, scans, array_agg(index_name::text ORDER BY index_name) FROM (VALUES (0.1, 6), (0.2, 6), (0.2, 1)) AS l (least, scans), clipperf_recommend_for(ARRAY[
    'SELECT * FROM items WHERE owner = 5 OR score = 999', 'SELECT * FROM items WHERE score = 77', 'SELECT * FROM items WHERE score = 78',
    'SELECT * FROM items WHERE score = 79', 'SELECT max(length(items::text)) FROM items'], min_benefit => least, weights => ARRAY[1, 1, 1, 1, scans])
WHERE action = 'create' GROUP BY least, scans ORDER BY least, scans DESC;

-- Statements without tables, or on catalogs alone, ask for nothing.
SELECT * FROM advised('SELECT 1', 'SELECT * FROM pg_class', 'VALUES (1)');

-- What is read besides goes into the index.
SELECT * FROM advised('SELECT owner, score FROM items WHERE owner < 300');

-- One index for several statements.
SELECT * FROM advised('SELECT * FROM items WHERE owner = 5', 'SELECT * FROM items WHERE owner = 7 ORDER BY created LIMIT 3');

-- Limits hold, and the answer is the same every time.
CREATE TEMP TABLE several AS SELECT ARRAY[
    'SELECT * FROM items WHERE owner = 5', 'SELECT * FROM items WHERE score = 77',
    'SELECT * FROM owners WHERE email = ''Mail7@example.com''',
    'SELECT * FROM items WHERE attributes @> ''{"colour": 17}'''] AS statements;
SELECT count(*) FROM several, clipperf_recommend_for(statements);
SELECT count(*) FROM several, clipperf_recommend_for(statements, max_indexes => 2);
SELECT count(*) FROM several, clipperf_recommend_for(statements, max_indexes => 0);
SELECT budget, sum(size_bytes) <= pg_size_bytes(budget) AS kept
FROM several, unnest(ARRAY['200 kB', '400 kB', '1 MB']) AS budget, clipperf_recommend_for(statements, budget)
GROUP BY budget ORDER BY pg_size_bytes(budget);
SELECT count(*) FROM several, clipperf_recommend_for(statements, '0 bytes');
SELECT count(DISTINCT answer) FROM several, generate_series(1, 3) AS n,
    LATERAL (SELECT n, array_agg(ddl || cost_after::text || benefit_share::text) AS answer FROM clipperf_recommend_for(statements)) AS run;

-- What is recommended is kept, numbered, until the next time.
CREATE TEMP TABLE returned AS SELECT * FROM clipperf_recommend_for(ARRAY['SELECT * FROM items WHERE owner = 5']);
SELECT r.id = k.id AND r.ddl = k.ddl AND k.status = 'new' AND k.made_by = current_user AS kept
FROM returned AS r, clipperf_recommendations AS k;

-- The figures agree with the planner.
SELECT action, relation, index_name, source, status, benefit_share BETWEEN 0.9 AND 1 AS helps,
       cost_before > 10 * cost_after AS cheaper, size_bytes BETWEEN 500000 AND 800000 AS sized,
       write_cost_share, cardinality(queryids), reason
FROM clipperf_recommend_for(ARRAY['SELECT * FROM items WHERE owner = 5 ORDER BY created DESC LIMIT 3']) \gx

-- A statement that cannot be planned is told of.
RESET client_min_messages;
SELECT count(*) FROM clipperf_recommend_for(ARRAY['SELECT * FROM missing', 'SELECT 1 / 0 FROM items', 'SELEC']);

-- Values out of range.
SELECT * FROM clipperf_recommend_for('{SELECT 1}', max_indexes => -1);
SELECT * FROM clipperf_recommend_for('{SELECT 1}', min_benefit => 2);
SELECT * FROM clipperf_recommend_for('{SELECT 1}', time_limit => '-1 s');
SELECT * FROM clipperf_recommend_for('{SELECT 1}', storage_budget => 'much');

DROP SCHEMA advice CASCADE;
