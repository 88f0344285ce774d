-- Which plans statements had, and where database time goes.

CREATE FUNCTION @extschema@._clipperf_read_plans(
    OUT userid oid, OUT dbid oid, OUT queryid bigint, OUT plan_id bigint,
    OUT calls bigint, OUT measured bigint, OUT timed bigint,
    OUT total_ms double precision, OUT mean_ms double precision, OUT p95_ms double precision,
    OUT mean_rows double precision, OUT mean_blocks double precision, OUT mean_work double precision,
    OUT settings text, OUT first_seen timestamptz, OUT last_seen timestamptz, OUT outline text)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_plans';
COMMENT ON FUNCTION @extschema@._clipperf_read_plans() IS
'plans of the statements of the current database, without query texts; read the view clipperf_plans instead';

CREATE FUNCTION @extschema@._clipperf_read_worst_nodes(
    OUT userid oid, OUT queryid bigint, OUT total_ms double precision, OUT node text, OUT share double precision,
    OUT rows double precision, OUT expected double precision, OUT loops double precision, OUT is_estimate boolean)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_worst_nodes';
COMMENT ON FUNCTION @extschema@._clipperf_read_worst_nodes() IS
'of each plan of the current database, the node that takes most time of its own, and its rows per execution';

CREATE VIEW @extschema@.clipperf_plans AS
SELECT p.userid, r.rolname AS usename, p.queryid, p.plan_id, c.calls, p.measured, p.timed,
       c.calls * p.mean_ms AS total_ms, p.mean_ms, p.p95_ms, p.mean_rows, p.mean_blocks, p.settings,
       p.first_seen, p.last_seen, p.outline,
       @extschema@._clipperf_query_text(p.userid, p.dbid, p.queryid) AS query
FROM (SELECT *, sum(p.calls) OVER (PARTITION BY p.userid, p.queryid) AS all_calls
      FROM @extschema@._clipperf_read_plans() AS p) AS p
     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = p.userid
     LEFT JOIN (SELECT q.userid, q.dbid, q.queryid, sum(q.calls) AS calls
                FROM @extschema@._clipperf_read_queries() AS q GROUP BY q.userid, q.dbid, q.queryid) AS s
        ON (s.userid, s.dbid, s.queryid) = (p.userid, p.dbid, p.queryid),
     LATERAL (SELECT greatest(p.measured, round(coalesce(s.calls, p.all_calls) * p.calls / p.all_calls))::bigint AS calls) AS c;

COMMENT ON VIEW @extschema@.clipperf_plans IS
'plans that statements of the current database had, one row per statement, user and plan: estimates from some of the executions (clipperf.plan_interval); you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_plans.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@.clipperf_plans.usename IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_plans.queryid IS 'statement, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_plans.plan_id IS 'hash of the plan''s nodes: their kinds, joins, tables and indexes, without values';
COMMENT ON COLUMN @extschema@.clipperf_plans.calls IS 'about how many of the statement''s calls had this plan, by those that were measured';
COMMENT ON COLUMN @extschema@.clipperf_plans.measured IS 'executions that were measured';
COMMENT ON COLUMN @extschema@.clipperf_plans.timed IS 'of these, executions with the time of each node; in the others time is shared out by rows';
COMMENT ON COLUMN @extschema@.clipperf_plans.total_ms IS 'about the executor time of all executions with this plan, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_plans.mean_ms IS 'mean of the executions, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_plans.p95_ms IS '95th percentile of the executions, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_plans.mean_rows IS 'rows returned or changed per execution';
COMMENT ON COLUMN @extschema@.clipperf_plans.mean_blocks IS 'shared blocks found or read per execution';
COMMENT ON COLUMN @extschema@.clipperf_plans.settings IS 'settings of the planner that were off in the last execution measured; empty if none was';
COMMENT ON COLUMN @extschema@.clipperf_plans.first_seen IS 'start of the first execution measured';
COMMENT ON COLUMN @extschema@.clipperf_plans.last_seen IS 'start of the last execution measured';
COMMENT ON COLUMN @extschema@.clipperf_plans.outline IS 'the plan''s nodes, each with its share of the time, the rows it returned per execution, and the rows that the planner expected';
COMMENT ON COLUMN @extschema@.clipperf_plans.query IS 'query text with literals replaced by $n and without comments; NULL if it did not fit in clipperf.text_memory';

GRANT SELECT ON @extschema@.clipperf_plans TO PUBLIC;

CREATE FUNCTION @extschema@.clipperf_profile(format text DEFAULT 'folded')
RETURNS text
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_profile';
COMMENT ON FUNCTION @extschema@.clipperf_profile(text) IS
'time of the statements of the current database by route, statement and plan node: "folded" stacks in microseconds, or the base64 of a file for "pprof"; of your own statements, or of all for members of pg_read_all_stats';

CREATE FUNCTION @extschema@._clipperf_profile_pprof()
RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_profile_pprof';
COMMENT ON FUNCTION @extschema@._clipperf_profile_pprof() IS 'the profile for pprof as the bytes of a file; call clipperf_profile() instead';
