-- Looking at somebody's partial index runs no code of his with the reader's rights.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;

CREATE ROLE regress_mallory;
CREATE SCHEMA evil AUTHORIZATION regress_mallory;
SET search_path = evil, public;
SELECT clipperf_reset() IS NOT NULL AS reset;
SET SESSION AUTHORIZATION regress_mallory;
CREATE TABLE big AS SELECT i AS a, i % 100 AS b FROM generate_series(1, 20000) AS i;
ANALYZE big;
CREATE FUNCTION one() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE INDEX big_b ON big (b) WHERE one() = 1;
CREATE TABLE looks (by name);
GRANT INSERT ON looks TO PUBLIC;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT count(*) FROM big WHERE b = 5;
SELECT count(*) FROM big WHERE b = 6;
CREATE FUNCTION act() RETURNS int LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO evil.looks VALUES (current_user); ALTER ROLE regress_mallory SUPERUSER; RETURN 1; END $$;
CREATE OR REPLACE FUNCTION one() RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN RETURN act(); END $$;
RESET SESSION AUTHORIZATION;
\c -
SET search_path = evil, public;
SELECT relation, executions FROM clipperf_seq_scans WHERE relation = 'big'::regclass;
SELECT kind FROM clipperf_findings() WHERE relation = 'big'::regclass ORDER BY kind COLLATE "C";
SELECT count(*) FROM _clipperf_read_indexes('big');
SET client_min_messages = warning;
SELECT action FROM clipperf_recommend() WHERE relation = 'big'::regclass AND action = 'drop';
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mallory';
SELECT * FROM looks;

SET client_min_messages = warning;
DELETE FROM clipperf_recommendations;
DROP SCHEMA evil CASCADE;
DROP ROLE regress_mallory;
