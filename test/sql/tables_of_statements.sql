-- clipperf_table_use: which statements use which tables, by the plans that ran.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SET clipperf.track = 'top';
SET clipperf.route = 'table use';

CREATE SCHEMA used_one;
CREATE SCHEMA "Used-two";
CREATE TABLE used_one.counters (id int PRIMARY KEY, val int);
CREATE TABLE "Used-two".counters (id int PRIMARY KEY, val int);
CREATE TABLE used_parent (id int PRIMARY KEY, at date);
CREATE TABLE used_child (id int PRIMARY KEY, parent int REFERENCES used_parent ON DELETE CASCADE);
CREATE TABLE used_parts (id int, val int) PARTITION BY RANGE (id);
CREATE TABLE used_part_1 PARTITION OF used_parts FOR VALUES FROM (0) TO (100);
CREATE TABLE used_part_2 PARTITION OF used_parts FOR VALUES FROM (100) TO (200);
CREATE TABLE used_base (id int);
CREATE TABLE used_derived (more int) INHERITS (used_base);
CREATE VIEW used_view AS SELECT c.id, p.at FROM used_child AS c JOIN used_parent AS p ON p.id = c.parent;
CREATE MATERIALIZED VIEW used_matview AS SELECT 1 AS id;
CREATE FUNCTION used_function(i int) RETURNS bigint LANGUAGE plpgsql AS
$$ BEGIN UPDATE used_one.counters SET val = val + 1 WHERE id = i; RETURN (SELECT count(*) FROM "Used-two".counters); END $$;

-- What a statement of this test uses.
CREATE FUNCTION used_by(pattern text) RETURNS TABLE (relation regclass, how text) LANGUAGE sql AS
$$ SELECT u.relation, concat_ws(' ', CASE WHEN bool_or(u.reads) THEN 'reads' END, CASE WHEN bool_or(u.writes) THEN 'writes' END,
                                CASE WHEN bool_or(u.locks_rows) THEN 'locks' END)
   FROM clipperf_table_use AS u WHERE u.route = 'table use' AND u.query LIKE pattern AND u.query NOT LIKE '%used_by%'
   GROUP BY u.relation ORDER BY u.relation::text COLLATE "C" $$;

SELECT clipperf_reset('queries');

-- Tables of one name in several schemas, whatever the text looks like.
SELECT id AS q1 FROM used_one . counters WHERE val = 1;
SELECT id AS q2 FROM "Used-two"."counters" WHERE val < 2;
SELECT * FROM used_by('%q1%');
SELECT * FROM used_by('%q2%');

-- Reads, writes and locks.
INSERT INTO used_parent VALUES (1, '2026-01-01'), (2, '2026-01-02');
INSERT INTO used_child SELECT id, id FROM used_parent;
UPDATE used_parent AS u1 SET at = at + 1 WHERE id = 1;
DELETE FROM used_child AS d1 WHERE id = 2;
SELECT id AS l1 FROM used_parent FOR UPDATE;
SELECT id AS l2 FROM used_parent JOIN used_child USING (id) FOR SHARE OF used_child;
WITH w1 AS (UPDATE used_parent SET at = at RETURNING id) SELECT count(*) FROM w1 JOIN used_one.counters USING (id);
MERGE INTO used_one.counters AS m1 USING used_parent AS p ON p.id = m1.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, 0);
SELECT * FROM used_by('INSERT INTO used_parent%');
SELECT * FROM used_by('%u1%');
SELECT * FROM used_by('%d1%');
SELECT * FROM used_by('%l1%');
SELECT * FROM used_by('%l2%');
SELECT * FROM used_by('WITH w1%');
SELECT * FROM used_by('MERGE%');

-- Partitions and inheritance children count as their parent, by whichever name they are used.
INSERT INTO used_parts AS p1 SELECT i, i FROM generate_series(1, 150) AS i;
UPDATE used_parts AS p2 SET val = 0 WHERE id = 7;
SELECT count(*) AS p3 FROM used_part_2;
SELECT count(*) AS p4 FROM used_base;
DELETE FROM used_derived AS p5;
SELECT * FROM used_by('%p1%');
SELECT * FROM used_by('%p2%');
SELECT * FROM used_by('%p3%');
SELECT * FROM used_by('%p4%');
SELECT * FROM used_by('%p5%');

-- Views and functions are seen through, cascades too; a materialized view is a table, a catalog is none.
SELECT id AS v1 FROM used_view;
SELECT used_function(1) AS v2;
DELETE FROM used_parent AS v3 WHERE id = 1;
SELECT id AS v4 FROM used_matview UNION ALL SELECT id FROM used_parent UNION ALL SELECT oid::int FROM pg_class WHERE oid = 0;
SELECT id AS v5 FROM (SELECT id FROM used_parent UNION ALL SELECT id FROM used_child) AS u;
SELECT 1 AS v6;
SELECT * FROM used_by('%v1%');
SELECT * FROM used_by('%v2%');
SELECT * FROM used_by('%v3%');
SELECT * FROM used_by('%v4%');
SELECT * FROM used_by('%v5%');
SELECT * FROM used_by('%v6%');

-- With clipperf.track = all, the statements of a function count by themselves.
SET clipperf.track = 'all';
SELECT used_function(2) AS t1;
SET clipperf.track = 'top';
SELECT * FROM used_by('%t1%');
SELECT relation, reads, writes FROM clipperf_table_use WHERE route = 'table use' AND NOT toplevel ORDER BY 1;

-- The set grows by what other plans of the same statement use.
PREPARE grows AS SELECT at AS g1 FROM used_view WHERE id > 1;
EXECUTE grows;
SELECT * FROM used_by('%g1%');
CREATE OR REPLACE VIEW used_view AS SELECT c.id, NULL::date AS at FROM used_one.counters AS c;
EXECUTE grows;
SELECT * FROM used_by('%g1%');

-- What was dropped is not shown, a renamed table by its new name.
DROP TABLE used_child CASCADE;
ALTER TABLE used_parent RENAME TO "used Parent";
SELECT * FROM used_by('%v5%');

-- A statement that uses more tables than are remembered says so.
SELECT format('CREATE TABLE used_many_%s (id int)', i) FROM generate_series(1, 20) AS i \gexec
SELECT 'SELECT count(*) AS m20 FROM ' || string_agg('used_many_' || i, ' NATURAL JOIN ') FROM generate_series(1, 20) AS i \gexec
SELECT count(*), min(tables_dropped) FROM clipperf_table_use WHERE query LIKE '%m20%';
SELECT table_uses_held > 16 AS held, table_uses_dropped FROM clipperf_info;

-- It goes with the statements.
SELECT clipperf_reset('queries');
SELECT * FROM used_by('%m20%');
SELECT table_uses_dropped FROM clipperf_info;

-- Who is not in pg_read_all_stats does not see which tables the statements of others use.
SELECT id AS r1 FROM used_one.counters;
CREATE ROLE regress_table_use;
SET ROLE regress_table_use;
SELECT relation, query, reads FROM clipperf_table_use WHERE route = 'table use' AND reads AND relation::text LIKE '%used_one%';
RESET ROLE;
DROP ROLE regress_table_use;

DROP SCHEMA used_one, "Used-two" CASCADE;
DROP TABLE "used Parent", used_parts, used_base CASCADE;
SELECT format('DROP TABLE used_many_%s', i) FROM generate_series(1, 20) AS i \gexec
DROP MATERIALIZED VIEW used_matview;
DROP FUNCTION used_function(int), used_by(text);
RESET ALL;
