-- What to fix first, why, and how: clipperf_report().

CREATE FUNCTION @extschema@._clipperf_is_own(relation regclass)
RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = $1 AND d.deptype = 'e'
          AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'clipperf');
END;
COMMENT ON FUNCTION @extschema@._clipperf_is_own(regclass) IS 'true if it is one of clipperf''s own tables';

-- No JIT: what the functions below are estimated to cost says nothing about them, and compiling them takes seconds.
CREATE FUNCTION @extschema@._clipperf_find(accepted boolean DEFAULT false, allow text[] DEFAULT NULL)
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    WITH found AS MATERIALIZED (
        SELECT f.kind, f.relation, f.queryid, f.subjects, f.relations, f.summary, f.evidence, f.saved_ms, f.highest_severity,
               @extschema@._clipperf_plain_sql(f.fix) AS fix, f.recommendations, f.first_seen, f.last_seen, f.again, f.is_of_many,
               f.is_unsolved
        FROM (
            SELECT * FROM @extschema@._clipperf_find_n_plus_one($1, $2)
            UNION ALL
            SELECT * FROM @extschema@._clipperf_find_scans($1, $2)
            UNION ALL
            SELECT * FROM @extschema@._clipperf_find_statements($1, $2)
            UNION ALL
            SELECT * FROM @extschema@._clipperf_find_slow_plans($1, $2)
            UNION ALL
            SELECT * FROM @extschema@._clipperf_find_plan_changes($1, $2)
            UNION ALL
            SELECT * FROM @extschema@._clipperf_find_bad_estimates($1, $2)
            UNION ALL
            SELECT * FROM @extschema@._clipperf_find_advice($1, $2)
            UNION ALL
            SELECT * FROM @extschema@._clipperf_find_jobs($1, $2)
        ) AS f
        WHERE f.relation IS NULL OR NOT @extschema@._clipperf_is_own(f.relation)
    )
    SELECT * FROM found
    UNION ALL
    SELECT * FROM @extschema@._clipperf_find_breaches(
        $1, $2, ARRAY(SELECT row(f.*)::@extschema@._clipperf_finding FROM found AS f));
END;
COMMENT ON FUNCTION @extschema@._clipperf_find(boolean, text[]) IS
'the findings of all kinds, not ranked, except those on clipperf''s own tables';

