-- Statements whose planning takes longer than their execution.

-- A statement: 10 calls, and more time for planning than for all executions, 10 ms at least.  What prepares one prepares
-- the others, so that they are one finding; what has parameters already is another.  Together 100 ms of planning, as less
-- is no matter, that save a hundredth (0.01) of all time spent.  Five of them are shown, and no more than 100 are counted.
CREATE FUNCTION @extschema@._clipperf_find_slow_plans(accepted boolean, allow text[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH statement AS MATERIALIZED (
        SELECT * FROM @extschema@._clipperf_statement_sums() AS s
        WHERE s.calls >= 10 AND s.plan_ms > s.total_ms AND s.plan_ms >= 10
        ORDER BY s.plan_ms DESC
        LIMIT 100
    ), text AS MATERIALIZED (
        SELECT * FROM @extschema@._clipperf_statement_texts(ARRAY(SELECT s.queryid FROM statement AS s))
    ), prepared AS MATERIALIZED (
        SELECT DISTINCT a.queryid FROM @extschema@._clipperf_read_samples() AS a WHERE cardinality(a.parameter_types) > 0
    ), route AS MATERIALIZED (
        SELECT r.queryid,
               @extschema@._clipperf_some(array_agg(r.route ORDER BY r.calls DESC, r.route COLLATE "C")) || ': ' AS routes
        FROM @extschema@._clipperf_statement_routes() AS r
        WHERE r.queryid IN (SELECT s.queryid FROM statement AS s)
        GROUP BY r.queryid
    ), slow AS (
        SELECT s.*, t.query, EXISTS (SELECT FROM prepared AS p WHERE p.queryid = s.queryid) AS has_parameters,
               @extschema@._clipperf_subject(t.query) AS subject, s.plan_ms * (1 - 1 / s.calls) AS saved_ms,
               concat(@extschema@.clipperf_line(t.query, 150), '; ', (SELECT r.routes FROM route AS r WHERE r.queryid = s.queryid),
                      format('%s, planning %s, execution %s each; %s of planning in all',
                             @extschema@._clipperf_count(s.calls, 'call', 'calls'),
                             @extschema@._clipperf_duration(s.plan_ms / s.calls),
                             @extschema@._clipperf_duration(s.total_ms / s.calls),
                             @extschema@._clipperf_duration(s.plan_ms))) AS figures
        FROM statement AS s
             LEFT JOIN text AS t ON t.queryid = s.queryid
    ), placed AS (
        SELECT s.*, row_number() OVER (PARTITION BY s.has_parameters ORDER BY s.saved_ms DESC, s.subject COLLATE "C") AS place
        FROM slow AS s
        WHERE @extschema@._clipperf_is_accepted('slow_plan', NULL, ARRAY[s.queryid], ARRAY[s.query], s.subject, $2) = $1
    ), gathered AS (
        SELECT p.has_parameters, count(*)::float8 AS statements, sum(p.calls) AS calls, sum(p.plan_ms) AS plan_ms,
               sum(p.total_ms) AS total_ms, sum(p.saved_ms) AS saved_ms,
               array_agg(p.subject ORDER BY p.place) AS subjects, min(p.queryid) FILTER (WHERE p.place = 1) AS queryid,
               min(p.figures) FILTER (WHERE p.place = 1) AS figures,
               string_agg(format(E'\n(%s) %s', p.place, p.figures), '' ORDER BY p.place) FILTER (WHERE p.place <= 5) AS shown,
               min(p.first_seen) AS first_seen, max(p.last_seen) AS last_seen
        FROM placed AS p
        GROUP BY p.has_parameters
        HAVING sum(p.plan_ms) >= 100
    )
    SELECT 'slow_plan', NULL::regclass, g.queryid, g.subjects, NULL::regclass[],
           CASE WHEN g.statements = 1
                THEN format('takes longer to plan than to run: %s of %s', @extschema@._clipperf_duration(g.plan_ms / g.calls),
                            @extschema@._clipperf_duration((g.plan_ms + g.total_ms) / g.calls))
                ELSE format('%s statements take longer to plan than to run', g.statements) END,
           CASE WHEN g.statements = 1 THEN g.figures
                ELSE concat(format('%s statements, %s; planning %s, execution %s in all', g.statements,
                                   @extschema@._clipperf_count(g.calls, 'call', 'calls'),
                                   @extschema@._clipperf_duration(g.plan_ms), @extschema@._clipperf_duration(g.total_ms)),
                            g.shown,
                            CASE WHEN g.statements > 5
                                 THEN E'\nand ' || @extschema@._clipperf_count(g.statements - 5, 'other', 'others') END) END,
           g.saved_ms, 'warning',
           concat(CASE WHEN g.has_parameters AND g.statements = 1 THEN '-- it has parameters: where it is prepared by name'
                       WHEN g.has_parameters THEN '-- they have parameters: where they are prepared by name'
                       WHEN g.statements = 1 THEN '-- prepare it once per connection and run it with parameters'
                       ELSE '-- prepare them once per connection and run them with parameters' END,
                  CASE WHEN g.has_parameters
                       THEN ', plan_cache_mode = force_generic_plan spares planning, if one plan suits all values' END),
           NULL::bigint[], g.first_seen, g.last_seen, false, false, false
    FROM gathered AS g
    WHERE g.saved_ms >= 0.01 * @extschema@._clipperf_statement_time();
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_slow_plans(boolean, text[]) IS
'findings of the kind slow_plan: one of the statements that have no parameters, one of those that have some';
