-- The plans of statements: what is shown, to whom, and that no value is.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA plans;
SET search_path = plans, public;
SET max_parallel_workers_per_gather = 0;
SET enable_bitmapscan = off;
SET clipperf.plan_interval = 1;		-- each execution
CREATE TABLE game (id int PRIMARY KEY, name text);
CREATE TABLE clip (id int PRIMARY KEY, game_id int, score int, title text);
INSERT INTO game SELECT i, 'game ' || i FROM generate_series(1, 100) AS i;
INSERT INTO clip SELECT i, i % 100 + 1, i % 1000, 'clip ' || i FROM generate_series(1, 20000) AS i;
CREATE INDEX clip_score ON clip (score);
CREATE TABLE visit (at date, clip_id int, note text) PARTITION BY RANGE (at);
SELECT format('CREATE TABLE visit_%s PARTITION OF visit FOR VALUES FROM (%L) TO (%L)', i, date '2025-01-01' + i, date '2025-01-02' + i)
FROM generate_series(1, 30) AS i \gexec
INSERT INTO visit SELECT date '2025-01-02' + i % 30, i, 'seen' FROM generate_series(1, 3000) AS i;
CREATE INDEX ON visit (clip_id);
ANALYZE game, clip, visit;

-- Outlines without the figures of the nodes, which are apart.
CREATE VIEW outlines AS
SELECT regexp_replace(outline, '  \([^\n]*of the time[^\n]*\)|  \(never executed\)', '', 'g') AS outline, query, queryid, userid, plan_id,
       calls, measured, timed, settings, mean_rows, mean_blocks, mean_ms, total_ms, p95_ms, first_seen, last_seen
FROM clipperf_plans;

-- What plans look like.
SELECT clipperf_reset();
SELECT title FROM clip WHERE id = 4711;
SELECT g.name, count(*) FROM game AS g LEFT JOIN clip AS c ON c.game_id = g.id WHERE g.name <> 'secret1' GROUP BY g.name ORDER BY 2 DESC, 1 LIMIT 1;
SELECT count(*) FROM visit WHERE note = 'secret2';
SET enable_seqscan = off;
SELECT count(*) FROM visit WHERE clip_id = 42;
RESET enable_seqscan;
WITH kept AS MATERIALIZED (SELECT id FROM clip WHERE title = 'secret3')
SELECT count(*), (SELECT max(score) FROM clip WHERE title <> 'secret4') FROM kept WHERE EXISTS (SELECT FROM game WHERE game.id = kept.id);
SELECT id FROM game WHERE name = (SELECT c.title FROM clip AS c WHERE c.id = game.id AND c.title = 'secret5');
UPDATE clip SET score = score + 1 WHERE score = 999 AND title <> 'secret6';
INSERT INTO game VALUES (1001, 'secret7');
DELETE FROM game WHERE id = 1001;
SELECT id FROM clip ORDER BY score DESC LIMIT 1;
(SELECT id FROM game EXCEPT SELECT game_id FROM clip) UNION ALL SELECT 1 WHERE false;
SELECT outline FROM outlines WHERE query NOT LIKE '%outlines%' AND query NOT LIKE '%EXCEPT%' ORDER BY queryid = 0, outline COLLATE "C";
-- What is below a set operation is another in each major version.
SELECT outline ~ 'HashSetOp.*Seq Scan on game.*Seq Scan on clip' AS set_operation FROM outlines WHERE query LIKE '%EXCEPT%';

-- What is said of each.
SELECT DISTINCT calls = 1 AS calls, measured = 1 AS measured, timed IN (0, 1) AS timed, settings, mean_ms >= 0 AND p95_ms >= 0 AS ms,
       abs(total_ms - mean_ms) < 0.001 AS total, mean_blocks > 0 AS blocks, first_seen = last_seen AS seen
FROM outlines WHERE query LIKE 'SELECT title FROM clip%';
SELECT mean_rows FROM outlines WHERE query LIKE 'SELECT title FROM clip%' OR query LIKE 'UPDATE clip%' ORDER BY 1;

-- No value anywhere: of constants, parameters, rows.
PREPARE hidden(text) AS SELECT id FROM clip WHERE title = $1;
EXECUTE hidden('secret8');
SELECT count(*) AS plans, count(*) FILTER (WHERE p::text ~ 'secret[0-9]|4711') AS told FROM clipperf_plans AS p;
SELECT clipperf_profile('folded') ~ 'secret[0-9]|4711' AS folded,
       encode(decode(clipperf_profile('pprof'), 'base64'), 'escape') ~ 'secret[0-9]|4711' AS pprof;

