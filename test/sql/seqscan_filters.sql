-- What a filter asks of each column, and the rows it keeps.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA seqscan_filters;
SET search_path = seqscan_filters, public;
CREATE TABLE item (id int, kind int, name varchar(40), score numeric, at timestamp, hidden bool, note text, tags int[]);
INSERT INTO item
SELECT i, i % 100, 'name ' || i, i / 10, timestamp '2024-01-01' + i * interval '1 minute', i % 20 = 0,
       CASE WHEN i % 50 = 0 THEN 'x' END, ARRAY[i % 7, i % 11]
FROM generate_series(1, 5000) AS i;
ANALYZE item;
SELECT clipperf_reset();

-- Each statement names itself by its first column.
SELECT id AS equal_constant FROM item WHERE kind = 7 \g /dev/null
SELECT id AS equal_swapped FROM item WHERE 7 = kind \g /dev/null
SELECT id AS equal_cast FROM item WHERE name = 'name 8'::text \g /dev/null
SELECT id AS in_list FROM item WHERE kind IN (1, 2, 3) \g /dev/null
SELECT id AS any_array FROM item WHERE kind = ANY ('{1,2}') \g /dev/null
SELECT id AS range_both FROM item WHERE at >= '2024-01-02' AND at < '2024-01-03' \g /dev/null
SELECT id AS range_swapped FROM item WHERE 4990 <= id \g /dev/null
SELECT id AS row_keyset FROM item WHERE (score, id) > (499, 4995) \g /dev/null
SELECT id AS is_true FROM item WHERE hidden \g /dev/null
SELECT id AS equals_true FROM item WHERE hidden = true \g /dev/null
SELECT id AS is_false FROM item WHERE hidden = false AND kind = 7 \g /dev/null
SELECT id AS is_null FROM item WHERE note IS NULL AND kind = 7 \g /dev/null
SELECT id AS is_not_null FROM item WHERE note IS NOT NULL \g /dev/null
SELECT id AS pattern FROM item WHERE name ILIKE '%e 123%' \g /dev/null
SELECT id AS contains FROM item WHERE tags @> '{6,10}' \g /dev/null
SELECT id AS expression FROM item WHERE lower(name) = 'name 5' \g /dev/null
SELECT id AS cast_column FROM item WHERE kind::text = '5' \g /dev/null
SELECT id AS either FROM item WHERE kind = 5 OR score = 5 \g /dev/null
SELECT id AS two_columns FROM item WHERE id = score \g /dev/null
SELECT id AS volatile FROM item WHERE kind = (random() * 0)::int \g /dev/null
SELECT id AS mixed FROM item WHERE at > '2024-01-03' AND NOT hidden AND kind = 7 AND name LIKE '%9%' \g /dev/null

SELECT substring(query FROM ' AS (\w+)') AS statement, relation, executions, scans,
       rows_read = 5000 AS read_all, kept_share BETWEEN 0.0001 AND 0.2 AS kept_few, filter_columns
FROM clipperf_seq_scans
ORDER BY 1;

-- A prepared statement, with a plan for each list of parameters and with one for all.
SELECT clipperf_reset();
PREPARE few(int, bool) AS SELECT id AS prepared FROM item WHERE kind = $1 AND hidden = $2;
SET plan_cache_mode = force_custom_plan;
EXECUTE few(7, false) \g /dev/null
EXECUTE few(8, false) \g /dev/null
SET plan_cache_mode = force_generic_plan;
EXECUTE few(9, false) \g /dev/null
RESET plan_cache_mode;
SELECT executions, rows_read / executions AS read_each, rows_kept / executions AS kept_each, filter_columns
FROM clipperf_seq_scans
ORDER BY filter_columns;

-- A column that is renamed or dropped later.
ALTER TABLE item RENAME kind TO "Odd Name";
ALTER TABLE item DROP hidden;
SELECT filter_columns FROM clipperf_seq_scans ORDER BY filter_columns;

DROP SCHEMA seqscan_filters CASCADE;
SELECT count(*) AS of_dropped_table FROM clipperf_seq_scans;
