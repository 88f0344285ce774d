-- Planning somebody's statement again gives it no rights, has no effects and ends.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;

CREATE ROLE regress_mallory;
CREATE SCHEMA evil AUTHORIZATION regress_mallory;
CREATE TABLE public.guarded (what text);
GRANT ALL ON public.guarded TO PUBLIC;
SET search_path = evil, public;

SET SESSION AUTHORIZATION regress_mallory;
CREATE TABLE t AS SELECT i % 3 AS a FROM generate_series(1, 3000) AS i;
ANALYZE t;
CREATE SEQUENCE numbers;
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO public.guarded VALUES ('trigger'); RETURN NULL; END $$;
CREATE TABLE watched (a int);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION fire();

-- What the functions will do: they lie about being immutable, and call others that may do anything.
CREATE TABLE plots (name text PRIMARY KEY, body text);
INSERT INTO plots VALUES
('advisory lock', 'PERFORM pg_advisory_lock(4711);'),
('advisory unlock', 'PERFORM pg_advisory_unlock_all();'),
('alter role', 'ALTER ROLE regress_mallory SUPERUSER;'),
('cast', 'PERFORM (''x''::text || 1::text)::int;'),
('catch cancels', 'LOOP BEGIN LOOP BEGIN LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP;'),
('copy', 'COPY t TO PROGRAM ''true'';'),
('create function', 'CREATE FUNCTION pg_temp.x() RETURNS int LANGUAGE sql AS ''SELECT 1'';'),
('cursor', 'DECLARE c CURSOR FOR SELECT a FROM evil.t; BEGIN OPEN c; END;'),
('deferred trigger', 'INSERT INTO evil.watched VALUES (1);'),
('discard', 'DISCARD ALL;'),
('drop', 'DROP TABLE evil.t;'),
('file', 'PERFORM pg_read_file(''postgresql.conf'');'),
('grant', 'GRANT pg_read_all_data TO regress_mallory;'),
('large object', 'PERFORM lo_from_bytea(0, ''x'');'),
('listen', 'LISTEN evil;'),
('loop', 'LOOP END LOOP;'),
('nextval', 'PERFORM nextval(''evil.numbers'');'),
('notify', 'NOTIFY evil;'),
('pg_notify', 'PERFORM pg_notify(''evil'', '''');'),
('pretend cancel', 'RAISE ''canceling statement due to user request'' USING errcode = ''query_canceled'';'),
('prepare', 'PREPARE evil AS SELECT 1;'),
('raise', 'RAISE ''no'';'),
('read write', 'SET transaction_read_only = off; INSERT INTO public.guarded VALUES (''read write'');'),
('recurse', 'PERFORM evil.inner_();'),
('reset role', 'RESET ROLE;'),
('row lock', 'PERFORM FROM evil.t FOR UPDATE;'),
('session authorization', 'RESET SESSION AUTHORIZATION;'),
('set', 'SET work_mem = ''64kB'';'),
('set role', 'SET ROLE NONE;'),
('set_config', 'PERFORM set_config(''search_path'', ''evil'', false);'),
('set_config role', 'PERFORM set_config(''role'', ''none'', false);'),
('setseed', 'PERFORM setseed(0.5);'),
('sleep', 'PERFORM pg_sleep(3600);'),
('temporary table', 'CREATE TEMP TABLE x (a int);'),
('write', 'INSERT INTO public.guarded VALUES (''write'');');

-- Statements on functions that are harmless still, run by mallory and by the superuser.
SELECT format($$CREATE FUNCTION evil.%1$I() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'$$, name)
FROM plots ORDER BY name \gexec
CREATE FUNCTION "set role by itself"() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
RESET SESSION AUTHORIZATION;
SELECT clipperf_reset() AS reset;
SET SESSION AUTHORIZATION regress_mallory;
\pset tuples_only on
SELECT format('SELECT FROM t WHERE a = %I() LIMIT 0', name) FROM plots ORDER BY name \gexec
SELECT FROM t WHERE a = "set role by itself"() LIMIT 0;
RESET SESSION AUTHORIZATION;
SELECT format('SELECT FROM t WHERE %I() = a LIMIT 0', name) FROM plots
WHERE name IN ('alter role', 'copy', 'file', 'large object', 'set role', 'write') ORDER BY name \gexec
\pset tuples_only off

-- Now they show their true nature.
SET SESSION AUTHORIZATION regress_mallory;
SELECT format($$CREATE FUNCTION evil.%1$I() RETURNS int LANGUAGE plpgsql AS 'BEGIN %2$s RETURN 1; END'$$, name || '_', replace(body, '''', ''''''))
FROM plots WHERE name <> 'cursor' ORDER BY name \gexec
CREATE FUNCTION evil.cursor_() RETURNS int LANGUAGE plpgsql AS $$ DECLARE c CURSOR FOR SELECT a FROM evil.t; BEGIN OPEN c; RETURN 1; END $$;
CREATE FUNCTION evil.inner_() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil.recurse_(); END $$;
SELECT format($$CREATE OR REPLACE FUNCTION evil.%I() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN evil.%I(); END'$$, name, name || '_')
FROM plots ORDER BY name \gexec
ALTER FUNCTION "set role by itself"() SET role = regress_mallory;
RESET SESSION AUTHORIZATION;

-- The state of the session, which must be the same afterwards.
CREATE TEMP TABLE mine (a int);
PREPARE mine AS SELECT 1;
SELECT pg_advisory_lock(1);
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql SET search_path = pg_catalog AS $$
SELECT concat_ws(' ', md5((SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings WHERE name <> 'search_path')),
    session_user, current_user,
    (SELECT string_agg(l.objid || l.mode, ',' ORDER BY objid) FROM pg_locks AS l WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
    (SELECT string_agg(name, ',' ORDER BY name) FROM pg_prepared_statements),
    (SELECT count(*) FROM pg_cursors WHERE name <> ''),
    (SELECT count(*) FROM pg_listening_channels()),
    (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relpersistence = 't'),
    (SELECT count(*) FROM pg_largeobject_metadata),
    (SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolsuper AND rolname LIKE 'regress%'),
    (SELECT count(*) FROM pg_auth_members WHERE member = 'regress_mallory'::regrole))
$$;
SELECT pg_temp.state() AS before \gset
SELECT setseed(0.1);
SELECT random() AS first, random() AS second \gset
SELECT setseed(0.1);
SELECT random() = :first AS same;

SELECT * FROM (
    SELECT CASE usename WHEN current_user THEN 'superuser' ELSE usename END AS usename, substring(query FROM '(?:= |WHERE )"?([a-z_ ]+)"?\(\)') AS plot, problem
    FROM clipperf_workload() WHERE query LIKE '%LIMIT%') AS w
ORDER BY usename, plot COLLATE "C";

SELECT random() = :second AS same;
SELECT pg_temp.state() = :'before' AS same;
SHOW search_path;
SELECT * FROM public.guarded;
SELECT last_value, is_called FROM numbers;
EXECUTE mine;

-- Other ways to have code run: operators, types, casts, indexes, policies, statistics.
SELECT clipperf_reset() AS reset;
SET SESSION AUTHORIZATION regress_mallory;
CREATE FUNCTION same(int, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 = $2; END $$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same, RESTRICT = eqsel);
CREATE FUNCTION fits(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE DOMAIN small AS int CHECK (evil.fits(VALUE));
CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION first(pair) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1.a; END $$;
CREATE CAST (pair AS int) WITH FUNCTION first(pair) AS IMPLICIT;
CREATE FUNCTION one() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE TABLE indexed (a int);
CREATE INDEX ON indexed (a) WHERE evil.one() = 1;
CREATE TABLE policed (a int);
CREATE POLICY p ON policed USING (evil.one() = 1);
ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
ALTER TABLE policed FORCE ROW LEVEL SECURITY;
CREATE TABLE measured (a int, b int);
CREATE STATISTICS evil.s ON (a + evil.one()), b FROM measured;
PREPARE p(small) AS SELECT FROM t WHERE a = $1 LIMIT 0;
EXECUTE p(1);
SELECT FROM t WHERE a === 1 LIMIT 0;
SELECT FROM t WHERE a = '(1,2)'::pair LIMIT 0;
SELECT FROM indexed WHERE a = 1;
SELECT FROM policed;
SELECT a, b FROM measured GROUP BY a, b;
CREATE OR REPLACE FUNCTION same(int, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil."alter role_"() = 1; END $$;
CREATE OR REPLACE FUNCTION fits(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil."alter role_"() = 1; END $$;
CREATE OR REPLACE FUNCTION first(pair) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil."alter role_"(); END $$;
CREATE OR REPLACE FUNCTION one() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN evil."alter role_"(); END $$;
RESET SESSION AUTHORIZATION;
\c -
SET search_path = evil, public;
SELECT query, problem FROM clipperf_workload() WHERE usename = 'regress_mallory' ORDER BY query COLLATE "C";
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mallory';

-- The planner's estimates call operators without asking anybody.  A statement that names one of a function with effects
-- is not planned, and one that a function's body hides is not reached; nothing else suffers from it.
SELECT clipperf_reset() AS reset;
SET SESSION AUTHORIZATION regress_mallory;
CREATE OPERATOR =# (LEFTARG = int, RIGHTARG = int, FUNCTION = pg_try_advisory_lock, RESTRICT = eqsel);
CREATE FUNCTION locked(int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 OPERATOR(evil.=#) 4711';
SELECT FROM t WHERE locked(a) LIMIT 0;
SELECT FROM t WHERE a OPERATOR(evil.=#) 4711 LIMIT 0;
SELECT FROM t WHERE a = 4711;
RESET SESSION AUTHORIZATION;
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT pg_advisory_unlock_all();
SELECT query, problem FROM clipperf_workload() WHERE usename = 'regress_mallory' ORDER BY query COLLATE "C";
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
DROP FUNCTION locked(int);
DROP OPERATOR =# (int, int);

-- What a superuser ran was changed since: neither a body that the planner puts in a function's place nor what estimates
-- remember of a type from before runs with his rights.
SELECT clipperf_reset() AS reset;
SET SESSION AUTHORIZATION regress_mallory;
CREATE FUNCTION spy(a int, b int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE WARNING 'spy runs as %', current_user; RETURN a = b; END $$;
CREATE OPERATOR ==== (LEFTARG = int, RIGHTARG = int, FUNCTION = spy, RESTRICT = eqsel);
CREATE FUNCTION is_it(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = 1';
CREATE FUNCTION apart(a int, b int) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_mallory' THEN RAISE WARNING 'apart runs as %', current_user; END IF;
    RETURN a - b;
END $$;
CREATE TABLE estimated AS SELECT i % 10 AS a FROM generate_series(1, 1000) AS i;
ANALYZE estimated;
CREATE TYPE span AS RANGE (subtype = int, subtype_diff = apart);
CREATE TABLE spans (s span);
INSERT INTO spans SELECT span(i, i + 10) FROM generate_series(1, 200) AS i;
ANALYZE spans;
RESET SESSION AUTHORIZATION;
SELECT FROM estimated WHERE is_it(a) LIMIT 0;
SET client_min_messages = error;
SELECT FROM spans WHERE s && span(5, 7) LIMIT 0;
RESET client_min_messages;
SET SESSION AUTHORIZATION regress_mallory;
CREATE OR REPLACE FUNCTION is_it(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 OPERATOR(evil.====) 1';
RESET SESSION AUTHORIZATION;
SELECT query, problem FROM clipperf_workload() WHERE query LIKE '%is_it%' OR query LIKE '%spans%' ORDER BY query COLLATE "C";
DROP TABLE spans, estimated;
DROP TYPE span;
DROP FUNCTION is_it(int), apart(int, int);
DROP OPERATOR ==== (int, int);
DROP FUNCTION spy(int, int);

-- Names resolve as they did for the user who ran the statement.
SELECT clipperf_reset() AS reset;
SET SESSION AUTHORIZATION regress_mallory;
SET search_path = evil, pg_catalog, public;
CREATE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
CREATE OPERATOR + (LEFTARG = int, RIGHTARG = int, FUNCTION = plus);
SELECT FROM t WHERE a = 1 + 1 LIMIT 0;
CREATE OR REPLACE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN RAISE 'planned by %', current_user; END $$;
RESET SESSION AUTHORIZATION;
RESET search_path;
SELECT query, problem FROM clipperf_workload() WHERE usename = 'regress_mallory';
SHOW search_path;

SET client_min_messages = warning;
DROP TABLE public.guarded;
DROP SCHEMA evil CASCADE;
DROP ROLE regress_mallory;
