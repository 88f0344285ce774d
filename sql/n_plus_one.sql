-- Which statements run once for each row of another.

CREATE FUNCTION @extschema@._clipperf_read_n_plus_one(
    OUT pattern bigint, OUT userid oid, OUT list bigint, OUT confidence text,
    OUT parent_queryid bigint, OUT parent_query text, OUT parent_column text,
    OUT child_queryid bigint, OUT child_query text, OUT relation regclass, OUT child_parameter text,
    OUT join_column smallint,
    OUT loops bigint, OUT children bigint, OUT max_children bigint, OUT connections bigint,
    OUT child_ms double precision, OUT roundtrip_ms double precision, OUT pipelined boolean,
    OUT function regprocedure, OUT route text, OUT framework text, OUT source_location text,
    OUT first_seen timestamptz, OUT last_seen timestamptz, OUT is_closed boolean, OUT again boolean,
    OUT rival_column text, OUT in_pieces boolean)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_n_plus_one';
COMMENT ON FUNCTION @extschema@._clipperf_read_n_plus_one() IS
'N+1 patterns of the current database; read the view clipperf_n_plus_one instead';

CREATE FUNCTION @extschema@._clipperf_batched(pattern bigint, OUT suggestion text, OUT no_suggestion text)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_batched';
COMMENT ON FUNCTION @extschema@._clipperf_batched(bigint) IS
'one statement that replaces a pattern''s child queries, planned as their role, or the reason why there is none; read the view clipperf_n_plus_one instead';

CREATE FUNCTION @extschema@._clipperf_idiom(framework text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_idiom';
COMMENT ON FUNCTION @extschema@._clipperf_idiom(text) IS
'what one writes in a framework to load rows together with their list; NULL if it is not known';

CREATE VIEW @extschema@.clipperf_n_plus_one AS
SELECT n.confidence, n.relation, n.parent_column, n.rival_column, n.child_parameter,
       n.loops, n.children, n.max_children, n.connections,
       n.child_ms, n.roundtrip_ms, n.pipelined, n.in_pieces, n.function, n.route,
       n.framework, n.source_location,
       n.first_seen, n.last_seen, n.is_closed, n.again, n.parent_queryid, n.child_queryid,
       n.parent_query, n.child_query, (n.batched).suggestion, (n.batched).no_suggestion
-- a query of its own: what is not asked for is not computed, and what is, once
FROM (SELECT r.*, @extschema@._clipperf_batched(r.pattern) AS batched
      FROM @extschema@._clipperf_read_n_plus_one() AS r OFFSET 0) AS n;

COMMENT ON VIEW @extschema@.clipperf_n_plus_one IS
'statements that ran once for each row of an earlier result: one row per parent query, child query, role and route of the current database; you see your own statements, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.confidence IS '''proven'': the parameters of the child query were the values of one column of the parent query''s result; ''suspected'': no such result was seen, but one request ran one lookup by key many times, or each child query ran in a request of its own';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.parent_queryid IS 'statement whose result was looped over, as in clipperf_queries; NULL if suspected';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.parent_query IS 'its normalized query text; NULL if it did not fit in clipperf.text_memory';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.parent_column IS 'column of the parent query''s result that the values came from';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.rival_column IS 'another column of a list that held the same values in the same order: which of the two the application loops over cannot be told; NULL if it can';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.in_pieces IS 'true if the child queries insert single rows, a batch that is sent in pieces, and no list was seen';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_queryid IS 'statement that ran for each row';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_query IS 'its normalized query text; NULL if it did not fit in clipperf.text_memory';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.relation IS 'table that the child query reads or writes; NULL if unknown or dropped';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_parameter IS 'parameter of the child query that received the values, and the column it is compared with';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.loops IS 'number of loops: results of the parent query that child queries followed';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.children IS 'child queries of all loops';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.max_children IS 'most child queries of one loop';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.connections IS 'most connections that the child queries of one loop were spread over';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.child_ms IS 'executor time of all child queries, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.roundtrip_ms IS 'cost of the round trips of all child queries, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.pipelined IS 'true if most child queries were sent before the previous one was answered, so that they cost no round trips';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.function IS 'PL/pgSQL function that contains the loop; NULL if the client loops';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.route IS 'route of the child queries, as in clipperf_queries';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.framework IS 'framework of the application, by the comment of the child query or application_name; NULL if neither tells';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.source_location IS 'where in the application the child query is sent: file and line, job, controller and action, as far as its comment tells';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.first_seen IS 'when the pattern was first proven or suspected';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.last_seen IS 'start of the last child query';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.is_closed IS 'true if it was not seen in the last 100 calls of the parent query, or of the child query if suspected';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.again IS 'true if it was closed once, and seen again';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.suggestion IS 'one statement that replaces the child queries, with an array for each value that varied; NULL if there is none';
COMMENT ON COLUMN @extschema@.clipperf_n_plus_one.no_suggestion IS 'why there is none';

GRANT SELECT ON @extschema@.clipperf_n_plus_one TO PUBLIC;
