-- Statements handed in, each called as often as its weight says.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA weights;
SET search_path = weights, public;
CREATE TABLE item (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, filler text NOT NULL);
INSERT INTO item SELECT i, i % 5000, i * 7919 % 5000, repeat('x', 100) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE item;

-- What is called more is served, where there is one index for two statements.
CREATE FUNCTION best(weights float8[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substring(ddl FROM '\(.*\)'), '; ') FROM clipperf_recommend_for(
        '{SELECT id FROM item WHERE a = 7,SELECT id FROM item WHERE b = 7}', max_indexes => 1, weights => $1) WHERE action = 'create'
$$;
SELECT best('{10,1}'), best('{1,10}');
-- A statement without a weight is called once, one with none at all not.
SELECT best('{NULL,10}'), best('{0.5,NULL}'), best('{0,1}'), best('{1,0}');
-- Shares are shares of all calls; equal statements are one.
CREATE FUNCTION shares(statements text[], weights float8[]) RETURNS TABLE (keys text, percent int) LANGUAGE sql AS $$
    SELECT substring(ddl FROM '\(.*\)'), round(100 * benefit_share) FROM clipperf_recommend_for($1, weights => $2)
    WHERE action = 'create' ORDER BY 1
$$;
SELECT * FROM shares('{SELECT id FROM item WHERE a = 7,SELECT id FROM item WHERE b = 7}', '{3,1}');
SELECT * FROM shares('{SELECT id FROM item WHERE a = 7,SELECT id FROM item WHERE b = 7,SELECT id FROM item WHERE a = 7}', '{2,1,1}');
SELECT * FROM shares('{SELECT id FROM item WHERE a = 7,SELECT id FROM item WHERE a = 7,SELECT id FROM item WHERE a = 7,SELECT id FROM item WHERE b = 7}', NULL);
SET client_min_messages = debug1;
\set VERBOSITY terse
SELECT count(*) FROM clipperf_recommend_for('{SELECT id FROM item WHERE a = 7}') WHERE action = 'create';
SELECT count(*) FROM clipperf_recommend_for(array_fill('SELECT id FROM item WHERE a = 7'::text, '{100}')) WHERE action = 'create';
SET client_min_messages = warning;
\set VERBOSITY default

-- Weights that make no sense.
SELECT best('{1}');
SELECT best('{1,2,3}');
SELECT best('{1,-1}');
SELECT best('{NaN,1}');
SELECT best('{1,Infinity}');
\set VERBOSITY sqlstate
SELECT best('{}');
SELECT best('{1,-1}');
\set VERBOSITY default

DROP SCHEMA weights CASCADE;
