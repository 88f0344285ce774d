-- clipperf_workload(): which statements can be planned again, and why not.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;

CREATE SCHEMA workload;
SET search_path = workload, public;
CREATE TABLE orders (id int PRIMARY KEY, customer int, state text, made timestamptz DEFAULT now());
INSERT INTO orders SELECT i, i % 100, CASE WHEN i % 10 = 0 THEN 'open' ELSE 'done' END
FROM generate_series(1, 1000) AS i;
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE VIEW open_orders AS SELECT id, customer FROM orders WHERE state = 'open';
CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE MATERIALIZED VIEW totals AS SELECT customer, count(*) AS n FROM orders GROUP BY customer;
ANALYZE orders;

CREATE TABLE dropped (id int);
CREATE TABLE narrowed (id int, extra int);
CREATE TABLE retyped (id int);
CREATE TYPE mood AS ENUM ('fine', 'bad');
CREATE TABLE moods (mood mood);
CREATE TEMP TABLE passing (id int);

SELECT clipperf_reset() IS NULL AS reset;

-- What can be planned.
SELECT count(*) FROM orders WHERE customer = 7;
SELECT count(*) FROM open_orders WHERE customer = 10;
WITH ids AS (SELECT id FROM customers) SELECT count(*) FROM ids JOIN orders ON orders.customer = ids.id;
SELECT count(*) FROM events WHERE at > '2024-06-01';
SELECT count(*) FROM totals;
UPDATE orders SET state = 'done' WHERE id = 1 AND EXISTS (SELECT FROM customers);
INSERT INTO customers SELECT id, 'x' FROM orders WHERE id = 5;
DELETE FROM customers WHERE id = 5;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM orders WHERE state LIKE 'op%';
FETCH 0 FROM c;
COMMIT;
PREPARE by_customer(int) AS SELECT count(*) FROM orders WHERE customer < $1;
EXECUTE by_customer(3);
EXECUTE by_customer(4);

-- What cannot.
SELECT count(*) FROM dropped;
SELECT count(*) FROM narrowed WHERE extra = 1;
SELECT count(*) FROM retyped WHERE id = 1;
PREPARE by_mood(mood) AS SELECT count(*) FROM moods WHERE mood = $1;
EXECUTE by_mood('bad');
SELECT count(*) FROM passing;
DROP TABLE dropped;
ALTER TABLE narrowed DROP COLUMN extra;
ALTER TABLE retyped ALTER COLUMN id TYPE boolean USING true;
DEALLOCATE by_mood;
ALTER TYPE mood RENAME VALUE 'bad' TO 'poor';

-- What is none of the workload's.
SELECT count(*) > 0 AS t FROM pg_class;
SELECT count(*) > 0 AS t FROM clipperf_queries;
SET clipperf.track = 'all';
SELECT count(*) >= 0 AS t FROM clipperf_report();
SET clipperf.track = 'top';

SELECT query, calls, tables, problem IS NULL AND plan_cost > 0 AND variants > 0 AS planned, problem
FROM clipperf_workload() ORDER BY query COLLATE "C";

-- Filters.
SELECT query, calls FROM clipperf_workload(min_calls => 2) ORDER BY query COLLATE "C";
SELECT count(*) AS none FROM clipperf_workload(since => now() + interval '1 day');
SELECT count(*) AS none FROM clipperf_workload(queryids => '{}');
SELECT query FROM clipperf_workload(queryids => ARRAY(SELECT queryid FROM clipperf_workload()
    WHERE query LIKE '%open_orders%'));
SELECT round(sum(share)::numeric, 6) AS all_of_it FROM clipperf_workload();

-- Catalogs are locked like other tables while a statement that names them is planned again.
SELECT count(*) FROM customers JOIN information_schema.sql_features ON feature_id = name;
BEGIN;
SELECT count(*) AS planned FROM clipperf_workload() WHERE query LIKE '%sql_features%' AND problem IS NULL;
SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'information_schema.sql_features'::regclass;
COMMIT;

-- Where no sample tells the search_path, the tables that a statement uses do, unless two of one name may be meant.
SELECT clipperf_reset();
SET clipperf.capture_parameters = off;
CREATE SCHEMA workload_one;
CREATE SCHEMA "Workload, two";
CREATE TABLE workload_one.parcels (id int, weight int);
CREATE TABLE "Workload, two".labels (id int, parcel int);
CREATE TABLE "Workload, two".parcels (id int, weight int);
SET search_path = workload_one, "Workload, two";
SELECT count(*) FROM parcels JOIN labels ON labels.parcel = parcels.id WHERE weight > 3;
SELECT count(*) FROM parcels JOIN "Workload, two".parcels AS others USING (id);
SET search_path = workload, public;
RESET clipperf.capture_parameters;
SELECT query, tables, problem FROM clipperf_workload() ORDER BY query COLLATE "C";

SET client_min_messages = warning;
DROP SCHEMA workload, workload_one, "Workload, two" CASCADE;
