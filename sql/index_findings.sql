-- Findings that an index fixes: scans with the index that the advisor chose for them, and what else it advised.

CREATE FUNCTION @extschema@._clipperf_fix_of(recommendations bigint[])
RETURNS text
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN count(*) = 1 AND bool_and(r.alike IS NULL AND (r.action = 'drop' OR c.relkind IS DISTINCT FROM 'p'))
                THEN rtrim(min(r.ddl), ';') || ';'
                ELSE format('SELECT * FROM %I.clipperf_apply(ARRAY[%s]);', min(n.nspname),
                            string_agg(r.id::text, ', ' ORDER BY r.id)) END
    FROM @extschema@.clipperf_recommendations AS r
         LEFT JOIN pg_class AS c ON c.oid = r.relation,
         pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'clipperf' AND r.id = ANY ($1)
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION @extschema@._clipperf_fix_of(bigint[]) IS
'what to run for some recommendations without blocking other sessions: the statement of a single one, or clipperf_apply() for several, for one that stands for many tables and for a partitioned table; NULL if there is none';

-- The tables that a scan of this one reads, by partitions and by inheritance.
-- ROWS 1: most tables are a family of one; planned for a thousand, each call of what looks its members up in a catalog
-- would read all of that.
CREATE FUNCTION @extschema@._clipperf_family(relation regclass)
RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE member AS (
        SELECT $1::oid AS oid
        UNION
        SELECT i.inhrelid FROM member AS m JOIN pg_inherits AS i ON i.inhparent = m.oid
    )
    SELECT m.oid::regclass FROM member AS m;
END;
COMMENT ON FUNCTION @extschema@._clipperf_family(regclass) IS 'a table with its partitions and those that inherit from it';

CREATE FUNCTION @extschema@._clipperf_is_served(relation regclass, ddl text)
RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_is_served';
COMMENT ON FUNCTION @extschema@._clipperf_is_served(regclass, text) IS
'true if a valid index of the table does what the CREATE INDEX statement would';

-- An index that somebody built by hand serves as well, whatever it is called.
CREATE FUNCTION @extschema@._clipperf_has_index(relation regclass, index_name name, ddl text)
RETURNS boolean
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
               SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
               WHERE i.indrelid = $1 AND c.relname = $2 AND i.indisvalid)
           OR coalesce(@extschema@._clipperf_is_served($1, $3), false);
END;
COMMENT ON FUNCTION @extschema@._clipperf_has_index(regclass, name, text) IS
'true if the table has a valid index of this name, or one that does what the CREATE INDEX statement would; the statement may be NULL';

