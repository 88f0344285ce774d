-- Prepared statements, cursors and parallel plans are counted once per execution.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA queries_prepared;
SET search_path = queries_prepared, public;
SET clipperf.route = 'queries_prepared';
CREATE TABLE item (id int PRIMARY KEY, kind int);
INSERT INTO item SELECT i, i % 10 FROM generate_series(1, 20000) AS i;
ANALYZE item;
CREATE TABLE prepared_mark (afterwards int, visible int, unseen int);
CREATE VIEW seen AS
SELECT query, toplevel, calls, errors, rows FROM clipperf_queries
WHERE route = 'queries_prepared' AND query NOT LIKE '%clipperf\_%' AND query NOT LIKE '%FROM seen%'
ORDER BY query COLLATE "C", toplevel;

-- EXECUTE counts for the statement that was prepared, with generic and custom plans.
SELECT clipperf_reset();
PREPARE look (int) AS SELECT kind FROM item WHERE id = $1;
\o /dev/null
\set ECHO none
SELECT format('EXECUTE look (%s)', i) FROM generate_series(1, 12) AS i \gexec
\set ECHO all
SET plan_cache_mode = force_generic_plan;
EXECUTE look (13);
SET plan_cache_mode = force_custom_plan;
EXECUTE look (14);
RESET plan_cache_mode;
\o
SELECT toplevel, calls, errors, rows FROM seen WHERE query LIKE '%SELECT kind FROM item%';
DEALLOCATE look;

-- A cursor is one execution, however often it is fetched from.
SELECT clipperf_reset();
BEGIN;
DECLARE walk SCROLL CURSOR FOR SELECT id FROM item ORDER BY id;
FETCH 2 FROM walk;
FETCH BACKWARD 1 FROM walk;
MOVE 10 FROM walk;
FETCH 1 FROM walk;
SELECT count(*) AS while_open FROM seen;
CLOSE walk;
COMMIT;
SELECT toplevel, calls, rows FROM seen WHERE query LIKE '%SELECT id FROM item%';

-- A cursor that is held, and one that its transaction closes.
SELECT clipperf_reset();
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT id FROM item WHERE id < 5;
DECLARE closed CURSOR FOR SELECT id FROM item WHERE id > 19995;
FETCH 1 FROM closed;
COMMIT;
FETCH ALL FROM held;
CLOSE held;
SELECT toplevel, calls FROM seen WHERE query LIKE '%FROM item%';

-- A cursor of a transaction that is rolled back leaves nothing open.
BEGIN;
DECLARE lost CURSOR FOR SELECT id FROM item;
FETCH 1 FROM lost;
ROLLBACK;
SELECT clipperf_reset();
SELECT afterwards FROM prepared_mark;
SELECT toplevel, calls FROM seen WHERE query LIKE '%afterwards%';

-- Workers of a parallel plan do not count; what they read does.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM item WHERE kind = 3;
SELECT clipperf_reset();
SELECT count(*) FROM item WHERE kind = 3;
SELECT calls, rows, toplevel FROM seen;
SELECT shared_blks_hit + shared_blks_read >= pg_relation_size('item') / 8192 AS all_blocks
FROM clipperf_queries WHERE query LIKE 'SELECT count(*) FROM item%' AND route = 'queries_prepared';

-- Switched off and on again.
SET clipperf.enabled = off;
SELECT clipperf_reset();
SELECT unseen FROM prepared_mark;
SET clipperf.enabled = on;
SELECT * FROM seen;
SELECT visible FROM prepared_mark;
SELECT query FROM seen WHERE query LIKE '%visible%';

RESET clipperf.route;
SET client_min_messages = error;
DROP SCHEMA queries_prepared CASCADE;
