-- Sizes and costs of hypothetical indexes are those of the real ones.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE SCHEMA what_if_sizes;
SET search_path = what_if_sizes, public;
SELECT setseed(0.25);
CREATE TABLE item (id int PRIMARY KEY, owner_id int, kind int, name text, price numeric, at timestamptz, code uuid,
    parent int, tags int[], doc jsonb, period int4range, COLLATED text COLLATE "C");
INSERT INTO item
SELECT i, 2000 * random() ^ 2, i % 5, 'Item ' || md5(i::text), i % 1000, timestamptz '2024-01-01 UTC' + i * interval '1 min',
       md5(i::text)::uuid, CASE WHEN i % 4 = 0 THEN i / 8 END, ARRAY[i % 50, i % 71, i % 29],
       jsonb_build_object('k', i % 300, 'v', i), int4range(i * 7919 % 20011, i * 7919 % 20011 + i % 100), 'x' || i % 10
FROM generate_series(1, 20000) AS i;
CREATE TABLE nothing (id int, name text);
VACUUM ANALYZE item, nothing;

CREATE TABLE sizes (ddl text, bytes bigint, cost float8, real_bytes bigint, real_cost float8);
CREATE PROCEDURE compare(index text, statement text DEFAULT 'SELECT 1') LANGUAGE plpgsql AS $$
DECLARE
    ddl text := 'CREATE INDEX checked ON ' || index;
    plan json;
    asked record;
BEGIN
    SELECT size_bytes[1] AS bytes, cost_after AS cost INTO asked FROM clipperf_what_if(statement, ARRAY[ddl]);
    EXECUTE ddl;
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
    INSERT INTO sizes VALUES (index, asked.bytes, asked.cost, pg_relation_size('checked'),
                              (plan -> 0 -> 'Plan' ->> 'Total Cost')::float8);
    DROP INDEX checked;
END $$;

CALL compare('item (id)', 'SELECT * FROM item WHERE id BETWEEN 500 AND 900');
CALL compare('item (owner_id)', 'SELECT * FROM item WHERE owner_id = 7');
CALL compare('item (kind)', 'SELECT count(*) FROM item WHERE kind = 3');
CALL compare('item (kind) WITH (fillfactor = 50)');
CALL compare('item (name)', 'SELECT * FROM item WHERE name = ''none''');
CALL compare('item (price)', 'SELECT * FROM item WHERE price < 20');
CALL compare('item (collated)', 'SELECT count(*) FROM item WHERE collated = ''x3''');
CALL compare('item (code)', 'SELECT * FROM item WHERE code = md5(''1'')::uuid');
CALL compare('item (parent)', 'SELECT * FROM item WHERE parent < 100');
CALL compare('item (parent) WHERE parent IS NOT NULL', 'SELECT * FROM item WHERE parent < 100');
CALL compare('item (at) WHERE kind = 2 AND owner_id > 100', 'SELECT * FROM item WHERE kind = 2 AND owner_id > 100 AND at < ''2024-01-02''');
CALL compare('item (kind, owner_id)', 'SELECT * FROM item WHERE kind = 2 AND owner_id = 7');
CALL compare('item (kind, name)', 'SELECT * FROM item WHERE kind = 2 ORDER BY name LIMIT 10');
CALL compare('item (owner_id) INCLUDE (kind, at)', 'SELECT owner_id, kind, at FROM item WHERE owner_id < 100');
CALL compare('item (at DESC)', 'SELECT * FROM item ORDER BY at DESC LIMIT 10');
CALL compare('item ((kind * 2))');
CALL compare('item USING hash (code)', 'SELECT * FROM item WHERE code = md5(''1'')::uuid');
CALL compare('item USING hash (kind)');
CALL compare('item USING brin (at)', 'SELECT count(*) FROM item WHERE at < ''2024-01-03''');
CALL compare('item USING gin (tags)', 'SELECT * FROM item WHERE tags @> ''{3,4}''');
CALL compare('item USING gin (doc)', 'SELECT * FROM item WHERE doc @> ''{"k": 7}''');
CALL compare('item USING gin (doc jsonb_path_ops)', 'SELECT * FROM item WHERE doc @> ''{"k": 7}''');
CALL compare('item USING gist (period)', 'SELECT * FROM item WHERE period @> 400');
CALL compare('nothing (id)');
CALL compare('nothing (id, name)');

