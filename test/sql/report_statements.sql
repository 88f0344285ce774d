-- Findings about statements as such, and what clipperf_report() says of nothing.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA report_statements;
SET search_path = report_statements, public;
CREATE VIEW report AS
SELECT rank, severity, kind, relation, regexp_replace(summary, '[0-9.,]+ (ms|s|min|kB|MB)\M', 'X', 'g') AS summary,
       regexp_replace(regexp_replace(evidence, '; (most of all in|waits) .*', ''), '[0-9.,]+ (ms|s|min|kB|MB)\M', 'X', 'g') AS evidence, fix
FROM clipperf_findings();

-- Nothing was seen: no row, a notice.
SELECT clipperf_reset();
SET client_min_messages = notice;
SELECT * FROM clipperf_report();
SELECT 1 AS one;
SELECT * FROM clipperf_report();
SET client_min_messages = warning;

-- A sort that goes to disk.
SELECT clipperf_reset();
SET work_mem = '64kB';
SELECT count(*) FROM (SELECT i FROM generate_series(1, 200000) AS g (i) ORDER BY -i OFFSET 0) AS s;
RESET work_mem;
SELECT * FROM report WHERE kind = 'temp_spill';

-- The same question again and again.
SELECT clipperf_reset();
PREPARE question(int) AS SELECT sum(sqrt(i)) > 0 AS answer FROM generate_series(1, $1) AS g (i);
\o /dev/null
SELECT format('EXECUTE question(%s)', 60000 + i % 3) FROM generate_series(1, 120) AS i \gexec
\o
SELECT severity, kind, summary ~ '^repeats an identical read: a cache of (X|1 h) answers 9\d%$' AS summary_fits,
       evidence ~ ': 120 calls, .* would answer 9\d% of them.*; nothing was seen to write its tables(;|$)' AS evidence_fits,
       fix ~ '^-- keep its result in the application for (10 s|1 min|5 min|1 h): 1\d\d of 120 calls need not be made$' AS fix_fits
FROM report WHERE kind = 'cacheable' AND severity <> 'info';

-- What its result depends on is said; what may be anything is none.
SELECT clipperf_reset();
CREATE TABLE asked (n int);
INSERT INTO asked SELECT i FROM generate_series(1, 20) AS i;
\set ECHO none
\o /dev/null
BEGIN;
SELECT 'SELECT current_user, now(), sum(sqrt(i * n)) FROM asked, generate_series(1, 2000) AS g (i)' FROM generate_series(1, 120) \gexec
COMMIT;
SELECT 'SELECT random(), sum(sqrt(i * n)) FROM asked, generate_series(1, 2000) AS g (i)' FROM generate_series(1, 120) \gexec
\o
\set ECHO all
INSERT INTO asked VALUES (0);
SELECT regexp_replace(evidence, '^.*; .* of its', 'X of its') AS evidence, regexp_replace(fix, '^[^\n]*\n', '') AS fix
FROM report WHERE kind = 'cacheable';

-- Where each row that is written makes them stale, results may be kept for ten seconds all the same. Many writes
-- come between two reads, so that it does not matter how evenly they come.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT s.sql FROM generate_series(1, 120) AS i, (SELECT 'INSERT INTO asked SELECT 0 FROM generate_series(1, 200)' FROM generate_series(1, 10)
    UNION ALL VALUES ('SELECT min(n), sum(sqrt(n + i)) FROM asked, generate_series(1, 20) AS i'), ('DELETE FROM asked WHERE n = 0')) AS s (sql) \gexec
\o
\set ECHO all
SELECT severity, summary ~ '^repeats an identical read: a cache of X answers 9\d%$' AS summary_fits,
       evidence ~ '; (9\d%|9\d% to 100%|100%) of its answers would be older than a write to report_statements.asked(;|$)' AS evidence_fits,
       regexp_replace(fix, '1[01]\d of', 'X of') AS fix
FROM report WHERE kind = 'cacheable';

-- Planning costs more than execution.
SELECT clipperf_reset();
CREATE TABLE empty (id int PRIMARY KEY);
\o /dev/null
-- From PostgreSQL 18 on the planner sees that each row is joined with itself.
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'enable_self_join_elimination';
SELECT 'SELECT count(*) FROM empty a JOIN empty b USING (id) JOIN empty c USING (id) JOIN empty d USING (id) JOIN empty e USING (id) JOIN empty f USING (id) JOIN empty g USING (id) JOIN empty h USING (id)'
FROM generate_series(1, 12) \gexec
\o
SELECT severity, kind, evidence LIKE '%: 12 calls, planning % execution %' AS evidence_fits, fix
FROM report WHERE kind = 'slow_plan';

