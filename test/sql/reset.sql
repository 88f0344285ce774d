-- clipperf_reset forgets what it is told to, and counting goes on.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SET clipperf.route = 'reset';

CREATE TABLE reset_mark (kept int);
SELECT clipperf_reset();
SELECT count(kept) FROM reset_mark;
SELECT count(kept) FROM reset_mark;
SELECT calls FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';
SELECT since AS before FROM clipperf_info \gset

-- Other kinds leave the statements alone, and the time since when all was seen.
SELECT clipperf_reset('n_plus_one');
SELECT clipperf_reset('seq_scans');
SELECT calls FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';
SELECT since = :'before' AS same_time FROM clipperf_info;

-- Statements alone, including what this very backend has pending.
SELECT clipperf_reset('queries');
SELECT count(*) FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';
SELECT since = :'before' AS same_time FROM clipperf_info;
SELECT count(kept) FROM reset_mark;
SELECT calls, rows FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';

-- Everything.
SELECT clipperf_reset('all');
SELECT since > :'before' AS later, statements_evicted, executions_dropped, texts_cut, texts_dropped FROM clipperf_info;
SELECT count(*) FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';
SELECT count(kept) FROM reset_mark;
SELECT calls FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';

-- What it does not know: error 22023.
SELECT clipperf_reset('everything');
\echo :SQLSTATE
SELECT clipperf_reset('');
\echo :SQLSTATE
SELECT clipperf_reset('ALL');
\echo :SQLSTATE
SELECT clipperf_reset(NULL) IS NULL AS nothing;
SELECT calls FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';

-- In a transaction that is rolled back it has happened all the same.
BEGIN;
SELECT clipperf_reset();
ROLLBACK;
SELECT count(*) FROM clipperf_queries WHERE query LIKE 'SELECT count(kept)%';
DROP TABLE reset_mark;
RESET clipperf.route;
