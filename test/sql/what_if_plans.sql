-- Plans with indexes that do not exist, and without some that do.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE SCHEMA what_if;
SET search_path = what_if, public;
CREATE TABLE item (id int PRIMARY KEY, owner_id int, kind int, name text, at date, tags int[]);
INSERT INTO item
SELECT i, i % 1000, i % 7, 'Item ' || i, date '2024-01-01' + i / 100, ARRAY[i % 50, i % 51]
FROM generate_series(1, 20000) AS i;
CREATE TABLE owner (id int PRIMARY KEY, name text);
INSERT INTO owner SELECT i, 'owner ' || i FROM generate_series(0, 999) AS i;
ANALYZE item, owner;

CREATE FUNCTION ask(statement text, VARIADIC indexes text[] DEFAULT '{}')
RETURNS TABLE (cheaper boolean, used text[], used_real regclass[]) LANGUAGE sql AS
$$ SELECT cost_after < cost_before / 2, used, used_real FROM clipperf_what_if(statement, indexes) $$;

-- Each kind of index, where it helps.
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = 5', 'CREATE INDEX ON item (owner_id)');
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = 5 AND at > ''2024-07-01''',
                  'CREATE INDEX ON item (owner_id)', 'CREATE INDEX ON item (owner_id, at)', 'CREATE INDEX ON item (at)');
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = 5', 'CREATE INDEX ON item USING hash (owner_id)');
SELECT * FROM ask('SELECT * FROM item WHERE kind = 3 AND owner_id < 50',
                  'CREATE INDEX ON item (owner_id) WHERE kind = 3');
SELECT * FROM ask('SELECT * FROM item WHERE kind = 4 AND owner_id < 50',
                  'CREATE INDEX ON item (owner_id) WHERE kind = 3');
SELECT * FROM ask('SELECT * FROM item WHERE lower(name) = ''item 7''', 'CREATE INDEX ON item (lower(name))');
SELECT * FROM ask('SELECT * FROM item WHERE tags @> ARRAY[3, 4]', 'CREATE INDEX ON item USING gin (tags)');
SELECT * FROM ask('SELECT id FROM item ORDER BY at DESC, id LIMIT 10', 'CREATE INDEX ON item (at DESC, id)');
SELECT * FROM ask('SELECT id FROM item ORDER BY at DESC, id LIMIT 10', 'CREATE INDEX ON item (at, id DESC)');
SELECT used FROM ask('SELECT id FROM item ORDER BY at DESC, id LIMIT 10', 'CREATE INDEX ON item (at DESC NULLS LAST, id)');
SELECT * FROM ask('SELECT o.name, i.at FROM owner o JOIN item i ON i.owner_id = o.id WHERE o.name = ''owner 7''',
                  'CREATE INDEX ON item (owner_id)', 'CREATE INDEX ON owner (name)');
SELECT * FROM ask('UPDATE item SET kind = 1 WHERE owner_id = 5', 'CREATE INDEX ON item (owner_id)');
SELECT * FROM ask('DELETE FROM item WHERE id IN (SELECT id FROM item WHERE owner_id = 5)',
                  'CREATE INDEX ON item (owner_id)');
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = $1', 'CREATE INDEX ON item (owner_id)');
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = 5');

