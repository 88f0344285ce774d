-- Sequential scans in plans of all shapes.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA seqscan_shapes;
SET search_path = seqscan_shapes, public;
CREATE TABLE owner (id int PRIMARY KEY, name text);
INSERT INTO owner SELECT i, 'owner ' || i FROM generate_series(1, 2000) AS i;
CREATE TABLE item (id int PRIMARY KEY, owner_id int, kind int, score int, hidden bool, at date);
INSERT INTO item
SELECT i, i % 2000 + 1, i % 100, i * 7919 % 5003, i % 20 = 0, date '2024-01-01' + i % 300
FROM generate_series(1, 5000) AS i;
ANALYZE owner, item;
SELECT clipperf_reset();

CREATE VIEW seen AS
SELECT substring(query FROM ' AS ((?!MATERIALIZED)\w+)') AS statement, relation, executions, scans,
       rows_read, rows_kept, rows_needed, filter_columns, sort_columns
FROM clipperf_seq_scans
ORDER BY 1, 2;

-- Sorted for a LIMIT: the rows needed are those handed on.
SELECT id AS sorted_limit FROM item WHERE NOT hidden ORDER BY score DESC, at LIMIT 10 \g /dev/null
SELECT id AS sorted_only FROM item ORDER BY score LIMIT 10 \g /dev/null
SELECT id AS sorted_nulls FROM item ORDER BY score DESC NULLS LAST LIMIT 10 \g /dev/null
SELECT id AS sorted_far FROM item ORDER BY score OFFSET 4500 LIMIT 10 \g /dev/null
SELECT id AS sorted_expression FROM item WHERE kind < 3 ORDER BY score + 1 LIMIT 10 \g /dev/null
SELECT i.id AS sorted_join FROM item i JOIN owner o ON o.id = i.owner_id
WHERE NOT i.hidden ORDER BY i.score DESC LIMIT 10 \g /dev/null
SELECT * FROM seen WHERE statement LIKE 'sorted%' AND relation = 'item'::regclass;

-- A scan cut short counts what it read.
SELECT id AS cut_short FROM item WHERE id > 3000 AND score >= 0 LIMIT 5 \g /dev/null
SELECT statement, rows_read BETWEEN 3005 AND 4999 AS read_some, rows_kept FROM seen WHERE statement = 'cut_short';

-- Joins: an index on the joined column would have found the few partners.
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT i.id AS hash_join FROM owner o JOIN item i ON i.owner_id = o.id WHERE o.name = 'owner 7' \g /dev/null
SELECT i.id AS hash_filtered FROM owner o JOIN item i ON i.owner_id = o.id
WHERE o.name = 'owner 7' AND NOT i.hidden \g /dev/null
SELECT i.id AS hash_all FROM owner o JOIN item i ON i.owner_id = o.id \g /dev/null
RESET enable_nestloop;
RESET enable_mergejoin;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT i.kind AS merge_join FROM owner o JOIN item i ON i.owner_id = o.id WHERE o.name = 'owner 7' \g /dev/null
RESET enable_nestloop;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT i.id AS nested_loop FROM owner o JOIN item i ON i.owner_id = o.id WHERE o.id BETWEEN 7 AND 9 \g /dev/null
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;
SELECT * FROM seen WHERE statement LIKE 'hash%' OR statement IN ('merge_join', 'nested_loop');

-- Sub-queries, also those that run again and again.
SELECT (SELECT count(*) FROM item i WHERE i.owner_id = o.id) AS sub_select FROM owner o WHERE o.id <= 4 \g /dev/null
SELECT o.id AS sub_exists FROM owner o WHERE o.id = 3 AND EXISTS (SELECT FROM item i WHERE i.kind = 101) \g /dev/null
SELECT o.id AS sub_in FROM owner o WHERE o.id IN (SELECT owner_id FROM item WHERE kind = 55) \g /dev/null
WITH few AS MATERIALIZED (SELECT at AS sub_cte FROM item WHERE kind = 56) SELECT * FROM few \g /dev/null
SELECT statement, relation, executions, scans, rows_read, rows_kept, filter_columns
FROM seen WHERE statement LIKE 'sub%' AND relation = 'item'::regclass;

