-- Each kind of index: a statement that needs it, and one much like it that must not get it.
-- What is recommended is built at once, and must be used.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA kinds;
SET search_path = kinds, public;
CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL, boss integer);
CREATE TABLE items (
    id integer PRIMARY KEY, owner integer NOT NULL, kind text NOT NULL, state text NOT NULL, removed boolean NOT NULL,
    created timestamp NOT NULL, seen timestamptz NOT NULL, deleted timestamp, score integer NOT NULL, rank integer,
    region integer NOT NULL, class integer NOT NULL, title text NOT NULL, attributes jsonb NOT NULL, labels text[] NOT NULL, words tsvector NOT NULL);
INSERT INTO people SELECT n, 'name ' || n, 'Mail' || n || '@example.com', nullif(n / 10, 0) FROM generate_series(1, 5000) AS n;
INSERT INTO items
SELECT n, n * 7919 % 1000, 'kind ' || n % 8, CASE n % 100 WHEN 0 THEN 'queued' WHEN 1 THEN 'failed' ELSE 'done' END, n % 50 = 0,
       timestamp '2026-01-01' + n * 104729 % 20000 * interval '1 minute', timestamptz '2026-01-01' + n * 31337 % 20000 * interval '1 minute',
       CASE WHEN n % 100 <> 7 THEN timestamp '2026-02-01' END, n * 31 % 1009, nullif(n * 17 % 1013, 0), n % 100, n / 7 % 100, 'title ' || md5(n::text),
       jsonb_build_object('colour', n % 997, 'size', n % 7), ARRAY['label ' || n % 499, 'label ' || n % 13],
       to_tsvector('simple', 'word' || n % 401 || ' all')
FROM generate_series(1, 20000) AS n;
ALTER TABLE people SET (autovacuum_enabled = off);
ALTER TABLE items SET (autovacuum_enabled = off);
VACUUM (ANALYZE) people, items;

-- The indexes recommended for some statements: as built, and the number of these statements whose plans then use it.
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    parameters int := (SELECT coalesce(max(m[1]::int), 0) FROM regexp_matches(statement, '\$(\d+)', 'g') AS m);
    plan json;
BEGIN
    IF parameters = 0 THEN
        EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
    ELSE
        EXECUTE 'PREPARE statement AS ' || statement;
        EXECUTE format('EXPLAIN (FORMAT json) EXECUTE statement(%s)', repeat('NULL, ', parameters - 1) || 'NULL') INTO plan;
        DEALLOCATE statement;
    END IF;
    RETURN plan;
END
$$;
CREATE FUNCTION built(VARIADIC statements text[]) RETURNS TABLE (index text, used bigint) LANGUAGE plpgsql AS $$
DECLARE
    made text[];
    advice record;
BEGIN
    FOR advice IN SELECT * FROM clipperf_recommend_for(statements) WHERE action = 'create' LOOP
        EXECUTE replace(advice.ddl, ' CONCURRENTLY', '');
        made := made || advice.index_name::text;
    END LOOP;
    IF EXISTS (SELECT FROM pg_index AS i WHERE i.indexprs IS NOT NULL AND i.indexrelid = ANY (made::regclass[])) THEN
        ANALYZE people, items;
    END IF;
    FOREACH index IN ARRAY coalesce(made, '{}') LOOP
        used := (SELECT count(*) FROM unnest(statements) AS s
                 WHERE EXISTS (SELECT FROM pg_class AS c WHERE (c.relname = index OR c.oid IN (SELECT relid FROM pg_partition_tree(index::regclass)))
                               AND plan_of(s) LIKE '%"' || c.relname || '"%'));
        index := regexp_replace(replace(pg_get_indexdef(index::regclass), ' USING btree', ''), '^CREATE INDEX \S+ ON (ONLY )?kinds\.', '');
        RETURN NEXT;
    END LOOP;
    FOREACH index IN ARRAY coalesce(made, '{}') LOOP
        EXECUTE format('DROP INDEX %I', index);
    END LOOP;
END
$$;

