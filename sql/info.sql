-- The state of clipperf itself.

CREATE FUNCTION @extschema@._clipperf_read_info(
    OUT version text, OUT since timestamptz,
    OUT memory_reserved_bytes bigint, OUT memory_used_bytes bigint,
    OUT statements_held bigint, OUT statements_max bigint,
    OUT statements_evicted bigint, OUT executions_dropped bigint,
    OUT table_uses_held bigint, OUT table_uses_dropped bigint,
    OUT texts_held bigint, OUT texts_cut bigint, OUT texts_dropped bigint,
    OUT text_used_bytes bigint, OUT text_reserved_bytes bigint,
    OUT n_plus_one_held bigint, OUT n_plus_one_evicted bigint,
    OUT seq_scans_held bigint, OUT seq_scans_evicted bigint,
    OUT plans_held bigint, OUT plans_evicted bigint, OUT plan_executions_lost bigint, OUT plan_reserved_bytes bigint,
    OUT routes_held bigint, OUT routes_evicted bigint,
    OUT request_routes_held bigint, OUT request_routes_evicted bigint, OUT request_traces_cut bigint,
    OUT request_recent_dropped bigint, OUT requests_lost bigint, OUT request_reserved_bytes bigint,
    OUT endpoints_held bigint, OUT endpoint_reserved_bytes bigint,
    OUT waits_held bigint, OUT waits_evicted bigint, OUT wait_samples_lost bigint, OUT wait_reserved_bytes bigint,
    OUT sampled_moments bigint, OUT sampled_ms double precision, OUT sampler_share double precision, OUT sampler_pid integer,
    OUT cache_statements_held bigint, OUT cache_statements_evicted bigint, OUT cache_statements_refused bigint,
    OUT cache_calls_lost bigint, OUT cache_reserved_bytes bigint, OUT lineage_slots bigint,
    OUT overhead_mean_ms double precision, OUT overhead_share double precision,
    OUT worker_pid integer, OUT saved_at timestamptz, OUT standby_seen_at timestamptz)
RETURNS record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_info';
COMMENT ON FUNCTION @extschema@._clipperf_read_info() IS
'state of clipperf itself; read the view clipperf_info instead';

CREATE VIEW @extschema@.clipperf_info AS
SELECT * FROM @extschema@._clipperf_read_info();

