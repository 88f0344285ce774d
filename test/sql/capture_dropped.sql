-- Types that are gone when an execution ends: nothing is looked up then that may not be there any more.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA capture_dropped;
SET search_path = capture_dropped, public;
SET clipperf.track = 'all';
SET clipperf.capture_parameters = on;
CREATE TABLE survivor (a int);

-- A cursor with a variable of the type is open.
CREATE FUNCTION try(type text, value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($f$CREATE OR REPLACE FUNCTION opens() RETURNS void LANGUAGE plpgsql AS $b$
        DECLARE v %s := %s; c refcursor := 'c';
        BEGIN OPEN c FOR SELECT g FROM generate_series(1, 10) AS g WHERE v IS NOT NULL; END $b$ $f$, type, value);
    PERFORM opens();
END $$;
CREATE TYPE mood AS ENUM ('good', 'bad');
BEGIN;
SELECT try('mood', '''good''');
FETCH 1 FROM c;
DROP FUNCTION opens;
DROP TYPE mood;
FETCH 1 FROM c;
INSERT INTO survivor VALUES (1);
COMMIT;
CREATE DOMAIN positive AS int CHECK (value > 0);
BEGIN;
SELECT try('positive', '1');
FETCH 1 FROM c;
DROP FUNCTION opens;
DROP DOMAIN positive;
FETCH 1 FROM c;
INSERT INTO survivor VALUES (2);
COMMIT;
CREATE TYPE pair AS (a int, b int);
BEGIN;
SELECT try('pair', 'ROW(1, 2)');
FETCH 1 FROM c;
DROP FUNCTION opens;
DROP TYPE pair;
FETCH 1 FROM c;
INSERT INTO survivor VALUES (3);
COMMIT;
CREATE TYPE mood AS ENUM ('good', 'bad');
BEGIN;
SELECT try('mood[]', '''{good}''');
FETCH 1 FROM c;
DROP FUNCTION opens;
DROP TYPE mood;
FETCH 1 FROM c;
INSERT INTO survivor VALUES (4);
COMMIT;
CREATE TYPE span AS RANGE (subtype = int4);
BEGIN;
SELECT try('span', '''[1,2)''');
FETCH 1 FROM c;
DROP FUNCTION opens;
DROP TYPE span;
FETCH 1 FROM c;
INSERT INTO survivor VALUES (5);
COMMIT;

-- A type and a function that the filter of a scan uses.
CREATE TYPE span AS RANGE (subtype = int4);
CREATE FUNCTION same(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
BEGIN;
DO $$ DECLARE v span := '[1,3)'; c refcursor := 'c';
BEGIN OPEN c FOR SELECT a FROM survivor WHERE same(v::text) <> a::text AND a::text <> v::text ORDER BY a; END $$;
FETCH 1 FROM c;
DROP FUNCTION same;
DROP TYPE span;
INSERT INTO survivor VALUES (7);
CLOSE ALL;
COMMIT;

-- The table itself is dropped in the transaction that read it.
CREATE TABLE gone (id int PRIMARY KEY, other_id int);
INSERT INTO gone SELECT i, i FROM generate_series(1, 5) AS i;
BEGIN;
SELECT id, other_id FROM gone ORDER BY id;
DROP TABLE gone;
INSERT INTO survivor VALUES (6);
COMMIT;
SELECT * FROM survivor ORDER BY a;
DROP SCHEMA capture_dropped CASCADE;
