-- Recommendations for what was observed: the workload, its writes, index sets, drops and the report.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA advice_workload;
SET search_path = advice_workload, public;
CREATE TABLE post (id integer PRIMARY KEY, author integer NOT NULL, state text NOT NULL, hidden boolean NOT NULL, made timestamp NOT NULL, body text NOT NULL);
CREATE TABLE reply (id integer PRIMARY KEY, post integer NOT NULL REFERENCES post (id) ON DELETE CASCADE, body text NOT NULL);
ALTER TABLE post SET (autovacuum_enabled = false);
ALTER TABLE reply SET (autovacuum_enabled = false);
CREATE INDEX post_author ON post (author);
CREATE INDEX post_author_again ON post (author);
INSERT INTO post SELECT n, n % 500, CASE WHEN n % 100 = 0 THEN 'queued' ELSE 'done' END, n % 10 = 0,
       timestamp '2026-01-01' + n * interval '1 minute', repeat('x', 100) FROM generate_series(1, 10000) AS n;
INSERT INTO reply SELECT n, n % 9999 + 1, repeat('y', 100) FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) post, reply;

SELECT clipperf_reset();
SET clipperf.capture_parameters = on;
SET clipperf.route = 'advice';
PREPARE by_author(int) AS SELECT * FROM post WHERE author = $1 AND NOT hidden ORDER BY made DESC LIMIT 5;
PREPARE queue AS SELECT id FROM post WHERE state = 'queued' ORDER BY made LIMIT 10;
PREPARE replies(int) AS SELECT id, post, body,
    length(body) AS size, body IS NULL AS empty, left(body, 10) AS beginning, right(body, 10) AS ending FROM reply WHERE post = $1;
EXECUTE by_author(1) \; EXECUTE by_author(7) \; EXECUTE by_author(9) \; EXECUTE queue \g /dev/null
\set ECHO none
\o /dev/null
SELECT 'EXECUTE queue' FROM generate_series(1, 19) \gexec
\o
\set ECHO all
EXECUTE replies(1) \; EXECUTE replies(5) \; EXECUTE replies(11) \; EXECUTE replies(12) \g /dev/null

CREATE TEMP TABLE advice AS SELECT * FROM clipperf_recommend(min_benefit => 0.0001);
SELECT action, relation, index_name, source FROM advice ORDER BY action, index_name COLLATE "C";
-- A literal that many calls have, and no other, makes a partial index; a parameter does not.
SELECT ddl FROM advice WHERE action = 'create' ORDER BY ddl COLLATE "C";
-- The reason names the route, and of a long statement what it asks for.
SELECT regexp_replace(reason, '[0-9]+%', 'N%') AS reason FROM advice WHERE relation = 'reply'::regclass AND action = 'create';
-- Statements can be chosen.
SELECT relation FROM clipperf_recommend(queryids => ARRAY(SELECT queryid FROM clipperf_queries WHERE query LIKE 'SELECT id, post, body%'))
WHERE action = 'create';
SELECT count(*) FROM clipperf_recommend(min_calls => 1000000) WHERE action = 'create';
SELECT count(*) FROM clipperf_recommend(since => now() + interval '1 hour') WHERE action = 'create';

-- Each member of an index set is judged.
SELECT clipperf_add_index('advice', 'CREATE INDEX reply_post ON advice_workload.reply (post)');
SELECT clipperf_add_index('advice', 'CREATE INDEX post_author_2 ON advice_workload.post (author)');
SELECT clipperf_add_index('advice', 'CREATE INDEX post_body ON advice_workload.post (body)');
SELECT clipperf_add_index('advice', 'CREATE INDEX gone_id ON advice_workload.gone (id)');
SELECT action, index_name, source, benefit_share > 0 AS helps FROM clipperf_recommend(index_set => 'advice') ORDER BY id;
SELECT * FROM clipperf_recommend(index_set => 'no such set');
SELECT clipperf_drop_index_set('advice');

-- The report says the same.
SELECT count(*) > 0 AS advised FROM clipperf_recommend(min_benefit => 0.0001);
SELECT kind, relation, fix FROM clipperf_findings()
WHERE kind IN ('seq_scan', 'missing_index', 'redundant_index', 'unused_index') AND relation::text ~ 'post|reply'
ORDER BY kind, fix COLLATE "C";

-- What clipperf does to its own tables is not observed, and nobody's finding.
SELECT count(*) FROM clipperf_recommend(index_set => 'clipper');
SELECT count(*) > 0 AS seen FROM clipperf_n_plus_one WHERE relation = 'clipperf_recommendations'::regclass;
SELECT count(*) FROM _clipperf_find() WHERE relation = 'clipperf_recommendations'::regclass;

-- What can go is put to the planner: nobody's index, one that is as good as its keeper, one that is much better.
CREATE TABLE visit (id integer PRIMARY KEY, page integer NOT NULL, site integer NOT NULL, agent text NOT NULL);
ALTER TABLE visit SET (autovacuum_enabled = false);
CREATE INDEX visit_page ON visit (page);
CREATE INDEX visit_page_site ON visit (page, site);
CREATE INDEX visit_site ON visit (site);
CREATE INDEX visit_site_agent ON visit (site, agent);
INSERT INTO visit SELECT n, n % 2000, n % 20, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) visit;
SELECT clipperf_reset();
SELECT action, index_name, reason FROM clipperf_recommend_for(ARRAY['SELECT * FROM visit WHERE id = 7']) ORDER BY index_name;
SELECT action, index_name, reason FROM clipperf_recommend_for(ARRAY['SELECT * FROM visit WHERE page = 7', 'SELECT count(*) FROM visit WHERE site = 7']) ORDER BY index_name;

