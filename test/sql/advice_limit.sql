-- Statements that want the first rows only: an index in their order helps where these come soon.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA advice_limit;
SET search_path = advice_limit, public;

-- Rows below a score of -90 are the oldest; those above a weight of 900, removed ones and red ones are anywhere; a red
-- one is never round. The order of the table is neither that of the ids nor that of the times.
CREATE TABLE authors (id integer PRIMARY KEY, banned boolean NOT NULL);
CREATE TABLE posts (
    id integer PRIMARY KEY,
    author integer NOT NULL,
    created timestamp NOT NULL,
    score integer NOT NULL,
    weight integer NOT NULL,
    removed boolean NOT NULL,
    colour text NOT NULL,
    shape text NOT NULL,
    body text NOT NULL
);
ALTER TABLE authors SET (autovacuum_enabled = false);
ALTER TABLE posts SET (autovacuum_enabled = false);
INSERT INTO authors SELECT n, n > 1980 FROM generate_series(1, 2000) AS n;
INSERT INTO posts
SELECT n, CASE WHEN n <= 200 THEN 1981 + n % 20 ELSE n % 1980 + 1 END, timestamp '2026-01-01' + n * interval '1 minute',
       CASE WHEN n <= 60 THEN -100 ELSE n % 90 END, n * 31 % 1009, n % 20 = 0,
       CASE WHEN n * 7 % 30 < 3 THEN 'red' ELSE 'blue' END, CASE WHEN n * 7 % 30 BETWEEN 3 AND 5 THEN 'round' ELSE 'square' END,
       repeat(md5(n::text), 6)
FROM (SELECT i * 7919 % 20000 + 1 AS n FROM generate_series(1, 20000) AS i) AS shuffled;
VACUUM (ANALYZE) authors, posts;

-- 8 kB blocks that a statement reads.
CREATE FUNCTION blocks(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) ' || statement INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END $$;

-- What is recommended for these statements on posts, and whether each reads fewer blocks once it is built, and no more than
-- with an index in the order of the times in its place.
CREATE FUNCTION advised(VARIADIC statements text[]) RETURNS TABLE (said text) LANGUAGE plpgsql AS $$
DECLARE
    before bigint[] := ARRAY(SELECT blocks(s) FROM unnest(statements) WITH ORDINALITY AS t (s, n) ORDER BY n);
    after bigint[];
    naive bigint[];
    advice record;
    built text[];
BEGIN
    FOR advice IN SELECT action, index_name, ddl, reason FROM clipperf_recommend_for(statements)
        WHERE relation = 'posts'::regclass LOOP
        IF advice.action = 'create' THEN
            EXECUTE replace(advice.ddl, 'CONCURRENTLY', '');
            built := built || advice.index_name::text;
            said := 'create ' || substring(advice.ddl FROM 'advice_limit\.(.*)');
        ELSE
            said := advice.action || ' ' || regexp_replace(advice.reason, 'cost would be \d+ instead of \d+', 'cost would be higher');
        END IF;
        RETURN NEXT;
    END LOOP;
    ANALYZE posts;
    after := ARRAY(SELECT blocks(s) FROM unnest(statements) WITH ORDINALITY AS t (s, n) ORDER BY n);
    FOR i IN 1 .. cardinality(statements) LOOP
        said := format('%s: fewer blocks: %s', i, after[i] < before[i]);
        RETURN NEXT;
    END LOOP;
    FOR i IN 1 .. coalesce(cardinality(built), 0) LOOP
        EXECUTE format('DROP INDEX %I', built[i]);
    END LOOP;
    CREATE INDEX naive ON posts (created DESC);
    naive := ARRAY(SELECT blocks(s) FROM unnest(statements) WITH ORDINALITY AS t (s, n) ORDER BY n);
    DROP INDEX naive;
    FOR i IN 1 .. cardinality(statements) LOOP
        said := format('%s: better than by the order alone: %s', i, after[i] < naive[i]);
        RETURN NEXT;
    END LOOP;
END $$;

\t on
\pset format unaligned

-- Matches come late, and are few: they are found by what they have in common.
SELECT * FROM advised('SELECT * FROM posts WHERE score < -90 ORDER BY created DESC LIMIT 1');
-- In the other direction they come first: the order is all that matters.
SELECT left(said, 21) FROM advised('SELECT * FROM posts WHERE score < -90 ORDER BY created LIMIT 1') WHERE said !~ 'better';

-- Matches are frequent, and spread evenly.
SELECT * FROM advised('SELECT * FROM posts WHERE NOT removed ORDER BY created DESC LIMIT 20');
SELECT * FROM advised('SELECT * FROM posts WHERE weight > 500 ORDER BY created DESC LIMIT 20');
SELECT * FROM advised('SELECT * FROM posts WHERE colour = ''red'' ORDER BY created DESC LIMIT 20');

