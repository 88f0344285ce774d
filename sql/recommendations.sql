-- What the advisor recommended last, until clipperf_apply() or somebody else has acted on it.

CREATE TABLE @extschema@.clipperf_recommendations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action text NOT NULL CHECK (action IN ('create', 'drop', 'keep', 'skip')),
    relation @extschema@._clipperf_relation,
    index_name name,
    ddl text,
    source text NOT NULL,
    status text NOT NULL DEFAULT 'new',
    status_at timestamptz NOT NULL DEFAULT now(),
    benefit_share double precision,
    cost_before double precision,
    cost_after double precision,
    size_bytes bigint,
    write_cost_share double precision,
    queryids bigint[],
    reason text NOT NULL,
    kind text,
    for_statements boolean NOT NULL DEFAULT false,
    slowed bigint[] NOT NULL DEFAULT '{}',
    alike bigint,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by name NOT NULL DEFAULT current_user,
    role oid NOT NULL DEFAULT quote_ident(current_user)::regrole
);
COMMENT ON TABLE @extschema@.clipperf_recommendations IS
'what clipperf_recommend() said last, and what clipperf_apply() has made of it; one sees his own, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.id IS 'number of the recommendation, for clipperf_apply()';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.action IS 'create or drop an index, keep one that is there, or skip a member of an index set';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.relation IS 'table of the index; NULL if there is no such table';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.index_name IS 'name of the index';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.ddl IS 'the statement that does it, with its semicolon; it runs when pasted';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.source IS 'where it comes from: workload, hygiene, or set: and the name of an index set';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.status IS 'new, built if the index has been built since, or the state of the job that clipperf_apply() made of it';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.status_at IS 'since when';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.benefit_share IS 'share of the measured time of all statements that it saves by the planner''s estimate, 0..1, write cost taken off';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.cost_before IS 'planner''s cost of one call of the statements served, weighted by their calls, without it';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.cost_after IS 'the same with it';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.size_bytes IS 'size of the index, bytes; estimated unless it exists';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.write_cost_share IS 'share of the measured time of all statements that keeping it up to date costs, 0..1';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.queryids IS 'statements it serves, the most served first';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.reason IS 'why, in one sentence';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.kind IS 'kind of the finding that clipperf_report() makes of it; NULL = none';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.for_statements IS
'said by clipperf_recommend_for(): no finding, and applied only by its number';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.slowed IS
'statements that it makes slower by what it says itself; clipperf_apply() waits for calls of them before it judges';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.alike IS
'number of the row that stands for it, where the same is to be done for many tables of one name; that row, which has its own number here, has the sums of all; NULL: it stands alone';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.made_at IS 'when it was recommended';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.made_by IS 'who asked, by the name of that time';
COMMENT ON COLUMN @extschema@.clipperf_recommendations.role IS
'OID of the role that asked, whose advice it is; another role of the same name has no part in it';

-- A partial index may repeat a constant of somebody's statement.
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
    reason text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by name NOT NULL DEFAULT current_user,
    role oid NOT NULL DEFAULT quote_ident(current_user)::regrole
);
COMMENT ON TABLE @extschema@.clipperf_scan_advice IS
'scans that the last clipperf_recommend() advised no index for, and why; you see your own rows, members of pg_read_all_stats all';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.relation IS 'table that was scanned';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.queryid IS 'statement that scanned it';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.walked_index IS
'index that it walked, the table itself for those of its partitions; NULL: it read the table from end to end';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.outcome IS
'settled: its plans use another index now; no_index: none would help; trigrams: one would need the extension pg_trgm; unplanned: the statement cannot be planned again';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.reason IS 'why, in one sentence';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.made_at IS 'when it was said';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.made_by IS 'who asked, by the name of that time';
COMMENT ON COLUMN @extschema@.clipperf_scan_advice.role IS 'OID of the role that asked';

ALTER TABLE @extschema@.clipperf_scan_advice ENABLE ROW LEVEL SECURITY;
CREATE POLICY clipperf_scan_advice_own ON @extschema@.clipperf_scan_advice FOR SELECT
USING (role = quote_ident(current_user)::regrole OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'));
GRANT SELECT ON @extschema@.clipperf_scan_advice TO PUBLIC;
