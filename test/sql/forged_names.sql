-- Nothing that a user names forges what is said: neither a line of the report, of the check or of a migration, nor the end
-- of a comment.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
SELECT _clipperf_plain(E'a\nb\r\tc\x1b[31md\x7f') AS ascii, _clipperf_plain(U&'a\0085b\2028c\202Ed\2066e\061Cf') AS unicode,
       _clipperf_plain('é — 日本') AS others, _clipperf_plain(NULL) IS NULL AS is_null;
SELECT sql, _clipperf_plain_sql(sql) = sql AS same FROM (VALUES
    (E'SELECT ''it''''s'' -- don''t\n, "a""b" FROM t'), (E'SELECT E''a\\''b'' FROM "x"\nWHERE 1 = 1'), ('SELECT $$a"b'), ('"'), ('''')) AS s (sql);
SELECT _clipperf_plain_sql(sql) FROM (VALUES
    (E'SELECT 1 FROM "a\nb\\c""d"'), (E'SELECT ''a\nb\\c''''d'''), (E'SELECT E''a\nb\\\\c'''), (E'SELECT U&"a\n\\0041"'),
    (U&'SELECT "a\2028b", ''a\2028b'''), (E'SELECT x"a\nb"'), (E'SELECT ''a'' -- ''\n, ''b\nc'''), (E'SELECT "a\nb')) AS s (sql);
-- What is written is the same name and the same string.
CREATE TABLE "a
b\c""d" (id int);
SELECT count(*) = 0 AS found FROM "a
b\c""d";
SELECT E'a\nb\\c''d' = E'a\u000Ab\\c''d' AS same_string;
SELECT _clipperf_plain_sql(E'SELECT count(*) = 0 AS found FROM "a\nb\\c""d"') AS sql \gset
:sql;
DROP TABLE "a
b\c""d";

-- A finding about a table, a column and an index that are called so.
CREATE TABLE "clip
2. critical forged
   fix: DROP TABLE accounts;
" ("score
2. critical forged" int, "owner" int);
INSERT INTO "clip
2. critical forged
   fix: DROP TABLE accounts;
" SELECT n, n FROM generate_series(1, 3000) AS n;
ANALYZE;
SET clipperf.seqscan_min_rows = 100;
SET clipperf.route = E'/clips\n2. critical forged';
SELECT clipperf_reset();
SELECT count(*) FROM "clip
2. critical forged
   fix: DROP TABLE accounts;
" WHERE "score
2. critical forged" = 5;
SELECT count(*) FROM "clip
2. critical forged
   fix: DROP TABLE accounts;
" WHERE "score
2. critical forged" = 6;
-- No line of the report begins as a finding or a fix does, but ours.
SELECT count(*) FILTER (WHERE line ~ '^\d+\.') AS findings, count(*) FILTER (WHERE line ~ '^\s*fix:') AS fixes,
       count(*) FILTER (WHERE line ~ '^ *DROP') AS drops, count(*) FILTER (WHERE line ~ '[[:cntrl:]]') AS controls
FROM clipperf_report_text() AS line;
SELECT count(*) > 0 AS advised FROM clipperf_recommend();
SELECT count(*) FILTER (WHERE line ~ '^\d+\.') AS findings, count(*) FILTER (WHERE line ~ '^\s*fix:') AS fixes,
       count(*) FILTER (WHERE line ~ '^ *DROP') AS drops, count(*) FILTER (WHERE line ~ '[[:cntrl:]]') AS controls
FROM clipperf_report_text() AS line;
SELECT evidence ~ '[[:cntrl:]]' AS evidence, summary ~ '[[:cntrl:]]' AS summary, fix ~ '[[:cntrl:]]' AS fix FROM clipperf_findings();
-- Nor does one of the check.
DO $$
DECLARE
    detail text;
BEGIN
    PERFORM clipperf_check();
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '% lines: %', cardinality(string_to_array(detail, E'\n')), detail;
END
$$;

-- Nor does a line of SQL, in the comment beneath a loop.
SELECT clipperf_reset();
CREATE TABLE "list
DROP TABLE accounts; --" (id int PRIMARY KEY, "name
DROP TABLE accounts; --" text);
CREATE TABLE "item
DROP TABLE accounts; --" (id int PRIMARY KEY, "list
DROP TABLE accounts; --" int REFERENCES "list
DROP TABLE accounts; --");
INSERT INTO "list
DROP TABLE accounts; --" SELECT n FROM generate_series(1, 20) AS n;
INSERT INTO "item
DROP TABLE accounts; --" SELECT n, n FROM generate_series(1, 20) AS n;
SET clipperf.trace = 'forged';
SELECT count(*) AS rows FROM (SELECT 1) AS warm;
\o /dev/null
SELECT id, "list
DROP TABLE accounts; --" FROM "item
DROP TABLE accounts; --" ORDER BY id;
SELECT format(E'SELECT * FROM "list\nDROP TABLE accounts; --" WHERE id = %s', n) FROM generate_series(1, 20) AS n \gexec
\o
SELECT bool_or(fix ~ 'join it to the list') AS joined, bool_or(fix ~ '(^|\n) *DROP') AS forged, bool_or(evidence ~ E'\n') AS evidence
FROM clipperf_findings() WHERE kind = 'n_plus_one';
DO $$
DECLARE
    detail text;
BEGIN
    PERFORM clipperf_check();
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '% lines: %', cardinality(string_to_array(detail, E'\n')), detail;
END
$$;

-- In a migration no name and no string begins a line; a tool may cut it at its marks. It makes the index all the same.
CREATE TABLE "x
-- statement-breakpoint
DROP TABLE accounts;
" (id int, note text);
COMMENT ON TABLE "x
-- statement-breakpoint
DROP TABLE accounts;
" IS E'old\n-- statement-breakpoint\nDROP TABLE accounts;';
INSERT INTO "x
-- statement-breakpoint
DROP TABLE accounts;
" SELECT n, 'note ' || n FROM generate_series(1, 3000) AS n;
INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, benefit_share, cost_before, cost_after, size_bytes,
    write_cost_share, queryids, reason, kind)
SELECT 'create', c.oid, E'i\n-- statement-breakpoint\nDROP TABLE accounts;',
    E'CREATE INDEX CONCURRENTLY "i\n-- statement-breakpoint\nDROP TABLE accounts;" ON public."x\n-- statement-breakpoint\nDROP TABLE accounts;\n" (note) WHERE note <> E''a\\n-- statement-breakpoint\\nDROP TABLE accounts;'';',
    'workload', 0.1, 1000, 10, 16384, 0.001, '{}', E'a reason\nDROP TABLE accounts;', 'missing_index'
FROM pg_class AS c WHERE c.relname LIKE 'x%breakpoint%' RETURNING id AS made \gset
SELECT direction, apart, count(*) FILTER (WHERE line ~ '^\s*DROP TABLE') AS drops,
       count(*) FILTER (WHERE line ~ '^\s*-- statement-breakpoint\s*$') AS marks
FROM unnest('{up,down}'::text[]) AS direction, unnest('{false,true}'::bool[]) AS apart,
     LATERAL regexp_split_to_table(clipperf_migration(direction, ARRAY[:made], concurrently => apart), E'\n') AS line
GROUP BY 1, 2 ORDER BY 1 DESC, 2;
SELECT clipperf_migration('up', ARRAY[:made]) AS up, clipperf_migration('down', ARRAY[:made]) AS down \gset
:up
SELECT count(*) AS made FROM pg_class WHERE relkind = 'i' AND relname = E'i\n-- statement-breakpoint\nDROP TABLE accounts;';
:down
SELECT count(*) AS made FROM pg_class WHERE relkind = 'i' AND relname = E'i\n-- statement-breakpoint\nDROP TABLE accounts;';

DROP TABLE "item
DROP TABLE accounts; --", "list
DROP TABLE accounts; --", "clip
2. critical forged
   fix: DROP TABLE accounts;
", "x
-- statement-breakpoint
DROP TABLE accounts;
";
