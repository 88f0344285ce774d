-- Whatever an expression says about a value, the value is read as what it is: conversions around literals and
-- parameters, arrays of all makes, values that are compressed, stored elsewhere, short or empty.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA capture_datums;
SET search_path = capture_datums, public;
SET clipperf.track = 'all';
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN ids AS int[];
CREATE DOMAIN key AS uuid;
CREATE TABLE one (id int PRIMARY KEY, u uuid UNIQUE, n numeric UNIQUE, b bytea UNIQUE, c char(8) UNIQUE, m mood UNIQUE,
    t text UNIQUE, o oid UNIQUE, v name UNIQUE, k key UNIQUE, a int[] UNIQUE);
INSERT INTO one SELECT i, md5(i::text)::uuid, i + 0.5, decode(md5(i::text), 'hex'), 'c' || i,
    CASE i WHEN 1 THEN 'good'::mood WHEN 2 THEN 'bad' END, 't' || i, i, 'v' || i, md5(i::text)::uuid, ARRAY[i]
FROM generate_series(1, 3) AS i;
CREATE TABLE many (id int PRIMARY KEY, one_id int REFERENCES one);
INSERT INTO many SELECT i, i % 3 + 1 FROM generate_series(1, 9) AS i;
-- Rows whose values the lookups below can be compared with.
SELECT id, u, n, b, c, m, t, o, v, k, a FROM one ORDER BY id;

-- Literals that are no array below conversions that say they are.
SELECT count(*) FROM one WHERE o = ANY (true::text::oid[]);
SELECT count(*) FROM one WHERE id = ANY (1::text::int[]);
SELECT count(*) FROM one WHERE id = ANY ('{1}'::text::int[]);
SELECT count(*) FROM one WHERE id = ANY ('{1}'::varchar::int[]);
SELECT count(*) FROM one WHERE id = ANY ('{1}'::bpchar::int[]);
SELECT count(*) FROM one WHERE t = ANY ('\x7b74317d'::bytea::text::text[]);
SELECT count(*) FROM one WHERE u = ANY ('{c4ca4238-a0b9-2382-0dcc-509a6f75849b}'::text::uuid[]);
SELECT count(*) FROM one WHERE id = ANY (1.0::numeric::text::int[]);
SELECT count(*) FROM one WHERE id = ANY (NULL::text::int[]);
SELECT count(*) FROM one WHERE u = '\x00'::bytea::text::uuid;
SELECT count(*) FROM one WHERE n = '1.5'::text::numeric;
SELECT count(*) FROM one WHERE c = 'c1'::char(40);

-- Arrays of all makes.
SELECT count(*) FROM one WHERE id = ANY ('{1}'::ids);
SELECT count(*) FROM one WHERE id = ANY ('{}'::int[]);
SELECT count(*) FROM one WHERE id = ANY ('{NULL}'::int[]);
SELECT count(*) FROM one WHERE id = ANY ('{{1}}'::int[]);
SELECT count(*) FROM one WHERE id = ANY ('{{1,2},{3,4}}'::int[]);
SELECT count(*) FROM one WHERE id = ANY ('[5:5]={1}'::int[]);
SELECT count(*) FROM one WHERE id = ANY ('1'::int2vector::int2[]);
SELECT count(*) FROM one WHERE o = ANY ('1'::oidvector);
SELECT count(*) FROM one WHERE m = ANY ('{good}'::mood[]);
SELECT count(*) FROM one WHERE v = ANY ('{v1}'::name[]);
SELECT count(*) FROM one WHERE b = ANY (ARRAY['\x00'::bytea]);
SELECT count(*) FROM one WHERE t = ANY (ARRAY[repeat('t', 100000)]);
SELECT count(*) FROM one WHERE n = ANY ('{1.5}'::numeric[]);
SELECT count(*) FROM one WHERE n = ANY ('{NaN}'::numeric[]);
SELECT count(*) FROM one WHERE k = ANY ('{c4ca4238-a0b9-2382-0dcc-509a6f75849b}'::key[]);
SELECT count(*) FROM one WHERE a = '{1}';

-- The same as parameters of prepared statements and of functions.
PREPARE by_ids (int[]) AS SELECT count(*) FROM one WHERE id = ANY ($1);
EXECUTE by_ids ('{1}');
EXECUTE by_ids ('{}');
EXECUTE by_ids ('{{1}}');
EXECUTE by_ids (NULL);
PREPARE by_domain (ids) AS SELECT count(*) FROM one WHERE id = ANY ($1);
EXECUTE by_domain ('{1}');
PREPARE by_text (text) AS SELECT count(*) FROM one WHERE id = ANY ($1::int[]);
EXECUTE by_text ('{1}');
EXECUTE by_text ('{1,2}');
PREPARE by_bytes (bytea) AS SELECT count(*) FROM one WHERE t = ANY ($1::text::text[]);
EXECUTE by_bytes ('\x7b74317d');
PREPARE by_number (numeric) AS SELECT count(*) FROM one WHERE n = $1;
EXECUTE by_number (1.5);
EXECUTE by_number ('NaN');
EXECUTE by_number (('1' || repeat('0', 100000))::numeric);
PREPARE by_string (text) AS SELECT count(*) FROM one WHERE t = $1;
EXECUTE by_string ('');
EXECUTE by_string (repeat('x', 1000000));
CREATE FUNCTION by_array(list int[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    list := list || 2;              -- an expanded array from now on
    list[1] := 1;
    SELECT count(*) INTO found FROM one WHERE id = ANY (list);
    RETURN found;
END $$;
SELECT by_array('{}'), by_array('{7}'), by_array('{7,8}');

-- The server is the one it was.
SELECT count(*) AS rows FROM many;
DROP SCHEMA capture_datums CASCADE;
