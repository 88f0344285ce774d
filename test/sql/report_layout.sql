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
WHERE p.proname IN ('clipperf_report', 'clipperf_findings') AND a.mode = 't' GROUP BY p.proname ORDER BY p.proname DESC;
SELECT kind, relation, saves ~ '^\d+%$' AS saves, summary FROM clipperf_findings() WHERE kind = 'seq_scan' ORDER BY relation::text COLLATE "C";
SELECT max(length(summary)) <= 60 AS short, bool_or(summary ~* 'select|from') AS has_sql FROM clipperf_findings();
SELECT bool_and(first_seen <= last_seen AND last_seen <= now()) AS in_time, bool_and(saved_ms >= 0) AS saves, bool_and(queryid <> 0) AS known
FROM clipperf_findings() WHERE kind = 'seq_scan';

-- The advisor, asked on the way, plans as the session would.
SELECT fix FROM clipperf_findings() WHERE relation = 'item'::regclass;
SELECT fix FROM clipperf_report(advise => true) WHERE relation = 'item'::regclass;

-- As a table it fits a terminal as it is, and says the same.
CREATE FUNCTION column_widths(query text, OUT "column" text, OUT width int) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        $q$SELECT c.key, greatest(length(c.key), max(length(l.line))) FROM (%s) AS r, LATERAL json_each_text(row_to_json(r)) AS c,
                LATERAL regexp_split_to_table(coalesce(c.value, ''), '\n') AS l (line) GROUP BY c.key$q$, query);
END $$;
SELECT count(*) AS different FROM clipperf_report() AS r JOIN clipperf_findings() AS f USING (rank)
WHERE regexp_replace(r.fix, '\s+', '', 'g') <> regexp_replace(f.fix, '\s+', '', 'g') OR regexp_replace(r.summary, '\s+', ' ', 'g') <> f.summary
   OR (r.severity, r.kind, r.relation, r.saves) <> (f.severity, f.kind, f.relation, f.saves);
INSERT INTO clipperf_accepted (id, kind, relation) OVERRIDING SYSTEM VALUE
VALUES (-1, 'seq_scan', '"Long Name, ""quoted"" of sixty characters, to see what is cut"'::regclass);
SELECT sum(width + 3) <= 110 AS fits, count(*) FROM column_widths('SELECT * FROM clipperf_report()');
SELECT kind, relation, summary, fix FROM clipperf_report();
DELETE FROM clipperf_accepted WHERE id = -1;

-- As text: lines of at most 100 characters, a block for each finding.
SELECT max(length(line)) <= 100 AS fits, count(*) FILTER (WHERE line = '') = (SELECT count(*) FROM clipperf_findings()) AS blocks
FROM clipperf_report_text(100) AS line;
SELECT regexp_replace(line, '^\d+\. \w+|\m1 execution, .*|\d+%', 'X', 'g') AS line
FROM clipperf_report_text() AS line WHERE line ~ '\mitem\M' AND line !~ 'of the time of its|Seq Scan on';
-- A quoted name stays whole, as it is.
SELECT regexp_split_to_table(_clipperf_wrap('most of all in Seq Scan on "A table" of "several words", ' || repeat('it''s ', 5) || '"no name', '', '', 30, false), E'\n') AS line;
SELECT regexp_split_to_table(_clipperf_wrap(content, '  fix: ', '       ', 100, is_sql), E'\n') AS line FROM (VALUES
    ('prose that is broken: ' || repeat('it''s ', 30) || repeat('x', 150), false),
    ('-- a comment that is long enough to be broken: ' || repeat('word ', 30) || repeat('x', 150), true),
    ('SET LOCAL work_mem = ''64MB''; -- in its transaction, before it, ' || repeat('word ', 10), true),
    (E'several lines\n(1) of which each goes on further right: ' || repeat('it''s ', 30) || E'\n(2) so it is seen where one begins', false),
    (E'-- a comment\nSELECT ' || repeat('first_value + ', 12) || E'1; -- (1)\n-- (2) ' || repeat('another comment ', 8) || E'\n  SELECT 2;', true),
    ('', true), ('', false)) AS t (content, is_sql);
