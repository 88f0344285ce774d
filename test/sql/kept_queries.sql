-- Queries whose results a utility statement keeps count as the client's own; what EXPLAIN runs counts as nothing.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA kept;
SET search_path = kept, public;
CREATE TABLE item (id int, kind int, filler text);
INSERT INTO item SELECT i, i % 1000, repeat('x', 100) FROM generate_series(1, 20000) AS i;
CREATE MATERIALIZED VIEW counts AS SELECT kind, count(*) AS n FROM item WHERE kind = 7 GROUP BY kind;
CREATE UNIQUE INDEX ON counts (kind);
VACUUM ANALYZE item;
CREATE FUNCTION copied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM item WHERE kind = 99; RETURN NEW; END $$;
SELECT clipperf_reset() IS NOT NULL AS reset;
CREATE TABLE one AS SELECT id FROM item WHERE kind = 1;
SELECT id, filler INTO two FROM item WHERE kind = 2;
REFRESH MATERIALIZED VIEW counts;
REFRESH MATERIALIZED VIEW CONCURRENTLY counts;
COPY (SELECT kind FROM item WHERE kind = 4) TO '/dev/null';
CREATE MATERIALIZED VIEW more AS SELECT filler FROM item WHERE kind = 3;
SELECT toplevel, calls, rows, query FROM clipperf_queries WHERE query NOT ILIKE '%clipperf%' ORDER BY query COLLATE "C";
SELECT executions, query FROM clipperf_seq_scans ORDER BY query COLLATE "C";
SELECT regexp_replace(ddl, '^.* ON | INCLUDE.*|;$', '', 'g') AS index, cardinality(queryids) AS statements FROM clipperf_recommend() WHERE action = 'create';
SELECT query, problem FROM clipperf_workload() WHERE problem IS NOT NULL;

-- Neither EXPLAIN ANALYZE nor what it runs inside; a COPY that reads rows is no query.
SELECT clipperf_reset() IS NOT NULL AS reset;
CREATE FUNCTION inside() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM item WHERE kind = 5); END $$;
\o /dev/null
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT inside();
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) CREATE TABLE three AS SELECT inside();
\o
CREATE TRIGGER copied BEFORE INSERT ON one FOR EACH ROW EXECUTE FUNCTION copied();
COPY one FROM '/dev/null';
SELECT count(*) FROM clipperf_seq_scans;
SELECT query FROM clipperf_queries WHERE query NOT ILIKE '%clipperf%';
-- And statements count again afterwards.
SELECT count(*) FROM item WHERE kind = 8;
SELECT executions, query FROM clipperf_seq_scans;
DROP SCHEMA kept CASCADE;
DELETE FROM clipperf_recommendations;
