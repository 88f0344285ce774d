-- What would help: the advisor.

CREATE FUNCTION @extschema@._clipperf_advise(
    storage_budget text, max_indexes integer, min_benefit double precision, index_set text,
    time_limit interval, allow_functions regprocedure[],
    min_calls bigint, since timestamptz, queryids bigint[], unused_since timestamptz, statements text[],
    weights double precision[],
    OUT id bigint, OUT action text, OUT relation regclass, OUT index_name name,
    OUT ddl text, OUT source text, OUT status text,
    OUT benefit_share double precision, OUT cost_before double precision, OUT cost_after double precision,
    OUT mean_before_ms double precision, OUT mean_after_ms double precision,
    OUT blocks_before double precision, OUT blocks_after double precision,
    OUT size_bytes bigint, OUT write_cost_share double precision, OUT queryids bigint[], OUT reason text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20
AS 'MODULE_PATHNAME', 'clipperf_advise';
COMMENT ON FUNCTION @extschema@._clipperf_advise(
    text, integer, double precision, text, interval, regprocedure[], bigint, timestamptz, bigint[], timestamptz, text[],
    double precision[]) IS
'runs the advisor; call clipperf_recommend() or clipperf_recommend_for() instead';

-- These two set no search_path: the statements handed in are to be understood as the caller would run them.

CREATE FUNCTION @extschema@.clipperf_recommend(
    storage_budget text DEFAULT NULL, max_indexes integer DEFAULT NULL,
    min_benefit double precision DEFAULT 0.01, index_set text DEFAULT NULL,
    time_limit interval DEFAULT NULL, allow_functions regprocedure[] DEFAULT NULL,
    min_calls bigint DEFAULT 1, since timestamptz DEFAULT NULL, queryids bigint[] DEFAULT NULL,
    unused_since timestamptz DEFAULT now() - interval '30 days',
    OUT id bigint, OUT action text, OUT relation regclass, OUT index_name name,
    OUT source text, OUT status text,
    OUT benefit_share double precision, OUT cost_before double precision, OUT cost_after double precision,
    OUT mean_before_ms double precision, OUT mean_after_ms double precision,
    OUT blocks_before double precision, OUT blocks_after double precision,
    OUT size_bytes bigint, OUT write_cost_share double precision, OUT queryids bigint[],
    OUT ddl text, OUT reason text)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 20
BEGIN ATOMIC
    SELECT a.id, a.action, a.relation, a.index_name, a.source, a.status, a.benefit_share, a.cost_before,
           a.cost_after, a.mean_before_ms, a.mean_after_ms, a.blocks_before, a.blocks_after, a.size_bytes, a.write_cost_share, a.queryids, a.ddl, a.reason
    FROM @extschema@._clipperf_advise($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL) AS a;
END;
COMMENT ON FUNCTION @extschema@.clipperf_recommend(
    text, integer, double precision, text, interval, regprocedure[], bigint, timestamptz, bigint[], timestamptz) IS
'indexes that would help the statements observed in this database, and those to drop; or what to do with each index of an index set';

CREATE FUNCTION @extschema@.clipperf_recommend_for(
    statements text[], storage_budget text DEFAULT NULL, max_indexes integer DEFAULT NULL,
    min_benefit double precision DEFAULT 0.01,
    time_limit interval DEFAULT NULL, allow_functions regprocedure[] DEFAULT NULL,
    weights double precision[] DEFAULT NULL,
    OUT id bigint, OUT action text, OUT relation regclass, OUT index_name name,
    OUT source text, OUT status text,
    OUT benefit_share double precision, OUT cost_before double precision, OUT cost_after double precision,
    OUT mean_before_ms double precision, OUT mean_after_ms double precision,
    OUT blocks_before double precision, OUT blocks_after double precision,
    OUT size_bytes bigint, OUT write_cost_share double precision, OUT queryids bigint[],
    OUT ddl text, OUT reason text)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 20
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', CASE WHEN $1 IS NULL THEN '22004' ELSE '22023' END,
                                       format('argument "statements" must not be %s', CASE WHEN $1 IS NULL THEN 'null' ELSE 'empty' END))
    WHERE $1 IS NULL OR cardinality($1) = 0;
    SELECT a.id, a.action, a.relation, a.index_name, a.source, a.status, a.benefit_share, a.cost_before,
           a.cost_after, a.mean_before_ms, a.mean_after_ms, a.blocks_before, a.blocks_after, a.size_bytes, a.write_cost_share, a.queryids, a.ddl, a.reason
    FROM @extschema@._clipperf_advise($2, $3, $4, NULL, $5, $6, NULL, NULL, NULL, NULL, $1, $7) AS a;
END;
COMMENT ON FUNCTION @extschema@.clipperf_recommend_for(
    text[], text, integer, double precision, interval, regprocedure[], double precision[]) IS
'indexes that would help these statements, each called as often as its weight says, whether they were observed or not';

CREATE FUNCTION @extschema@._clipperf_script_statements(script text, OUT line integer, OUT statement text)
RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'clipperf_script_statements';
COMMENT ON FUNCTION @extschema@._clipperf_script_statements(text) IS
'the statements of a script, in their order, each with the line that it begins on, for clipperf advise';
