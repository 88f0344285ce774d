-- Columns that an index only includes must be worth their bytes where no budget says how many these may be; indexes that do much the same become one.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA bytes;
SET search_path = bytes, public;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE line (id int PRIMARY KEY, ship int NOT NULL, com int NOT NULL, qty int NOT NULL, price int NOT NULL, disc int NOT NULL, tax int NOT NULL,
    flag int NOT NULL, mode int NOT NULL, note text NOT NULL);
INSERT INTO line SELECT i, i::bigint * 7919 % 2503, i::bigint * 104729 % 2503, i % 50, i % 9999, i % 11, i % 9, i % 3, i % 7, repeat('n', 20) FROM generate_series(1, 40000) AS i;
VACUUM ANALYZE line;
CREATE FUNCTION advised(statements text[], budget text DEFAULT NULL) RETURNS TABLE (what text) LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT regexp_replace(ddl, '^.* ON bytes\.', '') FROM clipperf_recommend_for(statements, budget, min_benefit => 0.02) WHERE action = 'create' ORDER BY 1 $$;
SELECT ARRAY['SELECT sum(price * disc) FROM line WHERE ship BETWEEN 100 AND 160 AND disc > 5 AND qty < 24',
    'SELECT sum(price * (1 - disc)), mode FROM line WHERE ship BETWEEN 500 AND 530 GROUP BY mode',
    'SELECT flag, sum(qty), avg(price) FROM line WHERE ship < 30 GROUP BY flag', 'SELECT max(tax) FROM line WHERE ship = 77 AND com < 1000'] AS statements \gset
SELECT * FROM advised(:'statements');
-- Of sixteen rows, five columns are fetched from the table; of many more, from the index.
SELECT * FROM advised(ARRAY['SELECT sum(price), sum(qty), sum(disc), sum(tax), sum(mode) FROM line WHERE ship = 10']);
SELECT * FROM advised(ARRAY['SELECT sum(price), sum(qty), sum(disc), sum(tax), sum(mode) FROM line WHERE ship BETWEEN 100 AND 150']);
-- A budget that does not bind changes nothing.
SELECT array_agg(what) = (SELECT array_agg(what) FROM advised(:'statements')) AS same FROM advised(:'statements', '1 GB');
-- Of the rows that a predicate lets in, an index by a key that finds some of them can be counted as well as one by the key that the predicate fixes.
CREATE TABLE task (id int PRIMARY KEY, owner int NOT NULL, due int NOT NULL, done timestamptz, name text NOT NULL);
INSERT INTO task SELECT i, i::bigint * 7919 % 911, i % 700, CASE WHEN i % 50 > 0 THEN '2026-01-01'::timestamptz END, repeat('n', 60) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE task;
SELECT * FROM advised(ARRAY['SELECT count(*) FROM task WHERE done IS NULL']);
SELECT * FROM advised(ARRAY['SELECT count(*) FROM task WHERE done IS NULL', 'SELECT name FROM task WHERE done IS NULL AND owner = 7']);
DROP SCHEMA bytes CASCADE;
DELETE FROM clipperf_recommendations;