-- Thresholds of a sequential scan: it reads clipperf.seqscan_min_rows rows an execution, and a tenth of that a
-- scan; joins and limits had use for at most a fifth of the rows read (0.2).  Of the scan of an index: its filter
-- threw away clipperf.seqscan_min_rows rows an execution, and left at most a twentieth of what it found (0.05).  Where the advisor was asked, its answer
-- goes with the scan: the indexes that it recommends to the reader (their time saved is what it says), or why it
-- recommends none.  A scan is over when it was not seen in the last 100 calls of its statement (life.h), or not since
-- a job built its index or the advisor found that an index does its work; or, where its index is there, in the last 20:
-- more than the 16 of which one is counted in a session, where not all are (plan_facts.c).
CREATE FUNCTION @extschema@._clipperf_wasteful_scans(
    OUT kind text, OUT relation regclass, OUT walked_index regclass, OUT queryid bigint, OUT query text, OUT executions bigint, OUT scans bigint,
    OUT rows_read bigint, OUT rows_needed bigint, OUT filter text, OUT sort text, OUT total_ms double precision,
    OUT saved_ms double precision, OUT relation_bytes bigint, OUT first_seen timestamptz, OUT last_seen timestamptz,
    OUT recommendations bigint[], OUT outcome text, OUT reason text, OUT estimated boolean, OUT again boolean)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH bounds AS (
        SELECT current_setting('clipperf.seqscan_min_rows')::float8 AS min_rows
    ), scan AS MATERIALIZED (
        SELECT s.*, s.total_ms * (1 - s.rows_needed / s.rows_read::float8) AS saved_ms
        FROM @extschema@._clipperf_read_seq_scans() AS s, bounds AS b
        WHERE NOT s.is_closed
          AND CASE WHEN s.walked_index IS NULL
                   THEN s.rows_read >= b.min_rows * s.executions
                        AND s.rows_read >= b.min_rows / 10 * s.scans
                        AND s.rows_needed <= 0.2 * s.rows_read
                   ELSE s.rows_read - s.rows_kept >= b.min_rows * s.executions
                        AND s.rows_kept <= 0.05 * s.rows_read END
    ), family AS MATERIALIZED (
        SELECT t.relation, f.member
        FROM (SELECT DISTINCT relation FROM scan) AS t, @extschema@._clipperf_family(t.relation) AS f (member)
    ), index AS MATERIALIZED (
        SELECT f.relation, q.queryid,
               array_agg(DISTINCT coalesce(r.alike, r.id)) FILTER (WHERE r.status = 'new' AND NOT t.there) AS wanted,
               array_agg(DISTINCT r.id) FILTER (WHERE r.status IN ('queued', 'waiting', 'building')) AS coming,
               bool_or(r.status = 'new' AND t.there) AS is_there,
               max(r.status_at) FILTER (WHERE r.status IN ('verifying', 'kept', 'built') OR r.status = 'canceled' AND t.there) AS built_at
        FROM @extschema@.clipperf_recommendations AS r
             JOIN family AS f ON f.member = r.relation,
             unnest(r.queryids) AS q (queryid),
             @extschema@._clipperf_has_index(r.relation, r.index_name, r.ddl) AS t (there)
        WHERE r.role = quote_ident(current_user)::regrole AND r.action = 'create' AND NOT r.for_statements AND r.source NOT LIKE 'set:%'
        GROUP BY f.relation, q.queryid
    )
    SELECT CASE WHEN s.walked_index IS NULL THEN 'seq_scan' ELSE 'index_scan' END, s.relation, s.walked_index,
           s.queryid, s.query, s.executions, s.scans, s.rows_read, s.rows_needed,
           array_to_string(s.filter_columns, ', '), array_to_string(s.sort_columns, ', '), s.total_ms, s.saved_ms,
           s.relation_bytes, s.first_seen, s.last_seen, coalesce(i.wanted, i.coming),
           CASE WHEN i.wanted IS NOT NULL THEN 'index' WHEN i.coming IS NOT NULL THEN 'coming'
                WHEN i.built_at IS NOT NULL THEN 'unused' WHEN i.is_there THEN 'built'
                WHEN s.serving_index IS NOT NULL AND coalesce(a.outcome, 'no_index') = 'no_index' THEN 'served' ELSE a.outcome END,
           CASE WHEN s.serving_index IS NOT NULL AND coalesce(a.outcome, 'no_index') = 'no_index'
                THEN format('index %s finds these rows', s.serving_index) ELSE a.reason END,
           s.estimated,
           s.again OR i.built_at IS NOT NULL OR coalesce(a.outcome = 'settled', false)
    FROM scan AS s
         LEFT JOIN index AS i ON i.relation = s.relation AND i.queryid = s.queryid
         LEFT JOIN LATERAL (
            SELECT a.outcome, a.reason, a.made_at FROM @extschema@.clipperf_scan_advice AS a
            WHERE a.role = quote_ident(current_user)::regrole AND a.relation = s.relation AND a.queryid = s.queryid
              AND a.walked_index IS NOT DISTINCT FROM s.walked_index
            ORDER BY a.outcome = 'settled', a.outcome LIMIT 1) AS a ON true
    WHERE s.last_seen > coalesce(i.built_at, '-infinity')
      AND NOT coalesce(i.is_there AND i.wanted IS NULL AND i.coming IS NULL AND s.unseen_calls >= 20, false)
      AND s.last_seen > CASE WHEN a.outcome = 'settled' THEN a.made_at ELSE '-infinity' END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_wasteful_scans() IS
'scans that needed few of the rows they read, each with the advisor''s answer for the reader: the outcome is index, coming (a job builds it), unused (it was built, but the scans continue), built (it exists), one of clipperf_scan_advice, served (an index that finds the rows exists), or NULL if the advisor has not run';

