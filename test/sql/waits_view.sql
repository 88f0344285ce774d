-- What sessions run and wait for: the surface of the views; what they show of others; the reset.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE ROLE regress_waits_other;

-- The names of the columns, which tools rely on.
SELECT c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum) AS columns
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relname IN ('clipperf_waits', 'clipperf_activity') GROUP BY c.relname ORDER BY c.relname;

-- The setting belongs to the server.
SHOW clipperf.sample_interval;
SET clipperf.sample_interval = 0;
SELECT name, min_val, max_val, unit, context FROM pg_settings WHERE name = 'clipperf.sample_interval';

-- The sampler runs; the memory is fixed.
SELECT sampler_pid > 0 AS runs, wait_reserved_bytes BETWEEN 1 AND 1024 * 1024 AS small, waits_held <= 8192 AS bounded
FROM clipperf_info;

-- Whatever was sampled makes sense.
SET clipperf.route = '/waits/own';
DO $$ BEGIN PERFORM pg_sleep(0.1); END $$;
SELECT count(*) AS wrong FROM clipperf_waits
WHERE (samples > 0 AND total_ms > 0 AND sessions > 0 AND (recent_sessions >= 0) IS NOT FALSE AND first_seen <= last_seen
       AND state IN ('active', 'idle in transaction', 'clipperf')
       AND (wait_event_type = 'CPU') = (wait_event = 'CPU')
       AND (held_by IS NULL OR wait_event_type = 'Lock')
       AND (state <> 'idle in transaction' OR wait_event = 'ClientRead')) IS NOT TRUE;
-- What a session does that reads clipperf is clipperf's own, and no activity of the application.
SELECT count(*) FROM clipperf_activity WHERE pid = pg_backend_pid();

-- Others see routes and figures, but neither role nor statement.
SET ROLE regress_waits_other;
SELECT count(*) AS wrong FROM clipperf_waits
WHERE (userid IS NOT NULL OR usename IS NOT NULL OR queryid IS NOT NULL OR query IS NOT NULL)
  AND usename IS DISTINCT FROM current_user;
SELECT clipperf_reset('waits');
RESET ROLE;

-- All of it begins again, and nothing else does.
SELECT clipperf_reset('waits');
SELECT count(*) FROM clipperf_waits WHERE route = '/waits/own' AND query = 'DO';
SELECT count(*) > 0 AS kept FROM clipperf_queries WHERE query LIKE 'SELECT name, min_val%';

DROP ROLE regress_waits_other;
RESET clipperf.route;
