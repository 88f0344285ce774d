-- Statements inside functions, DO, CALL and triggers, by clipperf.track.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA nesting;
SET search_path = nesting, public;
SET clipperf.route = 'nesting';
CREATE TABLE log (id int);
CREATE TABLE item (id int PRIMARY KEY);
CREATE TABLE nesting_mark (one int, two int, seen_again int, unseen int, both_ways int, on_top int, performed int, in_do int, before_do int);
CREATE VIEW seen AS
SELECT query, toplevel, calls, errors, rows FROM clipperf_queries
WHERE route = 'nesting' AND query NOT LIKE '%clipperf\_%' AND query NOT LIKE '%FROM seen%'
ORDER BY query COLLATE "C", toplevel;

CREATE FUNCTION inner_one(n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
    SELECT count(*) INTO found FROM log WHERE id = n;
    RETURN found;
END $$;
CREATE FUNCTION outer_one(n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
    SELECT sum(inner_one(n)) INTO found FROM generate_series(1, 3);
    RETURN found;
END $$;
CREATE FUNCTION in_sql(n int) RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT count(*) FROM log WHERE id < n $$;
CREATE PROCEDURE work(n int) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log VALUES (n);
    COMMIT;
    INSERT INTO log VALUES (n + 1), (n + 2);
    ROLLBACK;
END $$;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log VALUES (new.id);
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION note();

-- top: only what the client sent. CALL and DO are utility statements.
SET clipperf.track = 'top';
SELECT clipperf_reset();
SELECT outer_one(1);
SELECT in_sql(1);
CALL work(1);
DO $$ BEGIN PERFORM performed FROM nesting_mark; END $$;
INSERT INTO item VALUES (1), (2);
SELECT * FROM seen;

-- all: these and what runs inside them, as often as it ran.
SET clipperf.track = 'all';
SELECT clipperf_reset();
SELECT outer_one(1);
SELECT in_sql(1);
CALL work(1);
DO $$ BEGIN PERFORM performed FROM nesting_mark; END $$;
INSERT INTO item VALUES (3), (4);
SELECT * FROM seen;

-- The same statement, sent and nested, makes two rows.
SELECT clipperf_reset();
SELECT both_ways FROM nesting_mark;
DO $$ BEGIN EXECUTE 'SELECT both_ways FROM nesting_mark'; END $$;
SELECT * FROM seen WHERE query LIKE '%both%';

-- none: nothing.
SELECT clipperf_reset();
SET clipperf.track = 'none';
SELECT outer_one(1);
SELECT one FROM nesting_mark;
SET clipperf.track = 'all';
SELECT * FROM seen;

-- A function that switches tracking off and on while it runs.
SELECT clipperf_reset();
DO $$
BEGIN
    SET LOCAL clipperf.track = 'none';
    PERFORM unseen FROM nesting_mark;
    SET LOCAL clipperf.track = 'all';
    PERFORM seen_again FROM nesting_mark;
END $$;
SELECT on_top FROM nesting_mark;
SELECT query, toplevel FROM seen;

-- Loops over a cursor, open while other statements run and end.
SELECT clipperf_reset();
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT g AS looped FROM generate_series(1, 25) AS g LOOP
        PERFORM r.looped AS in_loop;
        EXIT WHEN r.looped = 20;
    END LOOP;
END $$;
SELECT query, toplevel, calls FROM seen;

-- A procedure whose loop outlives its transactions.
SELECT clipperf_reset();
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT g AS held FROM generate_series(1, 3) AS g LOOP
        INSERT INTO log VALUES (r.held);
        COMMIT;
    END LOOP;
END $$;
SELECT query, toplevel, calls, rows FROM seen;

-- What EXPLAIN ANALYZE runs is no use of the database, and not counted.
SELECT clipperf_reset();
DO $$ BEGIN EXECUTE 'EXPLAIN (ANALYZE) SELECT two FROM nesting_mark'; END $$;
SELECT toplevel, calls FROM seen;

-- The route of statements inside DO and CALL is the one that holds there.
SET clipperf.route = 'before';
SELECT before_do FROM nesting_mark;
SET clipperf.route = 'nesting';
SELECT clipperf_reset();
DO $$ BEGIN PERFORM in_do FROM nesting_mark; END $$;
SET clipperf.route = 'before';
CALL work(5) /*route='nesting'*/;
SET clipperf.route = 'nesting';
SELECT query, toplevel, calls FROM seen;

-- What deferred triggers and foreign keys do at the end of the statement's own transaction was not sent.
CREATE TABLE child (id int REFERENCES item DEFERRABLE INITIALLY DEFERRED);
SET clipperf.track = 'top';
SELECT clipperf_reset();
INSERT INTO child VALUES (1), (2);
SELECT * FROM seen;
SET clipperf.track = 'all';
SELECT clipperf_reset();
DELETE FROM item WHERE id IN (3, 4);
SELECT toplevel, sum(calls) >= 2 AS for_each_row FROM seen GROUP BY toplevel ORDER BY toplevel DESC;

-- Nor were the queries of a loop in a deferred trigger, which run in a portal.
CREATE FUNCTION look_around() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
    FOR found IN SELECT id AS in_loop FROM item LIMIT 2 LOOP
        PERFORM found.in_loop AS in_body FROM item WHERE id = found.in_loop;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TABLE watched (id int);
CREATE CONSTRAINT TRIGGER look_around AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION look_around();
SET clipperf.track = 'all';
SELECT clipperf_reset();
INSERT INTO watched VALUES (1);
SELECT query, toplevel, route = 'nesting' AS same_route FROM clipperf_queries
WHERE query LIKE '%in_loop%' OR query LIKE '%watched%' ORDER BY query COLLATE "C";

-- What clipperf's own functions run is no query pattern of the application.
SET clipperf.track = 'all';
SELECT clipperf_reset();
SELECT count(*) >= 0 AS t FROM clipperf_report();
SELECT count(*) FROM clipperf_queries WHERE NOT toplevel;

RESET clipperf.track;
RESET clipperf.route;
SET client_min_messages = error;
DROP SCHEMA nesting CASCADE;
