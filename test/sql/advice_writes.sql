-- What writes pay for an index is priced, and said in its row.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA writes;
SET search_path = writes, public;

-- Rows that are updated in place: a counter that no index holds, and a column that one holds already.
CREATE TABLE item (id int PRIMARY KEY, counted int NOT NULL, owner int NOT NULL, code text NOT NULL, made int NOT NULL, seen int NOT NULL)
    WITH (fillfactor = 60, autovacuum_enabled = off);
INSERT INTO item SELECT i, i * 7919 % 20000, i % 400, 'c' || i, i, i FROM generate_series(1, 20000) AS i;
CREATE INDEX ON item (owner);
CREATE INDEX ON item (code);
CREATE INDEX ON item (made);
CREATE INDEX ON item (made, code);
VACUUM ANALYZE item;
PREPARE counted (int) AS SELECT id FROM item WHERE counted = $1;
PREPARE seen (int) AS SELECT id FROM item WHERE seen = $1;
PREPARE count_up (int) AS UPDATE item SET counted = counted + 1 WHERE id = $1;
PREPARE hand_over (int) AS UPDATE item SET owner = owner + 1 WHERE id = $1;
-- Runs one of these statements for values from 1 on.
CREATE PROCEDURE run(name text, times int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. times LOOP
        EXECUTE format('EXECUTE %I (%s)', name, i);
    END LOOP;
END $$;
-- The index on a column, what it says of writes, and the statements it is said to make slower.
CREATE FUNCTION said() RETURNS TABLE (index text, hot boolean, readers boolean, blocks_more boolean, slowed text) LANGUAGE sql AS $$
    SELECT substring(r.ddl FROM 'ON (.*);'), r.reason LIKE '%because its updates would no longer be HOT%',
        r.reason ~ 'updates by \[[^]]*\].* would no longer be HOT, and leave dead entries in all indexes of the table until VACUUM',
        substring(r.reason FROM 'touch (\d+) blocks per call instead of \d+')::int >= 2 * substring(r.reason FROM 'blocks per call instead of (\d+)')::int,
        (SELECT string_agg(DISTINCT substring(q.query FROM 'SET (\w+) ='), ', ') FROM clipperf_queries AS q WHERE q.queryid = ANY (r.slowed))
    FROM clipperf_recommendations AS r JOIN pg_class AS c ON c.oid = r.relation
    WHERE r.action = 'create' AND r.status = 'new' AND c.relnamespace = 'writes'::regnamespace ORDER BY 1 $$;
SET clipperf.track = 'all';

-- Updates that were HOT are so no more with an index on what they change; that of another column is none of theirs.
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('counted', 20);
CALL run('seen', 20);
CALL run('count_up', 300);
CALL run('hand_over', 300);
SELECT pg_stat_force_next_flush() IS NOT NULL AS flushed;
SELECT count(*) > 0 AS advised FROM clipperf_recommend();
SELECT * FROM said();

-- A load that moved all rows, before, does not hide it: the blocks tell.
UPDATE item SET made = made + 1;
VACUUM ANALYZE item;
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('counted', 20);
CALL run('count_up', 300);
SELECT pg_stat_force_next_flush() IS NOT NULL AS flushed;
SELECT n_tup_hot_upd < 0.1 * n_tup_upd AS by_statistics FROM pg_stat_user_tables WHERE relid = 'item'::regclass;
SELECT count(*) > 0 AS advised FROM clipperf_recommend();
SELECT * FROM said();

-- What assigns all columns, as objects of an application are saved, but leaves those in indexes as they are, is HOT, too.
CREATE TABLE saved (LIKE item INCLUDING ALL) WITH (fillfactor = 60, autovacuum_enabled = off);
INSERT INTO saved SELECT * FROM item;
VACUUM ANALYZE saved;
PREPARE counted_saved (int) AS SELECT id FROM saved WHERE counted = $1;
PREPARE save (int) AS UPDATE saved SET counted = seen + $1, owner = owner, code = code, made = made WHERE id = $1;
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('counted_saved', 20);
CALL run('save', 300);
SELECT pg_stat_force_next_flush() IS NOT NULL AS flushed;
SELECT count(*) > 0 AS advised FROM clipperf_recommend();
SELECT index, hot, readers, slowed FROM said();

-- Partitions have the statistics, and the table the statement.
CREATE TABLE parted (id int NOT NULL, counted int NOT NULL, owner int NOT NULL, code text NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (10000) WITH (fillfactor = 60, autovacuum_enabled = off);
CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (10000) TO (100000) WITH (fillfactor = 60, autovacuum_enabled = off);
INSERT INTO parted SELECT i, i * 7919 % 20000, i % 400, 'c' || i FROM generate_series(1, 20000) AS i;
CREATE INDEX ON parted (id);
CREATE INDEX ON parted (owner);
CREATE INDEX ON parted (code);
VACUUM ANALYZE parted;
PREPARE counted_parted (int) AS SELECT id FROM parted WHERE counted = $1;
PREPARE up_parted (int) AS UPDATE parted SET counted = counted + 1 WHERE id = $1;
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('counted_parted', 20);
CALL run('up_parted', 300);
SELECT pg_stat_force_next_flush() IS NOT NULL AS flushed;
SELECT count(*) > 0 AS advised FROM clipperf_recommend();
SELECT index, hot, readers, slowed FROM said();

-- What finds its row there already updates it.
CREATE TABLE tally (LIKE item INCLUDING ALL) WITH (fillfactor = 60, autovacuum_enabled = off);
INSERT INTO tally SELECT * FROM item;
VACUUM ANALYZE tally;
PREPARE counted_tally (int) AS SELECT id FROM tally WHERE counted = $1;
PREPARE upsert (int) AS INSERT INTO tally VALUES ($1, 1, 1, 'c', 1, 1) ON CONFLICT (id) DO UPDATE SET counted = tally.counted + 1;
PREPARE merged (int) AS MERGE INTO tally AS t USING (SELECT $1 AS id) AS s ON t.id = s.id
    WHEN MATCHED AND t.made < 0 THEN DELETE WHEN MATCHED THEN UPDATE SET counted = t.counted + 1
    WHEN NOT MATCHED THEN INSERT (id, counted, owner, code, made, seen) VALUES (s.id, 1, 1, 'c', 1, 1);
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('counted_tally', 20);
CALL run('upsert', 300);
CALL run('merged', 300);
SELECT pg_stat_force_next_flush() IS NOT NULL AS flushed;
SELECT count(*) > 0 AS advised FROM clipperf_recommend();
SELECT index, hot, readers FROM said();
SELECT count(DISTINCT q.queryid) AS slowed FROM clipperf_recommendations AS r JOIN clipperf_queries AS q ON q.queryid = ANY (r.slowed) WHERE r.relation = 'tally'::regclass;

-- An index that saves less than its upkeep costs and half as much again is not worth the risk.
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('counted', 1);
CALL run('count_up', 3000);
SELECT pg_stat_force_next_flush() IS NOT NULL AS flushed;
SELECT count(*) AS advised FROM clipperf_recommend() WHERE action = 'create';

DROP SCHEMA writes CASCADE;
