-- Scans of an index that throw nearly all rows away: a finding of their own, with the advisor's index.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA report_index_scans;
SET search_path = report_index_scans, public;
CREATE TABLE post (id int PRIMARY KEY, image_id int, author int, title text);
INSERT INTO post SELECT i, CASE WHEN i < 500 THEN i % 50 ELSE 100000 + i % 20000 END, i % 4, 'title ' || i FROM generate_series(1, 20000) AS i;
CREATE INDEX post_author ON post (author);
CREATE TABLE log (id int, kind int, at date) PARTITION BY RANGE (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (5000);
CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (5000) TO (10000);
INSERT INTO log SELECT i, i % 5000, date '2026-01-01' + i / 100 FROM generate_series(0, 9999) AS i;
CREATE INDEX ON log (at);
ANALYZE post, log;
SELECT clipperf_reset();
DELETE FROM clipperf_recommendations;
SET enable_seqscan = off;
SET max_parallel_workers_per_gather = 0;

-- Walks the primary key backwards until two rows fit; a range of it, with a filter; a bitmap; partitions; a join.
SELECT id AS backwards FROM post WHERE image_id IN (5, 9001) ORDER BY id DESC LIMIT 2 \g /dev/null
SELECT id AS range FROM post WHERE id > 100 AND title = 'none' \g /dev/null
SELECT id AS bitmap FROM post WHERE author = 3 AND title = 'title 7' \g /dev/null
SELECT id AS parts FROM log WHERE at > '2026-01-10' AND kind = 4999 \g /dev/null
-- Nothing is said of those that keep much, find little, or filter nothing.
SELECT id AS kept FROM post WHERE id > 100 AND title <> 'none' \g /dev/null
SELECT id AS few FROM post WHERE id BETWEEN 100 AND 900 AND title = 'none' \g /dev/null
SELECT id AS plain FROM post WHERE id > 100 \g /dev/null
SET enable_bitmapscan = off;
SELECT id AS plain FROM post WHERE author = 3 AND title = 'title 8' \g /dev/null
RESET enable_bitmapscan;
RESET enable_seqscan;
SELECT substring(query FROM ' AS (\w+)') AS statement, relation, walked_index, executions, scans, rows_read, rows_kept, estimated, filter_columns
FROM clipperf_index_scans ORDER BY 1, 2;
SELECT count(*) AS sequential FROM clipperf_seq_scans;
SELECT kind, relation, summary FROM clipperf_findings() WHERE kind ~ 'scan' ORDER BY summary COLLATE "C";

-- The fix is the advisor's, and no statement does so any more when it is built.
SELECT count(*) > 0 AS advised FROM clipperf_recommend(min_benefit => 0.001);
SELECT count(*) AS not_advised FROM clipperf_findings() WHERE kind = 'index_scan' AND fix !~ '^(CREATE INDEX|SELECT \* FROM public.clipperf_apply)';
SELECT count(*) = count(DISTINCT id) AS once FROM _clipperf_find(), unnest(recommendations) AS u (id);
\o /dev/null
\set ECHO none
SELECT fix FROM clipperf_findings() WHERE kind = 'index_scan' \gexec
SELECT format('SELECT clipperf_wait(%s)', job) FROM clipperf_jobs \gexec
\set ECHO all
\o
SELECT count(*) > 0 AS advised FROM clipperf_recommend(min_benefit => 0.001);
SELECT kind, relation, summary, fix FROM clipperf_findings() WHERE kind = 'index_scan';
SET enable_seqscan = off;
SELECT id AS backwards FROM post WHERE image_id IN (5, 9001) ORDER BY id DESC LIMIT 2 \g /dev/null
SELECT id AS range FROM post WHERE id > 100 AND title = 'none' \g /dev/null
RESET enable_seqscan;
SELECT kind, relation, summary, fix FROM clipperf_findings() WHERE kind = 'index_scan';

-- Counted are the first four executions, then one of sixteen, which stand for the others.
SELECT clipperf_reset();
PREPARE found(int) AS SELECT id AS found FROM post WHERE id > $1 AND author = 9;
DROP INDEX post_author;
SET enable_seqscan = off;
\o /dev/null
\set ECHO none
SELECT format('EXECUTE found(%s)', i) FROM generate_series(1, 40) AS i \gexec
\set ECHO all
\o
RESET enable_seqscan;
SELECT executions, estimated FROM clipperf_index_scans;
SELECT evidence ~ 'about 32 executions' AS says_so FROM clipperf_findings() WHERE kind = 'index_scan';

-- Checked if asked for, and accepted like the others.
SELECT clipperf_check();
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT clipperf_check('{index_scan}');
SELECT clipperf_check('{index_scan}', allow => '{post}');

RESET max_parallel_workers_per_gather;
DELETE FROM clipperf_recommendations;
DELETE FROM clipperf_scan_advice;
DELETE FROM _clipperf_job;
DROP SCHEMA report_index_scans CASCADE;
