-- Blocks and time before and after, of one call: an index may save time and have more blocks touched, which is said.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA blocks;
SET search_path = blocks, public;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE visit (id int PRIMARY KEY, made int NOT NULL, page int NOT NULL, note text NOT NULL);
INSERT INTO visit SELECT i, i::bigint * 7919 % 30011, i % 300, repeat('n', 40) FROM generate_series(1, 30000) AS i;
VACUUM ANALYZE visit;
SELECT relpages AS pages FROM pg_class WHERE oid = 'visit'::regclass \gset
-- A deep OFFSET: sorted now, which touches each block of the table once; in the order of an index a block for each row that is left out.
SELECT ddl, blocks_before = :pages AS whole, blocks_after BETWEEN 8000 AND 10500 AS rows, mean_before_ms, mean_after_ms,
    reason ~ '; though \[SELECT \* FROM visit ORDER BY made LIMIT 20 OFFSET 9000\] would touch about \d+ blocks per call instead of \d+, in less time' AS told
FROM clipperf_recommend_for(ARRAY['SELECT * FROM visit ORDER BY made LIMIT 20 OFFSET 9000']);
-- As many rows as lie in an order of their own: no more blocks than they fill.
SELECT ddl, blocks_after < 10 AS few, reason ~ 'though' AS told FROM clipperf_recommend_for(ARRAY['SELECT * FROM visit ORDER BY made LIMIT 5']);
-- The rows of a value, in a block each; by a join, as often as it asks; in a sub-query, once for each row.
SELECT ddl, round(blocks_after / 100) AS hundreds FROM clipperf_recommend_for(ARRAY['SELECT note FROM visit WHERE page = 7']);
SELECT ddl, round(blocks_after / 100) AS hundreds
FROM clipperf_recommend_for(ARRAY['SELECT a.id, b.note FROM visit a JOIN visit b ON b.page = a.made WHERE a.id IN (1, 2, 3, 4)']);
SELECT ddl, round(blocks_after / 100) AS hundreds
FROM clipperf_recommend_for(ARRAY['SELECT id, (SELECT sum(length(note)) FROM visit b WHERE b.page = a.made) FROM visit a WHERE id IN (1, 2, 3)']);
-- Of what was observed, the blocks that were counted, and the time.
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT * FROM visit ORDER BY made LIMIT 20 OFFSET %s', 9000 + i) FROM generate_series(1, 8) AS i \gexec
\o
\set ECHO all
CREATE TEMP TABLE advice AS SELECT * FROM clipperf_recommend() WHERE action = 'create';
SELECT a.ddl, round(a.blocks_before - (q.shared_blks_hit + q.shared_blks_read) / q.calls::float8) AS counted, a.blocks_after > 20 * a.blocks_before AS more,
    round((a.mean_before_ms - q.mean_ms)::numeric, 3) AS measured, a.mean_after_ms < a.mean_before_ms AS faster, a.reason ~ '; though ' AS told
FROM advice AS a JOIN clipperf_queries AS q ON q.queryid = a.queryids[1];
SELECT evidence ~ 'a call \S+ \S+ -> \S+ \S+, about [\d,]+ -> [\d,]+ blocks per call' AS shown
FROM clipperf_findings() WHERE relation = 'visit'::regclass;
SELECT mean_before_ms IS NOT NULL AND mean_after_ms IS NOT NULL AND blocks_before IS NOT NULL AND blocks_after IS NOT NULL AS kept
FROM clipperf_recommendations WHERE NOT for_statements AND action = 'create';
-- An index-only scan visits the table for rows beside those that changed since VACUUM: told where as many change, until autovacuum would come.
CREATE TABLE feed (id int PRIMARY KEY, removed boolean NOT NULL, score int NOT NULL, note text NOT NULL) WITH (autovacuum_enabled = off);
INSERT INTO feed SELECT i, i % 5 = 0, i, repeat('n', 150) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE feed;
CREATE FUNCTION counted() RETURNS TABLE (ddl text, few boolean, told boolean) LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT ddl, blocks_after < 100,
        reason ~ '; though \[SELECT count\(\*\) FROM feed WHERE NOT removed\] would touch up to \d+ blocks per call instead of \d+, before VACUUM is due'
    FROM clipperf_recommend_for(ARRAY['SELECT count(*) FROM feed WHERE NOT removed']) $$;
