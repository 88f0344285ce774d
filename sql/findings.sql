-- Findings that are known and accepted.

CREATE TABLE @extschema@.clipperf_accepted (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    relation @extschema@._clipperf_relation,
    queryid bigint,
    made_by name NOT NULL DEFAULT session_user,
    made_at timestamptz NOT NULL DEFAULT now(),
    statement text,
    subject text,
    reason text
);
COMMENT ON TABLE @extschema@.clipperf_accepted IS
'findings that clipperf_report() hides and clipperf_check() ignores; where several conditions are given, all must match';
COMMENT ON COLUMN @extschema@.clipperf_accepted.id IS 'number of the entry';
COMMENT ON COLUMN @extschema@.clipperf_accepted.kind IS 'kind of the finding, as in clipperf_report()';
COMMENT ON COLUMN @extschema@.clipperf_accepted.relation IS 'table of the finding; NULL = any';
COMMENT ON COLUMN @extschema@.clipperf_accepted.queryid IS 'statement of the finding; NULL = any';
COMMENT ON COLUMN @extschema@.clipperf_accepted.statement IS 'ILIKE pattern of the query text; NULL = any';
COMMENT ON COLUMN @extschema@.clipperf_accepted.subject IS 'one particular finding, in the words of clipperf_check(), as recorded by clipperf_accept_all(); NULL = any';
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

