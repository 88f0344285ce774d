-- Findings about sequential scans: their fix is the advisor's index, and it fixes them.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA report_scans;
SET search_path = report_scans, public;
CREATE TABLE clip (
    id int PRIMARY KEY, game_id int, creator varchar(20), title text, score int, hidden bool, at timestamp, note text);
INSERT INTO clip
SELECT i, i % 200, 'creator ' || i % 300, 'title ' || i, i * 7919 % 20011, i % 20 = 0,
       timestamp '2024-01-01' + i * interval '1 minute', CASE WHEN i % 100 = 0 THEN 'x' END
FROM generate_series(1, 20000) AS i;
CREATE TABLE "Odd ""Table" ("Id" int, "Order" int, "select" date);
INSERT INTO "Odd ""Table" SELECT i, i % 500, date '2024-01-01' + i % 30 FROM generate_series(1, 5000) AS i;
CREATE TABLE part (id int, kind int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (3000);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (3000) TO (6000);
INSERT INTO part SELECT i, i % 100 FROM generate_series(0, 5999) AS i;
CREATE TABLE message (id int, author int);
CREATE TABLE message_old () INHERITS (message);
INSERT INTO message SELECT i, i % 500 FROM generate_series(1, 5000) AS i;
INSERT INTO message_old SELECT i, i % 500 FROM generate_series(1, 10000) AS i;
ANALYZE clip, "Odd ""Table", part, message, message_old;
SELECT clipperf_reset();
DELETE FROM clipperf_recommendations;

-- The statements run inside a function, and are counted nevertheless.
SET clipperf.track = 'all';
CREATE FUNCTION load() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM id FROM report_scans.clip WHERE game_id = 7;
    PERFORM title FROM report_scans.clip WHERE game_id = 8;
    FOR i IN 1..8 LOOP
        PERFORM id FROM report_scans.clip WHERE game_id = 9 AND score > 20000;
    END LOOP;
    PERFORM id FROM report_scans.clip WHERE game_id = 9 AND NOT hidden ORDER BY at DESC LIMIT 5;
    PERFORM id FROM report_scans.clip WHERE NOT hidden ORDER BY score DESC, at DESC LIMIT 10;
    PERFORM id FROM report_scans.clip WHERE NOT hidden AND lower(title) = 'title 77';
    PERFORM id FROM report_scans.clip WHERE note IS NOT NULL AND (game_id = 7 OR creator = 'creator 5');
    FOR i IN 1..8 LOOP
        PERFORM "Id" FROM report_scans."Odd ""Table" WHERE "Order" = 7 ORDER BY "select" DESC LIMIT 3;
        PERFORM id FROM report_scans.part WHERE kind = 7;
        PERFORM id FROM report_scans.message WHERE author = 7;
    END LOOP;
END
$$;
SELECT load();
SELECT load();

-- Before the advisor is asked, the fix is to ask.
CREATE VIEW scans AS SELECT * FROM clipperf_findings() WHERE kind = 'seq_scan';
SELECT * FROM (
    SELECT relation, summary, regexp_replace(regexp_replace(substring(evidence FROM '; (.*)'), '; (most of all in|waits) .*', ''), '[0-9.,]+ (ms|s|min|kB)\M', 'X', 'g') AS figures FROM scans
) AS s ORDER BY relation::text COLLATE "C", figures COLLATE "C", summary COLLATE "C";
SELECT DISTINCT fix FROM scans;
SELECT bool_and(saves ~ '^\d+%$|^<1%$') AS shares, bool_and(queryid <> 0) AS identified FROM scans;
SELECT bool_and(saved_ms >= next_ms) AS ranked
FROM (SELECT saved_ms, lead(saved_ms, 1, 0) OVER (ORDER BY rank) AS next_ms FROM clipperf_findings()) AS s;
SELECT count(*) FROM clipperf_report(3);
SELECT count(DISTINCT s) AS lines FROM _clipperf_find() AS f, unnest(f.subjects) AS s WHERE f.kind = 'seq_scan';

-- Then it is the advisor's: each index in one row, none beside it.
SELECT count(*) > 0 AS advised FROM clipperf_recommend(min_benefit => 0);
SELECT fix FROM scans WHERE fix LIKE '%clipperf_recommend%';
SELECT count(*) = count(DISTINCT id) AS once FROM _clipperf_find(), unnest(recommendations) AS u (id);
SELECT r.ddl AS missed FROM clipperf_recommendations AS r
WHERE r.action = 'create' AND NOT EXISTS (SELECT FROM _clipperf_find() AS f WHERE r.id = ANY (f.recommendations));
SELECT count(*) AS rows_of_their_own FROM clipperf_findings() AS m JOIN scans AS s USING (fix) WHERE m.kind = 'missing_index';
SELECT relation, regexp_replace(fix, '[0-9]+', 'N', 'g') AS fix FROM scans
WHERE relation IN ('part'::regclass, 'message', '"Odd ""Table"') ORDER BY 1;
SELECT fix AS not_the_advisors FROM scans
WHERE fix NOT LIKE '%clipperf_apply%' AND rtrim(fix, ';') NOT IN (SELECT rtrim(ddl, ';') FROM clipperf_recommendations WHERE action = 'create');
-- What others were told is nobody's fix.
CREATE ROLE regress_report_scans IN ROLE pg_read_all_stats;
GRANT USAGE ON SCHEMA report_scans TO regress_report_scans;
SET ROLE regress_report_scans;
SELECT DISTINCT fix FROM clipperf_findings() WHERE kind = 'seq_scan';
RESET ROLE;

-- The check says the same as before, whatever was advised.
SELECT count(DISTINCT s) AS lines FROM _clipperf_find() AS f, unnest(f.subjects) AS s WHERE f.kind = 'seq_scan';

-- The fixes run, none is left, and what they made is used.
\o /dev/null
\set ECHO none
SELECT fix FROM scans ORDER BY fix \gexec
SELECT format('SELECT clipperf_wait(%s)', job) FROM clipperf_jobs \gexec
\set ECHO all
\o
SELECT DISTINCT fix FROM scans;
SELECT fix FROM clipperf_findings() WHERE kind = 'missing_index';
ANALYZE clip, "Odd ""Table", part, message, message_old;
CREATE VIEW simple AS SELECT relation FROM scans WHERE relation::text ~ 'part|message|Odd' ORDER BY relation::text;
SELECT count(*) >= 0 AS asked FROM clipperf_recommend();
SELECT DISTINCT outcome, reason FROM clipperf_scan_advice WHERE outcome = 'settled';
SELECT * FROM simple;
SELECT load();
SELECT * FROM simple;

-- A scan that is seen again although an index is there is a finding again.
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
SELECT id FROM report_scans.part WHERE kind = 7 \g /dev/null
SELECT * FROM simple;
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET enable_indexonlyscan;
SET clipperf.track = 'top';

-- A scan that no index helps says so: every row has that value, nothing to look up, types that trigrams do not serve.
CREATE TABLE flat (id int, kind int, gone timestamp, title text, code char(20), tag name);
INSERT INTO flat SELECT i, 7, CASE WHEN i % 50 = 0 THEN now() END, 'title ' || i, 'code ' || i, 'tag ' || i FROM generate_series(1, 20000) AS i;
ANALYZE flat;
SELECT clipperf_reset();
SELECT id AS every FROM flat WHERE kind = 7 AND random() < 0 \g /dev/null
SELECT id AS alive FROM flat WHERE gone IS NULL AND random() < 0 \g /dev/null
SELECT id AS clock FROM flat WHERE title || now() = 'x' \g /dev/null
SELECT id AS padded FROM flat WHERE code LIKE '%de 777%' \g /dev/null
SELECT id AS named FROM flat WHERE tag LIKE '%ag 777%' \g /dev/null
SELECT count(*) AS advised FROM clipperf_recommend(min_benefit => 0) WHERE action = 'create';
SELECT substring(evidence FROM ' AS (\w+)') AS statement, severity = 'critical' AS critical, fix FROM scans ORDER BY 1;
-- So nothing is saved; what it costs ranks it, and is said. Its severity is by that, too.
SELECT bool_and(saves IS NULL AND saved_ms IS NULL) AS nothing_saved, bool_and(cost_ms > 0) AS costs,
       bool_and(evidence ~ '; costs (<?\d+%|-) of the time') AS said
FROM clipperf_findings() WHERE kind = 'seq_scan';
SELECT bool_and(weight >= next_weight) AS ranked
FROM (SELECT coalesce(saved_ms, cost_ms) AS weight, lead(coalesce(saved_ms, cost_ms), 1, 0) OVER (ORDER BY rank) AS next_weight
      FROM clipperf_findings()) AS s;
SELECT count(*) AS claims FROM clipperf_report_text() AS line WHERE line ~ 'seq_scan.*\(saves';
-- One that trigrams serve says what is missing.
SELECT clipperf_reset();
SELECT id FROM flat WHERE title LIKE '%le 777%' \g /dev/null
SELECT count(*) AS advised FROM clipperf_recommend(min_benefit => 0) WHERE action = 'create';
SELECT fix IN ('CREATE EXTENSION IF NOT EXISTS pg_trgm;',
               '-- no index: an index for patterns in the middle of a text needs the extension pg_trgm') AS needs_trigrams FROM scans;
-- Nor does an index in the wanted order help, which is what could be tried.
SELECT clipperf_reset();
SELECT id FROM flat WHERE title ILIKE '%le 19777%' ORDER BY gone, id LIMIT 5 \g /dev/null
SELECT count(*) AS advised FROM clipperf_recommend() WHERE action = 'create';
SELECT fix IN ('CREATE EXTENSION IF NOT EXISTS pg_trgm;',
               '-- no index: an index for patterns in the middle of a text needs the extension pg_trgm') AS needs_trigrams FROM scans;
-- One that cannot be planned again, and one whose index saves too little.
SELECT clipperf_reset();
CREATE TABLE flat_copy AS SELECT id FROM flat;
ANALYZE flat_copy;
SELECT id FROM flat_copy WHERE id = 7 \g /dev/null
SELECT count(*) AS advised FROM clipperf_recommend(min_benefit => 1) WHERE action = 'create';
SELECT regexp_replace(fix, '[0-9.]+%', 'N%') AS fix FROM scans;
ALTER TABLE flat_copy RENAME id TO number;
SELECT count(*) AS advised FROM clipperf_recommend() WHERE action = 'create';
SELECT fix FROM scans;

-- One that runs inside a function is not counted unless asked for.
SELECT clipperf_reset();
DO $$ BEGIN PERFORM id FROM report_scans.flat WHERE title = 'x'; END $$;
SELECT count(*) AS advised FROM clipperf_recommend(min_calls => 2) WHERE action = 'create';
SELECT fix FROM scans;
SELECT count(*) AS advised FROM clipperf_recommend() WHERE action = 'create';
SELECT fix FROM scans;
SELECT clipperf_reset();

-- Advice on statements handed in leaves all this alone, and is applied by its numbers.
ALTER TABLE flat_copy RENAME number TO id;
SELECT id FROM flat_copy WHERE id = 7 \g /dev/null
SELECT count(*) AS advised FROM clipperf_recommend() WHERE action = 'create';
CREATE TEMPORARY TABLE before AS SELECT rank, kind, fix FROM clipperf_findings();
SELECT count(*) AS advised FROM clipperf_recommend_for('{SELECT * FROM report_scans.flat WHERE title = ''y''}') WHERE action = 'create';
SELECT kind, fix FROM clipperf_findings() EXCEPT SELECT kind, fix FROM before;
SELECT ddl FROM clipperf_apply(dry_run => true);
SELECT ddl FROM clipperf_apply((SELECT array_agg(id) FROM clipperf_recommendations WHERE for_statements AND action = 'create'), dry_run => true);

-- The search for references to a deleted row and the index for its foreign key are one finding.
SET clipperf.track = 'top';
SELECT clipperf_reset();
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE);
CREATE TABLE grandchild (child int REFERENCES child ON DELETE CASCADE);
INSERT INTO parent SELECT generate_series(1, 5000);
INSERT INTO child SELECT n, n FROM generate_series(1, 5000) AS n;
INSERT INTO grandchild SELECT n FROM generate_series(1, 5000) AS n;
ANALYZE parent, child, grandchild;
DELETE FROM parent WHERE id <= 3;
SELECT pg_stat_force_next_flush();
SELECT relation, source, ddl, cardinality(queryids) AS statements FROM clipperf_recommend() WHERE action = 'create' ORDER BY ddl;
SELECT kind, relation, fix FROM clipperf_findings() WHERE relation IN ('child'::regclass, 'grandchild'::regclass) ORDER BY fix;

