-- The same findings as an error, for CI: clipperf_check(), and the baseline that it compares with.

-- A table in which clipperf.seqscan_min_rows rows are not, or, where it was never analyzed, for which it has no room:
-- a row takes 32 bytes at least, with its line pointer.
CREATE FUNCTION @extschema@._clipperf_is_small(relation regclass)
RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(sum(CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE pg_relation_size(c.oid) / 32 END), 0)
           < current_setting('clipperf.seqscan_min_rows')::float8
    FROM @extschema@._clipperf_family($1) AS f (member)
         JOIN pg_class AS c ON c.oid = f.member
    WHERE c.relkind <> 'p';
END;
COMMENT ON FUNCTION @extschema@._clipperf_is_small(regclass) IS
'true if a table has so few rows that sequential scans of it are not recorded';

CREATE FUNCTION @extschema@.clipperf_judged(
    kinds text[] DEFAULT '{n_plus_one,seq_scan}',
    OUT statements bigint, OUT lists bigint, OUT small_tables bigint, OUT suspicions bigint)
RETURNS record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message, NULL, w.hint)
    FROM @extschema@._clipperf_wrong_kinds($1) AS w;
    WITH use AS MATERIALIZED (
        SELECT DISTINCT t.queryid, t.relation, t.reads FROM @extschema@._clipperf_read_table_use() AS t
    ), judged AS MATERIALIZED (
        SELECT r.relation, @extschema@._clipperf_is_small(r.relation) AS is_small
        FROM (SELECT DISTINCT t.relation FROM use AS t) AS r
        WHERE NOT @extschema@._clipperf_is_own(r.relation)
    )
    SELECT u.statements,
           CASE WHEN 'n_plus_one' = ANY ($1) THEN n.lists END,
           CASE WHEN $1 && '{seq_scan,index_scan}' THEN u.small_tables END,
           CASE WHEN 'n_plus_one' = ANY ($1) THEN n.suspicions END
    FROM (
            SELECT count(DISTINCT t.queryid) AS statements,
                   count(DISTINCT t.relation) FILTER (WHERE t.reads AND t.is_small) AS small_tables
            FROM (SELECT a.queryid, a.relation, a.reads, j.is_small FROM use AS a JOIN judged AS j USING (relation)) AS t
         ) AS u,
         (
            SELECT count(DISTINCT r.parent_queryid) FILTER (WHERE r.confidence = 'proven') AS lists,
                   count(DISTINCT r.child_queryid) FILTER (WHERE r.confidence = 'suspected') AS suspicions
            FROM @extschema@._clipperf_read_n_plus_one() AS r
            WHERE NOT r.is_closed
         ) AS n;
END;
COMMENT ON FUNCTION @extschema@.clipperf_judged(text[]) IS
'how much of what clipperf_check() judges was seen in this database: statements that use a table, loops, tables read that have too few rows, and loops that are only suspected';

-- Entries of "allow" that name no table, and no statement that was seen.
CREATE FUNCTION @extschema@._clipperf_unmatched(allow text[])
RETURNS text[]
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT ARRAY(
        SELECT w.word
        FROM unnest($1) WITH ORDINALITY AS w (word, place)
        WHERE NOT EXISTS (
                SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'm', 'f')
                  AND w.word IN (c.relname, n.nspname || '.' || c.relname, c.oid::regclass::text))
          AND NOT EXISTS (
                SELECT FROM @extschema@.clipperf_queries AS q
                WHERE q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
                  AND q.query ILIKE w.word)
        ORDER BY w.place);
END;
COMMENT ON FUNCTION @extschema@._clipperf_unmatched(text[]) IS
'entries of clipperf_check()''s "allow" that match nothing';

-- What is suspected, and what is never more than info, passes where kinds are concerned that clipperf_check() judges by
-- default; findings of scans in full, since a finding may stand for several statements. Two findings in the same words
-- are one problem, shown as the one that costs more: one that stands for many tables of one name is called by it alone,
-- as which of them costs most changes.
CREATE FUNCTION @extschema@.clipperf_problems(
    kinds text[] DEFAULT '{n_plus_one,seq_scan}', allow text[] DEFAULT NULL)
