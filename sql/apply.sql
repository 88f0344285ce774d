-- Building and dropping indexes: jobs, and the functions that make and watch them.

CREATE TABLE @extschema@._clipperf_job (
    job bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action text NOT NULL CHECK (action IN ('create', 'drop')),
    goal text NOT NULL DEFAULT 'apply' CHECK (goal IN ('apply', 'revert')),
    cancel text,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN (
        'queued', 'waiting', 'building', 'verifying', 'kept', 'useless', 'regressed', 'reverted', 'failed', 'canceled')),
    reason text,
    recommendation bigint,
    relid oid NOT NULL,
    relation_name text NOT NULL,
    index_name name NOT NULL,
    ddl text NOT NULL,
    index_oid oid,
    undo boolean NOT NULL DEFAULT false,
    part_relid oid,
    part_name name,
    part_from double precision,
    part_share double precision,
    parts oid[] NOT NULL DEFAULT '{}',
    taken_in oid[] NOT NULL DEFAULT '{}',
    restore text[] NOT NULL DEFAULT '{}',
    after_job bigint,
    transactional boolean NOT NULL DEFAULT false,
    queryids bigint[],
    size_bytes bigint,
    role oid NOT NULL,
    settings text[],
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    retry_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    worker_pid integer,
    verify_since timestamptz,
    verdict jsonb,
    database_oid oid
);
COMMENT ON TABLE @extschema@._clipperf_job IS 'jobs of clipperf_apply(); read the view clipperf_jobs instead';
COMMENT ON COLUMN @extschema@._clipperf_job.job IS 'number of the job';
COMMENT ON COLUMN @extschema@._clipperf_job.action IS 'create or drop an index';
COMMENT ON COLUMN @extschema@._clipperf_job.goal IS 'apply or revert';
COMMENT ON COLUMN @extschema@._clipperf_job.cancel IS 'why it ends as soon as what is left of it is removed; NULL if it was not canceled';
COMMENT ON COLUMN @extschema@._clipperf_job.state IS 'state of the job';
COMMENT ON COLUMN @extschema@._clipperf_job.reason IS 'why it is in this state';
COMMENT ON COLUMN @extschema@._clipperf_job.recommendation IS 'recommendation that it carries out; NULL if none';
COMMENT ON COLUMN @extschema@._clipperf_job.relid IS 'table of the index';
COMMENT ON COLUMN @extschema@._clipperf_job.relation_name IS 'its name when the job was made';
COMMENT ON COLUMN @extschema@._clipperf_job.index_name IS 'name of the index';
COMMENT ON COLUMN @extschema@._clipperf_job.ddl IS 'CREATE INDEX statement of the index, without CONCURRENTLY';
COMMENT ON COLUMN @extschema@._clipperf_job.index_oid IS 'index that the job has built, or is to drop';
COMMENT ON COLUMN @extschema@._clipperf_job.undo IS 'true if the index to be dropped was valid: it is rebuilt if the drop is canceled';
COMMENT ON COLUMN @extschema@._clipperf_job.part_relid IS 'partition whose index is being built';
COMMENT ON COLUMN @extschema@._clipperf_job.part_name IS 'name of that index';
COMMENT ON COLUMN @extschema@._clipperf_job.part_from IS 'share of the partitions that were done when it was begun, by size, 0..1';
COMMENT ON COLUMN @extschema@._clipperf_job.part_share IS 'its own share of the partitions, by size, 0..1';
COMMENT ON COLUMN @extschema@._clipperf_job.parts IS 'indexes of partitions that the job has built';
COMMENT ON COLUMN @extschema@._clipperf_job.taken_in IS 'partitions that already had such an index';
COMMENT ON COLUMN @extschema@._clipperf_job.restore IS 'name of the index that was dropped, and statements that give it what CREATE INDEX does not';
COMMENT ON COLUMN @extschema@._clipperf_job.after_job IS 'job that must end before this one begins; NULL if none';
COMMENT ON COLUMN @extschema@._clipperf_job.transactional IS 'true if it ran in the caller''s transaction';
COMMENT ON COLUMN @extschema@._clipperf_job.queryids IS 'statements the index is meant for';
COMMENT ON COLUMN @extschema@._clipperf_job.size_bytes IS 'estimated size of the index, bytes';
COMMENT ON COLUMN @extschema@._clipperf_job.role IS 'role that called clipperf_apply(), with whose privileges it runs';
COMMENT ON COLUMN @extschema@._clipperf_job.settings IS 'settings of the caller that the build uses';
COMMENT ON COLUMN @extschema@._clipperf_job.made_at IS 'when it was made';
COMMENT ON COLUMN @extschema@._clipperf_job.changed_at IS 'when its state changed last';
COMMENT ON COLUMN @extschema@._clipperf_job.attempts IS 'builds that were begun and had to be canceled';
COMMENT ON COLUMN @extschema@._clipperf_job.retry_at IS 'not to be tried again before';
COMMENT ON COLUMN @extschema@._clipperf_job.worker_pid IS 'process that works on it; NULL if none';
COMMENT ON COLUMN @extschema@._clipperf_job.verify_since IS 'when its verification began';
COMMENT ON COLUMN @extschema@._clipperf_job.verdict IS 'figures of the verification';
COMMENT ON COLUMN @extschema@._clipperf_job.database_oid IS 'database that it was made in: in a copy of that database the job is not carried out';

