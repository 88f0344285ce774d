-- What was measured in a period, kept so that periods can be compared. Not dumped: queryids and OIDs mean nothing elsewhere.

CREATE TABLE @extschema@._clipperf_snapshot (
    snapshot bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    previous bigint UNIQUE,
    label text UNIQUE,
    comment text,
    since timestamptz NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_by name NOT NULL,
    statements_evicted bigint NOT NULL,
    routes_evicted bigint NOT NULL,
    is_dropped boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE @extschema@._clipperf_snapshot IS 'snapshots of what was counted; read the view clipperf_periods instead';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.snapshot IS 'number of the snapshot, and of the period that it ends';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.previous IS 'the snapshot before it; NULL if there was none';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.label IS 'name of the period; NULL if it has none';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.comment IS 'what was said about the period';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.since IS 'when the period began';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.taken_at IS 'when it ended';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.taken_by IS 'role that ended it';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.statements_evicted IS 'clipperf_info.statements_evicted at that time';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.routes_evicted IS 'routes that had made space for others until then';
COMMENT ON COLUMN @extschema@._clipperf_snapshot.is_dropped IS 'true if it is kept as the begin of the next period only';

CREATE TABLE @extschema@._clipperf_snapshot_item (
    snapshot bigint NOT NULL,
    kind "char" NOT NULL,
    toplevel boolean,
    userid oid,
    queryid bigint,
    route text,
    state bytea NOT NULL,
    blocks bytea,
    query text
);
CREATE INDEX clipperf_snapshot_item_snapshot ON @extschema@._clipperf_snapshot_item (snapshot);
COMMENT ON TABLE @extschema@._clipperf_snapshot_item IS 'what was counted of each statement, route and endpoint until a snapshot';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.snapshot IS 'the snapshot';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.kind IS 'a: all requests; r: those of a route; e, d: those of an endpoint whose span, whose database time is measured; s: a statement';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.toplevel IS 'true if clients sent the statement';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.queryid IS 'the server''s hash of the statement without its literals';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.route IS 'route of the requests or of the statement; name of the endpoint';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.state IS 'counters and histograms, encoded';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.blocks IS 'what was counted in equal parts of the period, encoded; NULL if that was not followed';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_item.query IS 'the first 200 characters of the query text, of the statements that took most time';

CREATE TABLE @extschema@._clipperf_snapshot_finding (
    snapshot bigint NOT NULL,
    kind text NOT NULL,
    relation text,
    queryid bigint,
    summary text NOT NULL,
    saved_ms double precision NOT NULL
);
CREATE INDEX clipperf_snapshot_finding_snapshot ON @extschema@._clipperf_snapshot_finding (snapshot);
COMMENT ON TABLE @extschema@._clipperf_snapshot_finding IS 'the findings at a snapshot';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_finding.snapshot IS 'the snapshot';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_finding.kind IS 'kind, as in clipperf_report()';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_finding.relation IS 'table it is about';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_finding.queryid IS 'statement it is about';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_finding.summary IS 'what is wrong';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_finding.saved_ms IS 'time that the fix would have saved until then, or that was lost where no fix was known, milliseconds';

CREATE FUNCTION @extschema@._clipperf_read_states(
    OUT kind "char", OUT toplevel boolean, OUT userid oid, OUT queryid bigint, OUT route text,
    OUT total_ms double precision, OUT state bytea, OUT blocks bytea)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_states';
COMMENT ON FUNCTION @extschema@._clipperf_read_states() IS
'what was counted in this database of all requests, each endpoint, each route and each statement, encoded';
REVOKE ALL ON FUNCTION @extschema@._clipperf_read_states() FROM PUBLIC;

CREATE FUNCTION @extschema@._clipperf_end_block()
RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_end_block';
COMMENT ON FUNCTION @extschema@._clipperf_end_block() IS
'counts for the blocks of the current period what was counted since the last time, as the worker does several times a second';
REVOKE ALL ON FUNCTION @extschema@._clipperf_end_block() FROM PUBLIC;

CREATE FUNCTION @extschema@._clipperf_compare_states(
    earlier_before bytea, state_before bytea, blocks_before bytea,
    earlier_after bytea, state_after bytea, blocks_after bytea,
    requests boolean, controls bytea[], compared integer,
    OUT before double precision[], OUT after double precision[], OUT changes text[], OUT result text)
RETURNS record
LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_compare_states';
COMMENT ON FUNCTION @extschema@._clipperf_compare_states(bytea, bytea, bytea, bytea, bytea, bytea, boolean, bytea[], integer) IS
'figures of a statement or route in two periods, and whether they changed';

CREATE FUNCTION @extschema@._clipperf_figure_names()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT '{calls,p50_ms,p95_ms,p99_ms,mean_ms,blocks,statements,errors,per_second,span_p95_ms,total_ms,yardstick_us,p90_ms}'::text[];
END;
COMMENT ON FUNCTION @extschema@._clipperf_figure_names() IS 'names of the figures of _clipperf_compare_states(), in their order';

-- The 500 statements that took most time keep their text; those of the others are looked up while clipperf has them.
-- Findings about statements as such are left out, as the statements themselves are compared.
CREATE FUNCTION @extschema@._clipperf_take_snapshot(label text, comment text, taken_by text)
RETURNS bigint
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    SELECT @extschema@._clipperf_sync_endpoints();
    INSERT INTO @extschema@._clipperf_snapshot (previous, label, comment, since, taken_by, statements_evicted, routes_evicted)
    SELECT p.snapshot, _clipperf_take_snapshot.label, _clipperf_take_snapshot.comment,
           greatest(p.taken_at, i.since), _clipperf_take_snapshot.taken_by,
           i.statements_evicted, i.request_routes_evicted + i.routes_evicted
    FROM @extschema@.clipperf_info AS i
         LEFT JOIN (SELECT s.snapshot, s.taken_at FROM @extschema@._clipperf_snapshot AS s
                    ORDER BY s.snapshot DESC LIMIT 1) AS p ON true;
    INSERT INTO @extschema@._clipperf_snapshot_item (snapshot, kind, toplevel, userid, queryid, route, state, blocks, query)
    SELECT s.snapshot, c.kind, c.toplevel, c.userid, c.queryid, c.route, c.state, c.blocks,
           CASE WHEN c.place <= 500
                THEN left(@extschema@._clipperf_query_text(c.userid, d.oid, c.queryid), 200) END
    FROM (SELECT r.*, row_number() OVER (PARTITION BY r.kind ORDER BY r.total_ms DESC) AS place
          FROM @extschema@._clipperf_read_states() AS r) AS c,
         (SELECT max(m.snapshot) AS snapshot FROM @extschema@._clipperf_snapshot AS m) AS s,
         pg_database AS d
    WHERE d.datname = current_database();
    INSERT INTO @extschema@._clipperf_snapshot_finding (snapshot, kind, relation, queryid, summary, saved_ms)
    SELECT s.snapshot, f.kind, f.relation::text, f.queryid, f.summary, coalesce(f.saved_ms, 0)
    FROM (SELECT * FROM @extschema@._clipperf_find_n_plus_one(false, NULL)
          UNION ALL
          SELECT * FROM @extschema@._clipperf_find_scans(false, NULL)) AS f,
         (SELECT max(m.snapshot) AS snapshot FROM @extschema@._clipperf_snapshot AS m) AS s;
    SELECT @extschema@._clipperf_keep_waits(max(s.snapshot)) FROM @extschema@._clipperf_snapshot AS s;
    SELECT max(s.snapshot) FROM @extschema@._clipperf_snapshot AS s;
END;
COMMENT ON FUNCTION @extschema@._clipperf_take_snapshot(text, text, text) IS
'keeps what was counted until now; called by clipperf_snapshot(), which prevents concurrent snapshots';
REVOKE ALL ON FUNCTION @extschema@._clipperf_take_snapshot(text, text, text) FROM PUBLIC;

-- The snapshot before a period that is kept stays, as the period is the difference of both; so does the last one, with
-- which the next period begins.
CREATE FUNCTION @extschema@._clipperf_purge_snapshots()
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM @extschema@._clipperf_snapshot AS s
    WHERE s.is_dropped AND s.snapshot < (SELECT max(l.snapshot) FROM @extschema@._clipperf_snapshot AS l)
      AND NOT EXISTS (SELECT FROM @extschema@._clipperf_snapshot AS n WHERE n.previous = s.snapshot AND NOT n.is_dropped);
    DELETE FROM @extschema@._clipperf_snapshot_item AS i
    WHERE NOT EXISTS (SELECT FROM @extschema@._clipperf_snapshot AS s WHERE s.snapshot = i.snapshot);
    DELETE FROM @extschema@._clipperf_snapshot_finding AS f
    WHERE NOT EXISTS (SELECT FROM @extschema@._clipperf_snapshot AS s WHERE s.snapshot = f.snapshot);
    DELETE FROM @extschema@._clipperf_snapshot_wait AS w
    WHERE NOT EXISTS (SELECT FROM @extschema@._clipperf_snapshot AS s WHERE s.snapshot = w.snapshot AND NOT s.is_dropped);
END;
COMMENT ON FUNCTION @extschema@._clipperf_purge_snapshots() IS 'removes what dropped snapshots have kept, where no period needs it';
REVOKE ALL ON FUNCTION @extschema@._clipperf_purge_snapshots() FROM PUBLIC;

CREATE FUNCTION @extschema@._clipperf_drop_old_periods(keep integer)
RETURNS void
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE @extschema@._clipperf_snapshot AS s SET is_dropped = true
    WHERE s.label IS NULL AND NOT s.is_dropped
      AND s.snapshot NOT IN (SELECT k.snapshot FROM @extschema@._clipperf_snapshot AS k
                             WHERE k.label IS NULL AND NOT k.is_dropped ORDER BY k.snapshot DESC LIMIT $1);
    SELECT @extschema@._clipperf_purge_snapshots()
    WHERE EXISTS (SELECT FROM @extschema@._clipperf_snapshot AS s WHERE s.is_dropped);
END;
COMMENT ON FUNCTION @extschema@._clipperf_drop_old_periods(integer) IS
'removes the oldest periods without a label, but for so many';
REVOKE ALL ON FUNCTION @extschema@._clipperf_drop_old_periods(integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.clipperf_snapshot(label text DEFAULT NULL, comment text DEFAULT NULL)
RETURNS bigint
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_snapshot';
COMMENT ON FUNCTION @extschema@.clipperf_snapshot(text, text) IS
'keeps what was measured in this database since the last snapshot as a period, and returns its number';
REVOKE ALL ON FUNCTION @extschema@.clipperf_snapshot(text, text) FROM PUBLIC;

-- An item without a route has taken in those of routes that made space for others, if there were any since the last
-- snapshot: its difference is not what was counted in the period.
CREATE VIEW @extschema@._clipperf_period_item WITH (security_barrier) AS
SELECT s.snapshot AS period, i.kind, i.toplevel, i.userid, i.queryid, i.route, p.state AS earlier, i.state, i.blocks, i.query,
       s.statements_evicted <> coalesce(b.statements_evicted, 0)
       OR s.routes_evicted <> coalesce(b.routes_evicted, 0) AS evicted
FROM @extschema@._clipperf_snapshot AS s
     JOIN @extschema@._clipperf_snapshot_item AS i ON i.snapshot = s.snapshot
     LEFT JOIN @extschema@._clipperf_snapshot AS b ON b.snapshot = s.previous
     LEFT JOIN @extschema@._clipperf_snapshot_item AS p
     ON p.snapshot = s.previous AND p.kind = i.kind AND coalesce(p.queryid, 0) = coalesce(i.queryid, 0)
        AND coalesce(p.userid, 0) = coalesce(i.userid, 0) AND coalesce(p.toplevel, false) = coalesce(i.toplevel, false)
        AND coalesce(p.route, '') = coalesce(i.route, '')
WHERE (s.previous IS NULL OR b.snapshot IS NOT NULL)
  AND (i.kind <> 's' OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
       OR i.userid = (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user))
  AND (i.kind <> 'r' OR i.route IS NOT NULL OR s.routes_evicted = coalesce(b.routes_evicted, s.routes_evicted))
  AND @extschema@._clipperf_note_ours();
COMMENT ON VIEW @extschema@._clipperf_period_item IS
'what was counted until the begin and the end of each period, of statements that the reader may see';
COMMENT ON COLUMN @extschema@._clipperf_period_item.period IS 'number of the period';
COMMENT ON COLUMN @extschema@._clipperf_period_item.kind IS 'a: all requests; r: those of a route; e, d: those of an endpoint whose span, whose database time is measured; s: a statement';
COMMENT ON COLUMN @extschema@._clipperf_period_item.toplevel IS 'true if clients sent the statement';
COMMENT ON COLUMN @extschema@._clipperf_period_item.userid IS 'role that ran the statement';
COMMENT ON COLUMN @extschema@._clipperf_period_item.queryid IS 'the server''s hash of the statement without its literals';
COMMENT ON COLUMN @extschema@._clipperf_period_item.route IS 'route of the requests or of the statement; name of the endpoint';
COMMENT ON COLUMN @extschema@._clipperf_period_item.earlier IS 'counters and histograms when the period began, encoded';
COMMENT ON COLUMN @extschema@._clipperf_period_item.state IS 'the same when it ended';
COMMENT ON COLUMN @extschema@._clipperf_period_item.blocks IS 'what was counted in equal parts of it, encoded';
COMMENT ON COLUMN @extschema@._clipperf_period_item.query IS 'begin of the query text, if it was kept';
COMMENT ON COLUMN @extschema@._clipperf_period_item.evicted IS 'true if anything was evicted from memory in the period';
GRANT SELECT ON @extschema@._clipperf_period_item TO PUBLIC;

CREATE VIEW @extschema@._clipperf_period_finding WITH (security_barrier) AS
SELECT s.snapshot AS period, f.kind, f.relation, f.queryid, f.summary,
       f.saved_ms - CASE WHEN p.saved_ms <= f.saved_ms THEN p.saved_ms ELSE 0 END AS saved_ms
FROM @extschema@._clipperf_snapshot AS s
     JOIN @extschema@._clipperf_snapshot_finding AS f ON f.snapshot = s.snapshot
     LEFT JOIN LATERAL (
         SELECT sum(e.saved_ms) AS saved_ms FROM @extschema@._clipperf_snapshot_finding AS e
         WHERE e.snapshot = s.previous AND e.kind = f.kind AND e.relation IS NOT DISTINCT FROM f.relation
           AND e.queryid IS NOT DISTINCT FROM f.queryid) AS p ON true
WHERE (s.previous IS NULL OR EXISTS (SELECT FROM @extschema@._clipperf_snapshot AS b WHERE b.snapshot = s.previous))
  AND pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
  AND @extschema@._clipperf_note_ours();
COMMENT ON VIEW @extschema@._clipperf_period_finding IS 'findings of each period, for members of pg_read_all_stats';
COMMENT ON COLUMN @extschema@._clipperf_period_finding.period IS 'number of the period';
COMMENT ON COLUMN @extschema@._clipperf_period_finding.kind IS 'kind, as in clipperf_report()';
COMMENT ON COLUMN @extschema@._clipperf_period_finding.relation IS 'table it is about';
COMMENT ON COLUMN @extschema@._clipperf_period_finding.queryid IS 'statement it is about';
COMMENT ON COLUMN @extschema@._clipperf_period_finding.summary IS 'what is wrong';
COMMENT ON COLUMN @extschema@._clipperf_period_finding.saved_ms IS 'time that the fix would have saved in the period, or that was lost where no fix was known, milliseconds';
GRANT SELECT ON @extschema@._clipperf_period_finding TO PUBLIC;

CREATE VIEW @extschema@.clipperf_periods AS
SELECT s.snapshot AS period, s.label, s.since, s.taken_at AS until, s.taken_by,
       c.before[1]::bigint AS requests, c.before[9] AS requests_per_second, c.before[3] AS p95_ms, c.before[7] AS statements_mean,
       w.sessions, s.comment
FROM @extschema@._clipperf_snapshot AS s
     LEFT JOIN @extschema@._clipperf_period_item AS i ON i.period = s.snapshot AND i.kind = 'a'
     LEFT JOIN LATERAL @extschema@._clipperf_compare_states(i.earlier, i.state, i.blocks, NULL, NULL, NULL, true, NULL, NULL) AS c ON true
     LEFT JOIN LATERAL (
         SELECT pg_catalog.round(coalesce(sum(k.ms) FILTER (WHERE k.wait_event_type IS NOT NULL), 0)
                                 / sum(k.ms) FILTER (WHERE k.wait_event_type IS NULL), 6)::double precision AS sessions
         FROM @extschema@._clipperf_snapshot_wait AS k WHERE k.snapshot = s.snapshot) AS w ON true
WHERE NOT s.is_dropped
  AND (s.previous IS NULL OR EXISTS (SELECT FROM @extschema@._clipperf_snapshot AS b WHERE b.snapshot = s.previous))
  AND @extschema@._clipperf_note_ours();
COMMENT ON VIEW @extschema@.clipperf_periods IS 'the periods that clipperf_snapshot() has kept in this database';
COMMENT ON COLUMN @extschema@.clipperf_periods.period IS 'number of the period';
COMMENT ON COLUMN @extschema@.clipperf_periods.label IS 'its label; NULL if it has none';
COMMENT ON COLUMN @extschema@.clipperf_periods.comment IS 'what was said about it';
COMMENT ON COLUMN @extschema@.clipperf_periods.since IS 'when it began: at the snapshot before, or when counters were reset last';
COMMENT ON COLUMN @extschema@.clipperf_periods.until IS 'when it ended';
COMMENT ON COLUMN @extschema@.clipperf_periods.taken_by IS 'role that ended it';
COMMENT ON COLUMN @extschema@.clipperf_periods.requests IS 'requests that ended in it; NULL if none';
COMMENT ON COLUMN @extschema@.clipperf_periods.requests_per_second IS 'requests per second, while there were some; NULL if that was not followed';
COMMENT ON COLUMN @extschema@.clipperf_periods.p95_ms IS '95th percentile of the database time of a request, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_periods.statements_mean IS 'mean of the statements per request';
COMMENT ON COLUMN @extschema@.clipperf_periods.sessions IS 'mean number of sessions that were active at a time, from samples; NULL if none were taken';
GRANT SELECT ON @extschema@.clipperf_periods TO PUBLIC;

CREATE VIEW @extschema@.clipperf_period_waits AS
SELECT p.period, p.label, p.since, p.until, w.route, w.other_routes, w.wait_event_type, w.wait_event,
       w.samples, w.ms::double precision AS total_ms,
       pg_catalog.round(w.ms / t.ms::numeric, 6)::double precision AS sessions
FROM @extschema@.clipperf_periods AS p
     JOIN @extschema@._clipperf_snapshot_wait AS w ON w.snapshot = p.period AND w.wait_event_type IS NOT NULL
     JOIN @extschema@._clipperf_snapshot_wait AS t ON t.snapshot = p.period AND t.wait_event_type IS NULL;
COMMENT ON VIEW @extschema@.clipperf_period_waits IS
'what active sessions of each route waited for in each period, from samples; the 100 that took most time by route, the others added up';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.period IS 'number of the period';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.label IS 'its label; NULL if it has none';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.since IS 'when it began';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.until IS 'when it ended';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.route IS 'route of the statements; NULL if they have none, or other_routes is true';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.other_routes IS 'true in the row of all routes whose waits for this event are not kept apart';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.wait_event_type IS 'what they waited for, as in clipperf_waits: IO, Lock, LWLock, ...; CPU if they waited for nothing';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.wait_event IS 'event that they waited for; CPU if they waited for nothing';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.samples IS 'times that a session was seen so';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.total_ms IS 'time that these stand for, milliseconds, an estimate';
COMMENT ON COLUMN @extschema@.clipperf_period_waits.sessions IS 'mean number of sessions that were so at a time';
GRANT SELECT ON @extschema@.clipperf_period_waits TO PUBLIC;

-- Labels are never digits alone: NULL for no period means the last one, or the one before it.
CREATE FUNCTION @extschema@._clipperf_find_period(period text, back integer)
RETURNS bigint
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', '42704', format('period "%s" does not exist', $1), NULL,
                                       'The view clipperf_periods lists the periods with their numbers and labels.')
    WHERE $1 IS NOT NULL
      AND NOT EXISTS (SELECT FROM @extschema@.clipperf_periods AS p WHERE $1 IN (p.label, p.period::text));
    SELECT @extschema@._clipperf_raise('error', '55000', 'fewer than two periods exist in this database', NULL,
                                       'Call clipperf_snapshot() at the end of each.')
    WHERE $1 IS NULL AND (SELECT count(*) FROM @extschema@.clipperf_periods) <= $2;
    SELECT p.period FROM @extschema@.clipperf_periods AS p
    WHERE $1 IS NULL OR $1 IN (p.label, p.period::text) ORDER BY p.period DESC
    LIMIT 1 OFFSET CASE WHEN $1 IS NULL THEN $2 ELSE 0 END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_period(text, integer) IS
'number of the period with this label or number; of NULL, of the last one but so many';

CREATE FUNCTION @extschema@.clipperf_drop_period(period text)
RETURNS void
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', '22004', 'argument "period" must not be null') WHERE $1 IS NULL;
    SELECT @extschema@._clipperf_find_period($1, 0);
    UPDATE @extschema@._clipperf_snapshot AS s SET label = NULL, is_dropped = true
    WHERE s.snapshot = @extschema@._clipperf_find_period($1, 0);
    SELECT @extschema@._clipperf_purge_snapshots();
END;
COMMENT ON FUNCTION @extschema@.clipperf_drop_period(text) IS 'removes a period, by its label or number';
REVOKE ALL ON FUNCTION @extschema@.clipperf_drop_period(text) FROM PUBLIC;

-- What ran beside a statement or route tells what the machine did: others that take about as long, whose blocks and rows per
-- call have not changed. The same statement in other routes may have changed with it, and is asked where there are no two others.
-- Of an endpoint the routes that belong to it do not count; for all requests any do.
--
-- A statement that was evicted from memory may have run: then nobody knows whether it is new, or gone. Snapshots are too
-- young for statistics, so that the planner must be kept from loops over them.
CREATE FUNCTION @extschema@._clipperf_compared(period_before bigint, period_after bigint)
RETURNS TABLE (
    kind "char", name text, userid oid, queryid bigint, route text,
    before double precision[], after double precision[], changes text[], result text)
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_nestloop = off
BEGIN ATOMIC
    WITH old AS (
        SELECT * FROM @extschema@._clipperf_period_item AS i WHERE i.period = $1
    ), new AS (
        SELECT * FROM @extschema@._clipperf_period_item AS i WHERE i.period = $2
    ), lost AS (
        SELECT coalesce((SELECT bool_or(o.evicted) FROM old AS o), false) AS before,
               coalesce((SELECT bool_or(n.evicted) FROM new AS n), false) AS after
    ), paired AS MATERIALIZED (
        SELECT row_number() OVER () AS item, k.*, o.earlier AS earlier_before, o.state AS state_before, o.blocks AS blocks_before,
               n.earlier AS earlier_after, n.state AS state_after, n.blocks AS blocks_after,
               coalesce(n.query, o.query) AS query
        FROM old AS o
             FULL JOIN new AS n
             ON n.kind = o.kind AND coalesce(n.queryid, 0) = coalesce(o.queryid, 0)
                AND coalesce(n.userid, 0) = coalesce(o.userid, 0) AND coalesce(n.toplevel, false) = coalesce(o.toplevel, false)
                AND coalesce(n.route, '') = coalesce(o.route, '')
             CROSS JOIN LATERAL (
                 SELECT coalesce(n.kind, o.kind) AS kind, coalesce(n.userid, o.userid) AS userid,
                        coalesce(n.queryid, o.queryid) AS queryid, coalesce(n.route, o.route) AS route) AS k
    ), followed AS MATERIALIZED (
        SELECT p.item, p.kind, p.queryid, p.route,
               ARRAY[p.earlier_before, p.state_before, p.blocks_before, p.earlier_after, p.state_after, p.blocks_after] AS kept,
               ln(c.before[2] * c.after[2]) / 2 AS middle, c.before[11] + c.after[11] AS weight,
               abs(ln((c.after[6] + 0.1) / (c.before[6] + 0.1))) < 0.05
               AND abs(ln((c.after[7] + 0.1) / (c.before[7] + 0.1))) < 0.05 AS is_control
        FROM paired AS p, @extschema@._clipperf_compare_states(
                 p.earlier_before, p.state_before, p.blocks_before,
                 p.earlier_after, p.state_after, p.blocks_after, p.kind <> 's', NULL, NULL) AS c
        WHERE p.blocks_before IS NOT NULL AND p.blocks_after IS NOT NULL AND c.before[2] > 0 AND c.after[2] > 0
    ), pool AS MATERIALIZED (
        SELECT * FROM followed AS f WHERE f.is_control AND f.kind IN ('r', 's') ORDER BY f.weight DESC LIMIT 100
    )
    SELECT p.kind,
           CASE WHEN p.kind = 'a' THEN 'all requests'
                WHEN p.kind = 'r' THEN coalesce(p.route, '(no route)')
                WHEN p.kind IN ('e', 'd') THEN p.route
                ELSE @extschema@._clipperf_excerpt(
                         coalesce(p.query,
                                  @extschema@._clipperf_query_text(p.userid, (SELECT d.oid FROM pg_database AS d
                                                                              WHERE d.datname = current_database()), p.queryid),
                                  '(a statement whose text was not kept)'), 100) END,
           p.userid, p.queryid, CASE WHEN p.kind IN ('r', 's') THEN p.route END, c.before, c.after, c.changes,
           CASE WHEN c.before IS NULL THEN CASE WHEN lost.before AND p.kind <> 'a' THEN 'unsure' ELSE 'new' END
                WHEN c.after IS NULL THEN CASE WHEN lost.after AND p.kind <> 'a' THEN 'unsure' ELSE 'gone' END
                ELSE c.result END
    FROM paired AS p
         CROSS JOIN lost
         LEFT JOIN followed AS f ON f.item = p.item
         LEFT JOIN LATERAL (
             SELECT array_agg(b.kept ORDER BY b.place) AS kept
             FROM (SELECT t.kept, t.queryid IS NOT DISTINCT FROM p.queryid AND p.kind = 's' AS is_sibling,
                          count(*) FILTER (WHERE t.queryid IS DISTINCT FROM p.queryid OR p.kind <> 's') OVER () AS others,
                          row_number() OVER (ORDER BY t.queryid IS NOT DISTINCT FROM p.queryid AND p.kind = 's',
                                                      abs(t.middle - f.middle), t.item) AS place
                   FROM pool AS t
                   WHERE t.item <> p.item AND abs(t.middle - f.middle) < ln(4)
                     AND CASE WHEN p.kind = 'r' OR p.kind = 's' AND t.kind = 'r' THEN t.route IS DISTINCT FROM p.route
                              WHEN p.kind IN ('e', 'd')
                              THEN NOT EXISTS (SELECT FROM @extschema@.clipperf_endpoints AS e
                                               WHERE e.name = p.route AND coalesce(t.route, '') LIKE ANY (e.routes))
                              ELSE true END) AS b
             WHERE b.place <= 8 AND (NOT b.is_sibling OR b.others < 2)) AS controls ON f.item IS NOT NULL
         CROSS JOIN LATERAL @extschema@._clipperf_compare_states(
             p.earlier_before, p.state_before, p.blocks_before, p.earlier_after, p.state_after, p.blocks_after, p.kind <> 's',
             controls.kept, (SELECT count(*) FROM followed)::integer) AS c
    WHERE c.before IS NOT NULL OR c.after IS NOT NULL;
END;
COMMENT ON FUNCTION @extschema@._clipperf_compared(bigint, bigint) IS
'figures of all requests, endpoints, routes and statements in two periods, and whether they changed';

-- A finding is better, or worse, if it costs each request half as much less, or more.
CREATE FUNCTION @extschema@._clipperf_compared_findings(period_before bigint, period_after bigint)
RETURNS TABLE (
    name text, queryid bigint, before double precision, after double precision, result text)
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH found AS (
        SELECT f.period, f.kind, f.relation, f.queryid, max(f.summary) AS summary, sum(f.saved_ms) AS saved_ms
        FROM @extschema@._clipperf_period_finding AS f
        WHERE f.period IN ($1, $2)
        GROUP BY f.period, f.kind, f.relation, f.queryid
        HAVING sum(f.saved_ms) > 0
    ), requests AS (
        SELECT (SELECT p.requests FROM @extschema@.clipperf_periods AS p WHERE p.period = $1) AS before,
               (SELECT p.requests FROM @extschema@.clipperf_periods AS p WHERE p.period = $2) AS after
    )
    SELECT format('%s: %s', coalesce(n.kind, o.kind), coalesce(n.summary, o.summary)), coalesce(n.queryid, o.queryid),
           o.saved_ms, n.saved_ms,
           CASE WHEN o.saved_ms IS NULL THEN 'new'
                WHEN n.saved_ms IS NULL THEN 'gone'
                WHEN n.saved_ms * r.before > 1.5 * o.saved_ms * r.after THEN 'worse'
                WHEN 1.5 * n.saved_ms * r.before < o.saved_ms * r.after THEN 'better'
                WHEN n.saved_ms * r.before * o.saved_ms * r.after > 0 THEN 'same'
                ELSE 'unsure' END
    FROM (SELECT * FROM found AS f WHERE f.period = $1) AS o
         FULL JOIN (SELECT * FROM found AS f WHERE f.period = $2) AS n
         ON n.kind = o.kind AND coalesce(n.relation, '') = coalesce(o.relation, '')
            AND coalesce(n.queryid, 0) = coalesce(o.queryid, 0)
         CROSS JOIN requests AS r;
END;
COMMENT ON FUNCTION @extschema@._clipperf_compared_findings(bigint, bigint) IS 'findings of two periods, and whether they changed';

CREATE FUNCTION @extschema@._clipperf_change(before double precision, after double precision)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_change';
COMMENT ON FUNCTION @extschema@._clipperf_change(double precision, double precision) IS
'a change in few characters: -12%, +40%, x3.5, = for none';

CREATE FUNCTION @extschema@._clipperf_cell(before double precision, after double precision)
RETURNS text
LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_cell';
COMMENT ON FUNCTION @extschema@._clipperf_cell(double precision, double precision) IS
'a figure in few characters, and its change';

CREATE FUNCTION @extschema@._clipperf_kind_name(kind "char")
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN $1 = 'a' THEN 'everything' WHEN $1 IN ('e', 'd') THEN 'endpoint' WHEN $1 = 'r' THEN 'route' WHEN $1 = 's' THEN 'statement'
                ELSE 'finding' END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_kind_name("char") IS 'kind of what is compared, in a word';

CREATE FUNCTION @extschema@.clipperf_compare(before text DEFAULT NULL, after text DEFAULT NULL)
RETURNS TABLE (
    kind text, name text, result text, calls text, p50_ms text, p95_ms text, p99_ms text, mean_ms text,
    blocks text, statements text, error_pct text)
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    WITH period AS MATERIALIZED (
        SELECT @extschema@._clipperf_find_period($1, 1) AS before, @extschema@._clipperf_find_period($2, 0) AS after
    ), shown AS (
        SELECT c.kind, c.name, c.result, c.before, c.after,
               greatest(c.before[11], c.after[11]) AS weight, c.queryid
        FROM period AS p, @extschema@._clipperf_compared(p.before, p.after) AS c
        UNION ALL
        SELECT 'f', f.name, f.result, NULL, NULL, greatest(f.before, f.after), f.queryid
        FROM period AS p, @extschema@._clipperf_compared_findings(p.before, p.after) AS f
    )
    SELECT @extschema@._clipperf_kind_name(s.kind),
           left(s.name, 36), s.result,
           @extschema@._clipperf_cell(s.before[1], s.after[1]), @extschema@._clipperf_cell(s.before[2], s.after[2]),
           @extschema@._clipperf_cell(s.before[3], s.after[3]), @extschema@._clipperf_cell(s.before[4], s.after[4]),
           @extschema@._clipperf_cell(s.before[5], s.after[5]), @extschema@._clipperf_cell(s.before[6], s.after[6]),
           CASE WHEN s.kind IN ('a', 'e', 'd', 'r') THEN @extschema@._clipperf_cell(s.before[7], s.after[7]) ELSE '-' END,
           @extschema@._clipperf_cell(100 * s.before[8], 100 * s.after[8])
    FROM shown AS s
    ORDER BY array_position('{everything,endpoint,route,statement,finding}'::text[], @extschema@._clipperf_kind_name(s.kind)), s.weight DESC NULLS LAST, s.name, s.queryid;
END;
COMMENT ON FUNCTION @extschema@.clipperf_compare(text, text) IS
'what changed between two periods, by default the last two: for everything, each endpoint, route, statement and finding the figures after, their changes, and better, worse, same, unsure, new or gone';

CREATE FUNCTION @extschema@.clipperf_compare_figures(before text DEFAULT NULL, after text DEFAULT NULL)
RETURNS TABLE (
    kind text, name text, usename name, queryid bigint, route text, figure text,
    value_before double precision, value_after double precision, result text)
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    WITH period AS MATERIALIZED (
        SELECT @extschema@._clipperf_find_period($1, 1) AS before, @extschema@._clipperf_find_period($2, 0) AS after
    )
    SELECT @extschema@._clipperf_kind_name(c.kind),
           c.name, r.rolname, c.queryid, c.route,
           CASE WHEN f.figure = 'statements' AND c.kind = 's' THEN 'rows' ELSE f.figure END,
           c.before[f.number], c.after[f.number],
           CASE WHEN c.before IS NULL OR c.after IS NULL THEN c.result ELSE c.changes[f.number] END
    FROM period AS p, @extschema@._clipperf_compared(p.before, p.after) AS c
         LEFT JOIN pg_roles AS r ON r.oid = c.userid,
         unnest(@extschema@._clipperf_figure_names()) WITH ORDINALITY AS f (figure, number)
    WHERE NOT (f.figure = 'span_p95_ms' AND c.kind = 's')
    ORDER BY array_position('{everything,endpoint,route,statement}'::text[], @extschema@._clipperf_kind_name(c.kind)), greatest(c.before[11], c.after[11]) DESC, c.name, c.queryid, f.number;
END;
COMMENT ON FUNCTION @extschema@.clipperf_compare_figures(text, text) IS
'the figures of clipperf_compare() as numbers, before and after: one row for each figure of everything, each endpoint, each route and each statement';

CREATE FUNCTION @extschema@.clipperf_impact(before text DEFAULT NULL, after text DEFAULT NULL)
RETURNS TABLE (figure text, unit text, value_before double precision, value_after double precision, change text, result text)
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    WITH period AS MATERIALIZED (
        SELECT @extschema@._clipperf_find_period($1, 1) AS before, @extschema@._clipperf_find_period($2, 0) AS after
    ), everything AS (
        SELECT c.before, c.after, c.changes, c.result
        FROM period AS p, @extschema@._clipperf_compared(p.before, p.after) AS c
        WHERE c.kind = 'a'
    )
    SELECT f.figure, f.unit, round(e.before[f.number]::numeric, 3)::double precision,
           round(e.after[f.number]::numeric, 3)::double precision,
           @extschema@._clipperf_change(e.before[f.number], e.after[f.number]),
           CASE WHEN e.changes IS NULL THEN coalesce(e.result, 'unsure') ELSE e.changes[f.number] END
    FROM (VALUES (1, 'latency', 'ms, p95 of a request''s database time', 3),
                 (2, 'queries', 'statements per request', 7),
                 (3, 'database load', 'ms of database time per request', 5),
                 (4, 'throughput', 'requests per second', 9)) AS f (line, figure, unit, number)
         LEFT JOIN everything AS e ON true
    ORDER BY f.line;
END;
COMMENT ON FUNCTION @extschema@.clipperf_impact(text, text) IS
'what a change did to all requests, by default between the last two periods: latency, queries, database load and throughput';
