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

-- The text of what was forgotten is not shown for a later statement of the same query identifier; nor is its route.
SELECT clipperf_reset();
SELECT kept AS before_reset FROM reset_mark;
SELECT clipperf_reset('queries');
SELECT kept AS after_reset FROM reset_mark;
SELECT query FROM clipperf_queries WHERE query LIKE 'SELECT kept%';
SELECT clipperf_reset();
SELECT kept AS at_last FROM reset_mark;
SELECT query FROM clipperf_queries WHERE query LIKE 'SELECT kept%';
SELECT texts_held = (SELECT count(DISTINCT (queryid, userid, dbid)) FROM clipperf_queries WHERE query IS NOT NULL) AS no_more_texts
FROM clipperf_info;
SET clipperf.route = 'another';
SELECT clipperf_reset();
SELECT kept FROM reset_mark;
SELECT route FROM clipperf_queries WHERE query LIKE 'SELECT kept%';
SELECT routes_held FROM clipperf_info;
SELECT count(*) FROM clipperf_samples WHERE query LIKE '%at_last%';

-- It is gone from the file, too, at once: a crash does not bring it back.
SELECT clipperf_reset();
SELECT saved_at >= since AS saved FROM clipperf_info;
SELECT position('at_last'::bytea IN pg_read_binary_file('pg_stat/clipperf.stat')) > 0 AS in_file;
DROP TABLE reset_mark;
RESET clipperf.route;
