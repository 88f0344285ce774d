-- What sessions run and wait for: now, and since clipperf_info.since.

CREATE FUNCTION @extschema@._clipperf_read_waits(
    OUT userid oid, OUT dbid oid, OUT route text, OUT queryid bigint, OUT command text, OUT state text,
    OUT wait_event_type text, OUT wait_event text, OUT held_by text,
    OUT samples bigint, OUT ms double precision, OUT of_ms double precision,
    OUT recent_ms double precision, OUT recent_of_ms double precision,
    OUT first_seen timestamptz, OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_waits';
COMMENT ON FUNCTION @extschema@._clipperf_read_waits() IS
'samples of what sessions wait for; read the view clipperf_waits instead';

CREATE VIEW @extschema@.clipperf_waits AS
SELECT w.userid, r.rolname AS usename, w.dbid, d.datname, w.route, w.queryid,
       w.state, w.wait_event_type, w.wait_event, w.held_by, w.samples, w.ms AS total_ms,
       pg_catalog.round((w.ms / nullif(w.of_ms, 0))::numeric, 6)::double precision AS sessions, pg_catalog.round((w.recent_ms / nullif(w.recent_of_ms, 0))::numeric, 6)::double precision AS recent_sessions,
       w.first_seen, w.last_seen,
       coalesce(@extschema@._clipperf_query_text(w.userid, w.dbid, w.queryid), w.command) AS query
FROM (SELECT q.userid, q.dbid, q.route, q.queryid, q.command, q.state, q.wait_event_type, q.wait_event, q.held_by,
             sum(q.samples)::bigint AS samples, sum(q.ms) AS ms, max(q.of_ms) AS of_ms,
             sum(q.recent_ms) AS recent_ms, max(q.recent_of_ms) AS recent_of_ms,
             min(q.first_seen) AS first_seen, max(q.last_seen) AS last_seen
      FROM @extschema@._clipperf_read_waits() AS q
      GROUP BY q.userid, q.dbid, q.route, q.queryid, q.command, q.state, q.wait_event_type, q.wait_event, q.held_by) AS w
     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = w.userid
     LEFT JOIN pg_catalog.pg_database AS d ON d.oid = w.dbid;

COMMENT ON VIEW @extschema@.clipperf_waits IS
'one row per role, database, route, statement and what it waits for, from samples taken every clipperf.sample_interval, of all databases; figures are visible to all, role and statement to those who may read it';
COMMENT ON COLUMN @extschema@.clipperf_waits.userid IS 'role that runs the statement; NULL if you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_waits.usename IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_waits.dbid IS 'database that it runs in';
COMMENT ON COLUMN @extschema@.clipperf_waits.datname IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_waits.route IS 'route of the statement; NULL if it has none, or is not known';
COMMENT ON COLUMN @extschema@.clipperf_waits.queryid IS 'the statement, by its clipperf_queries.queryid; NULL if it is a utility statement, is not known, or you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_waits.query IS 'its query text; the command of a utility statement, such as COMMIT; NULL if it is not known, or you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_waits.state IS 'active; or idle in transaction, after the statement, which is no load; or clipperf, for statements in which functions of clipperf run';
COMMENT ON COLUMN @extschema@.clipperf_waits.wait_event_type IS 'what it waits for, as in pg_stat_activity: IO, Lock, LWLock, ...; CPU if it waits for nothing';
COMMENT ON COLUMN @extschema@.clipperf_waits.wait_event IS 'event that it waits for, as in pg_stat_activity; CPU if it waits for nothing';
COMMENT ON COLUMN @extschema@.clipperf_waits.held_by IS 'for a lock, route of the session that holds it; NULL if that has none, or is not known';
COMMENT ON COLUMN @extschema@.clipperf_waits.samples IS 'times that a session was seen so';
COMMENT ON COLUMN @extschema@.clipperf_waits.total_ms IS 'time that these stand for, milliseconds, an estimate';
COMMENT ON COLUMN @extschema@.clipperf_waits.sessions IS 'mean number of sessions that are so at a time, since the samples began';
COMMENT ON COLUMN @extschema@.clipperf_waits.recent_sessions IS 'the same in this minute and the four before it; NULL if no samples were taken then';
COMMENT ON COLUMN @extschema@.clipperf_waits.first_seen IS 'first of these samples';
COMMENT ON COLUMN @extschema@.clipperf_waits.last_seen IS 'last of these samples';

GRANT SELECT ON @extschema@.clipperf_waits TO PUBLIC;

CREATE FUNCTION @extschema@._clipperf_read_activity(
    OUT pid integer, OUT route text, OUT request_kind text, OUT request_ms double precision, OUT statements bigint,
    OUT userid oid, OUT queryid bigint, OUT command text, OUT waits_for_lock boolean)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_activity';
COMMENT ON FUNCTION @extschema@._clipperf_read_activity() IS
'sessions with a request under way; read the view clipperf_activity instead';

CREATE VIEW @extschema@.clipperf_activity AS
WITH sessions AS MATERIALIZED (
    SELECT * FROM @extschema@._clipperf_read_activity()
)
SELECT q.pid, a.datid AS dbid, a.datname, a.usesysid AS userid, a.usename, q.route, q.request_kind, q.request_ms, q.statements,
       a.state, 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change) AS state_ms,
       q.queryid,
       CASE WHEN a.state = 'active' THEN coalesce(a.wait_event_type, 'CPU') ELSE a.wait_event_type END AS wait_event_type,
       CASE WHEN a.state = 'active' THEN coalesce(a.wait_event, 'CPU') ELSE a.wait_event END AS wait_event,
       b.pids AS blocking_pids,
       CASE WHEN b.pids IS NOT NULL THEN ARRAY(
           SELECT h.route FROM unnest(b.pids) WITH ORDINALITY AS p (pid, n) LEFT JOIN sessions AS h ON h.pid = p.pid
           ORDER BY p.n) END AS blocking_routes,
       coalesce(@extschema@._clipperf_query_text(q.userid, a.datid, q.queryid), q.command, a.query) AS query
