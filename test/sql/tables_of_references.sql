-- clipperf_table_use: what is written into a table with a foreign key reads what the key refers to, by the statement that checks it.
-- From PostgreSQL 19 on the server looks into the index of what is referred to by itself, without a statement.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SET clipperf.track = 'top';
CREATE TABLE referred (id int PRIMARY KEY);
CREATE TABLE referring (id int PRIMARY KEY, referred_id int REFERENCES referred);
SELECT clipperf_reset('queries');
INSERT INTO referred VALUES (1);
INSERT INTO referring VALUES (3, 1);
SELECT relation, reads, writes, locks_rows FROM clipperf_table_use WHERE query LIKE 'INSERT INTO referring%' ORDER BY relation::text COLLATE "C";
DROP TABLE referring, referred;
