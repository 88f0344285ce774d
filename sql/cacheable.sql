-- What caches of results would save.

CREATE FUNCTION @extschema@._clipperf_read_cacheable(
    OUT userid oid, OUT queryid bigint, OUT route text, OUT ttl_s integer, OUT calls bigint, OUT total_ms double precision,
    OUT hit_share_low double precision, OUT hit_share double precision, OUT hit_share_high double precision,
    OUT stale_share_low double precision, OUT stale_share_high double precision,
    OUT kept_share_low double precision, OUT kept_share_high double precision, OUT distinct_lists double precision,
    OUT writes_per_second double precision, OUT rows_written_per_second double precision,
    OUT unmeasured bigint, OUT repeats bigint, OUT repeats_ms double precision,
    OUT depends_on text[], OUT tables regclass[], OUT written_tables regclass[], OUT since timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_cacheable';
COMMENT ON FUNCTION @extschema@._clipperf_read_cacheable() IS
'what caches of the results of statements of the current database would save, without query texts; read the view clipperf_cacheable instead';

CREATE VIEW @extschema@.clipperf_cacheable AS
SELECT c.route, c.queryid, make_interval(secs => c.ttl_s) AS time_to_live, c.calls, c.total_ms,
       c.hit_share_low, c.hit_share, c.hit_share_high,
       pg_catalog.round((c.total_ms * c.hit_share)::numeric, 3)::double precision AS saved_ms,
       pg_catalog.round((c.total_ms * c.hit_share / nullif(t.ms, 0))::numeric, 6)::double precision AS saved_share,
       c.stale_share_low, c.stale_share_high, c.kept_share_low, c.kept_share_high,
       c.writes_per_second, c.rows_written_per_second, c.distinct_lists, c.unmeasured, c.repeats, c.repeats_ms,
       c.depends_on, c.tables, c.written_tables, c.userid, r.rolname AS usename, c.since,
       @extschema@._clipperf_query_text(c.userid, d.oid, c.queryid) AS query
FROM @extschema@._clipperf_read_cacheable() AS c
     CROSS JOIN (SELECT sum(q.total_ms + q.plan_ms) AS ms
                 FROM @extschema@._clipperf_read_queries() AS q
                 WHERE q.toplevel AND q.dbid = (SELECT b.oid FROM pg_catalog.pg_database AS b WHERE b.datname = current_database())) AS t
     JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = c.userid
ORDER BY saved_ms DESC, c.queryid, c.route, c.userid, c.ttl_s;

COMMENT ON VIEW @extschema@.clipperf_cacheable IS
'what a cache of results would save: one row per reading statement, user, route and time to live, of the current database, best first; you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.route IS 'route the statement belongs to, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.queryid IS 'statement, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.time_to_live IS 'how long the cache keeps a result: 10 s, 1 min, 5 min or 1 h';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.calls IS 'executions that were replayed';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.total_ms IS 'their planner and executor time, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.hit_share_low IS 'share of the calls that the cache answers, at least';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.hit_share IS 'share of the calls that the cache answers, estimated; exact for up to 512 lists of parameters an hour';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.hit_share_high IS 'share of the calls that the cache answers, at most';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.saved_ms IS 'database time that it saves: hit_share of total_ms, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.saved_share IS 'the same as a share of the time of all statements in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.stale_share_low IS 'share of its answers that are older than a write to the tables, if each row that is written concerns one list of parameters';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.stale_share_high IS 'share of its answers that are older than a write to the tables, if each write concerns all of them';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.kept_share_low IS 'share of the calls that it still answers if each write to the tables empties it';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.kept_share_high IS 'share of the calls that it still answers if each row that is written removes one result';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.writes_per_second IS 'statements a second that write the tables it reads, on average since the first statement seen';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.rows_written_per_second IS 'rows a second that they write';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.distinct_lists IS 'different lists of parameters and literals within a time to live, on average: results that the cache holds';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.unmeasured IS 'of the calls, those with a value that is too long or stored outside: they count as answered by no cache';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.repeats IS 'of the calls, those that had been made in the same trace or transaction on the same connection before';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.repeats_ms IS 'their planner and executor time, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.depends_on IS 'what else the result depends on, beside the tables and the parameters; empty = nothing that is known';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.tables IS 'tables it reads';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.written_tables IS 'of these, tables that statements write: what must remove results';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.usename IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.since IS 'start of the first call that was replayed';
COMMENT ON COLUMN @extschema@.clipperf_cacheable.query IS 'its normalized query text; NULL if it did not fit in clipperf.text_memory';

GRANT SELECT ON @extschema@.clipperf_cacheable TO PUBLIC;
