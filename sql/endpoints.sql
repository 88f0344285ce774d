-- Endpoints of the application, their objectives, and whether these are met: clipperf_endpoints, clipperf_slo.

-- src/store/endpoint_row.c reads the columns by their numbers and says what is wrong with them.
CREATE TABLE @extschema@.clipperf_endpoints (
    name text PRIMARY KEY,
    routes text[],
    statements text[],
    measured text NOT NULL DEFAULT 'span',
    target_ms double precision,
    target_share double precision NOT NULL DEFAULT 0.95,
    max_error_share double precision,
    min_requests_per_second double precision,
    max_statements integer,
    min_bad integer NOT NULL DEFAULT 10,
    comment text
);
COMMENT ON TABLE @extschema@.clipperf_endpoints IS
'endpoints of the application and their objectives; clipperf_slo shows how they are met';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.name IS 'name of the endpoint, at most 63 bytes';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.routes IS 'LIKE patterns of routes whose requests belong to it; a request without a route has the empty name';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.statements IS 'LIKE patterns of query texts, letters of ASCII in either case: requests that run such a statement belong to it, too';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.measured IS 'time that is compared with the target: span (from the start of the first statement to the end of the last) or database';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.target_ms IS 'longest time of a good request, milliseconds; NULL = no objective';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.target_share IS 'share of the requests that must keep to target_ms, and to max_statements';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.max_error_share IS 'share of the requests that may fail; NULL = no objective';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.min_requests_per_second IS 'least requests per second; NULL = no objective';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.max_statements IS 'most statements per request; NULL = no objective';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.min_bad IS 'bad requests below which nothing is called a breach';
COMMENT ON COLUMN @extschema@.clipperf_endpoints.comment IS 'whatever you like';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.clipperf_endpoints', '');
GRANT SELECT ON @extschema@.clipperf_endpoints TO PUBLIC;

CREATE FUNCTION @extschema@._clipperf_endpoint_check()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'clipperf_endpoint_check';
COMMENT ON FUNCTION @extschema@._clipperf_endpoint_check() IS 'raises what is wrong with an endpoint';
REVOKE ALL ON FUNCTION @extschema@._clipperf_endpoint_check() FROM PUBLIC;
CREATE TRIGGER _clipperf_endpoint_check BEFORE INSERT OR UPDATE ON @extschema@.clipperf_endpoints
    FOR EACH ROW EXECUTE FUNCTION @extschema@._clipperf_endpoint_check();

CREATE FUNCTION @extschema@._clipperf_endpoints_changed()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'clipperf_endpoints_changed';
COMMENT ON FUNCTION @extschema@._clipperf_endpoints_changed() IS 'lets endpoints count as they are when the transaction commits';
REVOKE ALL ON FUNCTION @extschema@._clipperf_endpoints_changed() FROM PUBLIC;
CREATE TRIGGER _clipperf_endpoints_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.clipperf_endpoints
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._clipperf_endpoints_changed();

