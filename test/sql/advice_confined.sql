-- An index in the order of a result that serves one statement and harms another, whose rows come late in that order: it is given a
-- condition which the one implies, and the other does not, so that the planner cannot take it for the other.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA confined;
SET search_path = confined, public;
CREATE TABLE ticket (id bigint PRIMARY KEY, opened timestamp NOT NULL, "Grade" int, body text);
-- The higher grades are those of the oldest tickets.
INSERT INTO ticket SELECT i, '2026-01-01'::timestamp + i * interval '1 min', CASE WHEN i <= 1500 THEN 90 + i % 10 ELSE i % 50 END,
    repeat('all is well ', 8) || i FROM generate_series(1, 60000) AS i;
CREATE INDEX ticket_grade ON ticket ("Grade");
VACUUM ANALYZE ticket;
CREATE TEMP TABLE asked (number int, weight float8, statement text);
INSERT INTO asked VALUES
    (1, 10, $$SELECT id, opened FROM ticket WHERE body LIKE '%well 5%' ORDER BY opened DESC LIMIT 20$$),
    (2, 10, $$SELECT id, body FROM ticket WHERE "Grade" > 92 ORDER BY opened DESC LIMIT 20$$);
CREATE TEMP TABLE advice AS
SELECT a.* FROM (SELECT array_agg(statement ORDER BY number) AS statements, array_agg(weight ORDER BY number) AS weights FROM asked) AS s,
    clipperf_recommend_for(s.statements, weights => s.weights) AS a WHERE action = 'create';
SELECT ddl, substring(reason, 'its condition keeps .*') FROM advice ORDER BY ddl COLLATE "C";
SELECT replace(ddl, 'CONCURRENTLY', '') FROM advice \gexec
VACUUM ANALYZE ticket;
-- The other one reads what it read before.
CREATE FUNCTION plan_of(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        IF line ~ 'Scan' THEN RETURN NEXT trim(line, ' ->'); END IF;
    END LOOP;
END $$;
SELECT number, plan_of(statement) FROM asked ORDER BY 1;
-- Nothing new is asked for then.
SELECT action, ddl FROM (SELECT array_agg(statement ORDER BY number) AS statements FROM asked) AS s,
    clipperf_recommend_for(s.statements) WHERE action <> 'skip';
-- One that is prepared, and whose values find fewer rows than it asks for: no plan for these hopes to stop early, but the plan for any
-- value does, and the server would take it once an index gives the order.
SELECT format('DROP INDEX %I', index_name) FROM advice \gexec
SET clipperf.track = 'all';
PREPARE words (text) AS SELECT id, opened FROM ticket WHERE body LIKE $1 ORDER BY opened DESC LIMIT 20;
PREPARE grade (int) AS SELECT id, body FROM ticket WHERE "Grade" > $1 ORDER BY opened DESC LIMIT 20;
CREATE PROCEDURE run() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 12 LOOP
        EXECUTE format('EXECUTE words (''%%well 5%s%%'')', i);
        EXECUTE format('EXECUTE grade (%s)', 98 + i);
    END LOOP;
END $$;
-- The blocks of a call that reads grades.
CREATE FUNCTION blocks() RETURNS float8 LANGUAGE sql AS $$
    SELECT sum(shared_blks_hit + shared_blks_read) / sum(calls) FROM clipperf_queries WHERE query LIKE 'PREPARE grade%' OR query LIKE 'SELECT id, body FROM ticket%'
$$;
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run();
CREATE TEMP TABLE as_before AS SELECT blocks();
CREATE TEMP TABLE prepared_advice AS SELECT * FROM clipperf_recommend() WHERE action = 'create' AND relation = 'ticket'::regclass;
SELECT count(*) > 0 AS advised FROM prepared_advice;
SELECT replace(ddl, 'CONCURRENTLY', '') FROM prepared_advice \gexec
VACUUM ANALYZE ticket;
DEALLOCATE ALL;
PREPARE words (text) AS SELECT id, opened FROM ticket WHERE body LIKE $1 ORDER BY opened DESC LIMIT 20;
PREPARE grade (int) AS SELECT id, body FROM ticket WHERE "Grade" > $1 ORDER BY opened DESC LIMIT 20;
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run();
SELECT blocks() <= 1.5 * b.blocks + 16 AS reads_no_more FROM as_before AS b;
-- Where no condition keeps it from the index, and the rows lie anywhere: what is saved has to be clearly more than what it loses.
CREATE TABLE spread AS SELECT i AS id, '2026-01-01'::timestamp + i * interval '1 min' AS opened, CASE WHEN i <= 1500 THEN 90 + i % 10 ELSE i % 50 END AS grade,
    repeat('all is well ', 30) || i AS body FROM generate_series(1, 60000) AS i ORDER BY md5(i::text);
CREATE INDEX spread_grade ON spread (grade);
VACUUM ANALYZE spread;
SELECT weight, (SELECT string_agg(substring(ddl FROM 'spread .*'), ' ') FROM clipperf_recommend_for(ARRAY['SELECT id, opened, body FROM spread ORDER BY opened DESC LIMIT 20',
        'SELECT id, body FROM spread WHERE grade > 92 ORDER BY opened DESC LIMIT 20'],
    weights => ARRAY[weight, 1]::float8[]) WHERE action = 'create') AS advised FROM unnest('{0.7,3}'::float8[]) AS weight;
DROP SCHEMA confined CASCADE;
