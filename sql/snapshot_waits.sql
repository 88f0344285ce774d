-- What sessions waited for in a period. A snapshot keeps what was sampled since the one before it, not until then: to find
-- that, it remembers each entry of the samples as it was at the last snapshot, but only then.

CREATE TABLE @extschema@._clipperf_sampled (
    entry bigint PRIMARY KEY,
    first_seen timestamptz NOT NULL,
    samples bigint,
    ms bigint NOT NULL
);
COMMENT ON TABLE @extschema@._clipperf_sampled IS 'what was sampled until the last snapshot';
COMMENT ON COLUMN @extschema@._clipperf_sampled.entry IS 'hash that tells a statement and what it waits for from others';
COMMENT ON COLUMN @extschema@._clipperf_sampled.first_seen IS 'its first sample: if it is another one, counting has begun again';
COMMENT ON COLUMN @extschema@._clipperf_sampled.samples IS 'times that a session was seen so; NULL of the time in which samples were taken';
COMMENT ON COLUMN @extschema@._clipperf_sampled.ms IS 'time that these stand for, milliseconds';

CREATE TABLE @extschema@._clipperf_snapshot_wait (
    snapshot bigint NOT NULL,
    other_routes boolean NOT NULL,
    route text,
    wait_event_type text,
    wait_event text,
    samples bigint,
    ms bigint NOT NULL
);
CREATE INDEX clipperf_snapshot_wait_snapshot ON @extschema@._clipperf_snapshot_wait (snapshot);
COMMENT ON TABLE @extschema@._clipperf_snapshot_wait IS 'what sessions waited for between a snapshot and the one before it';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_wait.snapshot IS 'the snapshot';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_wait.other_routes IS 'true for the sum of what is not kept by route';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_wait.route IS 'route; NULL if it has none';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_wait.wait_event_type IS 'what active sessions waited for; NULL in the row of the time in which samples were taken';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_wait.wait_event IS 'event that they waited for';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_wait.samples IS 'times that a session was seen so';
COMMENT ON COLUMN @extschema@._clipperf_snapshot_wait.ms IS 'time that these stand for; or in which samples were taken, milliseconds';

CREATE FUNCTION @extschema@._clipperf_read_sampled(
    OUT entry bigint, OUT first_seen timestamptz, OUT route text, OUT wait_event_type text, OUT wait_event text,
    OUT samples bigint, OUT ms bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_sampled';
COMMENT ON FUNCTION @extschema@._clipperf_read_sampled() IS
'samples of active sessions in this database, and in a row without an event the time in which samples were taken';
REVOKE ALL ON FUNCTION @extschema@._clipperf_read_sampled() FROM PUBLIC;

-- The 100 that took most time are kept by route, the others by event alone. An entry that was reset, or evicted and made
-- again, counts from its new beginning.
CREATE FUNCTION @extschema@._clipperf_keep_waits(snapshot bigint)
RETURNS void
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
    WITH now AS MATERIALIZED (
        SELECT r.entry, r.route, r.wait_event_type, r.wait_event,
               min(r.first_seen) AS first_seen, sum(r.samples)::bigint AS samples, sum(r.ms)::bigint AS ms
        FROM @extschema@._clipperf_read_sampled() AS r
        GROUP BY r.entry, r.route, r.wait_event_type, r.wait_event
    ), gone AS (
        DELETE FROM @extschema@._clipperf_sampled AS s
        WHERE NOT EXISTS (SELECT FROM now AS n WHERE n.entry = s.entry)
    ), noted AS (
        INSERT INTO @extschema@._clipperf_sampled AS s (entry, first_seen, samples, ms)
        SELECT n.entry, n.first_seen, n.samples, n.ms FROM now AS n
        ON CONFLICT (entry) DO UPDATE
        SET first_seen = excluded.first_seen, samples = excluded.samples, ms = excluded.ms
        WHERE (s.first_seen, s.ms) IS DISTINCT FROM (excluded.first_seen, excluded.ms)
    ), added AS (
        SELECT n.route, n.wait_event_type, n.wait_event,
               sum(n.samples - coalesce(s.samples, 0))::bigint AS samples, sum(n.ms - coalesce(s.ms, 0))::bigint AS ms
        FROM now AS n
             LEFT JOIN @extschema@._clipperf_sampled AS s ON s.entry = n.entry AND s.first_seen = n.first_seen
        GROUP BY n.route, n.wait_event_type, n.wait_event
        HAVING sum(n.ms - coalesce(s.ms, 0)) > 0
    ), placed AS (
        SELECT a.*, a.wait_event_type IS NOT NULL
                    AND row_number() OVER (ORDER BY a.wait_event_type IS NULL, a.ms DESC, a.route, a.wait_event) > 100 AS other_routes
        FROM added AS a
    )
    INSERT INTO @extschema@._clipperf_snapshot_wait (snapshot, other_routes, route, wait_event_type, wait_event, samples, ms)
    SELECT $1, p.other_routes, CASE WHEN NOT p.other_routes THEN p.route END AS kept_route, p.wait_event_type, p.wait_event,
           sum(p.samples)::bigint, sum(p.ms)::bigint
    FROM placed AS p
    GROUP BY p.other_routes, kept_route, p.wait_event_type, p.wait_event;
END;
COMMENT ON FUNCTION @extschema@._clipperf_keep_waits(bigint) IS 'keeps what sessions waited for since the last snapshot';
REVOKE ALL ON FUNCTION @extschema@._clipperf_keep_waits(bigint) FROM PUBLIC;
