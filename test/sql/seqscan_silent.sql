-- What is not recorded as a sequential scan, and what is recorded but no finding.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA seqscan_silent;
SET search_path = seqscan_silent, public;
CREATE TABLE tiny (id int, kind int);
INSERT INTO tiny SELECT i, i % 3 FROM generate_series(1, 200) AS i;
CREATE TABLE item (id int PRIMARY KEY, kind int, score int, at date, hidden bool);
INSERT INTO item SELECT i, i % 500, i, date '2024-01-01' + i % 300, i % 20 = 0 FROM generate_series(1, 10000) AS i;
CREATE INDEX ON item (at);
ANALYZE tiny, item;
SELECT clipperf_reset();

CREATE VIEW found AS
SELECT (SELECT count(*) FROM clipperf_seq_scans) AS recorded,
       (SELECT count(*) FROM _clipperf_find() WHERE kind = 'seq_scan') AS findings;

-- Nothing to gain by an index on plain columns.
SELECT * FROM item \g /dev/null
SELECT count(*) FROM item;
SELECT kind, count(*) FROM item GROUP BY kind \g /dev/null
SELECT * FROM item ORDER BY score \g /dev/null
SELECT * FROM item LIMIT 2000 \g /dev/null
SELECT * FROM item TABLESAMPLE system (100) WHERE kind = 7 \g /dev/null
SELECT * FROM item WHERE ctid = '(0,1)' \g /dev/null
-- A small table, however it is read.
SELECT * FROM tiny WHERE kind = 1 \g /dev/null
SELECT (SELECT count(*) FROM tiny t WHERE t.id = i.id) FROM item i WHERE i.id <= 3 \g /dev/null
-- Indexes that are used.
SELECT * FROM item WHERE id = 7 \g /dev/null
SELECT * FROM item WHERE at BETWEEN '2024-01-02' AND '2024-01-05' AND score > 5 \g /dev/null
SELECT * FROM item ORDER BY id DESC LIMIT 10 \g /dev/null
-- Catalogs, functions, values.
SELECT count(*) > 1000 AS many FROM pg_proc WHERE proname <> 'x';
SELECT count(*) FROM generate_series(1, 5000) AS g (i) WHERE i = 7;
-- Not executed, or not to the end.
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE kind = 7;
SELECT 1 / (id - 5000) AS fails FROM item WHERE kind = 0 OR score = 5000 \g /dev/null
-- Utility statements.
COPY (SELECT 1) TO STDOUT;
VACUUM item;
SELECT * FROM found;

-- Switched off.
SET clipperf.enabled = off;
SELECT * FROM item WHERE kind = 7 \g /dev/null
RESET clipperf.enabled;
SET clipperf.track = none;
SELECT * FROM item WHERE kind = 7 \g /dev/null
RESET clipperf.track;
SET clipperf.tables = 'tiny, public.item';
SELECT * FROM item WHERE kind = 7 \g /dev/null
RESET clipperf.tables;
SET clipperf.seqscan_min_rows = 10001;
SELECT * FROM item WHERE kind = 7 \g /dev/null
RESET clipperf.seqscan_min_rows;
SELECT * FROM found;

-- Recorded, but no findings: most rows are kept, or needed.
SELECT id AS keeps_most FROM item WHERE NOT hidden \g /dev/null
SELECT id AS keeps_half FROM item WHERE kind < 250 \g /dev/null
SELECT kind AS far_page FROM item WHERE NOT hidden ORDER BY score OFFSET 9000 LIMIT 10 \g /dev/null
SELECT i.id, j.score AS joins_all FROM item i JOIN item j ON j.id = i.score WHERE NOT i.hidden \g /dev/null
SELECT * FROM found;

-- And these are findings.
SET clipperf.tables = 'tiny, item';
SELECT id AS keeps_few FROM item WHERE kind = 7 AND NOT hidden \g /dev/null
SET clipperf.tables = 'seqscan_silent.item';
SELECT id AS first_page FROM item WHERE NOT hidden ORDER BY score LIMIT 10 \g /dev/null
RESET clipperf.tables;
SET clipperf.seqscan_min_rows = 10000;
SELECT kind AS just_enough FROM item WHERE kind = 8 \g /dev/null
RESET clipperf.seqscan_min_rows;
SELECT * FROM found;

-- A temporary table counts as any other.
SELECT clipperf_reset();
CREATE TEMP TABLE work AS SELECT i AS id FROM generate_series(1, 5000) AS i;
ANALYZE work;
SELECT * FROM work WHERE id = 7;
SELECT * FROM found;
DROP TABLE work;
SELECT * FROM found;

DROP SCHEMA seqscan_silent CASCADE;
