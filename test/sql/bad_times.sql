-- What statements go through that do not simply run from beginning to end.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA bad_times;
SET search_path = bad_times, public;
SET clipperf.route = 'bad_times';
CREATE TABLE item (id int PRIMARY KEY, kind int);
INSERT INTO item SELECT i, i % 10 FROM generate_series(1, 5000) AS i;
ANALYZE item;
CREATE TABLE log (id int);
CREATE TABLE routed (id int);
CREATE VIEW seen AS
SELECT query, toplevel, calls, errors, rows FROM clipperf_queries
WHERE route = 'bad_times' AND query NOT LIKE '%clipperf\_%' AND query NOT LIKE '%FROM seen%'
ORDER BY query COLLATE "C", toplevel;

-- Prepared transactions: what ran in them is counted, whether they are committed or not.
SELECT clipperf_reset();
BEGIN;
INSERT INTO log VALUES (1);
PREPARE TRANSACTION 'regress_clipperf_one';
SELECT count(*) FROM log;
ROLLBACK PREPARED 'regress_clipperf_one';
BEGIN;
INSERT INTO log VALUES (2), (3);
PREPARE TRANSACTION 'regress_clipperf_two';
COMMIT PREPARED 'regress_clipperf_two';
SELECT count(*) FROM log;
SELECT * FROM seen;

-- DISCARD ALL: the statement prepared before is gone, the same one prepared again counts on.
SELECT clipperf_reset();
PREPARE look (int) AS SELECT kind FROM item WHERE id = $1;
EXECUTE look (1);
DISCARD ALL;
EXECUTE look (1);
SET search_path = bad_times, public;
SET clipperf.route = 'bad_times';
EXECUTE look (2);
PREPARE look (int) AS SELECT kind FROM item WHERE id = $1;
EXECUTE look (3);
SELECT * FROM seen;
DEALLOCATE look;

-- The queries of utility statements that keep what they return are the client's own; what EXPLAIN runs is nobody's.
SELECT clipperf_reset();
COPY (SELECT id AS copied FROM item WHERE id < 3) TO STDOUT;
CREATE TABLE made AS SELECT id AS made FROM item WHERE id < 3;
CREATE MATERIALIZED VIEW refreshed AS SELECT id AS refreshed FROM item WHERE id < 3;
REFRESH MATERIALIZED VIEW refreshed;
\o /dev/null
EXPLAIN (ANALYZE) SELECT id AS explained FROM item WHERE id < 3;
\o
COPY (SELECT 1 / (id - 1) AS failed FROM item ORDER BY id) TO STDOUT;
COPY log FROM STDIN;
4
no number
\.
SELECT count(*) FROM log;
-- From 16 on, the query of a view has the identifier that it has elsewhere.
SELECT s.query, toplevel, sum(calls) AS calls, sum(errors) AS errors, sum(rows) AS rows
FROM seen, LATERAL (SELECT CASE WHEN seen.query LIKE 'REFRESH %' THEN 'SELECT id AS copied FROM item WHERE id < $1' ELSE seen.query END) AS s (query)
GROUP BY s.query, toplevel ORDER BY s.query COLLATE "C";

-- A route that holds for a transaction, a savepoint or a function ends with it.
SELECT clipperf_reset();
CREATE FUNCTION with_route() RETURNS bigint LANGUAGE sql SET clipperf.route = 'in function' AS $$ SELECT count(*) FROM log $$;
BEGIN;
SET LOCAL clipperf.route = 'local';
SELECT count(*) FROM routed;
SAVEPOINT one;
SET LOCAL clipperf.route = 'deeper';
SELECT count(*) FROM routed;
ROLLBACK TO one;
SELECT count(*) FROM routed;
ROLLBACK;
SELECT count(*) FROM routed;
BEGIN;
SET clipperf.route = 'rolled back';
SELECT 1 / 0 FROM routed;
ROLLBACK;
SELECT with_route();
SELECT count(*) FROM routed;
SELECT route, sum(calls) AS calls, sum(errors) AS errors FROM clipperf_queries
WHERE query ~ 'FROM routed|with_route' AND query !~ 'clipperf_|CREATE' GROUP BY route ORDER BY route COLLATE "C";

-- Blocks and WAL are what the statement itself caused, not what ran while its cursor was open.
SELECT clipperf_reset();
BEGIN;
DECLARE slow CURSOR FOR SELECT -g AS below, g AS fetched FROM generate_series(1, 10) AS g;
FETCH 1 FROM slow;
INSERT INTO log SELECT generate_series(1, 1000);
FETCH 1 FROM slow;
COMMIT;
SET clipperf.track = 'all';
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT -g AS below, g AS looped FROM generate_series(1, 3) AS g LOOP
        UPDATE log SET id = id + 1 WHERE id = r.looped;
    END LOOP;
END $$;
RESET clipperf.track;
SELECT query, calls, rows, shared_blks_hit > 0 AS blocks, wal_bytes > 0 AS wal FROM clipperf_queries
WHERE route = 'bad_times' AND query ~ ' AS (fetched|looped) |^(INSERT|UPDATE)' ORDER BY query COLLATE "C", rows;

