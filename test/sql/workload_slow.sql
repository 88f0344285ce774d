-- A function that is slow when it is planned holds up no advice but that on the statements that call it.
SET client_min_messages = warning;
CREATE SCHEMA slow;
SET search_path = slow, public;
CREATE TABLE app (id int PRIMARY KEY, a int, b text);
INSERT INTO app SELECT i, i % 1000, 'x' FROM generate_series(1, 20000) AS i;
CREATE ROLE regress_slow;
CREATE SCHEMA AUTHORIZATION regress_slow;
GRANT USAGE ON SCHEMA slow TO regress_slow;
-- It is slow only for who plans again, and tells who that is by the time that a lock may be waited for.
SET ROLE regress_slow;
SET search_path = regress_slow;
CREATE TABLE big (id int PRIMARY KEY, a int, b int);
INSERT INTO big SELECT i, i, i FROM generate_series(1, 20000) AS i;
CREATE FUNCTION spin() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    -- Work, not a pause: it is processor time that is counted, which a busy machine gives little of in a second.  Nobody waits for the end.
    IF current_setting('lock_timeout') = '1ms' THEN
        FOR i IN 1 .. 2000000000 LOOP END LOOP;
    END IF;
    RETURN 5;
END $$;
-- What is executed by its text is planned each time.
CREATE FUNCTION by_plpgsql(x text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    result int;
BEGIN
    EXECUTE 'SELECT spin()' INTO result;
    RETURN result;
END $$;
-- A function in SQL whose body the planner does not put in its place; one that it does is not slowed down.
CREATE FUNCTION by_sql(x text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT max(spin() + s) FROM generate_series(1, 1) AS s $$;
CREATE FUNCTION in_place(x int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT x + 1 $$;
RESET ROLE;
SET search_path = slow, public;
ANALYZE;
SELECT FROM clipperf_reset();
SET ROLE regress_slow;
SET search_path = regress_slow;
\o /dev/null
SELECT format('SELECT count(*) FROM big WHERE %s = %s(%L)', c, f, x)
FROM unnest('{a,b,a+b,a-b}'::text[]) AS c, unnest('{by_plpgsql,by_sql}'::text[]) AS f, generate_series(1, 12) AS x \gexec
SELECT format('SELECT count(*) FROM big WHERE in_place(a) = %s', i) FROM generate_series(1, 10) AS i \gexec
RESET ROLE;
SET search_path = slow, public;
SELECT format('SELECT b FROM app WHERE a = %s', i) FROM generate_series(1, 10) AS i \gexec
\o
-- Of the samples few are planned: with each of them the function would take minutes.
CREATE TEMP TABLE loaded AS SELECT query, problem FROM clipperf_workload();
SELECT count(*) FILTER (WHERE problem ~ 'a function that it calls is too slow: .* took more than 2000 ms') >= 2 AS given_up,
       bool_and(problem ~ 'too slow|too long to plan' OR problem IS NULL) AS no_other_problem
FROM loaded WHERE query ~ 'by_';
SELECT query, problem FROM loaded WHERE query ~ 'in_place|FROM app' ORDER BY query COLLATE "C";
-- The others are advised on.
SELECT count(*) AS advised FROM clipperf_recommend() WHERE relation = 'app'::regclass AND action = 'create';
-- What planning calls does not see by clipperf's own setting that it is planned again.
CREATE TABLE seen (id int PRIMARY KEY, mode text);
INSERT INTO seen SELECT i, 'on' FROM generate_series(1, 10) AS i;
CREATE FUNCTION mode() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1 / (current_setting('clipperf.enabled') = 'on')::int; END $$;
SELECT FROM clipperf_reset();
SELECT count(*) FROM seen WHERE mode = mode();
SELECT problem FROM clipperf_workload() WHERE query ~ 'FROM seen';
DROP SCHEMA slow CASCADE;
DROP OWNED BY regress_slow CASCADE;
DROP ROLE regress_slow;
