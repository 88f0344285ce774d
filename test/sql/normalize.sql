-- Texts of statements show neither literals nor comments.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET clipperf.route = 'normalize';
CREATE TABLE normalized (id int, name text, price numeric, "Mixed Case" int, at timestamptz);
SET client_min_messages = error;

-- What the statements after the last reset look like, in the order of their texts.
CREATE FUNCTION texts() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT query FROM clipperf_queries
    WHERE route = 'normalize' AND query NOT LIKE '%clipperf\_%' AND query NOT LIKE '%texts()%'
    ORDER BY query COLLATE "C"
$$;

-- Literals of every kind.
SELECT clipperf_reset();
SELECT 1 AS int4, 1.5 AS decimal, .5 AS half, 1e10 AS real, 4294967296 AS int8;
SELECT 'text' AS string, '' AS empty, 'it''s' AS quoted;
SELECT upper(E'a\'b\n') AS escaped;
SELECT lower(U&'d\0061t') AS unicode, lower(U&'d!0061t' UESCAPE '!') AS unicode_escaped;
SELECT reverse($$dollar$$) AS dollar, length($tag$ $$ $tag$) AS tagged;
SELECT B'101' AS bits, X'1F' AS hex;
SELECT initcap(N'national') AS national;
SELECT md5('split '
           'in two') AS continued;
SELECT true AS yes, FALSE AS no, NULL AS nothing;
SELECT * FROM texts();

-- Types with a literal, casts and type modifiers.
SELECT clipperf_reset();
SELECT date '2024-01-02' AS typed;
SELECT interval '1 day' AS span;
SELECT '00000000-0000-0000-0000-000000000001'::uuid AS cast_operator;
SELECT CAST('abc' AS varchar(2)) AS type_modifier;
SELECT '1.5'::numeric(9, 2) AS scale, 'ab'::character varying(1) AS length, 'c'::pg_catalog.bpchar(3) AS qualified;
SELECT 7::int IN (7, 8) AS is_listed, CAST(7 AS int) IN (7, 8) AS cast_listed;
WITH one AS MATERIALIZED (SELECT 11 AS eleven), two AS (VALUES (12)) SELECT one.eleven::int + (13) AS sum FROM one, two AS t (n);
SELECT * FROM texts();

-- A minus sign belongs to the literal after it, unless it subtracts.
SELECT clipperf_reset();
SELECT id FROM normalized WHERE id = -1;
SELECT id FROM normalized WHERE price IN (-1, - 2, 3);
SELECT id FROM normalized WHERE id BETWEEN -1 AND -5;
SELECT id-1 AS less FROM normalized;
SELECT (id)-1 AS less_bracket, id - -1 AS more FROM normalized;
SELECT current_date - 1 AS yesterday FROM normalized;
SELECT -id AS negative FROM normalized;
SELECT * FROM texts();

-- NULL, TRUE and FALSE that are no constants.
SELECT clipperf_reset();
SELECT id FROM normalized WHERE id IS NULL AND name IS NOT NULL;
SELECT id FROM normalized WHERE (id = 1) IS TRUE OR (id = 2) IS NOT FALSE;
SELECT id FROM normalized ORDER BY id DESC NULLS LAST;
SELECT * FROM texts();

-- White space, comments and semicolons.
SELECT clipperf_reset();
SELECT   id	,
         name -- with a comment
FROM normalized /* and /* another */ */ WHERE id
=
1;
/* password=secret */ SELECT price FROM normalized /*route='ignored%20here'*/;
/*+ SeqScan(normalized) */ SELECT at/**/FROM normalized;
SELECT sqrt(1) AS first\; SELECT cbrt(1) AS second\; SELECT ltrim('x;y') AS third;
SELECT * FROM texts();

-- Identifiers stay as they were written.
SELECT clipperf_reset();
SELECT "Mixed Case", NORMALIZED.Id, "at" AS "say ""hi""" FROM Normalized;
SELECT U&"\0069d" FROM normalized;
SELECT * FROM texts();

-- Parameters keep their numbers; literals are numbered after them.
SELECT clipperf_reset();
PREPARE with_parameters(int, text) AS
    SELECT id FROM normalized WHERE name = 'a' AND id = $1 AND name <> $2 LIMIT 10;
EXECUTE with_parameters(1, 'b');
SELECT * FROM texts();

-- The client is not told again what the server's own scanner has told it.
RESET client_min_messages;
SELECT clipperf_reset();
SELECT 1 AS a_name_that_is_much_longer_than_the_sixty_three_bytes_that_names_can_have;
SELECT count(*) FROM texts();

-- Long statements are cut, at a character boundary, and say so.
SELECT clipperf_reset();
SET clipperf.track = 'all';
DO $do$
BEGIN
    EXECUTE 'SELECT 1 AS "' || repeat('é', 20) || '", ' || repeat('length(name) + ', 2000)
        || '1 FROM normalized';
    -- A list of a megabyte: only its beginning is looked at.
    EXECUTE 'SELECT id FROM normalized WHERE id IN (' || repeat('123456789, ', 95000) || '1)';
    -- Cut by us in the middle of a literal that the server has read to its end.
    EXECUTE 'SELECT id FROM normalized WHERE name = ''' || repeat('secret', 20000) || '''';
END $do$;
RESET clipperf.track;
SELECT octet_length(query) <= 8192 AS bounded, query LIKE '% /* cut */' AS marked,
       left(query, 50) AS start, query LIKE '%secret%' OR query LIKE '%123456789%' AS leaks
FROM clipperf_queries WHERE NOT toplevel ORDER BY query COLLATE "C";

DROP FUNCTION texts();
DROP TABLE normalized;
DROP EXTENSION clipperf;
