-- clipperf_problems() and clipperf_judged(): what clipperf_check() says, as rows.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA check_problems;
SET search_path = check_problems, public;
CREATE TABLE clip (id int PRIMARY KEY, game_id int, score int);
INSERT INTO clip SELECT i, i % 200, i % 1000 FROM generate_series(1, 5000) AS i;
CREATE TABLE few (id int);
ANALYZE;
SELECT clipperf_reset();
SELECT count(*) FROM clip WHERE game_id = 7;
SELECT count(*) FROM clip WHERE score = 7;
SELECT count(*) FROM few;
SELECT kind, relation, problem, summary, fix, evidence LIKE 'SELECT count(*) FROM clip WHERE %; %' AS evidence, queryid IS NOT NULL AS queryid
FROM clipperf_problems();
SELECT problem FROM clipperf_problems(allow => '{%score%}');
SELECT problem FROM clipperf_problems('{n_plus_one}');
SELECT * FROM clipperf_judged();
SELECT * FROM clipperf_judged('{n_plus_one}');
SELECT * FROM clipperf_judged('{temp_spill}');

-- Each table is looked up by its OID: where there are many, none of these reads all of pg_class for it.
BEGIN;
SELECT pg_stat_get_xact_numscans('pg_class'::regclass) AS before \gset
SELECT statements FROM clipperf_judged();
SELECT pg_stat_get_xact_numscans('pg_class'::regclass) - :before AS reads_of_all;
COMMIT;

-- What is wrong.
\set VERBOSITY sqlstate
SELECT * FROM clipperf_problems(NULL);
SELECT * FROM clipperf_problems('{}');
SELECT * FROM clipperf_problems('{none}');
SELECT * FROM clipperf_problems(allow => '{NULL}');
SELECT * FROM clipperf_judged(NULL);
SELECT * FROM clipperf_judged('{none}');
\set VERBOSITY default
SET client_min_messages = error;
DROP SCHEMA check_problems CASCADE;
