-- Advice belongs to who asked for it, and no index runs a function with other rights than its owner's.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE ROLE regress_planter;
CREATE ROLE regress_table_owner;
CREATE SCHEMA advice_owner;
GRANT USAGE, CREATE ON SCHEMA advice_owner TO regress_planter, regress_table_owner;
SET search_path = advice_owner, public;
SET ROLE regress_table_owner;
CREATE TABLE advice_owner_orders (id int PRIMARY KEY, note text, amount int);
INSERT INTO advice_owner_orders SELECT i, md5(i::text), i % 1000 FROM generate_series(1, 20000) AS i;
GRANT SELECT ON advice_owner_orders TO regress_planter;
RESET ROLE;
ANALYZE advice_owner_orders;

-- A stranger has functions of his recommended.
SET ROLE regress_planter;
CREATE FUNCTION advice_owner.f(a text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_planter' THEN RAISE WARNING 'f runs as %', current_user; END IF;
    RETURN left(a, 3);
END $$;
CREATE FUNCTION advice_owner.chk(a text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_planter' THEN RAISE WARNING 'chk runs as %', current_user; END IF;
    RETURN true;
END $$;
CREATE DOMAIN advice_owner.d AS text CHECK (advice_owner.chk(value));
SELECT action, ddl FROM clipperf_recommend_for(
    ARRAY[$$SELECT * FROM advice_owner_orders WHERE advice_owner.f(note) = 'abc'$$], allow_functions => '{advice_owner.f(text)}')
WHERE action = 'create';
SELECT action, ddl FROM clipperf_recommend_for(
    ARRAY[$$SELECT * FROM advice_owner_orders WHERE note::advice_owner.d = 'abc'$$], allow_functions => '{advice_owner.chk(text)}')
WHERE action = 'create';
SELECT action, ddl FROM clipperf_recommend_for(
    ARRAY[$$SELECT * FROM advice_owner_orders WHERE amount = 5$$]) WHERE action = 'create';
SELECT count(*) AS own FROM clipperf_recommendations WHERE action = 'create';
RESET ROLE;

-- Neither apply, nor the migration, nor the report take what he asked for, unless it is named.
SELECT * FROM clipperf_apply(dry_run => true) WHERE relation = 'advice_owner_orders'::regclass;
SELECT clipperf_migration('up') LIKE '%advice_owner_orders%' AS migrated;
SELECT count(*) AS reported FROM clipperf_report(50) WHERE kind = 'missing_index' AND relation = 'advice_owner_orders'::regclass;
SELECT action, ddl FROM clipperf_apply(
    ids => ARRAY(SELECT id FROM clipperf_recommendations WHERE made_by = 'regress_planter' AND action = 'create'), dry_run => true);

-- Advice belongs to the role, not to whoever has its name.
CREATE ROLE regress_namesake;
GRANT SELECT ON advice_owner_orders TO regress_namesake;
GRANT USAGE ON SCHEMA advice_owner TO regress_namesake;
SET ROLE regress_namesake;
SELECT count(*) AS own FROM clipperf_recommend_for(ARRAY[$$SELECT * FROM advice_owner_orders WHERE amount = 5$$]) WHERE action = 'create';
RESET ROLE;
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason, made_by, role)
VALUES ('create', 'advice_owner_orders', 'namesake', 'CREATE INDEX namesake ON advice_owner.advice_owner_orders (id, amount)',
    'workload', 'namesake', 'regress_namesake', 'regress_namesake'::regrole);
INSERT INTO clipperf_scan_advice (relation, queryid, outcome, reason, made_by, role)
VALUES ('advice_owner_orders', 1, 'no_index', 'namesake', 'regress_namesake', 'regress_namesake'::regrole);
DROP OWNED BY regress_namesake;
DROP ROLE regress_namesake;
CREATE ROLE regress_namesake;
SET ROLE regress_namesake;
SELECT count(*) AS recommended FROM clipperf_recommendations;
SELECT count(*) AS scans FROM clipperf_scan_advice;
RESET ROLE;
GRANT EXECUTE ON FUNCTION clipperf_apply TO regress_namesake;
SET ROLE regress_namesake;
SELECT count(*) AS applied FROM clipperf_apply(dry_run => true);
RESET ROLE;
REVOKE EXECUTE ON FUNCTION clipperf_apply FROM regress_namesake;
SELECT made_by, EXISTS (SELECT FROM pg_roles AS p WHERE p.oid = r.role) AS is_there, count(*) > 0 AS kept
FROM clipperf_recommendations AS r WHERE made_by = 'regress_namesake' GROUP BY 1, 2;
DELETE FROM clipperf_recommendations WHERE made_by = 'regress_namesake';
DELETE FROM clipperf_scan_advice WHERE made_by = 'regress_namesake';
DROP ROLE regress_namesake;

-- What was planted is not built either, neither for the owner nor for a superuser.
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
SELECT 'create', 'advice_owner_orders', name, format('CREATE INDEX CONCURRENTLY %s ON advice_owner.advice_owner_orders %s', name, keys), 'workload', 'planted'
FROM (VALUES ('by_function', '(advice_owner.f(note))'), ('by_domain', '((note::advice_owner.d))'),
    ('by_predicate', '(id) WHERE advice_owner.f(note) = ''abc''')) AS planted (name, keys);
SELECT format('SELECT job, state FROM clipperf_apply(ids => ARRAY[%s], dry_run => true)', id) FROM clipperf_recommendations WHERE reason = 'planted' ORDER BY id
\set ECHO none
\gexec
SELECT format('SELECT clipperf_migration(''up'', ids => ARRAY[%s])', id) FROM clipperf_recommendations WHERE reason = 'planted' ORDER BY id LIMIT 1 \gexec
\set ECHO all

-- Nor from an index set.
SELECT clipperf_add_index('advice_owner', 'CREATE INDEX by_function ON advice_owner.advice_owner_orders (advice_owner.f(note))');
SELECT action, reason FROM clipperf_recommend(index_set => 'advice_owner');
SELECT clipperf_drop_index_set('advice_owner') AS members;

-- The owner's own function may be in an index.
ALTER FUNCTION advice_owner.f(text) OWNER TO regress_table_owner;
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
VALUES ('create', 'advice_owner_orders', 'by_function', 'CREATE INDEX CONCURRENTLY by_function ON advice_owner.advice_owner_orders (advice_owner.f(note))', 'workload', 'planted');
SELECT action, index_name, reason FROM clipperf_apply(
    ids => ARRAY(SELECT id FROM clipperf_recommendations WHERE index_name = 'by_function' AND reason = 'planted'), dry_run => true);
DELETE FROM clipperf_recommendations WHERE reason = 'planted' OR made_by LIKE 'regress%';
DROP SCHEMA advice_owner CASCADE;
DROP ROLE regress_planter, regress_table_owner;
