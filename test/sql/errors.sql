-- Errors are counted for the statement that was running.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE failing (id int PRIMARY KEY, n int);
INSERT INTO failing VALUES (1, 0), (2, 1);
CREATE FUNCTION failing_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'refused by a trigger'; END $$;
CREATE TRIGGER refuse BEFORE DELETE ON failing FOR EACH ROW EXECUTE FUNCTION failing_trigger();
CREATE ROLE regress_failing;
CREATE VIEW failures AS
    SELECT toplevel AS top, query, calls, errors, rows FROM clipperf_queries
    WHERE query ~ 'failing' AND query !~ 'clipperf_|failures|CREATE|SELECT fails'
    ORDER BY query COLLATE "C";
GRANT SELECT ON failures TO regress_failing;

-- In execution, in planning (where constants are folded), in a trigger, at a constraint, for lack of rights.
SELECT clipperf_reset();
SELECT 1 / n FROM failing WHERE id = 2;
SELECT 1 / n FROM failing WHERE id = 1;
SELECT 1 / n FROM failing WHERE id = 1;
SELECT n FROM failing WHERE id = 1 / 0;
DELETE FROM failing WHERE id = 1;
INSERT INTO failing VALUES (2, 2);
SET ROLE regress_failing;
SELECT n AS forbidden FROM failing;
RESET ROLE;
SELECT * FROM failures;

-- A statement that the parser refuses is none.
SELECT clipperf_reset();
SELECT n FROM failing WHERE;
SELECT nothing FROM failing;
SELECT * FROM failures;

-- Canceled by a timeout.
SELECT clipperf_reset();
SET statement_timeout = '50ms';
SELECT pg_sleep(60) FROM failing WHERE id = 1;
RESET statement_timeout;
SELECT * FROM failures;

-- In a transaction that goes on by a savepoint, or is rolled back: what was counted stays.
SELECT clipperf_reset();
BEGIN;
SELECT n FROM failing WHERE id = 2;
SAVEPOINT here;
SELECT 1 / n FROM failing WHERE id = 1;
ROLLBACK TO here;
SELECT n FROM failing WHERE id = 2;
ROLLBACK;
SELECT * FROM failures;

-- Caught in PL/pgSQL: the inner statement failed, the outer one did not.
SELECT clipperf_reset();
SET clipperf.track = 'all';
CREATE FUNCTION fails(catch bool) RETURNS int LANGUAGE plpgsql AS $$
DECLARE result int;
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            EXECUTE 'SELECT 2 / n FROM failing WHERE id = 1' INTO result;
        EXCEPTION WHEN division_by_zero THEN
            IF NOT catch THEN RAISE; END IF;
        END;
    END LOOP;
    RETURN result;
END $$;
SELECT fails(true);
SELECT * FROM failures;
SELECT calls, errors FROM clipperf_queries WHERE query = 'SELECT fails($1)';

-- Not caught: both failed, each once.
SELECT clipperf_reset();
SELECT fails(false);
RESET clipperf.track;
SELECT * FROM failures;
SELECT calls, errors FROM clipperf_queries WHERE query = 'SELECT fails($1)';

-- Cursors that end by an error, or are left open by one.
SELECT clipperf_reset();
BEGIN;
DECLARE c CURSOR FOR SELECT 1 / (2 - id) FROM failing ORDER BY id;
FETCH 1 FROM c;
FETCH 1 FROM c;
ROLLBACK;
BEGIN;
DECLARE d CURSOR FOR SELECT id FROM failing ORDER BY n;
FETCH 1 FROM d;
SELECT 1 / 0 FROM failing;
ROLLBACK;
SELECT * FROM failures;

-- A failed statement is normal again when it succeeds.
SELECT clipperf_reset();
SELECT 10 / n FROM failing WHERE id = 1;
UPDATE failing SET n = 5 WHERE id = 1;
SELECT 10 / n FROM failing WHERE id = 1;
SELECT * FROM failures;

DROP VIEW failures;
DROP TABLE failing;
DROP FUNCTION failing_trigger();
DROP FUNCTION fails(bool);
DROP ROLE regress_failing;
DROP EXTENSION clipperf;