-- Equality: the columns in the order that serves most statements.
SELECT * FROM built('SELECT * FROM items WHERE region = 5 AND class = 7', 'SELECT * FROM items WHERE class = 9');
SELECT * FROM built('SELECT * FROM items WHERE region = 5 AND class = 7', 'SELECT * FROM items WHERE region = 9');
SELECT * FROM built('SELECT * FROM items WHERE region = 5 AND owner = 7');
SELECT * FROM built('SELECT * FROM items WHERE kind > ''''');
-- Lists.
SELECT * FROM built('SELECT * FROM items WHERE owner IN (5, 7, 11)');
SELECT * FROM built('SELECT * FROM items WHERE owner = ANY ($1)');
SELECT * FROM built('SELECT * FROM items WHERE kind IN (''kind 1'', ''kind 2'', ''kind 3'', ''kind 4'', ''kind 5'', ''kind 6'')');
-- Joins: from a few rows to a table, not of whole tables.
SELECT * FROM built('SELECT * FROM people AS p JOIN items AS i ON i.owner = p.id WHERE p.id = 7');
SELECT * FROM built('SELECT * FROM people AS p JOIN items AS i ON i.owner = p.id');
-- A range comes last, and there is one only.
SELECT * FROM built('SELECT * FROM items WHERE created > ''2026-01-14 20:00'' AND kind = ''kind 3''');
SELECT * FROM built('SELECT * FROM items WHERE created BETWEEN ''2026-01-03'' AND ''2026-01-03 03:00'' AND score < 900');
SELECT * FROM built('SELECT * FROM items WHERE created > ''2026-01-02'' AND kind < ''kind 6''');
-- Order with a limit: direction and nulls as asked for.  Without a limit sorting is cheaper, in memory.
SELECT * FROM built('SELECT * FROM items ORDER BY created LIMIT 10');
SELECT * FROM built('SELECT * FROM items ORDER BY rank DESC LIMIT 10');
SELECT * FROM built('SELECT * FROM items ORDER BY rank DESC NULLS LAST LIMIT 10');
SELECT * FROM built('SELECT * FROM items ORDER BY rank NULLS FIRST, score DESC LIMIT 10');
SELECT * FROM built('SELECT * FROM items WHERE kind = ''kind 3'' ORDER BY score DESC, created LIMIT 10');
SET work_mem = '64MB';
SELECT * FROM built('SELECT * FROM items ORDER BY created');
RESET work_mem;
SELECT * FROM built('SELECT * FROM people AS p JOIN items AS i ON i.owner = p.id ORDER BY p.name, i.created LIMIT 10');
-- Grouping, distinct rows, the first row of a group.
SELECT * FROM built('SELECT owner, count(*) FROM items GROUP BY owner');
SELECT * FROM built('SELECT DISTINCT kind FROM items');
SELECT * FROM built('SELECT DISTINCT ON (kind) kind, created FROM items ORDER BY kind, created DESC');
SELECT * FROM built('SELECT max(score) FROM items');
SELECT * FROM built('SELECT kind, title, count(*) FROM items GROUP BY kind, title');
SELECT * FROM built('SELECT avg(score) FROM items');
-- Constant conditions that recur: booleans, nulls, few values.
SELECT * FROM built('SELECT * FROM items WHERE removed AND owner = $1');
SELECT * FROM built('SELECT * FROM items WHERE deleted IS NULL AND owner = $1');
SELECT * FROM built('SELECT * FROM items WHERE state = ''queued'' AND owner = $1');
SELECT * FROM built('SELECT * FROM items WHERE state IN (''queued'', ''failed'') AND owner = $1');
SELECT * FROM built('SELECT * FROM items WHERE state <> ''done'' AND owner = $1');
SELECT * FROM built('SELECT * FROM items WHERE state NOT IN (''done'', ''failed'') AND owner = $1');
-- .. but not what is true of nearly all rows, a value among many, or a value that may be another the next time.
SELECT * FROM built('SELECT * FROM items WHERE NOT removed AND owner = $1');
SELECT * FROM built('SELECT * FROM items WHERE deleted IS NOT NULL AND owner = $1');
SELECT * FROM built('SELECT * FROM items WHERE owner = 7 AND score > $1');
SELECT * FROM built('SELECT * FROM items WHERE state = ''queued'' ORDER BY created LIMIT 10');
SELECT * FROM built('SELECT * FROM items WHERE state <> $1');
-- Columns that are only read, where the table need not be visited for them.
SELECT * FROM built('SELECT score FROM items WHERE owner < 300');
SELECT * FROM built('SELECT title, labels, attributes, words, score FROM items WHERE owner < 20');
UPDATE items SET rank = rank WHERE id % 10 = 0;
ANALYZE items;
SELECT * FROM built('SELECT score FROM items WHERE owner < 20');
VACUUM (ANALYZE) items;
-- Expressions, unless their value depends on more than the row.
SELECT * FROM built('SELECT * FROM people WHERE lower(email) = ''mail7@example.com''');
SELECT * FROM built('SELECT * FROM items ORDER BY score + rank DESC LIMIT 5');
SELECT * FROM built('SELECT * FROM items WHERE (attributes ->> ''colour'')::int = 17');
SELECT * FROM built('SELECT * FROM items WHERE date_trunc(''hour'', created) = ''2026-01-03''');
SELECT * FROM built('SELECT * FROM items WHERE date_trunc(''hour'', seen) = ''2026-01-03''');
SELECT * FROM built('SELECT * FROM items WHERE created + random() * interval ''1 s'' = ''2026-01-03''');
-- Collations.
SELECT * FROM built('SELECT * FROM people ORDER BY name COLLATE "POSIX" LIMIT 5');
SELECT * FROM built('SELECT * FROM people WHERE name COLLATE "POSIX" = ''name 7''');
-- The beginning of strings: a plain index where the collation is C, another operator class where it is not.
CREATE COLLATION cultured (provider = libc, locale = 'C.UTF-8');
CREATE TABLE books (id integer PRIMARY KEY, plain text COLLATE "C" NOT NULL, title text COLLATE cultured NOT NULL);
INSERT INTO books SELECT n, md5(n::text), md5(n::text) FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) books;
SELECT * FROM built('SELECT * FROM books WHERE plain LIKE ''abc%''');
SELECT * FROM built('SELECT * FROM books WHERE title LIKE ''abc%''');
SELECT * FROM built('SELECT * FROM books WHERE title ~ ''^abc''');
SELECT * FROM built('SELECT * FROM books WHERE title LIKE ''%abc''');
SELECT * FROM built('SELECT * FROM books WHERE title LIKE ''_bc%''');
-- What matches in a value: GIN; not what nearly all rows match.
SELECT * FROM built('SELECT * FROM items WHERE attributes @> ''{"colour": 17}''');
SELECT * FROM built('SELECT * FROM items WHERE attributes ? ''weight''');
SELECT * FROM built('SELECT * FROM items WHERE labels @> ARRAY[''label 17'']');
SELECT * FROM built('SELECT * FROM items WHERE words @@ to_tsquery(''simple'', ''word17'')');
SELECT * FROM built('SELECT * FROM items WHERE to_tsvector(''english'', title) @@ to_tsquery(''english'', ''nothing'')');
SELECT * FROM built('SELECT * FROM items WHERE attributes @> ''{}''');
SELECT * FROM built('SELECT * FROM items WHERE words @@ to_tsquery(''simple'', ''all'')');
SELECT * FROM built('SELECT * FROM items WHERE ''label 17'' = ANY (labels)');
SELECT * FROM built('SELECT * FROM items WHERE to_tsvector(title) @@ to_tsquery(''nothing'')');
-- As many as eight columns, and no more.
CREATE TABLE wide (a int, b int, c int, d int, e int, f int, g int, h int, i int, j int) WITH (autovacuum_enabled = off);
INSERT INTO wide SELECT n % 2, n / 2 % 2, n / 4 % 2, n / 8 % 2, n / 16 % 2, n / 32 % 2, n / 64 % 2, n * 7919 % 20000, n % 10, n FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) wide;
SELECT * FROM built('SELECT * FROM wide WHERE a = 1 AND b = 1 AND c = 1 AND d = 1 AND e = 1 AND f = 1 AND g = 1 ORDER BY h LIMIT 5');
SELECT * FROM built('SELECT * FROM wide WHERE a = 1 AND b = 1 AND c = 1 AND d = 1 AND e = 1 AND f = 1 AND g = 1 ORDER BY h, i, j LIMIT 5');
-- Big tables in the order of a column.
CREATE TABLE events (id integer NOT NULL, at timestamp NOT NULL, other integer NOT NULL, padding text NOT NULL) WITH (fillfactor = 10, autovacuum_enabled = off);
INSERT INTO events SELECT n, timestamp '2026-01-01' + n * interval '1 minute', n * 7919 % 20000, repeat('x', 500) FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) events;
SELECT relpages >= 10000 AS big FROM pg_class WHERE oid = 'events'::regclass;
SELECT * FROM built('SELECT * FROM events WHERE at BETWEEN ''2026-01-05'' AND ''2026-01-06''');
CREATE TEMP TABLE frugal AS SELECT * FROM clipperf_recommend_for(
    ARRAY['SELECT * FROM events WHERE at BETWEEN ''2026-01-05'' AND ''2026-01-06'''], storage_budget => '100 kB') WHERE action = 'create';
