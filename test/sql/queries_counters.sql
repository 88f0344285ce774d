-- What clipperf_queries counts of one statement.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA queries_counters;
SET search_path = queries_counters, public;
SET clipperf.route = 'queries';
CREATE TABLE item (id int PRIMARY KEY, kind int, body text);
CREATE TABLE counters_mark (one int, two int, first int, second int, third int);
CREATE VIEW seen AS
SELECT * FROM clipperf_queries
WHERE route = 'queries' AND query NOT LIKE '%clipperf\_%' AND query NOT LIKE '%FROM seen%';

-- Calls and rows, of reads and writes.
SELECT clipperf_reset();
INSERT INTO item SELECT i, i % 7, repeat('x', 100) FROM generate_series(1, 2000) AS i;
SELECT id FROM item WHERE id <= 3;
SELECT id FROM item WHERE id <= 2;
SELECT id FROM item WHERE id < 0;
UPDATE item SET kind = 8 WHERE id <= 10;
UPDATE item SET kind = 8 WHERE id <= 20 RETURNING id IS NULL AS no;
DELETE FROM item WHERE id > 1990;
MERGE INTO item USING (VALUES (1), (5000)) AS new (id) ON item.id = new.id
    WHEN MATCHED THEN UPDATE SET kind = 9 WHEN NOT MATCHED THEN INSERT VALUES (new.id, 9, '');
WITH gone AS (DELETE FROM item WHERE id = 5000 RETURNING id) SELECT count(*) FROM gone;
SELECT query, calls, errors, rows, toplevel FROM seen ORDER BY query COLLATE "C";

-- Who and where.
SELECT DISTINCT userid = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS my_userid,
    dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AS my_dbid,
    queryid <> 0 AS has_queryid FROM seen;

-- WAL and blocks: writes make WAL, reads of the table find its blocks.
SELECT clipperf_reset();
CHECKPOINT;
INSERT INTO item SELECT i, 0, repeat('y', 1000) FROM generate_series(10001, 10100) AS i;
SELECT count(body) FROM item;
SELECT one FROM counters_mark;
SELECT left(query, 11) AS query, wal_bytes >= 100000 AS much_wal, wal_bytes > 0 AS wal,
    shared_blks_hit + shared_blks_read > 20 AS blocks, temp_blks_written
FROM seen ORDER BY query COLLATE "C";

-- Temporary files.
SELECT clipperf_reset();
SET work_mem = '64kB';
SELECT count(*) FROM (SELECT i FROM generate_series(1, 20000) AS i ORDER BY i DESC OFFSET 0) AS sorted;
RESET work_mem;
SELECT query, temp_blks_written > 20 AS temp_blocks FROM seen;

-- Times: in order, and they add up, each rounded to a microsecond.
SELECT clipperf_reset();
SELECT pg_sleep(0.001 * i) FROM (VALUES (2000)) AS v (i);
SELECT pg_sleep(0.001 * i) FROM (VALUES (2)) AS v (i);
SELECT pg_sleep(0.001 * i) FROM (VALUES (2)) AS v (i);
SELECT calls, plan_ms > 0 AS planned, min_ms >= 2 AS min, max_ms >= 2000 AS max,
    min_ms <= p50_ms AND p50_ms <= p95_ms AND p95_ms <= p99_ms AND p99_ms <= max_ms AS quantiles,
    min_ms < mean_ms AND mean_ms < max_ms AS mean, abs(mean_ms * calls - total_ms) < 0.002 AS total,
    p50_ms < 2000 AND p99_ms >= 2000 * 0.95 AS quantiles_fit,
    abs(stddev_ms - sqrt(((min_ms - mean_ms) ^ 2 + (max_ms - mean_ms) ^ 2
                          + (total_ms - min_ms - max_ms - mean_ms) ^ 2) / 3)) < 0.002 AS stddev
FROM seen;

-- A plan that is used again costs no planning.
SELECT clipperf_reset();
SET plan_cache_mode = force_generic_plan;
PREPARE again (int) AS SELECT id FROM item WHERE id = $1;
EXECUTE again (1);
SELECT plan_ms AS first_plan FROM seen \gset
EXECUTE again (2);
EXECUTE again (3);
SELECT calls, rows, plan_ms > 0 AS planned, plan_ms = :first_plan AS planned_once FROM seen;
DEALLOCATE again;
RESET plan_cache_mode;

