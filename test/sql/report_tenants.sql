-- Loops that differ in the schema, or in what they return only, are one finding.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
-- Statements that differ in what they return only, as those of an ORM that orders columns by chance, are one finding; not so many schemas.
CREATE TABLE leaflet (id int8 PRIMARY KEY, first_thing_that_is_told text, second_thing_that_is_told text, third_thing_that_is_told text);
INSERT INTO leaflet SELECT i, i::text, i::text, i::text FROM generate_series(1, 500) AS i;
ANALYZE leaflet;
CREATE FUNCTION page_with(columns text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT 'BEGIN'
    UNION ALL
    (SELECT format('SELECT %s FROM leaflet AS a WHERE a.id = %s', columns, i) FROM generate_series(1, 40) AS i)
    UNION ALL
    SELECT 'COMMIT'
$$;
SET application_name = 'pages';
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT page_with('a.first_thing_that_is_told, a.second_thing_that_is_told, a.third_thing_that_is_told') \gexec
SELECT page_with('a.first_thing_that_is_told, a.third_thing_that_is_told, a.second_thing_that_is_told') \gexec
SELECT page_with('a.second_thing_that_is_told, a.first_thing_that_is_told, a.third_thing_that_is_told') \gexec
SELECT page_with('a.second_thing_that_is_told, a.third_thing_that_is_told, a.first_thing_that_is_told') \gexec
\o
\set ECHO all
SELECT summary, evidence ~ '; one of 4 statements that read alike, ' AS said FROM clipperf_findings() WHERE kind = 'n_plus_one';
DROP TABLE leaflet;
DROP FUNCTION page_with;

-- The same loop in the schemas of many tenants is one finding, which tells the role that runs it.
-- From PostgreSQL 18 on the server takes statements for one that differ in the schema of their tables only, so that there is nothing to add up.
SELECT current_setting('server_version_num')::int >= 180000 AS is_one_statement \gset
\if :is_one_statement
\quit
\endif
CREATE ROLE regress_tenants_app;
CREATE FUNCTION make_tenant(number int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tenant name := 'tenant_' || number;
BEGIN
    EXECUTE format('CREATE SCHEMA %1$s CREATE TABLE book (id int8 PRIMARY KEY, title text)
        CREATE TABLE review (book_id int8 REFERENCES %1$s.book, body text)', tenant);
    EXECUTE format('INSERT INTO %s.book SELECT 1000 * %s + i, md5(i::text) FROM generate_series(1, 200) AS i', tenant, number);
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO regress_tenants_app', tenant);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %s TO regress_tenants_app', tenant);
END
$$;
SELECT make_tenant(number) FROM generate_series(1, 5) AS number;
ANALYZE;
-- What a page of a tenant sends: a list and a statement for each row, the tables being named or found by search_path.
CREATE FUNCTION page_of(number int, named boolean) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('SET search_path = tenant_%s', number)
    UNION ALL
    SELECT format(CASE WHEN named THEN 'SELECT id FROM tenant_%s.book ORDER BY title DESC LIMIT 20'
                       ELSE 'SELECT id, title FROM book ORDER BY title LIMIT 30' END, number)
    UNION ALL
    (SELECT format(CASE WHEN named THEN 'SELECT count(*) FROM tenant_%s.review WHERE book_id = %s'
                        ELSE 'SELECT body FROM review WHERE book_id = %2$s' END, number, 1000 * number + i)
     FROM generate_series(1, 200) AS i
     ORDER BY md5(i::text) COLLATE "C" DESC LIMIT CASE WHEN named THEN 20 ELSE 0 END)
    UNION ALL
    (SELECT format('SELECT body FROM review WHERE book_id = %s', 1000 * number + i)
     FROM generate_series(1, 200) AS i
     ORDER BY md5(i::text) COLLATE "C" LIMIT CASE WHEN named THEN 0 ELSE 30 END)
$$;
CREATE FUNCTION found(OUT summary text, OUT words text) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT r.summary, array_to_string(regexp_match(r.evidence, 'per request of \S+ (by \S+):.*; (in \d+ schemas)?'), ', ')
    FROM clipperf_findings() AS r WHERE r.kind = 'n_plus_one' ORDER BY r.summary COLLATE "C"
$$;
SET application_name = 'pages';
GRANT EXECUTE ON FUNCTION page_of TO regress_tenants_app;
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SET ROLE regress_tenants_app;
SELECT public.page_of(1, false) \gexec
SELECT public.page_of(2, false) \gexec
SELECT public.page_of(3, false) \gexec
\o
RESET ROLE;
RESET search_path;
\set ECHO all
-- Three stand each for itself.
SELECT * FROM found();
\set ECHO none
\o /dev/null
SET ROLE regress_tenants_app;
SELECT public.page_of(4, false) \gexec
SELECT public.page_of(5, false) \gexec
SELECT public.page_of(1, true) \gexec
SELECT public.page_of(2, true) \gexec
SELECT public.page_of(3, true) \gexec
SELECT public.page_of(4, true) \gexec
SELECT public.page_of(5, true) \gexec
\o
RESET ROLE;
RESET search_path;
\set ECHO all
SELECT * FROM found();
-- One that is accepted is told of no more, and the others still are.
SELECT clipperf_accept('n_plus_one', 'tenant_1.review', reason => 'small') > 0 AS accepted;
SELECT * FROM found();
SELECT clipperf_accept_all('as it was', '{n_plus_one}') > 0 AS accepted;
SELECT count(*) FROM found();

DELETE FROM clipperf_accepted WHERE kind = 'n_plus_one';
DROP FUNCTION make_tenant, page_of, found;
DROP SCHEMA tenant_1, tenant_2, tenant_3, tenant_4, tenant_5 CASCADE;
DROP ROLE regress_tenants_app;
