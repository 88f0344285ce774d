-- Periods and their comparison: figures, verdicts of what is counted exactly, errors, rights.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE TABLE clip (id int PRIMARY KEY, title text);
INSERT INTO clip SELECT i, 'clip ' || i FROM generate_series(1, 1000) AS i;
ANALYZE clip;
SELECT clipperf_reset();

-- Nothing to compare yet.
SELECT * FROM clipperf_compare();
SELECT clipperf_snapshot('start') IS NOT NULL AS taken;
SELECT * FROM clipperf_impact();

-- Requests of one statement, then of two.
SELECT format('BEGIN; SET LOCAL clipperf.route = %L; SELECT title FROM clip WHERE id = %s; COMMIT;', '/compare', i) FROM generate_series(1, 40) AS i
\o /dev/null
\set ECHO none
\gexec
\set ECHO all
\o
SELECT clipperf_snapshot('before', 'one statement') IS NOT NULL AS taken;
SELECT format('BEGIN; SET LOCAL clipperf.route = %L; SELECT title FROM clip WHERE id = %s; SELECT count(*) FROM clip WHERE id < %s; COMMIT;', '/compare', i, i) FROM generate_series(1, 80) AS i
\o /dev/null
\set ECHO none
\gexec
\set ECHO all
\o
SELECT clipperf_snapshot('after', 'two statements') IS NOT NULL AS taken;

SELECT label, comment, coalesce(requests, 0) >= 40 AS many, until > since AS lasted FROM clipperf_periods ORDER BY period;
SELECT kind, name, result, calls, statements, error_pct FROM clipperf_compare('before', 'after')
WHERE name = '/compare' OR name LIKE '%FROM clip WHERE%' ORDER BY kind, name COLLATE "C";
SELECT kind, figure, value_before, value_after, result FROM clipperf_compare_figures('before', 'after')
WHERE route = '/compare' AND kind = 'route' AND figure IN ('calls', 'statements', 'errors');
SELECT figure, result FROM clipperf_impact('before', 'after') WHERE figure = 'queries';

-- The other way round.
SELECT figure, result FROM clipperf_impact('after', 'before') WHERE figure = 'queries';
SELECT kind, result FROM clipperf_compare('after', 'before') WHERE name LIKE '%count%';

-- Endpoints have a row by the time that is measured of them; one that did not exist before is new.
INSERT INTO clipperf_endpoints (name, routes, measured, target_ms) VALUES
    ('by database time', '{/compare}', 'database', 10), ('by span', '{/comp%}', 'span', 10), ('changed', '{/compare}', 'span', 10), ('of others', '{/none}', 'span', 10);
SELECT format('BEGIN; SET LOCAL clipperf.route = %L; SELECT title FROM clip WHERE id = %s; COMMIT;', '/compare', i) FROM generate_series(1, 40) AS i
\o /dev/null
\set ECHO none
\gexec
\set ECHO all
\o
SELECT clipperf_snapshot('endpoints before') IS NOT NULL AS taken;
UPDATE clipperf_endpoints SET measured = 'database' WHERE name = 'changed';
SELECT format('BEGIN; SET LOCAL clipperf.route = %L; SELECT title FROM clip WHERE id = %s; SELECT count(*) FROM clip WHERE id < %s; COMMIT;', '/compare', i, i) FROM generate_series(1, 80) AS i
\o /dev/null
\set ECHO none
\gexec
\set ECHO all
\o
SELECT clipperf_snapshot('endpoints after') IS NOT NULL AS taken;
SELECT kind, name, result, calls, statements, error_pct FROM clipperf_compare('endpoints before', 'endpoints after')
WHERE kind = 'endpoint' ORDER BY name COLLATE "C", result COLLATE "C";
SELECT kind, name, result FROM clipperf_compare('after', 'endpoints after') WHERE kind = 'endpoint' ORDER BY name COLLATE "C";
SELECT name, route, max(value_after) FILTER (WHERE figure = 'p95_ms') <= max(value_after) FILTER (WHERE figure = 'span_p95_ms') AS up_to_span,
       max(value_after) FILTER (WHERE figure = 'calls') AS calls
