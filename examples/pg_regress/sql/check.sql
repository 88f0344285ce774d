-- The last test: fails if the others brought an N+1 pattern or a sequential scan.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SELECT clipperf_check();
-- A table with few rows proves nothing.
SELECT statements > 0 AS something_was_judged, small_tables FROM clipperf_judged();
