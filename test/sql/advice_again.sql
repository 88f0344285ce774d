-- Once what is recommended is built, nothing more is, by the same measured times; what is near a threshold may be on either side of it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA again;
SET search_path = again, public;
CREATE TABLE customer (id bigint PRIMARY KEY, email text NOT NULL, grade int NOT NULL);
CREATE TABLE purchase (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customer ON DELETE CASCADE, reference text NOT NULL, email text,
    made timestamp NOT NULL, state text NOT NULL);
CREATE TABLE line (id bigint PRIMARY KEY, purchase bigint REFERENCES purchase ON DELETE CASCADE, amount int);
INSERT INTO customer SELECT i, 'User' || i || '@y.org', i % 100 FROM generate_series(1, 2000) AS i;
INSERT INTO purchase SELECT i, 1 + i % 1900, (1 + i % 2000)::text, 'USER' || (1 + i % 2000) || '@y.org', '2026-01-01'::timestamp + i * interval '1 min', 's' || i % 5
FROM generate_series(1, 20000) AS i;
INSERT INTO line SELECT i, 1 + i % 20000, i % 7 FROM generate_series(1, 20000) AS i;
CREATE VIEW everything AS SELECT *, 'new' AS source FROM purchase WHERE state <> 's4';
VACUUM ANALYZE customer, purchase, line;
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT p.id FROM customer c JOIN purchase p ON p.reference = c.id::text WHERE c.id = %s', i) FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT p.id FROM customer c JOIN purchase p ON lower(p.email) = lower(c.email) WHERE c.id = %s', i) FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT c.id, (SELECT count(*) FROM purchase p WHERE p.customer = c.id) FROM customer c WHERE c.grade = 7 ORDER BY c.id LIMIT 5 OFFSET %s', i) FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT c.id FROM customer c LEFT JOIN purchase p ON p.customer = c.id WHERE p.id IS NULL AND c.grade = %s', i) FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT count(*) FROM everything WHERE customer = %s AND made > %L', i, '2026-01-05') FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT id FROM purchase WHERE customer = %s::numeric', i) FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT id FROM purchase WHERE id::text = %L', i) FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT * FROM purchase WHERE state = ''s1'' AND made >= %L::timestamp ORDER BY made LIMIT 10', '2026-01-0' || i) FROM generate_series(1, 8) AS i \gexec
SELECT format('SELECT id, email FROM purchase WHERE (state, made, id) > (%L, %L, %s) ORDER BY state, made, id LIMIT 20', 's2', '2026-01-03', i) FROM generate_series(1, 8) AS i \gexec
SELECT format('DELETE FROM customer WHERE id = %s', 1990 + i) FROM generate_series(1, 4) AS i \gexec
SELECT pg_stat_force_next_flush();
CREATE TEMP TABLE first AS SELECT * FROM clipperf_recommend();
SELECT replace(ddl, 'CONCURRENTLY', '') FROM first WHERE action IN ('create', 'drop') ORDER BY id \gexec
VACUUM ANALYZE customer, purchase, line;
\o
\set ECHO all
SELECT count(*) > 4 AS recommended FROM first WHERE action = 'create';
SELECT action, ddl FROM clipperf_recommend(min_benefit => 0.02) WHERE action IN ('create', 'drop');
SELECT action, ddl FROM clipperf_recommend(min_benefit => 0.02) WHERE action IN ('create', 'drop');
SELECT count(*) > 4 AS built FROM clipperf_recommendations WHERE status = 'built';
-- What the planner reads of an index when it plans again counts as no scan: it would tell of calls that nobody made.
CREATE TABLE event (id int PRIMARY KEY, made int NOT NULL);
INSERT INTO event SELECT i, i FROM generate_series(1, 5000) AS i;
CREATE INDEX event_made ON event (made);
VACUUM ANALYZE event;
\o /dev/null
SELECT format('SELECT count(*) FROM event WHERE made > %s', 4990 + i) FROM generate_series(1, 8) AS i \gexec
SELECT pg_stat_force_next_flush();
SELECT idx_scan AS scans FROM pg_stat_user_indexes WHERE indexrelid = 'event_made'::regclass \gset
SELECT count(*) FROM clipperf_recommend();
SELECT pg_stat_force_next_flush();
\o
SELECT idx_scan - :scans AS counted FROM pg_stat_user_indexes WHERE indexrelid = 'event_made'::regclass;
-- Which calls came after an index is known by their plans: scans do not tell, as one is counted for each element of a list.
CREATE TABLE sale (id int PRIMARY KEY, shop int NOT NULL, made int NOT NULL, amount int NOT NULL, quantity int NOT NULL, note text);
INSERT INTO sale SELECT i, abs(hashint4(i)) % 200, i / 20, i % 90, i % 7, repeat('n', 90) FROM generate_series(1, 40000) AS i;
VACUUM ANALYZE sale;
CREATE TEMP TABLE sales AS SELECT format('SELECT sum(quantity) FROM sale WHERE shop = %s AND made < 1000', i) AS statement FROM generate_series(1, 8) AS i
UNION ALL SELECT format('SELECT made, sum(amount) FROM sale WHERE shop IN (%s, 31, 32, 33, 34, 35, 36, 37) GROUP BY made', i) FROM generate_series(1, 8) AS i;
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
SET clipperf.plan_interval = 1;
\o /dev/null
SELECT statement FROM sales \gexec
CREATE TEMP TABLE listed AS SELECT * FROM clipperf_recommend(queryids => (SELECT array_agg(queryid) FROM clipperf_queries WHERE query LIKE 'SELECT made, sum(amount)%'));
SELECT replace(ddl, 'CONCURRENTLY', '') FROM listed WHERE action = 'create' \gexec
VACUUM ANALYZE sale;
SELECT statement FROM sales \gexec
SELECT pg_stat_force_next_flush();
RESET clipperf.plan_interval;
\o
\set ECHO all
SELECT ddl FROM listed WHERE action = 'create';
SELECT ddl FROM clipperf_recommend() WHERE action = 'create' AND blocks_before > (SELECT blocks_before FROM listed WHERE action = 'create') / 3;
-- What is left when an index is built, and counted from then on, is not worth another one that finds the same rows a little better.
CREATE TABLE visit (id int PRIMARY KEY, site int NOT NULL, state text NOT NULL, made timestamp NOT NULL, pad text);
INSERT INTO visit SELECT i, abs(hashint4(i)) % 20, 's' || i % 7, '2026-01-01'::timestamp + i * interval '5 min', repeat('x', 90) FROM generate_series(1, 40000) AS i;
VACUUM ANALYZE visit;
-- A statement that an index for others serves a little gets its own as well, at once.
SELECT count(*) FROM clipperf_recommend_for(ARRAY['SELECT id FROM visit WHERE site = $1 AND state > $2 ORDER BY state DESC, made DESC LIMIT 20',
    'SELECT count(*) FROM visit WHERE date_trunc(''day'', made) = $1 AND site = $2'], weights => '{100,8}') WHERE action = 'create';