-- What the planner knows by a column's declaration, more from version to version, it knows for an index that does not exist, too.
CREATE TABLE sealed (a int NOT NULL, b int, c int NOT NULL);
INSERT INTO sealed SELECT i, i, i FROM generate_series(1, 10000) AS i;
ANALYZE sealed;
CREATE FUNCTION agrees(statement text, index text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    is_expected boolean := (SELECT used <> '{}' FROM clipperf_what_if(statement, ARRAY[index]));
    is_used boolean := false;
    line text;
BEGIN
    EXECUTE index;
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        is_used := is_used OR line ~ 'sealed_by';
    END LOOP;
    DROP INDEX sealed_by;
    RETURN is_used = is_expected;
END $$;
SELECT agrees(statement, index), statement, index FROM (VALUES
    ('SELECT * FROM sealed WHERE b = 5', 'CREATE INDEX sealed_by ON sealed (b) WHERE c IS NOT NULL'),
    ('SELECT * FROM sealed WHERE b = 5', 'CREATE INDEX sealed_by ON sealed (b) WHERE c IS NOT NULL AND a > 3'),
    ('SELECT * FROM sealed WHERE b = 5 AND a > 3', 'CREATE INDEX sealed_by ON sealed (b) WHERE c IS NOT NULL AND a > 3'),
    ('SELECT * FROM sealed WHERE a = 5', 'CREATE INDEX sealed_by ON sealed (coalesce(a, b))'),
    ('SELECT * FROM sealed WHERE coalesce(a, b) = 5', 'CREATE INDEX sealed_by ON sealed (a)'),
    ('SELECT coalesce(a, b) FROM sealed WHERE coalesce(a, b) < 50', 'CREATE INDEX sealed_by ON sealed (coalesce(a, b)) INCLUDE (b)')
) AS c (statement, index);

-- An index-only scan is worth what the visibility map says.
SELECT used FROM ask('SELECT owner_id, sum(kind) FROM item WHERE owner_id < 500 GROUP BY owner_id',
                  'CREATE INDEX ON item (owner_id) INCLUDE (kind)');
VACUUM item;
SELECT used FROM ask('SELECT owner_id, sum(kind) FROM item WHERE owner_id < 500 GROUP BY owner_id',
                  'CREATE INDEX ON item (owner_id) INCLUDE (kind)');

-- Hidden indexes.
SELECT cost_after > cost_before AS dearer, used_real
FROM clipperf_what_if('SELECT * FROM item WHERE id = 5', hidden => '{item_pkey}');
SELECT used, used_real
FROM clipperf_what_if('SELECT * FROM item WHERE id = 5', '{CREATE INDEX ON item USING hash (id)}', '{item_pkey}');

-- Partitions take the indexes of their parent, and lose them.
CREATE TABLE event (at date, what int, who int) PARTITION BY RANGE (at);
CREATE TABLE event_old PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE event_new (gone int, who int, at date, what int);
ALTER TABLE event_new DROP gone;
ALTER TABLE event ATTACH PARTITION event_new FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
INSERT INTO event SELECT date '2024-01-01' + i % 360, i % 1000, i FROM generate_series(1, 20000) AS i;
ANALYZE event;
SELECT * FROM ask('SELECT * FROM event WHERE what = 5', 'CREATE INDEX ON event (what)');
SELECT * FROM ask('SELECT * FROM event_new WHERE what = 5', 'CREATE INDEX ON event (what)');
CREATE TABLE many (a int, b int) PARTITION BY RANGE (a);
SELECT format('CREATE TABLE many_%s PARTITION OF many FOR VALUES FROM (%s) TO (%s)', i, i * 1000, i * 1000 + 1000)
FROM generate_series(0, 9) AS i \gexec
INSERT INTO many SELECT i % 10000, i % 500 FROM generate_series(1, 30000) AS i;
ANALYZE many;
SELECT used, size_bytes[1] AS size FROM clipperf_what_if('SELECT * FROM many WHERE b = 5', '{CREATE INDEX ON many (b)}') \gset
SELECT :'used' AS used;
CREATE INDEX many_b ON many (b);
SELECT sum(pg_relation_size(relid)) BETWEEN 0.9 * :size AND 1.1 * :size AS size_right FROM pg_partition_tree('many_b') WHERE isleaf;
SELECT * FROM ask('SELECT * FROM event WHERE what + who = 5', 'CREATE INDEX ON event ((what + who)) WHERE who > 0');
SELECT * FROM ask('SELECT * FROM event WHERE what + who = 5 AND who > 0',
                  'CREATE INDEX ON event ((what + who)) WHERE who > 0');
CREATE INDEX event_what ON event (what);
SELECT used_real FROM clipperf_what_if('SELECT * FROM event WHERE what = 5');
SELECT used_real FROM clipperf_what_if('SELECT * FROM event WHERE what = 5', hidden => '{event_what}');

-- Nothing stays behind: the plan is what it was, and nothing is in the catalogs.
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE owner_id = 5;
SELECT count(*) FROM pg_index WHERE indrelid = 'item'::regclass;

-- Errors in the planner. The statement is planned twice as things are, then with the index, where the function fails.
CREATE FUNCTION trouble(int, kind text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$
BEGIN
    IF current_setting('what_if.calls') = '2' THEN
        IF kind = 'cancel' THEN
            PERFORM pg_cancel_backend(pg_backend_pid());
            PERFORM pg_sleep(60);
        END IF;
        RAISE 'failed in the planner';
    END IF;
    PERFORM set_config('what_if.calls', (current_setting('what_if.calls')::int + 1)::text, false);
    RETURN $1;
END
$$;
SET what_if.calls = 0;
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = trouble(5, ''error'')', 'CREATE INDEX ON item (owner_id)');
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE owner_id = 5;
SET what_if.calls = 0;
DO $$
BEGIN
    PERFORM ask('SELECT * FROM item WHERE owner_id = trouble(5, ''error'')', 'CREATE INDEX ON item (owner_id)');
EXCEPTION WHEN raise_exception THEN
    RAISE NOTICE 'caught';
END
$$;
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE owner_id = 5;
SET what_if.calls = 0;
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = trouble(5, ''cancel'')', 'CREATE INDEX ON item (owner_id)');
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE owner_id = 5;
PREPARE same AS SELECT * FROM item WHERE owner_id = $1;
EXPLAIN (COSTS OFF) EXECUTE same(5);

-- Statements that the planner runs, and whose plans are kept, see none of it.
CREATE FUNCTION owners_first(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN RETURN (SELECT min(id) FROM item WHERE owner_id = $1); END $$;
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = owners_first(5)', 'CREATE INDEX ON item (owner_id)');
SELECT owners_first(6);
CREATE FUNCTION ask_within(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$
BEGIN
    RETURN (SELECT CASE WHEN a.used = '{}' THEN 0 ELSE $1 END
            FROM ask('SELECT * FROM item WHERE kind = 9', 'CREATE INDEX ON item (kind)') AS a);
END
$$;
SELECT * FROM ask('SELECT * FROM item WHERE owner_id = ask_within(5)', 'CREATE INDEX ON item (owner_id)');

-- What is refused.
SELECT * FROM clipperf_what_if('VACUUM');
SELECT * FROM clipperf_what_if('SELECT 1; SELECT 2');
SELECT * FROM clipperf_what_if('');
SELECT * FROM clipperf_what_if('SELECT nothing');
SELECT * FROM clipperf_what_if('SELECT 1', hidden => '{item}');
SELECT * FROM clipperf_what_if('SELECT 1', '{CREATE INDEX ON item USING spgist (name)}');
SELECT * FROM clipperf_what_if('SELECT 1', '{NULL}');
SELECT used, used_real, size_bytes, cost_after = cost_before AS as_it_is FROM clipperf_what_if('SELECT 1', NULL, NULL);
SELECT used, used_real, size_bytes, cost_after = cost_before AS as_it_is FROM clipperf_what_if('SELECT 1', indexes => NULL, hidden => '{}');

-- It plans with the caller's rights.
CREATE ROLE regress_what_if;
GRANT USAGE ON SCHEMA what_if TO regress_what_if;
SET ROLE regress_what_if;
SELECT used FROM clipperf_what_if('SELECT * FROM item WHERE owner_id = 5', '{CREATE INDEX ON item (owner_id)}');
RESET ROLE;
GRANT SELECT (id, owner_id) ON item TO regress_what_if;
SET ROLE regress_what_if;
SELECT used FROM clipperf_what_if('SELECT id FROM item WHERE owner_id = 5', '{CREATE INDEX ON item (owner_id)}');
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA what_if CASCADE;
DROP ROLE regress_what_if;
