-- Migration files: up, down, up leaves the catalog as it was, whatever was there before.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
DELETE FROM clipperf_recommendations;
CREATE SCHEMA regress_migration;
CREATE TABLE regress_migration."Odd item" (id int PRIMARY KEY, a int, "B b" text);
CREATE INDEX found ON regress_migration."Odd item" (a);
COMMENT ON INDEX regress_migration.found IS 'an old one';
CREATE INDEX needless ON regress_migration."Odd item" (id, a);
CREATE TABLE regress_migration.parts (a int) PARTITION BY RANGE (a);
CREATE TABLE regress_migration.part PARTITION OF regress_migration.parts DEFAULT;
CREATE FUNCTION regress_recommend(action text, name name, ddl text, reason text, relation regclass)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
    VALUES (action, relation, name, ddl, 'workload', reason)
$$;
SELECT regress_recommend('create', 'made', $$CREATE INDEX made ON regress_migration."Odd item" ("B b" DESC) WHERE a > 0$$,
    E'it''s for two\nlines; DROP TABLE x', 'regress_migration."Odd item"');
SELECT regress_recommend('create', '$clipperf$', $$CREATE INDEX "$clipperf$" ON regress_migration."Odd item" (lower("B b"))$$,
    'odd', 'regress_migration."Odd item"');
SELECT regress_recommend('create', 'found_too', $$CREATE INDEX found_too ON regress_migration."Odd item" (a)$$,
    'there already', 'regress_migration."Odd item"');
SELECT regress_recommend('create', 'whole', 'CREATE INDEX whole ON regress_migration.parts (a)',
    'partitioned', 'regress_migration.parts');
SELECT regress_recommend('drop', 'needless', NULL, 'nobody needs it', 'regress_migration."Odd item"');
SELECT regress_recommend('skip', 'other', NULL, 'not wanted', 'regress_migration."Odd item"');
SELECT array_agg(id) AS ids FROM clipperf_recommendations \gset
CREATE VIEW regress_indexes AS
SELECT c.oid, pg_get_indexdef(c.oid) AS def, obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c WHERE relkind IN ('i', 'I') AND relnamespace = 'regress_migration'::regnamespace;
CREATE TABLE regress_before AS SELECT def, comment FROM regress_indexes;

\pset format unaligned
\pset tuples_only on
SELECT clipperf_migration('up', :'ids');
SELECT clipperf_migration('down', :'ids');
SELECT clipperf_migration('up', :'ids', concurrently => true);
SELECT clipperf_migration('down', :'ids', concurrently => true);
SELECT clipperf_migration('sideways');

-- Within a transaction.
SELECT clipperf_migration('up', :'ids') AS up, clipperf_migration('down', :'ids') AS down \gset
BEGIN;
:up
COMMIT;
SELECT def, comment FROM regress_indexes ORDER BY def COLLATE "C";
CREATE TABLE regress_up AS SELECT def, comment FROM regress_indexes;
:up
SELECT count(*) FROM (TABLE regress_up EXCEPT SELECT def, comment FROM regress_indexes) AS d;
BEGIN;
:down
COMMIT;
SELECT * FROM (TABLE regress_before EXCEPT SELECT def, comment FROM regress_indexes) AS d;
SELECT def, comment FROM (SELECT def, comment FROM regress_indexes EXCEPT TABLE regress_before) AS d;
:up
SELECT count(*) FROM (TABLE regress_up EXCEPT SELECT def, comment FROM regress_indexes) AS d;
:down

-- Concurrently, when one of the indexes has been there before.
SELECT clipperf_migration('up', :'ids', concurrently => true) AS up, clipperf_migration('down', :'ids', concurrently => true) AS down \gset
CREATE INDEX made ON regress_migration."Odd item" ("B b" DESC) WHERE a > 0;
COMMENT ON INDEX regress_migration.made IS 'by hand';
DROP TABLE regress_before;
CREATE TABLE regress_before AS SELECT def, comment FROM regress_indexes;
:up
SELECT def, comment FROM regress_indexes WHERE def LIKE '%made%' OR def LIKE '%clipperf$%' ORDER BY def COLLATE "C";
:up
:down
SELECT * FROM (TABLE regress_before EXCEPT SELECT def, comment FROM regress_indexes) AS d;
SELECT def, comment FROM (SELECT def, comment FROM regress_indexes EXCEPT TABLE regress_before) AS d;

-- The name has come to mean something else.
DROP INDEX regress_migration.made;
CREATE INDEX made ON regress_migration."Odd item" (id);
:up
\pset format aligned
\pset tuples_only off
SET client_min_messages = error;
DROP FUNCTION regress_recommend;
DROP TABLE regress_before, regress_up;
DROP VIEW regress_indexes;
DROP SCHEMA regress_migration CASCADE;
DELETE FROM clipperf_recommendations;
