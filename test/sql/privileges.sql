-- Who may read what.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SET clipperf.route = 'privileges';
CREATE ROLE regress_clipperf_one;
CREATE ROLE regress_clipperf_two;
CREATE ROLE regress_clipperf_stats IN ROLE pg_read_all_stats;
CREATE ROLE regress_clipperf_group;
GRANT regress_clipperf_one TO regress_clipperf_group;
CREATE TABLE regress_clipperf_table (of_one int PRIMARY KEY, of_two int);
INSERT INTO regress_clipperf_table SELECT i, 2 FROM generate_series(1, 3000) AS i;
GRANT SELECT ON regress_clipperf_table TO regress_clipperf_one, regress_clipperf_two;
SELECT clipperf_reset();

SET ROLE regress_clipperf_one;
SELECT count(of_one) FROM regress_clipperf_table;
PREPARE look (int) AS SELECT of_two FROM regress_clipperf_table WHERE of_one < $1;
EXECUTE look (-4711);
SELECT of_one FROM regress_clipperf_table WHERE of_two < 0;
BEGIN;
\o /dev/null
SELECT of_two FROM regress_clipperf_table WHERE of_one = 2;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 6;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 8;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 17;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 31;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 45;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 77;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 99;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 555;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 1000;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 1234;
SELECT of_two FROM regress_clipperf_table WHERE of_one = 2111;
\o
COMMIT;
SET ROLE regress_clipperf_two;
SELECT count(of_two) FROM regress_clipperf_table;

-- Everybody sees the own statements, and nothing of others': neither that they ran, nor what they use, nor findings.
SELECT query, calls, rows, mean_ms > 0 AS has_time FROM clipperf_queries
WHERE userid = 'regress_clipperf_two'::regrole AND query LIKE 'SELECT count(of_two)%';
RESET ROLE;
CREATE VIEW others AS
    SELECT (SELECT count(*) FROM clipperf_queries WHERE userid <> r.oid) AS queries,
           (SELECT count(*) FROM clipperf_table_use WHERE userid <> r.oid) AS table_uses,
           (SELECT count(*) FROM clipperf_seq_scans WHERE query LIKE '%of_one%') AS seq_scans,
           (SELECT count(*) FROM clipperf_n_plus_one WHERE child_query LIKE '%of_one%') AS n_plus_one,
           (SELECT count(*) FROM clipperf_findings(accepted => true) WHERE evidence LIKE '%of_one%') AS findings,
           (SELECT count(*) FROM _clipperf_statement_routes() WHERE queryid NOT IN (SELECT queryid FROM clipperf_queries WHERE userid = r.oid)) AS routes
    FROM pg_roles AS r WHERE r.rolname = current_user;
GRANT SELECT ON others TO PUBLIC;
SET ROLE regress_clipperf_two;
SET client_min_messages = notice;
SELECT * FROM others;
SELECT rank FROM clipperf_report();
SET client_min_messages = warning;
RESET ROLE;
SELECT queryid AS of_another FROM clipperf_queries WHERE query LIKE 'SELECT count(of_one)%' \gset
SET ROLE regress_clipperf_two;

-- Not by asking for the text directly, nor by claiming to have run the statement.
SELECT _clipperf_query_text('regress_clipperf_one'::regrole, d.oid, :of_another) IS NULL AS hidden,
       _clipperf_query_text('regress_clipperf_two'::regrole, d.oid, :of_another) IS NULL AS hidden_too
FROM pg_database AS d WHERE d.datname = current_database();
-- Nor as a member of the role, whose statements are shown neither.
SET ROLE regress_clipperf_group;
SELECT count(*) FROM clipperf_queries WHERE userid = 'regress_clipperf_one'::regrole;
SET ROLE regress_clipperf_two;
SELECT _clipperf_query_text(NULL, 1, 1), _clipperf_query_text(1, NULL, 1), _clipperf_query_text(1, 1, NULL),
    _clipperf_query_text(1, 1, 1), _clipperf_query_text(0, 0, 0);

-- Parameters are for pg_read_all_stats alone, own ones too.
SELECT count(*) FROM clipperf_samples;
SET ROLE regress_clipperf_one;
SELECT count(*) FROM clipperf_samples;

