-- Values that no sample has: drawn from statistics, for who may see these.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE ROLE regress_reader;
CREATE ROLE regress_viewer;
CREATE ROLE regress_tenant;
CREATE SCHEMA drawn;
GRANT USAGE ON SCHEMA drawn TO PUBLIC;
SET search_path = drawn, public;
-- Half of all rows are of one kind; each of the others has three.
CREATE TABLE item (id int PRIMARY KEY, kind int NOT NULL, at int NOT NULL);
INSERT INTO item SELECT i, CASE WHEN i % 2 = 0 THEN 0 ELSE i % 6667 END, i * 7919 % 20000 FROM generate_series(1, 20000) AS i;
CREATE TABLE own (LIKE item INCLUDING ALL);
INSERT INTO own SELECT * FROM item;
ANALYZE item, own;
CREATE VIEW shown AS SELECT * FROM item;
ALTER TABLE own ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON own USING (at >= 0);
GRANT SELECT ON item TO regress_reader;
GRANT SELECT ON shown TO regress_viewer;
GRANT SELECT ON own TO regress_tenant;

-- Sixty calls, each with another rare value.
SELECT clipperf_reset();
SET clipperf.track = 'all';
CREATE PROCEDURE call_sixty(relation text) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..60 LOOP
        EXECUTE format('SELECT id FROM %I WHERE kind = $1 ORDER BY at LIMIT 5', relation) USING i * 100 + 1;
    END LOOP;
END $$;
SET ROLE regress_reader;
CALL call_sixty('item');
SET ROLE regress_viewer;
CALL call_sixty('shown');
SET ROLE regress_tenant;
CALL call_sixty('own');
RESET ROLE;
-- Constants that vary are drawn as well, those that do not are not.
DO $$
BEGIN
    FOR i IN 1..60 LOOP
        EXECUTE format('SELECT at FROM item WHERE kind = %s AND at > 7 ORDER BY at LIMIT 3', i * 100 + 1);
        EXECUTE format('SELECT kind FROM item WHERE kind = 5 AND id <> %s ORDER BY at LIMIT 3', i);
    END LOOP;
END $$;
-- All values of these calls are known.
PREPARE few(int) AS SELECT kind, at FROM item WHERE kind = $1 ORDER BY at LIMIT 5;
EXECUTE few(1);
EXECUTE few(3);
EXECUTE few(1);
RESET clipperf.track;
SELECT usename <> current_user AS other, drawn > 0 AS drawn, problem, query FROM clipperf_workload()
WHERE query ~ 'FROM (item|shown|own) ' AND query ~ 'LIMIT' ORDER BY query COLLATE "C";

-- An index in the order alone would be a bad one for the rare values; none has a value in it that was drawn.
SELECT count(*) > 0 AS advised, bool_and(ddl ~ 'item \(kind') AS by_kind FROM clipperf_recommend()
WHERE action = 'create' AND ddl ~ 'drawn.item';
SELECT count(*) FROM clipperf_recommend() AS r WHERE r::text ~ 'kind = 0';

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA drawn CASCADE;
DROP ROLE regress_reader, regress_viewer, regress_tenant;
