-- What the planner would do with other indexes.

CREATE FUNCTION @extschema@.clipperf_what_if(
    statement text, indexes text[] DEFAULT '{}', hidden regclass[] DEFAULT '{}',
    OUT cost_before double precision, OUT cost_after double precision,
    OUT used text[], OUT used_real regclass[], OUT size_bytes bigint[],
    OUT planning_before_ms double precision, OUT planning_after_ms double precision)
RETURNS record
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_what_if';
COMMENT ON FUNCTION @extschema@.clipperf_what_if(text, text[], regclass[]) IS
'plans a statement as if the indexes of some CREATE INDEX statements existed, and as if some existing ones did not; builds and runs nothing';
