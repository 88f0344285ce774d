-- Migration files of indexes of all kinds: up, up again, down, up, down, each time the same catalog.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
DELETE FROM clipperf_recommendations;
CREATE SCHEMA "Odd schema";
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE "Odd space" LOCATION '';
CREATE TABLE "Odd schema"."Odd ""table""" (id int PRIMARY KEY, a int, "B b" text, "order" timestamptz, old_index text, v tsvector, tags text[], n numeric);
CREATE FUNCTION "Odd schema".own(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE DOMAIN "Odd schema".kind AS text;

-- What is there before: some of what will be asked for, with and without a comment, and some of what will go.
CREATE INDEX there ON "Odd schema"."Odd ""table""" (a, id);
CREATE INDEX there_too ON "Odd schema"."Odd ""table""" (n) WITH (fillfactor = 70);
COMMENT ON INDEX "Odd schema".there_too IS 'an old one';
CREATE INDEX "Goes away" ON "Odd schema"."Odd ""table""" USING gin (tags) WITH (fastupdate = off) TABLESPACE "Odd space";
COMMENT ON INDEX "Odd schema"."Goes away" IS 'it''s old';
CREATE INDEX goes_too ON "Odd schema"."Odd ""table""" (lower("B b"), n);
ALTER INDEX "Odd schema".goes_too ALTER COLUMN 1 SET STATISTICS 500;
ALTER INDEX "Odd schema".goes_too DEPENDS ON EXTENSION clipperf;
COMMENT ON TABLE "Odd schema"."Odd ""table""" IS 'odd ';
CREATE MATERIALIZED VIEW "Odd schema".view AS SELECT 1 AS n;
CREATE INDEX goes_of_view ON "Odd schema".view (n);

CREATE TABLE regress_wanted (position int GENERATED ALWAYS AS IDENTITY, action text, name name, keys text);
INSERT INTO regress_wanted (action, name, keys) VALUES
    ('create', 'a unique one', '(a) WHERE "B b" IS NOT NULL'),
    ('create', 'nulls', '(a, n) NULLS NOT DISTINCT'),
    ('create', 'partial', '("B b" DESC NULLS LAST, n NULLS FIRST) WHERE (a > 0 AND "B b" <> ''it''''s'') OR a IS NULL'),
    ('create', 'expression', '(lower("B b"), (a + 1), "Odd schema".own("B b"))'),
    ('create', 'sql_expressions', '(COALESCE("B b", old_index), GREATEST(a, id), NULLIF(a, 0), ("order" AT TIME ZONE ''UTC''), (CASE WHEN a = 1 THEN 2 END))'),
    ('create', 'variable', '(old_index)'),
    ('create', 'typed', '(("B b"::"Odd schema".kind)) WHERE "Odd schema".own("B b") = ''x''::"Odd schema".kind'),
    ('create', 'included', '("order" DESC) INCLUDE (n, "B b")'),
    ('create', 'classes', '("B b" COLLATE "C" text_pattern_ops, a int4_ops)'),
    ('create', 'collation', '("B b" COLLATE "POSIX")'),
    ('create', 'class_options', 'USING gist (v tsvector_ops (siglen = 100)) WITH (buffering = on, fillfactor = 80)'),
    ('create', 'gin', 'USING gin (tags, v) WITH (fastupdate = off, gin_pending_list_limit = 128)'),
    ('create', 'brin', 'USING brin ("order", a int4_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 32, autosummarize = on)'),
    ('create', 'hash', 'USING hash ("B b")'),
    ('create', 'filled', '(n, a) WITH (fillfactor = 60, deduplicate_items = off)'),
    ('create', 'spaced', '(n, id) TABLESPACE "Odd space"'),
    ('create', 'percent % ''quote'' $clipperf$', '(id, n)'),
    ('create', 'Ünï cødé', '(id, a)'),
    ('create', 'a_name_as_long_as_names_can_be_in_postgresql_that_is_63_letters', '(id, "order")'),
    ('create', 'there', '(a, id)'),
    ('create', 'there_too', '(n) WITH (fillfactor = 70)'),
    ('drop', 'Goes away', NULL),
    ('drop', 'goes_too', NULL);
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
SELECT action, '"Odd schema"."Odd ""table"""', name,
       format('CREATE %sINDEX %I ON "Odd schema"."Odd ""table""" %s',
              CASE WHEN name IN ('a unique one', 'nulls') THEN 'UNIQUE ' END, name, keys), 'workload', 'for the test of ' || name
FROM regress_wanted ORDER BY position;
INSERT INTO clipperf_recommendations (action, relation, index_name, source, reason)
VALUES ('drop', '"Odd schema".view', 'goes_of_view', 'workload', 'for the test of materialized views');
SELECT array_agg(id ORDER BY id) AS ids, array_agg(id) FILTER (WHERE action = 'create') AS made FROM clipperf_recommendations \gset

-- All that the catalog knows of these indexes, but for numbers that are new whenever an index is made.
CREATE VIEW regress_catalog AS
SELECT c.relname, pg_get_indexdef(c.oid) AS definition, c.relowner::regrole AS owner, c.relkind, c.relpersistence, c.relispartition,
       c.reloptions, (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace) AS tablespace, obj_description(c.oid, 'pg_class') AS comment,
       i.indrelid, i.indnatts, i.indnkeyatts, i.indisunique, i.indnullsnotdistinct, i.indisprimary, i.indisexclusion, i.indimmediate,
       i.indisclustered, i.indisvalid, i.indisready, i.indislive, i.indisreplident, i.indkey, i.indcollation, i.indclass, i.indoption,
       (SELECT array_agg((attname, atttypid, atttypmod, attcollation, nullif(attstattarget, -1), attoptions)::text ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = c.oid) AS columns,
       (SELECT array_agg(inhparent::regclass::text) FROM pg_inherits WHERE inhrelid = c.oid) AS parents,
       (SELECT array_agg(conname) FROM pg_constraint WHERE conindid = c.oid) AS constraints,
       (SELECT array_agg(pg_describe_object(refclassid, refobjid, refobjsubid) || ' ' || deptype::text ORDER BY 1)
        FROM pg_depend AS d WHERE classid = 'pg_class'::regclass AND objid = c.oid) AS depends
FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid
WHERE c.relnamespace = '"Odd schema"'::regnamespace;
CREATE VIEW regress_tables AS
SELECT relname, relkind, obj_description(oid, 'pg_class') AS comment FROM pg_class
WHERE relnamespace = '"Odd schema"'::regnamespace AND relkind IN ('r', 'm', 'v') ORDER BY relname COLLATE "C";
CREATE FUNCTION regress_differences(state text, OUT what text, OUT relname name, OUT definition text, OUT comment text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('regress_' || state) IS NULL THEN
        EXECUTE format('CREATE TABLE regress_%s AS TABLE regress_catalog', state);
    END IF;
    RETURN QUERY EXECUTE format($q$
        SELECT 'missing', d.relname, d.definition, d.comment FROM (TABLE regress_%1$s EXCEPT TABLE regress_catalog) AS d
        UNION ALL SELECT 'too much', d.relname, d.definition, d.comment FROM (TABLE regress_catalog EXCEPT TABLE regress_%1$s) AS d$q$, state);
END
$$;

-- Within a transaction, whose other statements mean what they meant.
SET search_path = "Odd schema", public;
SELECT clipperf_migration('up', :'ids') AS up, clipperf_migration('down', :'ids') AS down \gset
SELECT * FROM regress_differences('before');
BEGIN;
:up
SHOW search_path;
SELECT count(*) FROM "Odd ""table""";
COMMIT;
SHOW search_path;
RESET search_path;
SELECT relname, definition, comment FROM regress_catalog WHERE relname <> 'sql_expressions' ORDER BY relname COLLATE "C";
TABLE regress_tables;
SELECT * FROM regress_differences('up');
:up
SELECT * FROM regress_differences('up');
BEGIN;
:down
COMMIT;
SELECT * FROM regress_differences('before');
TABLE regress_tables;
:down
SELECT * FROM regress_differences('before');
:up
SELECT * FROM regress_differences('up');
-- A down file that is written only now does the same; but who knows what it was that is gone?
SELECT clipperf_migration('down', :'ids');
SELECT clipperf_migration('down', :'made') AS late \gset
:late
SELECT what, relname FROM regress_differences('before') ORDER BY 2;
:down
SELECT * FROM regress_differences('before');

-- Concurrently.
DROP TABLE regress_up;
SELECT clipperf_migration('up', :'ids', concurrently => true) AS up, clipperf_migration('down', :'ids', concurrently => true) AS down \gset
:up
SELECT * FROM regress_differences('up');
:up
SELECT * FROM regress_differences('up');
:down
SELECT * FROM regress_differences('before');
:down
SELECT * FROM regress_differences('before');
:up
SELECT * FROM regress_differences('up');
:down
SELECT * FROM regress_differences('before');
TABLE regress_tables;

-- What was gone before the up file is run is not made by the down file, in either way; what it has dropped is.
SELECT clipperf_migration('up', :'ids') AS up_within, clipperf_migration('down', :'ids') AS down_within \gset
DROP INDEX "Odd schema"."Goes away", "Odd schema".goes_of_view;
DROP TABLE regress_before;
SELECT * FROM regress_differences('before');
:up_within
TABLE regress_tables;
:up_within
:down_within
SELECT * FROM regress_differences('before');
:up
:up
:down
SELECT * FROM regress_differences('before');
-- In one way and back in the other.
:up
:down_within
SELECT * FROM regress_differences('before');
:up_within
:down
SELECT * FROM regress_differences('before');
TABLE regress_tables;
CREATE INDEX "Goes away" ON "Odd schema"."Odd ""table""" USING gin (tags) WITH (fastupdate = off) TABLESPACE "Odd space";

-- Partitions: what they had before outlives the index of the whole.
CREATE TABLE "Odd schema".parts (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE "Odd schema".part1 PARTITION OF "Odd schema".parts FOR VALUES FROM (0) TO (10);
CREATE TABLE "Odd schema".part2 PARTITION OF "Odd schema".parts FOR VALUES FROM (10) TO (20) PARTITION BY LIST (b);
CREATE TABLE "Odd schema".part21 PARTITION OF "Odd schema".part2 DEFAULT;
CREATE INDEX "Part's own" ON "Odd schema".part1 (b);
COMMENT ON INDEX "Odd schema"."Part's own" IS 'mine';
CREATE INDEX part21_own ON "Odd schema".part21 (b);
CREATE INDEX part1_gin ON "Odd schema".part1 USING brin (a);
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
VALUES ('create', '"Odd schema".parts', 'whole', 'CREATE INDEX whole ON "Odd schema".parts (b)', 'workload', 'for all'),
       ('create', '"Odd schema".parts', 'whole_brin', 'CREATE INDEX whole_brin ON "Odd schema".parts USING brin (a)', 'workload', 'for all');
SELECT array_agg(id ORDER BY id) AS parts FROM clipperf_recommendations WHERE index_name LIKE 'whole%' \gset
DROP TABLE regress_before, regress_up;
SELECT * FROM regress_differences('before');
SELECT clipperf_migration('up', :'parts') AS up, clipperf_migration('down', :'parts') AS down \gset
:up
SELECT relname, definition, comment, parents FROM regress_catalog WHERE relname ~ 'whole|part' ORDER BY relname COLLATE "C";
SELECT * FROM regress_differences('up');
:up
SELECT * FROM regress_differences('up');
:down
SELECT * FROM regress_differences('before');
:down
SELECT * FROM regress_differences('before');
:up
SELECT * FROM regress_differences('up');
:down

-- What has come to mean something else is neither made, nor dropped, nor marked, even if whoever runs the file goes on.
SELECT array_agg(id) AS ids FROM clipperf_recommendations WHERE index_name IN ('variable', 'filled', 'Goes away') \gset
SELECT clipperf_migration('up', :'ids') AS up, clipperf_migration('up', :'ids', concurrently => true) AS up_concurrently,
       clipperf_migration('down', :'ids') AS down, clipperf_migration('down', :'ids', concurrently => true) AS down_concurrently \gset
DROP INDEX "Odd schema"."Goes away";
CREATE INDEX "Goes away" ON "Odd schema"."Odd ""table""" (tags);
CREATE VIEW "Odd schema".variable AS SELECT 1;
CREATE INDEX filled ON "Odd schema"."Odd ""table""" (n, a) WITH (deduplicate_items = off);
DROP TABLE regress_before;
SELECT * FROM regress_differences('before');
\set VERBOSITY default
\set SHOW_CONTEXT never
:up
\set VERBOSITY terse
:up_concurrently
:down
:down_concurrently
SELECT * FROM regress_differences('before');

-- Nor is what a build has left that was interrupted.
DROP INDEX "Odd schema".filled, "Odd schema"."Goes away";
DROP VIEW "Odd schema".variable;
CREATE INDEX filled ON "Odd schema"."Odd ""table""" (n, a) WITH (fillfactor = 60, deduplicate_items = off);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"Odd schema".filled'::regclass;
:up
:up_concurrently
SET client_min_messages = error;
DROP VIEW regress_catalog, regress_tables;
DROP SCHEMA "Odd schema" CASCADE;
DROP TABLESPACE "Odd space";
DROP TABLE regress_wanted, regress_before, regress_up;
DROP FUNCTION regress_differences;
DELETE FROM clipperf_recommendations;
