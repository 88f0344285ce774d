-- Findings about sequential scans: what they say, that the fix runs when pasted, and that it mends.
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
ANALYZE clip, "Odd ""Table", part;
SELECT clipperf_reset();

CREATE FUNCTION load() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- the first two want the same index, the third one that begins with it and takes most time
    PERFORM id FROM report_scans.clip WHERE game_id = 7;
    PERFORM title FROM report_scans.clip WHERE game_id = 8;
    FOR i IN 1..8 LOOP
        PERFORM id FROM report_scans.clip WHERE game_id = 9 AND score > 20000;
    END LOOP;
    PERFORM id FROM report_scans.clip WHERE game_id = 9 AND NOT hidden ORDER BY at DESC LIMIT 5;
    PERFORM id FROM report_scans.clip WHERE NOT hidden ORDER BY score DESC, at DESC LIMIT 10;
    PERFORM id FROM report_scans.clip WHERE creator = 'creator 5' ORDER BY score DESC NULLS LAST LIMIT 10;
    PERFORM id FROM report_scans.clip WHERE at > '2024-01-14' AND note IS NULL AND score = 5;
    PERFORM id FROM report_scans.clip WHERE note IS NOT NULL;
    PERFORM "Id" FROM report_scans."Odd ""Table" WHERE "Order" = 7 ORDER BY "select" DESC LIMIT 3;
    PERFORM id FROM report_scans.part WHERE kind = 7;
END
$$;
SELECT load();
SELECT load();
SELECT kind, relation, finding,
       regexp_replace(evidence, '[0-9.,]+ (ms|s|min|kB)\M', 'X', 'g') AS evidence, fix
FROM clipperf_report()
ORDER BY relation::text, fix;
SELECT count(*) = max(rank) AS numbered, bool_and(severity IN ('critical', 'warning', 'info')) AS judged,
       bool_and(db_time_share BETWEEN 0 AND 1) AS shares, bool_and(queryid <> 0) AS identified
FROM clipperf_report();
SELECT bool_and(db_time_share >= next_share) AS ranked
FROM (SELECT db_time_share, lead(db_time_share, 1, 0) OVER (ORDER BY rank) AS next_share FROM clipperf_report()) AS s;
SELECT count(*) FROM clipperf_report(3);

-- The fixes mend all of it.
SELECT fix FROM clipperf_report() ORDER BY fix \gexec
ANALYZE clip, "Odd ""Table", part;
SELECT highest_severity, substring(evidence FROM '; ([^;]*) serves this but was not used, or is newer') AS index, fix
FROM clipperf_find() ORDER BY 2;
SELECT count(*) FROM clipperf_report() WHERE kind = 'seq_scan' AND severity <> 'info';
SELECT clipperf_reset();
SELECT load();
SELECT count(*) FROM clipperf_seq_scans;
SELECT count(*) FROM clipperf_report() WHERE kind = 'seq_scan';

-- An index that serves already but is not used: no second one is proposed, in whatever way it serves.
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
CREATE INDEX backwards ON clip (score, at) WHERE hidden = false;
DROP INDEX clip_score_at_idx;
CREATE INDEX boolean_first ON clip (hidden, game_id, at);
DROP INDEX clip_game_id_at_idx;
SELECT clipperf_reset();
SELECT load();
SELECT highest_severity, relation, substring(evidence FROM '; ([^;]*) serves') AS index, fix
FROM clipperf_find() ORDER BY 3;
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET enable_indexonlyscan;

-- One index for scans that want the same keys in any direction, for ranges and for orders; another for other orders.
SELECT clipperf_reset();
SELECT id FROM clip WHERE score > 20000 \g /dev/null
SELECT id FROM clip ORDER BY score DESC LIMIT 3 \g /dev/null
SELECT id FROM clip ORDER BY score, at LIMIT 3 \g /dev/null
SELECT id FROM clip ORDER BY score DESC, at DESC LIMIT 3 \g /dev/null
SELECT id FROM clip ORDER BY score NULLS FIRST LIMIT 3 \g /dev/null
SELECT regexp_replace(finding, '^.* (and .*)$', '\1') AS finding, fix FROM clipperf_report() WHERE kind = 'seq_scan' ORDER BY 2;

-- A key that finds one row needs no other index, whatever the order.
SELECT clipperf_reset();
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT c.id FROM (VALUES (1), (2)) AS v (id) JOIN clip c USING (id) ORDER BY c.title LIMIT 1 \g /dev/null
SELECT highest_severity, substring(evidence FROM '; ([^;]*) serves') AS index, fix FROM clipperf_find() WHERE kind = 'seq_scan';
RESET enable_nestloop;
RESET enable_mergejoin;

-- Patterns and operators that a B-tree does not serve, and expressions.
DROP TABLE clip;
CREATE TABLE clip (id int, title text, tags int[], words tsvector, span int4range);
INSERT INTO clip
SELECT i, 'title ' || i, ARRAY[i, i + 1], to_tsvector('simple', 'word' || i), int4range(i, i + 2)
FROM generate_series(1, 3000) AS i;
ANALYZE clip;
SELECT clipperf_reset();
SELECT id AS pattern FROM clip WHERE title ILIKE '%e 123%' AND id <> 1 \g /dev/null
SELECT id AS ordered FROM clip WHERE title ILIKE '%e 123%' ORDER BY id DESC LIMIT 2 \g /dev/null
SELECT id AS many FROM clip WHERE title ILIKE '%1%' ORDER BY id DESC LIMIT 2 \g /dev/null
SELECT id AS words FROM clip WHERE words @@ 'word7' \g /dev/null
SELECT id AS contains FROM clip WHERE tags @> '{7}' \g /dev/null
SELECT id AS overlaps FROM clip WHERE span && '[7,9)' \g /dev/null
SELECT id AS expression FROM clip WHERE lower(title) = 'title 5' \g /dev/null
SELECT CASE WHEN fix LIKE '-- an index for this filter needs%'
             AND NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
            THEN 'CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX CONCURRENTLY ON report_scans.clip USING gin (title gin_trgm_ops);'
            ELSE fix END AS fix
FROM clipperf_report() WHERE kind = 'seq_scan' ORDER BY 1;

-- An index of another method that is there already is not proposed again.
CREATE INDEX clip_words ON clip USING gin (words);
CREATE INDEX clip_span ON clip USING gist (span);
SELECT substring(evidence FROM '; ([^;]*) serves') AS index, fix
FROM clipperf_find() WHERE kind = 'seq_scan' AND evidence ~ 'filter (words|span)' ORDER BY 1;

DROP SCHEMA report_scans CASCADE;