-- First and last time seen: the start of the client's statement.
SELECT clipperf_reset();
SELECT now() AS before \gset
SELECT two FROM counters_mark;
SELECT now() AS between \gset
SELECT two FROM counters_mark;
SELECT first_seen BETWEEN :'before' AND :'between' AS first, last_seen BETWEEN :'between' AND now() AS last, calls
FROM seen WHERE query LIKE '%two%';

-- Different parameters.
SELECT clipperf_reset();
PREPARE look (int) AS SELECT kind FROM item WHERE id = $1;
\o /dev/null
\set ECHO none
SELECT format('EXECUTE look (%s)', 1 + i % 4) FROM generate_series(1, 40) AS i \gexec
\set ECHO all
\o
SELECT calls, distinct_params FROM seen WHERE query LIKE '%look%' OR query LIKE '%SELECT kind FROM item%';
DEALLOCATE look;

-- Different constants, compared with a column or not, and spelt in several ways.
SELECT clipperf_reset();
\o /dev/null
\set ECHO none
SELECT format('UPDATE counters_mark SET two = two + %s WHERE one = %s', i % 3 - 1, 1 + i % 2) FROM generate_series(1, 48) AS i \gexec
SELECT format('SELECT third FROM counters_mark WHERE first = %s', i % 5 - 2) FROM generate_series(1, 20) AS i \gexec
SELECT format('SELECT third FROM counters_mark WHERE second = %s AND 1.5 < %s.5', i % 2, i % 3) FROM generate_series(1, 24) AS i \gexec
SELECT format('SELECT second FROM counters_mark WHERE first = %s', CASE WHEN i % 2 = 0 THEN '1' ELSE quote_literal(2) END)
FROM generate_series(1, 20) AS i \gexec
\set ECHO all
\o
SELECT query, calls, distinct_params FROM seen WHERE query LIKE '%counters_mark%' ORDER BY query COLLATE "C";

-- Many different parameters: an estimate with a standard error of 9 %, however often each comes back.
SELECT clipperf_reset();
SET clipperf.track = 'all';
DO $$
DECLARE number int;
BEGIN
    FOR i IN 1..20000 LOOP
        number := i % 4000;
        PERFORM two FROM counters_mark WHERE one = number;
    END LOOP;
    FOR i IN 1..3000 LOOP
        EXECUTE 'SELECT three FROM (SELECT 3 AS three) AS s WHERE three = ' || i;
    END LOOP;
END $$;
RESET clipperf.track;
SELECT calls, distinct_params BETWEEN 4000 * 0.73 AND 4000 * 1.27 AS of_parameters FROM seen WHERE query LIKE '%two FROM counters_mark%';
SELECT calls, distinct_params BETWEEN 3000 * 0.73 AND 3000 * 1.27 AS of_constants FROM seen WHERE query LIKE '%AS three)%';

-- More statements than a backend keeps pending for itself: none is lost.
SELECT clipperf_reset();
\o /dev/null
\set ECHO none
SELECT format('SELECT %s', string_agg('1 AS a' || j, ', ')) FROM generate_series(11, 70) AS i, generate_series(1, i) AS j GROUP BY i \gexec
SELECT format('SELECT %s', string_agg('1 AS a' || j, ', ')) FROM generate_series(11, 70) AS i, generate_series(1, i) AS j GROUP BY i \gexec
\set ECHO all
\o
SELECT count(*), min(calls), max(calls), sum(rows) FROM seen WHERE query LIKE 'SELECT $1 AS a1%';

-- Several statements in one string are told apart.
SELECT clipperf_reset();
SELECT first FROM counters_mark\; SELECT second, 'secret' AS third FROM counters_mark\; SELECT first FROM counters_mark;
SELECT query, calls FROM seen ORDER BY query COLLATE "C";

-- EXPLAIN does not execute.
SELECT clipperf_reset();
EXPLAIN (COSTS OFF) SELECT 1 AS explained;
SELECT query FROM seen;

-- Utility statements are not counted, but the query whose result COPY and CREATE TABLE AS keep is: here the same one.
SELECT clipperf_reset();
COPY (SELECT 1 AS copied) TO STDOUT;
CREATE TEMP TABLE made AS SELECT 1 AS one;
ANALYZE item;
SELECT calls, rows FROM seen;

RESET clipperf.route;
SET client_min_messages = error;
DROP SCHEMA queries_counters CASCADE;
