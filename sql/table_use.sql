-- Which statements use which tables.

CREATE FUNCTION @extschema@._clipperf_read_table_use(
    OUT relation regclass, OUT reads boolean, OUT writes boolean, OUT locks_rows boolean,
    OUT userid oid, OUT toplevel boolean, OUT queryid bigint, OUT route text,
    OUT calls bigint, OUT total_ms double precision, OUT last_seen timestamptz, OUT tables_dropped bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_table_use';
COMMENT ON FUNCTION @extschema@._clipperf_read_table_use() IS
'tables that the statements of the current database use, without query texts; read the view clipperf_table_use instead';

CREATE VIEW @extschema@.clipperf_table_use AS
SELECT u.relation, u.queryid, u.reads, u.writes, u.locks_rows, u.userid, r.rolname AS usename, u.toplevel, u.route,
       u.calls, u.total_ms, u.last_seen, u.tables_dropped,
       @extschema@._clipperf_query_text(u.userid, d.oid, u.queryid) AS query
FROM @extschema@._clipperf_read_table_use() AS u
     JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = u.userid;

COMMENT ON VIEW @extschema@.clipperf_table_use IS
'which statements use which tables, by the plans that ran: one row per table, statement, user and route, of the current database; you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_table_use.relation IS 'table, materialized view or foreign table; a partition or inheritance child counts as its parent';
COMMENT ON COLUMN @extschema@.clipperf_table_use.queryid IS 'statement that uses it, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_table_use.query IS 'its normalized query text; NULL if it did not fit in clipperf.text_memory';
COMMENT ON COLUMN @extschema@.clipperf_table_use.reads IS 'true if it reads the table, also through a view, or in a function or trigger whose statements are not counted separately';
COMMENT ON COLUMN @extschema@.clipperf_table_use.writes IS 'true if it inserts, updates or deletes rows of the table';
COMMENT ON COLUMN @extschema@.clipperf_table_use.locks_rows IS 'true if it locks rows of the table, by FOR UPDATE or the like';
COMMENT ON COLUMN @extschema@.clipperf_table_use.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@.clipperf_table_use.usename IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_table_use.toplevel IS 'true if a client sent it, false if it ran inside another statement';
COMMENT ON COLUMN @extschema@.clipperf_table_use.route IS 'route it belongs to, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_table_use.calls IS 'executions of the statement that ended without an error';
COMMENT ON COLUMN @extschema@.clipperf_table_use.total_ms IS 'executor time of all its calls, on whatever table, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_table_use.last_seen IS 'start of its last execution';
COMMENT ON COLUMN @extschema@.clipperf_table_use.tables_dropped IS 'further tables that it uses, beyond the 16 that are kept per statement';

GRANT SELECT ON @extschema@.clipperf_table_use TO PUBLIC;
