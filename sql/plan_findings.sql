-- Findings about plans.

CREATE FUNCTION @extschema@._clipperf_read_plan_changes(
    OUT userid oid, OUT queryid bigint, OUT old_plan_id bigint, OUT new_plan_id bigint,
    OUT old_ms double precision, OUT new_ms double precision, OUT calls double precision, OUT work_ratio double precision,
    OUT old_last_seen timestamptz, OUT first_seen timestamptz, OUT last_seen timestamptz,
    OUT old_indexes regclass[], OUT new_indexes regclass[], OUT index_dropped boolean, OUT settings text, OUT relations oid[])
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_plan_changes';
COMMENT ON FUNCTION @extschema@._clipperf_read_plan_changes() IS
'statements of the current database whose plan was replaced by one that is clearly slower';

-- plan_changed: the newer plan has taken the place of the older one, its blocks of time are slower by half, and so is its work.
-- No SQL fixes it that could be checked: the definition of an index that was dropped is not known, nor whether it was meant.
CREATE FUNCTION @extschema@._clipperf_find_plan_changes(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH total AS (
        SELECT @extschema@._clipperf_statement_time() AS ms
    ), change AS MATERIALIZED (
        SELECT * FROM @extschema@._clipperf_read_plan_changes()
    ), calls AS (
        -- the exact calls, by the share of the plans that were measured
        SELECT p.userid, p.queryid, p.plan_id, p.calls
        FROM @extschema@.clipperf_plans AS p, change AS c
        WHERE (p.userid, p.queryid, p.plan_id) = (c.userid, c.queryid, c.new_plan_id)
    ), told AS (
        SELECT c.queryid, c.first_seen, c.last_seen, c.old_ms, c.new_ms, n.calls, c.work_ratio, q.query,
               n.calls * (c.new_ms - c.old_ms) AS saved_ms,
               array_remove(ARRAY[
                   CASE WHEN c.index_dropped THEN 'an index that the plan before used was dropped' END,
                   'an index that was not used before is: ' || nullif(array_to_string(c.new_indexes, ', '), ''),
                   'an index is not used any more: ' || nullif(array_to_string(c.old_indexes, ', '), ''),
                   nullif(c.settings, ''),
                   (SELECT 'ANALYZE of ' || string_agg(format('%s at %s', s.relid::regclass, to_char(a.at, 'YYYY-MM-DD HH24:MI:SS')), ', ')
                    FROM pg_stat_all_tables AS s,
                         LATERAL (SELECT greatest(s.last_analyze, s.last_autoanalyze) AS at) AS a
                    WHERE s.relid = ANY (c.relations) AND a.at BETWEEN c.old_last_seen - interval '1 min' AND c.first_seen)
               ], NULL) AS reasons
        FROM change AS c
             JOIN calls AS n USING (userid, queryid),
             LATERAL (SELECT @extschema@._clipperf_query_text(
                          c.userid, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()), c.queryid) AS query) AS q
    )
    SELECT 'plan_changed', NULL::regclass, t.queryid, ARRAY[@extschema@._clipperf_subject(t.query)], NULL::regclass[],
           format('another plan takes %s times as long: %s',
                  @extschema@._clipperf_number(t.new_ms / greatest(t.old_ms, 0.001)), @extschema@._clipperf_duration(t.new_ms)),
           concat(@extschema@.clipperf_line(t.query, 150), '; ',
                  format('%s before %s, %s since, with %s times the work (rows and blocks); about %s since',
                         @extschema@._clipperf_duration(t.old_ms), to_char(t.first_seen, 'YYYY-MM-DD HH24:MI:SS'),
                         @extschema@._clipperf_duration(t.new_ms), round(t.work_ratio::numeric, 1),
                         @extschema@._clipperf_count(t.calls, 'call', 'calls')),
                  '; ', @extschema@._clipperf_plain(coalesce(nullif(array_to_string(t.reasons, '; '), ''), 'nothing else is known to have changed'))),
           t.saved_ms, 'critical',
           '-- compare both plans in clipperf_plans; what else changed: '
               || @extschema@._clipperf_plain(coalesce(nullif(array_to_string(t.reasons, '; '), ''), 'not known')),
           NULL::bigint[], t.first_seen, t.last_seen, false, false, true
    FROM told AS t, total
    WHERE t.saved_ms >= 0.01 * total.ms
      AND @extschema@._clipperf_is_accepted('plan_changed', NULL, ARRAY[t.queryid], ARRAY[t.query],
                                            @extschema@._clipperf_subject(t.query), allow) = accepted;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_plan_changes(boolean, text[]) IS
'findings of kind plan_changed, each worth at least 1% of all statement time';