CREATE TABLE @extschema@._clipperf_job_change (
    job bigint NOT NULL REFERENCES @extschema@._clipperf_job ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL,
    reason text
);
CREATE INDEX clipperf_job_change_job ON @extschema@._clipperf_job_change (job, at);
COMMENT ON TABLE @extschema@._clipperf_job_change IS 'each change of a job''s state; read the view clipperf_job_changes instead';
COMMENT ON COLUMN @extschema@._clipperf_job_change.job IS 'number of the job';
COMMENT ON COLUMN @extschema@._clipperf_job_change.at IS 'when it changed';
COMMENT ON COLUMN @extschema@._clipperf_job_change.state IS 'the state it changed to';
COMMENT ON COLUMN @extschema@._clipperf_job_change.reason IS 'why';

-- An index tells of the workload that it is for. The error that a build ended by may hold values of rows, its statement
-- the constants of a predicate, and reasons tell of other sessions.
CREATE FUNCTION @extschema@._clipperf_may_see_job(role oid, relid oid)
RETURNS boolean
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.pg_has_role(_clipperf_may_see_job.role, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
        OR EXISTS (SELECT FROM pg_catalog.pg_class AS c
                   WHERE c.oid = _clipperf_may_see_job.relid AND pg_catalog.pg_has_role(c.relowner, 'USAGE'));
END;
COMMENT ON FUNCTION @extschema@._clipperf_may_see_job(oid, oid) IS
'true if the current role may see a job of that role on that table';

CREATE VIEW @extschema@.clipperf_job_changes WITH (security_barrier) AS
SELECT c.job, c.at AS changed_at, c.state,
       c.reason
FROM @extschema@._clipperf_job_change AS c JOIN @extschema@._clipperf_job AS j USING (job)
WHERE @extschema@._clipperf_may_see_job(j.role, j.relid) AND @extschema@._clipperf_note_ours();
COMMENT ON VIEW @extschema@.clipperf_job_changes IS 'each change of a job''s state, with its time and reason; of the jobs in clipperf_jobs';
COMMENT ON COLUMN @extschema@.clipperf_job_changes.job IS 'number of the job';
COMMENT ON COLUMN @extschema@.clipperf_job_changes.changed_at IS 'when it changed';
COMMENT ON COLUMN @extschema@.clipperf_job_changes.state IS 'the state it changed to';
COMMENT ON COLUMN @extschema@.clipperf_job_changes.reason IS 'why';

CREATE TABLE @extschema@._clipperf_job_measures (
    job bigint NOT NULL REFERENCES @extschema@._clipperf_job ON DELETE CASCADE,
    stage text NOT NULL CHECK (stage IN ('before', 'built')),
    queryid bigint NOT NULL,
    is_read boolean NOT NULL,
    is_write boolean NOT NULL,
    calls double precision NOT NULL,
    errors double precision NOT NULL DEFAULT 0,
    refused double precision NOT NULL DEFAULT 0,
    total_ms double precision NOT NULL,
    rows double precision NOT NULL,
    blocks double precision NOT NULL,
    blocks_read double precision NOT NULL,
    wal_bytes double precision NOT NULL DEFAULT 0,
    histogram bytea NOT NULL,
    PRIMARY KEY (job, stage, queryid)
);
COMMENT ON TABLE @extschema@._clipperf_job_measures IS 'counters of the statements that use the table of a job, when its build began and when it was done';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.job IS 'number of the job';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.stage IS 'before: the build began; built: it was done';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.queryid IS 'the server''s hash of the statement without its literals';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.is_read IS 'true if it reads the table, to change it or not';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.is_write IS 'true if it changes the table';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.calls IS 'calls of all users and routes until then';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.errors IS 'executions that failed, beside the calls, but not those that were interrupted or had no rights';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.refused IS 'of these, at a limit of the server, as rows that are too long for an index';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.total_ms IS 'their executor time, milliseconds';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.rows IS 'rows they returned or changed';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.blocks IS 'shared blocks they read, from the cache or not';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.blocks_read IS 'of these, blocks that were not in the cache';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.wal_bytes IS 'WAL that they wrote, bytes';
COMMENT ON COLUMN @extschema@._clipperf_job_measures.histogram IS 'their latencies, as clipperf counts them';

CREATE FUNCTION @extschema@._clipperf_job_changed()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('INSERT INTO %I._clipperf_job_change (job, at, state, reason) VALUES ($1, $2, $3, $4)', TG_TABLE_SCHEMA)
    USING NEW.job, NEW.changed_at, NEW.state, NEW.reason;
    -- No session waits: the one that holds the row lock applies it.
    EXECUTE format('UPDATE %1$I.clipperf_recommendations AS r SET status = $2, status_at = $3
                    WHERE r.id = (SELECT l.id FROM %1$I.clipperf_recommendations AS l
                                  WHERE l.id = $1 FOR UPDATE SKIP LOCKED)', TG_TABLE_SCHEMA)
    USING NEW.recommendation, NEW.state, NEW.changed_at;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@._clipperf_job_changed() IS 'trigger of _clipperf_job: keeps the history';
REVOKE ALL ON FUNCTION @extschema@._clipperf_job_changed() FROM PUBLIC;

CREATE TRIGGER clipperf_job_made AFTER INSERT ON @extschema@._clipperf_job
FOR EACH ROW EXECUTE FUNCTION @extschema@._clipperf_job_changed();
CREATE TRIGGER _clipperf_job_changed AFTER UPDATE OF state, reason ON @extschema@._clipperf_job
FOR EACH ROW WHEN (OLD.state <> NEW.state
    OR pg_catalog.split_part(OLD.reason, ' open for ', 1)
       IS DISTINCT FROM pg_catalog.split_part(NEW.reason, ' open for ', 1))
EXECUTE FUNCTION @extschema@._clipperf_job_changed();

CREATE FUNCTION @extschema@._clipperf_build_pace(
    OUT pid integer, OUT phase_ms double precision, OUT phase_blocks bigint, OUT work_ms double precision)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_build_pace';
COMMENT ON FUNCTION @extschema@._clipperf_build_pace() IS
'of each build, since when it is in its phase, blocks that were done of it then, and how long it has worked rather than waited';
REVOKE ALL ON FUNCTION @extschema@._clipperf_build_pace() FROM PUBLIC;

CREATE FUNCTION @extschema@._clipperf_build_progress(
    OUT pid integer, OUT phase text, OUT done_share double precision, OUT blocks_per_second double precision,
    OUT remaining_ms double precision, OUT waits_for integer)
RETURNS SETOF record
LANGUAGE sql VOLATILE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.pid, p.phase, a.done,
           CASE WHEN p.phase LIKE '%scanning%' THEN
               (p.blocks_done - v.phase_blocks) / nullif(v.phase_ms / 1000, 0) END,
           -- All the work is the work that was done on this part, by its share of all.
           CASE WHEN a.done = 1 THEN 0 ELSE nullif(v.work_ms, 0) * (1 - a.done) / nullif(j.part_share * s.done, 0) END,
           CASE WHEN p.phase LIKE 'waiting%' THEN nullif(p.current_locker_pid, 0)::integer END
    FROM (SELECT worker_pid,
                 -- When all partitions are done, only the index of the whole is missing.
                 CASE WHEN part_relid IS NOT NULL THEN part_from WHEN parts = '{}' THEN 0 ELSE 1 END AS part_from,
                 CASE WHEN part_relid IS NOT NULL THEN part_share WHEN parts = '{}' THEN 1 ELSE 0 END AS part_share
          FROM @extschema@._clipperf_job WHERE state = 'building') AS j
         JOIN pg_stat_progress_create_index AS p ON p.pid = j.worker_pid
         LEFT JOIN @extschema@._clipperf_build_pace() AS v ON v.pid = p.pid,
         -- In its first block the scan of a table says that all are done.
         LATERAL (SELECT CASE WHEN p.phase LIKE 'building index: scanning table%' AND p.blocks_done = p.blocks_total
                                   AND coalesce(v.phase_blocks = p.blocks_total, true) THEN 0
                              ELSE coalesce(p.blocks_done::float8 / nullif(p.blocks_total, 0), 0) END AS blocks) AS b,
         LATERAL (SELECT CASE
               WHEN p.phase LIKE 'waiting for writers before build%' OR p.phase = 'initializing' THEN 0
               WHEN p.phase LIKE 'building index%' AND p.tuples_total > 0 THEN 0.45 + 0.15 * p.tuples_done / p.tuples_total
               WHEN p.phase LIKE 'building index%' THEN 0.45 * b.blocks
               WHEN p.phase LIKE 'waiting for writers before validation%' THEN 0.6
               WHEN p.phase LIKE 'index validation: scanning index%' THEN 0.6 + 0.1 * b.blocks
               WHEN p.phase LIKE 'index validation: scanning table%' THEN 0.7 + 0.3 * b.blocks
               WHEN p.phase LIKE 'index validation%' THEN 0.7
               ELSE 1 END AS done) AS s,
         LATERAL (SELECT j.part_from + j.part_share * s.done AS done) AS a;
END;
COMMENT ON FUNCTION @extschema@._clipperf_build_progress() IS
'how far the builds of clipperf have come, and which process each waits for; read the view clipperf_jobs instead';

CREATE FUNCTION @extschema@._clipperf_apply_obstacle()
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_apply_obstacle';
COMMENT ON FUNCTION @extschema@._clipperf_apply_obstacle() IS 'why queued jobs are not begun; NULL if nothing is in the way';

CREATE FUNCTION @extschema@._clipperf_job_statement(
    action text, ddl text, relation oid, index_name name, transactional boolean)
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_job_statement';
COMMENT ON FUNCTION @extschema@._clipperf_job_statement(text, text, oid, name, boolean) IS
'the statement that a job with this definition of an index runs';

CREATE VIEW @extschema@.clipperf_jobs WITH (security_barrier) AS
SELECT j.job, j.action,
       (SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class AS c WHERE c.oid = j.relid) AS relation,
       -- By the name that it goes by now.
       coalesce((SELECT i.relname FROM pg_catalog.pg_class AS i WHERE i.oid = j.index_oid AND j.action = 'create'),
                j.index_name) AS index_name, j.state,
       p.phase, p.done_share, p.blocks_per_second, p.remaining_ms,
       -- As pg_stat_activity shows it to the reader: what others do is for pg_read_all_stats.
       (
           SELECT 'process ' || l.pid || coalesce(' (' || nullif(concat_ws(', ',
                      'application ' || quote_ident(nullif(l.application_name, '')), coalesce(l.state, l.backend_type),
                      'transaction open for ' || @extschema@._clipperf_duration(
                          1000 * extract(epoch FROM clock_timestamp() - l.xact_start)::float8)), '') || ')', '')
           FROM pg_stat_activity AS l WHERE l.pid = p.waits_for) AS waits_for,
       j.recommendation, pg_catalog.pg_get_userbyid(j.role) AS made_by, j.transactional, j.made_at, j.changed_at, j.attempts,
       j.worker_pid,
       nullif(concat_ws('; ', j.reason,
           CASE WHEN j.state = 'queued' THEN @extschema@._clipperf_apply_obstacle() END,
           CASE WHEN NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = j.role)
                     AND coalesce(j.reason, '') NOT LIKE '%the role that asked for it no longer exists%'
                THEN 'the role that asked for it no longer exists' END), '') AS reason,
       @extschema@._clipperf_job_statement(j.action, j.ddl, j.relid, j.index_name, j.transactional) AS ddl,
       j.verdict AS result
FROM @extschema@._clipperf_job AS j
     LEFT JOIN @extschema@._clipperf_build_progress() AS p ON p.pid = j.worker_pid AND j.state = 'building'
WHERE @extschema@._clipperf_may_see_job(j.role, j.relid) AND @extschema@._clipperf_note_ours();
COMMENT ON VIEW @extschema@.clipperf_jobs IS
'jobs of clipperf_apply(), and their progress: of the roles that you are a member of, and of those on their tables; members of pg_read_all_stats see all';
COMMENT ON COLUMN @extschema@.clipperf_jobs.job IS 'number of the job';
COMMENT ON COLUMN @extschema@.clipperf_jobs.action IS 'create or drop an index';
COMMENT ON COLUMN @extschema@.clipperf_jobs.relation IS 'table of the index; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_jobs.index_name IS 'name of the index';
COMMENT ON COLUMN @extschema@.clipperf_jobs.state IS
'queued, waiting (see reason), building, verifying (built; its statements are watched), kept, useless, regressed, reverted, failed or canceled';
COMMENT ON COLUMN @extschema@.clipperf_jobs.reason IS 'why it is in this state';
COMMENT ON COLUMN @extschema@.clipperf_jobs.phase IS 'current phase of the build, as in pg_stat_progress_create_index; NULL unless it is building';
COMMENT ON COLUMN @extschema@.clipperf_jobs.done_share IS 'estimated share of the build that is done, 0..1, over all partitions; 1: it only waits for other transactions';
COMMENT ON COLUMN @extschema@.clipperf_jobs.blocks_per_second IS 'blocks read per second since this phase began; NULL if the phase reads neither the table nor the index';
COMMENT ON COLUMN @extschema@.clipperf_jobs.remaining_ms IS 'estimated remaining time of the build, milliseconds, without the time it waits for others';
COMMENT ON COLUMN @extschema@.clipperf_jobs.waits_for IS
'the transaction that the build waits for now, with what pg_stat_activity shows the reader about it';
COMMENT ON COLUMN @extschema@.clipperf_jobs.ddl IS 'the statement that it runs; for a partitioned table, after one for each partition';
COMMENT ON COLUMN @extschema@.clipperf_jobs.recommendation IS 'recommendation that it carries out; NULL if none';
COMMENT ON COLUMN @extschema@.clipperf_jobs.made_by IS 'role that called clipperf_apply(), with whose privileges it runs';
COMMENT ON COLUMN @extschema@.clipperf_jobs.transactional IS 'true if it ran in the caller''s transaction';
COMMENT ON COLUMN @extschema@.clipperf_jobs.made_at IS 'when it was made';
COMMENT ON COLUMN @extschema@.clipperf_jobs.changed_at IS 'when its state changed last; all changes are in clipperf_job_changes';
COMMENT ON COLUMN @extschema@.clipperf_jobs.attempts IS 'builds that were begun and had to be canceled';
COMMENT ON COLUMN @extschema@.clipperf_jobs.worker_pid IS 'process that works on it; NULL if none';
COMMENT ON COLUMN @extschema@.clipperf_jobs.result IS
'figures of the verification, with the statements';
GRANT SELECT ON @extschema@.clipperf_jobs, @extschema@.clipperf_job_changes TO PUBLIC;

-- What turned out not to pay, for clipperf_report().

CREATE FUNCTION @extschema@._clipperf_find_jobs(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT f.kind, c.oid::regclass, NULL::bigint,
           ARRAY[f.subject], NULL::regclass[], f.summary,
           @extschema@._clipperf_plain(concat_ws('; ', f.subject,
                     j.reason || CASE j.action WHEN 'create' THEN @extschema@._clipperf_drop_reservation() ELSE '' END)),
           greatest((j.result->>'lost_ms')::float8 - (j.result->>'saved_ms')::float8, 0),
           'warning', format('SELECT %I.clipperf_revert(%s);', n.nspname, j.job), NULL::bigint[], j.made_at, j.changed_at, false, false, false
    FROM @extschema@.clipperf_jobs AS j
         JOIN pg_class AS c ON c.oid = j.relation
         JOIN pg_extension AS e ON e.extname = 'clipperf'
         JOIN pg_namespace AS n ON n.oid = e.extnamespace,
         LATERAL (
            SELECT CASE j.action WHEN 'drop' THEN 'missing_index' ELSE 'unused_index' END AS kind,
                   @extschema@._clipperf_plain(
                       format('Index %s on %s %s', quote_ident(j.index_name), quote_ident(c.relname),
                              CASE WHEN j.state = 'useless' THEN 'made no statement faster'
                                   WHEN j.action = 'drop' THEN 'is missed since it was dropped'
                                   WHEN j.result ? 'failing' THEN 'makes statements fail'
                                   ELSE 'costs more than it saves' END)) AS subject,
                   CASE WHEN j.state = 'useless' THEN 'an index that was built made no statement faster'
                        WHEN j.action = 'drop' THEN 'an index is missed since it was dropped'
                        WHEN j.result ? 'failing' THEN 'an index that was built makes statements fail'
                        ELSE 'an index that was built costs more than it saves' END AS summary
         ) AS f
    WHERE j.state IN ('useless', 'regressed')
      AND @extschema@._clipperf_is_accepted(f.kind, c.oid, NULL, NULL, f.subject, allow) = accepted;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_jobs(boolean, text[]) IS
'findings of the kinds unused_index and missing_index: what clipperf_apply() did that does not pay off';

-- What users call.

CREATE FUNCTION @extschema@.clipperf_apply(
    ids bigint[] DEFAULT NULL, index_set text DEFAULT NULL,
    concurrently boolean DEFAULT NULL, dry_run boolean DEFAULT false,
    OUT job bigint, OUT action text, OUT relation regclass, OUT index_name name,
    OUT state text, OUT reason text, OUT ddl text)
RETURNS SETOF record
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_apply';
COMMENT ON FUNCTION @extschema@.clipperf_apply(bigint[], text, boolean, boolean) IS
'builds the recommended indexes, those of some ids, or those of an index set: by a background process without blocking, or at once in the transaction if called in an explicit one or with concurrently => false; returns the jobs, whose progress clipperf_jobs shows. dry_run only shows what would be done';

CREATE FUNCTION @extschema@.clipperf_wait(job bigint, timeout interval DEFAULT NULL, until_verified boolean DEFAULT false)
RETURNS text
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_wait';
COMMENT ON FUNCTION @extschema@.clipperf_wait(bigint, interval, boolean) IS
'waits until a job''s index is built (or dropped), or the job has ended otherwise; with "until_verified", until its benefit is measured, too; returns its state, also if the timeout is reached';

CREATE FUNCTION @extschema@.clipperf_cancel(job bigint)
RETURNS boolean
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_cancel';
COMMENT ON FUNCTION @extschema@.clipperf_cancel(bigint) IS
'ends a job: a running build is canceled at once, and what it left behind is removed; an index that is half dropped is rebuilt; an index that is built stays, without verification. False if the job had ended already';

CREATE FUNCTION @extschema@.clipperf_revert(job bigint)
RETURNS boolean
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_revert';
COMMENT ON FUNCTION @extschema@.clipperf_revert(bigint) IS
'reverts a job: its index is dropped, or the index it dropped is rebuilt, by a background process without blocking; a job that is not done yet is ended. False if there is nothing to revert';

REVOKE ALL ON FUNCTION @extschema@.clipperf_apply(bigint[], text, boolean, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.clipperf_wait(bigint, interval, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.clipperf_cancel(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.clipperf_revert(bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.clipperf_migration(
    direction text DEFAULT 'up', ids bigint[] DEFAULT NULL, index_set text DEFAULT NULL,
    concurrently boolean DEFAULT false)
RETURNS text
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_migration';
COMMENT ON FUNCTION @extschema@.clipperf_migration(text, bigint[], text, boolean) IS
'the text of a migration file, up or down, that does what clipperf_apply() would do and needs no clipperf where it is run; the down file drops only what the up file made';
