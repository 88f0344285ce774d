-- Which statements run once for each row of another.

CREATE FUNCTION @extschema@._clipperf_read_n_plus_one(
    OUT pattern bigint, OUT userid oid, OUT confidence text,
    OUT parent_queryid bigint, OUT parent_query text, OUT parent_column text,
    OUT child_queryid bigint, OUT child_query text, OUT relation regclass, OUT child_parameter text,
    OUT episodes bigint, OUT children bigint, OUT max_children bigint, OUT connections bigint,
    OUT child_ms double precision, OUT roundtrip_ms double precision, OUT pipelined boolean,
    OUT function regprocedure, OUT route text,
    OUT first_seen timestamptz, OUT last_seen timestamptz, OUT is_closed boolean, OUT again boolean)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_n_plus_one';
COMMENT ON FUNCTION @extschema@._clipperf_read_n_plus_one() IS
'N+1 patterns of the current database; read the view clipperf_n_plus_one instead';

CREATE FUNCTION @extschema@._clipperf_batched(pattern bigint, OUT suggestion text, OUT no_suggestion text)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_batched';
COMMENT ON FUNCTION @extschema@._clipperf_batched(bigint) IS
'one statement in place of a pattern''s children, planned as their user, or the reason why there is none; read the view clipperf_n_plus_one instead';

CREATE VIEW @extschema@.clipperf_n_plus_one AS
SELECT n.confidence, n.relation, n.parent_column, n.child_parameter,
       n.episodes, n.children, n.max_children, n.connections,
       n.child_ms, n.roundtrip_ms, n.pipelined, n.function, n.route,
       n.first_seen, n.last_seen, n.is_closed, n.again, n.parent_queryid, n.child_queryid,
       n.parent_query, n.child_query, (n.batched).suggestion, (n.batched).no_suggestion
-- a query of its own: what is not asked for is not computed, and what is, once
FROM (SELECT r.*, @extschema@._clipperf_batched(r.pattern) AS batched
      FROM @extschema@._clipperf_read_n_plus_one() AS r OFFSET 0) AS n;

COMMENT ON VIEW @extschema@.clipperf_n_plus_one IS
'statements that ran once for each row of an earlier result: one row per parent, child, user and route, of the current database; you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.confidence IS '''proven'': the child''s parameters were the values of one column of the parent''s result; ''suspected'': no such result was seen, but one request held many runs of one key look-up';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.parent_queryid IS 'statement whose result was looped over, as in clipperf_queries; NULL if suspected';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.parent_query IS 'its normalised text; NULL if it did not fit into clipperf.text_memory';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.parent_column IS 'column of its result that the children''s values came from';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_queryid IS 'statement that ran for each row';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_query IS 'its normalised text; NULL if it did not fit into clipperf.text_memory';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.relation IS 'table that the children looked into; NULL if it is not known or dropped';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_parameter IS 'parameter of the child that took the values, and the column it is compared with';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.episodes IS 'results that were looped over';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.children IS 'children of all episodes';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.max_children IS 'most children of one episode';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.connections IS 'most connections that the children of one episode were spread over';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_ms IS 'time in the executor of all children, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.roundtrip_ms IS 'time between the end of a child and the start of the next, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.pipelined IS 'true if most children were sent before the one ahead of them was answered, so that they cost no round trips';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.function IS 'PL/pgSQL function that the loop is in; NULL if a client loops';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.route IS 'route of the children, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.first_seen IS 'when the pattern was first proven or suspected';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.last_seen IS 'start of the last child';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.is_closed IS 'true if it was not seen in the last 100 calls of the parent, or of the child if suspected';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.again IS 'true if it was over once, and was seen again';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.suggestion IS 'one statement in place of the children, which takes an array for each value that varied; NULL if there is none';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.no_suggestion IS 'why there is none';

GRANT SELECT ON @extschema@.clipperf_n_plus_one TO PUBLIC;
