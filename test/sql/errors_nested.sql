-- Errors count for the statement that met them, and leave the nesting as it was.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA errors_nested;
SET search_path = errors_nested, public;
SET clipperf.route = 'errors_nested';
SET clipperf.track = 'all';
CREATE TABLE item (id int PRIMARY KEY, kind int CHECK (kind > 0));
CREATE TABLE errors_mark (afterwards int);
CREATE VIEW seen AS
SELECT query, toplevel, calls, errors, rows FROM clipperf_queries
WHERE route = 'errors_nested' AND query NOT LIKE '%clipperf\_%' AND query NOT LIKE '%FROM seen%'
ORDER BY query COLLATE "C", toplevel;
CREATE FUNCTION fail(message text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', message; END $$;
CREATE FUNCTION fail_early(message text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', message; END $$;

-- In the executor.
SELECT clipperf_reset();
INSERT INTO item VALUES (1, 1);
INSERT INTO item VALUES (1, 1);
INSERT INTO item VALUES (2, -1);
SELECT 1 / id AS ratio FROM generate_series(-1, 1) AS id;
SELECT afterwards FROM errors_mark;
SELECT * FROM seen;

-- In the planner.
SELECT clipperf_reset();
SELECT 1 / 0 AS folded;
SELECT fail_early('planning') AS early;
SELECT afterwards FROM errors_mark;
SELECT * FROM seen WHERE query NOT LIKE '%RAISE%';

-- For lack of rights, when the executor starts.
CREATE ROLE regress_clipperf_errors;
GRANT USAGE ON SCHEMA errors_nested TO regress_clipperf_errors;
SELECT clipperf_reset();
SET ROLE regress_clipperf_errors;
SELECT id FROM item;
RESET ROLE;
SELECT afterwards FROM errors_mark;
SELECT query, toplevel, calls, errors, userid = CURRENT_USER::regrole AS own FROM clipperf_queries
WHERE query IN ('SELECT id FROM item', 'SELECT afterwards FROM errors_mark') AND route = 'errors_nested' ORDER BY query COLLATE "C";

-- Syntax errors and unknown tables are no statements yet.
SELECT clipperf_reset();
SELEC 1;
SELECT * FROM missing;
SELECT * FROM seen;

-- In a function: its statement and the one that called it.
SELECT clipperf_reset();
CREATE FUNCTION divide(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE result int;
BEGIN
    SELECT 10 / i INTO result FROM generate_series(n, n) AS i;
    RETURN result;
END $$;
SELECT divide(0);
SELECT divide(5);
SELECT afterwards FROM errors_mark;
SELECT * FROM seen;

-- In a function with an exception block: only the statement inside has failed.
SELECT clipperf_reset();
CREATE FUNCTION divide_or_null(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE result int;
BEGIN
    BEGIN
        SELECT 20 / i INTO result FROM generate_series(n, n) AS i;
    EXCEPTION WHEN division_by_zero THEN
        PERFORM 'handled';
    END;
    PERFORM 'went on';
    RETURN result;
END $$;
SELECT divide_or_null(0);
SELECT afterwards FROM errors_mark;
SELECT * FROM seen;

-- Many errors in one statement, all handled.
SELECT clipperf_reset();
SELECT sum(divide_or_null(i % 2)) AS total FROM generate_series(1, 10) AS i;
SELECT afterwards FROM errors_mark;
SELECT * FROM seen;

-- In a trigger, of each row and deferred.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count(*) FROM item WHERE id < 0;
    RAISE EXCEPTION 'refused';
END $$;
CREATE TABLE refused (id int);
CREATE TRIGGER refuse AFTER INSERT ON refused FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TABLE refused_late (id int);
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON refused_late DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT clipperf_reset();
INSERT INTO refused VALUES (1);
INSERT INTO refused_late VALUES (1);
SELECT afterwards FROM errors_mark;
SELECT * FROM seen;

-- In a subtransaction that is rolled back.
SELECT clipperf_reset();
BEGIN;
SAVEPOINT s;
INSERT INTO item VALUES (1, 1);
ROLLBACK TO s;
SELECT afterwards FROM errors_mark;
SAVEPOINT t;
SELECT fail('again') AS failing;
ROLLBACK TO t;
INSERT INTO item VALUES (3, 1);
COMMIT;
SELECT * FROM seen;

-- Canceled by a time limit: while it runs, while it waits in a function, while it is planned.
CREATE FUNCTION sleep_early() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(600); RETURN 1; END $$;
CREATE FUNCTION sleep_late() RETURNS int VOLATILE LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(601) AS late; RETURN 1; END $$;
SELECT clipperf_reset();
SET statement_timeout = '50ms';
SELECT count(*) AS endless FROM generate_series(1, 1000000) AS a, generate_series(1, 1000000) AS b;
SELECT sleep_late() AS waiting;
SELECT sleep_early() AS planning;
RESET statement_timeout;
SELECT afterwards FROM errors_mark;
SELECT * FROM seen;

-- A cursor that fails half-way.
SELECT clipperf_reset();
BEGIN;
DECLARE failing CURSOR FOR SELECT 1 / (3 - i) AS quotient FROM generate_series(1, 5) AS i;
FETCH 2 FROM failing;
FETCH 2 FROM failing;
ROLLBACK;
SELECT afterwards FROM errors_mark;
SELECT calls, errors, rows, toplevel FROM seen;

-- A function called without end.
CREATE FUNCTION endless(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RETURN (SELECT endless(n + 1) FROM generate_series(1, 1)); END $$;
SELECT clipperf_reset();
SET max_stack_depth = '200kB';
SELECT endless(1);
RESET max_stack_depth;
SELECT afterwards FROM errors_mark;
SELECT query, toplevel, calls, errors > 0 AS errors FROM seen;

RESET clipperf.track;
RESET clipperf.route;
SET client_min_messages = error;
DROP SCHEMA errors_nested CASCADE;
DROP ROLE regress_clipperf_errors;
