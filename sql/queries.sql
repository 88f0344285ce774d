-- What each statement did.

CREATE FUNCTION @extschema@._clipperf_read_queries(
    OUT userid oid, OUT dbid oid, OUT toplevel boolean, OUT queryid bigint, OUT route text,
    OUT calls bigint, OUT errors bigint, OUT rows bigint,
    OUT total_ms double precision, OUT min_ms double precision, OUT max_ms double precision,
    OUT mean_ms double precision, OUT stddev_ms double precision,
    OUT p50_ms double precision, OUT p95_ms double precision, OUT p99_ms double precision,
    OUT plan_ms double precision,
    OUT shared_blks_hit bigint, OUT shared_blks_read bigint, OUT temp_blks_written bigint,
    OUT wal_bytes bigint, OUT distinct_params bigint,
    OUT first_seen timestamptz, OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_queries';
COMMENT ON FUNCTION @extschema@._clipperf_read_queries() IS
'counters of all statements, without query texts; read the view clipperf_queries instead';

CREATE FUNCTION @extschema@._clipperf_query_text(userid oid, dbid oid, queryid bigint)
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_query_text';
COMMENT ON FUNCTION @extschema@._clipperf_query_text(oid, oid, bigint) IS
'normalized query text of a statement that was run by this role in this database; NULL if the caller may not read it';

CREATE VIEW @extschema@.clipperf_queries AS
SELECT q.userid, r.rolname AS usename, q.dbid, d.datname, q.toplevel, q.queryid, q.route, q.calls, q.errors, q.rows,
       q.total_ms, q.min_ms, q.max_ms, q.mean_ms, q.stddev_ms, q.p50_ms, q.p95_ms, q.p99_ms,
       q.plan_ms, q.shared_blks_hit, q.shared_blks_read, q.temp_blks_written, q.wal_bytes,
       q.distinct_params, q.first_seen, q.last_seen,
       @extschema@._clipperf_query_text(q.userid, q.dbid, q.queryid) AS query
FROM @extschema@._clipperf_read_queries() AS q
     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = q.userid
     LEFT JOIN pg_catalog.pg_database AS d ON d.oid = q.dbid;

COMMENT ON VIEW @extschema@.clipperf_queries IS
'one row per statement, user, database and route since clipperf_info.since, of all databases; you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_queries.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@.clipperf_queries.usename IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_queries.dbid IS 'database it ran in';
COMMENT ON COLUMN @extschema@.clipperf_queries.datname IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_queries.toplevel IS 'true if a client sent it, false if it ran inside another statement';
COMMENT ON COLUMN @extschema@.clipperf_queries.queryid IS 'the server''s hash of the statement without its literals';
COMMENT ON COLUMN @extschema@.clipperf_queries.query IS 'query text with literals replaced by $n and without comments; NULL if it did not fit in clipperf.text_memory';
COMMENT ON COLUMN @extschema@.clipperf_queries.route IS 'route it belongs to: from its sqlcommenter comment, else clipperf.route, else application_name';
COMMENT ON COLUMN @extschema@.clipperf_queries.calls IS 'executions that ended without an error';
COMMENT ON COLUMN @extschema@.clipperf_queries.errors IS 'executions that ended with an error, in planning too';
COMMENT ON COLUMN @extschema@.clipperf_queries.rows IS 'rows returned or changed';
COMMENT ON COLUMN @extschema@.clipperf_queries.total_ms IS 'executor time of all calls, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_queries.min_ms IS 'shortest call, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_queries.max_ms IS 'longest call, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_queries.mean_ms IS 'mean of the calls, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_queries.stddev_ms IS 'standard deviation of the calls, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_queries.p50_ms IS 'median of the calls, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_queries.p95_ms IS '95th percentile of the calls, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_queries.p99_ms IS '99th percentile of the calls, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_queries.plan_ms IS 'planner time, milliseconds; a plan that is reused costs none';
COMMENT ON COLUMN @extschema@.clipperf_queries.shared_blks_hit IS 'blocks found in shared buffers';
COMMENT ON COLUMN @extschema@.clipperf_queries.shared_blks_read IS 'blocks read into shared buffers';
COMMENT ON COLUMN @extschema@.clipperf_queries.temp_blks_written IS 'blocks written to temporary files by sorts, hashes and the like';
COMMENT ON COLUMN @extschema@.clipperf_queries.wal_bytes IS 'WAL generated, bytes';
COMMENT ON COLUMN @extschema@.clipperf_queries.distinct_params IS 'estimated number of different parameter lists, standard error 9%';
COMMENT ON COLUMN @extschema@.clipperf_queries.first_seen IS 'start of the first execution counted';
COMMENT ON COLUMN @extschema@.clipperf_queries.last_seen IS 'start of the last execution counted';

GRANT SELECT ON @extschema@.clipperf_queries TO PUBLIC;

CREATE FUNCTION @extschema@.clipperf_reset(what text DEFAULT 'all')
RETURNS void
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_reset';
COMMENT ON FUNCTION @extschema@.clipperf_reset(text) IS
'resets statistics of all databases: ''all'', ''queries'', ''n_plus_one'', ''seq_scans'', ''samples'', ''routes'', ''waits'' or ''plans''; ''standbys'' forgets that standby servers were seen';
REVOKE ALL ON FUNCTION @extschema@.clipperf_reset(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.clipperf_reset_database(what text DEFAULT 'all', database name DEFAULT current_database())
RETURNS void
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_reset_database';
COMMENT ON FUNCTION @extschema@.clipperf_reset_database(text, name) IS
'resets statistics of one database, the current one or one that you own, as clipperf_reset() does of all';
REVOKE ALL ON FUNCTION @extschema@.clipperf_reset_database(text, name) FROM PUBLIC;
