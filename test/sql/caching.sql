-- What a cache of results would save.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA cacheable;
SET search_path = cacheable, public;
SET intervalstyle = postgres;
CREATE TABLE clips (id int PRIMARY KEY, score int, published boolean);
INSERT INTO clips SELECT i, i, true FROM generate_series(1, 100) AS i;
CREATE TABLE votes (clip int, at date) PARTITION BY RANGE (at);
CREATE TABLE votes_2024 PARTITION OF votes FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE VIEW seen AS
SELECT query, calls, time_to_live, round(hit_share::numeric, 4) AS hit_share, round(distinct_lists) AS lists, repeats, unmeasured,
       depends_on, tables, written_tables,
       hit_share_low <= hit_share AND hit_share <= hit_share_high AND hit_share_low >= 0 AND hit_share_high < 1 AS within,
       stale_share_low BETWEEN 0 AND stale_share_high AND stale_share_high <= 1 AS stale_fits,
       kept_share_low BETWEEN 0 AND kept_share_high AND kept_share_high <= hit_share + 1e-9 AS kept_fits
FROM clipperf_cacheable;

-- Literals that normalisation replaces, and parameters, make the list; one row for each time to live.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT format('SELECT score FROM clips WHERE id = %s', 1 + i % 7) FROM generate_series(1, 50) AS i \gexec
\o
\set ECHO all
SELECT query, calls, time_to_live, within, stale_fits, kept_fits FROM seen WHERE query LIKE 'SELECT score%' ORDER BY time_to_live;
SELECT hit_share, lists, repeats, unmeasured, depends_on, tables, written_tables FROM seen
WHERE query LIKE 'SELECT score%' AND time_to_live = '1 hour';

-- Both, where a statement has both; null is a value of its own, and so is a zero with a sign.
SELECT clipperf_reset();
PREPARE few(int) AS SELECT score FROM clips WHERE id = $1 LIMIT 5;
PREPARE many(int) AS SELECT score FROM clips WHERE id = $1 LIMIT 50;
PREPARE number(float8) AS SELECT id FROM clips WHERE score > $1 AND id = 1;
\o /dev/null
EXECUTE few(1); EXECUTE few(1); EXECUTE many(1); EXECUTE few(0); EXECUTE few(NULL);
EXECUTE number('0'); EXECUTE number('-0'); EXECUTE number('0');
\o
SELECT query, calls, hit_share, within FROM seen WHERE time_to_live = '1 hour' AND query LIKE 'SELECT%$1%' ORDER BY query COLLATE "C";

-- A value that is too long, or not all here, has no hash: the call counts as answered by no cache.
SELECT clipperf_reset();
PREPARE text(text) AS SELECT count(*) FROM clips WHERE $1 <> 'none';
\set ECHO none
\o /dev/null
SELECT format('EXECUTE text(repeat(''x'', %s))', i) FROM unnest('{10,10,1000,1000,3000,3000}'::int[]) AS i \gexec
\o
\set ECHO all
SELECT calls, unmeasured, hit_share, within FROM seen WHERE time_to_live = '1 hour' AND query LIKE '%$1 <>%';

