-- Samples of executions with their parameters.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE sampled (id int PRIMARY KEY, name text, at timestamptz, tags text[], span interval);
INSERT INTO sampled SELECT i, 'name ' || i FROM generate_series(1, 100) AS i;
CREATE TYPE sample_mood AS ENUM ('sad', 'happy');
CREATE DOMAIN sample_score AS int CHECK (VALUE >= 0);
CREATE TYPE sample_pair AS (a int, b int);
CREATE VIEW samples AS
    SELECT chosen_as, query, parameter_types, parameter_values, search_path
    FROM clipperf_samples
    WHERE query ~ '(FROM|INTO|UPDATE) sampled' AND query !~ 'generate_series'
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database());

-- Parameters of a prepared statement, their types and values.
SELECT clipperf_reset();
SET datestyle = 'German';
SET intervalstyle = 'iso_8601';
SET timezone = 'Asia/Tokyo';
PREPARE typed(int, text, timestamptz, text[], interval, sample_mood, sample_score, sample_mood[]) AS
    SELECT id FROM sampled WHERE id = $1 AND name = $2 AND at = $3 AND tags = $4 AND span = $5
       AND $6 = 'sad' AND $7 = 3 AND 'sad' = ANY ($8) AND name <> 'constant';
EXECUTE typed(42, 'it''s', '2024-02-03 04:05:06+00', '{a,"b,c"}', '1 day 2 hours', 'happy', 7, '{sad,NULL}');
RESET datestyle;
RESET intervalstyle;
RESET timezone;
\x on
SELECT * FROM samples;
SELECT elapsed_ms > 0 AS elapsed, captured_at BETWEEN now() - interval '1 hour' AND clock_timestamp() AS captured,
       userid::regrole = current_user::regrole AS runner,
       (SELECT count(*) FROM clipperf_queries AS q WHERE q.queryid = s.queryid) AS queries
FROM clipperf_samples AS s WHERE query LIKE '%constant%sampled%' OR query LIKE '%sampled%constant%';
\x off

-- Each of a few values is kept, also one that came once.
SELECT clipperf_reset();
PREPARE few(int) AS SELECT name FROM sampled WHERE id > $1 ORDER BY at LIMIT 1;
SET clipperf.track = 'all';
DO $$
BEGIN
    FOR i IN 1..200 LOOP
        EXECUTE format('EXECUTE few(%s)', CASE i WHEN 11 THEN 4 WHEN 13 THEN 5 ELSE i % 3 END);
    END LOOP;
END $$;
RESET clipperf.track;
SELECT array_agg(DISTINCT parameter_values[1]) AS kept FROM samples WHERE query LIKE '%id > $1%';

-- Null is not the text NULL; a statement without parameters is kept by its text, without its end comments.
SELECT clipperf_reset();
PREPARE nullable(int, text) AS SELECT id FROM sampled WHERE id = $1 OR name = $2;
EXECUTE nullable(NULL, 'NULL');
SET search_path = pg_catalog, public;
SELECT name FROM sampled WHERE id = 7 /*route='/here'*/;
/*route='/here'*/ SELECT at FROM sampled WHERE id = 8 /* a hint of nothing */;
RESET search_path;
SELECT * FROM samples ORDER BY query COLLATE "C";

-- At most three typical, two slow and five other ones, whatever the number of calls.
SELECT clipperf_reset();
PREPARE often(int, float8) AS SELECT id FROM sampled WHERE id = $1 AND pg_sleep($2) IS NOT NULL;
SET clipperf.track = 'all';
DO $$
BEGIN
    FOR i IN 1..64 LOOP
        EXECUTE format('EXECUTE often(%s, %s)', i, CASE i WHEN 30 THEN 2 WHEN 60 THEN 4 ELSE 0 END);
    END LOOP;