-- A held cursor: its rows are those of the run that keeps them as well.
SELECT clipperf_reset();
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT id FROM item WHERE id <= 3 ORDER BY id;
COMMIT;
FETCH 1 FROM held;
CLOSE held;
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT 1 / (3 - id) AS held FROM item ORDER BY id;
COMMIT;
SELECT count(*) FROM log;
SELECT * FROM seen;

-- Canceled in a deferred trigger, and in DO.
SELECT clipperf_reset();
CREATE FUNCTION wait_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
CREATE TABLE slow_end (id int);
CREATE CONSTRAINT TRIGGER wait_late AFTER INSERT ON slow_end DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_late();
BEGIN;
INSERT INTO slow_end VALUES (1), (2);
SET LOCAL statement_timeout = '50ms';
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
SET statement_timeout = '50ms';
DO $$ BEGIN PERFORM pg_sleep(600); END $$;
RESET statement_timeout;
SELECT count(*) FROM slow_end;
SELECT * FROM seen;

-- A user switched while a cursor is open: the scan is his who began it, and nobody else reads its text.
CREATE ROLE regress_bad_one;
CREATE ROLE regress_bad_two;
GRANT USAGE ON SCHEMA bad_times TO regress_bad_one, regress_bad_two;
GRANT SELECT ON item TO regress_bad_one;
SELECT clipperf_reset();
BEGIN;
SET LOCAL ROLE regress_bad_one;
DECLARE switched CURSOR FOR SELECT id AS name_of_one FROM item WHERE kind = 3;
\o /dev/null
FETCH ALL FROM switched;
\o
SET LOCAL ROLE regress_bad_two;
CLOSE switched;
SELECT query FROM clipperf_seq_scans WHERE relation = 'item'::regclass;
SELECT query FROM clipperf_queries WHERE query ~ 'name_of_one' AND query !~ 'clipperf_';
COMMIT;
SELECT userid::regrole, query FROM clipperf_queries WHERE query ~ 'name_of_one' AND query !~ 'clipperf_';
SELECT query FROM clipperf_seq_scans WHERE relation = 'item'::regclass;

-- Equal statements of two users differ in the names they chose: each sees his own, though he failed for lack of rights.
SET ROLE regress_bad_two;
SELECT id AS my_own_name FROM item WHERE kind = 3;
SELECT query, calls, errors FROM clipperf_queries WHERE userid = 'regress_bad_two'::regrole AND query ~ 'FROM item' ORDER BY query COLLATE "C";
SELECT count(*) FROM clipperf_queries WHERE strpos(query, 'name_of' || '_one') > 0;
RESET ROLE;

-- Temporary tables: captured, and silently left out of findings when they are gone.
SELECT clipperf_reset();
CREATE TEMP TABLE passing AS SELECT i AS id, i % 100 AS kind FROM generate_series(1, 5000) AS i;
SELECT count(*) FROM passing WHERE kind = 5;
SELECT relation, scans FROM clipperf_seq_scans WHERE relation = 'passing'::regclass;
SELECT count(*) FROM clipperf_findings() WHERE kind = 'seq_scan' AND relation = 'passing'::regclass;
DROP TABLE passing;
SELECT count(*) FROM clipperf_seq_scans WHERE query ~ 'passing';
SELECT count(*) FROM clipperf_findings() WHERE evidence ~ 'passing';
SELECT query, calls FROM seen WHERE query ~ 'FROM passing';

-- Rules and BEGIN ATOMIC functions: their statements have no text of their own.
SELECT clipperf_reset();
SET clipperf.track = 'all';
CREATE RULE also AS ON INSERT TO item DO ALSO INSERT INTO log VALUES (new.id);
CREATE FUNCTION atomic_one(n int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC
    SELECT count(*) FROM log WHERE id = n;
    SELECT count(*) FROM item WHERE id = n;
END;
SELECT atomic_one(1);
INSERT INTO item VALUES (6000, 1);
RESET clipperf.track;
SELECT query, toplevel FROM seen WHERE query !~ 'atomic_one';
DROP RULE also ON item;

-- A session that loses its table while a cursor is open, and a function that is replaced while it runs.
SELECT clipperf_reset();
SET clipperf.track = 'all';
CREATE FUNCTION replaces_itself() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE OR REPLACE FUNCTION replaces_itself() RETURNS int LANGUAGE plpgsql AS ''BEGIN RETURN 2; END''';
    RETURN (SELECT count(*) FROM log WHERE id = -1) + 1;
END $$;
SELECT replaces_itself();
SELECT replaces_itself();
BEGIN;
CREATE TABLE doomed (id int);
INSERT INTO doomed VALUES (1), (2);
DECLARE orphan CURSOR FOR SELECT id FROM doomed;
FETCH 1 FROM orphan;
DROP TABLE doomed;
ROLLBACK;
RESET clipperf.track;
SELECT toplevel, calls, errors FROM seen WHERE query ~ 'replaces_itself|doomed' ORDER BY query COLLATE "C";

RESET clipperf.route;
SET client_min_messages = error;
DROP SCHEMA bad_times CASCADE;
DROP ROLE regress_bad_one, regress_bad_two;