FROM clipperf_compare_figures('endpoints before', 'endpoints after') WHERE kind = 'endpoint' AND name LIKE 'by %' GROUP BY name, route ORDER BY name COLLATE "C";
SELECT kind FROM (SELECT row_number() OVER () AS row, kind FROM clipperf_compare('endpoints before', 'endpoints after')) AS r
WHERE kind IN ('everything', 'endpoint', 'route', 'statement') GROUP BY kind ORDER BY min(row);
SELECT clipperf_drop_period('endpoints before'), clipperf_drop_period('endpoints after');
DELETE FROM clipperf_endpoints;

-- By number, and the last two.
SELECT count(*) = (SELECT count(*) FROM clipperf_compare('before', 'after')) AS same
FROM clipperf_periods AS b, clipperf_periods AS a, clipperf_compare(b.period::text, a.period::text)
WHERE b.label = 'before' AND a.label = 'after';
SELECT count(*) = (SELECT count(*) FROM clipperf_compare('before', 'after')) AS same FROM clipperf_compare();

-- A reset makes no figure wrong.
SELECT clipperf_reset();
SELECT title FROM clip WHERE id = 1;
SELECT clipperf_snapshot('reset') IS NOT NULL AS taken;
SELECT value_after FROM clipperf_compare_figures('after', 'reset')
WHERE kind = 'statement' AND name LIKE 'SELECT title%' AND figure = 'calls';

-- Bad input.
SELECT clipperf_snapshot('after');
SELECT clipperf_snapshot('17');
SELECT clipperf_snapshot('');
SELECT clipperf_snapshot(repeat('x', 64));
SELECT * FROM clipperf_compare('nothing', 'after');
SELECT * FROM clipperf_impact('before', '0');
SELECT clipperf_drop_period(NULL);
SELECT clipperf_drop_period('nothing');
BEGIN READ ONLY;
SELECT clipperf_snapshot();
ROLLBACK;
SELECT _clipperf_compare_states(NULL, '\xff', NULL, NULL, NULL, NULL, true, NULL, NULL);
SELECT _clipperf_compare_states(NULL, '\x00', '\x7f', NULL, '\x00', NULL, true, NULL, NULL);

-- A snapshot that is rolled back is none.
BEGIN;
SELECT clipperf_snapshot('undone') IS NOT NULL AS taken;
ROLLBACK;
SELECT count(*) FROM clipperf_periods WHERE label = 'undone';

-- A period that is dropped stays as the begin of the next one.
SELECT clipperf_drop_period('before');
SELECT label FROM clipperf_periods ORDER BY period;
SELECT clipperf_drop_period('after');
SELECT clipperf_drop_period('start');
SELECT label FROM clipperf_periods ORDER BY period;
SELECT clipperf_drop_period('reset');
SELECT count(*) FROM clipperf_periods;

-- Who may do what: routes are for all, statements for who ran them.
CREATE ROLE regress_clipperf_reader;
SELECT clipperf_snapshot('mine') IS NOT NULL AS taken;
BEGIN;
SET LOCAL clipperf.route = '/compare';
SELECT title FROM clip WHERE id = 1;
COMMIT;
SELECT clipperf_snapshot('mine too') IS NOT NULL AS taken;
SET ROLE regress_clipperf_reader;
SELECT clipperf_snapshot();
SELECT clipperf_drop_period('mine');
SELECT DISTINCT kind FROM clipperf_compare('mine', 'mine too') ORDER BY kind;
SELECT count(*) FROM clipperf_periods;
SELECT count(*) FROM _clipperf_snapshot_item;
RESET ROLE;
DROP ROLE regress_clipperf_reader;

SELECT clipperf_drop_period(label) FROM clipperf_periods;
DROP TABLE clip;
