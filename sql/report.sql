-- What to fix first, why, and how: clipperf_report(), clipperf_check() and the findings somebody accepted.

-- Findings that are known and accepted.

CREATE TABLE clipperf_accepted (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    relation regclass,
    queryid bigint,
    statement text,
    reason text,
    accepted_by name NOT NULL DEFAULT session_user,
    accepted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE clipperf_accepted IS
'findings that clipperf_report() hides and clipperf_check() lets pass; where several conditions are given, all must fit';
COMMENT ON COLUMN clipperf_accepted.id IS 'number of the entry';
COMMENT ON COLUMN clipperf_accepted.kind IS 'kind of the finding, as in clipperf_report()';
COMMENT ON COLUMN clipperf_accepted.relation IS 'table of the finding; NULL = any';
COMMENT ON COLUMN clipperf_accepted.queryid IS 'statement of the finding; NULL = any';
COMMENT ON COLUMN clipperf_accepted.statement IS 'pattern (as for ILIKE) of the text of the statement; NULL = any';
COMMENT ON COLUMN clipperf_accepted.reason IS 'why it is accepted';
COMMENT ON COLUMN clipperf_accepted.accepted_by IS 'who accepted it';
COMMENT ON COLUMN clipperf_accepted.accepted_at IS 'when it was accepted';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.clipperf_accepted', '');
SELECT pg_catalog.pg_extension_config_dump(
    pg_catalog.pg_get_serial_sequence('@extschema@.clipperf_accepted', 'id')::pg_catalog.regclass, '');
GRANT SELECT ON clipperf_accepted TO PUBLIC;

CREATE FUNCTION clipperf_require_kinds(kinds text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known CONSTANT text[] := '{n_plus_one,seq_scan,missing_index,redundant_index,unused_index,slo_breach,cacheable,temp_spill,slow_plan}';
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
COMMENT ON FUNCTION clipperf_require_kinds(text[]) IS 'raises 22023 unless all are kinds of finding';

CREATE FUNCTION clipperf_accept(
    kind text, relation regclass DEFAULT NULL, queryid bigint DEFAULT NULL,
    reason text DEFAULT NULL, statement text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    entry bigint;
BEGIN
    PERFORM @extschema@.clipperf_require_kinds(ARRAY[$1]);
    INSERT INTO @extschema@.clipperf_accepted (kind, relation, queryid, statement, reason)
    VALUES ($1, $2, $3, $5, $4)
    RETURNING id INTO entry;
    RETURN entry;
END
$$;
COMMENT ON FUNCTION clipperf_accept(text, regclass, bigint, text, text) IS
'accept the findings of a kind, of one table, one statement or statements whose text fits a pattern; returns the number of the entry';

CREATE FUNCTION clipperf_unaccept(
    kind text, relation regclass DEFAULT NULL, queryid bigint DEFAULT NULL, statement text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    removed bigint;
BEGIN
    PERFORM @extschema@.clipperf_require_kinds(ARRAY[$1]);
    DELETE FROM @extschema@.clipperf_accepted AS a
    WHERE a.kind = $1
      AND a.relation IS NOT DISTINCT FROM $2
      AND a.queryid IS NOT DISTINCT FROM $3
      AND a.statement IS NOT DISTINCT FROM $4;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
COMMENT ON FUNCTION clipperf_unaccept(text, regclass, bigint, text) IS
'take back what clipperf_accept() was called with; returns how many entries were removed';
REVOKE ALL ON FUNCTION clipperf_accept(text, regclass, bigint, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION clipperf_unaccept(text, regclass, bigint, text) FROM PUBLIC;

-- How figures and statements are written.

CREATE FUNCTION clipperf_duration(ms double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN ms < 0.9995 THEN to_char(ms, 'FM0.000') || ' ms'
        WHEN ms < 9.995 THEN to_char(ms, 'FM0.00') || ' ms'
        WHEN ms < 999.5 THEN to_char(ms, 'FM990') || ' ms'
        WHEN ms < 99950 THEN to_char(ms / 1000, 'FM90.0') || ' s'
        WHEN ms < 5400000 THEN to_char(ms / 60000, 'FM990') || ' min'
        ELSE to_char(ms / 3600000, 'FM999,990.0') || ' h'
    END
$$;
COMMENT ON FUNCTION clipperf_duration(double precision) IS 'milliseconds as people write them';

CREATE FUNCTION clipperf_number(n double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(round(n::numeric), 'FM999,999,999,999,999,990')
$$;
COMMENT ON FUNCTION clipperf_number(double precision) IS 'a whole number with thousands separators';

CREATE FUNCTION clipperf_count(n double precision, singular text, plural text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN round(n::numeric) = 1 THEN '1 ' || singular
                ELSE @extschema@.clipperf_number(n) || ' ' || plural END
$$;
COMMENT ON FUNCTION clipperf_count(double precision, text, text) IS 'a number and what it counts';

CREATE FUNCTION clipperf_excerpt(statement text, width integer)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_excerpt';
COMMENT ON FUNCTION clipperf_excerpt(text, integer) IS
'a statement on one line; if that is longer than the width, without the lists of its columns, so that what it asks for is seen';

CREATE FUNCTION clipperf_line(statement text, width integer)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN excerpt IS NULL THEN '(a statement of another user)'
                WHEN length(excerpt) <= width THEN excerpt
                ELSE left(excerpt, width - 3) || '...' END
    FROM (SELECT @extschema@.clipperf_excerpt(statement, width)) AS one (excerpt)
$$;
COMMENT ON FUNCTION clipperf_line(text, integer) IS 'a statement on one line, cut to a width';

CREATE FUNCTION clipperf_subject(statement text)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(left(@extschema@.clipperf_excerpt(statement, 100), 1000), '(a statement of another user)')
$$;
COMMENT ON FUNCTION clipperf_subject(text) IS
'a statement as clipperf_check() names it: two statements are not to read the same';

CREATE FUNCTION clipperf_some(names text[])
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN cardinality(names) > 2
                THEN concat(left(names[1], 40), ', ', left(names[2], 40), ' and ', cardinality(names) - 2, ' more')
                ELSE concat(left(names[1], 40), ' and ' || left(names[2], 40)) END
    WHERE cardinality(names) > 0
$$;
COMMENT ON FUNCTION clipperf_some(text[]) IS 'the first two names of a list, and how many more there are; NULL for none';

CREATE FUNCTION clipperf_routes(OUT queryid bigint, OUT route text, OUT calls double precision)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT q.queryid, q.route, sum(q.calls)::float8
    FROM @extschema@.clipperf_read_queries() AS q
    WHERE q.route <> '' AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    GROUP BY q.queryid, q.route
$$;
COMMENT ON FUNCTION clipperf_routes() IS 'which routes run the statements of the current database, and how often';

-- The findings of each kind. "accepted" chooses those that were accepted, or the others; "allow" accepts more.

CREATE TYPE clipperf_finding AS (
    kind text,
    relation regclass,
    queryid bigint,
    subject text,
    finding text,
    evidence text,
    saved_ms double precision,
    highest_severity text,
    fix text
);
COMMENT ON TYPE clipperf_finding IS 'one finding, before it is ranked';
COMMENT ON COLUMN clipperf_finding.kind IS 'kind, as in clipperf_report()';
COMMENT ON COLUMN clipperf_finding.relation IS 'table it is about';
COMMENT ON COLUMN clipperf_finding.queryid IS 'statement it is about';
COMMENT ON COLUMN clipperf_finding.subject IS 'what is wrong, in words that are the same in every run';
COMMENT ON COLUMN clipperf_finding.finding IS 'what is wrong';
COMMENT ON COLUMN clipperf_finding.evidence IS 'the figures that show it';
COMMENT ON COLUMN clipperf_finding.saved_ms IS 'time that the fix saves of what was measured, milliseconds';
COMMENT ON COLUMN clipperf_finding.highest_severity IS 'severity it cannot exceed';
COMMENT ON COLUMN clipperf_finding.fix IS 'SQL that mends it';

CREATE FUNCTION clipperf_is_accepted(
    kind text, relation regclass, queryids bigint[], statements text[], allow text[])
RETURNS boolean
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
            SELECT FROM @extschema@.clipperf_accepted AS a
            WHERE a.kind = $1
              AND (a.relation IS NULL OR a.relation = $2)
              AND (a.queryid IS NULL OR a.queryid = ANY ($3))
              AND (a.statement IS NULL OR EXISTS (
                    SELECT FROM unnest($4) AS s (statement) WHERE s.statement ILIKE a.statement)))
        OR EXISTS (
            SELECT FROM unnest($5) AS w (word)
            WHERE EXISTS (
                    SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE c.oid = $2
                      AND w.word IN (c.relname, n.nspname || '.' || c.relname, $2::text))
               OR EXISTS (
                    SELECT FROM unnest($4) AS s (statement) WHERE s.statement ILIKE w.word))
$$;
COMMENT ON FUNCTION clipperf_is_accepted(text, regclass, bigint[], text[], text[]) IS
'was a finding accepted by clipperf_accept(), or by a table name or statement pattern of "allow"?';

CREATE FUNCTION clipperf_find_n_plus_one(accepted boolean, allow text[])
RETURNS SETOF clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    WITH pattern AS (
        SELECT n.confidence, n.parent_queryid, n.child_queryid, n.function, n.relation,
               max(n.parent_query) AS parent_query, max(n.child_query) AS child_query,
               sum(n.episodes)::float8 AS episodes, greatest(sum(n.children), 1)::float8 AS children,
               sum(n.children) / greatest(sum(n.episodes), 1)::float8 AS mean_children,
               max(n.connections) AS connections, sum(n.child_ms) AS child_ms,
               sum(n.roundtrip_ms) AS roundtrip_ms, bool_and(n.pipelined) AS pipelined,
               max(n.parent_column) AS parent_column, max(n.child_parameter) AS child_parameter,
               array_agg(DISTINCT n.route) FILTER (WHERE n.route <> '') AS routes, max(n.suggestion) AS suggestion
        FROM @extschema@.clipperf_n_plus_one AS n
        WHERE @extschema@.clipperf_is_accepted(
                  'n_plus_one', n.relation, ARRAY[n.child_queryid, n.parent_queryid],
                  ARRAY[n.child_query, n.parent_query], allow) = accepted
          AND (n.confidence = 'proven' OR NOT EXISTS (
                SELECT FROM @extschema@.clipperf_read_n_plus_one() AS r
                WHERE r.child_queryid = n.child_queryid AND r.confidence = 'proven'))
        GROUP BY n.confidence, n.parent_queryid, n.child_queryid, n.function, n.relation
    )
    SELECT 'n_plus_one', p.relation, p.child_queryid,
           CASE WHEN p.parent_queryid IS NULL
                THEN @extschema@.clipperf_subject(p.child_query) || ' runs again and again in one request'
                ELSE format('%s runs for each row of %s', @extschema@.clipperf_subject(p.child_query),
                            @extschema@.clipperf_subject(p.parent_query)) END,
           CASE WHEN p.parent_queryid IS NULL
                THEN format('Again and again in one request runs [%s]',
                            @extschema@.clipperf_line(p.child_query, 90))
                ELSE format('For each row of [%s] runs [%s]',
                            @extschema@.clipperf_line(p.parent_query, 80),
                            @extschema@.clipperf_line(p.child_query, 70)) END,
           concat(
               @extschema@.clipperf_number(p.mean_children + CASE WHEN p.parent_queryid IS NULL THEN 0 ELSE 1 END),
               ' statements', coalesce(' in ' || p.function::text,
                                       ' per request' || coalesce(' of ' || @extschema@.clipperf_some(p.routes), '')),
               CASE WHEN p.parent_queryid IS NOT NULL
                    THEN ': 1 + ' || @extschema@.clipperf_number(p.mean_children) END,
               CASE WHEN p.pipelined THEN ', pipelined' END,
               '; ' || p.parent_column || ' becomes ' || p.child_parameter,
               ', ', p.confidence, ' in ', @extschema@.clipperf_count(p.episodes, 'episode', 'episodes'),
               CASE WHEN p.connections > 1 THEN
                   ' over ' || @extschema@.clipperf_number(p.connections) || ' connections' END,
               '; ', @extschema@.clipperf_duration(p.child_ms / p.children),
               CASE WHEN p.function IS NULL THEN
                   ' + ' || @extschema@.clipperf_duration(p.roundtrip_ms / p.children) || ' round trip' END,
               ' each, ', @extschema@.clipperf_duration(p.child_ms + p.roundtrip_ms), ' in all'),
           (p.child_ms + p.roundtrip_ms) * (1 - 1 / greatest(p.mean_children, 1)),
           CASE WHEN p.pipelined THEN 'info' WHEN p.confidence = 'proven' THEN 'critical' ELSE 'warning' END,
           coalesce(p.suggestion, '-- ask once for all keys: compare with = ANY ($1), or join the two statements')
    FROM pattern AS p
$$;
COMMENT ON FUNCTION clipperf_find_n_plus_one(boolean, text[]) IS 'findings of kind n_plus_one';

CREATE FUNCTION clipperf_index_ddl(
    relation regclass, method text, keys text[], predicate text)
RETURNS text
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN method IS NULL THEN
            '-- no index on plain columns serves this filter; one on the expression may'
        WHEN needs_trigrams AND NOT EXISTS (
                SELECT FROM pg_available_extensions AS e WHERE e.name = 'pg_trgm') THEN
            '-- an index for this filter needs the extension pg_trgm, which is not installed on this server'
        ELSE concat(
            CASE WHEN needs_trigrams AND t.extnamespace IS NULL THEN 'CREATE EXTENSION IF NOT EXISTS pg_trgm; ' END,
            'CREATE INDEX ', CASE WHEN c.relkind <> 'p' THEN 'CONCURRENTLY ' END,
            'ON ', format('%I.%I', n.nspname, c.relname),
            CASE WHEN method <> 'btree' THEN ' USING ' || method END,
            ' (',
            CASE WHEN needs_trigrams AND t.extnamespace IS NOT NULL
                 THEN replace(array_to_string(keys, ', '), 'gin_trgm_ops',
                              quote_ident(t.extnamespace::regnamespace::text) || '.gin_trgm_ops')
                 ELSE array_to_string(keys, ', ') END,
            ')', ' WHERE ' || predicate, ';',
            CASE WHEN c.relkind = 'p' THEN ' -- locks writers out: not CONCURRENTLY on a partitioned table' END) END
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
         LATERAL (SELECT method = 'gin' AND keys[1] LIKE '% gin\_trgm\_ops') AS k (needs_trigrams)
         LEFT JOIN pg_extension AS t ON t.extname = 'pg_trgm'
    WHERE c.oid = relation
$$;
COMMENT ON FUNCTION clipperf_index_ddl(regclass, text, text[], text) IS 'the statement that creates an index';

CREATE FUNCTION clipperf_keys_serve(wanted text[], ordered integer, offered text[])
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT cardinality($1) <= cardinality($3)
           AND coalesce(bool_and(regexp_replace(k.wanted, direction, '') = regexp_replace(k.offered, direction, ''))
                        AND (bool_and(k.wanted = k.offered OR k.free) OR bool_and(k.wanted <> k.offered OR k.free))
                        AND bool_and(k.free OR (k.wanted ~ nulls) = (k.offered ~ nulls)), true)
    FROM (SELECT u.wanted, u.offered, u.n <= cardinality($1) - $2 AS free,
                 '( DESC)?( NULLS (FIRST|LAST))?$' AS direction, ' NULLS (FIRST|LAST)$' AS nulls
          FROM unnest($1, $3[1:cardinality($1)]) WITH ORDINALITY AS u (wanted, offered, n)) AS k
$$;
COMMENT ON FUNCTION clipperf_keys_serve(text[], integer, text[]) IS
'do the keys of an index begin with the wanted ones, the last of which have to be in that order or its reverse?';

-- Thresholds of a sequential scan: it reads clipperf.seqscan_min_rows rows an execution, and a tenth of that a
-- scan; joins and limits had use for at most a fifth of the rows read (0.2).
CREATE FUNCTION clipperf_find_seq_scans(accepted boolean, allow text[])
RETURNS SETOF clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    WITH bounds AS (
        SELECT current_setting('clipperf.seqscan_min_rows')::float8 AS min_rows
    ), route AS MATERIALIZED (
        SELECT * FROM @extschema@.clipperf_routes()
    ), scan AS (
        SELECT s.*, coalesce(s.index_predicate, '') AS predicate, coalesce(s.index_method, '') AS method,
               s.total_ms * (1 - s.rows_needed / s.rows_read::float8) AS saved_ms
        FROM @extschema@.clipperf_read_seq_scans() AS s, bounds AS b
        WHERE s.rows_read >= b.min_rows * s.executions
          AND s.rows_read >= b.min_rows / 10 * s.scans
          AND s.rows_needed <= 0.2 * s.rows_read
          AND @extschema@.clipperf_is_accepted(
                  'seq_scan', s.relation, ARRAY[s.queryid], ARRAY[s.query], allow) = accepted
    ), design AS (
        SELECT DISTINCT relation, method, index_keys, index_ordered, predicate FROM scan
    ), widest AS (
        SELECT DISTINCT ON (d.relation, d.method, d.predicate, d.index_keys, d.index_ordered)
               d.*, w.index_keys AS wide_keys
        FROM design AS d JOIN design AS w
          ON w.relation = d.relation AND w.method = d.method AND w.predicate = d.predicate
         AND @extschema@.clipperf_keys_serve(d.index_keys, d.index_ordered, w.index_keys)
        ORDER BY d.relation, d.method, d.predicate, d.index_keys, d.index_ordered,
                 cardinality(w.index_keys) DESC, w.index_ordered DESC, w.index_keys
    ), merged AS (
        SELECT s.relation, s.method, s.predicate, w.wide_keys,
               count(DISTINCT s.queryid) AS statements,
               sum(s.executions) AS executions, sum(s.scans) AS scans,
               sum(s.rows_read) AS rows_read, sum(s.rows_needed) AS rows_needed,
               sum(s.total_ms) AS total_ms, sum(s.saved_ms) AS saved_ms,
               max(s.relation_bytes) AS relation_bytes,
               array_agg(DISTINCT s.queryid) AS queryids,
               (array_agg(s.queryid ORDER BY s.saved_ms DESC))[1] AS queryid,
               (array_agg(s.query ORDER BY s.saved_ms DESC))[1] AS query,
               (array_agg(array_to_string(s.filter_columns, ', ') ORDER BY s.saved_ms DESC))[1] AS filter,
               (array_agg(array_to_string(s.sort_columns, ', ') ORDER BY s.saved_ms DESC))[1] AS sort,
               min(s.query COLLATE "C") AS first_query,
               (array_agg(s.existing_index ORDER BY s.saved_ms DESC))[1] AS existing_index
        FROM scan AS s JOIN widest AS w USING (relation, method, predicate, index_keys, index_ordered)
        GROUP BY s.relation, s.method, s.predicate, w.wide_keys, s.existing_index
    )
    SELECT 'seq_scan', m.relation, m.queryid,
           concat(@extschema@.clipperf_subject(m.first_query), what.lacks),
           format('Reads %s of %s to use %s: %s%s',
                  @extschema@.clipperf_count(m.rows_read / m.executions, 'row', 'rows'),
                  c.relname,
                  @extschema@.clipperf_number(m.rows_needed / m.executions),
                  @extschema@.clipperf_line(m.query, 90),
                  CASE WHEN m.statements > 1 THEN
                      format(' and %s', @extschema@.clipperf_count(m.statements - 1, 'other', 'others')) END),
           concat(run.by, @extschema@.clipperf_count(m.executions, 'execution', 'executions'),
                  CASE WHEN m.statements > 1 THEN ' of ' || @extschema@.clipperf_count(m.statements, 'statement', 'statements') END,
                  CASE WHEN m.scans > m.executions THEN
                      ', ' || @extschema@.clipperf_number(m.scans / m.executions::float8) || ' scans each' END,
                  ', ', @extschema@.clipperf_duration(m.total_ms / m.executions),
                  CASE WHEN m.executions > 1 THEN
                      ' each, ' || @extschema@.clipperf_duration(m.total_ms) || ' in all' END,
                  '; filter ' || nullif(m.filter, ''), '; order ' || nullif(m.sort, ''),
                  '; table ' || pg_size_pretty(nullif(m.relation_bytes, 0)),
                  '; ' || m.existing_index::text || ' serves this but was not used, or is newer'),
           m.saved_ms,
           CASE WHEN m.existing_index IS NULL THEN 'critical' ELSE 'info' END,
           CASE WHEN m.existing_index IS NULL
                THEN @extschema@.clipperf_index_ddl(m.relation, nullif(m.method, ''), m.wide_keys,
                                                    nullif(m.predicate, ''))
                ELSE format('ANALYZE %I.%I;', n.nspname, c.relname) END
    FROM merged AS m
         JOIN pg_class AS c ON c.oid = m.relation
         JOIN pg_namespace AS n ON n.oid = c.relnamespace,
         LATERAL (
            SELECT CASE WHEN m.method <> '' THEN
                concat(' lacks an index on (', array_to_string(m.wide_keys, ', '), ')',
                       ' where ' || nullif(m.predicate, '')) END
         ) AS what (lacks),
         LATERAL (
            SELECT @extschema@.clipperf_some(array_agg(r.route ORDER BY r.calls DESC, r.route COLLATE "C")) || ': '
            FROM (SELECT t.route, sum(t.calls) AS calls FROM route AS t WHERE t.queryid = ANY (m.queryids) GROUP BY t.route) AS r
         ) AS run (by)
$$;
COMMENT ON FUNCTION clipperf_find_seq_scans(boolean, text[]) IS 'findings of kind seq_scan: one per table and index that would help';

CREATE FUNCTION clipperf_statement_time()
RETURNS double precision
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(sum(q.total_ms + q.plan_ms), 0)
    FROM @extschema@.clipperf_queries AS q
    WHERE q.toplevel AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
$$;
COMMENT ON FUNCTION clipperf_statement_time() IS
'time in planner and executor of all statements sent by clients to the current database, milliseconds';

-- Thresholds of findings about statements, each of which may save at least a hundredth (0.01) of all time spent:
-- temp_spill: 1 MB of temporary files a call; writing them is taken to cost 1 ms per 200,000 bytes, but at most half
--   of the statement's time.  Up to 256 MB a work_mem of three times as much is advised, rounded up to a power of 2.
-- cacheable: 100 calls of 1 ms on average; at most one parameter list in 20 calls is a new one; a cache of a minute
--   spares at least half of the calls; no sequential scan is to blame, one that had use for a fifth of its rows (0.2).
-- slow_plan: 10 calls, and more time for planning than for all executions.
CREATE FUNCTION clipperf_find_statements(accepted boolean, allow text[])
RETURNS SETOF clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    WITH total AS (
        SELECT @extschema@.clipperf_statement_time() AS ms
    ), route AS MATERIALIZED (
        SELECT * FROM @extschema@.clipperf_routes()
    ), statement AS (
        SELECT q.queryid, sum(q.calls)::float8 AS calls, sum(q.total_ms) AS total_ms, sum(q.plan_ms) AS plan_ms,
               sum(q.total_ms) / greatest(sum(q.calls), 1)::float8 AS mean_ms,
               sum(q.temp_blks_written) * current_setting('block_size')::float8
                   / greatest(sum(q.calls), 1)::float8 AS temp_bytes,
               sum(q.distinct_params)::float8 AS distinct_params, sum(q.rows) AS rows,
               greatest(1, extract(epoch FROM max(q.last_seen) - min(q.first_seen)) / 60)::float8 AS minutes
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
          AND NOT EXISTS (SELECT FROM @extschema@.clipperf_read_seq_scans() AS r WHERE r.queryid = s.queryid
                          AND r.rows_needed <= 0.2 * r.rows_read)
        UNION ALL
        SELECT 'slow_plan', s.*, s.plan_ms * (1 - 1 / s.calls)
        FROM statement AS s
        WHERE s.calls >= 10 AND s.plan_ms > s.total_ms
    )
    SELECT p.kind, NULL::regclass, p.queryid,
           @extschema@.clipperf_subject(t.query),
           CASE p.kind
               WHEN 'temp_spill' THEN 'Sorts or hashes on disk: '
               WHEN 'cacheable' THEN 'Asks the same again and again: '
               ELSE 'Takes longer to plan than to run: ' END || @extschema@.clipperf_line(t.query, 90),
           coalesce(run.by, '') || CASE p.kind
               WHEN 'temp_spill' THEN
                   format('%s of temporary files per call, %s, %s each',
                          pg_size_pretty(p.temp_bytes::bigint),
                          @extschema@.clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@.clipperf_duration(p.mean_ms))
               WHEN 'cacheable' THEN
                   format('%s with %s, %s each, %s in all',
                          @extschema@.clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@.clipperf_count(p.distinct_params, 'parameter list', 'parameter lists'),
                          @extschema@.clipperf_duration(p.mean_ms),
                          @extschema@.clipperf_duration(p.total_ms))
               ELSE format('%s, planning %s, execution %s each; %s of planning in all',
                          @extschema@.clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@.clipperf_duration(p.plan_ms / p.calls),
                          @extschema@.clipperf_duration(p.mean_ms),
                          @extschema@.clipperf_duration(p.plan_ms)) END,
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
                          @extschema@.clipperf_number(p.calls - p.distinct_params * p.minutes),
                          @extschema@.clipperf_number(p.calls))
               ELSE '-- prepare it once per connection and run it with parameters' END
    FROM problem AS p, total,
         LATERAL (
            SELECT (SELECT q.query FROM @extschema@.clipperf_queries AS q
                    WHERE q.queryid = p.queryid AND q.toplevel AND q.query IS NOT NULL
                    LIMIT 1) AS query
         ) AS t,
         LATERAL (
            SELECT @extschema@.clipperf_some(array_agg(r.route ORDER BY r.calls DESC, r.route COLLATE "C")) || ': '
            FROM (SELECT t.route, sum(t.calls) AS calls FROM route AS t WHERE t.queryid = p.queryid GROUP BY t.route) AS r
         ) AS run (by)
    WHERE p.saved_ms >= 0.01 * total.ms
      AND (p.kind <> 'cacheable'
           OR t.query !~* '(^|\yas)\s*(insert|update|delete|merge)\y|\yfor\s+(no\s+key\s+|key\s+)?(update|share)\y')
      AND coalesce(t.query, '') NOT ILIKE '%clipperf\_%'
      AND @extschema@.clipperf_is_accepted(p.kind, NULL, ARRAY[p.queryid], ARRAY[t.query], allow) = accepted
$$;
COMMENT ON FUNCTION clipperf_find_statements(boolean, text[]) IS
'findings of the kinds temp_spill, cacheable and slow_plan, each worth at least 1 % of all statement time';

CREATE FUNCTION clipperf_fix_of(recommendation clipperf_recommendations)
RETURNS text
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN recommendation.action = 'create' AND c.relkind = 'p'
                THEN format('SELECT * FROM %I.clipperf_apply(ARRAY[%s]);', n.nspname, recommendation.id)
                ELSE recommendation.ddl || ';' END
    FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
         LEFT JOIN pg_class AS c ON c.oid = recommendation.relation
    WHERE e.extname = 'clipperf'
$$;
COMMENT ON FUNCTION clipperf_fix_of(clipperf_recommendations) IS
'what to run for a recommendation so that nobody is blocked: its statement, or clipperf_apply() for a partitioned table';

CREATE FUNCTION clipperf_find_advice(accepted boolean, allow text[])
RETURNS SETOF clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.kind, r.relation, r.queryids[1], regexp_replace(r.ddl, '^(CREATE|DROP)( UNIQUE)? INDEX (CONCURRENTLY )?', ''),
           CASE r.action WHEN 'create' THEN format('no index %s: it %s', regexp_replace(r.ddl, '^.* INDEX .*? ON ', 'on '), r.reason)
                ELSE format('index %s is not needed: %s', r.index_name, r.reason) END,
           concat_ws('; ',
                     'planner''s cost ' || @extschema@.clipperf_number(r.cost_before) || ' -> '
                     || @extschema@.clipperf_number(r.cost_after),
                     pg_size_pretty(r.size_bytes),
                     'upkeep ' || round(100 * r.write_cost_share::numeric, 2) || ' % of the time',
                     'recommendation ' || r.id),
           coalesce(r.benefit_share, 0) * total.ms,
           CASE r.action WHEN 'create' THEN 'critical' ELSE 'info' END,
           @extschema@.clipperf_fix_of(r)
    FROM @extschema@.clipperf_recommendations AS r, @extschema@.clipperf_statement_time() AS total (ms)
    WHERE r.status = 'new' AND r.kind IS NOT NULL AND r.source NOT LIKE 'set:%'
      AND r.made_by = (SELECT l.made_by FROM @extschema@.clipperf_recommendations AS l ORDER BY l.id DESC LIMIT 1)
      AND @extschema@.clipperf_is_accepted(r.kind, r.relation, r.queryids, NULL, allow) = accepted
$$;
COMMENT ON FUNCTION clipperf_find_advice(boolean, text[]) IS
'findings of the kinds missing_index, redundant_index and unused_index: what clipperf_recommend() said last and nothing was made of yet';

CREATE FUNCTION clipperf_find(accepted boolean DEFAULT false, allow text[] DEFAULT NULL)
RETURNS SETOF clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.* FROM (
        SELECT * FROM @extschema@.clipperf_find_n_plus_one($1, $2)
        UNION ALL
        SELECT s.kind, s.relation, s.queryid, s.subject, s.finding, s.evidence, s.saved_ms, s.highest_severity,
               coalesce(advised.fix, s.fix)
        FROM @extschema@.clipperf_find_seq_scans($1, $2) AS s
             LEFT JOIN LATERAL (
                SELECT @extschema@.clipperf_fix_of(r) AS fix FROM @extschema@.clipperf_recommendations AS r
                WHERE r.status = 'new' AND r.action = 'create' AND r.relation = s.relation AND s.queryid = ANY (r.queryids)
                ORDER BY r.benefit_share DESC NULLS LAST, r.id LIMIT 1) AS advised ON true
        UNION ALL
        SELECT * FROM @extschema@.clipperf_find_statements($1, $2)
        UNION ALL
        SELECT * FROM @extschema@.clipperf_find_advice($1, $2)
        UNION ALL
        SELECT * FROM @extschema@.clipperf_find_jobs($1, $2)
    ) AS f
    WHERE NOT EXISTS (
        SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = f.relation AND d.deptype = 'e'
          AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'clipperf')
$$;
COMMENT ON FUNCTION clipperf_find(boolean, text[]) IS
'the findings of all kinds, not ranked, but for those on clipperf''s own tables; a scan is mended by the index that clipperf_recommend() chose for its statement, if it did';

-- What users call.

-- Severity by the share of all time that a finding may save: below a hundredth (0.01) it is an info, and a sequential
-- scan that would be an info at most is left out; below a tenth (0.1) a warning; from there on critical.
CREATE FUNCTION clipperf_report(top integer DEFAULT 20, accepted boolean DEFAULT false)
RETURNS TABLE (
    rank integer, severity text, kind text, relation regclass, queryid bigint,
    finding text, evidence text, db_time_share double precision, fix text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    statements bigint;
    since timestamptz;
BEGIN
    IF $1 IS NULL OR $1 < 1 THEN
        RAISE EXCEPTION 'cannot report the top % findings', coalesce($1::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Ask for 1 or more.';
    END IF;

    RETURN QUERY
    WITH found AS (
        SELECT f.*, false AS is_accepted FROM @extschema@.clipperf_find(false) AS f
        UNION ALL
        SELECT f.*, true FROM @extschema@.clipperf_find(true) AS f WHERE $2
    ), spent AS (
        SELECT @extschema@.clipperf_statement_time()
               + (SELECT coalesce(sum(n.roundtrip_ms), 0) FROM @extschema@.clipperf_n_plus_one AS n) AS ms
    ), ranked AS (
        SELECT f.*, coalesce(least(f.saved_ms / nullif(spent.ms, 0), 1), 0) AS share
        FROM found AS f, spent
    ), judged AS (
        SELECT r.*, r.highest_severity = 'info' AS is_minor,
               CASE WHEN r.is_accepted OR r.highest_severity = 'info' OR r.share < 0.01 THEN 'info'
                    WHEN r.highest_severity = 'warning' OR r.share < 0.1 THEN 'warning'
                    ELSE 'critical' END AS judgement
        FROM ranked AS r
        WHERE r.is_accepted OR r.kind <> 'seq_scan' OR r.highest_severity <> 'info' OR r.share >= 0.01
    )
    SELECT (row_number() OVER placed)::integer, j.judgement, j.kind, j.relation, j.queryid, j.finding,
           CASE WHEN j.is_accepted THEN 'accepted; ' || j.evidence ELSE j.evidence END,
           round(j.share::numeric, 4)::double precision, j.fix
    FROM judged AS j
    WINDOW placed AS (
        ORDER BY j.is_accepted, j.is_minor, j.saved_ms DESC, j.kind, j.subject COLLATE "C")
    ORDER BY 1
    LIMIT $1;

    IF NOT FOUND THEN
        SELECT i.since INTO since FROM @extschema@.clipperf_info AS i;
        SELECT coalesce(sum(q.calls + q.errors), 0) INTO statements
        FROM @extschema@.clipperf_queries AS q
        WHERE q.toplevel
          AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND coalesce(q.query, '') NOT ILIKE '%clipperf\_%';
        RAISE NOTICE USING
            MESSAGE = CASE statements
                WHEN 0 THEN 'no statement has been seen in this database'
                ELSE 'there is nothing to mend' END,
            DETAIL = format('%s since %s.',
                            CASE statements
                                WHEN 0 THEN 'Nothing was seen'
                                ELSE 'Seen were ' || @extschema@.clipperf_count(statements, 'statement', 'statements') END,
                            since);
    END IF;
END
$$;
COMMENT ON FUNCTION clipperf_report(integer, boolean) IS
'what to fix first, why and how, ranked by the time that the fix saves; "accepted" shows also what clipperf_accept() hides. severity: critical from 10 % of the time spent on statements (with the round trips of N+1 patterns), warning from 1 %, else info; what is suspected, or an advice without SQL, is at most a warning, a pipelined N+1 pattern info; so is a scan that an existing index could serve, which is listed only from 1 %';

CREATE FUNCTION clipperf_check(
    kinds text[] DEFAULT '{n_plus_one,seq_scan}', allow text[] DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lines text[];
BEGIN
    PERFORM @extschema@.clipperf_require_kinds($1);
    lines := array(
        SELECT listed.line
        FROM (SELECT DISTINCT concat(f.kind, ' on ' || c.relname, ': ', f.subject) COLLATE "C"
              FROM @extschema@.clipperf_find(false, $2) AS f
                   LEFT JOIN pg_class AS c ON c.oid = f.relation
              WHERE f.kind = ANY ($1)
                AND (f.kind NOT IN ('n_plus_one', 'seq_scan') OR f.highest_severity <> 'info')
             ) AS listed (line)
        ORDER BY listed.line);
    IF cardinality(lines) > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'CP001',
            MESSAGE = concat(@extschema@.clipperf_count(cardinality(lines), 'finding', 'findings'), E':\n',
                             array_to_string(lines, E'\n')),
            HINT = 'clipperf_report() tells how to mend them. Accept one by clipperf_accept(), or for this check alone by "allow": table names and ILIKE patterns of statements.';
    END IF;
END
$$;
COMMENT ON FUNCTION clipperf_check(text[], text[]) IS
'raises CP001 if a finding of these kinds exists that is neither accepted nor allowed (table names, ILIKE patterns of statements); the message lists them in an order and words that do not change between runs';