CREATE FUNCTION @extschema@.clipperf_add_endpoints(endpoint_set text)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_raise('error', '22004', 'argument "endpoint_set" must not be null') WHERE $1 IS NULL;
    SELECT @extschema@._clipperf_raise('error', '42704', format('endpoint set "%s" does not exist', $1), NULL,
                                       'The set that comes with clipperf is "clipper".')
    WHERE $1 <> 'clipper';
    WITH added AS (
        INSERT INTO @extschema@.clipperf_endpoints
               (name, routes, statements, target_ms, max_error_share, min_requests_per_second, max_statements, comment)
        SELECT e.name, e.routes, e.statements, e.target_ms, e.max_error_share, e.min_requests_per_second, e.max_statements, e.comment
        FROM (VALUES
                ('feed listing', '{/feed/%}'::text[], NULL::text[], 100::float8, 0.01::float8, NULL::float8, 9, 'The feeds of clips, with their filters.'),
                ('clip detail', '{/clip}', NULL, 50, 0.01, NULL, 9, 'A clip with its tags, and what its reader thinks of it.'),
                ('related clips', '{/related}', '{"SELECT id, title, % FROM clips WHERE game_id = $1 AND id <> $2 %"}', 75, 0.01, NULL, 9,
                 'Clips of the same game, also where a page shows them beside a clip.'),
                ('search', '{/search}', NULL, 100, 0.01, NULL, 9, 'Clips, users and tags by name.'),
                ('comments list', '{/comments,/comments/best,/comments/latest}', NULL, 50, 0.01, NULL, 9, 'Comments of a clip with their authors.'),
                ('create comment', '{/comments/create}', NULL, 100, 0.01, NULL, 9, 'A new comment, and the counters that it changes.'),
                ('vote', '{/vote}', NULL, 50, 0.01, NULL, 9, 'A vote, and the score that it changes.'),
                ('all requests', '{/%}', NULL, NULL, 0.01, 100, NULL, 'What the application as a whole has to bear.')
             ) AS e (name, routes, statements, target_ms, max_error_share, min_requests_per_second, max_statements, comment)
        WHERE $1 = 'clipper'
        ON CONFLICT (name) DO NOTHING
        RETURNING name
    )
    SELECT count(*) FROM added;
END;
COMMENT ON FUNCTION @extschema@.clipperf_add_endpoints(text) IS
'adds the endpoints of a set that comes with clipperf ("clipper" is that of the example application), but for those whose names are there; returns how many';
REVOKE ALL ON FUNCTION @extschema@.clipperf_add_endpoints(text) FROM PUBLIC;

-- The windows are 5 min, 30 min, 1 h, 2 h, 6 h, 1 day and 3 days, in this order.
CREATE FUNCTION @extschema@._clipperf_read_endpoints(
    OUT name text, OUT requests bigint, OUT slow bigint, OUT large bigint, OUT failed bigint, OUT statements bigint,
    OUT statements_p95 bigint, OUT statements_most bigint, OUT p50_ms double precision, OUT p95_ms double precision,
    OUT max_ms double precision, OUT database_ms double precision, OUT span_ms double precision,
    OUT since timestamptz, OUT first_seen timestamptz, OUT last_seen timestamptz,
    OUT window_requests bigint[], OUT window_slow bigint[], OUT window_failed bigint[])
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_read_endpoints';
COMMENT ON FUNCTION @extschema@._clipperf_read_endpoints() IS
'counters of the requests of the endpoints; read the views clipperf_slo and clipperf_slo_windows instead';