-- Several of them are one finding, and each a problem of its own for the check; one that is accepted is not among them.
\set ECHO none
\o /dev/null
SELECT 'SELECT max(a.id) FROM empty a JOIN empty b USING (id) JOIN empty c USING (id) JOIN empty d USING (id) JOIN empty e USING (id) JOIN empty f USING (id) JOIN empty g USING (id) JOIN empty h USING (id)'
FROM generate_series(1, 12) \gexec
SELECT 'SELECT min(a.id) FROM empty a JOIN empty b USING (id) JOIN empty c USING (id) JOIN empty d USING (id) JOIN empty e USING (id) JOIN empty f USING (id) JOIN empty g USING (id) JOIN empty h USING (id)'
FROM generate_series(1, 12) \gexec
\o
\set ECHO all
SELECT severity, summary, split_part(evidence, E'\n', 1) AS evidence, fix
FROM report WHERE kind = 'slow_plan';
SELECT regexp_replace(line, '^\(\d\) SELECT (count|max|min)', 'SELECT ') AS line, count(*)
FROM report, regexp_split_to_table(evidence, E'\n') WITH ORDINALITY AS l (line, number)
WHERE kind = 'slow_plan' AND number > 1 GROUP BY 1;
SELECT count(*) AS problems FROM clipperf_problems(ARRAY['slow_plan']);
SELECT clipperf_accept('slow_plan', statement => 'SELECT max(a.id)%') IS NOT NULL AS accepted;
SELECT summary, evidence ~ '\ySELECT max' AS holds_accepted FROM report WHERE kind = 'slow_plan';
SELECT clipperf_unaccept('slow_plan', statement => 'SELECT max(a.id)%');

-- Not if that is milliseconds in all; a statement that has parameters is not told to have some.
SELECT clipperf_reset();
\o /dev/null
SELECT 'SELECT id FROM empty WHERE id = 1' FROM generate_series(1, 12) \gexec
\o
SELECT count(*) AS little FROM report WHERE kind = 'slow_plan';
SET plan_cache_mode = force_custom_plan;
PREPARE planned(int) AS SELECT count(*) FROM empty a JOIN empty b USING (id) JOIN empty c USING (id) JOIN empty d USING (id) JOIN empty e USING (id)
    JOIN empty f USING (id) JOIN empty g USING (id) JOIN empty h USING (id) WHERE a.id <> $1;
\o /dev/null
SELECT 'EXECUTE planned(1)' FROM generate_series(1, 12) \gexec
\o
RESET plan_cache_mode;
SELECT kind, fix FROM report WHERE kind = 'slow_plan';

-- Another role's statement is not shown to everybody, nor is a report refused.
CREATE ROLE regress_report_reader;
GRANT USAGE ON SCHEMA report_statements TO regress_report_reader;
SET ROLE regress_report_reader;
SELECT kind, split_part(evidence, ';', 1) AS statement FROM clipperf_findings() WHERE kind = 'slow_plan';
RESET ROLE;

-- However many statements take longer to plan than to run, the counters are read a few times.
SELECT format('SELECT %s FROM (SELECT 1) AS one', string_agg(format('(SELECT %s FROM pg_class LIMIT 1)', i), ', ')) FROM generate_series(1, 30) AS n, generate_series(1, n) AS i, generate_series(1, 12) AS again GROUP BY n, again
\o /dev/null
\set ECHO none
\gexec
\set ECHO all
\o
SET track_functions = 'all';
BEGIN;
SELECT count(*) >= 0 AS told FROM clipperf_findings();
SELECT calls < 20 AS few FROM pg_stat_xact_user_functions WHERE funcname = '_clipperf_read_queries';
COMMIT;
RESET track_functions;

-- Bad arguments.
SELECT clipperf_report(0);
SELECT clipperf_report(NULL);
SELECT clipperf_report(top => -5);

-- Figures as people write them.
SELECT _clipperf_duration(ms) FROM unnest('{0,0.0004,0.25,1,9.99,10,999.4,999.6,1500,99900,120000,7200000}'::float8[]) AS u (ms);
SELECT _clipperf_number(n) FROM unnest('{0,0.6,999,1000,1234567.8}'::float8[]) AS u (n);
SELECT clipperf_line(E'SELECT  a,\n\tb FROM t ; ', 100), clipperf_line('SELECT abcdefgh', 10), clipperf_line(NULL, 10);


-- What tells a long statement apart.
CREATE TABLE long (n int, statement text);
INSERT INTO long VALUES
    (1, 'SELECT c.id, c.title, c.creator_name, c.game FROM clips c WHERE c.removed = $1 ORDER BY c.at DESC LIMIT $2'),
    (2, 'SELECT extract(epoch FROM c.at), (SELECT count(*) FROM votes v), c.a IS DISTINCT FROM c.b AS x FROM clips c'),
    (3, 'SELECT count(*), max(at) FROM clips WHERE a = $1 AND b = $2 AND c = $3 AND d = $4'),
    (4, 'UPDATE clips SET title = $1, creator_name = $2, game = $3, removed = $4 WHERE id = $5'),
    (5, 'WITH c AS (SELECT id, title, creator_name FROM clips) SELECT id, title, creator_name, now() FROM c UNION SELECT id, title, creator_name, now() FROM d'),
    (6, 'SELECT "from", "Where it ""is""", creator_name, broken(at FROM clips'),
    (7, 'INSERT INTO clips (id, title, creator_name, game) SELECT id, title, creator_name, game FROM d WHERE id = $1'),
    (8, 'SELECT clip.identity, clip.title, clip.creator_name, no_table()');
SELECT n, _clipperf_excerpt(statement, 40) FROM long ORDER BY n;
SELECT _clipperf_excerpt(statement, 1000) = statement AS whole FROM long GROUP BY 1;
SELECT _clipperf_excerpt('  ;', 10) = '' AS nothing, clipperf_line('SELECT é, é FROM t', 12), _clipperf_excerpt(NULL, 10) IS NULL AS is_null;
SELECT _clipperf_some(names) FROM (VALUES ('{a}'::text[]), ('{a,b}'), ('{a,b,c,d}'), ('{}')) AS v (names);

DROP SCHEMA report_statements CASCADE;
DROP ROLE regress_report_reader;