CREATE FUNCTION @extschema@._clipperf_fix_of_scan(outcome text, recommendations bigint[], reason text)
RETURNS text
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE
        WHEN $1 = 'index' THEN @extschema@._clipperf_fix_of($2)
        WHEN $1 = 'coming' THEN '-- its index is being built: see clipperf_jobs'
        WHEN $1 = 'trigrams' AND EXISTS (
                SELECT FROM pg_available_extensions AS e WHERE e.name = 'pg_trgm')
             AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_trgm')
            THEN 'CREATE EXTENSION IF NOT EXISTS pg_trgm;'
        WHEN $1 = 'served' THEN '-- nothing to build: ' || @extschema@._clipperf_plain($3) || '; a planner that scans nevertheless takes that to be cheaper: ANALYZE the table if its statistics are old'
        WHEN $1 IN ('no_index', 'unplanned') OR $1 = 'trigrams' AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_trgm')
            THEN '-- no index: ' || @extschema@._clipperf_plain($3)
        ELSE (SELECT format('SELECT * FROM %I.clipperf_recommend();', n.nspname)
              FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
              WHERE e.extname = 'clipperf') END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_fix_of_scan(text, bigint[], text) IS
'what to run for a scan: its index, or the advisor; a comment that says why if no index helps';

CREATE FUNCTION @extschema@._clipperf_index_parts(ddl text, OUT from_name text, OUT from_keys text)
RETURNS record
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_index_parts';
COMMENT ON FUNCTION @extschema@._clipperf_index_parts(text) IS
'a CREATE INDEX statement from the name of the index on, and from its keys on';

CREATE FUNCTION @extschema@._clipperf_worth_of(recommendations bigint[])
RETURNS text
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT string_agg(concat_ws(', ',
               CASE r.action WHEN 'create' THEN 'index ' || (@extschema@._clipperf_index_parts(r.ddl)).from_keys
                             ELSE 'index ' || quote_ident(r.index_name) END,
               'planner''s cost ' || @extschema@._clipperf_number(r.cost_before) || ' -> '
               || @extschema@._clipperf_number(r.cost_after),
               'a call ' || @extschema@._clipperf_duration(r.mean_before_ms) || ' -> '
               || @extschema@._clipperf_duration(r.mean_after_ms),
               'about ' || @extschema@._clipperf_number(r.blocks_before) || ' -> '
               || @extschema@._clipperf_number(r.blocks_after) || ' blocks per call',
               pg_size_pretty(r.size_bytes),
               'write overhead ' || round(100 * r.write_cost_share::numeric, 2) || '% of the time',
               'recommendation ' || r.id), '; ' ORDER BY r.id)
    FROM @extschema@.clipperf_recommendations AS r
    WHERE r.id = ANY ($1);
END;
COMMENT ON FUNCTION @extschema@._clipperf_worth_of(bigint[]) IS 'the figures of some recommendations, in words';

CREATE FUNCTION @extschema@._clipperf_subject_of_scan(kind text, query text, filter text, sort text)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_plain(
               concat(@extschema@._clipperf_subject($2),
                      ' reads all rows', CASE $1 WHEN 'index_scan' THEN ' of an index' END, ' for (',
                      concat_ws('; ', nullif($3, ''), 'order by ' || nullif($4, '')), ')'));
END;
COMMENT ON FUNCTION @extschema@._clipperf_subject_of_scan(text, text, text, text) IS
'what is wrong with a scan, in words that are the same in every run';

