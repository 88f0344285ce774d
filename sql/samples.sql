-- Real executions with their parameters.

CREATE FUNCTION @extschema@._clipperf_read_samples(
    OUT queryid bigint, OUT userid oid, OUT dbid oid, OUT kind text, OUT statement text,
    OUT parameter_types regtype[], OUT parameter_values text[], OUT values_hidden boolean, OUT search_path text,
    OUT settings jsonb, OUT elapsed_ms double precision, OUT captured_at timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_samples';
COMMENT ON FUNCTION @extschema@._clipperf_read_samples() IS
'samples of executions; read the view clipperf_samples instead';

CREATE VIEW @extschema@.clipperf_samples AS
SELECT s.queryid, s.userid, s.dbid, s.kind, s.statement,
       s.parameter_types, s.parameter_values, s.values_hidden, s.search_path, s.settings, s.elapsed_ms,
       s.captured_at
FROM @extschema@._clipperf_read_samples() AS s;

COMMENT ON VIEW @extschema@.clipperf_samples IS
'a few executions of each statement as they really ran, while clipperf.capture_parameters is on, or without their values while it is types; empty unless the reader is in pg_read_all_stats';
COMMENT ON COLUMN @extschema@.clipperf_samples.queryid IS 'the server''s hash of the statement without its literals';
COMMENT ON COLUMN @extschema@.clipperf_samples.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@.clipperf_samples.dbid IS 'database it ran in';
COMMENT ON COLUMN @extschema@.clipperf_samples.kind IS 'typical: taken at random; slow: one of the slowest; other: with values that none of the others has';
COMMENT ON COLUMN @extschema@.clipperf_samples.statement IS 'text that can be planned again with these parameters: as it was sent, without comments at its ends and without PREPARE, DECLARE and the like around it; variables of functions have numbers; NULL if longer than 4 kB, or if values are hidden';
COMMENT ON COLUMN @extschema@.clipperf_samples.parameter_types IS 'types of $1, $2 and so on; - for a parameter not used, or a type of another database';
COMMENT ON COLUMN @extschema@.clipperf_samples.parameter_values IS 'values of $1, $2 and so on in text form, dates in ISO style';
COMMENT ON COLUMN @extschema@.clipperf_samples.values_hidden IS 'true if no value is kept: which are null is, and the others read "hidden"';
COMMENT ON COLUMN @extschema@.clipperf_samples.search_path IS 'search_path in force';
COMMENT ON COLUMN @extschema@.clipperf_samples.settings IS 'settings made up by sessions that the plan reads by current_setting(), as for row-level security, with their values';
COMMENT ON COLUMN @extschema@.clipperf_samples.elapsed_ms IS 'time in the executor, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_samples.captured_at IS 'when the client''s statement began';

GRANT SELECT ON @extschema@.clipperf_samples TO PUBLIC;