-- An execution that fails, is explained, or stops early.
SELECT clipperf_reset();
SELECT 1 / (id - 5) AS failing FROM clip;
\o /dev/null
EXPLAIN (ANALYZE) SELECT id AS explained FROM game WHERE id = 1;
\o
BEGIN;
DECLARE early CURSOR FOR SELECT id AS early FROM clip;
FETCH 2 FROM early;
COMMIT;
BEGIN;
SAVEPOINT before_error;
DECLARE failing CURSOR FOR SELECT 1 / (id - 3) AS caught FROM clip ORDER BY id;
FETCH 2 FROM failing;
FETCH 2 FROM failing;
ROLLBACK TO before_error;
COMMIT;
SELECT outline, mean_rows FROM outlines WHERE query ~ 'failing|explained|early|caught' ORDER BY 1;

-- Another plan is another row; calls are those of the statement, by what was measured.
SELECT clipperf_reset();
PREPARE by_score(int) AS SELECT count(title) FROM clip WHERE score = $1;
EXECUTE by_score(1) \g /dev/null
EXECUTE by_score(2) \g /dev/null
SET enable_indexscan = off;
EXECUTE by_score(3) \g /dev/null
EXECUTE by_score(4) \g /dev/null
DEALLOCATE by_score;
PREPARE by_score(int) AS SELECT count(title) FROM clip WHERE score = $1;
EXECUTE by_score(5) \g /dev/null
RESET enable_indexscan;
SELECT outline, settings, calls, measured FROM outlines WHERE query ~ 'score =' ORDER BY 1;
SELECT p.total = q.calls AS adds_up FROM (SELECT sum(calls) AS total FROM clipperf_plans WHERE query ~ 'score =') AS p,
       (SELECT sum(calls) AS calls FROM clipperf_queries WHERE query ~ 'score =') AS q;
SELECT bool_and(o ~ '% of the time, rows [0-9]+, expected [0-9]+') AS told
FROM clipperf_plans AS p, unnest(string_to_array(p.outline, E'\n')) AS o WHERE p.query ~ 'score =';

-- A dropped index has no name any more.
DROP INDEX clip_score;
SELECT outline FROM outlines WHERE query ~ 'score =' ORDER BY 1;

-- None is measured with 0; nor may everybody change that.
SELECT clipperf_reset();
SET clipperf.plan_interval = 0;
SELECT title AS unmeasured FROM clip WHERE id = 1;
SELECT count(*) FROM clipperf_plans WHERE query ~ 'unmeasured';
SELECT clipperf_profile() ~ 'unmeasured[^;]*;\(plan not measured\) \d' AS told;
SET clipperf.plan_interval = -1;
SET clipperf.plan_interval = 1;

-- Inside functions only where these are tracked.
CREATE FUNCTION titles(n int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(title) AS nested FROM clip WHERE id < n); END $$;
SELECT titles(10);
SELECT count(*) FROM clipperf_plans WHERE query ~ 'nested FROM';
SET clipperf.track = 'all';
SELECT titles(10);
SELECT count(*) FROM clipperf_plans WHERE query ~ 'nested FROM';
RESET clipperf.track;

-- The profile adds up to what statements took.
SELECT abs(f.ms - q.ms) <= 0.01 * q.ms + 0.001 AS adds_up
FROM (SELECT sum(substring(l FROM ' (\d+)$')::float8) / 1000 AS ms FROM regexp_split_to_table(clipperf_profile('folded'), E'\n') AS l) AS f,
     (SELECT sum(total_ms + plan_ms) AS ms FROM clipperf_queries WHERE toplevel AND datname = current_database()) AS q;
SELECT clipperf_profile('svg');
SELECT clipperf_profile(NULL);
SET clipperf.route = '/a;b';
SELECT repeat(md5(random()::text), 10000) > 'a' AS of_a_route \g /dev/null
RESET clipperf.route;
SELECT clipperf_profile() ~ E'(^|\n)/a,b;SELECT [^;]* AS of_a_route;Result \\d' AS route;

-- Who may see what.
CREATE ROLE regress_plans_reader;
GRANT USAGE ON SCHEMA plans TO regress_plans_reader;
GRANT SELECT ON clip TO regress_plans_reader;
SET ROLE regress_plans_reader;
SELECT count(*) FROM clipperf_plans;
SELECT clipperf_profile() AS nothing;
SELECT id AS own FROM clip WHERE id = 1;
SELECT count(*) FROM clipperf_plans WHERE query ~ 'AS own';
SELECT clipperf_profile() ~ 'AS own' AS own, clipperf_profile() ~ 'of_a_route' AS others;
RESET ROLE;
GRANT pg_read_all_stats TO regress_plans_reader;
SET ROLE regress_plans_reader;
SELECT count(*) > 1 AS others FROM clipperf_plans;
RESET ROLE;

-- Forgotten when asked to.
SELECT plans_held > 0 AS held, plans_evicted, plan_executions_lost, plan_reserved_bytes < 4000000 AS small FROM clipperf_info;
SELECT clipperf_reset('plans');
SELECT plans_held FROM clipperf_info \gset
SELECT :plans_held <= 1 AS forgotten;
SELECT count(*) > 0 AS queries FROM clipperf_queries WHERE query ~ 'AS own';

SET client_min_messages = error;
DROP SCHEMA plans CASCADE;
DROP ROLE regress_plans_reader;
