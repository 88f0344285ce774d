-- Members of an index set, judged by the statements and by each other.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA sets;
SET search_path = sets, public;
CREATE TABLE item (id int PRIMARY KEY, a int, b text, made timestamp, filler text);
CREATE TABLE other (id int PRIMARY KEY, a int);
INSERT INTO item SELECT i, i, repeat('b', 200), '2024-01-01'::timestamp + i * interval '1 min', repeat('x', 60) FROM generate_series(1, 20000) AS i;
INSERT INTO other SELECT i, i FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE item, other;
CREATE FUNCTION score(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * extract(hour FROM now())::int';
SELECT clipperf_add_index('sets', 'CREATE INDEX item_long ON sets.item (a, b)');
SELECT clipperf_add_index('sets', 'CREATE INDEX item_short ON sets.item (a)');
SELECT clipperf_add_index('sets', 'CREATE INDEX item_score ON sets.item (sets.score(a))');
SELECT clipperf_add_index('sets', 'CREATE INDEX other_a ON sets.other (a)');
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT length(filler) FROM item WHERE a = %s', i) FROM generate_series(1, 30) AS i \gexec
\o
\set ECHO all
SELECT count(*) FROM item WHERE score(a) = -1;
SELECT count(*) FROM item WHERE score(a) = -2;

-- The longer one alone would do what the shorter one does, but none needs it.
SELECT index_name, action, ddl IS NOT NULL AS shown, regexp_replace(reason, '^finds [^;]*', 'it helps') AS reason FROM clipperf_recommend(index_set => 'sets');
SELECT index_name, action, regexp_replace(reason, '^finds [^;]*', 'it helps') AS reason
FROM clipperf_recommend(index_set => 'sets', allow_functions => '{sets.score(int)}') WHERE index_name = 'item_score';
SELECT index_name, action, reason FROM clipperf_index_set_status('sets');
-- Who names the set gets what no statement speaks against, too.
SELECT action, state, ddl FROM clipperf_apply(index_set => 'sets', dry_run => true) ORDER BY ddl COLLATE "C";
SELECT clipperf_drop_index_set('sets');
DROP SCHEMA sets CASCADE;
DELETE FROM clipperf_recommendations;