END $$;
RESET clipperf.track;
SELECT count(*) FILTER (WHERE chosen_as = 'typical') AS typical,
       count(*) FILTER (WHERE chosen_as = 'slow') AS slow,
       count(*) FILTER (WHERE chosen_as = 'other') AS other,
       string_agg(parameter_values[1], ',' ORDER BY elapsed_ms DESC)
           FILTER (WHERE chosen_as = 'slow') AS slowest
FROM clipperf_samples WHERE query LIKE '%pg_sleep($2)%';

-- Values that only user-written functions could print, and long ones, are not kept.
SELECT clipperf_reset();
PREPARE composite(sample_pair) AS SELECT id FROM sampled WHERE id = ($1).a;
EXECUTE composite('(1,2)');
PREPARE long_value(text) AS SELECT id FROM sampled WHERE name = $1 LIMIT 3;
EXECUTE long_value(repeat('x', 1025));
SELECT count(*) FROM samples;
EXECUTE long_value(repeat('x', 1024));
SELECT chosen_as, length(parameter_values[1]) FROM samples;

-- A long statement is kept by its parameters, if it has any.
SELECT clipperf_reset();
SET clipperf.track = 'all';
DO $$
BEGIN
    EXECUTE format('SELECT id FROM sampled WHERE id = $1 AND name <> %L', repeat('y', 5000)) USING 5;
    EXECUTE format('SELECT name FROM sampled WHERE id = 9 AND name <> %L', repeat('z', 5000));
END $$;
RESET clipperf.track;
SELECT query, parameter_values FROM clipperf_samples
WHERE queryid IN (SELECT queryid FROM clipperf_queries WHERE query ~ '^SELECT (id|name) FROM sampled WHERE id');

-- Nothing is kept while capture is off; only a superuser may switch it.
SELECT clipperf_reset();
SET clipperf.capture_parameters = off;
SELECT id FROM sampled WHERE id = 10;
RESET clipperf.capture_parameters;
SELECT count(*) FROM samples;
CREATE ROLE regress_sampled;
SET ROLE regress_sampled;
SET clipperf.capture_parameters = off;
RESET ROLE;

-- Only members of pg_read_all_stats see samples, even of their own statements.
SELECT clipperf_reset();
GRANT SELECT ON sampled, samples TO regress_sampled;
SET ROLE regress_sampled;
SELECT name FROM sampled WHERE id = 11;
SELECT count(*) FROM clipperf_samples;
RESET ROLE;
GRANT pg_read_all_stats TO regress_sampled;
SET ROLE regress_sampled;
SELECT userid::regrole, query FROM clipperf_samples WHERE query LIKE '%FROM sampled WHERE id = 11%';
RESET ROLE;