-- Statements that write.
UPDATE item AS update_item SET score = 0 WHERE kind = 98;
DELETE FROM item AS delete_item WHERE kind = 99;
INSERT INTO owner AS insert_owner SELECT id + 10000 FROM item WHERE kind = 97;
SELECT id AS locking FROM item WHERE kind = 96 FOR UPDATE \g /dev/null
SELECT statement, relation, rows_read, rows_kept, filter_columns
FROM seen WHERE statement IN ('update_item', 'delete_item', 'insert_owner', 'locking');

-- Statements in a function, and a loop over a query.
SELECT clipperf_reset();
CREATE FUNCTION in_function() RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
    found record;
    n int := 0;
BEGIN
    FOR found IN SELECT id AS in_loop FROM item WHERE kind = 13 LOOP
        n := n + 1;
    END LOOP;
    RETURN n + (SELECT count(*) AS in_function FROM item i WHERE i.kind = 12);
END
$$;
SELECT in_function();
SELECT statement, relation, rows_kept, filter_columns FROM seen;

-- Cursors of a client: one execution from DECLARE to CLOSE, in as many steps as it takes.
SELECT clipperf_reset();
BEGIN;
DECLARE whole CURSOR FOR SELECT id, kind AS cursor_whole FROM item WHERE kind = 7;
FETCH 10 FROM whole \g /dev/null
FETCH ALL FROM whole \g /dev/null
CLOSE whole;
DECLARE open_at_commit CURSOR FOR SELECT id, score AS cursor_cut FROM item WHERE kind >= 0 AND score >= 0;
FETCH 3000 FROM open_at_commit \g /dev/null
DECLARE early CURSOR FOR SELECT id, owner_id AS cursor_early FROM item WHERE kind = 7;
FETCH 3 FROM early \g /dev/null
CLOSE early;
DECLARE never CURSOR FOR SELECT score, id AS cursor_never FROM item WHERE kind = 7;
DECLARE held CURSOR WITH HOLD FOR SELECT at, id AS cursor_held FROM item WHERE kind = 7;
COMMIT;
FETCH ALL FROM held \g /dev/null
CLOSE held;
\set FETCH_COUNT 10
SELECT hidden, id AS cursor_of_psql FROM item WHERE kind = 7 \g /dev/null
\unset FETCH_COUNT
SELECT statement, executions, scans, rows_read, rows_kept, filter_columns FROM seen;

-- Parallel workers read for their leader.
SELECT clipperf_reset();
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT score AS parallel FROM item WHERE kind = 14;
SELECT score AS parallel FROM item WHERE kind = 14 \g /dev/null
SELECT id AS parallel_sorted FROM item WHERE NOT hidden ORDER BY at DESC LIMIT 10 \g /dev/null
SELECT statement, executions, scans, rows_read, rows_kept, rows_needed BETWEEN 10 AND 60 AS needs_few,
       filter_columns, sort_columns
FROM seen;
RESET ALL;
SET client_min_messages = warning;
SET search_path = seqscan_shapes, public;

-- One entry for all partitions, whatever the order of their columns.
CREATE TABLE event (id int, kind int, at date) PARTITION BY RANGE (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (2000);
CREATE TABLE event_2 (at date, junk text, kind int, id int);
ALTER TABLE event_2 DROP junk;
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM (2000) TO (4000);
CREATE TABLE event_3 PARTITION OF event FOR VALUES FROM (4000) TO (6000) PARTITION BY LIST (kind);
CREATE TABLE event_3_rest PARTITION OF event_3 DEFAULT;
INSERT INTO event SELECT i, i % 100, date '2024-01-01' + i % 300 FROM generate_series(0, 5999) AS i;
ANALYZE event;
SELECT clipperf_reset();
SELECT id AS partitions FROM event WHERE kind = 15 \g /dev/null
SELECT id AS partitions_sorted FROM event WHERE at > '2024-05-01' ORDER BY at DESC LIMIT 10 \g /dev/null
SELECT id AS one_partition FROM event WHERE id < 2000 AND kind = 16 \g /dev/null
SELECT id AS named_partition FROM event_2 WHERE kind = 17 \g /dev/null
DELETE FROM event AS delete_event WHERE kind = 18;
SELECT * FROM seen;
SELECT relation_bytes = (SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree('event')) AS bytes_of_all
FROM clipperf_seq_scans WHERE relation = 'event'::regclass LIMIT 1;

DROP SCHEMA seqscan_shapes CASCADE;