SELECT ddl, size_bytes FROM frugal;
SELECT replace(ddl, ' CONCURRENTLY', '') FROM frugal \gexec
SELECT plan_of('SELECT * FROM events WHERE at BETWEEN ''2026-01-05'' AND ''2026-01-06''') LIKE '%"idx_events_at"%' AS used;
SELECT ddl FROM clipperf_recommend_for(ARRAY['SELECT * FROM events WHERE other BETWEEN 5000 AND 5010'], storage_budget => '100 kB');
-- Partitioned tables: on the parent.
CREATE TABLE parts (id integer, day date, v integer, state text) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE parts_2 (state text, v integer, id integer, day date);
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
INSERT INTO parts SELECT n, date '2026-01-01' + n % 360, n % 1000, CASE WHEN n % 100 = 0 THEN 'open' ELSE 'done' END FROM generate_series(1, 40000) AS n;
ANALYZE parts;
SELECT * FROM built('SELECT * FROM parts WHERE v = 3');
SELECT * FROM built('SELECT * FROM parts WHERE state = ''open'' AND v > $1');
SELECT * FROM built('SELECT * FROM parts_2 WHERE v = 3');
SELECT * FROM built('SELECT * FROM parts WHERE day > ''2026-01-02''');
-- .. with what is read besides, unless that is wide, and in the order of time: as any other table.
CREATE TABLE logs (padding text NOT NULL, id integer NOT NULL, at timestamp NOT NULL, kind integer NOT NULL, v integer NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (8000) WITH (fillfactor = 10, autovacuum_enabled = off);
CREATE TABLE logs_2 (id integer NOT NULL, v integer NOT NULL, kind integer NOT NULL, at timestamp NOT NULL, padding text NOT NULL) WITH (fillfactor = 10, autovacuum_enabled = off);
ALTER TABLE logs ATTACH PARTITION logs_2 FOR VALUES FROM (8000) TO (16000);
INSERT INTO logs SELECT repeat('x', 500), n, timestamp '2026-01-01' + n % 8000 * interval '1 minute', n * 7919 % 1000, n % 100 FROM generate_series(1, 15999) AS n;
VACUUM (ANALYZE) logs;
SELECT max(relpages) < 10000 AND sum(relpages) >= 10000 AS big_together FROM pg_class WHERE relname LIKE 'logs\__';
SELECT * FROM built('SELECT kind, v FROM logs WHERE kind BETWEEN 5 AND 80');
SELECT * FROM built('SELECT kind, padding FROM logs WHERE kind = 5');
SELECT ddl FROM clipperf_recommend_for(ARRAY['SELECT * FROM logs WHERE at BETWEEN ''2026-01-05'' AND ''2026-01-06'''], storage_budget => '100 kB');
SELECT ddl FROM clipperf_recommend_for(ARRAY['SELECT * FROM logs WHERE kind BETWEEN 50 AND 100'], storage_budget => '100 kB');
-- Whatever stands around the table.
CREATE VIEW live AS SELECT * FROM items WHERE NOT removed;
CREATE VIEW of_people AS SELECT i.*, p.name FROM live AS i JOIN people AS p ON p.id = i.owner;
SELECT * FROM built('SELECT * FROM of_people WHERE score = 5');
SELECT * FROM built('SELECT name, (SELECT count(*) FROM items AS i WHERE i.owner = p.id) FROM people AS p WHERE p.id = 3');
SELECT * FROM built('SELECT * FROM people AS p WHERE p.id < 4 AND EXISTS (SELECT FROM items AS i WHERE i.owner = p.id)');
SELECT * FROM built('SELECT * FROM people AS p WHERE p.id < 4 AND NOT EXISTS (SELECT FROM items AS i WHERE i.owner = p.id)');
SELECT * FROM built('SELECT * FROM people WHERE id IN (SELECT owner FROM items WHERE score = 3)');
SELECT * FROM built('SELECT * FROM people AS p, LATERAL (SELECT * FROM items AS i WHERE i.owner = p.id ORDER BY i.created DESC LIMIT 3) AS l WHERE p.id < 10');
SELECT * FROM built('WITH mine AS MATERIALIZED (SELECT * FROM items WHERE owner = 5) SELECT * FROM mine WHERE score > 3');
SELECT * FROM built('WITH RECURSIVE t AS (SELECT id FROM people WHERE id = 7 UNION ALL SELECT p.id FROM people AS p JOIN t ON p.boss = t.id) SELECT * FROM t');
SELECT * FROM built('SELECT attributes::text FROM items WHERE owner = 5 UNION SELECT name FROM people WHERE email = ''Mail7@example.com''');
SELECT * FROM built('SELECT attributes::text FROM items WHERE owner = 5 EXCEPT SELECT attributes::text FROM items WHERE score = 7');
SELECT * FROM built('SELECT * FROM items WHERE owner = 5 OR score = 999');
SELECT * FROM built('UPDATE items SET score = score + 1 WHERE owner = 5');
SELECT * FROM built('UPDATE items SET score = 0 FROM people AS p WHERE p.id = items.owner AND p.email = ''Mail7@example.com''');
SELECT * FROM built('DELETE FROM items WHERE owner = 5');
SELECT * FROM built('DELETE FROM items USING people AS p WHERE p.id = items.owner AND p.email = ''Mail7@example.com''');
SELECT * FROM built('INSERT INTO people SELECT id + 100000, title, title FROM items WHERE owner = 5');
SELECT * FROM built('WITH gone AS (DELETE FROM items WHERE owner = 5 RETURNING *) SELECT * FROM gone');
SELECT * FROM built('MERGE INTO items USING people AS p ON items.owner = p.id AND p.id = 7 WHEN MATCHED THEN DELETE');
SELECT * FROM built('INSERT INTO people VALUES (7, ''x'', ''y'')', 'SELECT 1', 'SELECT * FROM pg_class WHERE relname = ''x''', 'SELECT * FROM information_schema.sql_features WHERE feature_id = ''x''');
-- Functions marked IMMUTABLE that are not: an index on them would answer from the past.
CREATE TABLE rates (v integer);
INSERT INTO rates VALUES (7);
CREATE FUNCTION clock_score(score int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN score - extract(year FROM now()); END';
CREATE FUNCTION table_score(score int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN score * (SELECT v FROM kinds.rates); END';
CREATE FUNCTION setting_score(score int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN score + length(current_setting(''work_mem'')); END';
CREATE FUNCTION stable_score(score int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN score; END';
CREATE FUNCTION plain_score(score int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
SELECT action, reason FROM clipperf_recommend_for(ARRAY['SELECT * FROM items ORDER BY clock_score(score) DESC LIMIT 5',
    'SELECT * FROM items WHERE table_score(score) = 7', 'SELECT setting_score(score) FROM items GROUP BY 1', 'SELECT * FROM items ORDER BY stable_score(score) LIMIT 5']);
SELECT action, ddl FROM clipperf_recommend_for(ARRAY['SELECT * FROM items ORDER BY clock_score(score) DESC LIMIT 5',
    'SELECT * FROM items WHERE table_score(score) = 7', 'SELECT * FROM items ORDER BY stable_score(score) LIMIT 5'],
    allow_functions => '{clock_score(int),stable_score(int),NULL}');
SELECT * FROM clipperf_recommend_for(ARRAY['SELECT 1'], allow_functions => '{no_such_score(int)}');
SELECT * FROM built('SELECT * FROM items WHERE plain_score(score) = 8');
SELECT action FROM clipperf_recommend_for(ARRAY['SELECT stable_score(score) FROM items WHERE owner = 5']);
-- An element of an array: no index serves value = ANY (array), and the reason says which operator one serves.
CREATE FUNCTION told(VARIADIC statements text[]) RETURNS TABLE (action text, reason text) LANGUAGE sql AS $$
    SELECT action, reason FROM clipperf_recommend_for(statements) $$;
SELECT * FROM told('SELECT * FROM items WHERE ''label 7'' = ANY (labels)', 'SELECT id FROM items WHERE $1 = ANY (labels)');
SELECT * FROM told('SELECT * FROM items WHERE ''label 7'' = ANY (string_to_array(title, '' ''))');
CREATE INDEX items_labels ON items USING gin (labels);
SELECT * FROM told('SELECT * FROM items AS i WHERE EXISTS (SELECT FROM people AS p WHERE p.name = ANY (i.labels))');
DROP INDEX items_labels;
SELECT * FROM told('SELECT * FROM items WHERE ''label 7'' <> ALL (labels)', 'SELECT * FROM items WHERE ''label 7'' < ANY (labels)', 'SELECT * FROM items WHERE title = ANY (labels)');
SELECT count(*) FILTER (WHERE 'label 7' = ANY (labels)) = count(*) FILTER (WHERE labels @> ARRAY['label 7']) AS same FROM items;

-- What PostgreSQL would refuse.
SELECT * FROM built('SELECT * FROM items WHERE upper(ctid::text) = ''X''', 'SELECT * FROM items WHERE tableoid::int + 1 = 7',
    'SELECT * FROM items WHERE ROW (owner, score) = ANY (ARRAY[ROW (1, 2), ROW (3, 4)])', 'SELECT * FROM items AS i WHERE i::text = ''x''',
    'SELECT * FROM items ORDER BY unnest(labels) LIMIT 3');
CREATE TABLE texts (id integer PRIMARY KEY, short text NOT NULL, long text NOT NULL) WITH (autovacuum_enabled = off);
ALTER TABLE texts ALTER long SET STORAGE external;
INSERT INTO texts SELECT n, md5(n::text), repeat(md5(n::text), 1 + 99 * (n % 100 / 99)) FROM generate_series(1, 5000) AS n;
VACUUM (ANALYZE) texts;
SELECT * FROM built('SELECT * FROM texts WHERE short = ''x''', 'SELECT * FROM texts WHERE long = ''x''', 'SELECT * FROM texts WHERE md5(long) = ''x''');
-- Foreign keys: where referenced rows get deleted, the table is worth it and no index is there.
CREATE TABLE groups (id integer PRIMARY KEY);
CREATE TABLE kept (id integer PRIMARY KEY);
CREATE TABLE members (id integer PRIMARY KEY, a integer REFERENCES groups, b integer REFERENCES groups, c integer REFERENCES kept) WITH (autovacuum_enabled = off);
CREATE TABLE few (a integer REFERENCES groups);
CREATE TABLE many (a integer NOT NULL, day date, FOREIGN KEY (a) REFERENCES groups) PARTITION BY RANGE (day);
CREATE TABLE many_1 PARTITION OF many FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO groups SELECT generate_series(1, 3000);
INSERT INTO kept SELECT generate_series(1, 3000);
INSERT INTO members SELECT n, n, n, n FROM generate_series(1, 2000) AS n;
INSERT INTO few SELECT 1 FROM generate_series(1, 50);
INSERT INTO many SELECT n, '2026-01-01' FROM generate_series(1, 2000) AS n;
CREATE INDEX members_b ON members (b) WHERE b IS NOT NULL;
VACUUM (ANALYZE) members, few, many;
DELETE FROM groups WHERE id > 2900;
SELECT pg_stat_force_next_flush();
SELECT relation, ddl, source, size_bytes > 0 AS sized, regexp_replace(reason, '[0-9.]+% of the time', 'N% of the time') AS reason FROM clipperf_recommend_for(ARRAY['SELECT * FROM groups WHERE id = 7']);
SELECT relation, action, ddl FROM clipperf_recommend_for(ARRAY['SELECT * FROM kept WHERE id = 7']);

-- What a B-tree holds for an operator that it has not is tested there, and finds nothing.
CREATE TABLE shelf (id int, owner int NOT NULL, title varchar(40) NOT NULL, pad text);
INSERT INTO shelf SELECT i, i % 30, 'title ' || i, repeat('x', 200) FROM generate_series(1, 30000) AS i;
VACUUM ANALYZE shelf;
SELECT index_name, reason FROM clipperf_recommend_for(ARRAY['SELECT title FROM shelf WHERE owner = 3 AND title LIKE ''%77%''', 'SELECT id FROM shelf WHERE owner = 4 ORDER BY title LIMIT 10'], weights => '{1,100}')
WHERE index_name = 'idx_shelf_owner_title';
-- An index that stays is not said to be one to drop.
CREATE TABLE post (id bigint, topic text, status text NOT NULL, tries int, next int, pad text);
INSERT INTO post SELECT n, 't' || n % 12, CASE WHEN n % 400 = 0 THEN 'new' WHEN n % 401 = 0 THEN 'failed' ELSE 'sent' END, n % 3, n, repeat('x', 120) FROM generate_series(1, 100000) AS n;
CREATE INDEX post_status ON post (status);
VACUUM ANALYZE post;
SELECT action, regexp_replace(reason, '[0-9]+% more', 'N% more') AS reason FROM clipperf_recommend_for(ARRAY['DELETE FROM post WHERE status = ''sent'' AND next < 500', 'SELECT id FROM post WHERE status = ''new'' AND next <= 90000 ORDER BY next LIMIT 5', 'SELECT topic, count(*) FROM post WHERE status = ''failed'' AND tries < 3 GROUP BY topic'])
WHERE action <> 'create';

SET client_min_messages = error;
DROP SCHEMA kinds CASCADE;
