-- What others made in a schema that the search_path names runs with nobody else's rights.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
DELETE FROM clipperf_recommendations;
SELECT clipperf_reset() IS NOT NULL AS reset;
CREATE ROLE regress_trapper;
CREATE SCHEMA traps AUTHORIZATION regress_trapper;
CREATE SCHEMA goods;
CREATE TABLE goods.item (id int PRIMARY KEY, a int, b text);
CREATE TABLE goods.parts (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE goods.part PARTITION OF goods.parts DEFAULT;
CREATE INDEX part_b ON goods.part (b);
CREATE INDEX item_a ON goods.item (a);
COMMENT ON INDEX goods.item_a IS 'an old one';
CREATE INDEX needless ON goods.item (id, a);
INSERT INTO goods.item SELECT n, n % 1000, E'a\\' || n FROM generate_series(1, 20000) AS n;
VACUUM ANALYZE goods.item;

SET SESSION AUTHORIZATION regress_trapper;
SET search_path = traps;
CREATE FUNCTION spring() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF CURRENT_USER <> 'regress_trapper' THEN
        RAISE EXCEPTION 'trapped somebody else';
    END IF;
    RETURN true;
END
$$;
-- As good as what the server has, or better, for each call there may be: operators and functions of all these types.
DO $$
DECLARE
    pair text[];
    operator text;
BEGIN
    FOREACH pair SLICE 1 IN ARRAY ARRAY[['text', 'text'], ['text', 'unknown'], ['name', 'text'], ['bigint', 'bigint'], ['bigint', 'int'],
            ['int', 'int'], ['oid', 'oid'], ['oid', 'regclass'], ['regclass', 'oid'], ['regclass', 'regclass'], ['oid', 'regrole'],
            ['text', 'regclass'], ['double precision', 'double precision'], ['timestamptz', 'timestamptz'], ['boolean', 'boolean']] LOOP
        CONTINUE WHEN 'unknown' = ANY (pair);
        EXECUTE pg_catalog.format('CREATE FUNCTION test(%s, %s) RETURNS boolean LANGUAGE sql AS ''SELECT traps.spring()''', pair[1], pair[2]);
        EXECUTE pg_catalog.format('CREATE FUNCTION append(%s, %s) RETURNS text LANGUAGE sql AS ''SELECT traps.spring()::pg_catalog.text''', pair[1], pair[2]);
        FOREACH operator IN ARRAY '{=,<>,<,>,<=,>=}'::text[] LOOP
            EXECUTE pg_catalog.format('CREATE OPERATOR %s (FUNCTION = test, LEFTARG = %s, RIGHTARG = %s)', operator, pair[1], pair[2]);
        END LOOP;
        EXECUTE pg_catalog.format('CREATE OPERATOR || (FUNCTION = append, LEFTARG = %s, RIGHTARG = %s)', pair[1], pair[2]);
    END LOOP;
END
$$;
CREATE FUNCTION obj_description(oid, text) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION obj_description(regclass, text) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION to_regclass(text) RETURNS regclass LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text::pg_catalog.regclass';
CREATE FUNCTION current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION pg_get_indexdef(oid) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION pg_get_indexdef(regclass) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION "right"(text, int) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION "left"(text, int) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION concat_ws(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION quote_literal(text) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION quote_nullable(text) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION strpos(text, text) RETURNS int LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.int4';
CREATE FUNCTION replace(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE FUNCTION chr(int) RETURNS text LANGUAGE sql AS 'SELECT traps.spring()::pg_catalog.text';
CREATE DOMAIN text AS pg_catalog.text CHECK (traps.spring());
CREATE DOMAIN oid AS pg_catalog.oid CHECK (traps.spring());
GRANT ALL ON SCHEMA traps TO PUBLIC;
RESET SESSION AUTHORIZATION;
SET search_path = public;

SELECT count(*) FROM goods.item WHERE b = 'x' AND a > 3;
SELECT count(*) FROM goods.item WHERE b = 'y' AND a > 3;
SELECT clipperf_add_index('trapped', 'CREATE INDEX item_b ON goods.item (b)') IS NOT NULL AS added;
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason) VALUES
    ('create', 'goods.item', 'item_upper', $$CREATE INDEX item_upper ON goods.item (upper(b)) WHERE a IS NOT NULL$$, 'workload', 'made'),
    ('create', 'goods.item', 'item_a_too', 'CREATE INDEX item_a_too ON goods.item (a)', 'workload', 'found'),
    ('create', 'goods.parts', 'parts_b', 'CREATE INDEX parts_b ON goods.parts (b)', 'workload', 'whole'),
    ('drop', 'goods.item', 'needless', NULL, 'workload', 'not needed');
SELECT pg_catalog.array_agg(id) AS ids FROM clipperf_recommendations \gset

-- Before the server's own, as only who sets the path can put it; and behind, where better matches are found all the same.
\set path 'traps, pg_catalog, public'
SET search_path = :path;
SELECT 1 AS trapped WHERE 'a'::pg_catalog.text = 'a';
SELECT pg_catalog.count(*) IS NOT NULL AS called FROM public.clipperf_apply(dry_run => true);
SELECT pg_catalog.count(*) IS NOT NULL AS called FROM public.clipperf_apply(:'ids', dry_run => true);
SELECT pg_catalog.count(*) IS NOT NULL AS called FROM public.clipperf_apply(index_set => 'trapped', dry_run => true);
SELECT pg_catalog.count(*) IS NOT NULL AS called FROM public.clipperf_recommend();
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 AS reported FROM public.clipperf_report();
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 AS reported FROM public.clipperf_report_text();
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 AS listed FROM public.clipperf_workload();
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 AS listed FROM public.clipperf_index_set_status('trapped');
SELECT public.clipperf_migration('up', index_set => 'trapped') IS NOT NULL AS written;
SET search_path = public;
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason) VALUES
    ('create', 'goods.item', 'item_upper', $$CREATE INDEX item_upper ON goods.item (upper(b)) WHERE b <> E'\\'$$, 'workload', 'made'),
    ('create', 'goods.item', 'item_a_too', 'CREATE INDEX item_a_too ON goods.item (a)', 'workload', 'found'),
    ('create', 'goods.parts', 'parts_b', 'CREATE INDEX parts_b ON goods.parts (b)', 'workload', 'whole'),
    ('drop', 'goods.item', 'needless', NULL, 'workload', 'not needed');
SELECT pg_catalog.array_agg(id) AS ids FROM clipperf_recommendations WHERE reason IN ('made', 'found', 'whole', 'not needed') \gset
SELECT clipperf_migration('up', :'ids') AS up, clipperf_migration('down', :'ids') AS down,
    clipperf_migration('up', :'ids', concurrently => true) AS up_concurrently,
    clipperf_migration('down', :'ids', concurrently => true) AS down_concurrently \gset

-- The files of migrations, which somebody else may run.
CREATE VIEW goods.indexes AS SELECT c.relname, obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c WHERE relkind IN ('i', 'I') AND relnamespace = 'goods'::regnamespace;
\set path 'traps, pg_catalog, public'
SET search_path = :path;
:up
TABLE goods.indexes ORDER BY relname COLLATE "C";
:down
TABLE goods.indexes ORDER BY relname COLLATE "C";
\set path 'traps, public'
SET search_path = :path;
:up
:down
:up_concurrently
:down_concurrently
TABLE goods.indexes ORDER BY relname COLLATE "C";
SHOW search_path;

SET search_path = public;
DELETE FROM clipperf_recommendations;
SELECT clipperf_drop_index_set('trapped');
DROP SCHEMA goods, traps CASCADE;
DROP ROLE regress_trapper;
