-- Requests of routes: what the views show, of transactions, traces and errors. Everything here ends by itself: no pause
-- is waited for.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE requested (id int PRIMARY KEY, n int);
INSERT INTO requested SELECT i, i FROM generate_series(1, 100) AS i;
SET clipperf.request_idle = '1min';
SELECT clipperf_reset();

SET clipperf.route = '/r/1';
BEGIN;
SELECT n FROM requested WHERE id = 1;
UPDATE requested SET n = n + 1 WHERE id <= 10;
COMMIT;
BEGIN;
SELECT 1/0;
ROLLBACK;
SET clipperf.trace = 'a trace';
SELECT n FROM requested WHERE id = 2;
RESET clipperf.trace;
SELECT n FROM requested WHERE id = 3;
SET clipperf.route = '/s';
BEGIN;
SELECT count(*) FROM requested;
COMMIT;

-- The trace goes on, as far as this session knows.
SELECT route, requests, trace_share, transaction_share, inferred_share, statements, statements_mean, statements_p95, statements_max,
       errors, failed, error_share, rows
FROM clipperf_routes WHERE datname = current_database() ORDER BY route COLLATE "C";
SELECT route, requests_per_second > 0 AS per_second, p50_ms <= p95_ms AND p95_ms <= p99_ms AND p99_ms <= max_ms AS times,
       span_p50_ms <= span_p95_ms AND span_p95_ms <= span_p99_ms AND span_p99_ms <= span_max_ms AS spans,
       total_ms > 0 AS total, wait_ms > 0 AS wait, database_share BETWEEN 0 AND 1 AS share,
       shared_blks_hit + shared_blks_read > 0 AS blocks, wal_bytes > 0 AS wal, costliest_queryid IS NOT NULL AS queryid,
       first_seen <= last_seen AND last_seen <= now() AS seen
FROM clipperf_routes WHERE route = '/r/:id';
SELECT route, costliest_query FROM clipperf_routes WHERE route = '/s';
SELECT route, requests, statements FROM clipperf_routes_recent WHERE route = '/s';
SELECT request_routes_held >= 2 AS held, request_routes_evicted, request_traces_cut, request_recent_dropped,
       request_reserved_bytes BETWEEN 1 AND memory_reserved_bytes AS reserved
FROM clipperf_info;

-- Histograms hold each request, between the shortest and the longest.
SELECT h.route, h.measured, (SELECT sum(c) FROM unnest(h.counts) AS c) = r.requests AS requests,
       cardinality(h.bounds_ms) - cardinality(h.counts) AS more_bounds, h.counts[1] > 0 AND h.counts[cardinality(h.counts)] > 0 AS no_empty_end,
       h.bounds_ms[1] <= r.p50_ms * 1.04 AND (h.bounds_ms[cardinality(h.bounds_ms) - 1] <= r.max_ms
                                              OR h.measured = 'span' AND h.bounds_ms[cardinality(h.bounds_ms) - 1] <= r.span_max_ms) AS bounds,
       (SELECT bool_and(b IN (1, 1.25, 1.5, 1.75)) FROM (SELECT u * 1000 / 2 ^ floor(log(2, (u * 1000)::numeric)) AS b
                                                         FROM unnest(h.bounds_ms) AS u) AS bounds) AS exact
FROM clipperf_route_histograms AS h JOIN clipperf_routes AS r USING (dbid, route)
WHERE h.datname = current_database() AND route = '/r/:id' ORDER BY h.measured;

-- Rows, blocks and WAL of requests are those of their statements.
SELECT q.calls + q.errors - r.statements AS statements, q.rows - r.rows AS rows, q.hit - r.hit AS hit, q.read - r.read AS read, q.wal - r.wal AS wal
FROM (SELECT sum(calls) AS calls, sum(errors) AS errors, sum(rows) AS rows, sum(shared_blks_hit) AS hit, sum(shared_blks_read) AS read,
             sum(wal_bytes) AS wal
      FROM clipperf_queries WHERE route = '/s' AND datname = current_database() AND toplevel) AS q,
     (SELECT statements, rows, shared_blks_hit AS hit, shared_blks_read AS read, wal_bytes AS wal
      FROM clipperf_routes WHERE route = '/s' AND datname = current_database()) AS r;

-- Others see figures, not what the statements are.
CREATE ROLE regress_requests;
SET ROLE regress_requests;
SELECT route, requests, costliest_queryid, costliest_query FROM clipperf_routes WHERE route = '/s';
SELECT count(*) FROM clipperf_route_histograms WHERE route = '/s';
RESET ROLE;
DROP ROLE regress_requests;

-- Resets.
SELECT clipperf_reset('queries');
SELECT count(*) FROM clipperf_routes WHERE route = '/s';
SELECT clipperf_reset('routes');
SELECT count(*) FROM clipperf_routes WHERE route = '/s';
BEGIN;
SELECT 1;
COMMIT;
SELECT requests FROM clipperf_routes WHERE route = '/s';
DROP TABLE requested;
RESET clipperf.route;
RESET clipperf.request_idle;
