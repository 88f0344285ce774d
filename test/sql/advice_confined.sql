-- An index in the order of a result that serves one statement and harms another, whose rows come late in that order: it is given a
-- condition which the one implies, and the other does not, so that the planner cannot take it for the other.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA confined;
SET search_path = confined, public;
CREATE TABLE ticket (id bigint PRIMARY KEY, opened timestamp NOT NULL, "Grade" int NOT NULL, body text NOT NULL);
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
SELECT ddl, substring(reason, 'by its condition .*') FROM advice ORDER BY ddl COLLATE "C";
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
DROP SCHEMA confined CASCADE;
