-- The choice under budgets beside the best of all subsets of the candidates, by the planner's costs.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA best;
SET search_path = best, public;
CREATE TABLE item (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, c int NOT NULL, filler text NOT NULL);
INSERT INTO item SELECT i, i % 200, i * 7919 % 1000, i * 104729 % 3000, repeat('x', 60) FROM generate_series(1, 12000) AS i;
CREATE TABLE part (id int PRIMARY KEY, item int NOT NULL, kind int NOT NULL);
INSERT INTO part SELECT i, i * 7 % 12000, i % 500 FROM generate_series(1, 20000) AS i;
ALTER TABLE item SET (autovacuum_enabled = false);
ALTER TABLE part SET (autovacuum_enabled = false);
VACUUM ANALYZE item, part;
CREATE TEMP TABLE statement (text text);
INSERT INTO statement VALUES
    ('SELECT filler FROM item WHERE a = 7 AND b = 11'), ('SELECT filler FROM item WHERE b = 5'),
    ('SELECT filler FROM item WHERE c = 17'), ('SELECT i.filler FROM part AS p JOIN item AS i ON i.id = p.item WHERE p.kind = 3'),
    ('SELECT count(*) FROM part WHERE item = 77');
-- All indexes that could be of use, and the cost of each statement with each set of them.
CREATE TEMP TABLE candidate (id int, ddl text);
INSERT INTO candidate VALUES
    (0, 'CREATE INDEX ON best.item (a)'), (1, 'CREATE INDEX ON best.item (b)'), (2, 'CREATE INDEX ON best.item (b, a)'),
    (3, 'CREATE INDEX ON best.item (c)'), (4, 'CREATE INDEX ON best.part (kind)'), (5, 'CREATE INDEX ON best.part (item)'),
    (6, 'CREATE INDEX ON best.part (kind) INCLUDE (item)');
CREATE TEMP TABLE subset AS
SELECT s AS number, ARRAY(SELECT ddl FROM candidate WHERE s >> id & 1 = 1 ORDER BY id) AS ddl FROM generate_series(0, 127) AS s;
CREATE TEMP TABLE priced AS
SELECT number, sum(cost_after) AS cost, max((SELECT coalesce(sum(b), 0) FROM unnest(size_bytes) AS b)) AS bytes
FROM subset, statement, clipperf_what_if(text, ddl) GROUP BY number;
CREATE FUNCTION chosen(budget bigint) RETURNS TABLE (cost float8, bytes numeric) LANGUAGE sql AS $$
    WITH advice AS MATERIALIZED (SELECT array_agg(ddl) AS ddl FROM clipperf_recommend_for(
        ARRAY(SELECT text FROM statement), storage_budget => budget || ' bytes', min_benefit => 0) WHERE action = 'create')
    SELECT sum(cost_after), max((SELECT coalesce(sum(b), 0) FROM unnest(size_bytes) AS b))
    FROM advice, statement, clipperf_what_if(text, coalesce(ddl, '{}'))
$$;
-- What is chosen fits, and costs no more than five in a hundred above the best.
CREATE TEMP TABLE compared AS
SELECT budget, c.cost, c.bytes, (SELECT min(p.cost) FROM priced AS p WHERE p.bytes <= budget) AS best
FROM generate_series(100000, 900000, 100000) AS budget, chosen(budget) AS c;
SELECT count(*), bool_and(bytes <= budget) AS fit, bool_and(cost <= 1.05 * best) AS good FROM compared;
SELECT budget, bytes, cost, best FROM compared WHERE bytes > budget OR cost > 1.05 * best;
-- More budget gives no worse answer, and one that does not bind the same as none.
SELECT count(*) FROM compared AS a JOIN compared AS b ON a.budget < b.budget AND a.cost < 0.999 * b.cost;
SELECT ddl FROM clipperf_recommend_for(ARRAY(SELECT text FROM statement)) WHERE action = 'create'
EXCEPT SELECT ddl FROM clipperf_recommend_for(ARRAY(SELECT text FROM statement), storage_budget => '1 GB', max_indexes => 50)
WHERE action = 'create';
-- A table of three pages gets no index, one of a few more does.
CREATE TABLE small (id int, note text);
INSERT INTO small SELECT i, repeat('n', 100) FROM generate_series(1, 170) AS i;
CREATE TABLE larger AS SELECT * FROM small UNION ALL SELECT id + 170, note FROM small UNION ALL SELECT id + 340, note FROM small;
VACUUM ANALYZE small, larger;
SELECT relname, relpages FROM pg_class WHERE oid IN ('small'::regclass, 'larger'::regclass) ORDER BY 1;
SELECT ddl FROM clipperf_recommend_for('{SELECT * FROM small WHERE id = 5, SELECT * FROM larger WHERE id = 5}') WHERE action = 'create';
DROP SCHEMA best CASCADE;