RETURNS TABLE (
    kind text, relation regclass, problem text, summary text, fix text, evidence text, queryid bigint, source_location text)
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message, NULL, w.hint)
    FROM @extschema@._clipperf_wrong_kinds($1) AS w;
    SELECT @extschema@._clipperf_raise('error', '22004', 'argument "allow" must not contain nulls')
    WHERE EXISTS (SELECT FROM unnest($2) AS a (entry) WHERE a.entry IS NULL);
    WITH loop AS MATERIALIZED (
        SELECT l.subject, l.relation, min(l.source_location) AS source_location
        FROM @extschema@._clipperf_loops(false, $2) AS l
        WHERE l.source_location IS NOT NULL AND 'n_plus_one' = ANY ($1)
        GROUP BY l.subject, l.relation
    )
    SELECT DISTINCT ON (listed.line) listed.kind, listed.subject_relation, listed.line, listed.summary, listed.fix, listed.evidence,
           listed.queryid, listed.source_location
    FROM (SELECT f.*, c.oid::regclass AS subject_relation, t.source_location,
                 concat(f.kind, CASE WHEN c.oid IS NULL THEN ': ' ELSE ' on ' END,
                        @extschema@._clipperf_named(c.oid, f.is_of_many, p.subject)) COLLATE "C" AS line
          FROM @extschema@._clipperf_find(false, $2) AS f
               CROSS JOIN LATERAL unnest(f.subjects, f.relations) AS p (subject, relation)
               LEFT JOIN pg_class AS c ON c.oid = CASE WHEN f.relations IS NULL THEN f.relation ELSE p.relation END
               LEFT JOIN loop AS t ON f.kind = 'n_plus_one' AND (t.subject, t.relation) = (p.subject, p.relation)
          WHERE f.kind = ANY ($1)
            AND CASE f.kind WHEN 'n_plus_one' THEN f.highest_severity = 'critical'
                            WHEN 'seq_scan' THEN f.highest_severity <> 'info'
                            WHEN 'index_scan' THEN f.highest_severity <> 'info'
                            ELSE true END
         ) AS listed
    ORDER BY listed.line, listed.saved_ms DESC, listed.queryid;
END;
COMMENT ON FUNCTION @extschema@.clipperf_problems(text[], text[]) IS
'the findings that clipperf_check() fails for, with their fixes; "problem" is in words that do not change between runs, and so is the order';