-- What does more than read is left out; what its result depends on is said.
SELECT clipperf_reset();
CREATE SEQUENCE counter;
CREATE TEMP TABLE scratch (n int);
CREATE ROLE regress_cacheable;
CREATE TABLE secrets (owner name, n int);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secrets USING (owner = current_user);
GRANT USAGE ON SCHEMA cacheable TO regress_cacheable;
GRANT SELECT ON secrets, clips, seen TO regress_cacheable;
CREATE VIEW recent AS SELECT at FROM votes WHERE at > now() - interval '1 day';
CREATE FUNCTION quick() RETURNS int LANGUAGE sql STABLE AS 'SELECT count(*)::int FROM cacheable.clips';
CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
\o /dev/null
SELECT id FROM clips WHERE id = 1 FOR UPDATE;
SELECT id FROM clips WHERE id = 1 FOR KEY SHARE;
WITH changed AS (UPDATE clips SET score = 1 WHERE id = 1 RETURNING id) SELECT id FROM changed;
UPDATE clips SET score = 1 WHERE id = 1 RETURNING id;
CREATE TABLE copied AS SELECT 10, id FROM clips;
INSERT INTO votes VALUES (1, '2024-02-03') RETURNING clip;
SELECT 11, nextval('counter');
SELECT 12, random() FROM clips LIMIT 1;
SELECT 13, slow() FROM clips LIMIT 1;
SELECT 14, quick() FROM clips LIMIT 1;
SELECT 15, n FROM scratch;
SELECT 16, id FROM clips TABLESAMPLE BERNOULLI (50);
SELECT 17, id FROM clips TABLESAMPLE BERNOULLI (50) REPEATABLE (1);
SELECT 18, relname FROM pg_class LIMIT 1;
SELECT 19, at FROM recent;
SELECT 20, count(*) FROM clips WHERE current_date > '2020-01-01';
SELECT 21, session_user, count(*) FROM clips;
SELECT 22, current_setting('work_mem'), count(*) FROM clips;
SELECT 23, count(*) FROM clips WHERE id IN (SELECT i FROM generate_series(1, (random() * 10)::int) AS g (i));
SELECT 24, id FROM clips ORDER BY id LIMIT (random() * 3)::int;
SELECT 25, id FROM clips WHERE id = (SELECT max(id) FROM clips WHERE score > random());
SELECT 26, abs(score) FROM clips WHERE score::text LIKE '1%';
SET ROLE regress_cacheable;
SELECT 27, n FROM secrets;
RESET ROLE;
\o
SELECT query, depends_on, tables, written_tables FROM seen WHERE time_to_live = '10 s' AND query NOT LIKE 'SET%' ORDER BY query COLLATE "C";

-- Partitions count as their table; a function's statements belong to who calls it.
SELECT clipperf_reset();
\o /dev/null
SELECT count(*) FROM votes;
INSERT INTO votes_2024 VALUES (1, '2024-03-04');
SELECT quick();
\o
SELECT query, tables, written_tables FROM seen WHERE time_to_live = '10 s' ORDER BY query COLLATE "C";

-- Calls that repeat one of their own transaction, or trace; others are not known to be of one request.
SELECT clipperf_reset();
\o /dev/null
BEGIN; SELECT count(*) FROM clips; SELECT count(*) FROM clips; SELECT count(*) FROM clips; COMMIT;
BEGIN; SELECT count(*) FROM clips; COMMIT;
SELECT count(*) FROM clips; SELECT count(*) FROM clips;
SELECT count(*) FROM clips /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/;
SELECT count(*) FROM clips /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/;
\o
SELECT calls, repeats, hit_share FROM seen WHERE time_to_live = '1 hour' AND query LIKE 'SELECT count%';

-- A statement that failed was answered by nobody; one of clipperf is its own; the best comes first.
SELECT clipperf_reset();
\o /dev/null
SELECT 1 / (id - id) FROM clips;
\set ECHO none
SELECT format('SELECT sum(sqrt(i)) FROM generate_series(1, 20000) AS g (i) WHERE i <> %s', i % 2) FROM generate_series(1, 20) AS i \gexec
\set ECHO all
SELECT id FROM clips WHERE id = 1; SELECT id FROM clips WHERE id = 1;
SELECT * FROM clipperf_queries;
\o
SELECT count(*) FILTER (WHERE query LIKE '%clipperf%' OR query LIKE '%/ (id%') AS others,
       bool_and(is_less) AS best_first
FROM (SELECT query, saved_ms <= coalesce(lag(saved_ms) OVER (), saved_ms) AS is_less FROM clipperf_cacheable) AS c;

-- Everybody sees what is the role's own.
SET ROLE regress_cacheable;
SELECT count(*) AS others FROM seen;
\o /dev/null
SELECT score FROM clips WHERE id = 3;
\o
SELECT DISTINCT query FROM seen;
RESET ROLE;

-- Forgotten with the statements, and with nothing else.
SELECT clipperf_reset('routes');
SELECT count(*) > 0 AS kept FROM seen;
SELECT clipperf_reset('queries');
SELECT count(*) AS forgotten FROM seen;
SELECT cache_statements_held AS held, cache_statements_evicted AS evicted, cache_calls_lost AS lost,
       cache_reserved_bytes BETWEEN 4 * 1024 * 1024 AND 6 * 1024 * 1024 AS reserved
FROM clipperf_info;

-- With statements of functions counted, those are not the client's to cache.
SET clipperf.track = 'all';
\o /dev/null
SELECT 1 AS outer_one, quick();
\o
SELECT query FROM seen WHERE time_to_live = '10 s' ORDER BY query COLLATE "C";
RESET clipperf.track;

SET client_min_messages = error;
DROP SCHEMA cacheable CASCADE;
DROP ROLE regress_cacheable;
