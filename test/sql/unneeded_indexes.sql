-- Indexes that should be dropped, each rule with what it must leave alone.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA unneeded;
SET search_path = unneeded, public;
CREATE TABLE started AS SELECT clock_timestamp() AS at;
CREATE VIEW found AS
SELECT h.relation, h.index_name, h.problem, h.ddl, h.size_bytes > 0 AS has_size,
    regexp_replace(regexp_replace(h.reason, '\d{4}-\d\d-\d\d \d\d:\d\d', 'TIME', 'g'), '\d+ scans', 'N scans') AS reason
FROM clipperf_unneeded_indexes((SELECT at FROM started)) AS h
JOIN pg_class AS c ON c.oid = h.index_name AND c.relnamespace = 'unneeded'::regnamespace
ORDER BY h.relation::text COLLATE "C", h.index_name::text COLLATE "C";

-- Duplicates and first keys; what backs a constraint, a foreign key, replica identity or CLUSTER stays.
CREATE TABLE twice (id int PRIMARY KEY, a int NOT NULL UNIQUE, b int NOT NULL, c int, d int);
CREATE INDEX twice_a ON twice (a);
CREATE INDEX twice_bc ON twice (b, c);
CREATE INDEX twice_b ON twice (b);
CREATE INDEX twice_bd ON twice (b, d);
CREATE UNIQUE INDEX twice_target ON twice (b, id);
CREATE TABLE refers (b int, id int, note text, FOREIGN KEY (b, id) REFERENCES twice (b, id));
CREATE UNIQUE INDEX twice_target_too ON twice (b, id);
CREATE UNIQUE INDEX twice_identity ON twice (a, id);
CREATE UNIQUE INDEX twice_identity_too ON twice (a, id);
ALTER TABLE twice REPLICA IDENTITY USING INDEX twice_identity;
CREATE INDEX twice_order ON twice (c);
CREATE INDEX twice_order_too ON twice (c);
CLUSTER twice USING twice_order;
SELECT index_name, problem, reason, ddl, has_size FROM found;

-- An index that is left of a failed build; not a partitioned one that waits for its parts.
CREATE TABLE failed (a int);
INSERT INTO failed VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY failed_a ON failed (a);
CREATE TABLE parts (a int, b int) PARTITION BY LIST (a);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE INDEX parts_waiting ON ONLY parts (a);
SELECT relation, index_name, problem, reason, ddl FROM found WHERE relation IN ('failed'::regclass, 'parts'::regclass);

-- Of partitioned tables the parent's index goes, without CONCURRENTLY; an index of a partition alone can go by itself.
DROP INDEX parts_waiting;
CREATE INDEX parts_ab ON parts (a, b);
CREATE INDEX parts_a ON parts (a);
CREATE INDEX part_alone ON parts_1 (a);
SELECT relation, index_name, problem, reason, ddl FROM found WHERE relation IN ('parts'::regclass, 'parts_1'::regclass);

-- Unused: indexes that have followed many changes of a table that is read.
CREATE TABLE used (a int, b int, c int, d int, e int, f int) WITH (autovacuum_enabled = off);
CREATE TABLE owner (id int PRIMARY KEY);
ALTER TABLE used ADD FOREIGN KEY (d) REFERENCES owner;
CREATE INDEX used_a ON used (a);
CREATE INDEX used_b ON used (b);
CREATE UNIQUE INDEX used_c ON used (c);
CREATE INDEX used_d ON used (d);
CREATE INDEX used_partial ON used (e) WHERE e >= 0;
CREATE INDEX used_ranges ON used USING brin (b);
INSERT INTO used SELECT i, i, i, NULL, i, i FROM generate_series(1, 45000) AS i;
CREATE INDEX used_young ON used (f);
CREATE TABLE unread (a int);
CREATE INDEX unread_a ON unread (a);
INSERT INTO unread SELECT generate_series(1, 45000);
CREATE TABLE small (a int, b int);
CREATE INDEX small_a ON small (a);
CREATE INDEX small_b ON small (b);
INSERT INTO small SELECT i, i FROM generate_series(1, 2000) AS i;
ANALYZE used, small;
CREATE FUNCTION look(query text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 150 LOOP
        EXECUTE query USING i;
    END LOOP;
END
$$;
SELECT look('SELECT a FROM used WHERE a = $1'), look('SELECT a FROM small WHERE a = $1');
SELECT pg_stat_force_next_flush();
SELECT index_name, problem, reason, ddl FROM found WHERE problem = 'unused';

-- Not before the counters reach back far enough, nor if nobody asks; never since a time to come.
SELECT count(*) FROM clipperf_unneeded_indexes(now() - interval '1 year') WHERE problem = 'unused';
SELECT count(*) FROM clipperf_unneeded_indexes(NULL) WHERE problem = 'unused';
SELECT count(*) FROM clipperf_unneeded_indexes(now() + interval '1 year') WHERE problem = 'unused';
SELECT count(*) FROM clipperf_unneeded_indexes() WHERE problem = 'unused';

-- What another index will be covered by takes over its scans, and stays.
CREATE INDEX used_bd ON used (b, d);
SELECT index_name, problem FROM found WHERE relation = 'used'::regclass;
DROP INDEX used_bd;

-- Once it is used it is left alone.
SELECT look('SELECT b FROM used WHERE b = $1');
SELECT pg_stat_force_next_flush();
SELECT index_name, problem FROM found WHERE relation = 'used'::regclass;

-- Everybody may look.
CREATE ROLE regress_clipperf_looker;
SET ROLE regress_clipperf_looker;
SELECT count(*) > 0 AS sees FROM clipperf_unneeded_indexes();
RESET ROLE;
DROP ROLE regress_clipperf_looker;

SET client_min_messages = error;
DROP SCHEMA unneeded CASCADE;
