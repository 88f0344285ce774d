-- A finding is over when it is not seen any more, and comes back as "again"; clipperf is not in its own figures.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA report_life;
SET search_path = report_life, public;
CREATE TABLE item (id int PRIMARY KEY, kind int);
INSERT INTO item SELECT i, i % 500 FROM generate_series(1, 5000) AS i;
ANALYZE item;
SELECT clipperf_reset();
DELETE FROM clipperf_recommendations;
CREATE VIEW report AS SELECT kind, relation, summary, fix ~ 'clipperf_recommend' AS asks FROM clipperf_findings() WHERE kind = 'seq_scan';

-- A scan that an index ends, while the statement goes on: from the reading on, 100 calls.
SELECT id FROM item WHERE kind = 7 \g /dev/null
SELECT * FROM report;
CREATE INDEX item_kind ON item (kind);
\o /dev/null
\set ECHO none
SELECT format('SELECT id FROM item WHERE kind = %s', i) FROM generate_series(1, 99) AS i \gexec
\set ECHO all
\o
SELECT * FROM report;
SELECT id FROM item WHERE kind = 7 \g /dev/null
SELECT * FROM report;
SELECT clipperf_check('{seq_scan}');
SELECT count(*) AS remembered FROM clipperf_seq_scans;

-- It comes back.
DROP INDEX item_kind;
SELECT id FROM item WHERE kind = 7 \g /dev/null
SELECT * FROM report;
-- And is over again.
CREATE INDEX item_kind ON item (kind);
\o /dev/null
\set ECHO none
SELECT format('SELECT id FROM item WHERE kind = %s', i) FROM generate_series(1, 100) AS i \gexec
\set ECHO all
\o
SELECT * FROM report;
-- A reset forgets that.
SELECT clipperf_reset();
DROP INDEX item_kind;
SELECT id FROM item WHERE kind = 7 \g /dev/null
SELECT * FROM report;

-- Where the recommended index is there, fewer calls are enough; not before, nor if the scan goes on.
DROP INDEX IF EXISTS item_kind;
SELECT clipperf_reset();
SELECT id FROM item WHERE kind = 7 \g /dev/null
SELECT fix FROM clipperf_report(advise => true);
SELECT fix FROM clipperf_findings() \gset
CREATE INDEX idx_item_kind ON item (id);
\o /dev/null
\set ECHO none
SELECT format('SELECT id FROM item WHERE kind = %s', i) FROM generate_series(1, 30) AS i \gexec
\set ECHO all
\o
SELECT * FROM report;
DROP INDEX idx_item_kind;
SELECT ddl FROM clipperf_recommend();
:fix
SELECT * FROM report;
\o /dev/null
\set ECHO none
SELECT format('SELECT id FROM item WHERE kind = %s', i) FROM generate_series(1, 19) AS i \gexec
\set ECHO all
\o
SELECT * FROM report;
SELECT id FROM item WHERE kind = 7 \g /dev/null
SELECT * FROM report;
-- So they are where the index was built under another name, or has more columns.
DROP INDEX idx_item_kind;
SELECT id FROM item WHERE kind = 7 \g /dev/null
SELECT substring(kind, '^(seq_scan|missing_index)$') AS kind, fix FROM clipperf_findings();
CREATE INDEX item_by_hand ON item (kind, id);
\o /dev/null
\set ECHO none
SELECT format('SELECT id FROM item WHERE kind = %s', i) FROM generate_series(1, 120) AS i \gexec
\set ECHO all
\o
SELECT * FROM report;
DROP INDEX item_by_hand;
SELECT kind, fix FROM clipperf_findings();
DELETE FROM clipperf_recommendations;

-- What our own functions do is none of the application's, whatever the statement looks like.
SELECT clipperf_reset();
SELECT count(*) >= 0 AS t FROM clipperf_report();
SELECT count(*) >= 0 AS t FROM clipperf_recommend();
SELECT clipperf_check('{temp_spill}');
CREATE VIEW disguised AS SELECT calls FROM clipperf_queries;
SELECT count(*) >= 0 AS t FROM disguised;
PREPARE mine AS SELECT count(*) >= 0 AS t FROM clipperf_n_plus_one;
EXECUTE mine;
SELECT query FROM clipperf_queries WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT _clipperf_statement_time();
-- What only looks like it is counted.
SELECT 'clipperf_report' AS clipperf_like, count(*) FROM item WHERE id < 0;
SELECT query, calls FROM clipperf_queries WHERE query LIKE '%clipperf%';
SELECT statements FROM _clipperf_seen();

DROP SCHEMA report_life CASCADE;