-- Where an index finds all that a scan compares, there is nothing to build; where it does not, there may be.
SELECT clipperf_reset();
CREATE TABLE pair (a int NOT NULL, b int NOT NULL, note text NOT NULL);
INSERT INTO pair SELECT n, n % 10, 'note ' || n FROM generate_series(1, 5000) AS n;
ANALYZE pair;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
CREATE TABLE told (case_of text, fix text);
\set ECHO none
\o /dev/null
SELECT 'SELECT clipperf_reset()', 'CREATE INDEX pair_index ON pair ' || keys, 'SELECT count(*) FROM pair WHERE ' || condition,
    format('INSERT INTO told SELECT %L, fix FROM clipperf_findings() WHERE relation = ''pair''::regclass AND kind = ''seq_scan''', case_of),
    'DROP INDEX pair_index'
FROM (VALUES
    ('served: its key', 'a = 7', '(a)'), ('served: its keys in another order', 'b = 7 AND a = 7', '(a, b)'), ('served: a range last', 'b = 7 AND a < 70', '(b, a)'),
    ('served: more keys than are compared', 'a = 7', '(a, b)'),
    ('a range first', 'b = 7 AND a < 70', '(a, b)'), ('one of two', 'a = 7 AND b = 7', '(a)'), ('a predicate', 'a = 7', '(a) WHERE b > 3'),
    ('no key', 'a = 7', '(b) INCLUDE (a)'), ('an expression', 'a + 0 = 7', '(a)'), ('not the first key', 'a = 7', '(b, a)'),
    ('another kind of index', 'a = 7', 'USING brin (a)'), ('a collation may differ', 'note = ''note 7''', '(note)')) AS c (case_of, condition, keys) \gexec
\o
\set ECHO all
SELECT * FROM told ORDER BY case_of COLLATE "C";
CREATE INDEX pair_a ON pair (a);
SELECT clipperf_reset();
SELECT count(*) FROM pair WHERE a = 7;
SELECT problem FROM clipperf_problems();
DROP INDEX pair_a;
SELECT problem FROM clipperf_problems();
RESET enable_indexscan;
RESET enable_indexonlyscan;
RESET enable_bitmapscan;

DELETE FROM clipperf_recommendations;
DELETE FROM clipperf_scan_advice;
DELETE FROM _clipperf_job;
DROP SCHEMA report_scans CASCADE;
DROP ROLE regress_report_scans;