-- Each recommended index is in the fix of one finding: that of the scans which it serves best.
CREATE FUNCTION @extschema@._clipperf_find_scans(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH scan AS MATERIALIZED (
        SELECT s.*, s.recommendations[1] AS best, c.relname,
               CASE WHEN s.recommendations IS NULL
                    THEN concat_ws(' / ', w.relname, s.filter, s.sort, s.outcome, s.reason) END AS shape,
               (SELECT r.alike FROM @extschema@.clipperf_recommendations AS r WHERE r.id = s.recommendations[1]) AS alike
        FROM @extschema@._clipperf_wasteful_scans() AS s
             LEFT JOIN pg_class AS c ON c.oid = s.relation
             LEFT JOIN pg_class AS w ON w.oid = s.walked_index
        WHERE @extschema@._clipperf_is_accepted(
                  s.kind, s.relation, ARRAY[s.queryid], ARRAY[s.query],
                  @extschema@._clipperf_subject_of_scan(s.kind, s.query, s.filter, s.sort), allow) = accepted
    ), route AS MATERIALIZED (
        SELECT r.* FROM @extschema@._clipperf_statement_routes() AS r WHERE r.queryid IN (SELECT s.queryid FROM scan AS s)
    ), tables AS (
        SELECT s.relname, s.shape, count(DISTINCT s.relation) AS number
        FROM scan AS s WHERE s.shape IS NOT NULL GROUP BY s.relname, s.shape
    ), family AS (
        SELECT s.*, CASE WHEN s.alike IS NULL AND coalesce(t.number, 1) <= 3 THEN s.relation END AS apart
        FROM scan AS s LEFT JOIN tables AS t ON t.relname = s.relname AND t.shape = s.shape
    ), merged AS (
        SELECT (array_agg(s.relation ORDER BY s.saved_ms DESC, s.relation))[1] AS relation, s.best, s.outcome,
               count(DISTINCT s.relation) AS tables,
               (array_agg(s.kind ORDER BY s.saved_ms DESC))[1] AS kind,
               (array_agg(s.walked_index ORDER BY s.saved_ms DESC))[1] AS walked_index,
               min(s.first_seen) AS first_seen, max(s.last_seen) AS last_seen,
               bool_or(s.estimated) AS estimated, bool_or(s.again) AS again,
               count(DISTINCT s.queryid) AS statements,
               sum(s.executions) AS executions, sum(s.scans) AS scans,
               sum(s.rows_read) AS rows_read, sum(s.rows_needed) AS rows_needed,
               sum(s.total_ms) AS total_ms, sum(s.saved_ms) AS saved_ms,
               max(s.relation_bytes) AS relation_bytes,
               array_agg(DISTINCT s.queryid) AS queryids,
               (array_agg(s.queryid ORDER BY s.saved_ms DESC))[1] AS queryid,
               (array_agg(s.query ORDER BY s.saved_ms DESC))[1] AS query,
               (array_agg(s.filter ORDER BY s.saved_ms DESC))[1] AS filter,
               (array_agg(s.sort ORDER BY s.saved_ms DESC))[1] AS sort,
               min(s.reason) AS reason,
               array_agg(DISTINCT @extschema@._clipperf_subject_of_scan(s.kind, s.query, s.filter, s.sort)) AS subjects
        FROM family AS s
        GROUP BY s.apart, s.relname, s.best, s.shape, s.outcome
    ), served AS (
        SELECT u.id, coalesce(min(s.best) FILTER (WHERE s.best = u.id), min(s.best)) AS best
        FROM scan AS s, unnest(s.recommendations) AS u (id)
        GROUP BY u.id
    )
    SELECT m.kind, m.relation, m.queryid, m.subjects, NULL::regclass[],
           format('%s %s to use %s%s', CASE m.kind WHEN 'seq_scan' THEN 'reads' ELSE 'walks an index over' END,
                  @extschema@._clipperf_count(m.rows_read / m.executions, 'row', 'rows'),
                  @extschema@._clipperf_number(m.rows_needed / m.executions),
                  CASE WHEN m.tables > 1 THEN format(', in %s tables of this name', m.tables) END),
           @extschema@._clipperf_plain(concat(
                  @extschema@.clipperf_line(m.query, 150),
                  CASE WHEN m.statements > 1 THEN
                      format(' and %s', @extschema@._clipperf_count(m.statements - 1, 'other', 'others')) END,
                  '; ', run.by, CASE WHEN m.estimated THEN 'about ' END, @extschema@._clipperf_count(m.executions, 'execution', 'executions'),
                  CASE WHEN m.statements > 1 THEN ' of ' || @extschema@._clipperf_count(m.statements, 'statement', 'statements') END,
                  CASE WHEN m.scans > m.executions THEN
                      ', ' || @extschema@._clipperf_number(m.scans / m.executions::float8) || ' scans each' END,
                  ', ', @extschema@._clipperf_duration(m.total_ms / m.executions),
                  CASE WHEN m.executions > 1 THEN
                      ' each, ' || @extschema@._clipperf_duration(m.total_ms) || ' in all' END,
                  '; index ' || CASE WHEN m.walked_index <> m.relation THEN m.walked_index::text END, '; filter ' || nullif(m.filter, ''), '; order ' || nullif(m.sort, ''),
                  CASE WHEN m.tables > 1 THEN '; tables up to ' ELSE '; table ' END || pg_size_pretty(nullif(m.relation_bytes, 0)),
                  CASE m.outcome WHEN 'unused' THEN '; an index was built for it, but it goes on'
                                 WHEN 'built' THEN '; the index that was recommended for it is there now' END,
                  '; ' || @extschema@._clipperf_worth_of(fixed.by))),
           coalesce((SELECT max(r.benefit_share) FROM @extschema@.clipperf_recommendations AS r WHERE r.id = ANY (fixed.by))
                    * total.ms, m.saved_ms),
           CASE WHEN m.outcome = 'served' THEN 'info' WHEN m.outcome IN ('no_index', 'trigrams', 'unplanned') THEN 'warning' ELSE 'critical' END,
           fix.said, fixed.by, m.first_seen, m.last_seen, m.again, m.tables > 1,
           coalesce(m.outcome IN ('no_index', 'trigrams', 'unplanned', 'served'), false) AND fix.said LIKE '--%'
    FROM merged AS m,
         @extschema@._clipperf_statement_time() AS total (ms),
         LATERAL (
            SELECT array_agg(s.id ORDER BY s.id) FROM served AS s WHERE s.best = m.best
         ) AS fixed (by),
         LATERAL @extschema@._clipperf_fix_of_scan(m.outcome, fixed.by, m.reason) AS fix (said),
         LATERAL (
            SELECT @extschema@._clipperf_some(array_agg(r.route ORDER BY r.calls DESC, r.route COLLATE "C")) || ': '
            FROM (SELECT t.route, sum(t.calls) AS calls FROM route AS t WHERE t.queryid = ANY (m.queryids) GROUP BY t.route) AS r
         ) AS run (by);
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_scans(boolean, text[]) IS
'findings of the kinds seq_scan and index_scan: one per recommended index, or per table and columns where none is recommended';

-- A recommended index that the finding of a scan has in its fix is none of its own, nor one for accepted scans alone.
CREATE FUNCTION @extschema@._clipperf_find_advice(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH carried AS (
        SELECT u.id, array_agg(s.queryid) AS queryids,
               bool_or(NOT @extschema@._clipperf_is_accepted(
                           s.kind, s.relation, ARRAY[s.queryid], ARRAY[s.query],
                           @extschema@._clipperf_subject_of_scan(s.kind, s.query, s.filter, s.sort), allow)) AS is_open
        FROM @extschema@._clipperf_wasteful_scans() AS s, unnest(s.recommendations) AS u (id)
        GROUP BY u.id
    )
    SELECT r.kind, r.relation, r.queryids[1],
           ARRAY[named.subject], NULL::regclass[],
           CASE WHEN r.kind = 'unused_index' THEN 'an index is not used'
                WHEN r.kind = 'redundant_index' THEN 'an index is not needed beside others'
                WHEN cardinality(r.queryids) > 0 THEN
                    format('lacks an index for %s', @extschema@._clipperf_count(cardinality(r.queryids), 'statement', 'statements'))
                ELSE 'lacks an index' END,
           @extschema@._clipperf_plain(concat_ws('; ', r.reason, @extschema@._clipperf_worth_of(ARRAY[r.id]))),
           coalesce(r.benefit_share, 0) * total.ms,
           CASE r.action WHEN 'create' THEN 'critical' ELSE 'info' END,
           @extschema@._clipperf_fix_of(ARRAY[r.id]), ARRAY[r.id], r.made_at, r.made_at, false, r.alike IS NOT NULL, false
    FROM @extschema@.clipperf_recommendations AS r
         LEFT JOIN carried AS c ON c.id = r.id,
         @extschema@._clipperf_statement_time() AS total (ms),
         LATERAL (
            SELECT @extschema@._clipperf_plain(CASE r.action
                WHEN 'create' THEN (@extschema@._clipperf_index_parts(r.ddl)).from_name
                ELSE (SELECT format('%I.%I', n.nspname, r.index_name)
                      FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE t.oid = r.relation) END)
         ) AS named (subject)
    WHERE r.status = 'new' AND r.kind IS NOT NULL AND NOT r.for_statements AND r.source NOT LIKE 'set:%'
      AND @extschema@._clipperf_has_index(r.relation, r.index_name, CASE WHEN r.action = 'create' THEN r.ddl END) = (r.action = 'drop')
      AND r.role = quote_ident(current_user)::regrole
      AND (r.alike IS NULL OR r.id = (SELECT min(o.id) FROM @extschema@.clipperf_recommendations AS o
                                      WHERE o.alike = r.alike AND o.status = 'new'))
      AND EXISTS (SELECT FROM pg_class AS t WHERE t.oid = r.relation)
      AND (c.id IS NULL OR NOT (c.is_open OR r.queryids <@ c.queryids))
      AND @extschema@._clipperf_is_accepted(r.kind, r.relation, r.queryids, NULL, named.subject, allow) = accepted;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_advice(boolean, text[]) IS
'findings of the kinds missing_index, redundant_index and unused_index: the last recommendations, as far as they were not applied yet';
