-- What has loaded a table once, before anything read it, is not held against an index on it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA loads;
SET search_path = loads, public;
SET clipperf.track = 'all';
CREATE TABLE parcel (id int PRIMARY KEY, code int NOT NULL, moved boolean) WITH (autovacuum_enabled = off);
CREATE TABLE stop (id int, parcel int REFERENCES parcel, place int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE stop_1 PARTITION OF stop FOR VALUES FROM (1) TO (20000) WITH (autovacuum_enabled = off);
CREATE TABLE stop_2 PARTITION OF stop FOR VALUES FROM (20000) TO (200000) WITH (autovacuum_enabled = off);
PREPARE load (int, int) AS INSERT INTO parcel SELECT i, i * 7919 % 50000, false FROM generate_series($1, $2) AS i;
PREPARE by_code (int) AS SELECT id FROM parcel WHERE code = $1;
PREPARE by_place (int) AS SELECT id FROM stop WHERE place = $1;
-- Runs a statement for values from 1 on.
CREATE PROCEDURE run(name text, times int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. times LOOP
        EXECUTE format('EXECUTE %I (%s)', name, i);
    END LOOP;
END $$;
-- The indexes advised here, and whether the row of one names an INSERT or UPDATE.
CREATE FUNCTION advised(OUT indexes text, OUT names_writes boolean) LANGUAGE sql AS $$
    SELECT pg_stat_force_next_flush();
    SELECT string_agg(substring(ddl FROM 'ON loads\.(.*);'), ', ' ORDER BY ddl), bool_or(reason ~ 'but \[(INSERT|UPDATE)')
    FROM clipperf_recommend() WHERE action = 'create' AND ddl LIKE '% ON loads.%' $$;

-- In two parts, with a change of all rows, and with looks at what is there already in between.
SELECT clipperf_reset() IS NOT NULL AS reset;
EXECUTE load (1, 25000);
SELECT count(*) FROM parcel WHERE code = 7;
EXECUTE load (25001, 50000);
UPDATE parcel SET moved = true;
INSERT INTO stop SELECT i, i, i * 7919 % 50000 FROM generate_series(1, 50000) AS i;
VACUUM ANALYZE parcel, stop;
CALL run('by_code', 10);
CALL run('by_place', 10);
SELECT * FROM advised();

-- Where it comes again while the table is read, it counts.
EXECUTE load (50001, 100000);
VACUUM ANALYZE parcel;
CALL run('by_code', 10);
SELECT * FROM advised();

-- So do rows that are few in their table, even if they came before the reads.
SELECT clipperf_reset() IS NOT NULL AS reset;
EXECUTE load (100001, 140000);
VACUUM ANALYZE parcel;
CALL run('by_code', 10);
SELECT * FROM advised();

-- And a change of all rows that is no part of a load, beside few reads.
SELECT clipperf_reset() IS NOT NULL AS reset;
UPDATE parcel SET code = code + 1;
VACUUM ANALYZE parcel;
CALL run('by_code', 2);
SELECT * FROM advised();

-- And a load whose statement is asked for by name.
SELECT clipperf_reset() IS NOT NULL AS reset;
TRUNCATE parcel CASCADE;
EXECUTE load (1, 50000);
VACUUM ANALYZE parcel;
CALL run('by_code', 10);
SELECT * FROM advised();
SELECT count(*) AS advised FROM clipperf_recommend(queryids => (SELECT array_agg(queryid) FROM clipperf_queries
    WHERE query LIKE 'PREPARE load%' OR query LIKE 'INSERT INTO parcel%' OR query LIKE '%FROM parcel WHERE code%'))
WHERE action = 'create';

-- Nor does a load count that cannot be planned again, as its literals were not kept: it gets no row, and no share of the time.
SELECT clipperf_reset() IS NOT NULL AS reset;
TRUNCATE parcel CASCADE;
SET clipperf.capture_parameters = off;
INSERT INTO parcel SELECT i, i * 7919 % 50000, date '2026-01-01' + i > date '2026-02-01' FROM generate_series(1, 50000) AS i;
RESET clipperf.capture_parameters;
VACUUM ANALYZE parcel;
CALL run('by_code', 10);
SELECT problem ~ 'cannot be parsed' AS unplanned FROM clipperf_workload() WHERE query LIKE 'INSERT INTO parcel%';
SELECT action, count(*) FROM clipperf_recommend() WHERE relation = 'parcel'::regclass OR reason LIKE '%INSERT INTO parcel%' GROUP BY action;
-- A purge is no load, whether it can be planned or not.
SET clipperf.capture_parameters = off;
DELETE FROM parcel WHERE date '2026-01-01' + id > date '2026-02-01' AND id % 2 = 0;
RESET clipperf.capture_parameters;
SELECT action, count(*) FROM clipperf_recommend() WHERE reason LIKE '%[DELETE FROM parcel%' GROUP BY action;

SET client_min_messages = error;
DROP SCHEMA loads CASCADE;
DELETE FROM clipperf_recommendations;
