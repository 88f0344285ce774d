-- The indexes there are, and those that nobody needs.

CREATE FUNCTION @extschema@._clipperf_indexed_tables()
RETURNS SETOF regclass
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.oid::regclass
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND c.relhasindex
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND (c.relpersistence <> 't' OR n.oid = pg_my_temp_schema());
END;
COMMENT ON FUNCTION @extschema@._clipperf_indexed_tables() IS
'tables, materialized views and partitioned tables that have indexes, but those of the system and temporary ones of others';

CREATE FUNCTION @extschema@._clipperf_drop_reservation()
RETURNS text
LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_drop_reservation';
COMMENT ON FUNCTION @extschema@._clipperf_drop_reservation() IS
'warning for each recommendation to drop an index, that statements of standby servers were not seen; empty if there are none';

CREATE FUNCTION @extschema@._clipperf_read_indexes(
    relation regclass,
    OUT index_name regclass, OUT ddl text, OUT valid boolean, OUT size_bytes bigint, OUT backs text[],
    OUT covered_by regclass, OUT covered_reason text, OUT drop_ddl text)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_indexes';
COMMENT ON FUNCTION @extschema@._clipperf_read_indexes(regclass) IS
'indexes of a table; read the view clipperf_indexes instead';

CREATE VIEW @extschema@.clipperf_indexes AS
SELECT t.relation, i.index_name, i.valid, i.size_bytes, i.backs, i.covered_by, i.covered_reason, i.ddl, i.drop_ddl
FROM @extschema@._clipperf_indexed_tables() AS t (relation)
CROSS JOIN LATERAL @extschema@._clipperf_read_indexes(t.relation) AS i;

COMMENT ON VIEW @extschema@.clipperf_indexes IS
'one row per index of the current database but those of the system; tables that another session has locked exclusively are omitted';
COMMENT ON COLUMN @extschema@.clipperf_indexes.relation IS 'table';
COMMENT ON COLUMN @extschema@.clipperf_indexes.index_name IS 'index';
COMMENT ON COLUMN @extschema@.clipperf_indexes.ddl IS 'the CREATE INDEX statement that makes it, the same under any search_path';
COMMENT ON COLUMN @extschema@.clipperf_indexes.valid IS 'false: its build did not finish, no query uses it';
COMMENT ON COLUMN @extschema@.clipperf_indexes.size_bytes IS 'current size, with its partitions, bytes; NULL while another session has it locked';
COMMENT ON COLUMN @extschema@.clipperf_indexes.backs IS 'what it is needed for apart from queries: a constraint, a foreign key that refers to it, replica identity, CLUSTER, an index of the partitioned table';
COMMENT ON COLUMN @extschema@.clipperf_indexes.covered_by IS 'index that does everything that this one does, so that this one is not needed; NULL if there is none or backs is not empty';
COMMENT ON COLUMN @extschema@.clipperf_indexes.covered_reason IS 'why covered_by makes it redundant';
COMMENT ON COLUMN @extschema@.clipperf_indexes.drop_ddl IS 'the statement that drops it, if it is redundant';

GRANT SELECT ON @extschema@.clipperf_indexes TO PUBLIC;

CREATE FUNCTION @extschema@._clipperf_read_unneeded_indexes(
    relations oid[], unused_since timestamptz,
    OUT relation regclass, OUT index_name regclass, OUT problem text, OUT reason text, OUT ddl text, OUT size_bytes bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_read_unneeded_indexes';
COMMENT ON FUNCTION @extschema@._clipperf_read_unneeded_indexes(oid[], timestamptz) IS
'indexes of these tables that should be dropped; use clipperf_unneeded_indexes() instead';

CREATE FUNCTION @extschema@.clipperf_unneeded_indexes(unused_since timestamptz DEFAULT now() - interval '30 days')
RETURNS TABLE (relation regclass, index_name regclass, problem text, size_bytes bigint, reason text, ddl text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT h.relation, h.index_name, h.problem, h.size_bytes, h.reason, h.ddl
    FROM @extschema@._clipperf_read_unneeded_indexes(
        ARRAY(SELECT t::oid FROM @extschema@._clipperf_indexed_tables() AS t ORDER BY 1), unused_since) AS h;
END;
COMMENT ON FUNCTION @extschema@.clipperf_unneeded_indexes(timestamptz) IS
'indexes that should be dropped, and why: duplicate or redundant (another index does the same), invalid (its build failed), unused (no scan since the given time; NULL does not judge by use); never one that backs a constraint, a foreign key, replica identity, CLUSTER or an index of the partitioned table';
