-- What the advisor recommended last, until it is acted on, by clipperf_apply() or otherwise.

CREATE TABLE @extschema@.clipperf_recommendations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action text NOT NULL CHECK (action IN ('create', 'drop', 'keep', 'skip')),
    relation @extschema@._clipperf_relation,
    index_name name,
    source text NOT NULL,
    status text NOT NULL DEFAULT 'new',
    status_at timestamptz NOT NULL DEFAULT now(),
    benefit_share double precision,
    cost_before double precision,
    cost_after double precision,
    mean_before_ms double precision,
    mean_after_ms double precision,
    blocks_before double precision,
    blocks_after double precision,
    size_bytes bigint,
    write_cost_share double precision,
    queryids bigint[],
    kind text,
    for_statements boolean NOT NULL DEFAULT false,
    slowed bigint[] NOT NULL DEFAULT '{}',
    alike bigint,
    storage_budget bigint,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by name NOT NULL DEFAULT current_user,
    role oid NOT NULL DEFAULT quote_ident(current_user)::regrole,
    ddl text,
    reason text NOT NULL
);
COMMENT ON TABLE @extschema@.clipperf_recommendations IS
'the last recommendations of clipperf_recommend(), with the state of the jobs that clipperf_apply() made of them; you see your own, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.id IS 'number of the recommendation, for clipperf_apply()';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.action IS 'create or drop an index, keep an existing one, or skip one; see reason';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.relation IS 'table of the index; NULL if there is no such table';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.index_name IS 'name of the index';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.ddl IS 'the statement that does it, with its semicolon';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.source IS 'workload, catalog, or set: and the name of an index set';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.status IS 'new, built if the index has been built since, or the state of the job that clipperf_apply() made of it';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.status_at IS 'since when';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.benefit_share IS 'estimated share of the measured time of all statements that is lost if this index alone is left out, 0..1, less write_cost_share';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.cost_before IS 'planner''s cost of one call of the statements served, weighted by their calls, without the index';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.cost_after IS 'the same with the index';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.mean_before_ms IS 'time of one such call without the index, milliseconds; NULL if they were not observed';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.mean_after_ms IS 'the same with the index, estimated';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.blocks_before IS 'blocks that one such call touches without the index; NULL if that is not known';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.blocks_after IS 'the same with the index, estimated';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.size_bytes IS 'size of the index, bytes; estimated unless it exists';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.write_cost_share IS 'estimated write overhead as a share of the measured time of all statements, 0..1';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.queryids IS 'statements whose plans use it, as in clipperf_queries, those that gain most first';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.reason IS 'why, in one sentence';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.kind IS 'kind of the finding that clipperf_report() makes of it; NULL = none';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.for_statements IS
'true if made by clipperf_recommend_for(): it is no finding, and applied only if named by id';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.storage_budget IS
'the storage_budget of the run that made it, bytes; NULL = none. clipperf_apply() builds no more of its indexes than fit';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.slowed IS
'statements that the reason expects to become slower; clipperf_apply() waits for calls of them before it decides';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.alike IS
'id of the row that stands for this one, where the same is recommended for many tables of one name; that row has its own id here and the sums of all; NULL if it stands alone';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.made_at IS 'when it was recommended';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.made_by IS 'role that ran the advisor, by its name at that time';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.role IS
'OID of the role that ran the advisor, to which the row belongs; a later role of the same name does not see it';

-- A partial index may repeat a constant of another role's statement.
ALTER TABLE @extschema@.clipperf_recommendations ENABLE ROW LEVEL SECURITY;
CREATE POLICY clipperf_recommendations_own ON @extschema@.clipperf_recommendations FOR SELECT
USING (role = quote_ident(current_user)::regrole OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'));
GRANT SELECT ON @extschema@.clipperf_recommendations TO PUBLIC;

-- And of the scans that it recommended no index for, why.

CREATE TABLE @extschema@.clipperf_scan_advice (
    relation @extschema@._clipperf_relation NOT NULL,
    queryid bigint NOT NULL,
    walked_index @extschema@._clipperf_relation,
    outcome text NOT NULL CHECK (outcome IN ('settled', 'no_index', 'trigrams', 'unplanned')),
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by name NOT NULL DEFAULT current_user,
    role oid NOT NULL DEFAULT quote_ident(current_user)::regrole,
    reason text NOT NULL
);
COMMENT ON TABLE @extschema@.clipperf_scan_advice IS
'scans that the last clipperf_recommend() advised no index for, and why; you see your own rows, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.relation IS 'table that was scanned';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.queryid IS 'statement that scanned it';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.walked_index IS
'index that was walked, or the table itself for indexes of its partitions; NULL for a sequential scan';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.outcome IS
'settled: its plans use another index now; no_index: no index would help; trigrams: an index would need the extension pg_trgm; unplanned: the statement cannot be planned again';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.reason IS 'why, in one sentence';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.made_at IS 'when the advisor found it';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.made_by IS 'role that ran the advisor, by its name at that time';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.role IS 'OID of the role that ran the advisor';

ALTER TABLE @extschema@.clipperf_scan_advice ENABLE ROW LEVEL SECURITY;
CREATE POLICY clipperf_scan_advice_own ON @extschema@.clipperf_scan_advice FOR SELECT
USING (role = quote_ident(current_user)::regrole OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'));
GRANT SELECT ON @extschema@.clipperf_scan_advice TO PUBLIC;