CREATE FUNCTION @extschema@.clipperf_check(
    kinds text[] DEFAULT '{n_plus_one,seq_scan}', allow text[] DEFAULT NULL)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message, NULL, w.hint)
    FROM @extschema@._clipperf_wrong_kinds($1) AS w;
    SELECT @extschema@._clipperf_raise('error', '22004', 'argument "allow" must not contain nulls')
    WHERE EXISTS (SELECT FROM unnest($2) AS a (entry) WHERE a.entry IS NULL);
    SELECT @extschema@._clipperf_raise(
               'warning', NULL, format('entry "%s" of argument "allow" matches nothing', u.entry),
               'No table has this name, and no statement that was seen matches this pattern.')
    FROM unnest(@extschema@._clipperf_unmatched($2)) AS u (entry);
    SELECT @extschema@._clipperf_raise(
               'warning', NULL, 'clipperf_check() cannot judge all that was seen',
               format('%s and %s of all databases were evicted from memory since %s.',
                      @extschema@._clipperf_count(i.n_plus_one_evicted, 'N+1 pattern', 'N+1 patterns'),
                      @extschema@._clipperf_count(i.seq_scans_evicted, 'scan', 'scans'),
                      to_char(i.since, 'YYYY-MM-DD HH24:MI')),
               'Call clipperf_reset() before the tests run.')
    FROM @extschema@.clipperf_info AS i
    WHERE i.n_plus_one_evicted + i.seq_scans_evicted > 0;
    WITH found AS MATERIALIZED (
        SELECT ARRAY(SELECT p.problem FROM @extschema@.clipperf_problems($1, $2) AS p ORDER BY p.problem) AS problems,
               pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all
    )
    SELECT CASE
        WHEN j.statements = 0 AND cardinality(p.problems) = 0 THEN
            @extschema@._clipperf_raise(
                'error', 'CP002', 'clipperf_check() has seen nothing to judge',
                @extschema@._clipperf_plain(
                    format('No statement that uses a table was seen in database "%s"%s.', current_database(),
                           CASE WHEN NOT p.sees_all THEN format(', run by role "%s"', current_user) END)),
                CASE WHEN p.sees_all
                     THEN 'Run the tests in this database, while clipperf.enabled is on, before the check.'
                     ELSE 'Statements of other roles are shown to members of pg_read_all_stats.' END)
        ELSE
            @extschema@._clipperf_raise(
                'notice', NULL, 'clipperf_check() judged ' || concat_ws(', ',
                    @extschema@._clipperf_count(j.statements, 'statement', 'statements'),
                    @extschema@._clipperf_count(j.lists, 'list', 'lists') || ' looped over',
                    @extschema@._clipperf_count(j.small_tables, 'table', 'tables') || ' too small to judge',
                    @extschema@._clipperf_count(nullif(j.suspicions, 0), 'suspected loop', 'suspected loops')
                    || ' not counted'),
                CASE WHEN NOT p.sees_all
                     THEN @extschema@._clipperf_plain(format('They were run by role "%s".', current_user)) END,
                CASE WHEN NOT p.sees_all
                     THEN 'Statements of other roles are shown to members of pg_read_all_stats.' END) END,
        CASE WHEN cardinality(p.problems) > 0 THEN
            @extschema@._clipperf_raise(
                'error', 'CP001',
                'clipperf_check() found ' || @extschema@._clipperf_count(cardinality(p.problems), 'problem', 'problems'),
                array_to_string(p.problems, E'\n'),
                'clipperf_report() tells how to fix them. Accept them by clipperf_accept() or clipperf_accept_all(), or for this check alone by "allow".') END
    FROM found AS p, @extschema@.clipperf_judged($1) AS j;
END;
COMMENT ON FUNCTION @extschema@.clipperf_check(text[], text[]) IS
'raises CP001 if a finding of these kinds exists that is neither accepted nor allowed (table names, ILIKE patterns of statements), and CP002 if no statement was seen; a NOTICE says what was judged. The message lists the findings in an order and words that do not change between runs';

CREATE FUNCTION @extschema@.clipperf_accept_all(reason text, kinds text[] DEFAULT '{n_plus_one,seq_scan}')
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', '22004', 'argument "reason" must not be null') WHERE $1 IS NULL;
    SELECT @extschema@._clipperf_raise('error', '22023', 'argument "reason" must not be empty') WHERE $1 = '';
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message, NULL, w.hint)
    FROM @extschema@._clipperf_wrong_kinds($2) AS w;
    WITH added AS (
        INSERT INTO @extschema@.clipperf_accepted (kind, subject, reason)
        SELECT DISTINCT f.kind,
               @extschema@._clipperf_named(CASE WHEN f.relations IS NULL THEN f.relation ELSE p.relation END, f.is_of_many, p.subject), $1
        FROM @extschema@._clipperf_find(false) AS f,
             unnest(f.subjects, f.relations) AS p (subject, relation)
        WHERE f.kind = ANY ($2)
        ORDER BY 1, 2
        RETURNING id
    )
    SELECT count(*) FROM added;
END;
COMMENT ON FUNCTION @extschema@.clipperf_accept_all(text, text[]) IS
'accepts every finding of these kinds that exists now, so that clipperf_check() fails only for new ones; returns how many entries were made';
REVOKE ALL ON FUNCTION @extschema@.clipperf_accept_all(text, text[]) FROM PUBLIC;
