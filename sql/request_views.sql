-- What the requests of each route did.

CREATE FUNCTION @extschema@._clipperf_read_routes(
    recent boolean,
    OUT dbid oid, OUT route text,
    OUT requests bigint, OUT traces bigint, OUT transactions bigint, OUT inferred bigint,
    OUT failed bigint, OUT errors bigint, OUT statements bigint, OUT loop_statements bigint, OUT rows bigint,
    OUT shared_blks_hit bigint, OUT shared_blks_read bigint, OUT wal_bytes bigint,
    OUT total_ms double precision, OUT span_ms double precision, OUT wait_ms double precision,
    OUT p50_ms double precision, OUT p95_ms double precision, OUT p99_ms double precision, OUT max_ms double precision,
    OUT span_p50_ms double precision, OUT span_p95_ms double precision, OUT span_p99_ms double precision,
    OUT span_max_ms double precision,
    OUT statements_p95 bigint, OUT statements_max bigint,
    OUT costliest_userid oid, OUT costliest_queryid bigint,
    OUT first_seen timestamptz, OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_routes';
COMMENT ON FUNCTION @extschema@._clipperf_read_routes(boolean) IS
'counters of the requests of all routes, or of the last minutes; read the views clipperf_routes and clipperf_routes_recent instead';

CREATE VIEW @extschema@.clipperf_routes AS
SELECT q.dbid, d.datname, q.route, q.requests,
       pg_catalog.round((q.traces::double precision / q.requests)::numeric, 6)::double precision AS trace_share,
       pg_catalog.round((q.transactions::double precision / q.requests)::numeric, 6)::double precision AS transaction_share,
       pg_catalog.round((q.inferred::double precision / q.requests)::numeric, 6)::double precision AS inferred_share,
       pg_catalog.round(((q.requests - 1) / nullif(pg_catalog.date_part('epoch', q.last_seen - q.first_seen), 0))::numeric, 6)::double precision AS requests_per_second,
       q.p50_ms, q.p95_ms, q.p99_ms, q.max_ms, q.span_p50_ms, q.span_p95_ms, q.span_p99_ms, q.span_max_ms,
       q.total_ms, pg_catalog.round((q.total_ms / nullif(sum(q.total_ms) OVER (), 0))::numeric, 6)::double precision AS database_share, q.wait_ms,
       q.statements, pg_catalog.round((q.statements::double precision / q.requests)::numeric, 6)::double precision AS statements_mean, q.statements_p95, q.statements_max,
       q.loop_statements, q.errors, q.failed, pg_catalog.round((q.failed::double precision / q.requests)::numeric, 6)::double precision AS error_share,
       q.rows, q.shared_blks_hit, q.shared_blks_read, q.wal_bytes, q.costliest_queryid,
       q.first_seen, q.last_seen,
       @extschema@._clipperf_query_text(q.costliest_userid, q.dbid, q.costliest_queryid) AS costliest_query
FROM @extschema@._clipperf_read_routes(false) AS q
     LEFT JOIN pg_catalog.pg_database AS d ON d.oid = q.dbid;

COMMENT ON VIEW @extschema@.clipperf_routes IS
'one row per database and route: its requests since clipperf_info.since, of all users; figures are visible to all, the statement that costs most to those who may read it';
COMMENT ON COLUMN @extschema@.clipperf_routes.dbid IS 'database that the requests used';
COMMENT ON COLUMN @extschema@.clipperf_routes.datname IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_routes.route IS 'route of the requests; NULL if they have none, or its name has made space for others';
COMMENT ON COLUMN @extschema@.clipperf_routes.requests IS 'requests that have ended';
COMMENT ON COLUMN @extschema@.clipperf_routes.trace_share IS 'of these, the share told apart by a trace id';
COMMENT ON COLUMN @extschema@.clipperf_routes.transaction_share IS 'of these, the share told apart by an explicit transaction';
COMMENT ON COLUMN @extschema@.clipperf_routes.inferred_share IS 'of these, the share told apart by pauses of the client (clipperf.request_idle)';
COMMENT ON COLUMN @extschema@.clipperf_routes.requests_per_second IS 'requests for each second from the end of the first to that of the last one; NULL if there was one only';
COMMENT ON COLUMN @extschema@.clipperf_routes.p50_ms IS 'median of the database time of a request, planning and execution of its statements, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes.p95_ms IS '95th percentile of the database time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes.p99_ms IS '99th percentile of the database time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes.max_ms IS 'longest database time, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes.span_p50_ms IS 'median of the time from the start of the first statement of a request to the end of its last one, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes.span_p95_ms IS '95th percentile of that time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes.span_p99_ms IS '99th percentile of that time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes.span_max_ms IS 'longest such time, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes.total_ms IS 'database time of all requests, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes.database_share IS 'its share of the database time of all routes in all databases';
COMMENT ON COLUMN @extschema@.clipperf_routes.wait_ms IS 'time between the statements of all requests, on the wire and in the client, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes.statements IS 'statements of all requests, those that failed included; BEGIN, COMMIT, SET and other utility statements do not count';
COMMENT ON COLUMN @extschema@.clipperf_routes.statements_mean IS 'mean of the statements per request';
COMMENT ON COLUMN @extschema@.clipperf_routes.statements_p95 IS '95th percentile of the statements per request, exact up to 15, else at most 8% too low';
COMMENT ON COLUMN @extschema@.clipperf_routes.statements_max IS 'most statements of one request';
COMMENT ON COLUMN @extschema@.clipperf_routes.loop_statements IS 'of the statements, lookups that belong to a loop, as in clipperf_n_plus_one';
COMMENT ON COLUMN @extschema@.clipperf_routes.errors IS 'errors: statements that failed, also before they were planned, and transactions that could not be committed';
COMMENT ON COLUMN @extschema@.clipperf_routes.failed IS 'requests with an error';
COMMENT ON COLUMN @extschema@.clipperf_routes.error_share IS 'their share of the requests';
COMMENT ON COLUMN @extschema@.clipperf_routes.rows IS 'rows returned or changed';
COMMENT ON COLUMN @extschema@.clipperf_routes.shared_blks_hit IS 'blocks found in shared buffers';
COMMENT ON COLUMN @extschema@.clipperf_routes.shared_blks_read IS 'blocks read into shared buffers';
COMMENT ON COLUMN @extschema@.clipperf_routes.wal_bytes IS 'WAL generated, bytes';
COMMENT ON COLUMN @extschema@.clipperf_routes.costliest_queryid IS 'statement that took most time on this route since clipperf_info.since, by its clipperf_queries.queryid; NULL if you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_routes.costliest_query IS 'its query text; NULL if you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_routes.first_seen IS 'end of the first request';
COMMENT ON COLUMN @extschema@.clipperf_routes.last_seen IS 'end of the last request';

GRANT SELECT ON @extschema@.clipperf_routes TO PUBLIC;

CREATE VIEW @extschema@.clipperf_routes_recent AS
SELECT q.dbid, d.datname, q.route, q.requests,
       pg_catalog.round((q.traces::double precision / q.requests)::numeric, 6)::double precision AS trace_share,
       pg_catalog.round((q.transactions::double precision / q.requests)::numeric, 6)::double precision AS transaction_share,
       pg_catalog.round((q.inferred::double precision / q.requests)::numeric, 6)::double precision AS inferred_share,
       pg_catalog.round(((q.requests - 1) / nullif(pg_catalog.date_part('epoch', q.last_seen - q.first_seen), 0))::numeric, 6)::double precision AS requests_per_second,
       q.p50_ms, q.p95_ms, q.p99_ms, q.max_ms, q.span_p50_ms, q.span_p95_ms, q.span_p99_ms, q.span_max_ms,
       q.total_ms, pg_catalog.round((q.total_ms / nullif(sum(q.total_ms) OVER (), 0))::numeric, 6)::double precision AS database_share, q.wait_ms,
       q.statements, pg_catalog.round((q.statements::double precision / q.requests)::numeric, 6)::double precision AS statements_mean, q.statements_p95, q.statements_max,
       q.loop_statements, q.errors, q.failed, pg_catalog.round((q.failed::double precision / q.requests)::numeric, 6)::double precision AS error_share,
       q.rows, q.shared_blks_hit, q.shared_blks_read, q.wal_bytes, q.costliest_queryid,
       q.first_seen, q.last_seen,
       @extschema@._clipperf_query_text(q.costliest_userid, q.dbid, q.costliest_queryid) AS costliest_query
FROM @extschema@._clipperf_read_routes(true) AS q
     LEFT JOIN pg_catalog.pg_database AS d ON d.oid = q.dbid;

COMMENT ON VIEW @extschema@.clipperf_routes_recent IS
'clipperf_routes of the requests that ended in this minute and the four before it, of 128 routes at most in each';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.dbid IS 'database that the requests used';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.datname IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.route IS 'route of the requests; NULL if they have none, or its name has made space for others';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.requests IS 'requests that have ended';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.trace_share IS 'of these, the share told apart by a trace id';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.transaction_share IS 'of these, the share told apart by an explicit transaction';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.inferred_share IS 'of these, the share told apart by pauses of the client (clipperf.request_idle)';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.requests_per_second IS 'requests for each second from the end of the first to that of the last one; NULL if there was one only';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.p50_ms IS 'median of the database time of a request, planning and execution of its statements, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.p95_ms IS '95th percentile of the database time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.p99_ms IS '99th percentile of the database time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.max_ms IS 'longest database time, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.span_p50_ms IS 'median of the time from the start of the first statement of a request to the end of its last one, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.span_p95_ms IS '95th percentile of that time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.span_p99_ms IS '99th percentile of that time, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.span_max_ms IS 'longest such time, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.total_ms IS 'database time of all requests, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.database_share IS 'its share of the database time of all routes in all databases';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.wait_ms IS 'time between the statements of all requests, on the wire and in the client, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.statements IS 'statements of all requests, those that failed included; BEGIN, COMMIT, SET and other utility statements do not count';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.statements_mean IS 'mean of the statements per request';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.statements_p95 IS '95th percentile of the statements per request, exact up to 15, else at most 8% too low';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.statements_max IS 'most statements of one request';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.loop_statements IS 'of the statements, lookups that belong to a loop, as in clipperf_n_plus_one';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.errors IS 'errors: statements that failed, also before they were planned, and transactions that could not be committed';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.failed IS 'requests with an error';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.error_share IS 'their share of the requests';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.rows IS 'rows returned or changed';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.shared_blks_hit IS 'blocks found in shared buffers';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.shared_blks_read IS 'blocks read into shared buffers';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.wal_bytes IS 'WAL generated, bytes';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.costliest_queryid IS 'statement that took most time on this route since clipperf_info.since, by its clipperf_queries.queryid; NULL if you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.costliest_query IS 'its query text; NULL if you may not read it';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.first_seen IS 'end of the first request';
COMMENT ON COLUMN @extschema@.clipperf_routes_recent.last_seen IS 'end of the last request';

GRANT SELECT ON @extschema@.clipperf_routes_recent TO PUBLIC;

CREATE FUNCTION @extschema@._clipperf_read_route_histograms(
    OUT dbid oid, OUT route text, OUT measured text, OUT bounds_ms double precision[], OUT counts bigint[])
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_route_histograms';
COMMENT ON FUNCTION @extschema@._clipperf_read_route_histograms() IS
'how the times of the requests of all routes are distributed; read the view clipperf_route_histograms instead';

CREATE VIEW @extschema@.clipperf_route_histograms AS
SELECT h.dbid, d.datname, h.route, h.measured, h.bounds_ms, h.counts
FROM @extschema@._clipperf_read_route_histograms() AS h
     LEFT JOIN pg_catalog.pg_database AS d ON d.oid = h.dbid;

COMMENT ON VIEW @extschema@.clipperf_route_histograms IS
'two rows per database and route: how the database time, and the span, of its requests since clipperf_info.since are distributed';
COMMENT ON COLUMN @extschema@.clipperf_route_histograms.dbid IS 'database that the requests used';
COMMENT ON COLUMN @extschema@.clipperf_route_histograms.datname IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_route_histograms.route IS 'route of the requests; NULL if they have none, or its name has made space for others';
COMMENT ON COLUMN @extschema@.clipperf_route_histograms.measured IS 'database, for the time that a request spent in the database; span, for the time from the start of its first statement to the end of its last one';
COMMENT ON COLUMN @extschema@.clipperf_route_histograms.bounds_ms IS 'bounds of intervals of time, milliseconds, four in each power of two: from the first to the last with a request in it';
COMMENT ON COLUMN @extschema@.clipperf_route_histograms.counts IS 'requests in each interval, from its lower bound to below its upper one: one number less than there are bounds';

GRANT SELECT ON @extschema@.clipperf_route_histograms TO PUBLIC;