SELECT * FROM counted();
UPDATE feed SET score = score + 1 WHERE id % 8 = 0;
VACUUM ANALYZE feed;
SELECT pg_stat_force_next_flush();
SELECT * FROM counted();
-- Where rows are locked, the plan keeps what the index's predicate says of all of its rows: they are no fewer for that.
CREATE TABLE job (id int PRIMARY KEY, queue int NOT NULL, rank int NOT NULL, done timestamp, taken text);
INSERT INTO job SELECT i, i % 5, i % 3, CASE WHEN i <= 16000 THEN '2026-01-01'::timestamp END, CASE WHEN i <= 17000 THEN 'w' || i % 9 END
FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE job;
SELECT ddl, blocks_after < 15 AS few, reason ~ 'though' AS told
FROM clipperf_recommend_for(ARRAY['UPDATE job SET taken = ''me'' WHERE id = (SELECT id FROM job WHERE queue = 2 AND done IS NULL AND taken IS NULL
    ORDER BY rank DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)']);
-- The rows of an account are in the order of their days: each page with some of them is visited once.  What a page of a list throws away
-- before its first row is read, too, and is told; before 19, the days, read backward, have a page visited again for each posting list.
CREATE TABLE entry (id int PRIMARY KEY, account int NOT NULL, day int NOT NULL, note text NOT NULL);
INSERT INTO entry SELECT i, CASE WHEN i % 8 = 0 THEN 1 ELSE i % 1000 + 2 END, i / 1000, repeat('n', 20) FROM generate_series(1, 160000) AS i;
CREATE INDEX entry_account ON entry (account, day);
VACUUM ANALYZE entry;
CREATE FUNCTION touched(statement text) RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) ' || statement INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END $$;
\set page 'SELECT id, note FROM entry WHERE account = 1 AND (day > 80 OR (day = 80 AND id < 80500)) ORDER BY day, id DESC LIMIT 10'
\set newest 'SELECT * FROM entry ORDER BY day DESC LIMIT 10'
SELECT touched(:'page') AS before \gset
CREATE TEMP TABLE listed AS SELECT ddl, regexp_match(reason, '; though \[SELECT id, note .* would touch about (\d+) blocks per call instead of (\d+), in less time') AS told
FROM clipperf_recommend_for(ARRAY[:'newest', :'page'], weights => '{100,1}');
SELECT ddl FROM listed;
CREATE INDEX entry_day ON entry (day DESC);
SELECT touched(:'page') AS after \gset
SELECT coalesce(told[2]::float8 / :before BETWEEN 0.7 AND 1.4, :after < 1.5 * :before) AS before, coalesce(told[1]::float8 / :after BETWEEN 0.7 AND 1.4, :after < 1.5 * :before) AS after FROM listed;
-- Where nothing tells how late the rows come, it is said how many blocks that may be: here there are none, and all is read.
CREATE TABLE account (id int PRIMARY KEY, closed date);
INSERT INTO account SELECT i, NULL FROM generate_series(1, 20000) AS i;
INSERT INTO entry SELECT 200000 + i, 1 + i % 20000, 200, 'n' FROM generate_series(1, 40000) AS i;
DROP INDEX entry_account;
VACUUM ANALYZE account, entry;
\set idle 'SELECT id FROM account AS a WHERE closed IS NULL AND NOT EXISTS (SELECT FROM entry WHERE account = a.id) LIMIT 10'
CREATE TEMP TABLE told AS SELECT ddl, substring(reason FROM '; though \[SELECT id FROM account .* would touch up to (\d+) blocks per call instead of \d+, if the rows that it wants come late, which samples cannot tell')::float8 AS latest
FROM clipperf_recommend_for(ARRAY[:'idle']) WHERE relation = 'entry'::regclass AND action = 'create';
SELECT ddl FROM told;
CREATE INDEX entry_account ON entry (account);
VACUUM entry;
SELECT latest / touched(:'idle') BETWEEN 0.7 AND 1.4 AS latest FROM told;
-- A join by the key of the other table finds a few rows each time, however many of all its rows meet the other conditions.
CREATE TABLE parcel (id int PRIMARY KEY, day int NOT NULL, note text NOT NULL);
INSERT INTO parcel SELECT i, i % 2000, repeat('n', 60) FROM generate_series(1, 40000) AS i;
CREATE INDEX parcel_day ON parcel (day, id);
CREATE TABLE part (parcel int, number int, kind int, PRIMARY KEY (parcel, number));
INSERT INTO part SELECT 1 + i / 3, i % 3, i * 7 % 500 FROM generate_series(0, 119999) AS i;
VACUUM ANALYZE parcel, part;
\set missing 'SELECT id FROM parcel AS p WHERE day = 100 AND NOT EXISTS (SELECT FROM part WHERE parcel = p.id AND kind = 471)'
SELECT touched(:'missing') AS before \gset
SELECT ddl, blocks_before / :before BETWEEN 0.5 AND 2 AS counted FROM clipperf_recommend_for(ARRAY[:'missing']);
DROP SCHEMA blocks CASCADE;
DELETE FROM clipperf_recommendations;
