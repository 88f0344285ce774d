-- What CREATE EXTENSION installs.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT current_database() AS home \gset
CREATE DATABASE regress_clipperf_extension TEMPLATE template0;
\c regress_clipperf_extension

-- Everything into the schema that is named, whatever the search path; and there it stays.
CREATE SCHEMA "Odd schema";
-- Others may have created there what fits the calls of our functions better than the server's own.
CREATE FUNCTION "Odd schema".trap(bigint, double precision) RETURNS double precision LANGUAGE sql AS 'SELECT (1 / 0)::double precision';
CREATE OPERATOR "Odd schema"./ (LEFTARG = bigint, RIGHTARG = double precision, FUNCTION = "Odd schema".trap);
CREATE OPERATOR "Odd schema".* (LEFTARG = bigint, RIGHTARG = double precision, FUNCTION = "Odd schema".trap);
CREATE FUNCTION "Odd schema".concat(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT (1 / 0)::text';
CREATE FUNCTION "Odd schema".format(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT (1 / 0)::text';
SET search_path = pg_temp;
CREATE EXTENSION clipperf SCHEMA "Odd schema";
SELECT extversion = (SELECT default_version FROM pg_available_extensions WHERE name = 'clipperf') AS version,
    extrelocatable, extnamespace::regnamespace FROM pg_extension WHERE extname = 'clipperf';
ALTER EXTENSION clipperf SET SCHEMA public;

SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS trapped FROM pg_depend AS d
WHERE d.refobjid IN (SELECT oid FROM pg_operator WHERE oprnamespace = '"Odd schema"'::regnamespace
                     UNION SELECT oid FROM pg_proc WHERE pronamespace = '"Odd schema"'::regnamespace AND proname !~ '^_?clipperf_')
    AND d.classid <> 'pg_operator'::regclass;

-- Every object carries the prefix, is described, and lies in that schema.
CREATE TEMP VIEW members AS
SELECT d.classid, d.objid, (pg_identify_object(d.classid, d.objid, 0)).*
FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass
WHERE e.extname = 'clipperf' AND d.deptype = 'e';
SELECT type, identity FROM members
WHERE type IN ('function', 'view', 'table', 'sequence', 'procedure', 'aggregate')
    AND (schema <> '"Odd schema"' OR coalesce(name, split_part(identity, '.', 2)) !~ '^_?clipperf_');
SELECT type, identity FROM members
WHERE type IN ('function', 'view', 'table', 'procedure', 'aggregate') AND obj_description(objid, classid::regclass::name) IS NULL;
SELECT c.relname, a.attname FROM members AS m
JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid AND c.relkind IN ('r', 'v')
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE col_description(c.oid, a.attnum) IS NULL
ORDER BY 1, 2;

-- All functions are fixed against the caller's search path: of C, or with names that say their schema.
CREATE SCHEMA trap;
CREATE FUNCTION trap._clipperf_read_queries() RETURNS int LANGUAGE sql AS 'SELECT 1 / 0';
CREATE FUNCTION trap._clipperf_query_text(oid, oid, bigint) RETURNS text LANGUAGE sql AS 'SELECT (1 / 0)::text';
SET search_path = trap, pg_catalog;
SELECT 1 AS trapped;
SELECT count(*) > 0 AS seen FROM "Odd schema".clipperf_queries;
SELECT count(*) FROM "Odd schema".clipperf_info;
SELECT "Odd schema".clipperf_reset();
SELECT 1 AS trapped;
SELECT count(*) > 0 AS seen FROM "Odd schema".clipperf_queries;

-- Readable by everybody who may use the schema.
SELECT c.relname FROM members AS m
JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid AND c.relkind = 'v'
WHERE NOT has_table_privilege('pg_monitor', c.oid, 'SELECT') ORDER BY 1;

-- Gone and back.
DROP EXTENSION clipperf;
SELECT count(*) FROM members;
SELECT count(*) FROM pg_class WHERE relname ~ '^_?clipperf_';
SELECT count(*) FROM pg_proc WHERE proname ~ '^_?clipperf_' AND pronamespace <> 'trap'::regnamespace;
CREATE EXTENSION clipperf SCHEMA "Odd schema";
SELECT count(*) > 0 AS seen FROM "Odd schema".clipperf_queries;

\c :home
DROP DATABASE regress_clipperf_extension;
