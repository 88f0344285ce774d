-- How sequential scans are counted, kept and shown.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA seqscan_store;
SET search_path = seqscan_store, public;
CREATE TABLE item (id int, kind int, score int);
INSERT INTO item SELECT i, i % 4, i % 1000 FROM generate_series(1, 30000) AS i;
ANALYZE item;

-- A plan that moves many rows is looked into now and then, and the counts are right all the same.
SELECT clipperf_reset();
PREPARE many AS SELECT count(*) FROM (SELECT kind FROM item WHERE kind > 0 OFFSET 0) AS s;
EXECUTE many \g /dev/null
EXECUTE many \g /dev/null
EXECUTE many \g /dev/null
EXECUTE many \g /dev/null
SELECT executions, rows_read / executions AS read_each, rows_kept / executions AS kept_each FROM clipperf_seq_scans;
DO $$ BEGIN FOR i IN 5..48 LOOP EXECUTE 'EXECUTE many'; END LOOP; END $$;
SELECT executions, scans, rows_read / executions AS read_each, rows_kept / executions AS kept_each
FROM clipperf_seq_scans;

-- Different needs of one statement are kept apart; two users as well.
SELECT clipperf_reset();
CREATE ROLE regress_seqscan_reader;
GRANT USAGE ON SCHEMA seqscan_store TO regress_seqscan_reader;
GRANT SELECT ON item TO regress_seqscan_reader;
SELECT count(*) FROM item a, item b WHERE a.score = 7 AND a.kind = 3 AND b.score = 8 AND b.id < 10;
SET ROLE regress_seqscan_reader;
SELECT id FROM item WHERE score = 9 AND id < 10;
SELECT query IS NOT NULL AS readable, filter_columns FROM clipperf_seq_scans ORDER BY filter_columns, 1;
RESET ROLE;
SELECT query IS NOT NULL AS readable, filter_columns FROM clipperf_seq_scans ORDER BY filter_columns, 1;
SET ROLE regress_seqscan_reader;
SELECT clipperf_reset('seq_scans');
RESET ROLE;

-- Forgotten when asked to; a text stays as long as its statement is known.
SELECT clipperf_reset('seq_scans');
SELECT count(*) FROM clipperf_seq_scans;
SELECT count(*) > 0 AS statements_stay FROM clipperf_queries;
SELECT id FROM item WHERE score = 10 AND id < 20;
SELECT clipperf_reset('queries');
SELECT query FROM clipperf_seq_scans;

-- More scans than there is room for.
DO $$
BEGIN
    FOR i IN 1..1500 LOOP
        EXECUTE format('SELECT count(*) FROM (SELECT %s FROM seqscan_store.item WHERE score = 2000 LIMIT 1) AS s',
                       (SELECT string_agg(CASE WHEN i >> b & 1 = 1 THEN 'id' ELSE 'kind' END || ' AS c' || b, ', ')
                        FROM generate_series(0, 10) AS b));
    END LOOP;
END
$$;
SELECT seq_scans_held BETWEEN 500 AND 1024 AS full, seq_scans_held + seq_scans_evicted BETWEEN 1500 AND 1502 AS all_counted FROM clipperf_info;
SELECT count(*) BETWEEN 500 AND 1024 AS shown, bool_and(rows_read >= 30000) AS counted FROM clipperf_seq_scans;

SELECT clipperf_reset();
SELECT count(*) FROM clipperf_seq_scans;
SELECT seq_scans_held, seq_scans_evicted FROM clipperf_info;
DROP SCHEMA seqscan_store CASCADE;
DROP ROLE regress_seqscan_reader;
