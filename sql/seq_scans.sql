-- Which statements read tables from end to end, or by an index that finds far more than they want.

CREATE FUNCTION @extschema@._clipperf_read_seq_scans(
    OUT relation regclass, OUT userid oid, OUT queryid bigint, OUT query text,
    OUT executions bigint, OUT scans bigint,
    OUT rows_read bigint, OUT rows_kept bigint, OUT rows_needed bigint,
    OUT filter_columns text[], OUT sort_columns text[],
    OUT total_ms double precision, OUT relation_bytes bigint,
    OUT first_seen timestamptz, OUT last_seen timestamptz, OUT walked_index regclass,
    OUT estimated boolean, OUT is_closed boolean, OUT again boolean, OUT unseen_calls bigint,
    OUT serving_index regclass)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_seq_scans';
COMMENT ON FUNCTION @extschema@._clipperf_read_seq_scans() IS
'scans of the current database that read too much; read the views clipperf_seq_scans and clipperf_index_scans instead';

CREATE VIEW @extschema@.clipperf_seq_scans AS
SELECT s.relation, s.queryid, s.executions, s.scans, s.rows_read, s.rows_kept,
       pg_catalog.round((s.rows_kept / greatest(s.rows_read, 1)::double precision)::numeric, 6)::double precision AS kept_share, s.rows_needed, s.estimated,
       s.filter_columns, s.sort_columns, s.total_ms, s.relation_bytes, s.first_seen, s.last_seen, s.query
FROM @extschema@._clipperf_read_seq_scans() AS s
WHERE s.walked_index IS NULL;

COMMENT ON VIEW @extschema@.clipperf_seq_scans IS
'sequential scans with a filter, under a join or under a sort with LIMIT, that read at least clipperf.seqscan_min_rows rows per execution: one row per table, statement, user and set of columns, of the current database; you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.relation IS 'table that was read; the parent, for partitions read through it';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.queryid IS 'statement that read it, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.query IS 'its normalized query text; NULL if it did not fit in clipperf.text_memory';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.scans IS 'times the table was scanned; more than executions where a join or subquery scans it repeatedly';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.rows_read IS 'rows read by all scans';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.rows_kept IS 'rows that passed the filter';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.kept_share IS 'rows_kept / rows_read, 0..1';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.filter_columns IS 'columns of the filter and the join, each with how it is compared, such as ''game_id ='', ''created_at >'', ''title ~~''; equality first';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.sort_columns IS 'columns the rows are then sorted by, as in ORDER BY';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.total_ms IS 'executor time attributed to the scan by the planner''s costs, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.relation_bytes IS 'current size of the table with its partitions, without indexes and TOAST, bytes; NULL while another session has it locked';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.estimated IS 'true if only some executions were counted and the others extrapolated: times, scans and rows are estimates then';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.first_seen IS 'start of the first statement that scanned it';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.last_seen IS 'start of the last statement that scanned it';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.executions IS 'executions of the statement';
COMMENT ON COLUMN @extschema@.clipperf_seq_scans.rows_needed IS 'rows kept that a join then matched and a sort with LIMIT returned';

GRANT SELECT ON @extschema@.clipperf_seq_scans TO PUBLIC;

CREATE VIEW @extschema@.clipperf_index_scans AS
SELECT s.relation, s.walked_index, s.queryid, s.executions, s.scans, s.rows_read, s.rows_kept,
       pg_catalog.round((s.rows_kept / greatest(s.rows_read, 1)::double precision)::numeric, 6)::double precision AS kept_share, s.rows_needed, s.estimated,
       s.filter_columns, s.total_ms, s.relation_bytes, s.first_seen, s.last_seen, s.query
FROM @extschema@._clipperf_read_seq_scans() AS s
WHERE s.walked_index IS NOT NULL;

COMMENT ON VIEW @extschema@.clipperf_index_scans IS
'index scans whose filter discarded at least clipperf.seqscan_min_rows rows per execution: one row per table, index, statement, user and set of columns, of the current database; you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.relation IS 'table that was read; the parent, for partitions read through it';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.walked_index IS 'index that was walked; the table itself, for partitions read through it';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.queryid IS 'statement that read it, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.scans IS 'times the index was walked';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.rows_read IS 'rows that the index found in all scans';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.rows_kept IS 'rows that passed the filter';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.kept_share IS 'rows_kept / rows_read, 0..1';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.estimated IS 'true if only some executions were counted and the others extrapolated: times, scans and rows are estimates then';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.filter_columns IS 'columns of the filter, of the index condition, and of the join, as in clipperf_seq_scans';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.total_ms IS 'executor time attributed to the scan by the planner''s costs, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.relation_bytes IS 'current size of the table with its partitions, without indexes and TOAST, bytes; NULL while another session has it locked';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.first_seen IS 'start of the first statement that scanned it';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.last_seen IS 'start of the last statement that scanned it';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.executions IS 'executions of the statement';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.rows_needed IS 'rows kept that a join then matched and a sort with LIMIT returned';
COMMENT ON COLUMN @extschema@.clipperf_index_scans.query IS 'its normalized query text; NULL if it did not fit in clipperf.text_memory';

GRANT SELECT ON @extschema@.clipperf_index_scans TO PUBLIC;