FROM sessions AS q
     JOIN pg_catalog.pg_stat_activity AS a ON a.pid = q.pid
     LEFT JOIN LATERAL (SELECT pg_catalog.pg_blocking_pids(q.pid) AS pids WHERE q.waits_for_lock) AS b ON true;

COMMENT ON VIEW @extschema@.clipperf_activity IS
'one row per session with a request under way, of all databases, now; routes, ages and who blocks whom are visible to all, the rest as in pg_stat_activity';
COMMENT ON COLUMN @extschema@.clipperf_activity.pid IS 'process of the session';
COMMENT ON COLUMN @extschema@.clipperf_activity.dbid IS 'database that it is connected to';
COMMENT ON COLUMN @extschema@.clipperf_activity.datname IS 'its name';
COMMENT ON COLUMN @extschema@.clipperf_activity.userid IS 'role that has logged in';
COMMENT ON COLUMN @extschema@.clipperf_activity.usename IS 'its name';
COMMENT ON COLUMN @extschema@.clipperf_activity.route IS 'route of the statement that runs, or ran last; NULL if it has none, or is not known yet';
COMMENT ON COLUMN @extschema@.clipperf_activity.request_kind IS 'how the request is told apart from others: trace, transaction or inferred; NULL while its first statement runs';
COMMENT ON COLUMN @extschema@.clipperf_activity.request_ms IS 'time since the request began, on this connection, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_activity.statements IS 'statements of the request that have ended, on this connection';
COMMENT ON COLUMN @extschema@.clipperf_activity.state IS 'state of the session, as in pg_stat_activity';
COMMENT ON COLUMN @extschema@.clipperf_activity.state_ms IS 'time in this state, milliseconds: the age of the statement, if it is active';
COMMENT ON COLUMN @extschema@.clipperf_activity.queryid IS 'statement that runs, or ran last, by its clipperf_queries.queryid; NULL if it is a utility statement, is not known yet, or you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_activity.query IS 'its query text, or the command of a utility statement, such as COMMIT; as in pg_stat_activity where no execution has ended yet';
COMMENT ON COLUMN @extschema@.clipperf_activity.wait_event_type IS 'what it waits for, as in pg_stat_activity; CPU if it is active and waits for nothing';
COMMENT ON COLUMN @extschema@.clipperf_activity.wait_event IS 'event that it waits for, as in pg_stat_activity; CPU if it is active and waits for nothing';
COMMENT ON COLUMN @extschema@.clipperf_activity.blocking_pids IS 'processes that block it, by pg_blocking_pids(); NULL if it does not wait for a lock';
COMMENT ON COLUMN @extschema@.clipperf_activity.blocking_routes IS 'their routes, in the same order';

GRANT SELECT ON @extschema@.clipperf_activity TO PUBLIC;
