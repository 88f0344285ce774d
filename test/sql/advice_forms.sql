-- Conditions in other forms than a column compared with a value: row comparisons, functions with planner support, casts.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA forms;
SET search_path = forms, public;
CREATE TABLE feed (id bigint PRIMARY KEY, a int NOT NULL, b timestamp NOT NULL, code text NOT NULL, name text COLLATE "und-x-icu", ip inet, seen timestamptz, day date, filler text);
INSERT INTO feed SELECT i, abs(hashint8(i)) % 200, '2024-01-01'::timestamp + abs(hashint8(-i)) % 200 * interval '1 hour', 'C' || i, 'N' || i, '10.0.0.0'::inet + i,
    '2024-01-01'::timestamptz + i * interval '1 min', '2024-01-01'::date + i % 1000, repeat('z', 60) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE feed;
-- What is advised, and how much more is once that is built.
CREATE FUNCTION again(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE ddl text; n bigint;
BEGIN
    FOR ddl IN SELECT r.ddl FROM clipperf_recommend_for(ARRAY[statement]) AS r WHERE r.action = 'create' LOOP
        EXECUTE replace(ddl, 'CONCURRENTLY', '');
    END LOOP;
    ANALYZE feed;
    SELECT count(*) FROM clipperf_recommend_for(ARRAY[statement]) AS r WHERE r.action IN ('create', 'drop') INTO n;
    FOR ddl IN SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index WHERE indrelid = 'feed'::regclass AND NOT indisprimary LOOP
        EXECUTE ddl;
    END LOOP;
    RETURN n;
END
$$;
CREATE FUNCTION advised(statement text) RETURNS TABLE (line text) LANGUAGE sql AS $$
    SELECT coalesce(regexp_replace(r.ddl, '^.* ON ', 'ON '), regexp_replace(r.reason, '^.*?: PostgreSQL', 'PostgreSQL'))
    FROM clipperf_recommend_for(ARRAY[statement]) AS r
    UNION ALL SELECT 'and then: ' || again(statement) $$;
\pset tuples_only on

-- Keyset paging: all columns at once, and nothing to be replaced later.
SELECT * FROM advised('SELECT id, filler FROM feed WHERE (a, b, id) > (100, ''2024-01-03'', 7) ORDER BY a, b, id LIMIT 50');
SELECT * FROM advised('SELECT id, filler FROM feed WHERE (b, id) < (''2024-01-05'', 70000) ORDER BY b DESC, id DESC LIMIT 20');

-- A function's planner support says which index it can use.
SELECT * FROM advised('SELECT filler FROM feed WHERE starts_with(code, ''C1234'')');
SELECT * FROM advised('SELECT filler FROM feed WHERE starts_with(name, ''N1234'')');
SELECT * FROM advised('SELECT filler FROM feed WHERE network_sub(ip, ''10.0.1.0/30'')');
SELECT * FROM advised('SELECT filler FROM feed WHERE a = 7 AND starts_with(lower(name), ''n1'')');

-- What PostgreSQL makes no index of, and what to do about it.
SELECT * FROM advised('SELECT filler FROM feed WHERE seen::date = ''2024-01-07''');
SELECT * FROM advised('SELECT filler FROM feed WHERE seen + interval ''1 day'' > now()');
SELECT * FROM advised('SELECT filler FROM feed ORDER BY to_char(seen, ''YYYY-MM'') LIMIT 3');
-- A cast has an index of its own, though another one would do if the application did better.
SELECT regexp_replace(reason, '^.*; ', '') FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE a = 7.0']);
SELECT regexp_replace(reason, '^.*; ', '') FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE id::text = ''7''']);
SELECT regexp_replace(reason, '^.*; ', '') FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE b::date = ''2024-01-07''']);
-- Nor is another unit of time: the index that serves is one that there is, one recommended beside it, or a new one.
SELECT regexp_replace(reason, '^.*; ', '') FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE date_trunc(''day'', b) = ''2024-01-07''']);
SELECT regexp_replace(ddl, '^.* ON ', 'ON '), substring(reason FROM 'better: .*')
FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE date_trunc(''day'', seen AT TIME ZONE ''UTC'') = ''2024-01-07''',
    'SELECT filler FROM feed WHERE seen BETWEEN ''2024-01-07 10:00'' AND ''2024-01-07 10:03''']) ORDER BY 1;
