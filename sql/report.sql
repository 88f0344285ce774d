-- What to fix first, why, and how: clipperf_report() and clipperf_check().

CREATE FUNCTION @extschema@.clipperf_find(accepted boolean DEFAULT false, allow text[] DEFAULT NULL)
RETURNS SETOF @extschema@.clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
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
          AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'clipperf');
END;
COMMENT ON FUNCTION @extschema@.clipperf_find(boolean, text[]) IS
'the findings of all kinds, not ranked, but for those on clipperf''s own tables; a scan is mended by the index that clipperf_recommend() chose for its statement, if it did';

-- PL/pgSQL looks up names when it runs, and a schema can be renamed: what it needs of ours is in these two.

CREATE FUNCTION @extschema@.clipperf_ranking(accepted boolean)
RETURNS TABLE (
    rank integer, severity text, kind text, relation regclass, queryid bigint,
    finding text, evidence text, db_time_share double precision, fix text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH found AS (
        SELECT f.*, false AS is_accepted FROM @extschema@.clipperf_find(false) AS f
        UNION ALL
        SELECT f.*, true FROM @extschema@.clipperf_find(true) AS f WHERE $1
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
    ORDER BY 1;
END;
COMMENT ON FUNCTION @extschema@.clipperf_ranking(boolean) IS
'all findings by the time that their fix saves, with those that were accepted or without; use clipperf_report() instead';

CREATE FUNCTION @extschema@.clipperf_seen(OUT statements text, OUT since timestamptz)
RETURNS record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN s.statements > 0 THEN @extschema@.clipperf_count(s.statements, 'statement', 'statements') END, i.since
    FROM @extschema@.clipperf_info AS i,
         LATERAL (
            SELECT coalesce(sum(q.calls + q.errors), 0)::double precision AS statements
            FROM @extschema@.clipperf_queries AS q
            WHERE q.toplevel
              AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
              AND coalesce(q.query, '') NOT ILIKE '%clipperf\_%') AS s;
END;
COMMENT ON FUNCTION @extschema@.clipperf_seen() IS
'how many statements the report is about, in words, NULL for none, and since when they were seen';

-- What users call.

-- Severity by the share of all time that a finding may save: below a hundredth (0.01) it is an info, and a sequential
-- scan that would be an info at most is left out; below a tenth (0.1) a warning; from there on critical.
CREATE FUNCTION @extschema@.clipperf_report(top integer DEFAULT 20, accepted boolean DEFAULT false)
RETURNS TABLE (
    rank integer, severity text, kind text, relation regclass, queryid bigint,
    finding text, evidence text, db_time_share double precision, fix text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    home CONSTANT regnamespace := (SELECT e.extnamespace FROM pg_extension AS e WHERE e.extname = 'clipperf');
    seen record;
BEGIN
    IF $1 IS NULL OR $1 < 1 THEN
        RAISE EXCEPTION 'cannot report the top % findings', coalesce($1::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Ask for 1 or more.';
    END IF;

    RETURN QUERY EXECUTE format('SELECT * FROM %s.clipperf_ranking($1) LIMIT $2', home) USING $2, $1;

    IF NOT FOUND THEN
        EXECUTE format('SELECT * FROM %s.clipperf_seen()', home) INTO seen;
        RAISE NOTICE USING
            MESSAGE = CASE WHEN seen.statements IS NULL THEN 'no statement has been seen in this database'
                           ELSE 'there is nothing to mend' END,
            DETAIL = format('%s since %s.', coalesce('Seen were ' || seen.statements, 'Nothing was seen'), seen.since);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.clipperf_report(integer, boolean) IS
'what to fix first, why and how, ranked by the time that the fix saves; "accepted" shows also what clipperf_accept() hides. severity: critical from 10 % of the time spent on statements (with the round trips of N+1 patterns), warning from 1 %, else info; what is suspected, or an advice without SQL, is at most a warning, a pipelined N+1 pattern info; so is a scan that an existing index could serve, which is listed only from 1 %';

CREATE FUNCTION @extschema@.clipperf_raise_findings(listed text, lines text[])
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF cardinality($2) > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'CP001',
            MESSAGE = concat($1, E':\n', array_to_string($2, E'\n')),
            HINT = 'clipperf_report() tells how to mend them. Accept one by clipperf_accept(), or for this check alone by "allow": table names and ILIKE patterns of statements.';
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.clipperf_raise_findings(text, text[]) IS
'raises CP001 with what is listed, unless nothing is; use clipperf_check() instead';

CREATE FUNCTION @extschema@.clipperf_check(
    kinds text[] DEFAULT '{n_plus_one,seq_scan}', allow text[] DEFAULT NULL)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@.clipperf_require_kinds($1);
    SELECT @extschema@.clipperf_raise_findings(
               @extschema@.clipperf_count(cardinality(found.lines), 'finding', 'findings'), found.lines)
    FROM (SELECT ARRAY(
              SELECT listed.line
              FROM (SELECT DISTINCT concat(f.kind, ' on ' || c.relname, ': ', f.subject) COLLATE "C"
                    FROM @extschema@.clipperf_find(false, $2) AS f
                         LEFT JOIN pg_class AS c ON c.oid = f.relation
                    WHERE f.kind = ANY ($1)
                      AND (f.kind NOT IN ('n_plus_one', 'seq_scan') OR f.highest_severity <> 'info')
                   ) AS listed (line)
              ORDER BY listed.line)
         ) AS found (lines);
END;
COMMENT ON FUNCTION @extschema@.clipperf_check(text[], text[]) IS
'raises CP001 if a finding of these kinds exists that is neither accepted nor allowed (table names, ILIKE patterns of statements); the message lists them in an order and words that do not change between runs';