CREATE FUNCTION @extschema@._clipperf_wrong_top(top integer, OUT sqlstate text, OUT message text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT '22004', 'argument "top" must not be null' WHERE $1 IS NULL
    UNION ALL
    SELECT '22023', 'argument "top" must be at least 1' WHERE $1 < 1;
END;
COMMENT ON FUNCTION @extschema@._clipperf_wrong_top(integer) IS
'the error to raise about an argument "top"; no row if it is a number of findings';

-- Severity by the share of all time that a finding may save, or costs where no fix is known: below a hundredth (0.01) it is an info, below a tenth
-- (0.1) a warning; from there on critical. An objective that is missed comes first: it saves nothing, but says what for.
CREATE FUNCTION @extschema@.clipperf_findings(top integer DEFAULT NULL, accepted boolean DEFAULT false)
RETURNS TABLE (
    rank integer, severity text, kind text, relation regclass, saves text, summary text, fix text, evidence text,
    first_seen timestamptz, last_seen timestamptz, saved_ms double precision, cost_ms double precision, queryid bigint)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    SELECT @extschema@._clipperf_note_ours();
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message) FROM @extschema@._clipperf_wrong_top($1) AS w
    WHERE $1 IS NOT NULL;
    WITH found AS (
        SELECT f.*, false AS is_accepted FROM @extschema@._clipperf_find(false) AS f
        UNION ALL
        SELECT f.*, true FROM @extschema@._clipperf_find(true) AS f WHERE $2
    ), spent AS (
        SELECT @extschema@._clipperf_statement_time()
               + (SELECT coalesce(sum(n.roundtrip_ms), 0) FROM @extschema@.clipperf_n_plus_one AS n) AS ms
    ), ranked AS (
        SELECT f.*, coalesce(least(f.saved_ms / nullif(spent.ms, 0), 1), 0) AS share
        FROM found AS f, spent
    ), judged AS (
        SELECT r.*, r.highest_severity = 'info' AS is_minor,
               CASE WHEN r.kind = 'slo_breach' AND NOT r.is_accepted THEN r.highest_severity
                    WHEN r.is_accepted OR r.highest_severity = 'info' OR r.share < 0.01 THEN 'info'
                    WHEN r.highest_severity = 'warning' OR r.share < 0.1 THEN 'warning'
                    ELSE 'critical' END AS judgement
        FROM ranked AS r
    )
    SELECT (row_number() OVER placed)::integer AS rank, j.judgement, j.kind, j.relation,
           CASE WHEN NOT j.is_unsolved THEN @extschema@._clipperf_share(j.share) END,
           CASE WHEN length(s.summary) > 60 THEN left(s.summary, 57) || '...' ELSE s.summary END, j.fix,
           concat(CASE WHEN j.is_accepted THEN 'accepted; ' END, j.evidence,
                  CASE WHEN j.is_unsolved THEN '; costs ' || @extschema@._clipperf_share(j.share) || ' of the time' END,
                  '; ' || n.said, '; ' || w.said),
           j.first_seen, j.last_seen,
           CASE WHEN NOT j.is_unsolved THEN round(j.saved_ms::numeric, 3)::double precision END,
           CASE WHEN j.is_unsolved THEN round(j.saved_ms::numeric, 3)::double precision END, j.queryid
    FROM judged AS j
         CROSS JOIN LATERAL (SELECT concat(CASE WHEN j.again THEN 'again: ' END, j.summary) AS summary) AS s
         LEFT JOIN @extschema@._clipperf_statement_nodes() AS n
            ON n.queryid = j.queryid AND j.kind NOT IN ('n_plus_one', 'slow_plan', 'slo_breach')
         LEFT JOIN @extschema@._clipperf_statement_waits() AS w ON w.queryid = j.queryid AND j.evidence NOT LIKE E'%\n%'
    WINDOW placed AS (
        ORDER BY j.is_accepted, j.kind <> 'slo_breach', j.kind = 'slo_breach' AND j.judgement <> 'critical', j.is_minor, j.saved_ms DESC, j.kind, j.subjects[1] COLLATE "C")
    ORDER BY 1
    LIMIT $1;
END;
COMMENT ON FUNCTION @extschema@.clipperf_findings(integer, boolean) IS
'the findings by the time that their fix saves, or that they cost where no fix is known, with the evidence, when they were seen, and the numbers that programs want; "accepted" also shows what clipperf_accept() hides. severity: critical from 10% of the time spent on statements (with the round trips of N+1 patterns), warning from 1%, else info; findings that are suspected or have no SQL are at most a warning, a pipelined N+1 pattern info';

CREATE FUNCTION @extschema@._clipperf_seen(OUT statements text, OUT since timestamptz)
RETURNS record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN s.statements > 0 THEN @extschema@._clipperf_count(s.statements, 'execution', 'executions') END, i.since
    FROM @extschema@.clipperf_info AS i,
         LATERAL (
            SELECT coalesce(sum(q.calls + q.errors), 0)::double precision AS statements
            FROM @extschema@._clipperf_read_queries() AS q
            WHERE q.toplevel
              AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())) AS s;
END;
COMMENT ON FUNCTION @extschema@._clipperf_seen() IS
'how many executions the report is about, in words, NULL for none, and since when they were seen';

CREATE FUNCTION @extschema@._clipperf_remark(
    found boolean, statements text, since timestamptz, OUT message text, OUT detail text, OUT hint text)
RETURNS SETOF record
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN $1 THEN format('findings are those of statements that were run by role "%s"', @extschema@._clipperf_plain(current_user))
                WHEN $2 IS NULL THEN 'no statement has been seen in this database'
                ELSE 'no findings' END,
           CASE WHEN NOT $1 THEN
               format(CASE WHEN $2 IS NULL THEN 'No statement%2$s has been seen since %3$s.'
                           ELSE 'clipperf has counted %1$s%2$s since %3$s.' END,
                      $2, CASE WHEN NOT r.sees_all
                               THEN format(CASE WHEN $2 IS NULL THEN ' of role "%s"' ELSE ' by role "%s"' END,
                                           @extschema@._clipperf_plain(current_user)) END, $3) END,
           CASE WHEN NOT r.sees_all THEN 'Statements of other roles are shown to members of pg_read_all_stats.'
                WHEN $2 IS NULL THEN 'Let the application run in this database while clipperf.enabled is on.'
                ELSE 'clipperf_recommend() tells which indexes would pay.' END
    FROM (SELECT pg_has_role('pg_read_all_stats', 'USAGE')) AS r (sees_all)
    WHERE NOT ($1 AND r.sees_all);