-- Since when an index is not used can be said; such advice is in the report as well.
CREATE TABLE started AS SELECT clock_timestamp() AS at;
CREATE TABLE log (id integer PRIMARY KEY, kind integer NOT NULL, line integer NOT NULL);
ALTER TABLE log SET (autovacuum_enabled = false);
CREATE INDEX log_kind ON log (kind);
CREATE INDEX log_line ON log (line);
INSERT INTO log SELECT n, n, n FROM generate_series(1, 45000) AS n;
ANALYZE log;
DO $$
BEGIN
    FOR i IN 1 .. 150 LOOP
        PERFORM kind FROM log WHERE line = i;
    END LOOP;
END
$$;
SELECT kind FROM log WHERE line = 151;
SELECT pg_stat_force_next_flush();
SELECT action, ddl FROM clipperf_recommend() WHERE relation = 'log'::regclass;
SELECT action, ddl, regexp_replace(regexp_replace(reason, '\d{4}-\d\d-\d\d \d\d:\d\d', 'TIME', 'g'), '\d+ scans', 'N scans') AS reason
FROM clipperf_recommend(unused_since => (SELECT at FROM started)) WHERE relation = 'log'::regclass;
SELECT severity, kind, fix FROM clipperf_findings() WHERE relation = 'log'::regclass;
SELECT fix FROM clipperf_findings() WHERE relation = 'log'::regclass \gexec
SELECT action FROM clipperf_recommend(unused_since => (SELECT at FROM started)) WHERE relation = 'log'::regclass;

-- PostgreSQL 18 skips over a first key of few values, so that an index on the rest alone may go.
CREATE TABLE task (id integer PRIMARY KEY, done boolean NOT NULL, due integer NOT NULL, note text NOT NULL);
ALTER TABLE task SET (autovacuum_enabled = false);
CREATE INDEX task_due ON task (due);
CREATE INDEX task_done_due ON task (done, due);
INSERT INTO task SELECT n, n % 2 = 0, n * 7919 % 20000, repeat('x', 100) FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) task;
SELECT current_setting('server_version_num')::int >= 180000 AS skips,
       coalesce(string_agg(index_name || reason, ' ') FILTER (WHERE action = 'drop'), '') AS dropped
FROM clipperf_recommend_for(ARRAY['SELECT * FROM task WHERE due BETWEEN 100 AND 200',
    'SELECT count(*) FROM task WHERE note LIKE ''%y%''', 'SELECT max(length(note)) FROM task']) \gset
SELECT CASE WHEN :'skips' THEN :'dropped' LIKE '%task_due%PostgreSQL can skip the first key of index%' ELSE :'dropped' = '' END AS as_expected;

-- What a write costs: an index on a column that every update changes loses against its upkeep.
CREATE TABLE counter (id integer PRIMARY KEY, page integer NOT NULL, hits integer NOT NULL);
ALTER TABLE counter SET (autovacuum_enabled = false, fillfactor = 50);
INSERT INTO counter SELECT n, n % 50, 0 FROM generate_series(1, 1000) AS n;
VACUUM (ANALYZE) counter;
SELECT clipperf_reset();
PREPARE hit(int) AS UPDATE counter SET hits = hits + 1 WHERE id = $1;
\set ECHO none
SELECT format('EXECUTE hit(%s)', n) FROM generate_series(1, 500) AS n \gexec
\set ECHO all
SELECT count(*) FROM counter WHERE hits = 3;
SELECT action FROM clipperf_recommend() WHERE ddl LIKE '%counter%hits%';

-- An index of a partitioned table cannot be built CONCURRENTLY by one statement: what is offered can.
CREATE TABLE post_log (post integer NOT NULL, at date NOT NULL, what text NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE post_log_1 PARTITION OF post_log FOR VALUES FROM ('2026-01-01') TO ('2026-07-01') WITH (autovacuum_enabled = off);
CREATE TABLE post_log_2 PARTITION OF post_log FOR VALUES FROM ('2026-07-01') TO ('2027-01-01') WITH (autovacuum_enabled = off);
INSERT INTO post_log SELECT n, date '2026-01-01' + n % 360, repeat('z', 100) FROM generate_series(1, 20000) AS n;
VACUUM (ANALYZE) post_log;
SELECT clipperf_reset();
PREPARE logged(int) AS SELECT * FROM post_log WHERE post = $1;
EXECUTE logged(1) \; EXECUTE logged(7) \; EXECUTE logged(9) \g /dev/null
SELECT ddl, substring(reason FROM '; building it.*') AS locks FROM clipperf_recommend() WHERE action = 'create';
SELECT kind, regexp_replace(fix, '[0-9]+', 'N') AS fix FROM clipperf_findings() WHERE relation = 'post_log'::regclass;
SELECT fix FROM clipperf_findings() WHERE relation = 'post_log'::regclass \gset
BEGIN;
\o /dev/null
:fix
\o
COMMIT;
SELECT indexrelid::regclass AS index, indisvalid FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('post_log')) ORDER BY 1;

SELECT clipperf_reset();
SET client_min_messages = error;
DROP SCHEMA advice_workload CASCADE;