CREATE TEMP TABLE visits AS SELECT format('SELECT id FROM visit WHERE state > ''s%s'' ORDER BY state DESC, made DESC LIMIT 20', i % 6) AS statement FROM generate_series(1, 100) AS i
UNION ALL SELECT format('SELECT count(*) FROM visit WHERE date_trunc(''day'', made) = ''2026-03-0%s'' AND site = %s', i, i) FROM generate_series(1, 4) AS i;
DELETE FROM clipperf_recommendations;
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT statement FROM visits \gexec
CREATE TEMP TABLE visited AS SELECT * FROM clipperf_recommend(queryids => (SELECT array_agg(queryid) FROM clipperf_queries WHERE query ~ 'FROM visit WHERE'));
SELECT replace(ddl, 'CONCURRENTLY', '') FROM visited WHERE action IN ('create', 'drop') ORDER BY id \gexec
VACUUM ANALYZE visit;
SELECT clipperf_reset() IS NOT NULL AS reset;
SELECT statement FROM visits \gexec
\o
\set ECHO all
SELECT regexp_replace(ddl, '^.* ON ', '') AS recommended FROM visited WHERE action = 'create';
SELECT action, ddl FROM clipperf_recommend(queryids => (SELECT array_agg(queryid) FROM clipperf_queries WHERE query ~ 'FROM visit WHERE')) WHERE action IN ('create', 'drop');
-- The planner knows how many rows meet a condition on an expression by an index of all rows, not by a partial one, which would therefore be read in another way than if both were there.
CREATE TABLE account (id int PRIMARY KEY, email text NOT NULL, deleted boolean NOT NULL, parent int);
INSERT INTO account SELECT i, 'A' || i || '@y.org', i % 5 > 0, CASE WHEN i % 3 = 0 THEN i / 10 END FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE account;
SELECT ddl FROM clipperf_recommend_for(ARRAY['SELECT id FROM account WHERE lower(email) = ''a77@y.org'' AND NOT deleted']);
CREATE INDEX account_email ON account (lower(email));
VACUUM ANALYZE account;
SELECT action, ddl FROM clipperf_recommend_for(ARRAY['SELECT id FROM account WHERE lower(email) = ''a77@y.org'' AND NOT deleted']);
-- Of a table that stands twice in a statement, the reason tells what is asked of the one that the index is for.
SELECT ddl, regexp_replace(reason, ', for .*', '') AS reason FROM clipperf_recommend_for(ARRAY['SELECT a.id FROM account a WHERE a.id < 9 AND NOT EXISTS (SELECT 1 FROM account c WHERE c.parent = a.id)']);
-- A first page is quick by the keys alone: what its columns would save besides, were they included, the next run would not ask for.
CREATE TABLE ledger (id bigint PRIMARY KEY, side int NOT NULL, amount int NOT NULL, note text NOT NULL);
INSERT INTO ledger SELECT i, i % 10, abs(hashint4(i)) % 100000, repeat('n', 60) FROM generate_series(1, 100000) AS i;
VACUUM ANALYZE ledger;
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id, amount FROM ledger WHERE amount > %s AND side = 1 ORDER BY amount DESC LIMIT 25', 40000 + i) FROM generate_series(1, 8) AS i \gexec
\o
\set ECHO all
CREATE TEMP TABLE page AS SELECT action, ddl, replace(ddl, 'CONCURRENTLY', '') AS build FROM clipperf_recommend(min_benefit => 0.02) WHERE action IN ('create', 'drop');
SELECT action, ddl FROM page;
\o /dev/null
SELECT build FROM page \gexec
VACUUM ANALYZE ledger;
\o
SELECT action, ddl FROM clipperf_recommend(min_benefit => 0.02) WHERE action IN ('create', 'drop');
-- An index that is gone was not built.
DROP SCHEMA again CASCADE;
SELECT count(*) IS NOT NULL AS again FROM clipperf_recommend();
SELECT count(*) AS built FROM clipperf_recommendations WHERE status = 'built';
DELETE FROM clipperf_recommendations;
