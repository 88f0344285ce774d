-- How the report reads: short columns first, long texts last, and as text.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA report_layout;
SET search_path = report_layout, public;
CREATE TABLE "Long Name, ""quoted"" of sixty characters, to see what is cut" ("Id" int, "Order" int);
INSERT INTO "Long Name, ""quoted"" of sixty characters, to see what is cut" SELECT i, i % 500 FROM generate_series(1, 5000) AS i;
CREATE TABLE item (id int, kind int, note text);
INSERT INTO item SELECT i, i % 500, 'note' FROM generate_series(1, 5000) AS i;
ANALYZE;
SELECT clipperf_reset();
DELETE FROM clipperf_recommendations;
SELECT "Id" FROM "Long Name, ""quoted"" of sixty characters, to see what is cut" WHERE "Order" = 7 \g /dev/null
SELECT id, kind, note, id AS again_1, id AS again_2, kind AS again_3, kind AS again_4, note AS again_5, note AS again_6, id AS again_7
FROM item WHERE kind = 7 \g /dev/null

SELECT string_agg(a.attname, ' ' ORDER BY a.ordinality) AS columns
FROM pg_proc AS p, unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS a (attname, mode, ordinality)
WHERE p.proname = 'clipperf_report' AND a.mode = 't';
SELECT kind, relation, saves ~ '^\d+%$' AS saves, summary FROM clipperf_report() WHERE kind = 'seq_scan' ORDER BY relation::text COLLATE "C";
SELECT max(length(summary)) <= 60 AS short, bool_or(summary ~* 'select|from') AS has_sql FROM clipperf_report(100);
SELECT bool_and(first_seen <= last_seen AND last_seen <= now()) AS in_time, bool_and(saved_ms >= 0) AS saves, bool_and(queryid <> 0) AS known
FROM clipperf_report(100) WHERE kind = 'seq_scan';

-- The advisor, asked on the way, plans as the session would.
SELECT fix FROM clipperf_report() WHERE relation = 'item'::regclass;
SELECT fix FROM clipperf_report(advise => true) WHERE relation = 'item'::regclass;

-- As text: lines of at most 100 characters, a block for each finding.
SELECT max(length(line)) <= 100 AS fits, count(*) FILTER (WHERE line = '') = (SELECT count(*) FROM clipperf_report(100)) AS blocks
FROM clipperf_report_text(100) AS line;
SELECT regexp_replace(line, '^\d+\. \w+|[0-9.,]+ (ms|s|min|kB)\M|\d+%', 'X', 'g') AS line
FROM clipperf_report_text() AS line WHERE line ~ '\mitem\M';
SELECT w.* FROM (VALUES
    ('prose that is broken: ' || repeat('it''s ', 30) || repeat('x', 150), false),
    ('-- a comment that is long enough to be broken: ' || repeat('word ', 30) || repeat('x', 150), true),
    ('SET LOCAL work_mem = ''64MB''; -- in its transaction, before it, ' || repeat('word ', 10), true)) AS t (content, is_sql),
    _clipperf_wrap(_clipperf_words(content, is_sql), '  fix: ', '       ', is_sql) AS w;
-- A statement means the same after it was broken: literals and quoted names stay whole, and so does what cannot be told.
CREATE TABLE wrapped AS
SELECT n, fix, (SELECT string_agg(line, E'\n') FROM _clipperf_wrap(_clipperf_words(fix, true), '', '', true) AS line) AS broken
FROM unnest(ARRAY[
    format('SELECT %L', repeat('it''s  a "literal" ', 12)),
    format('SELECT %L AS %I, %L', repeat('a ', 60), repeat('it''s "a"  ', 6), repeat('b ', 60)),
    format('SELECT %L', repeat('back\slash ''and  quote '' ', 9)),
    'SELECT ' || repeat('1   +  ', 40) || '1',
    'SELECT $q$' || repeat('it''s  ', 40) || '$q$',
    'SELECT /* ' || repeat('it''s  ', 40) || '*/ 7',
    'SELECT /* * ' || repeat('it''s  ', 40) || '*/ 7',
    'SELECT /* it''s */ ' || repeat('''/* a  b'' || ', 10) || '/* 2 */ ' || repeat('''a  b */'' || ', 10) || '''c''',
    'SELECT ' || repeat('''a b'' || ', 20) || quote_literal(repeat('x', 120))
    ]) WITH ORDINALITY AS t (fix, n);
SELECT n, broken <> fix AS is_broken, (SELECT max(length(l)) FROM regexp_split_to_table(broken, '\n') AS l) <= 100 AS fits
FROM wrapped ORDER BY n;
CREATE FUNCTION result_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN EXECUTE statement INTO r; RETURN to_json(r); END $$;
SELECT count(*) AS different FROM wrapped WHERE result_of(fix) IS DISTINCT FROM result_of(broken);
SELECT _clipperf_share(s) FROM unnest('{0,0.0001,0.0099,0.01,0.126,1}'::float8[]) AS s;

-- Wrong arguments.
SELECT * FROM clipperf_report(0);
SELECT * FROM clipperf_report(NULL);
SELECT * FROM clipperf_report_text(-1);
-- Of the context only what users wrote is shown.
\set VERBOSITY default
SELECT clipperf_check('{}');
SELECT clipperf_check(allow => ARRAY[NULL]);
DO $$ BEGIN PERFORM clipperf_report_text(0); END $$;
SELECT _clipperf_raise('warning', 'CP', 'none');
SELECT _clipperf_raise(NULL, NULL, 'none');
\set VERBOSITY terse

-- In each view long texts come last.
SELECT c.relname AS view, string_agg(a.attname, ' ' ORDER BY a.attnum) AS texts
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relname IN ('clipperf_queries', 'clipperf_seq_scans', 'clipperf_index_scans', 'clipperf_n_plus_one')
  AND a.attnum > (SELECT max(b.attnum) FROM pg_attribute AS b WHERE b.attrelid = c.oid AND b.atttypid <> 'text'::regtype)
GROUP BY c.relname ORDER BY c.relname COLLATE "C";

DELETE FROM clipperf_recommendations;
DELETE FROM clipperf_scan_advice;
DROP SCHEMA report_layout CASCADE;
