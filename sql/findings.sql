-- Findings that are known and accepted.

CREATE TABLE @extschema@.clipperf_accepted (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    relation @extschema@._clipperf_relation,
    queryid bigint,
    statement text,
    subject text,
    reason text,
    made_by name NOT NULL DEFAULT session_user,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE @extschema@.clipperf_accepted IS
'findings that clipperf_report() hides and clipperf_check() ignores; where several conditions are given, all must match';
COMMENT ON COLUMN @extschema@.clipperf_accepted.id IS 'number of the entry';
COMMENT ON COLUMN @extschema@.clipperf_accepted.kind IS 'kind of the finding, as in clipperf_report()';
COMMENT ON COLUMN @extschema@.clipperf_accepted.relation IS 'table of the finding; NULL = any';
COMMENT ON COLUMN @extschema@.clipperf_accepted.queryid IS 'statement of the finding; NULL = any';
COMMENT ON COLUMN @extschema@.clipperf_accepted.statement IS 'ILIKE pattern of the query text; NULL = any';
COMMENT ON COLUMN @extschema@.clipperf_accepted.subject IS 'the very finding, in the words of clipperf_check(), as clipperf_accept_all() notes it; NULL = any';
COMMENT ON COLUMN @extschema@.clipperf_accepted.reason IS 'why it is accepted';
COMMENT ON COLUMN @extschema@.clipperf_accepted.made_by IS 'role that accepted it';
COMMENT ON COLUMN @extschema@.clipperf_accepted.made_at IS 'when it was accepted';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.clipperf_accepted', '');
SELECT pg_catalog.pg_extension_config_dump(
    pg_catalog.pg_get_serial_sequence('@extschema@.clipperf_accepted', 'id')::pg_catalog.regclass, '');
-- Entries quote statements, so they are for those who may read all statements; and for who owns the database, as
-- pg_dump reads both.
GRANT SELECT ON @extschema@.clipperf_accepted TO pg_database_owner, pg_read_all_stats;
GRANT SELECT ON @extschema@.clipperf_accepted_id_seq TO pg_database_owner, pg_read_all_stats;

CREATE FUNCTION @extschema@._clipperf_require_kinds(kinds text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known CONSTANT text[] := '{n_plus_one,seq_scan,index_scan,missing_index,redundant_index,unused_index,cacheable,temp_spill,slow_plan}';
    kind text;
BEGIN
    FOREACH kind IN ARRAY coalesce(kinds, '{}') LOOP
        IF kind IS NULL OR kind <> ALL (known) THEN
            RAISE EXCEPTION 'unknown kind of finding "%"', coalesce(kind, 'NULL')
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('The kinds are %s.', array_to_string(known, ', '));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@._clipperf_require_kinds(text[]) IS 'raises 22023 unless all are kinds of finding';

CREATE FUNCTION @extschema@.clipperf_accept(
    kind text, relation regclass DEFAULT NULL, queryid bigint DEFAULT NULL,
    reason text DEFAULT NULL, statement text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_require_kinds(ARRAY[$1]);
    INSERT INTO @extschema@.clipperf_accepted (kind, relation, queryid, statement, reason)
    VALUES ($1, $2, $3, $5, $4)
    RETURNING id;
END;
COMMENT ON FUNCTION @extschema@.clipperf_accept(text, regclass, bigint, text, text) IS
'accepts the findings of a kind, of one table, one statement or statements whose query text matches a pattern; returns the number of the entry';

CREATE FUNCTION @extschema@.clipperf_unaccept(
    kind text, relation regclass DEFAULT NULL, queryid bigint DEFAULT NULL, statement text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_require_kinds(ARRAY[$1]);
    WITH removed AS (
        DELETE FROM @extschema@.clipperf_accepted AS a
        WHERE a.kind = $1
          AND a.relation IS NOT DISTINCT FROM $2
          AND a.queryid IS NOT DISTINCT FROM $3
          AND a.statement IS NOT DISTINCT FROM $4
          AND a.subject IS NULL
        RETURNING a.id
    )
    SELECT count(*) FROM removed;
END;
COMMENT ON FUNCTION @extschema@.clipperf_unaccept(text, regclass, bigint, text) IS
'removes the entries that clipperf_accept() made with these arguments; returns how many there were';
REVOKE ALL ON FUNCTION @extschema@.clipperf_accept(text, regclass, bigint, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.clipperf_unaccept(text, regclass, bigint, text) FROM PUBLIC;

-- How figures and statements are written.

CREATE FUNCTION @extschema@._clipperf_duration(ms double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE
        WHEN ms < 0.9995 THEN to_char(ms, 'FM0.000') || ' ms'
        WHEN ms < 9.995 THEN to_char(ms, 'FM0.00') || ' ms'
        WHEN ms < 999.5 THEN to_char(ms, 'FM990') || ' ms'
        WHEN ms < 99950 THEN to_char(ms / 1000, 'FM90.0') || ' s'
        WHEN ms < 5400000 THEN to_char(ms / 60000, 'FM990') || ' min'
        ELSE to_char(ms / 3600000, 'FM999,990.0') || ' h'
    END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_duration(double precision) IS 'milliseconds as people write them';

CREATE FUNCTION @extschema@._clipperf_number(n double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT to_char(round(n::numeric), 'FM999,999,999,999,999,990');
END;
COMMENT ON FUNCTION @extschema@._clipperf_number(double precision) IS 'a whole number with thousands separators';

CREATE FUNCTION @extschema@._clipperf_count(n double precision, singular text, plural text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN round(n::numeric) = 1 THEN '1 ' || singular
                ELSE @extschema@._clipperf_number(n) || ' ' || plural END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_count(double precision, text, text) IS 'a number and what it counts';

CREATE FUNCTION @extschema@._clipperf_excerpt(statement text, width integer)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_excerpt';
COMMENT ON FUNCTION @extschema@._clipperf_excerpt(text, integer) IS
'a statement on one line; if that is longer than the width, without the lists of its columns, so that what it asks for is seen';

CREATE FUNCTION @extschema@.clipperf_line(statement text, width integer)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN excerpt IS NULL THEN '(a statement whose text was not kept)'
                WHEN length(excerpt) <= width THEN excerpt
                ELSE left(excerpt, width - 3) || '...' END
    FROM (SELECT @extschema@._clipperf_excerpt(statement, width)) AS one (excerpt);
END;
COMMENT ON FUNCTION @extschema@.clipperf_line(text, integer) IS 'a statement on one line, cut to a width';

CREATE FUNCTION @extschema@._clipperf_subject(statement text)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(left(@extschema@._clipperf_excerpt(statement, 100), 1000), '(a statement whose text was not kept)');
END;
COMMENT ON FUNCTION @extschema@._clipperf_subject(text) IS
'a statement as clipperf_check() names it: two statements are not to read the same';

CREATE FUNCTION @extschema@._clipperf_some(names text[])
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN cardinality(names) > 2
                THEN concat(left(names[1], 40), ', ', left(names[2], 40), ' and ', cardinality(names) - 2, ' more')
                ELSE concat(left(names[1], 40), ' and ' || left(names[2], 40)) END
    WHERE cardinality(names) > 0;
END;
COMMENT ON FUNCTION @extschema@._clipperf_some(text[]) IS 'the first two names of a list, and how many more there are; NULL for none';

CREATE FUNCTION @extschema@._clipperf_statement_routes(OUT queryid bigint, OUT route text, OUT calls double precision)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT q.queryid, q.route, sum(q.calls)::float8
    FROM @extschema@._clipperf_read_queries() AS q
    WHERE q.route <> '' AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    GROUP BY q.queryid, q.route;
END;
COMMENT ON FUNCTION @extschema@._clipperf_statement_routes() IS 'which routes run the statements of the current database, and how often';

-- The findings of each kind. "accepted" chooses those that were accepted, or the others; "allow" accepts more.

CREATE TYPE @extschema@._clipperf_finding AS (
    kind text,
    relation regclass,
    queryid bigint,
    subjects text[],
    summary text,
    evidence text,
    saved_ms double precision,
    highest_severity text,
    fix text,
    recommendations bigint[],
    first_seen timestamptz,
    last_seen timestamptz,
    again boolean
);
COMMENT ON TYPE @extschema@._clipperf_finding IS 'one finding, before it is ranked';
COMMENT ON COLUMN @extschema@._clipperf_finding.kind IS 'kind, as in clipperf_report()';
COMMENT ON COLUMN @extschema@._clipperf_finding.relation IS 'table it is about';
COMMENT ON COLUMN @extschema@._clipperf_finding.queryid IS 'statement it is about';
COMMENT ON COLUMN @extschema@._clipperf_finding.subjects IS 'what is wrong, for each statement concerned, in words that are the same in every run';
COMMENT ON COLUMN @extschema@._clipperf_finding.summary IS 'what is wrong, in at most 60 characters';
COMMENT ON COLUMN @extschema@._clipperf_finding.evidence IS 'the statement and the figures that show it';
COMMENT ON COLUMN @extschema@._clipperf_finding.saved_ms IS 'time that the fix saves of what was measured, milliseconds';
COMMENT ON COLUMN @extschema@._clipperf_finding.highest_severity IS 'severity it cannot exceed';
COMMENT ON COLUMN @extschema@._clipperf_finding.fix IS 'SQL that fixes it';
COMMENT ON COLUMN @extschema@._clipperf_finding.recommendations IS 'recommendations of the indexes that fix it; NULL = none';
COMMENT ON COLUMN @extschema@._clipperf_finding.first_seen IS 'when it was first seen';
COMMENT ON COLUMN @extschema@._clipperf_finding.last_seen IS 'when it was last seen';
COMMENT ON COLUMN @extschema@._clipperf_finding.again IS 'true if it was closed once, and seen again';

CREATE FUNCTION @extschema@._clipperf_is_accepted(
    kind text, relation regclass, queryids bigint[], statements text[], subject text, allow text[])
RETURNS boolean
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
            SELECT FROM @extschema@.clipperf_accepted AS a
            WHERE a.kind = $1
              AND (a.relation IS NULL OR a.relation = $2)
              AND (a.queryid IS NULL OR a.queryid = ANY ($3))
              AND (a.statement IS NULL OR EXISTS (
                    SELECT FROM unnest($4) AS s (statement) WHERE s.statement ILIKE a.statement))
              AND (a.subject IS NULL OR a.subject = $5))
        OR EXISTS (
            SELECT FROM unnest($6) AS w (word)
            WHERE EXISTS (
                    SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE c.oid = $2
                      AND w.word IN (c.relname, n.nspname || '.' || c.relname, $2::text))
               OR EXISTS (
                    SELECT FROM unnest($4) AS s (statement) WHERE s.statement ILIKE w.word));
END;
COMMENT ON FUNCTION @extschema@._clipperf_is_accepted(text, regclass, bigint[], text[], text, text[]) IS
'true if a finding was accepted by clipperf_accept() or clipperf_accept_all(), or by a table name or statement pattern of "allow"';

CREATE FUNCTION @extschema@._clipperf_subject_of_loop(parent_queryid bigint, parent_query text, child_query text)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN parent_queryid IS NULL
                THEN @extschema@._clipperf_subject(child_query) || ' runs again and again in one request'
                ELSE format('%s runs for each row of %s', @extschema@._clipperf_subject(child_query),
                            @extschema@._clipperf_subject(parent_query)) END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_subject_of_loop(bigint, text, text) IS
'what is wrong with an N+1 pattern, in words that are the same in every run';

CREATE FUNCTION @extschema@._clipperf_find_n_plus_one(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH pattern AS (
        SELECT n.confidence, n.parent_queryid, n.child_queryid, n.function, n.relation,
               max(n.parent_query) AS parent_query, max(n.child_query) AS child_query,
               sum(n.loops)::float8 AS loops, greatest(sum(n.children), 1)::float8 AS children,
               sum(n.children) / greatest(sum(n.loops), 1)::float8 AS mean_children,
               max(n.connections) AS connections, sum(n.child_ms) AS child_ms,
               sum(n.roundtrip_ms) AS roundtrip_ms, bool_and(n.pipelined) AS pipelined,
               max(n.parent_column) AS parent_column, max(n.child_parameter) AS child_parameter,
               array_agg(DISTINCT n.route) FILTER (WHERE n.route <> '') AS routes, max(n.suggestion) AS suggestion,
               min(n.first_seen) AS first_seen, max(n.last_seen) AS last_seen, bool_or(n.again) AS again
        FROM @extschema@.clipperf_n_plus_one AS n
        WHERE NOT n.is_closed
          AND @extschema@._clipperf_is_accepted(
                  'n_plus_one', n.relation, ARRAY[n.child_queryid, n.parent_queryid],
                  ARRAY[n.child_query, n.parent_query],
                  @extschema@._clipperf_subject_of_loop(n.parent_queryid, n.parent_query, n.child_query), allow) = accepted
          AND (n.confidence = 'proven' OR NOT EXISTS (
                SELECT FROM @extschema@._clipperf_read_n_plus_one() AS r
                WHERE r.child_queryid = n.child_queryid AND r.confidence = 'proven'))
        GROUP BY n.confidence, n.parent_queryid, n.child_queryid, n.function, n.relation
    )
    SELECT 'n_plus_one', p.relation, p.child_queryid,
           ARRAY[@extschema@._clipperf_subject_of_loop(p.parent_queryid, p.parent_query, p.child_query)],
           concat(CASE WHEN p.parent_queryid IS NULL THEN 'same lookup ' ELSE 'a statement for each row: 1 + ' END,
                  @extschema@._clipperf_number(p.mean_children),
                  CASE WHEN p.parent_queryid IS NULL THEN ' times' END,
                  CASE WHEN p.function IS NULL THEN ' in one request' ELSE ' in a function' END,
                  CASE WHEN p.confidence = 'suspected' THEN ' (suspected)' END),
           concat(
               CASE WHEN p.parent_queryid IS NULL
                    THEN format('Again and again in one request: %s; ', @extschema@.clipperf_line(p.child_query, 150))
                    ELSE format('For each row of %s runs %s; ', @extschema@.clipperf_line(p.parent_query, 150),
                                @extschema@.clipperf_line(p.child_query, 150)) END,
               @extschema@._clipperf_number(p.mean_children + CASE WHEN p.parent_queryid IS NULL THEN 0 ELSE 1 END),
               ' statements', coalesce(' in ' || p.function::text,
                                       ' per request' || coalesce(' of ' || @extschema@._clipperf_some(p.routes), '')),
               CASE WHEN p.parent_queryid IS NOT NULL
                    THEN ': 1 + ' || @extschema@._clipperf_number(p.mean_children) END,
               CASE WHEN p.pipelined THEN ', pipelined' END,
               '; ' || p.parent_column || ' becomes ' || p.child_parameter,
               ', ', p.confidence, ' in ', @extschema@._clipperf_count(p.loops, 'loop', 'loops'),
               CASE WHEN p.connections > 1 THEN
                   ' over ' || @extschema@._clipperf_number(p.connections) || ' connections' END,
               '; ', @extschema@._clipperf_duration(p.child_ms / p.children),
               CASE WHEN p.function IS NULL THEN
                   ' + ' || @extschema@._clipperf_duration(p.roundtrip_ms / p.children) || ' round trip' END,
               ' each, ', @extschema@._clipperf_duration(p.child_ms + p.roundtrip_ms), ' in all'),
           (p.child_ms + p.roundtrip_ms) * (1 - 1 / greatest(p.mean_children, 1)),
           CASE WHEN p.pipelined THEN 'info' WHEN p.confidence = 'proven' THEN 'critical' ELSE 'warning' END,
           coalesce(p.suggestion, '-- ask once for all keys: compare with = ANY ($1), or join the two statements'),
           NULL::bigint[], p.first_seen, p.last_seen, p.again
    FROM pattern AS p;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_n_plus_one(boolean, text[]) IS 'findings of kind n_plus_one';

CREATE FUNCTION @extschema@._clipperf_statement_time()
RETURNS double precision
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(sum(q.total_ms + q.plan_ms), 0)
    FROM @extschema@.clipperf_queries AS q
    WHERE q.toplevel AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
END;
COMMENT ON FUNCTION @extschema@._clipperf_statement_time() IS
'planner and executor time of all statements sent by clients to the current database, milliseconds';

-- Thresholds of findings about statements, each of which may save at least a hundredth (0.01) of all time spent:
-- temp_spill: 1 MB of temporary files a call; writing them is taken to cost 1 ms per 200,000 bytes, but at most half
--   of the statement's time.  Up to 256 MB a work_mem of three times as much is advised, rounded up to a power of 2.
-- cacheable: 100 calls of 1 ms on average; at most one parameter list in 20 calls is a new one; a cache of a minute
--   spares at least half of the calls; no sequential scan is to blame, one that had use for a fifth of its rows (0.2).
-- slow_plan: 10 calls, and more time for planning than for all executions.
CREATE FUNCTION @extschema@._clipperf_find_statements(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH total AS (
        SELECT @extschema@._clipperf_statement_time() AS ms
    ), route AS MATERIALIZED (
        SELECT * FROM @extschema@._clipperf_statement_routes()
    ), statement AS (
        SELECT q.queryid, sum(q.calls)::float8 AS calls, sum(q.total_ms) AS total_ms, sum(q.plan_ms) AS plan_ms,
               sum(q.total_ms) / greatest(sum(q.calls), 1)::float8 AS mean_ms,
               sum(q.temp_blks_written) * current_setting('block_size')::float8
                   / greatest(sum(q.calls), 1)::float8 AS temp_bytes,
               sum(q.distinct_params)::float8 AS distinct_params, sum(q.rows) AS rows,
               greatest(1, extract(epoch FROM max(q.last_seen) - min(q.first_seen)) / 60)::float8 AS minutes,
               min(q.first_seen) AS first_seen, max(q.last_seen) AS last_seen
        FROM @extschema@.clipperf_queries AS q
        WHERE q.toplevel AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        GROUP BY q.queryid
    ), problem AS (
        SELECT 'temp_spill' AS kind, s.*,
               least(s.total_ms / 2, s.temp_bytes * s.calls / 200000) AS saved_ms
        FROM statement AS s
        WHERE s.temp_bytes >= 1024 * 1024
        UNION ALL
        SELECT 'cacheable', s.*, s.total_ms * (1 - s.distinct_params * s.minutes / s.calls)
        FROM statement AS s
        WHERE s.calls >= 100 AND s.mean_ms >= 1 AND s.rows > 0 AND s.distinct_params >= 1
          AND s.distinct_params <= s.calls / 20 AND s.distinct_params * s.minutes <= s.calls / 2
          AND NOT EXISTS (SELECT FROM @extschema@._clipperf_read_seq_scans() AS r WHERE r.queryid = s.queryid AND NOT r.is_closed
                          AND r.rows_needed <= 0.2 * r.rows_read)
        UNION ALL
        SELECT 'slow_plan', s.*, s.plan_ms * (1 - 1 / s.calls)
        FROM statement AS s
        WHERE s.calls >= 10 AND s.plan_ms > s.total_ms
    )
    SELECT p.kind, NULL::regclass, p.queryid,
           ARRAY[@extschema@._clipperf_subject(t.query)],
           CASE p.kind
               WHEN 'temp_spill' THEN
                   format('sorts or hashes on disk: %s per call', pg_size_pretty(p.temp_bytes::bigint))
               WHEN 'cacheable' THEN
                   format('repeats an identical query: %s for %s', @extschema@._clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@._clipperf_count(p.distinct_params, 'set of values', 'sets of values'))
               ELSE format('takes longer to plan than to run: %s of %s', @extschema@._clipperf_duration(p.plan_ms / p.calls),
                           @extschema@._clipperf_duration((p.plan_ms + p.total_ms) / p.calls)) END,
           concat(@extschema@.clipperf_line(t.query, 150), '; ', run.by) || CASE p.kind
               WHEN 'temp_spill' THEN
                   format('%s of temporary files per call, %s, %s each',
                          pg_size_pretty(p.temp_bytes::numeric),
                          @extschema@._clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@._clipperf_duration(p.mean_ms))
               WHEN 'cacheable' THEN
                   format('%s with %s, %s each, %s in all',
                          @extschema@._clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@._clipperf_count(p.distinct_params, 'parameter list', 'parameter lists'),
                          @extschema@._clipperf_duration(p.mean_ms),
                          @extschema@._clipperf_duration(p.total_ms))
               ELSE format('%s, planning %s, execution %s each; %s of planning in all',
                          @extschema@._clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@._clipperf_duration(p.plan_ms / p.calls),
                          @extschema@._clipperf_duration(p.mean_ms),
                          @extschema@._clipperf_duration(p.plan_ms)) END,
           p.saved_ms,
           'warning',
           CASE p.kind
               WHEN 'temp_spill' THEN
                   CASE WHEN p.temp_bytes > 256 * 1024 * 1024
                        THEN '-- too much for memory: let the statement sort or hash fewer rows'
                        ELSE format('SET LOCAL work_mem = ''%sMB''; -- in its transaction, before it',
                                    (2 ^ ceil(log(2, ceil(3 * p.temp_bytes / 1048576)::numeric)))::int) END
               WHEN 'cacheable' THEN
                   format('-- keep its result in the application: 60 s would spare %s of %s calls',
                          @extschema@._clipperf_number(p.calls - p.distinct_params * p.minutes),
                          @extschema@._clipperf_number(p.calls))
               ELSE '-- prepare it once per connection and run it with parameters' END,
           NULL::bigint[], p.first_seen, p.last_seen, false
    FROM problem AS p, total,
         LATERAL (
            SELECT (SELECT q.query FROM @extschema@.clipperf_queries AS q
                    WHERE q.queryid = p.queryid AND q.toplevel AND q.query IS NOT NULL
                    LIMIT 1) AS query
         ) AS t,
         LATERAL (
            SELECT @extschema@._clipperf_some(array_agg(r.route ORDER BY r.calls DESC, r.route COLLATE "C")) || ': '
            FROM (SELECT t.route, sum(t.calls) AS calls FROM route AS t WHERE t.queryid = p.queryid GROUP BY t.route) AS r
         ) AS run (by)
    WHERE p.saved_ms >= 0.01 * total.ms
      AND (p.kind <> 'cacheable'
           OR p.queryid NOT IN (SELECT u.queryid FROM @extschema@._clipperf_read_table_use() AS u
                                WHERE u.writes OR u.locks_rows))
      AND @extschema@._clipperf_is_accepted(p.kind, NULL, ARRAY[p.queryid], ARRAY[t.query],
                                            @extschema@._clipperf_subject(t.query), allow) = accepted;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_statements(boolean, text[]) IS
'findings of the kinds temp_spill, cacheable and slow_plan, each worth at least 1% of all statement time';