-- A statement means the same after it was broken: literals, quoted names and what the scanner cannot read stay whole.
CREATE TABLE wrapped AS
SELECT n, fix, _clipperf_wrap(fix, '', '  ', width, true) AS broken, width
FROM unnest(ARRAY[
    format('SELECT %L', repeat('it''s  a "literal" ', 12)),
    format('SELECT %L AS %I, %L', repeat('a ', 60), repeat('it''s "a"  ', 6), repeat('b ', 60)),
    format('SELECT %L', repeat('back\slash ''and  quote '' ', 9)),
    'SELECT ' || repeat('1   +  ', 40) || '1',
    'SELECT $q$' || repeat('it''s  ', 40) || '$q$',
    'SELECT /* ' || repeat('it''s  ', 40) || '*/ 7',
    'SELECT /* * ' || repeat('it''s  ', 40) || '*/ 7',
    'SELECT /* it''s */ ' || repeat('''/* a  b'' || ', 10) || '/* 2 */ ' || repeat('''a  b */'' || ', 10) || '''c''',
    'SELECT ' || repeat('''a b'' || ', 20) || quote_literal(repeat('x', 120)),
    'SELECT ' || repeat('1+', 80) || '1 AS sum,((' || repeat('2)-(', 60) || '3)::int)',
    'SELECT $a$it''s $b$ a$a$, $$x  y$$, U&''d\0061t  a'' UESCAPE ''!'', 1e5, 1.5, ''{1,2}''::int[] , $_$ $_$',
    E'SELECT ''a  \n  b'' , /* 1 /* 2 */ -- ''\n */ 1 -- it''s "\n   , 2 -- last ' || repeat('it''s ', 40) || E'\n, 3;',
    'SELECT B''1010'', X''1F'', -1, - -1, 5!=3, 2<=+3, 2<-3, ''a''||E''b\'' c'', "int4" (''7''), date''2026-01-01'' , interval ''1'' day'
    ]) WITH ORDINALITY AS t (fix, n), unnest('{100,30,1}'::int[]) AS w (width);
SELECT n, broken <> fix AS is_broken, (SELECT max(length(l)) FROM regexp_split_to_table(broken, '\n') AS l) <= 100 AS fits
FROM wrapped WHERE width = 100 ORDER BY n;
CREATE FUNCTION result_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN EXECUTE statement INTO r; RETURN to_json(r); END $$;
SELECT n, width, broken FROM wrapped WHERE result_of(fix) IS DISTINCT FROM result_of(broken);
SELECT _clipperf_wrap(s, '', '', 10, true) = s AS whole FROM unnest(ARRAY['SELECT ''it is not closed', 'SELECT "nor is this', 'SELECT /* nor this']) AS s;
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

-- And in no view or table does anything else come after what may be long.
SELECT c.relname, string_agg(a.attname, ', ' ORDER BY a.attnum) AS behind_long_ones
FROM pg_extension AS e
     JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_class'::regclass
     JOIN pg_class AS c ON c.oid = d.objid AND c.relkind IN ('r', 'v') AND c.relname LIKE 'clipperf\_%'
     CROSS JOIN LATERAL (
        SELECT min(l.attnum) AS first FROM pg_attribute AS l
        WHERE l.attrelid = c.oid AND l.attnum > 0 AND l.attname ~ '(^|_)(query|ddl|reason|comment|purpose|outline|no_suggestion|suggestion|statement|subject|result)$') AS long
     JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > long.first
        AND a.attname !~ '(^|_)(query|ddl|reason|comment|purpose|outline|no_suggestion|suggestion|statement|subject|result)$'
WHERE e.extname = 'clipperf'
GROUP BY c.relname ORDER BY c.relname;

-- The summary gives way to an index whose name is long.
CREATE TABLE notifications (id int, user_id int, created_at int);
INSERT INTO notifications SELECT i, i % 500, i FROM generate_series(1, 20000) AS i;
ANALYZE notifications;
SELECT clipperf_reset();
SELECT id FROM notifications WHERE user_id = 7 ORDER BY created_at DESC LIMIT 3;
SELECT summary, fix FROM clipperf_report(advise => true);
SELECT sum(width + 3) - 1 <= 120 AS fits FROM column_widths('SELECT * FROM clipperf_report()');

DELETE FROM clipperf_recommendations;
DELETE FROM clipperf_scan_advice;
DROP SCHEMA report_layout CASCADE;
