-- Metrics for Prometheus and its like: clipperf_metrics().

-- For monitoring alone: reading gives routes their places, and findings are counted over all roles' statements.
CREATE FUNCTION @extschema@._clipperf_read_request_metrics(
    OUT scope text, OUT name text, OUT requests bigint, OUT failed bigint, OUT errors bigint, OUT statements bigint,
    OUT loop_statements bigint, OUT slow bigint, OUT large bigint, OUT database_seconds double precision,
    OUT span_seconds double precision, OUT time_bounds double precision[], OUT database_buckets bigint[], OUT span_buckets bigint[],
    OUT statement_bounds double precision[], OUT statement_buckets bigint[],
    OUT routes_left_out bigint, OUT endpoints_left_out bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_request_metrics';
COMMENT ON FUNCTION @extschema@._clipperf_read_request_metrics() IS
'what requests did, with histograms; read the view clipperf_request_metrics instead';
REVOKE ALL ON FUNCTION @extschema@._clipperf_read_request_metrics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._clipperf_read_request_metrics() TO pg_read_all_stats;

CREATE VIEW @extschema@.clipperf_request_metrics AS
SELECT m.scope, m.name, m.requests, m.failed, m.errors, m.statements, m.loop_statements, m.slow, m.large,
       m.database_seconds, m.span_seconds, m.time_bounds, m.database_buckets, m.span_buckets,
       m.statement_bounds, m.statement_buckets, m.routes_left_out, m.endpoints_left_out
FROM @extschema@._clipperf_read_request_metrics() AS m;
COMMENT ON VIEW @extschema@.clipperf_request_metrics IS
'one row for the current database, and one for each of its routes and endpoints that have metrics of their own: requests that have ended for good, as counters and histograms for monitoring systems';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.scope IS 'database, route or endpoint';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.name IS 'name of the route or endpoint; NULL for the database';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.requests IS 'requests that have ended for good';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.failed IS 'requests with an error';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.errors IS 'errors in requests';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.statements IS 'statements of all requests';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.loop_statements IS 'of the statements, lookups that belong to a loop, as in clipperf_n_plus_one';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.slow IS 'requests of an endpoint that took longer than its target; else NULL';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.large IS 'requests of an endpoint that had too many statements; else NULL';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.database_seconds IS 'database time of all requests, seconds';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.span_seconds IS 'time of all requests from the start of the first statement to the end of the last, seconds';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.time_bounds IS 'bounds of times, seconds: powers of two of a microsecond';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.database_buckets IS 'requests whose database time is below each of time_bounds, exact; NULL if that is not told';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.span_buckets IS 'requests whose span is below each of time_bounds, exact; NULL if that is not told';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.statement_bounds IS 'bounds of numbers of statements';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.statement_buckets IS 'requests of at most so many statements as each of statement_bounds, exact; NULL if that is not told';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.routes_left_out IS 'routes of the database that have no row; NULL in other rows';
COMMENT ON COLUMN @extschema@.clipperf_request_metrics.endpoints_left_out IS 'endpoints of the database that have no row; NULL in other rows';
GRANT SELECT ON @extschema@.clipperf_request_metrics TO pg_read_all_stats;

-- Each kind of finding with each severity, in a fixed order.
CREATE FUNCTION @extschema@._clipperf_finding_kinds(OUT place bigint, OUT kind text, OUT severity text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT row_number() OVER (ORDER BY k.place, s.place), k.kind, s.severity
    FROM unnest(@extschema@._clipperf_kinds()) WITH ORDINALITY AS k (kind, place)
         CROSS JOIN (VALUES (1, 'critical'), (2, 'warning'), (3, 'info')) AS s (place, severity);
END;
COMMENT ON FUNCTION @extschema@._clipperf_finding_kinds() IS 'kinds of findings and their severities';

CREATE FUNCTION @extschema@._clipperf_count_findings()
RETURNS bigint[]
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT array_agg(c.findings ORDER BY c.place)
    FROM (SELECT k.place, count(f.rank) AS findings
          FROM @extschema@._clipperf_finding_kinds() AS k
               LEFT JOIN @extschema@.clipperf_findings() AS f ON f.kind = k.kind AND f.severity = k.severity
          GROUP BY k.place) AS c;
END;
COMMENT ON FUNCTION @extschema@._clipperf_count_findings() IS 'how many findings there are of each of _clipperf_finding_kinds()';
REVOKE ALL ON FUNCTION @extschema@._clipperf_count_findings() FROM PUBLIC;

CREATE FUNCTION @extschema@._clipperf_recent_finding_counts()
RETURNS bigint[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_recent_finding_counts';
COMMENT ON FUNCTION @extschema@._clipperf_recent_finding_counts() IS
'_clipperf_count_findings(), counted by the owner of the extension once a minute';
REVOKE ALL ON FUNCTION @extschema@._clipperf_recent_finding_counts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._clipperf_recent_finding_counts() TO pg_read_all_stats;

CREATE VIEW @extschema@.clipperf_finding_counts AS
SELECT k.kind, k.severity, c.findings
FROM unnest(@extschema@._clipperf_recent_finding_counts()) WITH ORDINALITY AS c (findings, place)
     JOIN @extschema@._clipperf_finding_kinds() AS k USING (place);
COMMENT ON VIEW @extschema@.clipperf_finding_counts IS
'one row per kind of finding and severity: how many of them clipperf_report() has, at most a minute ago';
COMMENT ON COLUMN @extschema@.clipperf_finding_counts.kind IS 'kind of the finding, as in clipperf_report()';
COMMENT ON COLUMN @extschema@.clipperf_finding_counts.severity IS 'critical, warning or info';
COMMENT ON COLUMN @extschema@.clipperf_finding_counts.findings IS 'findings of all roles'' statements in the current database that are not accepted';
GRANT SELECT ON @extschema@.clipperf_finding_counts TO pg_read_all_stats;

CREATE FUNCTION @extschema@._clipperf_metric_label(value text)
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_metric_label';
COMMENT ON FUNCTION @extschema@._clipperf_metric_label(text) IS 'the value of a label, between its quotes';

-- Names end in their unit, if they have one; counters get "_total" besides.
CREATE FUNCTION @extschema@._clipperf_metric_families(OUT place integer, OUT family text, OUT type text, OUT unit text, OUT help text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT f.* FROM (VALUES
        (1, 'clipperf_request_database_seconds', 'histogram', 'seconds', 'Time of requests in the database, planning and execution.'),
        (2, 'clipperf_request_span_seconds', 'histogram', 'seconds', 'Time of requests from the start of their first statement to the end of the last.'),
        (3, 'clipperf_request_statements', 'histogram', NULL, 'Statements of requests.'),
        (4, 'clipperf_request_failed', 'counter', NULL, 'Requests with an error.'),
        (5, 'clipperf_request_errors', 'counter', NULL, 'Errors in requests.'),
        (6, 'clipperf_request_loop_statements', 'counter', NULL, 'Statements of requests that belong to N+1 loops.'),
        (7, 'clipperf_requests_in_flight', 'gauge', NULL, 'Sessions that run a statement or hold a transaction open.'),
        (8, 'clipperf_sessions_active', 'gauge', NULL, 'Mean number of active sessions, by what they wait for, in this minute and the four before it.'),
        (10, 'clipperf_route_database_seconds', 'histogram', 'seconds', 'Time of the route''s requests in the database, planning and execution.'),
        (11, 'clipperf_route_span_seconds', 'histogram', 'seconds', 'Time of the route''s requests from the start of their first statement to the end of the last.'),
        (12, 'clipperf_route_failed', 'counter', NULL, 'Requests of the route with an error.'),
        (13, 'clipperf_route_errors', 'counter', NULL, 'Errors in requests of the route.'),
        (14, 'clipperf_route_statements', 'counter', NULL, 'Statements of the route''s requests.'),
        (15, 'clipperf_route_loop_statements', 'counter', NULL, 'Statements of the route''s requests that belong to N+1 loops.'),
        (20, 'clipperf_endpoint_requests', 'counter', NULL, 'Requests of the endpoint.'),
        (21, 'clipperf_endpoint_failed', 'counter', NULL, 'Requests of the endpoint with an error.'),
        (22, 'clipperf_endpoint_min_bad_requests', 'gauge', NULL, 'Bad requests below which nothing is called a breach.'),
        (23, 'clipperf_endpoint_time_seconds', 'histogram', 'seconds', 'Time of the endpoint''s requests: the one that is compared with its target.'),
        (24, 'clipperf_objective_bad_requests', 'counter', NULL, 'Requests of the endpoint that miss the objective: time, errors or statements.'),
        (25, 'clipperf_objective_allowed_ratio', 'gauge', 'ratio', 'Share of the endpoint''s requests that may miss the objective.'),
        (30, 'clipperf_findings_open', 'gauge', NULL, 'Findings of the report that are not accepted, at most a minute old.'),
        (31, 'clipperf_recommendations_open', 'gauge', NULL, 'Recommendations of the advisor that nothing was made of yet.'),
        (32, 'clipperf_jobs_in_state', 'gauge', NULL, 'Jobs that build or drop an index, by state.'),
        (33, 'clipperf_routes_left_out', 'gauge', NULL, 'Routes without metrics of their own.'),
        (34, 'clipperf_endpoints_left_out', 'gauge', NULL, 'Endpoints without metrics of their own.'),
        (40, 'clipperf_build', 'info', NULL, 'Version of the loaded module.'),
        (41, 'clipperf_start_time_seconds', 'gauge', 'seconds', 'Start of the observations, seconds since 1970.'),
        (42, 'clipperf_saved_time_seconds', 'gauge', 'seconds', 'Last save to disk since the server started, seconds since 1970.'),
        (43, 'clipperf_worker_running', 'gauge', NULL, '1 if the process that saves to disk runs.'),
        (44, 'clipperf_overhead_seconds', 'gauge', 'seconds', 'Own time per execution, measured in one of 128.'),
        (45, 'clipperf_overhead_ratio', 'gauge', 'ratio', 'Own time as a share of executor time and own time together.'),
        (51, 'clipperf_sampler_running', 'gauge', NULL, '1 if the process that samples waits runs.'),
        (52, 'clipperf_sampler_ratio', 'gauge', 'ratio', 'Its time as a share of one processor.'),
        (46, 'clipperf_memory_reserved_bytes', 'gauge', 'bytes', 'Shared memory taken at server start.'),
        (47, 'clipperf_memory_used_bytes', 'gauge', 'bytes', 'Shared memory in use.'),
        (48, 'clipperf_entries_held', 'gauge', NULL, 'Entries held now.'),
        (49, 'clipperf_statements_limit', 'gauge', NULL, 'Most statements held at a time.'),
        (50, 'clipperf_lost', 'counter', NULL, 'What was given up or not counted for lack of space.')
    ) AS f (place, family, type, unit, help);
END;
COMMENT ON FUNCTION @extschema@._clipperf_metric_families() IS 'what there is in clipperf_metrics(), in its order';

-- Samples without the names that formats give them: of a histogram the buckets, as counts up to "bound", with the sum and
-- the count. No label holds a queryid or a text: there would be no end of series.
CREATE FUNCTION @extschema@._clipperf_metric_samples(
    server boolean, OUT family text, OUT labels text, OUT suffix text, OUT bound double precision, OUT value double precision)
RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    WITH here AS MATERIALIZED (
        SELECT format('database="%s"', @extschema@._clipperf_metric_label(current_database())) AS labels
    ), request AS MATERIALIZED (
        SELECT r.*, 'clipperf_' || CASE r.scope WHEN 'database' THEN 'request' ELSE r.scope END AS prefix,
               h.labels || CASE WHEN r.name IS NOT NULL
                                THEN format(',%s="%s"', r.scope, @extschema@._clipperf_metric_label(r.name)) ELSE '' END AS labels
        FROM @extschema@.clipperf_request_metrics AS r, here AS h
    ), objective AS MATERIALIZED (
        SELECT r.labels, e.min_bad, e.measured, r.time_bounds AS bounds, r.requests,
               CASE e.measured WHEN 'span' THEN r.span_buckets ELSE r.database_buckets END AS buckets,
               CASE e.measured WHEN 'span' THEN r.span_seconds ELSE r.database_seconds END AS seconds,
               o.*
        FROM request AS r
             JOIN @extschema@.clipperf_endpoints AS e ON e.name = r.name AND r.scope = 'endpoint'
             CROSS JOIN LATERAL (VALUES
                ('time', r.slow, CASE WHEN e.target_ms IS NOT NULL THEN @extschema@._clipperf_budget(e.target_share) END),
                ('errors', r.failed, e.max_error_share),
                ('statements', r.large, CASE WHEN e.max_statements IS NOT NULL THEN @extschema@._clipperf_budget(e.target_share) END)
             ) AS o (objective, bad, allowed)
    ), histogram AS (
        SELECT r.prefix || v.what AS family, r.labels, v.bounds, v.buckets, v.sum, r.requests
        FROM request AS r
             CROSS JOIN LATERAL (VALUES
                ('_database_seconds', r.time_bounds, r.database_buckets, r.database_seconds),
                ('_span_seconds', r.time_bounds, r.span_buckets, r.span_seconds)) AS v (what, bounds, buckets, sum)
        WHERE r.scope <> 'endpoint'
        UNION ALL
        SELECT 'clipperf_request_statements', r.labels, r.statement_bounds, r.statement_buckets, r.statements, r.requests
        FROM request AS r WHERE r.scope = 'database'
        UNION ALL
        SELECT 'clipperf_endpoint_time_seconds', o.labels, o.bounds, o.buckets, o.seconds, o.requests
        FROM objective AS o WHERE o.objective = 'time' AND o.buckets IS NOT NULL
    ), info AS MATERIALIZED (
        SELECT i.* FROM @extschema@.clipperf_info AS i WHERE $1
    ), sample AS (
        SELECT h.family, h.labels, '_bucket' AS suffix, b.bound, b.requests::float8 AS value
        FROM histogram AS h CROSS JOIN LATERAL unnest(h.bounds, h.buckets) AS b (bound, requests)
        UNION ALL
        SELECT h.family, h.labels, v.suffix, v.bound, v.value
        FROM histogram AS h
             CROSS JOIN LATERAL (VALUES ('_bucket', float8 'infinity', h.requests::float8), ('_sum', NULL, h.sum), ('_count', NULL, h.requests)
             ) AS v (suffix, bound, value)
        UNION ALL
        SELECT r.prefix || v.what, r.labels, '', NULL, v.value::float8
        FROM request AS r
             CROSS JOIN LATERAL (VALUES
                ('_failed', r.failed), ('_errors', r.errors), ('_statements', r.statements), ('_loop_statements', r.loop_statements)
             ) AS v (what, value)
        WHERE r.scope = 'route' OR (r.scope = 'database' AND v.what <> '_statements')
        UNION ALL
        SELECT 'clipperf_endpoint' || v.what, o.labels, '', NULL, v.value::float8
        FROM objective AS o
             CROSS JOIN LATERAL (VALUES ('_requests', o.requests), ('_failed', o.bad), ('_min_bad_requests', o.min_bad)) AS v (what, value)
        WHERE o.objective = 'errors'
        UNION ALL
        SELECT 'clipperf_objective' || v.what, format('%s,objective="%s"', o.labels, o.objective), '', NULL, v.value
        FROM objective AS o
             CROSS JOIN LATERAL (VALUES ('_bad_requests', o.bad::float8), ('_allowed_ratio', o.allowed)) AS v (what, value)
        WHERE o.allowed IS NOT NULL
        UNION ALL
        SELECT 'clipperf_requests_in_flight', h.labels, '', NULL,
               (SELECT count(*) FROM pg_stat_activity AS a
                WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.state <> 'idle'
                  AND a.pid <> pg_backend_pid())
        FROM here AS h
        UNION ALL
        SELECT 'clipperf_sessions_active', format('%s,wait="%s"', h.labels, c.class), '', NULL,
               CASE WHEN i.sampler_pid IS NULL THEN 'NaN' ELSE coalesce(w.sessions, 0) END
        FROM here AS h
             CROSS JOIN @extschema@.clipperf_info AS i
             CROSS JOIN unnest('{CPU,Activity,BufferPin,Client,Extension,InjectionPoint,IO,IPC,Lock,LWLock,Timeout}'::text[]) AS c (class)
             LEFT JOIN (SELECT w.wait_event_type, sum(w.recent_sessions) AS sessions
                        FROM @extschema@.clipperf_waits AS w
                        WHERE w.datname = current_database() AND w.state = 'active'
                        GROUP BY w.wait_event_type) AS w ON w.wait_event_type = c.class
        UNION ALL
        SELECT 'clipperf_findings_open', format('%s,kind="%s",severity="%s"', h.labels, f.kind, f.severity), '', NULL, f.findings
        FROM @extschema@.clipperf_finding_counts AS f, here AS h
        UNION ALL
        SELECT 'clipperf_recommendations_open', format('%s,action="%s"', h.labels, a.action), '', NULL,
               (SELECT count(*) FROM @extschema@.clipperf_recommendations AS r WHERE r.status = 'new' AND r.action = a.action)
        FROM here AS h, (VALUES ('create'), ('drop')) AS a (action)
        UNION ALL
        SELECT 'clipperf_jobs_in_state', format('%s,state="%s"', h.labels, s.state), '', NULL,
               (SELECT count(*) FROM @extschema@.clipperf_jobs AS j WHERE j.state = s.state)
        FROM here AS h,
             unnest('{queued,waiting,building,verifying,kept,useless,regressed,reverted,failed,canceled}'::text[]) AS s (state)
        UNION ALL
        SELECT 'clipperf_' || v.family, r.labels, '', NULL, v.value
        FROM request AS r
             CROSS JOIN LATERAL (VALUES ('routes_left_out', r.routes_left_out), ('endpoints_left_out', r.endpoints_left_out)) AS v (family, value)
        WHERE r.scope = 'database'
        UNION ALL
        SELECT 'clipperf_build', format('version="%s"', @extschema@._clipperf_metric_label(i.version)), '_info', NULL, 1
        FROM info AS i
        UNION ALL
        SELECT 'clipperf_' || v.family, '', '', NULL, coalesce(v.value::float8, 'NaN')
        FROM info AS i
             CROSS JOIN LATERAL (VALUES
                ('start_time_seconds', extract(epoch FROM i.since)), ('saved_time_seconds', extract(epoch FROM i.saved_at)),
                ('worker_running', (i.worker_pid IS NOT NULL)::integer), ('overhead_seconds', i.overhead_mean_ms / 1000),
                ('overhead_ratio', i.overhead_share), ('sampler_running', (i.sampler_pid IS NOT NULL)::integer),
                ('sampler_ratio', i.sampler_share), ('memory_reserved_bytes', i.memory_reserved_bytes),
                ('memory_used_bytes', i.memory_used_bytes), ('statements_limit', i.statements_max)) AS v (family, value)
        UNION ALL
        SELECT 'clipperf_entries_held', format('what="%s"', v.what), '', NULL, v.value::float8
        FROM info AS i
             CROSS JOIN LATERAL (VALUES
                ('statements', i.statements_held), ('table_uses', i.table_uses_held), ('texts', i.texts_held),
                ('n_plus_one', i.n_plus_one_held), ('scans', i.seq_scans_held), ('routes', i.routes_held),
                ('request_routes', i.request_routes_held), ('endpoints', i.endpoints_held), ('waits', i.waits_held), ('plans', i.plans_held)) AS v (what, value)
        UNION ALL
        SELECT 'clipperf_lost', format('what="%s"', v.what), '', NULL, v.value::float8
        FROM info AS i
             CROSS JOIN LATERAL (VALUES
                ('statements', i.statements_evicted), ('executions', i.executions_dropped), ('texts', i.texts_dropped),
                ('texts_cut', i.texts_cut), ('n_plus_one', i.n_plus_one_evicted), ('scans', i.seq_scans_evicted),
                ('routes', i.routes_evicted), ('request_routes', i.request_routes_evicted), ('traces_cut', i.request_traces_cut),
                ('requests_recent', i.request_recent_dropped), ('requests', i.requests_lost),
                ('waits', i.waits_evicted), ('wait_samples', i.wait_samples_lost), ('plans', i.plans_evicted),
                ('plan_executions', i.plan_executions_lost)) AS v (what, value)
    )
    -- names that differ in bytes which cannot be shown are one series
    SELECT s.family, s.labels, s.suffix, s.bound, sum(s.value)
    FROM sample AS s
    GROUP BY s.family, s.labels, s.suffix, s.bound;
END;
COMMENT ON FUNCTION @extschema@._clipperf_metric_samples(boolean) IS 'samples of this database, and of the server as a whole if that is wanted';
REVOKE ALL ON FUNCTION @extschema@._clipperf_metric_samples(boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._clipperf_metric_samples(boolean) TO pg_read_all_stats;

CREATE FUNCTION @extschema@.clipperf_metrics(format text DEFAULT 'prometheus', server boolean DEFAULT true)
RETURNS text
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
SET jit = off
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', '22004', format('argument "%s" must not be null', a.name))
    FROM (VALUES (1, 'format', $1 IS NULL), (2, 'server', $2 IS NULL)) AS a (place, name, missing)
    WHERE a.missing ORDER BY a.place LIMIT 1;
    SELECT @extschema@._clipperf_raise('error', '22023', format('unrecognized format of metrics: "%s"', $1), NULL,
                                       'The formats are prometheus and openmetrics.')
    WHERE $1 NOT IN ('prometheus', 'openmetrics');
    WITH named AS (
        SELECT s.family,
               concat(s.family, CASE f.type WHEN 'counter' THEN '_total' ELSE s.suffix END,
                      '{' || nullif(concat_ws(',', nullif(s.labels, ''),
                                              CASE WHEN s.bound = 'infinity' THEN 'le="+Inf"'
                                                   WHEN s.bound IS NOT NULL
                                                   THEN format('le="%s%s"', s.bound, CASE WHEN s.bound = trunc(s.bound) THEN '.0' ELSE '' END)
                                              END), '') || '}',
                      ' ', s.value, E'\n') AS line,
               s.labels, array_position('{_bucket,_sum,_count}', s.suffix) AS step, s.bound
        FROM @extschema@._clipperf_metric_samples($2) AS s JOIN @extschema@._clipperf_metric_families() AS f USING (family)
    ), grouped AS (
        SELECT n.family, string_agg(n.line, '' ORDER BY n.labels COLLATE "C", n.step, n.bound) AS lines
        FROM named AS n
        GROUP BY n.family
    ), told AS (
        SELECT f.place, f.family, f.type, f.unit, f.help, g.lines, $1 = 'openmetrics' AS is_open,
               f.family || CASE WHEN $1 = 'openmetrics' THEN '' WHEN f.type = 'counter' THEN '_total' WHEN f.type = 'info' THEN '_info' ELSE '' END AS name
        FROM @extschema@._clipperf_metric_families() AS f JOIN grouped AS g USING (family)
    )
    SELECT string_agg(concat('# HELP ', t.name, ' ', t.help, E'\n',
                             '# TYPE ', t.name, ' ', CASE WHEN t.type = 'info' AND NOT t.is_open THEN 'gauge' ELSE t.type END, E'\n',
                             CASE WHEN t.is_open THEN '# UNIT ' || t.name || ' ' || t.unit || E'\n' END,
                             t.lines), '' ORDER BY t.place)
           || CASE WHEN $1 = 'openmetrics' THEN E'# EOF\n' ELSE '' END
    FROM told AS t;
END;
COMMENT ON FUNCTION @extschema@.clipperf_metrics(text, boolean) IS
'metrics of the current database, at most 2,000 series, in the text format of Prometheus ("prometheus") or as OpenMetrics ("openmetrics"); "server" adds those of the server as a whole';
REVOKE ALL ON FUNCTION @extschema@.clipperf_metrics(text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.clipperf_metrics(text, boolean) TO pg_read_all_stats;
