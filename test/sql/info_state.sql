-- The one row about clipperf itself.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SET clipperf.route = 'info';
CREATE TABLE info_mark (a int, b int);

-- All columns, in sensible relation to each other.
SELECT clipperf_reset();
SELECT 1 AS one;
SELECT count(*) FROM clipperf_info;
SELECT version = (SELECT default_version FROM pg_available_extensions WHERE name = 'clipperf') AS version,
    since <= now() AS since,
    memory_reserved_bytes BETWEEN 1 AND 64 * 1024 * 1024 AS reserved,
    memory_used_bytes BETWEEN 1 AND memory_reserved_bytes AS used
FROM clipperf_info;
SELECT statements_held BETWEEN 1 AND statements_max AS held,
    statements_max = current_setting('clipperf.max_statements')::int AS max,
    statements_evicted, executions_dropped
FROM clipperf_info;
SELECT texts_held BETWEEN 1 AND statements_max AS texts, texts_cut, texts_dropped,
    text_used_bytes BETWEEN 1 AND text_reserved_bytes AS used,
    text_reserved_bytes = pg_size_bytes(current_setting('clipperf.text_memory')) AS reserved
FROM clipperf_info;
SELECT lineage_slots > 0 AS slots, n_plus_one_held >= 0 AS n_plus_one, seq_scans_held >= 0 AS seq_scans,
    n_plus_one_evicted, seq_scans_evicted, routes_held BETWEEN 1 AND 512 AS routes
FROM clipperf_info;
SELECT worker_pid > 0 AND worker_pid <> pg_backend_pid() AS worker,
    saved_at IS NULL OR saved_at <= now() AS saved
FROM clipperf_info;

-- The reserved memory is all that the server has allocated under our names, or a little less.
SELECT i.memory_reserved_bytes >= 0.95 * sum(allocated_size) AS tells_all
FROM pg_shmem_allocations AS a, clipperf_info AS i WHERE a.name LIKE 'clipperf%' GROUP BY i.memory_reserved_bytes;

-- The own cost is measured in one of 128 executions.
\o /dev/null
\set ECHO none
SELECT 'SELECT count(*) AS some FROM generate_series(1, 1000)' FROM generate_series(1, 300) \gexec
\set ECHO all
\o
SELECT overhead_mean_ms > 0 AS mean, overhead_share > 0 AND overhead_share < 1 AS share FROM clipperf_info;

-- What is held grows with what is new, and not otherwise.
SELECT statements_held AS before FROM clipperf_info \gset
SELECT a FROM info_mark;
SELECT a FROM info_mark;
SELECT statements_held - :before BETWEEN 1 AND 3 AS statements FROM clipperf_info;

-- A text that is too long for the store is cut, marked and counted.
SELECT clipperf_reset();
\o /dev/null
\set ECHO none
SELECT format('SELECT %s', string_agg(format('%s AS c%s', i, i), ', ')) FROM generate_series(1, 1500) AS i \gexec
\set ECHO all
\o
SELECT octet_length(query) <= 8192 AS short, octet_length(query) > 8100 AS not_too_short, query LIKE '%/* cut */' AS marked
FROM clipperf_queries WHERE query LIKE 'SELECT $1 AS c1, $2 AS c2%';
SELECT texts_cut FROM clipperf_info;
DROP TABLE info_mark;
RESET clipperf.route;