SELECT ddl, abs(bytes - real_bytes) <= CASE WHEN ddl ~ ' gist ' THEN 0.3 ELSE 0.1 END * real_bytes + 8192 AS size_right,
       abs(cost - real_cost) <= 0.02 * real_cost AS cost_right
FROM sizes ORDER BY ddl COLLATE "C";

-- An expression has statistics only when its index is built and analysed. They are known before.
SELECT cost_after < 10 AS one_row
FROM clipperf_what_if('SELECT * FROM item WHERE md5(name) = ''none''', '{CREATE INDEX ON item (md5(name))}');

-- Sizes tell what columns hold: they are for those who may read these columns, and all rows. Whoever may not read the
-- whole table has no function run on its rows, and gets an answer from the statistics.
CREATE FUNCTION peek(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'seen: %', length($1); END $$;
CREATE ROLE regress_what_if_sizes;
GRANT USAGE ON SCHEMA what_if_sizes TO regress_what_if_sizes;
GRANT SELECT (id, owner_id) ON item TO regress_what_if_sizes;
SET ROLE regress_what_if_sizes;
SELECT used, size_bytes[1] > 0 AS sized
FROM clipperf_what_if('SELECT id FROM item WHERE owner_id = 5', '{CREATE INDEX ON item (owner_id), CREATE INDEX ON item (peek(id::text))}');
SELECT size_bytes FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (name)}');
SELECT size_bytes FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (peek(name))}');
SELECT size_bytes FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (id) INCLUDE (name)}');
SELECT size_bytes FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (id) WHERE name = ''none''}');
SELECT size_bytes FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (id) WHERE item IS NOT NULL}');
RESET ROLE;
GRANT SELECT ON item TO regress_what_if_sizes;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON item USING (owner_id = 5);
SET ROLE regress_what_if_sizes;
SELECT size_bytes FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (id) WHERE owner_id = 6}');
RESET ROLE;
GRANT pg_read_all_stats TO regress_what_if_sizes;
SET ROLE regress_what_if_sizes;
SELECT size_bytes[1] > 0 AS sized FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (peek(name))}');
RESET ROLE;
REVOKE pg_read_all_stats FROM regress_what_if_sizes;
-- Nor does the advice on an index set tell.
SET client_min_messages = warning;
SELECT clipperf_add_index('what_if_sizes', 'CREATE INDEX item_of_five ON item (name) WHERE owner_id = 5');
SELECT action, size_bytes > 0 AS sized FROM clipperf_recommend(index_set => 'what_if_sizes');
SET ROLE regress_what_if_sizes;
SELECT action, size_bytes, reason FROM clipperf_recommend(index_set => 'what_if_sizes');
RESET ROLE;
SELECT clipperf_drop_index_set('what_if_sizes');
DELETE FROM clipperf_recommendations;
RESET client_min_messages;
ALTER TABLE item DISABLE ROW LEVEL SECURITY;
SET ROLE regress_what_if_sizes;
SELECT size_bytes FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (peek(name))}');
RESET ROLE;

-- A statement that asks again and again sizes each index once; but what has changed meanwhile is seen.
CREATE TABLE grown (a int, b text);
DO $$
DECLARE
    indexes text[] := '{CREATE INDEX ON grown (a), CREATE INDEX ON grown (b)}';
    before bigint[];
    after bigint[];
BEGIN
    FOR n IN 1 .. 3 LOOP
        after := (clipperf_what_if('SELECT 1', indexes)).size_bytes;
        RAISE NOTICE 'round %: larger %', n, ARRAY[after[1] > before[1], after[2] > before[2]];
        before := after;
        IF n = 1 THEN
            INSERT INTO grown SELECT g, repeat('b', 40) || g FROM generate_series(1, 5000) AS g;
        ELSE
            ALTER TABLE grown DROP COLUMN b;
            ALTER TABLE grown ADD COLUMN b text;
            UPDATE grown SET b = repeat('b', 80) || a;
        END IF;
    END LOOP;
END $$;

SET client_min_messages = warning;
DROP SCHEMA what_if_sizes CASCADE;
DROP ROLE regress_what_if_sizes;