-- Settings that concern everybody are for superusers.
SET clipperf.enabled = off;
SET clipperf.track = 'none';
SET clipperf.capture_parameters = off;
SET clipperf.tables = 'secret';
SET clipperf.lineage = off;
SET clipperf.nplusone_min_children = 2;
SET clipperf.nplusone_window = '1s';
SET clipperf.seqscan_min_rows = 1;
SET clipperf.route = 'mine';
SET clipperf.route = 'privileges';

-- To forget is for those it was granted to.
SELECT clipperf_reset();
SELECT clipperf_reset('queries');
RESET ROLE;
SELECT count(*) > 0 AS still_there FROM clipperf_queries WHERE query LIKE 'SELECT count(of_one)%';
GRANT EXECUTE ON FUNCTION clipperf_reset(text) TO regress_clipperf_two;

-- Members of pg_read_all_stats read all texts, and the parameters.
SET ROLE regress_clipperf_stats;
SELECT query FROM clipperf_queries WHERE userid = 'regress_clipperf_one'::regrole AND query LIKE 'SELECT count(of_one)%';
SELECT queries > 0 AS queries, table_uses > 0 AS table_uses, seq_scans > 0 AS seq_scans, n_plus_one > 0 AS n_plus_one,
       findings > 0 AS findings, routes > 0 AS routes
FROM others;
SELECT count(*) > 0 AS samples FROM clipperf_samples WHERE userid = 'regress_clipperf_one'::regrole;

-- The granted role forgets.
SET ROLE regress_clipperf_two;
SELECT clipperf_reset();
RESET ROLE;
SELECT count(*) FROM clipperf_queries WHERE query LIKE 'SELECT count(of_one)%';

-- A function that runs as its owner counts for its owner.
SET clipperf.track = 'all';
CREATE FUNCTION regress_clipperf_definer() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN RETURN (SELECT count(*) AS as_owner FROM generate_series(1, 2)); END $$;
SET ROLE regress_clipperf_one;
SELECT regress_clipperf_definer();
RESET ROLE;
SELECT userid = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS owner, userid::regrole = 'regress_clipperf_one'::regrole AS caller
FROM clipperf_queries WHERE query LIKE '%as_owner%';
SELECT userid::regrole, toplevel FROM clipperf_queries WHERE query = 'SELECT regress_clipperf_definer()';
RESET clipperf.track;

-- No password is stored, however it is set.
SELECT clipperf_reset();
SET clipperf.track = 'all';
CREATE ROLE regress_clipperf_password PASSWORD 'secret word';
ALTER ROLE regress_clipperf_password PASSWORD 'secret word' VALID UNTIL 'infinity';
DO $$ BEGIN EXECUTE 'ALTER ROLE regress_clipperf_password PASSWORD ''secret word'''; END $$;
CREATE FUNCTION regress_clipperf_set(word text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('ALTER ROLE regress_clipperf_password PASSWORD %L', word); END $$;
SELECT regress_clipperf_set('secret word');
SELECT 'secret word' AS word\; ALTER ROLE regress_clipperf_password PASSWORD 'secret word'\; SELECT 1 AS one;
\o /dev/null
ALTER ROLE regress_clipperf_password PASSWORD 'secret word'\; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT 2 AS two;
\o
BEGIN\; ALTER ROLE regress_clipperf_password PASSWORD 'secret word'\; DECLARE walk CURSOR FOR SELECT 3 AS three\; FETCH walk\; COMMIT;
RESET clipperf.track;
SELECT count(*) FROM clipperf_queries WHERE strpos(query, 'sec' || 'ret') > 0;
SELECT query FROM clipperf_samples AS s WHERE strpos(s::text, 'word') > 0 AND strpos(query, 'ALTER') > 0;

RESET clipperf.route;
SET client_min_messages = error;
DROP FUNCTION regress_clipperf_definer(), regress_clipperf_set(text);
REVOKE EXECUTE ON FUNCTION clipperf_reset(text) FROM regress_clipperf_two;
DROP VIEW others;
DROP TABLE regress_clipperf_table;
DROP ROLE regress_clipperf_one, regress_clipperf_two, regress_clipperf_stats, regress_clipperf_group, regress_clipperf_password;