CREATE FUNCTION @extschema@._clipperf_read_bad_estimates(
    OUT userid oid, OUT queryid bigint, OUT plan_id bigint, OUT node text, OUT guess text, OUT relation oid, OUT columns int2[],
    OUT too_few boolean, OUT expected double precision, OUT rows double precision, OUT loops double precision,
    OUT off_share double precision, OUT affected_share double precision, OUT mean_ms double precision, OUT measured bigint,
    OUT is_shared_by_rows boolean, OUT first_seen timestamptz, OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_bad_estimates';
COMMENT ON FUNCTION @extschema@._clipperf_read_bad_estimates() IS
'plans of the current database that were made for 100 times as many rows as came, or as few, at the node that explains it best, with what hangs on that';

CREATE FUNCTION @extschema@._clipperf_explain_estimate(
    userid oid, queryid bigint, relation oid, guess text, too_few boolean, OUT said text, OUT fix text, OUT collected timestamptz)
RETURNS record
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_explain_estimate';
COMMENT ON FUNCTION @extschema@._clipperf_explain_estimate(oid, bigint, oid, text, boolean) IS
'why the planner is wrong about a node of a statement''s plan, in words; SQL with which it would not be, tried on a sample; and when statistics of the table were last collected';

-- bad_estimate: a node of the plan was off by 100 times in a quarter of the executions that were measured lately, and something
-- was decided by it.  Half (0.5) of the time that hangs on it is taken for what another plan would save: how long that would take
-- is not known.  100 ms of it in all, as less is no matter.
CREATE FUNCTION @extschema@._clipperf_find_bad_estimates(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH total AS MATERIALIZED (
        SELECT @extschema@._clipperf_statement_time() AS ms
    ), estimate AS MATERIALIZED (
        SELECT * FROM @extschema@._clipperf_read_bad_estimates()
    ), costed AS (
        SELECT e.*, p.calls * e.mean_ms * e.affected_share * e.off_share AS affected_ms
        FROM estimate AS e JOIN @extschema@.clipperf_plans AS p USING (userid, queryid, plan_id)
    ), worst AS MATERIALIZED (
        SELECT DISTINCT ON (c.queryid) c.*
        FROM costed AS c, total AS t
        WHERE c.affected_ms >= 100 AND 0.5 * c.affected_ms >= 0.01 * t.ms
        ORDER BY c.queryid, c.affected_ms DESC, c.plan_id
    ), told AS MATERIALIZED (
        SELECT w.*, q.query
        FROM worst AS w,
             LATERAL (SELECT @extschema@._clipperf_query_text(
                          w.userid, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()), w.queryid) AS query) AS q
        WHERE @extschema@._clipperf_is_accepted('bad_estimate', w.relation, ARRAY[w.queryid], ARRAY[q.query],
                                                @extschema@._clipperf_subject(q.query), allow) = accepted
    )
    SELECT 'bad_estimate', t.relation::regclass, t.queryid, ARRAY[@extschema@._clipperf_subject(t.query)], NULL::regclass[],
           format('planned for %s, %s', @extschema@._clipperf_count(t.expected, 'row', 'rows'),
                  CASE WHEN t.rows < 0.5 THEN 'none came' ELSE @extschema@._clipperf_number(t.rows) || ' came' END),
           concat(@extschema@.clipperf_line(t.query, 150), '; ', @extschema@._clipperf_plain(t.node),
                  format(': %s expected, %s came%s, in %s of the executions measured lately; %s%s of their time hangs on it; ',
                         @extschema@._clipperf_count(t.expected, 'row', 'rows'), @extschema@._clipperf_number(t.rows),
                         CASE WHEN t.loops >= 1.5 THEN format(' each time, %s times', @extschema@._clipperf_number(t.loops)) END,
                         @extschema@._clipperf_share(t.off_share), CASE WHEN t.is_shared_by_rows THEN 'about ' END,
                         @extschema@._clipperf_share(t.affected_share)),
                  @extschema@._clipperf_plain(a.said)),
           0.5 * t.affected_ms,
           CASE WHEN a.fix IS NULL THEN 'warning' ELSE 'critical' END,
           coalesce(a.fix, '-- ' || @extschema@._clipperf_plain(a.said)),
           NULL::bigint[], t.first_seen, t.last_seen, false, false, a.fix IS NULL
    FROM told AS t
         CROSS JOIN LATERAL @extschema@._clipperf_explain_estimate(t.userid, t.queryid, t.relation, t.guess, t.too_few) AS a
    WHERE a.collected IS NULL OR t.last_seen > a.collected;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_bad_estimates(boolean, text[]) IS
'findings of kind bad_estimate, each worth at least 1% of all statement time';
