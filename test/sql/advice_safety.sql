-- Advice runs nobody's code with another one's rights, and none with a superuser's but superusers' own.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE ROLE regress_mallory;
CREATE ROLE regress_victim;
CREATE ROLE regress_editor;
CREATE SCHEMA evil AUTHORIZATION regress_mallory;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE SCHEMA victim AUTHORIZATION regress_victim;
GRANT USAGE ON SCHEMA victim TO PUBLIC;
SET search_path = evil, public;
SELECT clipperf_reset() IS NOT NULL AS reset;

-- The trap tells whom else it runs as, and takes what it can get.
SET SESSION AUTHORIZATION regress_mallory;
CREATE FUNCTION act() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_mallory' THEN
        RAISE INFO 'run as %', current_user;
        ALTER ROLE regress_mallory SUPERUSER;
    END IF;
    RETURN 1;
END
$$;

-- To size an index for a foreign key the planner looks at the table, whose other indexes have predicates.
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (a int REFERENCES parent, b int);
INSERT INTO parent SELECT generate_series(1, 2000);
INSERT INTO child SELECT n, n FROM generate_series(1, 1900) AS n;
ANALYZE child;
CREATE FUNCTION one() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE INDEX child_b ON child (b) WHERE one() = 1;
DELETE FROM parent WHERE id > 1990;
INSERT INTO child VALUES (1, 1);
CREATE OR REPLACE FUNCTION one() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil.act(); END $$;
RESET SESSION AUTHORIZATION;
SELECT pg_stat_force_next_flush();
\c -
SET search_path = evil, public;
SELECT action, ddl, size_bytes > 0 AS sized, regexp_replace(reason, '[0-9.]+% of the time', 'N% of the time') AS reason FROM clipperf_recommend() WHERE relation = 'child'::regclass;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mallory';

-- Of an index set: literals of types whose input calls a function, functions in keys and predicates.
SET SESSION AUTHORIZATION regress_mallory;
CREATE FUNCTION fits(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil.act() = 1; END $$;
CREATE DOMAIN guarded AS int CHECK (evil.fits(VALUE));
CREATE TYPE pair AS (a guarded, b int);
CREATE FUNCTION shift(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.act(); RETURN $1; END $$;
CREATE TABLE mine (a int, b int, p pair);
INSERT INTO mine SELECT 1, 2;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_victim;
CREATE TABLE victim.owned (a int, b int);
INSERT INTO victim.owned SELECT n, n FROM generate_series(1, 1000) AS n;
GRANT SELECT ON victim.owned TO PUBLIC;
RESET SESSION AUTHORIZATION;
SELECT clipperf_add_index('traps', 'CREATE INDEX by_literal ON evil.mine (a) WHERE p = ''(1,2)''::evil.pair');
SELECT clipperf_add_index('traps', 'CREATE INDEX by_key ON evil.mine (evil.shift(a))');
SELECT clipperf_add_index('traps', 'CREATE INDEX by_predicate ON evil.mine (b) WHERE a = evil.shift(1)');
SELECT clipperf_add_index('traps', 'CREATE INDEX on_others_key ON victim.owned (evil.shift(a))');
SELECT clipperf_add_index('traps', 'CREATE INDEX on_others_predicate ON victim.owned (b) WHERE a = evil.shift(1)');
SELECT index_name, action, reason FROM clipperf_index_set_status('traps');
SELECT index_name, action, reason FROM clipperf_recommend(index_set => 'traps');
GRANT pg_read_all_stats TO regress_editor;
SET SESSION AUTHORIZATION regress_editor;
SELECT index_name, action, reason FROM clipperf_recommend(index_set => 'traps');
RESET SESSION AUTHORIZATION;
REVOKE pg_read_all_stats FROM regress_editor;
SET SESSION AUTHORIZATION regress_editor;
SELECT index_name, action, reason FROM clipperf_recommend(index_set => 'traps');
RESET SESSION AUTHORIZATION;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mallory';
SELECT clipperf_drop_index_set('traps');

-- What a superuser ran once is planned without functions and operators of others.
SELECT clipperf_reset() IS NOT NULL AS reset;
SET SESSION AUTHORIZATION regress_mallory;
CREATE FUNCTION same(int, int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2';
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same, RESTRICT = eqsel);
CREATE FUNCTION harmless() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM victim.owned WHERE a = evil.harmless();
SELECT count(*) FROM victim.owned WHERE a OPERATOR(evil.===) 7;
SET SESSION AUTHORIZATION regress_victim;
SELECT count(*) FROM victim.owned WHERE b = evil.harmless();
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_mallory;
CREATE OR REPLACE FUNCTION harmless() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil.act(); END $$;
CREATE OR REPLACE FUNCTION same(int, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil.act() = 1; END $$;
RESET SESSION AUTHORIZATION;
SELECT usename = current_user AS superuser, query, problem FROM clipperf_workload() WHERE query LIKE '%owned%' ORDER BY query COLLATE "C";

-- Not even a superuser's own functions get anything done with his rights.
SELECT clipperf_reset() IS NOT NULL AS reset;
CREATE TABLE victim.marks (what text);
CREATE FUNCTION victim.careless() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
SELECT count(*) FROM victim.owned WHERE a = victim.careless();
SELECT count(*) FROM victim.owned WHERE b = victim.careless();
CREATE OR REPLACE FUNCTION victim.careless() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN victim.do_it(); END $$;
CREATE FUNCTION victim.do_it() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO victim.marks VALUES ('written'); RETURN 1; END $$;
SELECT DISTINCT problem FROM clipperf_workload() WHERE query LIKE '%owned%';
CREATE OR REPLACE FUNCTION victim.do_it() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE regress_mallory SUPERUSER; RETURN 1; END $$;
SELECT DISTINCT problem FROM clipperf_workload() WHERE query LIKE '%owned%';
CREATE OR REPLACE FUNCTION victim.do_it() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_read_file('postgresql.conf'); RETURN 1; END $$;
SELECT DISTINCT problem FROM clipperf_workload() WHERE query LIKE '%owned%';
SELECT * FROM victim.marks;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mallory';

-- Names of the session's temporary tables hide none of the statements', whatever their search_path has.
SELECT clipperf_reset() IS NOT NULL AS reset;
SET SESSION AUTHORIZATION regress_mallory;
SET search_path = pg_temp, victim, not_pg_temp;
SELECT count(*) FROM owned WHERE a = 3;
SET search_path = not_pg_temp, victim;
SELECT count(*) FROM owned WHERE a = 3 AND b = 3;
RESET SESSION AUTHORIZATION;
SET search_path = evil, public;
CREATE TEMP TABLE owned (nothing int);
SELECT query, tables, problem FROM clipperf_workload() WHERE query LIKE '%owned%' ORDER BY query COLLATE "C";

SET client_min_messages = warning;
DELETE FROM clipperf_recommendations;
DROP TABLE owned;
DROP SCHEMA evil, victim CASCADE;
DROP ROLE regress_mallory, regress_victim, regress_editor;