-- In decimals: in binary 1 - 0.9 is less than 0.1, and one bad request of ten would be too many.
CREATE FUNCTION @extschema@._clipperf_budget(share double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT (1 - share::numeric)::double precision;
END;
COMMENT ON FUNCTION @extschema@._clipperf_budget(double precision) IS 'the share that may be bad where that share must be good';

CREATE FUNCTION @extschema@._clipperf_sync_endpoints()
RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'clipperf_sync_endpoints';
COMMENT ON FUNCTION @extschema@._clipperf_sync_endpoints() IS
'lets endpoints count that no transaction of this server has made: on a standby server, in a copied database';

-- How many times faster than allowed bad requests come: 1 spends the budget by the end of the window.
CREATE FUNCTION @extschema@._clipperf_burn_rates(requests bigint[], bad bigint[], budget double precision)
RETURNS double precision[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT array_agg(b.bad / nullif(r.requests, 0)::float8 / $3 ORDER BY r.place)
    FROM unnest($1) WITH ORDINALITY AS r (requests, place) JOIN unnest($2) WITH ORDINALITY AS b (bad, place) USING (place);
END;
COMMENT ON FUNCTION @extschema@._clipperf_burn_rates(bigint[], bigint[], double precision) IS
'burn rates of windows with so many requests, so many of them bad, where that share may be bad';

-- Google, The Site Reliability Workbook, chapter 5, Alerting on SLOs: multiwindow, multi-burn-rate alerts. The long window
-- says that it matters, the short one that it goes on. The numbers are those of windows.
CREATE FUNCTION @extschema@._clipperf_alert(
    burn_rates double precision[], bad bigint[], min_bad integer,
    OUT severity text, OUT burn_rate double precision, OUT long_window text, OUT short_window text)
RETURNS record
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.severity, $1[r.long], r.long_window, r.short_window
    FROM (VALUES (1, 'critical', 14.4::float8, 3, '1 h', 1, '5 min'),
                 (2, 'critical', 6, 5, '6 h', 2, '30 min'),
                 (3, 'warning', 3, 6, '1 day', 4, '2 h'),
                 (4, 'warning', 1, 7, '3 days', 5, '6 h')) AS r (rank, severity, factor, long, long_window, short, short_window)
    WHERE $1[r.long] > r.factor AND $1[r.short] > r.factor AND $2[r.long] >= $3
    ORDER BY r.rank
    LIMIT 1;
END;
COMMENT ON FUNCTION @extschema@._clipperf_alert(double precision[], bigint[], integer) IS
'the first rule that these burn rates of windows break, where so many requests were bad; nulls if none';

-- Each endpoint with what was measured of it, what its objectives make of that, and the rules of alerts that it breaks. All
-- that is NULL is not known, or no objective.
CREATE FUNCTION @extschema@._clipperf_measured_endpoints(
    OUT name text, OUT routes text[], OUT patterns text[], OUT measured text, OUT target_ms double precision,
    OUT target_share double precision, OUT max_error_share double precision, OUT min_requests_per_second double precision,
    OUT max_statements integer, OUT min_bad integer,
    OUT is_counted boolean, OUT requests bigint, OUT slow bigint, OUT large bigint, OUT failed bigint,
    OUT p50_ms double precision, OUT p95_ms double precision, OUT max_ms double precision, OUT in_database_share double precision,
    OUT met_share double precision, OUT error_share double precision, OUT requests_per_second double precision,
    OUT statements_mean double precision, OUT statements_p95 bigint, OUT statements_most bigint,
    OUT time_met boolean, OUT errors_met boolean, OUT throughput_met boolean, OUT statements_met boolean,
    OUT window_requests bigint[], OUT window_slow bigint[], OUT window_failed bigint[],
    OUT time_burn double precision[], OUT error_burn double precision[],
    OUT time_severity text, OUT time_reason text, OUT error_severity text, OUT error_reason text,
    OUT since timestamptz, OUT first_seen timestamptz, OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT @extschema@._clipperf_sync_endpoints();
    SELECT e.name, e.routes, e.statements, e.measured, e.target_ms, e.target_share, e.max_error_share, e.min_requests_per_second,
           e.max_statements, e.min_bad,
           r.name IS NOT NULL, r.requests, r.slow, r.large, r.failed, v.p50_ms, v.p95_ms, v.max_ms, v.in_database_share,
           v.met_share, v.error_share, v.requests_per_second, v.statements_mean, v.statements_p95, v.statements_most,
           v.met_share >= e.target_share, v.error_share <= e.max_error_share, v.requests_per_second >= e.min_requests_per_second,
           CASE WHEN e.max_statements IS NOT NULL THEN (r.requests - r.large) / nullif(r.requests, 0)::float8 >= e.target_share END,
           r.window_requests, r.window_slow, r.window_failed, b.time_burn, b.error_burn,
           t.severity, format('slow requests come %s times faster than allowed, over %s and over %s',
                              round(t.burn_rate::numeric, 1), t.long_window, t.short_window),
           f.severity, format('errors come %s times faster than allowed, over %s and over %s',
                              round(f.burn_rate::numeric, 1), f.long_window, f.short_window),
           r.since, r.first_seen, r.last_seen
    FROM @extschema@.clipperf_endpoints AS e
         LEFT JOIN @extschema@._clipperf_read_endpoints() AS r ON r.name = e.name
         LEFT JOIN LATERAL (
            SELECT r.p50_ms, r.p95_ms, r.max_ms, r.statements_p95, r.statements_most,
                   least(r.database_ms / nullif(r.span_ms, 0), 1) AS in_database_share,
                   CASE WHEN e.target_ms IS NOT NULL THEN (r.requests - r.slow) / nullif(r.requests, 0)::float8 END AS met_share,
                   r.failed / nullif(r.requests, 0)::float8 AS error_share,
                   r.statements / nullif(r.requests, 0)::float8 AS statements_mean,
                   (r.requests - 1) / nullif(date_part('epoch', r.last_seen - r.first_seen), 0) AS requests_per_second
            WHERE r.requests > 0
         ) AS v ON true
         CROSS JOIN LATERAL (
            SELECT CASE WHEN e.target_ms IS NOT NULL
                        THEN @extschema@._clipperf_burn_rates(r.window_requests, r.window_slow, @extschema@._clipperf_budget(e.target_share)) END AS time_burn,
                   @extschema@._clipperf_burn_rates(r.window_requests, r.window_failed, e.max_error_share) AS error_burn
         ) AS b
         CROSS JOIN LATERAL @extschema@._clipperf_alert(b.time_burn, r.window_slow, e.min_bad) AS t
         CROSS JOIN LATERAL @extschema@._clipperf_alert(b.error_burn, r.window_failed, e.min_bad) AS f;
END;
COMMENT ON FUNCTION @extschema@._clipperf_measured_endpoints() IS
'the endpoints of this database and all that is known of them; read the view clipperf_slo instead';

CREATE VIEW @extschema@.clipperf_slo AS
SELECT m.name, m.requests, m.measured, m.target_ms, m.p50_ms, m.p95_ms, m.max_ms, m.in_database_share, m.target_share, m.met_share, m.time_met,
       m.max_error_share, m.error_share, m.errors_met,
       m.min_requests_per_second, m.requests_per_second, m.throughput_met,
       m.max_statements, m.statements_mean, m.statements_p95, m.statements_most, m.statements_met,
       1 - greatest(m.time_burn[7], m.error_burn[7]) AS budget_left,
       greatest(m.time_burn[1], m.error_burn[1]) AS burn_5m,
       greatest(m.time_burn[2], m.error_burn[2]) AS burn_30m,
       greatest(m.time_burn[3], m.error_burn[3]) AS burn_1h,
       greatest(m.time_burn[4], m.error_burn[4]) AS burn_2h,
       greatest(m.time_burn[5], m.error_burn[5]) AS burn_6h,
       greatest(m.time_burn[6], m.error_burn[6]) AS burn_1d,
       greatest(m.time_burn[7], m.error_burn[7]) AS burn_3d,
       CASE WHEN NOT m.is_counted THEN 'not counted'
            WHEN m.requests = 0 THEN 'no requests'
            WHEN 'critical' IN (m.time_severity, m.error_severity) THEN 'critical'
            WHEN 'warning' IN (m.time_severity, m.error_severity) THEN 'warning'
            ELSE 'ok' END AS state,
       m.since, m.first_seen, m.last_seen,
       nullif(pg_catalog.concat_ws('; ', CASE WHEN m.time_severity IS NOT NULL THEN m.time_reason END,
                                   CASE WHEN m.error_severity IS NOT NULL THEN m.error_reason END), '') AS reason
FROM @extschema@._clipperf_measured_endpoints() AS m;

COMMENT ON VIEW @extschema@.clipperf_slo IS
'one row per endpoint of this database: what was measured, whether it meets its objectives, and how fast it spends what may be bad; figures are visible to all';
COMMENT ON COLUMN @extschema@.clipperf_slo.name IS 'name of the endpoint';
COMMENT ON COLUMN @extschema@.clipperf_slo.requests IS 'its requests that have ended, of those that began after since';
COMMENT ON COLUMN @extschema@.clipperf_slo.measured IS 'time that is compared with the target: span or database';
COMMENT ON COLUMN @extschema@.clipperf_slo.target_ms IS 'longest time of a good request, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_slo.p50_ms IS 'median of the time measured, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_slo.p95_ms IS '95th percentile of the time measured, milliseconds, within 4%';
COMMENT ON COLUMN @extschema@.clipperf_slo.max_ms IS 'longest time measured, milliseconds';
COMMENT ON COLUMN @extschema@.clipperf_slo.in_database_share IS 'share of the span of all requests that was spent in the database: the rest are round trips, and what the application did between statements';
COMMENT ON COLUMN @extschema@.clipperf_slo.target_share IS 'share of the requests that must keep to target_ms, and to max_statements';
COMMENT ON COLUMN @extschema@.clipperf_slo.met_share IS 'share of the requests that took at most target_ms, exact';
COMMENT ON COLUMN @extschema@.clipperf_slo.time_met IS 'true if that is enough';
COMMENT ON COLUMN @extschema@.clipperf_slo.max_error_share IS 'share of the requests that may fail';
COMMENT ON COLUMN @extschema@.clipperf_slo.error_share IS 'share of the requests that had an error';
COMMENT ON COLUMN @extschema@.clipperf_slo.errors_met IS 'true if that is not more';
COMMENT ON COLUMN @extschema@.clipperf_slo.min_requests_per_second IS 'least requests per second';
COMMENT ON COLUMN @extschema@.clipperf_slo.requests_per_second IS 'requests for each second from the end of the first to that of the last one; NULL if there was one only';
COMMENT ON COLUMN @extschema@.clipperf_slo.throughput_met IS 'true if that is enough';
COMMENT ON COLUMN @extschema@.clipperf_slo.max_statements IS 'most statements per request';
COMMENT ON COLUMN @extschema@.clipperf_slo.statements_mean IS 'mean of the statements per request';
COMMENT ON COLUMN @extschema@.clipperf_slo.statements_p95 IS '95th percentile of the statements per request, exact up to 15, else at most 8% too low';
COMMENT ON COLUMN @extschema@.clipperf_slo.statements_most IS 'most statements of one request';
COMMENT ON COLUMN @extschema@.clipperf_slo.statements_met IS 'true if the target share of the requests had no more than max_statements, exact';
COMMENT ON COLUMN @extschema@.clipperf_slo.budget_left IS 'of the requests of the last 3 days that may be bad, the share that has not been yet: the least of slow requests and errors; below 0 if more were bad';
COMMENT ON COLUMN @extschema@.clipperf_slo.burn_5m IS 'how many times faster than allowed bad requests came in the last 5 minutes: the greatest of slow requests and errors; NULL if there were no requests';
COMMENT ON COLUMN @extschema@.clipperf_slo.burn_30m IS 'the same of the last 30 minutes';
COMMENT ON COLUMN @extschema@.clipperf_slo.burn_1h IS 'the same of the last hour';
COMMENT ON COLUMN @extschema@.clipperf_slo.burn_2h IS 'the same of the last 2 hours';
COMMENT ON COLUMN @extschema@.clipperf_slo.burn_6h IS 'the same of the last 6 hours';
COMMENT ON COLUMN @extschema@.clipperf_slo.burn_1d IS 'the same of the last day';
COMMENT ON COLUMN @extschema@.clipperf_slo.burn_3d IS 'the same of the last 3 days';
COMMENT ON COLUMN @extschema@.clipperf_slo.state IS 'critical, warning or ok, by the burn rates; no requests; not counted, if there is no space for it';
COMMENT ON COLUMN @extschema@.clipperf_slo.reason IS 'why it is critical or a warning';
COMMENT ON COLUMN @extschema@.clipperf_slo.since IS 'since when its requests are counted: when what is counted was last changed, or clipperf_reset()';
COMMENT ON COLUMN @extschema@.clipperf_slo.first_seen IS 'end of the first request';
COMMENT ON COLUMN @extschema@.clipperf_slo.last_seen IS 'end of the last request';
GRANT SELECT ON @extschema@.clipperf_slo TO PUBLIC;

CREATE VIEW @extschema@.clipperf_slo_windows AS
SELECT m.name, o.objective, w.period, m.window_requests[w.place] AS requests, o.bad[w.place] AS bad, o.budget AS allowed_share,
       o.burn[w.place] AS burn_rate
FROM @extschema@._clipperf_measured_endpoints() AS m
     CROSS JOIN LATERAL (VALUES ('time', m.window_slow, CASE WHEN m.target_ms IS NOT NULL THEN @extschema@._clipperf_budget(m.target_share) END, m.time_burn),
                                ('errors', m.window_failed, m.max_error_share, m.error_burn)) AS o (objective, bad, budget, burn)
     CROSS JOIN (VALUES (1, interval '5 minutes'), (2, '30 minutes'), (3, '1 hour'), (4, '2 hours'), (5, '6 hours'),
                        (6, '1 day'), (7, '3 days')) AS w (place, period)
WHERE o.budget IS NOT NULL;

COMMENT ON VIEW @extschema@.clipperf_slo_windows IS
'one row per endpoint, objective that has a budget, and window: how many requests ended in it, and how many of them were bad';
COMMENT ON COLUMN @extschema@.clipperf_slo_windows.name IS 'name of the endpoint';
COMMENT ON COLUMN @extschema@.clipperf_slo_windows.objective IS 'time or errors';
COMMENT ON COLUMN @extschema@.clipperf_slo_windows.period IS 'length of the window, which ends with the current minute; those of 1 and 3 days, with the current hour';
COMMENT ON COLUMN @extschema@.clipperf_slo_windows.requests IS 'requests that ended in it; NULL if the endpoint is not counted';
COMMENT ON COLUMN @extschema@.clipperf_slo_windows.bad IS 'of these, requests that took longer than the target, or had an error';
COMMENT ON COLUMN @extschema@.clipperf_slo_windows.allowed_share IS 'share of the requests that may be bad';
COMMENT ON COLUMN @extschema@.clipperf_slo_windows.burn_rate IS 'how many times that share was bad; NULL if there were no requests';
GRANT SELECT ON @extschema@.clipperf_slo_windows TO PUBLIC;

-- One row for each objective that is not met, by enough bad requests to tell. Of throughput each request tells.
CREATE FUNCTION @extschema@._clipperf_missed_objectives(
    OUT name text, OUT routes text[], OUT patterns text[], OUT rank integer, OUT severity text, OUT subject text, OUT summary text,
    OUT figures text, OUT first_seen timestamptz, OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m.name, m.routes, m.patterns, o.rank, coalesce(o.severity, 'warning'), format('endpoint "%s": %s', @extschema@._clipperf_plain(m.name), o.subject),
           format('%s: %s', left(@extschema@._clipperf_plain(m.name), 20), o.summary), concat_ws('; ', o.figures, CASE WHEN o.severity IS NOT NULL THEN o.reason END),
           m.first_seen, m.last_seen
    FROM @extschema@._clipperf_measured_endpoints() AS m
         CROSS JOIN LATERAL (
            SELECT round(100 * m.target_share::numeric, 2)::float8 || '%' AS target, @extschema@._clipperf_duration(m.target_ms) AS target_time,
                   round(100 * m.met_share::numeric, 1) || '%' AS met, round(100 * m.max_error_share::numeric, 3)::float8 || '%' AS errors_allowed,
                   round(100 * m.error_share::numeric, 1) || '%' AS errors, round(m.requests_per_second::numeric, 1) AS per_second,
                   round(m.min_requests_per_second::numeric, 3)::float8 AS per_second_wanted
         ) AS w
         CROSS JOIN LATERAL (VALUES
            (1, NOT m.time_met AND m.slow >= m.min_bad OR m.time_severity IS NOT NULL, m.time_severity, m.time_reason,
                format('fewer than %s of its requests take at most %s', w.target, w.target_time),
                format('%s within %s, %s wanted', w.met, w.target_time, w.target),
                format('%s of %s took at most %s, p95 %s, the longest %s; %s of the span in the database', w.met, @extschema@._clipperf_count(m.requests, 'request', 'requests'),
                       w.target_time, @extschema@._clipperf_duration(m.p95_ms), @extschema@._clipperf_duration(m.max_ms), @extschema@._clipperf_share(m.in_database_share))),
            (2, NOT m.errors_met AND m.failed >= m.min_bad OR m.error_severity IS NOT NULL, m.error_severity, m.error_reason,
                format('more than %s of its requests fail', w.errors_allowed),
                format('%s of requests fail, %s allowed', w.errors, w.errors_allowed),
                format('%s of %s had an error', @extschema@._clipperf_number(m.failed), @extschema@._clipperf_count(m.requests, 'request', 'requests'))),
            (3, NOT m.statements_met AND m.large >= m.min_bad, NULL, NULL,
                format('fewer than %s of its requests take at most %s', w.target, @extschema@._clipperf_count(m.max_statements, 'statement', 'statements')),
                format('%s statements per request, %s allowed', @extschema@._clipperf_number(m.statements_p95), m.max_statements),
                format('%s statements per request on average, p95 %s, at most %s', round(m.statements_mean::numeric, 1), m.statements_p95, m.statements_most)),
            (4, NOT m.throughput_met AND m.requests >= m.min_bad, NULL, NULL,
                format('fewer than %s requests per second', w.per_second_wanted),
                format('%s requests/s, %s wanted', w.per_second, w.per_second_wanted),
                format('%s requests per second', w.per_second))
         ) AS o (rank, missed, severity, reason, subject, summary, figures)
    WHERE o.missed;
END;
COMMENT ON FUNCTION @extschema@._clipperf_missed_objectives() IS 'the objectives that are not met, in words';

-- The statements of an endpoint by the time that they took, as far as the reader may see them. Of requests that belong to it
-- by a statement, it is that statement alone.
CREATE FUNCTION @extschema@._clipperf_endpoint_statements(
    routes text[], patterns text[],
    OUT queryid bigint, OUT query text, OUT calls double precision, OUT ms double precision, OUT share double precision)
RETURNS SETOF record
LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT q.queryid, max(q.query), sum(q.calls + q.errors)::float8, sum(q.total_ms + q.plan_ms),
           sum(q.total_ms + q.plan_ms) / nullif(sum(sum(q.total_ms + q.plan_ms)) OVER (), 0)
    FROM @extschema@.clipperf_queries AS q
    WHERE q.toplevel AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
      AND (EXISTS (SELECT FROM unnest($1) AS r (pattern) WHERE coalesce(q.route, '') LIKE r.pattern)
           OR EXISTS (SELECT FROM unnest($2) AS s (pattern) WHERE q.query ILIKE s.pattern))
    GROUP BY q.queryid;
END;
COMMENT ON FUNCTION @extschema@._clipperf_endpoint_statements(text[], text[]) IS
'the statements of an endpoint, and the share of its time in the database that each takes';

-- A breach costs no time of its own: what it says may be saved, the findings say that would save it. Statements below a
-- twentieth (0.05) of the time, and more than five, are left out.
CREATE FUNCTION @extschema@._clipperf_find_breaches(accepted boolean, allow text[], found @extschema@._clipperf_finding[])
RETURNS SETOF @extschema@._clipperf_finding
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH missed AS (
        SELECT o.name, o.routes, o.patterns, array_agg(o.subject ORDER BY o.rank) AS subjects, (array_agg(o.summary ORDER BY o.rank))[1] AS summary,
               string_agg(o.figures, '; ' ORDER BY o.rank) AS figures, min(o.severity) AS severity,
               min(o.first_seen) AS first_seen, max(o.last_seen) AS last_seen
        FROM @extschema@._clipperf_missed_objectives() AS o
        WHERE @extschema@._clipperf_is_accepted('slo_breach', NULL, '{}', '{}', o.subject, $2) = $1
        GROUP BY o.name, o.routes, o.patterns
    ), culprit AS MATERIALIZED (
        SELECT m.name, s.*, row_number() OVER (PARTITION BY m.name ORDER BY s.ms DESC, s.queryid) AS number
        FROM missed AS m CROSS JOIN LATERAL @extschema@._clipperf_endpoint_statements(m.routes, m.patterns) AS s
    ), named AS (
        SELECT c.* FROM culprit AS c WHERE c.share >= 0.05 AND c.number <= 5
    ), fixed AS (
        SELECT DISTINCT n.name, n.number, n.share, f.kind, f.relation, f.summary, f.fix
        FROM named AS n
             JOIN unnest($3) AS f
             ON f.queryid = n.queryid
             OR EXISTS (SELECT FROM unnest(f.subjects) AS u (subject)
                        WHERE n.query IS NOT NULL AND strpos(u.subject, @extschema@._clipperf_subject(n.query)) > 0)
    ), finding AS (
        SELECT f.name, min(f.number) AS number, f.fix,
               @extschema@._clipperf_plain(format('-- %s of its time: %s%s, %s', @extschema@._clipperf_share(sum(f.share)), f.kind,
                                                  ' on ' || f.relation::text, f.summary)) AS told
        FROM fixed AS f
        GROUP BY f.name, f.kind, f.relation, f.summary, f.fix
    ), remedy AS (
        SELECT f.name, min(f.number) AS number, concat(string_agg(f.told, E'\n' ORDER BY f.number, f.told), E'\n', f.fix) AS fix
        FROM finding AS f
        GROUP BY f.name, f.fix
    )
    SELECT 'slo_breach', NULL::regclass, (SELECT n.queryid FROM named AS n WHERE n.name = m.name AND n.number = 1),
           m.subjects, NULL::regclass[], m.summary,
           concat(m.figures,
                  (SELECT string_agg(format(E'\n(%s) %s of its time in the database: %s; %s, %s each%s%s', n.number, @extschema@._clipperf_share(n.share),
                                            @extschema@.clipperf_line(n.query, 150), @extschema@._clipperf_count(n.calls, 'call', 'calls'),
                                            @extschema@._clipperf_duration(n.ms / greatest(n.calls, 1)),
                                            '; ' || p.said, '; ' || w.said), '' ORDER BY n.number)
                   FROM named AS n
                        LEFT JOIN @extschema@._clipperf_statement_nodes() AS p ON p.queryid = n.queryid
                        LEFT JOIN @extschema@._clipperf_statement_waits() AS w ON w.queryid = n.queryid
                   WHERE n.name = m.name)),
           0::float8, m.severity,
           coalesce((SELECT string_agg(r.fix, E'\n' ORDER BY r.number, r.fix) FROM remedy AS r WHERE r.name = m.name),
                    '-- no other finding is about its statements: clipperf_recommend() looks for indexes'),
           NULL::bigint[], m.first_seen, m.last_seen, false, false, false
    FROM missed AS m;
END;
COMMENT ON FUNCTION @extschema@._clipperf_find_breaches(boolean, text[], @extschema@._clipperf_finding[]) IS
'findings of kind slo_breach: endpoints that miss an objective, with the statements and findings that are to blame';