COMMENT ON VIEW @extschema@.clipperf_info IS 'one row: the state of clipperf itself, of the whole server';
COMMENT ON COLUMN @extschema@.clipperf_info.version IS 'version of the loaded module';
COMMENT ON COLUMN @extschema@.clipperf_info.since IS 'start of the observations in this database: the first start of the server, or the last clipperf_reset() or clipperf_reset_database()';
COMMENT ON COLUMN @extschema@.clipperf_info.memory_reserved_bytes IS 'shared memory taken at server start, bytes; it never grows';
COMMENT ON COLUMN @extschema@.clipperf_info.memory_used_bytes IS 'of these, bytes in use';
COMMENT ON COLUMN @extschema@.clipperf_info.statements_held IS 'statements held now';
COMMENT ON COLUMN @extschema@.clipperf_info.statements_max IS 'most statements held at a time (clipperf.max_statements)';
COMMENT ON COLUMN @extschema@.clipperf_info.statements_evicted IS 'statements evicted to make space for others';
COMMENT ON COLUMN @extschema@.clipperf_info.executions_dropped IS 'executions not counted, or counted for a statement that had been evicted meanwhile';
COMMENT ON COLUMN @extschema@.clipperf_info.table_uses_held IS 'uses of tables by statements held now, at most 16 per statement, of all databases';
COMMENT ON COLUMN @extschema@.clipperf_info.table_uses_dropped IS 'uses of tables that are not held, as the statement uses more than 16';
COMMENT ON COLUMN @extschema@.clipperf_info.texts_held IS 'query texts held now';
COMMENT ON COLUMN @extschema@.clipperf_info.texts_cut IS 'query texts cut at 8 kB';
COMMENT ON COLUMN @extschema@.clipperf_info.texts_dropped IS 'statements held without their query text, for lack of space';
COMMENT ON COLUMN @extschema@.clipperf_info.text_used_bytes IS 'bytes of all query texts';
COMMENT ON COLUMN @extschema@.clipperf_info.text_reserved_bytes IS 'bytes reserved for query texts (clipperf.text_memory)';
COMMENT ON COLUMN @extschema@.clipperf_info.n_plus_one_held IS 'N+1 patterns held now, of all databases';
COMMENT ON COLUMN @extschema@.clipperf_info.n_plus_one_evicted IS 'N+1 patterns evicted to make space for others';
COMMENT ON COLUMN @extschema@.clipperf_info.seq_scans_held IS 'sequential and index scans held now, of all databases';
COMMENT ON COLUMN @extschema@.clipperf_info.seq_scans_evicted IS 'sequential and index scans evicted to make space for others';
COMMENT ON COLUMN @extschema@.clipperf_info.plans_held IS 'plans of statements held now, of all databases, at most 768';
COMMENT ON COLUMN @extschema@.clipperf_info.plans_evicted IS 'plans evicted to make space for others';
COMMENT ON COLUMN @extschema@.clipperf_info.plan_executions_lost IS 'measured executions that were not counted, as another session was counting one';
COMMENT ON COLUMN @extschema@.clipperf_info.plan_reserved_bytes IS 'bytes reserved for plans, part of memory_reserved_bytes';
COMMENT ON COLUMN @extschema@.clipperf_info.routes_held IS 'names of routes held now, at most 512';
COMMENT ON COLUMN @extschema@.clipperf_info.routes_evicted IS 'names of routes evicted to make space for others; what was counted under them no longer has a route';
COMMENT ON COLUMN @extschema@.clipperf_info.request_routes_held IS 'routes whose requests are counted now, of all databases, at most 512';
COMMENT ON COLUMN @extschema@.clipperf_info.request_routes_evicted IS 'routes that made space for others; their requests count as having no route';
COMMENT ON COLUMN @extschema@.clipperf_info.request_traces_cut IS 'traces counted as ended within a second of their last statement, to make space for others: what follows counts as another request';
COMMENT ON COLUMN @extschema@.clipperf_info.request_recent_dropped IS 'requests that are missing in clipperf_routes_recent, as 128 other routes had some in the same minute';
COMMENT ON COLUMN @extschema@.clipperf_info.requests_lost IS 'requests, or parts of traces, that were not counted, as their session could not hand them on without waiting';
COMMENT ON COLUMN @extschema@.clipperf_info.request_reserved_bytes IS 'bytes reserved for requests, part of memory_reserved_bytes';
COMMENT ON COLUMN @extschema@.clipperf_info.endpoints_held IS 'endpoints whose requests are counted now, of all databases, at most 128';
COMMENT ON COLUMN @extschema@.clipperf_info.endpoint_reserved_bytes IS 'bytes reserved for endpoints, part of request_reserved_bytes';
COMMENT ON COLUMN @extschema@.clipperf_info.waits_held IS 'rows of samples of waits held now, of all databases, at most 8192';
COMMENT ON COLUMN @extschema@.clipperf_info.waits_evicted IS 'rows of samples evicted to make space for others';
COMMENT ON COLUMN @extschema@.clipperf_info.wait_samples_lost IS 'samples in these: clipperf_waits shows so many fewer';
COMMENT ON COLUMN @extschema@.clipperf_info.wait_reserved_bytes IS 'bytes reserved for samples of waits, part of memory_reserved_bytes';
COMMENT ON COLUMN @extschema@.clipperf_info.sampled_moments IS 'moments at which all sessions were looked at (clipperf.sample_interval)';
COMMENT ON COLUMN @extschema@.clipperf_info.sampled_ms IS 'time that these stand for, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_info.sampler_share IS 'processor time of the sampler as a share of that time, 0.01 being one percent of one processor; NULL if no samples were taken';
COMMENT ON COLUMN @extschema@.clipperf_info.sampler_pid IS 'process that takes the samples; NULL if it does not run';
COMMENT ON COLUMN @extschema@.clipperf_info.cache_statements_held IS 'statements whose results a cache is replayed for now, of all databases (at most clipperf.cache_statements)';
COMMENT ON COLUMN @extschema@.clipperf_info.cache_statements_evicted IS 'of these, statements that made space for one that cost more';
COMMENT ON COLUMN @extschema@.clipperf_info.cache_statements_refused IS 'times that a reading statement had cost too little to get space';
COMMENT ON COLUMN @extschema@.clipperf_info.cache_calls_lost IS 'calls that were not replayed, as their session could not hand them on without waiting';
COMMENT ON COLUMN @extschema@.clipperf_info.cache_reserved_bytes IS 'bytes reserved for this, part of memory_reserved_bytes';
COMMENT ON COLUMN @extschema@.clipperf_info.lineage_slots IS 'results whose values can be followed at a time';
COMMENT ON COLUMN @extschema@.clipperf_info.overhead_mean_ms IS 'clipperf''s own time per execution, milliseconds, measured in one of 128; NULL if none was measured';
COMMENT ON COLUMN @extschema@.clipperf_info.overhead_share IS 'clipperf''s own time as a share of executor time and own time together; NULL if none was measured';
COMMENT ON COLUMN @extschema@.clipperf_info.worker_pid IS 'process that saves to disk every clipperf.save_interval; NULL if it does not run';
COMMENT ON COLUMN @extschema@.clipperf_info.saved_at IS 'last save to disk; NULL if none since the server started';
COMMENT ON COLUMN @extschema@.clipperf_info.standby_seen_at IS 'when a standby server was last known to follow this one, by its connection or its replication slot; NULL if never. clipperf_reset(''standbys'') clears it';

GRANT SELECT ON @extschema@.clipperf_info TO PUBLIC;

-- STABLE and without arguments, the planner has it run once, before the first row is looked for.
CREATE FUNCTION @extschema@._clipperf_note_ours()
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_note_ours';
COMMENT ON FUNCTION @extschema@._clipperf_note_ours() IS
'true: in views of tables, so that whoever reads them, with rows or without, runs a function of clipperf, by which its statements are told from those of the application';