SELECT regexp_replace(reason, '^.*: PostgreSQL', 'PostgreSQL') FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE date_trunc(''hour'', seen) = ''2024-01-07 10:00''']);
-- To sort or group all rows no index is missed.
SELECT action FROM clipperf_recommend_for(ARRAY['SELECT date_trunc(''hour'', seen) AS hour, count(*) FROM feed GROUP BY hour ORDER BY hour']);
-- An expression finds rows by the keys before it alone: it is no key behind those of another statement.
SELECT regexp_replace(ddl, '^.* ON ', 'ON ') FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE a = 7 AND b::date = ''2024-01-06''',
    'SELECT id FROM feed WHERE a = 7 AND day = ''2024-02-03'' AND ip = ''10.0.3.3''']) WHERE action = 'create' ORDER BY 1;
-- Of an index that is recommended with one column more it is not said that it is not.
CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, gone date, note text);
INSERT INTO person SELECT i, 'Last' || abs(hashint4(i)) % 9000, CASE WHEN i % 8 = 0 THEN '2026-01-01'::date END, repeat('n', 60) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE person;
SELECT action, regexp_replace(ddl, '^.* ON ', 'ON ') FROM clipperf_recommend_for(ARRAY[
    'SELECT id FROM person WHERE gone IS NULL AND lower(name) LIKE lower(''Last12'') || ''%'' ORDER BY name LIMIT 20',
    'SELECT id FROM person WHERE gone IS NULL AND lower(name) LIKE lower(''Last5'') || ''%'' ORDER BY name LIMIT 20']);

-- Names end with whole words, and characters.
CREATE TABLE "wide_ärger_mit_überlangen_namen_die_niemand_braucht" (id int PRIMARY KEY, "größe_in_ganzen_metern_und_zentimetern" int, filler text);
INSERT INTO "wide_ärger_mit_überlangen_namen_die_niemand_braucht" SELECT i, i, repeat('x', 100) FROM generate_series(1, 20000) AS i;
ANALYZE "wide_ärger_mit_überlangen_namen_die_niemand_braucht";
SELECT index_name FROM clipperf_recommend_for(ARRAY['SELECT filler FROM "wide_ärger_mit_überlangen_namen_die_niemand_braucht" WHERE "größe_in_ganzen_metern_und_zentimetern" = 5']);
-- A parameter that is left out has no type, and needs none.
SELECT action FROM clipperf_recommend_for(ARRAY['SELECT filler FROM feed WHERE code = $2']);

-- Deletions that cascade: each level is searched.
CREATE TABLE firm (id int PRIMARY KEY);
CREATE TABLE staff (id int PRIMARY KEY, firm int REFERENCES firm ON DELETE CASCADE);
CREATE TABLE clock (id int PRIMARY KEY, staff int REFERENCES staff ON DELETE CASCADE);
INSERT INTO firm SELECT generate_series(1, 100);
INSERT INTO staff SELECT i, 1 + i % 100 FROM generate_series(1, 2000) AS i;
INSERT INTO clock SELECT i, 1 + i % 2000 FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE firm, staff, clock;
SELECT clipperf_reset() IS NOT NULL AS reset;
DELETE FROM firm WHERE id = 7;
SELECT pg_stat_force_next_flush();
SELECT regexp_replace(ddl, '^.* ON ', 'ON '), benefit_share > 0.3 AS matters FROM clipperf_recommend() WHERE action = 'create';
-- One partial index lists the latest of some rows and counts them: none whose only key its own predicate fixes.
CREATE TABLE alarm (id int PRIMARY KEY, raised timestamp NOT NULL, cleared timestamp, note text NOT NULL);
INSERT INTO alarm SELECT i, '2026-01-01'::timestamp + i * interval '1 min', CASE WHEN i % 50 > 0 THEN '2027-01-01'::timestamp END, repeat('note ', 10)
FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE alarm;
SELECT regexp_replace(ddl, '^.* ON ', 'ON ') FROM clipperf_recommend_for(ARRAY['SELECT count(*) FROM alarm WHERE cleared IS NULL',
    'SELECT id, note FROM alarm WHERE cleared IS NULL ORDER BY raised DESC LIMIT 20'], min_benefit => 0.02) WHERE action = 'create';
DROP SCHEMA forms CASCADE;
DELETE FROM clipperf_recommendations;