END;
COMMENT ON FUNCTION @extschema@._clipperf_remark(boolean, text, timestamptz) IS
'a NOTICE for clipperf_report(): that there are no findings, or that they are not those of all roles; no row if neither is so';

CREATE FUNCTION @extschema@._clipperf_wrap(content text, first_indent text, indent text, width integer, is_sql boolean)
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_wrap';
COMMENT ON FUNCTION @extschema@._clipperf_wrap(text, text, text, integer, boolean) IS
'a text in lines of at most so many characters, or a statement, which is not broken within a literal or a name and means the same';

-- A list of statements, each with the columns of a table that has many, would fill screens. What is not whole is a comment, so
-- that nobody runs it, and says where the whole is. A statement gets room for two lines, or for 100 characters; as many lines
-- of the fix are left as there is room for.
CREATE FUNCTION @extschema@._clipperf_shown_fix(fix text, width integer, most_lines integer, source text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH part AS (
        SELECT 0 AS n, '-- shortened; the whole: ' || $4 AS content
        UNION ALL
        SELECT l.n, CASE WHEN l.line LIKE '--%' THEN l.line
                         ELSE concat('-- ', substring(l.line FROM '; -- (\(\d+\))$') || ' ',
                                     @extschema@._clipperf_shorten(regexp_replace(l.line, ';( -- \(\d+\))?$', ''), greatest(2 * $2, 100))) END
        FROM string_to_table($1, E'\n') WITH ORDINALITY AS l (line, n)
    ), measured AS (
        SELECT p.n, p.content,
               sum(cardinality(string_to_array(@extschema@._clipperf_wrap(p.content, '', '', $2, true), E'\n'))) OVER (ORDER BY p.n) AS lines
        FROM part AS p
    )
    SELECT CASE WHEN cardinality(string_to_array(@extschema@._clipperf_wrap($1, '', '', $2, true), E'\n')) <= $3 THEN $1
                ELSE (SELECT concat(string_agg(m.content, E'\n' ORDER BY m.n) FILTER (WHERE m.lines < $3 OR m.n = 0),
                                    CASE WHEN max(m.lines) >= $3 THEN E'\n-- ...' END)
                      FROM measured AS m) END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_shown_fix(text, integer, integer, text) IS
'a fix as it is, if it takes at most so many lines of this width; else as comments, with its statements shortened, that say which query has the whole';

CREATE FUNCTION @extschema@._clipperf_listed(top integer, accepted boolean)
RETURNS TABLE (
    rank integer, severity text, kind text, relation regclass, table_name text, saves text, summary text, fix text,
    evidence text, source text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    WITH listed AS MATERIALIZED (
        SELECT * FROM @extschema@.clipperf_findings($1, $2)
    ), said AS MATERIALIZED (
        SELECT @extschema@._clipperf_raise('notice', NULL, n.message, n.detail, n.hint)
        FROM @extschema@._clipperf_seen() AS s,
             @extschema@._clipperf_remark(EXISTS (SELECT FROM listed), s.statements, s.since) AS n
    )
    SELECT l.rank, l.severity, l.kind, l.relation, l.relation::text, l.saves, l.summary, l.fix, l.evidence,
           format('SELECT fix FROM %s(%s) WHERE rank = %s', '@extschema@.clipperf_findings'::regproc,
                  CASE WHEN $2 THEN 'accepted => true' END, l.rank)
    FROM listed AS l
    WHERE (SELECT count(*) FROM said) IS NOT NULL;
END;
COMMENT ON FUNCTION @extschema@._clipperf_listed(integer, boolean) IS
'the first rows of clipperf_findings(), with tables named by their schemas, the query that has the whole fix, and a NOTICE if there are none or they are not those of all roles';

-- What users call.  These two set no search_path, since the advisor, which "advise" asks first, plans statements as
-- the session would.

-- The table fits 110 columns of a psql, with the 3 characters that are between two columns.  What rank, severity, saves,
-- kind and relation leave is shared by summary and fix, of at least 20 characters each.  Where a name in a fix is longer,
-- summary gives way, down to 14 characters, so that the table fits 120 columns.
CREATE FUNCTION @extschema@.clipperf_report(
    top integer DEFAULT 20, accepted boolean DEFAULT false, advise boolean DEFAULT false)
RETURNS TABLE (rank integer, severity text, kind text, relation regclass, saves text, summary text, fix text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET jit = off
BEGIN ATOMIC
    SELECT @extschema@._clipperf_note_ours();
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message) FROM @extschema@._clipperf_wrong_top($1) AS w;
    SELECT FROM @extschema@.clipperf_recommend() WHERE $3;
    WITH listed AS MATERIALIZED (
        SELECT * FROM @extschema@._clipperf_listed($1, $2)
    ), free AS (
        SELECT 110 - (7 * 3 - 1) - (4 + 8 + 5) - greatest(max(length(l.kind)), 4) - greatest(max(length(l.relation::text)), 8) AS width,
               max(length(l.summary)) AS longest
        FROM listed AS l
    ), shared AS (
        SELECT f.width, least(f.longest, greatest(f.width / 2, 20)) AS summary_width FROM free AS f
    ), shown AS MATERIALIZED (
        SELECT l.rank, @extschema@._clipperf_shown_fix(l.fix, greatest(s.width - s.summary_width, 20), 24, l.source) AS fix
        FROM listed AS l, shared AS s
    ), measured AS (
        SELECT max(length(t.line)) AS fix_width
        FROM shown AS l, shared AS s,
             LATERAL regexp_split_to_table(
                @extschema@._clipperf_wrap(l.fix, '', '', greatest(s.width - s.summary_width, 20), true), E'\n') AS t (line)
    )
    SELECT l.rank, l.severity, l.kind, l.relation, l.saves,
           @extschema@._clipperf_wrap(
               l.summary, '', '', least(s.summary_width, greatest(120 - 110 + s.width - m.fix_width, 14)), false),
           @extschema@._clipperf_wrap(f.fix, '', '', greatest(s.width - s.summary_width, m.fix_width), true)
    FROM listed AS l JOIN shown AS f USING (rank), shared AS s, measured AS m
    ORDER BY l.rank;
END;
COMMENT ON FUNCTION @extschema@.clipperf_report(integer, boolean, boolean) IS
'what to fix first, and how, ranked by the time that the fix saves, or that is lost where no fix is known, as a table that fits a terminal of 120 columns; "accepted" also shows what clipperf_accept() hides, "advise" calls clipperf_recommend() first. clipperf_findings() has the evidence, and fixes as a whole';

CREATE FUNCTION @extschema@.clipperf_report_text(
    top integer DEFAULT 20, accepted boolean DEFAULT false, advise boolean DEFAULT false)
RETURNS SETOF text
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET jit = off
BEGIN ATOMIC
    SELECT @extschema@._clipperf_note_ours();
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message) FROM @extschema@._clipperf_wrong_top($1) AS w;
    SELECT FROM @extschema@.clipperf_recommend() WHERE $3;
    SELECT l.line
    FROM @extschema@._clipperf_listed($1, $2) AS f,
         LATERAL (VALUES
            (1, concat_ws(' ', f.rank || '.', f.severity, f.kind, 'on ' || @extschema@._clipperf_plain(f.table_name), '(saves ' || f.saves || ')'), '', '   '),
            (2, f.summary, '   ', '   '),
            (3, f.evidence, '   ', '   '),
            (4, @extschema@._clipperf_shown_fix(f.fix, 100 - 8, 24, f.source), '   fix: ', '        '),
            (5, '', '', '')) AS p (part, content, before, beneath)
         CROSS JOIN LATERAL regexp_split_to_table(
            @extschema@._clipperf_wrap(p.content, p.before, p.beneath, 100, p.part = 4), E'\n') WITH ORDINALITY AS l (line, n)
    ORDER BY f.rank, p.part, l.n;
END;
COMMENT ON FUNCTION @extschema@.clipperf_report_text(integer, boolean, boolean) IS
'clipperf_report() as lines of at most 100 characters, a block for each finding with its evidence, for psql, logs and mail';
