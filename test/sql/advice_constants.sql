-- A constant of one call enters no index, one of the application's code may.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA constants;
SET search_path = constants, public;
CREATE TABLE people (id int PRIMARY KEY, country text NOT NULL, number int NOT NULL, karma int NOT NULL, body jsonb NOT NULL, filler text);
INSERT INTO people SELECT i, (ARRAY['SE', 'DE', 'FR', 'IT', 'ES', 'PL', 'NL', 'BE', 'FI', 'DK'])[1 + i % 10], i::bigint * 7919 % 99991, i::bigint * 104729 % 50021,
    jsonb_build_object('mail', 'm' || i, 'age', i % 90), repeat('x', 60) FROM generate_series(1, 20000) AS i;
CREATE VIEW swedes AS SELECT id, number % 100 AS hundred, karma, length(filler) + number % 7 AS rank, filler FROM people WHERE country = 'SE';
VACUUM ANALYZE people;

-- What is created, and how often nothing is, for a reason that ends like this.
CREATE FUNCTION advised(OUT action text, OUT what text) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT action, coalesce(regexp_replace(ddl, '^.* ON constants\.', ''), regexp_replace(reason, '^.*whose', 'whose'))
    FROM clipperf_recommend() $$;

-- Each call has its own.
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id FROM people WHERE abs(number - %s) < 3', i * 777) FROM generate_series(1, 15) AS i \gexec
\o
\set ECHO all
SELECT * FROM advised();
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id FROM people ORDER BY abs(number - %s) LIMIT 3', i * 777) FROM generate_series(1, 15) AS i \gexec
\o
\set ECHO all
SELECT * FROM advised();
-- One call says nothing of the next.
SELECT action, ddl FROM clipperf_recommend_for(ARRAY['SELECT id FROM people WHERE abs(number - 777) < 3']);
-- The constant names what is compared.
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id FROM people WHERE body ->> ''mail'' = %L', 'm' || i) FROM generate_series(1, 15) AS i \gexec
\o
\set ECHO all
SELECT * FROM advised();
SELECT action, ddl FROM clipperf_recommend_for(ARRAY['SELECT id FROM people WHERE (body ->> ''age'')::int > 100']);
SELECT action, ddl FROM clipperf_recommend_for(ARRAY['SELECT id FROM people WHERE abs(number - 777) = $1']);

-- Few calls, and many that have it mostly: the index serves all values.
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id FROM people WHERE country = %L ORDER BY karma DESC LIMIT 5', 'SE') FROM generate_series(1, 4) AS i \gexec
\o
\set ECHO all
SELECT * FROM advised();
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id FROM people WHERE country = %L ORDER BY karma DESC LIMIT 5', CASE WHEN i % 10 = 0 THEN 'DE' ELSE 'SE' END)
FROM generate_series(1, 60) AS i \gexec
\o
\set ECHO all
SELECT * FROM advised();
-- All of many calls.
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id FROM people WHERE country = %L ORDER BY karma DESC LIMIT 5', 'SE') FROM generate_series(1, 60) AS i \gexec
\o
\set ECHO all
SELECT * FROM advised();
-- A view says the same in every call.
SELECT ddl FROM clipperf_recommend_for(ARRAY['SELECT filler FROM swedes ORDER BY rank LIMIT 5']);
SELECT ddl FROM clipperf_recommend_for(ARRAY['SELECT filler FROM swedes WHERE hundred > 98 ORDER BY karma LIMIT 5']);
DROP SCHEMA constants CASCADE;
DELETE FROM clipperf_recommendations;