-- Statements of functions have names for their parameters; they are kept with numbers instead, and can be planned again.
SELECT clipperf_reset();
SET clipperf.track = 'all';
CREATE FUNCTION sample_static(wanted int, other text, list int[], unused text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    r record;
    "Odd name" int := 3;
    result bigint;
BEGIN
    SELECT count(*) INTO result FROM sampled WHERE id = wanted AND name <> other AND id <= wanted;
    SELECT count(*) INTO result FROM sampled WHERE id = ANY (list) AND id >= "Odd name" AND name <> 'wanted' /* other */;
    FOR r IN SELECT id FROM sampled WHERE id < sample_static.wanted LOOP
        UPDATE sampled SET name = r . id WHERE sampled.id = r.id AND name = $2;
    END LOOP;
    EXECUTE 'SELECT name FROM sampled WHERE id = $1' USING 13;
    RETURN result;
END $$;
CREATE FUNCTION sample_sql(wanted int, text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT count(*) FROM sampled WHERE at IS NULL AND id > wanted;
    SELECT count(*) FROM sampled WHERE tags IS NULL AND id > wanted AND name <> $2;
$$;
SELECT sample_static(2, NULL, '{5,6}', 'secret');
SELECT sample_sql(7, 'seven');
\x on
SELECT query, parameter_types, parameter_values FROM samples ORDER BY query COLLATE "C";
\x off
DO $$
DECLARE s record;
BEGIN
    FOR s IN SELECT * FROM samples LOOP
        EXECUTE format('PREPARE again (%s) AS %s', array_to_string(s.parameter_types, ', '), s.query);
        EXECUTE format('EXPLAIN EXECUTE again (%s)', (SELECT string_agg(quote_nullable(v), ', ') FROM unnest(s.parameter_values) AS v));
        DEALLOCATE again;
    END LOOP;
END $$;
RESET clipperf.track;
DROP FUNCTION sample_static(int, text, int[], text), sample_sql(int, text);

-- What is around a statement that can be planned does not belong to it, nor does what was sent along.
SELECT clipperf_reset();
SET clipperf.track = 'all';
\o /dev/null
SELECT 'sent along'\; DECLARE c CURSOR WITH HOLD FOR SELECT id AS held FROM sampled WHERE id < 3\; FETCH c;
CLOSE c;
SELECT 'sent along'\; EXPLAIN (ANALYZE, COSTS OFF) SELECT 1, id AS explained FROM sampled WHERE id < 3;
SELECT 'sent along'\; EXPLAIN ANALYZE VERBOSE SELECT 2, 3, id AS verbosely FROM sampled WHERE id < 3;
EXPLAIN ANALYZE (SELECT name, id AS in_brackets FROM sampled WHERE id < 3);
SELECT 'sent along'\; CREATE TEMP TABLE sampled_too (a, b) AS SELECT id, id + 1 AS created FROM sampled WHERE id < 3;
SELECT 'sent along'\; COPY (SELECT id AS copied FROM sampled WHERE name <> ')' AND id < 3) TO STDOUT\; SELECT 'sent along';
SELECT 'sent along'\; /* AS */ PREPARE "as" /* AS */ (int) -- AS
    AS SELECT id, name AS prepared FROM sampled WHERE id < $1\; EXECUTE "as" (3);
CREATE RULE sampled_rule AS ON UPDATE TO sampled WHERE new.id < 0 DO ALSO SELECT 'from a rule' FROM sampled;
SELECT 'sent along'\; UPDATE sampled SET id = id WHERE id = 1;
\o
RESET clipperf.track;
-- The query of CREATE TABLE AS has a queryid since 18.
SELECT query, parameter_values FROM samples WHERE query ~ '(SELECT|UPDATE).*sampled' AND query !~ 'created' ORDER BY query COLLATE "C";
SELECT query, toplevel FROM clipperf_queries
WHERE query ~ ' AS (held|explained|verbosely|in_brackets|copied|prepared) ' ORDER BY query COLLATE "C";
SELECT count(*) FROM clipperf_samples WHERE strpos(query, 'sent along') > 0 AND strpos(query, 'sampled') > 0 AND strpos(query, 'strpos') = 0;
DROP RULE sampled_rule ON sampled;
DROP TABLE sampled_too;

-- More statements than there is room for: some are left, and those that ran again and again among them.
SELECT clipperf_reset();
PREPARE steady(int) AS SELECT id, name, at FROM sampled WHERE id = $1;
SET clipperf.track = 'all';
DO $$
BEGIN
    FOR i IN 1..32 LOOP
        EXECUTE format('EXECUTE steady(%s)', i);
    END LOOP;
    FOR i IN 1..1500 LOOP
        EXECUTE 'SELECT id' || repeat(', id', i) || ' FROM sampled WHERE false';
    END LOOP;
END $$;
RESET clipperf.track;
SELECT count(*) BETWEEN 200 AND 1500 AS kept, bool_or(query LIKE '%id, name, at%') AS steady
FROM samples;

DROP VIEW samples;
DROP TABLE sampled;
DROP TYPE sample_mood, sample_pair;
DROP DOMAIN sample_score;
DROP ROLE regress_sampled;
DROP EXTENSION clipperf;