-- The innermost line of the context, which names the function of ours that calls it, is left out.
CREATE FUNCTION @extschema@._clipperf_raise(
    severity text, sqlstate text, message text, detail text DEFAULT NULL, hint text DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_raise';
COMMENT ON FUNCTION @extschema@._clipperf_raise(text, text, text, text, text) IS
'raises an error, a warning or a notice of the function that calls it';

CREATE FUNCTION @extschema@._clipperf_kinds()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT '{n_plus_one,seq_scan,index_scan,missing_index,redundant_index,unused_index,cacheable,temp_spill,slow_plan,plan_changed,bad_estimate,slo_breach}'::text[];
END;
COMMENT ON FUNCTION @extschema@._clipperf_kinds() IS 'the kinds of findings';

CREATE FUNCTION @extschema@._clipperf_wrong_kinds(
    kinds text[], OUT sqlstate text, OUT message text, OUT hint text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT '22004', 'argument "kinds" must not be null', NULL::text WHERE $1 IS NULL
    UNION ALL
    SELECT '22023', 'argument "kinds" must not be empty', 'Leave it out for n_plus_one and seq_scan.'
    WHERE cardinality($1) = 0
    UNION ALL
    SELECT '22004', 'argument "kinds" must not contain nulls', NULL
    WHERE EXISTS (SELECT FROM unnest($1) AS k (kind) WHERE k.kind IS NULL)
    UNION ALL
    SELECT '22023', format('unrecognized kind of finding: "%s"', k.kind),
           format('The kinds are %s.', array_to_string(@extschema@._clipperf_kinds(), ', '))
    FROM unnest($1) AS k (kind)
    WHERE k.kind <> ALL (@extschema@._clipperf_kinds());
END;
COMMENT ON FUNCTION @extschema@._clipperf_wrong_kinds(text[]) IS
'the error to raise about an argument "kinds"; no row if all are kinds of finding';

CREATE FUNCTION @extschema@.clipperf_accept(
    kind text, relation regclass DEFAULT NULL, queryid bigint DEFAULT NULL,
    reason text DEFAULT NULL, statement text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_note_ours();
    SELECT @extschema@._clipperf_raise('error', '22004', 'argument "kind" must not be null') WHERE $1 IS NULL;
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message, NULL, w.hint)
    FROM @extschema@._clipperf_wrong_kinds(ARRAY[$1]) AS w;
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
    SELECT @extschema@._clipperf_note_ours();
    SELECT @extschema@._clipperf_raise('error', '22004', 'argument "kind" must not be null') WHERE $1 IS NULL;
    SELECT @extschema@._clipperf_raise('error', w.sqlstate, w.message, NULL, w.hint)
    FROM @extschema@._clipperf_wrong_kinds(ARRAY[$1]) AS w;
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

-- The findings of each kind. "accepted" chooses those that were accepted, or the others; "allow" accepts more.

CREATE TYPE @extschema@._clipperf_finding AS (
    kind text,
    relation regclass,
    queryid bigint,
    subjects text[],
    relations regclass[],
    summary text,
    evidence text,
    saved_ms double precision,
    highest_severity text,
    fix text,
    recommendations bigint[],
    first_seen timestamptz,
    last_seen timestamptz,
    again boolean,
    is_of_many boolean,
    is_unsolved boolean
);
COMMENT ON TYPE @extschema@._clipperf_finding IS 'one finding, before it is ranked';
COMMENT ON COLUMN @extschema@._clipperf_finding.kind IS 'kind, as in clipperf_report()';
COMMENT ON COLUMN @extschema@._clipperf_finding.relation IS 'table it is about';
COMMENT ON COLUMN @extschema@._clipperf_finding.queryid IS 'statement it is about';
COMMENT ON COLUMN @extschema@._clipperf_finding.subjects IS 'what is wrong, for each statement concerned, in words that are the same in every run';
COMMENT ON COLUMN @extschema@._clipperf_finding.relations IS 'the table of each subject; NULL = that of the finding';
COMMENT ON COLUMN @extschema@._clipperf_finding.summary IS 'what is wrong, in at most 60 characters';
COMMENT ON COLUMN @extschema@._clipperf_finding.evidence IS 'the statement and the figures that show it';
COMMENT ON COLUMN @extschema@._clipperf_finding.saved_ms IS 'time that the fix saves of what was measured, milliseconds; what it costs, if no fix is known';
COMMENT ON COLUMN @extschema@._clipperf_finding.highest_severity IS 'severity it cannot exceed';
COMMENT ON COLUMN @extschema@._clipperf_finding.fix IS 'SQL that fixes it';
COMMENT ON COLUMN @extschema@._clipperf_finding.recommendations IS 'recommendations of the indexes that fix it; NULL = none';
COMMENT ON COLUMN @extschema@._clipperf_finding.first_seen IS 'when it was first seen';
COMMENT ON COLUMN @extschema@._clipperf_finding.last_seen IS 'when it was last seen';
COMMENT ON COLUMN @extschema@._clipperf_finding.again IS 'true if it was closed once, and seen again';
COMMENT ON COLUMN @extschema@._clipperf_finding.is_of_many IS 'true if it stands for tables of one name in several schemas';
COMMENT ON COLUMN @extschema@._clipperf_finding.is_unsolved IS 'true if no fix is known';

CREATE FUNCTION @extschema@._clipperf_named(relation regclass, is_of_many boolean, subject text)
RETURNS text
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_plain(
               concat(CASE WHEN $2 THEN (SELECT quote_ident(c.relname) FROM pg_class AS c WHERE c.oid = $1)
                           ELSE $1::text END || ': ', $3));
END;
COMMENT ON FUNCTION @extschema@._clipperf_named(regclass, boolean, text) IS
'what is wrong, with the table in front: with its schema, or without it if there are many of one name';

-- Whoever asks what is accepted learns it of the findings that a report shows to the role, and of no others: the patterns
-- that statements were accepted by would tell of what others run.
CREATE FUNCTION @extschema@._clipperf_is_shown(
    role oid, relation regclass, queryids bigint[], statements text[], subject text)
RETURNS boolean
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH own (queryid, statement) AS MATERIALIZED (
        SELECT q.queryid, @extschema@._clipperf_query_text(q.userid, q.dbid, q.queryid)
        FROM @extschema@._clipperf_read_queries() AS q
        WHERE q.queryid = ANY ($3) AND q.userid = $1
        UNION ALL
        SELECT o.queryid, o.statement
        FROM @extschema@._clipperf_read_n_plus_one() AS n,
             LATERAL (VALUES (n.parent_queryid, n.parent_query), (n.child_queryid, n.child_query)) AS o (queryid, statement)
        WHERE o.queryid = ANY ($3) AND n.userid = $1
        UNION ALL
        SELECT s.queryid, s.query
        FROM @extschema@._clipperf_read_seq_scans() AS s
        WHERE s.queryid = ANY ($3) AND s.userid = $1
    )
    SELECT CASE
        WHEN $4 IS NULL THEN coalesce(has_table_privilege($1, $2, 'SELECT'), false)
        ELSE NOT EXISTS (
                SELECT FROM unnest($3) AS i (queryid)
                WHERE i.queryid IS NOT NULL AND NOT EXISTS (SELECT FROM own AS o WHERE o.queryid = i.queryid))
            AND NOT EXISTS (
                SELECT FROM unnest($4) AS t (statement)
                WHERE t.statement IS NOT NULL
                  AND (strpos($5, @extschema@._clipperf_subject(t.statement)) = 0
                       OR NOT EXISTS (SELECT FROM own AS o WHERE o.statement = t.statement)))
        END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_is_shown(oid, regclass, bigint[], text[], text) IS
'does a report show findings about these statements to a role that does not see those of all roles?';
REVOKE ALL ON FUNCTION @extschema@._clipperf_is_shown(oid, regclass, bigint[], text[], text) FROM PUBLIC;

CREATE FUNCTION @extschema@._clipperf_is_accepted(
    kind text, relation regclass, queryids bigint[], statements text[], subject text, allow text[])
RETURNS boolean
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE
            WHEN NOT EXISTS (
                SELECT FROM @extschema@.clipperf_accepted AS a
                WHERE a.kind = $1
                  AND (a.relation IS NULL OR a.relation = $2)
                  AND (a.queryid IS NULL OR a.queryid = ANY ($3))
                  AND (a.statement IS NULL OR EXISTS (
                        SELECT FROM unnest($4) AS s (statement) WHERE s.statement ILIKE a.statement))
                  AND (a.subject IS NULL
                       OR a.subject IN (@extschema@._clipperf_named($2, false, $5), @extschema@._clipperf_named($2, true, $5)))) THEN false
            WHEN pg_has_role(c.role, 'pg_read_all_stats', 'USAGE') THEN true
            ELSE @extschema@._clipperf_is_shown(c.role, $2, $3, $4, $5)
        END OR EXISTS (
            SELECT FROM unnest($6) AS w (word)
            WHERE EXISTS (
                    SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE c.oid = $2
                      AND w.word IN (c.relname, n.nspname || '.' || c.relname, $2::text))
               OR EXISTS (
                    SELECT FROM unnest($4) AS s (statement) WHERE s.statement ILIKE w.word))
    FROM (SELECT (SELECT r.oid FROM pg_roles AS r
                  WHERE r.rolname = coalesce(nullif(current_setting('role'), 'none'), session_user))) AS c (role);
END;
COMMENT ON FUNCTION @extschema@._clipperf_is_accepted(text, regclass, bigint[], text[], text, text[]) IS
'true if a finding was accepted by clipperf_accept() or clipperf_accept_all(), or by a table name or statement pattern of "allow"';

CREATE FUNCTION @extschema@._clipperf_subject_of_loop(parent_queryid bigint, parent_query text, child_query text)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN parent_queryid IS NULL
                THEN @extschema@._clipperf_subject(child_query) || ' is repeated within one request'
                ELSE format('%s runs for each row of %s', @extschema@._clipperf_subject(child_query),
                            @extschema@._clipperf_subject(parent_query)) END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_subject_of_loop(bigint, text, text) IS
'what is wrong with an N+1 pattern, in words that are the same in every run';

-- One row for each child of a list, whoever ran it on whatever route.
CREATE FUNCTION @extschema@._clipperf_loops(
    accepted boolean, allow text[],
    OUT list bigint, OUT confidence text, OUT pipelined boolean, OUT function regprocedure, OUT parent_queryid bigint,
    OUT parent_query text, OUT child_queryid bigint, OUT child_query text, OUT subject text, OUT relation regclass,
    OUT becomes text, OUT joined_by text, OUT loops double precision, OUT children double precision, OUT per_loop double precision,
    OUT executions double precision, OUT connections bigint, OUT child_ms double precision, OUT roundtrip_ms double precision,
    OUT saved_ms double precision, OUT routes text[], OUT roles text[], OUT framework text, OUT source_location text, OUT suggestion text,
    OUT no_suggestion text, OUT in_pieces boolean, OUT first_seen timestamptz, OUT last_seen timestamptz, OUT again boolean)
RETURNS SETOF record
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH pattern AS MATERIALIZED (
        SELECT n.*, @extschema@._clipperf_subject_of_loop(n.parent_queryid, n.parent_query, n.child_query) AS subject
        FROM @extschema@._clipperf_read_n_plus_one() AS n
        WHERE NOT n.is_closed
    ), chosen AS MATERIALIZED (
        SELECT p.*, @extschema@._clipperf_batched(p.pattern) AS batched
        FROM pattern AS p
        WHERE @extschema@._clipperf_is_accepted(
                  'n_plus_one', p.relation, ARRAY[p.child_queryid, p.parent_queryid],
                  ARRAY[p.child_query, p.parent_query], p.subject, $2) = $1
          AND (p.confidence = 'proven' OR NOT EXISTS (
                SELECT FROM @extschema@._clipperf_read_n_plus_one() AS r
                WHERE r.child_queryid = p.child_queryid AND r.confidence = 'proven'))
    ), child AS (
        SELECT c.list, c.confidence, c.function, c.child_queryid, c.relation, bool_and(c.pipelined) AS pipelined,
               max(c.parent_queryid) AS parent_queryid, max(c.parent_query) AS parent_query, max(c.child_query) AS child_query,
               max(c.subject) AS subject, max(c.parent_column) AS parent_column, max(c.rival_column) AS rival_column,
               bool_or(c.in_pieces) AS in_pieces, max(c.child_parameter) AS child_parameter,
               max(c.join_column) AS join_column,
               sum(c.loops)::float8 AS loops, greatest(sum(c.children), 1)::float8 AS children,
               max(c.connections) AS connections, sum(c.child_ms) AS child_ms, sum(c.roundtrip_ms) AS roundtrip_ms,
               array_agg(DISTINCT c.route) AS routes, array_agg(DISTINCT pg_get_userbyid(c.userid)::text)
                   FILTER (WHERE c.userid <> (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = current_user)) AS roles,
               max(c.framework) AS framework,
               string_agg(DISTINCT c.source_location, ' and ') AS source_location,
               max((c.batched).suggestion) AS suggestion, max((c.batched).no_suggestion) AS no_suggestion,
               min(c.first_seen) AS first_seen, max(c.last_seen) AS last_seen, bool_or(c.again) AS again
        FROM chosen AS c
        GROUP BY c.list, c.confidence, c.function, c.child_queryid, c.relation
    ), run AS MATERIALIZED (    -- read once, as there may be very many statements
        SELECT q.queryid, q.route, sum(q.calls)::float8 AS calls
        FROM @extschema@._clipperf_read_queries() AS q
        WHERE q.queryid IN (SELECT c.child_queryid FROM child AS c)
          AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        GROUP BY q.queryid, q.route
    ), changing AS MATERIALIZED (
        SELECT u.queryid FROM @extschema@._clipperf_read_table_use() AS u WHERE u.writes OR u.locks_rows
    )
    SELECT c.list, c.confidence, c.pipelined, c.function, c.parent_queryid, c.parent_query, c.child_queryid, c.child_query,
           c.subject, c.relation, c.parent_column || coalesce(' or ' || nullif(c.rival_column, c.parent_column), '') || ' becomes ' || c.child_parameter,
           (SELECT format('LEFT JOIN %I ON %I.%I = %s', t.relname, t.relname, a.attname, c.parent_column)
            FROM pg_index AS i
                 JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                 JOIN pg_class AS t ON t.oid = i.indrelid
            WHERE i.indrelid = c.relation AND a.attnum = c.join_column
              AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indnkeyatts = 1
              AND c.child_queryid NOT IN (SELECT g.queryid FROM changing AS g)
            LIMIT 1),
           c.loops, c.children, c.children / greatest(c.loops, 1),
           (SELECT sum(r.calls) FROM run AS r WHERE r.queryid = c.child_queryid AND r.route = ANY (c.routes)),
           c.connections, c.child_ms, c.roundtrip_ms,
           (c.child_ms + c.roundtrip_ms) * (1 - 1 / greatest(c.children / greatest(c.loops, 1), 1)),
           array_remove(c.routes, ''), c.roles, c.framework, c.source_location, c.suggestion, c.no_suggestion,
           c.in_pieces, c.first_seen, c.last_seen, c.again
    FROM child AS c;
END;
COMMENT ON FUNCTION @extschema@._clipperf_loops(boolean, text[]) IS
'the statements that run for each row of a list, and how often they ran anywhere on the routes of their loops';

-- What is told of one child.  Fewer than nine tenths (0.9) of a statement's executions in loops are worth a word: it also
-- runs by itself, or its loops were seen in part.
CREATE FUNCTION @extschema@._clipperf_loop_figures(
    becomes text, confidence text, loops double precision, children double precision, executions double precision,
    connections bigint, is_in_client boolean, child_ms double precision, roundtrip_ms double precision)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT concat(
        becomes || ', ', confidence, ' in ', @extschema@._clipperf_count(loops, 'loop', 'loops'),
        CASE WHEN children < 0.9 * executions THEN
            format(' (%s of its %s executions)', @extschema@._clipperf_number(children), @extschema@._clipperf_number(executions)) END,
        CASE WHEN connections > 1 THEN ' over ' || @extschema@._clipperf_number(connections) || ' connections' END,
        '; ', @extschema@._clipperf_duration(child_ms / children),
        CASE WHEN is_in_client THEN ' + ' || @extschema@._clipperf_duration(roundtrip_ms / children) || ' round trip' END,
        ' each, ', @extschema@._clipperf_duration(child_ms + roundtrip_ms), ' in all');
END;
COMMENT ON FUNCTION @extschema@._clipperf_loop_figures(text, text, double precision, double precision, double precision, bigint, boolean, double precision, double precision) IS
'how a statement follows a list, how often, and what it costs, in words';

-- The statements that run for each row of one list are one finding, about the most expensive of them.
CREATE FUNCTION @extschema@._clipperf_find_n_plus_one(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH child AS (
        SELECT l.*,
               coalesce(l.list, l.child_queryid) AS belongs_to,
               row_number() OVER most_expensive AS number,
               count(*) OVER of_list AS of_list,
               @extschema@._clipperf_plain(
                   @extschema@._clipperf_loop_figures(l.becomes, l.confidence, l.loops, l.children, l.executions, l.connections,
                                                      l.function IS NULL, l.child_ms, l.roundtrip_ms)) AS figures,
               w.said AS waits
        FROM @extschema@._clipperf_loops($1, $2) AS l
             LEFT JOIN @extschema@._clipperf_statement_waits() AS w ON w.queryid = l.child_queryid
        WINDOW of_list AS (PARTITION BY coalesce(l.list, l.child_queryid), l.list IS NULL, l.confidence, l.pipelined, l.function),
               most_expensive AS (of_list ORDER BY l.saved_ms DESC, l.subject COLLATE "C")
    ), told AS (
        SELECT c.*,
               CASE WHEN c.suggestion IS NOT NULL THEN c.suggestion || CASE WHEN c.of_list > 1 THEN format('; -- (%s)', c.number) ELSE '' END
                    ELSE concat('-- ', CASE WHEN c.of_list > 1 THEN format('(%s) ', c.number) END,
                                coalesce('no single statement, as ' || @extschema@._clipperf_plain(c.no_suggestion),
                                         'ask once for all keys: compare with = ANY ($1), or join the two statements')) END
               || coalesce(E'\n-- or join it to the list: ' || @extschema@._clipperf_plain(c.joined_by), '') AS fix
        FROM child AS c
    ), finding AS (
        SELECT t.list, t.confidence, t.pipelined, t.function, t.of_list,
               array_agg(t.subject ORDER BY t.number) AS subjects,
               array_agg(t.relation ORDER BY t.number) AS relations,
               (array_agg(t.child_queryid ORDER BY t.number))[1] AS queryid,
               (array_agg(t.figures ORDER BY t.number))[1] AS figures,
               max(t.parent_query) AS parent_query,
               (array_agg(t.child_query ORDER BY t.number))[1] AS child_query,
               CASE WHEN t.list IS NULL THEN max(t.per_loop) ELSE sum(t.children) / greatest(max(t.loops), 1) END AS per_loop,
               bool_or(t.in_pieces) AS in_pieces, max(t.loops) AS loops, sum(t.child_ms + t.roundtrip_ms) AS ms, sum(t.saved_ms) AS saved_ms,
               (SELECT @extschema@._clipperf_some(array_agg(DISTINCT r.route))
                FROM unnest(string_to_array(string_agg(array_to_string(t.routes, E'\n'), E'\n'), E'\n')) AS r (route)
                WHERE r.route <> '') AS routes,
               @extschema@._clipperf_idiom(max(t.framework)) AS idiom,
               string_agg(DISTINCT t.source_location, ' and ') AS source_location,
               string_agg(format(E'\n(%s) %s; %s per %s, %s%s%s', t.number, @extschema@.clipperf_line(t.child_query, 150),
                                 @extschema@._clipperf_number(t.per_loop), CASE WHEN t.function IS NULL THEN 'request' ELSE 'loop' END,
                                 t.figures, '; ' || t.waits, '; sent at ' || t.source_location),
                          '' ORDER BY t.number) AS children,
               string_agg(t.fix, E'\n' ORDER BY t.number) AS fix,
               (SELECT @extschema@._clipperf_some(array_agg(DISTINCT r.role))
                FROM unnest(string_to_array(string_agg(array_to_string(t.roles, E'\n'), E'\n'), E'\n')) AS r (role)) AS roles,
               min(t.first_seen) AS first_seen, max(t.last_seen) AS last_seen, bool_or(t.again) AS again
        FROM told AS t
        GROUP BY t.belongs_to, t.list, t.confidence, t.pipelined, t.function, t.of_list
    ), shaped AS (
        -- tables by their names, so that what is alike in many schemas, or but for the columns it returns, looks alike
        SELECT f.*, o.shape, o.schema, count(*) OVER alike AS alike, row_number() OVER (alike ORDER BY f.saved_ms DESC, f.queryid) AS place
        FROM finding AS f,
             LATERAL (
                SELECT CASE WHEN count(*) = count(n.oid)
                            THEN array_agg(concat(c.relname, ' ', replace(u.subject, quote_ident(n.nspname) || '.', ''))
                                           ORDER BY c.relname, replace(u.subject, quote_ident(n.nspname) || '.', '')) END AS shape,
                       min(n.nspname) AS schema
                FROM unnest(f.subjects, f.relations) AS u (subject, relation)
                     LEFT JOIN pg_class AS c ON c.oid = u.relation
                     LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
             ) AS o
        WINDOW alike AS (PARTITION BY o.shape, coalesce(o.shape, ARRAY[f.queryid::text, f.list::text]),
                                      f.list IS NULL, f.confidence, f.pipelined, f.function IS NULL)
    ), tenant AS (
        SELECT s.* FROM shaped AS s WHERE s.alike > 3
    ), gathered AS (
        SELECT t.shape, t.list IS NULL AS unlisted, t.confidence, t.pipelined, t.function IS NULL AS in_client,
               sum(t.saved_ms) AS saved_ms, sum(t.ms) AS ms, sum(t.loops) AS loops,
               min(t.first_seen) AS first_seen, max(t.last_seen) AS last_seen, bool_or(t.again) AS again,
               count(*) AS alike, count(DISTINCT t.schema) AS tenants, @extschema@._clipperf_some(array_agg(DISTINCT t.schema::text)) AS schemas
        FROM tenant AS t
        GROUP BY t.shape, t.list IS NULL, t.confidence, t.pipelined, t.function IS NULL
    ), chosen AS (
        SELECT s.list, s.confidence, s.pipelined, s.function, s.of_list, s.queryid, s.figures, s.parent_query, s.child_query,
               s.per_loop, s.in_pieces, s.routes, s.roles, s.idiom, s.source_location, s.children, s.fix, g.alike, g.tenants, g.schemas,
               CASE WHEN g.shape IS NULL THEN s.subjects ELSE o.subjects END AS subjects,
               CASE WHEN g.shape IS NULL THEN s.relations ELSE o.relations END AS relations,
               coalesce(g.saved_ms, s.saved_ms) AS saved_ms, coalesce(g.ms, s.ms) AS ms, coalesce(g.loops, s.loops) AS loops,
               coalesce(g.first_seen, s.first_seen) AS first_seen, coalesce(g.last_seen, s.last_seen) AS last_seen,
               coalesce(g.again, s.again) AS again
        FROM shaped AS s
             LEFT JOIN gathered AS g
                ON (g.shape, g.unlisted, g.confidence, g.pipelined, g.in_client)
                    = (s.shape, s.list IS NULL, s.confidence, s.pipelined, s.function IS NULL),
             LATERAL (
                SELECT array_agg(u.subject ORDER BY t.place, u.number) AS subjects,
                       array_agg(u.relation ORDER BY t.place, u.number) AS relations
                FROM tenant AS t, unnest(t.subjects, t.relations) WITH ORDINALITY AS u (subject, relation, number)
                WHERE (t.shape, t.list IS NULL, t.confidence, t.pipelined, t.function IS NULL)
                    = (g.shape, g.unlisted, g.confidence, g.pipelined, g.in_client)
             ) AS o
        WHERE g.shape IS NULL OR s.place = 1
    )
    SELECT 'n_plus_one', f.relations[1], f.queryid, f.subjects, f.relations,
           concat(CASE WHEN f.in_pieces THEN 'rows inserted one by one: '
                       WHEN f.list IS NULL THEN 'same lookup '
                       WHEN f.of_list > 1 THEN f.of_list || ' statements for each row: 1+'
                       ELSE 'a statement for each row: 1+' END,
                  @extschema@._clipperf_number(f.per_loop),
                  CASE WHEN f.list IS NULL AND NOT f.in_pieces THEN ' times' END,
                  CASE WHEN f.function IS NULL THEN ' in one request' ELSE ' in a function' END,
                  CASE WHEN f.confidence = 'suspected' THEN ' (suspected)' END,
                  CASE WHEN f.tenants > 3 THEN format(' (%s schemas)', f.tenants)
                       WHEN f.alike > 1 THEN format(' (%s alike)', f.alike) END),
           concat(
               CASE WHEN f.list IS NULL
                    THEN format(CASE WHEN f.in_pieces THEN '%s inserts a batch in pieces; ' ELSE '%s is repeated within one request; ' END,
                                @extschema@.clipperf_line(f.child_query, 150))
                    WHEN f.of_list > 1
                    THEN format('%s statements run for each row of %s; ', f.of_list, @extschema@.clipperf_line(f.parent_query, 150))
                    ELSE format('%s runs for each row of %s; ', @extschema@.clipperf_line(f.child_query, 150),
                                @extschema@.clipperf_line(f.parent_query, 150)) END,
               @extschema@._clipperf_number(f.per_loop + CASE WHEN f.list IS NULL THEN 0 ELSE 1 END),
               ' statements', coalesce(' in ' || @extschema@._clipperf_plain(f.function::text), ' per request' || coalesce(' of ' || f.routes, '')),
               ' by ' || @extschema@._clipperf_plain(f.roles),
               CASE WHEN f.list IS NOT NULL THEN ': 1 + ' || @extschema@._clipperf_number(f.per_loop) END,
               CASE WHEN f.pipelined THEN ', pipelined' END,
               '; ',
               CASE WHEN f.of_list > 1
                    THEN format('%s in %s, %s in all', f.confidence, @extschema@._clipperf_count(f.loops, 'loop', 'loops'),
                                @extschema@._clipperf_duration(f.ms)) || f.children
                    ELSE f.figures || coalesce('; sent at ' || f.source_location, '') END,
               CASE WHEN f.tenants > 3
                    THEN format('; in %s schemas, %s in all: %s', f.tenants, @extschema@._clipperf_duration(f.ms),
                                @extschema@._clipperf_plain(f.schemas))
                    WHEN f.alike > 1
                    THEN format('; one of %s statements that read alike, %s in all', f.alike, @extschema@._clipperf_duration(f.ms)) END),
           f.saved_ms,
           CASE WHEN f.pipelined THEN 'info' WHEN f.confidence = 'proven' THEN 'critical' ELSE 'warning' END,
           concat('-- ' || f.idiom || E'\n', f.fix),
           NULL::bigint[], f.first_seen, f.last_seen, f.again, false, false
    FROM chosen AS f;
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

-- Texts are a function of their own, since few statements are told of: those of the others are not asked for.
CREATE FUNCTION @extschema@._clipperf_statement_sums()
RETURNS TABLE (queryid bigint, calls double precision, rows numeric, total_ms double precision, plan_ms double precision,
               temp_blks_written numeric, first_seen timestamptz, last_seen timestamptz)
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT q.queryid, sum(q.calls)::float8, sum(q.rows), sum(q.total_ms), sum(q.plan_ms), sum(q.temp_blks_written),
           min(q.first_seen), max(q.last_seen)
    FROM @extschema@.clipperf_queries AS q
    WHERE q.toplevel AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    GROUP BY q.queryid;
END;
COMMENT ON FUNCTION @extschema@._clipperf_statement_sums() IS
'what each statement sent by clients to the current database did, of all roles and routes';

CREATE FUNCTION @extschema@._clipperf_statement_texts(queryids bigint[])
RETURNS TABLE (queryid bigint, query text)
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT q.queryid, min(q.query COLLATE "C")
    FROM @extschema@.clipperf_queries AS q
    WHERE q.toplevel AND q.query IS NOT NULL AND q.queryid = ANY ($1)
      AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    GROUP BY q.queryid;
END;
COMMENT ON FUNCTION @extschema@._clipperf_statement_texts(bigint[]) IS
'query texts of statements of the current database, as far as they are kept';

-- Thresholds of findings about statements, each of which may save at least a hundredth (0.01) of all time spent:
-- temp_spill: 1 MB of temporary files a call; writing them is taken to cost 1 ms per 200,000 bytes, but at most half
--   of the statement's time.  Up to 256 MB a work_mem of three times as much is advised, rounded up to a power of 2.
-- cacheable: 100 calls of 1 ms on average; a cache still answers half of them if each row that is written to the tables
--   removes one result: that is fresh; of the times to live the one by which it saves the most time, the shortest if
--   several do.  Else one of 10 s that answers half of them, for results that may be that old, if it saves five
--   hundredths (0.05) of all time.  No sequential scan is to blame, one that had use for a fifth of its rows (0.2).
CREATE FUNCTION @extschema@._clipperf_find_statements(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- Only a few statements cost so much that they are told of: what the others are called, and who calls them, is not asked.
    WITH total AS MATERIALIZED (
        SELECT @extschema@._clipperf_statement_time() AS ms
    ), statement AS (
        SELECT s.*, s.total_ms / greatest(s.calls, 1) AS mean_ms,
               s.temp_blks_written * current_setting('block_size')::float8 / greatest(s.calls, 1) AS temp_bytes
        FROM @extschema@._clipperf_statement_sums() AS s
    ), cache AS MATERIALIZED (
        SELECT c.queryid, c.ttl_s, sum(c.calls)::float8 AS calls, sum(c.total_ms) AS total_ms,
               sum(c.calls * c.hit_share_low) AS hits_low, sum(c.calls * c.hit_share) AS hits, sum(c.calls * c.hit_share_high) AS hits_high,
               sum(c.calls * c.kept_share_high) AS kept, sum(c.total_ms * c.kept_share_high) AS kept_ms,
               sum(c.total_ms * c.hit_share) AS hits_ms,
               sum(c.calls * c.hit_share * c.stale_share_low) AS stale_low, sum(c.calls * c.hit_share * c.stale_share_high) AS stale_high,
               sum(c.distinct_lists) AS lists, max(c.rows_written_per_second) AS rows_per_second, sum(c.repeats)::float8 AS repeats,
               max(c.written_tables::text)::regclass[] AS written,
               bool_or(c.depends_on && '{current time}') AS by_time,
               bool_or(c.depends_on && '{current user,row-level security,settings}') AS by_user
        FROM @extschema@._clipperf_read_cacheable() AS c
        WHERE NOT c.depends_on && '{volatile functions,random sample,temporary tables,system catalogs}'
        GROUP BY c.queryid, c.ttl_s
    ), best AS MATERIALIZED (
        SELECT DISTINCT ON (c.queryid) c.*, w.is_fresh, w.saved_ms
        FROM cache AS c,
             LATERAL (SELECT c.kept >= c.calls / 2 AS is_fresh,
                             CASE WHEN c.kept >= c.calls / 2 THEN c.kept_ms ELSE c.hits_ms END AS saved_ms) AS w
        WHERE c.calls >= 100 AND c.total_ms >= c.calls AND (w.is_fresh OR (c.ttl_s = 10 AND c.hits >= c.calls / 2))
        ORDER BY c.queryid, w.is_fresh DESC, round(w.saved_ms::numeric, 3) DESC, c.ttl_s
    ), problem AS (
        SELECT 'temp_spill' AS kind, s.*,
               least(s.total_ms / 2, s.temp_bytes * s.calls / 200000) AS saved_ms
        FROM statement AS s
        WHERE s.temp_bytes >= 1024 * 1024
        UNION ALL
        SELECT 'cacheable', s.*, b.saved_ms
        FROM statement AS s JOIN best AS b USING (queryid)
        WHERE s.rows > 0
    ), large AS MATERIALIZED (
        SELECT p.* FROM problem AS p, total WHERE p.saved_ms >= 0.01 * total.ms
    ), route AS MATERIALIZED (
        SELECT r.* FROM @extschema@._clipperf_statement_routes() AS r WHERE r.queryid IN (SELECT l.queryid FROM large AS l)
    ), text AS MATERIALIZED (
        SELECT * FROM @extschema@._clipperf_statement_texts(ARRAY(SELECT l.queryid FROM large AS l))
    )
    SELECT p.kind, NULL::regclass, p.queryid,
           ARRAY[@extschema@._clipperf_subject(t.query)], NULL::regclass[],
           CASE p.kind
               WHEN 'temp_spill' THEN
                   format('sorts or hashes on disk: %s per call', pg_size_pretty(p.temp_bytes::numeric))
               ELSE format('repeats an identical read: a cache of %s answers %s', cached.ttl, @extschema@._clipperf_share(b.hits / b.calls)) END,
           concat(@extschema@.clipperf_line(t.query, 150), '; ', run.by) || CASE p.kind
               WHEN 'temp_spill' THEN
                   format('%s of temporary files per call, %s, %s each',
                          pg_size_pretty(p.temp_bytes::numeric),
                          @extschema@._clipperf_count(p.calls, 'call', 'calls'),
                          @extschema@._clipperf_duration(p.mean_ms))
               ELSE
                   format('%s, %s each, %s in all; a cache of %s would answer %s of them%s, from %s at a time; %s',
                          @extschema@._clipperf_count(b.calls, 'call', 'calls'),
                          @extschema@._clipperf_duration(b.total_ms / b.calls),
                          @extschema@._clipperf_duration(b.total_ms), cached.ttl,
                          @extschema@._clipperf_share(b.hits / b.calls),
                          CASE WHEN b.hits_high - b.hits_low >= 0.01 * b.calls THEN
                               format(' (%s to %s)', @extschema@._clipperf_share(b.hits_low / b.calls),
                                      @extschema@._clipperf_share(b.hits_high / b.calls)) END,
                          @extschema@._clipperf_count(b.lists, 'result', 'results'),
                          CASE WHEN cached.written IS NULL THEN 'nothing was seen to write its tables'
                               ELSE format('%s%s%s of its answers would be older than a write to %s',
                                           CASE WHEN b.is_fresh THEN 'if writes removed none, ' END,
                                           CASE WHEN b.stale_high - b.stale_low >= 0.01 * b.hits
                                                THEN @extschema@._clipperf_share(b.stale_low / b.hits) || ' to ' END,
                                           @extschema@._clipperf_share(b.stale_high / b.hits), cached.written) END) END,
           p.saved_ms,
           CASE WHEN b.is_fresh IS FALSE THEN 'info' ELSE 'warning' END,
           CASE
               WHEN p.kind = 'temp_spill' THEN
                   CASE WHEN p.temp_bytes > 256 * 1024 * 1024
                        THEN '-- too much for memory: let the statement sort or hash fewer rows'
                        ELSE format('SET LOCAL work_mem = ''%sMB''; -- in its transaction, before it',
                                    (2 ^ ceil(log(2, ceil(3 * p.temp_bytes / 1048576)::numeric)))::int) END
               ELSE
                   concat(format(CASE WHEN b.is_fresh THEN '-- keep its result in the application for %s: %s of %s calls need not be made'
                                      ELSE '-- if its result may be %1$s old, keep it in the application for %1$s: %2$s of %3$s calls need not be made' END,
                                 cached.ttl, @extschema@._clipperf_number(CASE WHEN b.is_fresh THEN b.kept ELSE b.hits END),
                                 @extschema@._clipperf_number(b.calls)),
                          CASE WHEN b.is_fresh THEN E'\n-- remove results when rows of these tables are written: ' || cached.written END,
                          CASE WHEN b.by_user THEN E'\n-- keep them apart by user: it depends on who asks' END,
                          CASE WHEN b.by_time THEN E'\n-- it depends on the current time' END,
                          CASE WHEN b.repeats >= 1 THEN
                               format(E'\n-- %s made before in the same request: those need no cache, but a variable',
                                      @extschema@._clipperf_count(b.repeats, 'call had been', 'calls had been')) END) END,
           NULL::bigint[], p.first_seen, p.last_seen, false, false, false
    FROM large AS p
         CROSS JOIN total
         LEFT JOIN text AS t ON t.queryid = p.queryid
         LEFT JOIN best AS b ON b.queryid = p.queryid AND p.kind = 'cacheable'
         CROSS JOIN LATERAL (
            SELECT CASE WHEN b.ttl_s < 60 THEN b.ttl_s || ' s'
                        WHEN b.ttl_s < 3600 THEN b.ttl_s / 60 || ' min'
                        ELSE b.ttl_s / 3600 || ' h' END AS ttl,
                   (SELECT @extschema@._clipperf_some(array_agg(@extschema@._clipperf_plain(w.relation::text) ORDER BY w.number))
                    FROM unnest(b.written) WITH ORDINALITY AS w (relation, number)) AS written
         ) AS cached
         CROSS JOIN LATERAL (
            SELECT @extschema@._clipperf_some(array_agg(r.route ORDER BY r.calls DESC, r.route COLLATE "C")) || ': '
            FROM (SELECT t.route, sum(t.calls) AS calls FROM route AS t WHERE t.queryid = p.queryid GROUP BY t.route) AS r
         ) AS run (by)
    WHERE (b.is_fresh IS NOT FALSE OR p.saved_ms >= 0.05 * total.ms)
      AND (p.kind <> 'cacheable'
           OR p.queryid NOT IN (SELECT u.queryid FROM @extschema@._clipperf_read_table_use() AS u
                                WHERE u.writes OR u.locks_rows)
              AND p.queryid NOT IN (SELECT r.queryid FROM @extschema@._clipperf_read_seq_scans() AS r
                                    WHERE r.queryid IS NOT NULL AND NOT r.is_closed AND r.rows_needed <= 0.2 * r.rows_read))
      AND @extschema@._clipperf_is_accepted(p.kind, NULL, ARRAY[p.queryid], ARRAY[t.query],
                                            @extschema@._clipperf_subject(t.query), allow) = accepted;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_statements(boolean, text[]) IS
'findings of the kinds temp_spill and cacheable, each worth at least 1% of all statement time';
