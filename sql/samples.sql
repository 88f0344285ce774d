-- Real executions with their parameters.

CREATE FUNCTION @extschema@._clipperf_read_samples(
    OUT queryid bigint, OUT userid oid, OUT dbid oid, OUT chosen_as text, OUT query text,
    OUT parameter_types regtype[], OUT parameter_values text[], OUT values_hidden boolean, OUT search_path text,
    OUT settings jsonb, OUT elapsed_ms double precision, OUT captured_at timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_samples';
COMMENT ON FUNCTION @extschema@._clipperf_read_samples() IS
'samples of executions; read the view clipperf_samples instead';

CREATE VIEW @extschema@.clipperf_samples AS
SELECT s.queryid, s.userid, r.rolname AS usename, s.dbid, d.datname, s.chosen_as, s.elapsed_ms, s.captured_at,
       s.parameter_types, s.parameter_values, s.values_hidden, s.search_path, s.settings, s.query
FROM @extschema@._clipperf_read_samples() AS s
     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
     LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid;

COMMENT ON VIEW @extschema@.clipperf_samples IS
'a few executions of each statement, with their parameters while clipperf.capture_parameters is on, without values while it is types; empty unless the reader is in pg_read_all_stats';
COMMENT ON COLUMN @extschema@.clipperf_samples.queryid IS 'the server''s hash of the statement without its literals';
COMMENT ON COLUMN @extschema@.clipperf_samples.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@.clipperf_samples.usename IS 'its name; NULL if it was dropped';
COMMENT ON COLUMN @extschema@.clipperf_samples.dbid IS 'database it ran in';
COMMENT ON COLUMN @extschema@.clipperf_samples.datname IS 'its name';
COMMENT ON COLUMN @extschema@.clipperf_samples.chosen_as IS 'typical: chosen at random; slow: one of the slowest; other: with values that none of the others has';
COMMENT ON COLUMN @extschema@.clipperf_samples.query IS 'query text that can be planned again with these parameters: as it was sent, without leading and trailing comments and without PREPARE, DECLARE and the like around it; variables of functions are numbered; NULL if longer than 4 kB, or if values are hidden';
COMMENT ON COLUMN @extschema@.clipperf_samples.parameter_types IS 'types of $1, $2 and so on; - for an unused parameter or a type of another database';
COMMENT ON COLUMN @extschema@.clipperf_samples.parameter_values IS 'values of $1, $2 and so on in text form, dates in ISO style';
COMMENT ON COLUMN @extschema@.clipperf_samples.values_hidden IS 'true if no value is kept: which are null is, and the others read "hidden"';
COMMENT ON COLUMN @extschema@.clipperf_samples.search_path IS 'search_path in force';
COMMENT ON COLUMN @extschema@.clipperf_samples.settings IS 'custom settings that the plan reads by current_setting(), as for row-level security, with their values';
COMMENT ON COLUMN @extschema@.clipperf_samples.elapsed_ms IS 'executor time, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_samples.captured_at IS 'when the client''s statement began';

GRANT SELECT ON @extschema@.clipperf_samples TO PUBLIC;