-- An order that is good for one statement, and bad for another.
SELECT * FROM advised('SELECT * FROM posts ORDER BY created DESC LIMIT 20',
                      'SELECT * FROM posts WHERE score < -90 ORDER BY created DESC LIMIT 1');

-- Nothing matches, though the planner thinks so.
SELECT * FROM advised('SELECT * FROM posts WHERE colour = ''red'' AND shape = ''round'' ORDER BY created DESC LIMIT 5');
SELECT * FROM advised('SELECT * FROM posts WHERE lower(colour) = ''green'' ORDER BY created DESC LIMIT 5');

-- Partial indexes: the predicate is the condition, or only a part of it.
SELECT * FROM advised('SELECT * FROM posts WHERE removed ORDER BY created DESC LIMIT 5');
SELECT * FROM advised('SELECT * FROM posts WHERE NOT removed AND score < -90 ORDER BY created DESC LIMIT 1');

-- Joins that keep few rows, which come late or are anywhere, and all.
SELECT * FROM advised('SELECT p.* FROM posts p JOIN authors a ON a.id = p.author WHERE a.banned ORDER BY p.created DESC LIMIT 2');
SELECT * FROM advised('SELECT p.* FROM posts p JOIN authors a ON a.id = p.author WHERE a.id % 30 = 1 ORDER BY p.created DESC LIMIT 2');
SELECT * FROM advised('SELECT p.* FROM posts p JOIN authors a ON a.id = p.author ORDER BY p.created DESC LIMIT 5');

-- Conditions that raise errors on other rows, and those of users' own functions, cannot be tested.
SELECT action FROM clipperf_recommend_for(ARRAY['SELECT * FROM posts WHERE 1000 / weight > 900 ORDER BY created DESC LIMIT 5']);
CREATE FUNCTION unrun(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''run''; END';
SELECT action FROM clipperf_recommend_for(ARRAY['SELECT * FROM posts WHERE unrun(weight) ORDER BY created DESC LIMIT 5']);

-- Partitions are looked at one by one.
CREATE TABLE events (id integer NOT NULL, created timestamp NOT NULL, score integer NOT NULL, body text NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10001);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10001) TO (20001);
INSERT INTO events SELECT id, created, score, body FROM posts;
ANALYZE events;
SELECT action, substring(ddl FROM 'advice_limit\.(.*)') AS index, substring(reason FROM '.* is not proposed') AS reason
FROM clipperf_recommend_for(ARRAY['SELECT * FROM events WHERE score < -90 ORDER BY created DESC LIMIT 1']);

-- max() and EXISTS stop early, too.
SELECT * FROM advised('SELECT max(created) FROM posts WHERE score < -90');
-- Whether the order of the score alone is looked at, and found to be bad, depends on the plans that the search comes across.
SELECT * FROM advised('SELECT EXISTS (SELECT FROM posts WHERE score < -90 AND weight > 500)') WHERE said !~ '^skip';

-- A prepared statement has a generic plan, which an index in the order makes look cheap: no value is known then.
CREATE INDEX posts_score ON posts (score);
SELECT clipperf_reset();
SET clipperf.capture_parameters = on;
PREPARE feed AS SELECT id, created, left(body, 10) FROM posts ORDER BY created DESC LIMIT 20;
PREPARE unpopular(int) AS SELECT id, score, left(body, 10) FROM posts WHERE score < $1 ORDER BY created DESC LIMIT 20;
EXECUTE feed \; EXECUTE feed \; EXECUTE feed \; EXECUTE feed \g /dev/null
EXECUTE unpopular(-90) \; EXECUTE unpopular(-91) \; EXECUTE unpopular(-92) \; EXECUTE unpopular(-93) \g /dev/null
RESET clipperf.capture_parameters;
SELECT action, substring(ddl FROM 'advice_limit\.(.*)') AS index, substring(reason FROM '.* is not proposed') AS reason
FROM clipperf_recommend(queryids => ARRAY(SELECT queryid FROM clipperf_queries WHERE query LIKE '%left(body, %'))
WHERE action IN ('create', 'skip');
-- A member of an index set is judged likewise.
SELECT clipperf_add_index('advice_limit', 'CREATE INDEX posts_time ON advice_limit.posts (created DESC)');
SELECT action, substring(reason FROM '.* is not proposed') AS reason
FROM clipperf_recommend(index_set => 'advice_limit', queryids => ARRAY(SELECT queryid FROM clipperf_queries WHERE query LIKE 'SELECT id, score, left(%'));
SELECT clipperf_drop_index_set('advice_limit');
SET plan_cache_mode = force_generic_plan;
CREATE INDEX posts_created ON posts (created DESC);
SELECT blocks('EXECUTE unpopular(-90)') AS by_order \gset
DROP INDEX posts_created;
CREATE INDEX posts_created_score ON posts (created DESC, score);
SELECT blocks('EXECUTE unpopular(-90)') < :by_order / 10 AS less;
RESET plan_cache_mode;

DROP SCHEMA advice_limit CASCADE;
