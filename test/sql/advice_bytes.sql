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
-- Of two indexes one of which does all the work of the other, that one alone, though the other is smaller.
CREATE TABLE sale (id int PRIMARY KEY, product int, quantity int, price numeric(10,2), note text);
INSERT INTO sale SELECT i, i * 7919 % 2000, i % 9, i % 100, repeat('x', 80) FROM generate_series(1, 100000) AS i;
CREATE TABLE product (id int PRIMARY KEY, title text NOT NULL);
INSERT INTO product SELECT i, md5(i::text) FROM generate_series(1, 2000) AS i;
VACUUM ANALYZE sale, product;
SET random_page_cost = 1.1;
SELECT budget, array_agg(regexp_replace(ddl, '^.* ON bytes\.', '')) AS indexes FROM unnest('{NULL,20 MB,6 MB}'::text[]) AS budget,
    clipperf_recommend_for(ARRAY['SELECT p.title, sum(s.quantity * s.price) FROM product p JOIN sale s ON s.product = p.id GROUP BY p.id ORDER BY 2 DESC LIMIT 10',
        'SELECT sum(quantity * price) FROM sale WHERE product = 77', 'SELECT note FROM sale WHERE product = 78',
        'SELECT p.title FROM product p WHERE NOT EXISTS (SELECT FROM sale s WHERE s.product = p.id)', 'SELECT product, count(*) FROM sale GROUP BY product'],
        budget, min_benefit => 0)
WHERE action = 'create' GROUP BY 1 ORDER BY 1;
RESET random_page_cost;
-- Of the rows that a predicate lets in, an index by a key that finds some of them can be counted as well as one by the key that the predicate fixes.
CREATE TABLE task (id int PRIMARY KEY, owner int NOT NULL, due int NOT NULL, done timestamptz, name text NOT NULL);
INSERT INTO task SELECT i, i::bigint * 7919 % 911, i % 700, CASE WHEN i % 50 > 0 THEN '2026-01-01'::timestamptz END, repeat('n', 60) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE task;
SELECT * FROM advised(ARRAY['SELECT count(*) FROM task WHERE done IS NULL']);
SELECT * FROM advised(ARRAY['SELECT count(*) FROM task WHERE done IS NULL', 'SELECT name FROM task WHERE done IS NULL AND owner = 7']);
DROP SCHEMA bytes CASCADE;
DELETE FROM clipperf_recommendations;
