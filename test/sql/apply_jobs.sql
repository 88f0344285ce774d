-- Jobs: made by clipperf_apply(), done in the background, reverted by clipperf_revert().
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE regress_apply (id int PRIMARY KEY, a int, b text);
INSERT INTO regress_apply SELECT n, n % 10, 'b' || n FROM generate_series(1, 1000) AS n;
ALTER SYSTEM SET clipperf.verify_calls = 0;
SELECT pg_reload_conf();
DELETE FROM clipperf_recommendations;
CREATE FUNCTION regress_recommend(action text, name name, ddl text, relation regclass DEFAULT 'regress_apply')
RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
    VALUES (action, relation, name, ddl, 'workload', 'a test') RETURNING id
$$;
CREATE FUNCTION regress_history(job bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(state, ' ' ORDER BY changed_at) FROM clipperf_job_changes AS c WHERE c.job = $1
$$;

-- Nothing to do.
SELECT * FROM clipperf_apply();
SELECT * FROM clipperf_apply(ids => '{-1}');
SELECT * FROM clipperf_apply(ids => '{1}', index_set => 'none');

-- Nor for a table that is gone by then, which keeps nobody from the others.
CREATE TABLE regress_gone (a int);
SELECT regress_recommend('create', 'regress_gone_a', 'CREATE INDEX regress_gone_a ON regress_gone (a)', 'regress_gone') > 0 AS made;
DROP TABLE regress_gone;
SELECT * FROM clipperf_apply();
SELECT clipperf_migration() ~ 'regress_gone' AS written;
DELETE FROM clipperf_recommendations;

-- The statement that is told is the one that would run: without blocking, in the transaction, for a partitioned table.
BEGIN;
CREATE TABLE regress_told (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE regress_told_1 PARTITION OF regress_told FOR VALUES FROM (0) TO (10);
CREATE INDEX regress_told_b ON regress_told_1 (b);
SELECT regress_recommend('create', 'regress_told_a', 'CREATE INDEX regress_told_a ON regress_told (a)', 'regress_told') > 0 AS made;
SELECT regress_recommend('create', 'regress_told_u', 'CREATE UNIQUE INDEX regress_told_u ON regress_told_1 (a)', 'regress_told_1') > 0 AS made;
SELECT ddl FROM clipperf_apply(dry_run => true, concurrently => true);
SELECT ddl FROM clipperf_apply(dry_run => true);
SELECT regress_recommend('drop', 'regress_told_b', 'DROP INDEX regress_told_b', 'regress_told_1') AS id \gset
SELECT ddl FROM clipperf_apply(ids => ARRAY[:id]::bigint[], dry_run => true, concurrently => true);
SELECT ddl FROM clipperf_apply(ids => ARRAY[:id]::bigint[]);
SELECT action, ddl FROM clipperf_jobs WHERE relation = 'regress_told_1'::regclass;
ROLLBACK;

-- Told only, then done.
SELECT regress_recommend('create', 'regress_apply_a', 'CREATE INDEX CONCURRENTLY regress_apply_a ON regress_apply (a)') AS id \gset
SELECT job, action, relation, index_name, state, reason, ddl FROM clipperf_apply(dry_run => true);
SELECT count(*) FROM clipperf_jobs WHERE relation = 'regress_apply'::regclass;
SELECT job, action, relation, index_name, state, reason, ddl FROM clipperf_apply() \gset
SELECT :'action', :'relation', :'index_name', :'state', :'ddl';
SELECT clipperf_wait(:job, '1min');
SELECT action, relation, index_name, state, reason, made_by = current_user AS mine, transactional, attempts, worker_pid
FROM clipperf_jobs WHERE job = :job;
SELECT regress_history(:job);
SELECT status FROM clipperf_recommendations WHERE id = :id;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'regress_apply_a'::regclass;

-- The same again: there is nothing to build, and nothing to revert then.
SELECT ddl FROM clipperf_apply(ARRAY[:id], dry_run => true);
SELECT job AS again, state, reason FROM clipperf_apply(ARRAY[:id]) \gset
SELECT :'state', :'reason';
SELECT ddl FROM clipperf_jobs WHERE job = :again;
SELECT clipperf_revert(:again);

-- What was built here is for other databases, too, if it is named.
SELECT clipperf_migration('up') ~ 'regress_apply_a' AS by_itself, clipperf_migration('up', ARRAY[:id]::bigint[]) ~ 'CREATE INDEX regress_apply_a' AS named;

-- Reverted, and only once.
SELECT clipperf_revert(:job);
SELECT clipperf_wait(:job, '1min');
SELECT regress_history(:job);
SELECT to_regclass('regress_apply_a');
SELECT clipperf_revert(:job), clipperf_cancel(:job);

-- Within a transaction, rolled back with it.
BEGIN;
SELECT index_name, state, reason FROM clipperf_apply(ARRAY[:id]);
SELECT to_regclass('regress_apply_a');
SELECT index_name, state, reason FROM clipperf_apply(ARRAY[:id]);
ROLLBACK;
SELECT to_regclass('regress_apply_a');
SELECT index_name, state, reason FROM clipperf_apply(ARRAY[:id], concurrently => false);
SELECT state, reason, transactional FROM clipperf_jobs ORDER BY job DESC LIMIT 1;

-- The name is taken by something else.
SELECT regress_recommend('create', 'regress_apply_a', 'CREATE INDEX regress_apply_a ON regress_apply (b)') AS id \gset
SELECT index_name, state, reason FROM clipperf_apply(ARRAY[:id], concurrently => false);

-- Drops, and what they removed rebuilt.
SELECT regress_recommend('drop', 'regress_apply_a', 'DROP INDEX regress_apply_a') AS id \gset
SELECT count(*) FROM clipperf_apply();
SELECT job FROM clipperf_apply(ARRAY[:id]) \gset
SELECT clipperf_wait(:job, '1min');
SELECT to_regclass('regress_apply_a');
SELECT clipperf_revert(:job);
SELECT clipperf_wait(:job, '1min');
SELECT regress_history(:job);
SELECT pg_get_indexdef('regress_apply_a'::regclass);
SELECT regress_recommend('drop', 'regress_apply_pkey', 'DROP INDEX regress_apply_pkey') AS id \gset
SELECT * FROM clipperf_apply(ARRAY[:id]);

-- What is to be kept or skipped is shown only.
SELECT regress_recommend('skip', 'regress_apply_x', NULL) AS id \gset
SELECT * FROM clipperf_apply(ARRAY[:id]);

-- An INVALID index of the same name is taken away.
SELECT regress_recommend('create', 'regress_apply_left', 'CREATE INDEX regress_apply_left ON regress_apply (a, b)') AS id \gset
CREATE INDEX regress_apply_left ON regress_apply (a, b);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'regress_apply_left'::regclass;
SELECT 'regress_apply_left'::regclass::oid AS left \gset
SELECT job FROM clipperf_apply(ARRAY[:id]) \gset
SELECT clipperf_wait(:job, '1min');
SELECT indisvalid, indexrelid <> :left AS new FROM pg_index WHERE indexrelid = 'regress_apply_left'::regclass;

-- A unique index that the rows do not allow.
SELECT regress_recommend('create', 'regress_apply_unique', 'CREATE UNIQUE INDEX regress_apply_unique ON regress_apply (a)') AS id \gset
SELECT job FROM clipperf_apply(ARRAY[:id]) \gset
SELECT clipperf_wait(:job, '1min');
SELECT state, regexp_replace(reason, '\(a\)=\(\d\)', '(a)=(N)') FROM clipperf_jobs WHERE job = :job;
SELECT to_regclass('regress_apply_unique');

-- More than the disk has room for.
SELECT regress_recommend('create', 'regress_apply_huge', 'CREATE INDEX regress_apply_huge ON regress_apply (b, a)') AS id \gset
UPDATE clipperf_recommendations SET size_bytes = 1000000000000000 WHERE id = :id;
\set VERBOSITY sqlstate
SELECT * FROM clipperf_apply(ARRAY[:id]);
\set VERBOSITY terse

-- No tables of other kinds.
CREATE TEMP TABLE regress_apply_temp (a int);
SELECT regress_recommend('create', 'x', 'CREATE INDEX x ON regress_apply_temp (a)', 'regress_apply_temp') AS id \gset
SELECT * FROM clipperf_apply(ARRAY[:id]);
CREATE VIEW regress_apply_view AS SELECT 1 AS a;
SELECT regress_recommend('create', 'x', 'CREATE INDEX x ON regress_apply_view (a)', 'regress_apply_view') AS id \gset
SELECT * FROM clipperf_apply(ARRAY[:id]);

-- A partitioned table: each partition, whatever the order of its columns, then the whole.
CREATE TABLE regress_apply_parts (id int, a int) PARTITION BY RANGE (id);
CREATE TABLE regress_apply_part1 PARTITION OF regress_apply_parts FOR VALUES FROM (0) TO (10);
CREATE TABLE regress_apply_part2 (a int, gone int, id int);
ALTER TABLE regress_apply_part2 DROP COLUMN gone;
ALTER TABLE regress_apply_parts ATTACH PARTITION regress_apply_part2 FOR VALUES FROM (10) TO (20);
CREATE TABLE regress_apply_part3 PARTITION OF regress_apply_parts FOR VALUES FROM (20) TO (30) PARTITION BY LIST (a);
CREATE TABLE regress_apply_part31 PARTITION OF regress_apply_part3 DEFAULT;
SELECT regress_recommend('create', 'regress_apply_parts_a', 'CREATE INDEX regress_apply_parts_a ON regress_apply_parts (a, (id + a)) WHERE a > 0', 'regress_apply_parts') AS id \gset
SELECT job FROM clipperf_apply(ARRAY[:id]) \gset
SELECT clipperf_wait(:job, '1min');
SELECT regress_history(:job);
SELECT c.relname, i.indisvalid, i.indrelid::regclass, h.inhparent::regclass
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid LEFT JOIN pg_inherits AS h ON h.inhrelid = c.oid
WHERE i.indrelid::regclass::text LIKE 'regress\_apply\_part%' ORDER BY c.relname COLLATE "C";
SELECT clipperf_revert(:job);
SELECT clipperf_wait(:job, '1min');
SELECT count(*) FROM pg_index AS i WHERE i.indrelid::regclass::text LIKE 'regress\_apply\_part%';

-- What does not pay is in the report, with what reverts it.
INSERT INTO _clipperf_job (action, state, reason, relid, relation_name, index_name, ddl, role, verdict)
VALUES ('create', 'useless', 'the index was never scanned', 'regress_apply'::regclass, 'regress_apply', 'regress_apply_a', '-', 10, '{}')
RETURNING job \gset
SELECT severity, kind, relation, summary, evidence, fix = format('SELECT public.clipperf_revert(%s);', :job) AS fix
FROM clipperf_findings() WHERE evidence LIKE 'Index regress\_apply%';
DELETE FROM _clipperf_job WHERE job = :job;

-- A function of the same name does not come between.
CREATE FUNCTION clipperf_recommend(index_set text) RETURNS int LANGUAGE sql RETURN 1;
SELECT clipperf_apply(index_set => 'none');
DROP FUNCTION clipperf_recommend(text);

-- Waiting: not in a transaction, not for what there is not.
BEGIN;
SELECT clipperf_wait(:job);
ROLLBACK;
SELECT clipperf_wait(-1);
SELECT clipperf_cancel(-1);
SELECT clipperf_cancel(NULL);
SELECT clipperf_revert(NULL);
-- Nor beside anything else: no build waits for what the statement would read afterwards.
SELECT clipperf_wait(:job), count(*) FROM clipperf_jobs;
SELECT clipperf_wait(:job), now() IS NOT NULL AS later;
SELECT clipperf_wait(n) FROM generate_series(1, 2) AS n;
DO $$ BEGIN PERFORM clipperf_wait((SELECT max(job) FROM clipperf_jobs)); END $$;
SELECT clipperf_wait((SELECT max(job) FROM clipperf_jobs), '1ms') AS state \gset
SELECT :'state' <> '' AS alone;

ALTER SYSTEM RESET clipperf.verify_calls;
SELECT pg_reload_conf();
DELETE FROM clipperf_recommendations;
DROP FUNCTION regress_recommend, regress_history;
DROP TABLE regress_apply, regress_apply_parts, regress_apply_temp;
DROP VIEW regress_apply_view;
