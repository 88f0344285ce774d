-- SQL objects of another version than the module's: a clear error, not a crash.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA extension_versions;
SET search_path = extension_versions, public;

-- All reading functions of the extension, declared with fewer and with more columns than they have.
CREATE FUNCTION declare_as(name text, symbol text, columns int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE FUNCTION %I(%s) RETURNS SETOF record LANGUAGE c AS %L, %L', name || '_' || columns,
        (SELECT string_agg(format('OUT c%s bigint', i), ', ') FROM generate_series(1, columns) AS i),
        '$libdir/clipperf', symbol);
END $$;
SELECT p.proname
FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'clipperf'
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'c'
WHERE p.prorettype = 'record'::regtype AND p.proname LIKE '\_clipperf\_read\_%' ORDER BY proname;
CREATE TEMP TABLE results (name text, columns text, sqlstate text, message text, detail text, hint text);
DO $$
DECLARE
    f record; c int; detail text; hint text;
BEGIN
    FOR f IN SELECT p.proname AS name, p.prosrc AS symbol, array_length(p.proallargtypes, 1) - p.pronargs AS columns
        FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'c'
        WHERE p.proname LIKE '\_clipperf\_read\_%' AND p.prorettype = 'record'::regtype
    LOOP
        FOR c IN SELECT DISTINCT unnest(ARRAY[2, f.columns - 1, f.columns + 1, f.columns + 50]) LOOP
            PERFORM declare_as(f.name, f.symbol, c);
            BEGIN
                EXECUTE format('SELECT * FROM %I()', f.name || '_' || c);
                INSERT INTO results VALUES (f.name, c - f.columns, 'no error');
            EXCEPTION WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
                INSERT INTO results VALUES (f.name, c - f.columns, sqlstate, sqlerrm, detail, hint);
            END;
        END LOOP;
    END LOOP;
END $$;
SELECT name, count(*), array_agg(DISTINCT sqlstate) AS states FROM results GROUP BY name ORDER BY name COLLATE "C";
SELECT DISTINCT message, hint FROM results;
SELECT regexp_replace(detail, 'version \S+', 'version X') AS detail FROM results
WHERE name = '_clipperf_read_info' AND columns = '-1';

SET client_min_messages = error;
DROP SCHEMA extension_versions CASCADE;
