-- Which route a statement is counted for.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE routed (id int);
CREATE VIEW routes AS
    SELECT coalesce(route, '(none)') COLLATE "C" AS route, calls FROM clipperf_queries
    WHERE query LIKE 'SELECT id FROM routed%' ORDER BY 1, 2;
SET application_name = 'routes test';

-- application_name, then clipperf.route, then the comment's route.
SELECT clipperf_reset();
SELECT id FROM routed;
SET clipperf.route = '/setting';
SELECT id FROM routed;
SELECT id FROM routed;
SELECT id FROM routed /*route='/comment'*/;
RESET clipperf.route;
SET application_name = '';
SELECT id FROM routed;
SET application_name = 'routes test';
SELECT * FROM routes;

-- Only the transaction's own statements.
SELECT clipperf_reset();
BEGIN;
SET LOCAL clipperf.route = '/local';
SELECT id FROM routed;
COMMIT;
SELECT id FROM routed;
SELECT * FROM routes;

-- Comments of the format, wherever they stand.
SELECT clipperf_reset();
/*route='/first'*/ SELECT id FROM routed;
SELECT id FROM routed /*action='list',route='/any%20order',traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/;
SELECT id FROM routed /*controller='clips',action='show'*/;
SELECT id FROM routed /*controller='alone'*/;
SELECT id FROM routed /* route = '/spaces' , framework = 'none' */;
SELECT id FROM routed /*route='/it%27s%20100%25'*/;
SELECT id FROM routed /*route='/escaped\'quote'*/;
SELECT id FROM routed /*route='/after'*/\;
SELECT id FROM routed\; /*route='/after semicolon'*/;
SELECT id FROM routed /* a plain comment */ WHERE id = 1 /*route='/last counts'*/;
/*+ SeqScan(routed) */ SELECT id FROM routed /*route='/with hint'*/;
SELECT id FROM routed /*route='%C3%A9t%C3%A9'*/;
SELECT * FROM routes;

-- Whatever is not of the format is no route.
SELECT clipperf_reset();
SELECT id FROM routed /*route=/unquoted*/;
SELECT id FROM routed /*route='/unclosed*/;
SELECT id FROM routed /*route='/bad%2'*/;
SELECT id FROM routed /*route='/bad%zz'*/;
SELECT id FROM routed /*route='/nul%00'*/;
SELECT id FROM routed /*route='/line%0Abreak'*/;
SELECT id FROM routed /*route='/invalid%ff'*/;
SELECT id FROM routed /*route='/a' route='/b'*/;
SELECT id FROM routed /*route='/trailing',*/;
SELECT id FROM routed /*route=''*/;
SELECT id FROM routed /**/;
SELECT id FROM routed /*=*/;
SELECT id FROM routed /*traceparent='nonsense'*/;
SELECT id FROM routed -- route='/line comment'
;
SELECT id FROM routed WHERE '/*route=''/literal''*/' = '/*route=''/literal''*/';
SELECT * FROM routes;

-- Ids in names are folded, before a name is cut.
SELECT clipperf_reset();
SELECT id FROM routed /*route='/clips/42'*/;
SELECT id FROM routed /*route='/clips/8f14e45f-ceea-467f-a0e6-1d1f6d1d1d1d/comments/7'*/;
SELECT id FROM routed /*route='/clips/8f14e45fceea167a5a36dedd4bea2543'*/;
SELECT id FROM routed /*route='/clips/01ARZ3NDEKTSV4RRFFQ69G5FAV/votes'*/;
SELECT id FROM routed /*route='/a%20very%20long%20name%20of%20a%20route%20/8f14e45f-ceea-467f-a0e6-1d1f6d1d1d1d'*/;
SELECT id FROM routed /*route='/api/v2/feed/top10'*/;
SET application_name = 'puma: cluster worker 3: 12345';
SELECT id FROM routed;
SET application_name = 'app 2.1';
SELECT id FROM routed;
SET application_name = 'routes test';
SELECT * FROM routes;

-- A traceparent in application_name is the trace of the request, and no route.
SELECT clipperf_reset();
SET application_name = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01';
SELECT id FROM routed;
SET clipperf.route = '/setting';
SELECT id FROM routed;
RESET clipperf.route;
SET application_name = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-0x';
SELECT id FROM routed;
SET application_name = 'routes test';
SELECT * FROM routes;

-- A trace in the text of a prepared statement says nothing of what is executed later.
SELECT clipperf_reset();
CREATE TABLE traced (id int PRIMARY KEY);
\o /dev/null
\set ECHO none
PREPARE one (int) AS SELECT id FROM traced WHERE id = $1 /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',route='/traced'*/;
SELECT format('EXECUTE one (%s)', i) FROM generate_series(1, 60) AS i \gexec
DEALLOCATE one;
\o
\set ECHO all
SELECT count(*) AS patterns FROM clipperf_n_plus_one WHERE route = '/traced';
SELECT calls FROM clipperf_queries WHERE route = '/traced';
-- Neither where a statement was parsed before it and failed, nor where it is analyzed again after a change of its table.
SELECT clipperf_reset();
\o /dev/null
\set ECHO none
PREPARE one (int) AS SELECT id FROM traced WHERE id = $1 /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',route='/traced'*/;
SELECT 'BEGIN', 'SAVEPOINT before', 'SELECT 1 / 0', 'ROLLBACK TO before', format('EXECUTE one (%s)', i), 'COMMIT'
FROM generate_series(1, 12) AS i \gexec
SELECT 'ALTER TABLE traced ALTER id SET STATISTICS ' || i, format('EXECUTE one (%s)', i)
FROM generate_series(13, 24) AS i \gexec
DEALLOCATE one;
\o
\set ECHO all
SELECT count(*) AS patterns FROM clipperf_n_plus_one WHERE route = '/traced';
SELECT sum(calls) AS calls FROM clipperf_queries WHERE route = '/traced';
-- In the text of each it does.
SELECT clipperf_reset();
\o /dev/null
\set ECHO none
SELECT format($$SELECT id FROM traced WHERE id = %s /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01',route='/traced'*/$$, i)
FROM generate_series(1, 60) AS i \gexec
SELECT format($$SET application_name = '00-4bf92f3577b34da6a3ce929d0e0e4738-00f067aa0ba902b7-01'; SET clipperf.route = '/named'; SELECT id FROM traced WHERE id = %s$$, i)
FROM generate_series(1, 60) AS i \gexec
\o
\set ECHO all
RESET application_name;
RESET clipperf.route;
SET application_name = 'routes test';
SELECT route, confidence, children BETWEEN 50 AND 60 AS children FROM clipperf_n_plus_one WHERE route IN ('/traced', '/named') ORDER BY route COLLATE "C";
DROP TABLE traced;

-- Long names are cut at a character boundary.
SELECT clipperf_reset();
SELECT id FROM routed /*route='/bcdefghij/bcdefghij/bcdefghij/bcdefghij/bcdefghij/bcdefghij/%C3%A9%C3%A9%C3%A9'*/;
SELECT route, octet_length(route) FROM routes;

-- Statements inside functions belong to the caller's route.
SELECT clipperf_reset();
SET clipperf.track = 'all';
CREATE FUNCTION inner_statement() RETURNS int LANGUAGE plpgsql AS $$
DECLARE found_id int;
BEGIN
    EXECUTE 'SELECT id FROM routed /*route=''/inner''*/' INTO found_id;
    RETURN found_id;
END $$;
SELECT inner_statement() /*route='/outer'*/;
RESET clipperf.track;
SELECT * FROM routes;

DROP FUNCTION inner_statement();
DROP VIEW routes;
DROP TABLE routed;
DROP EXTENSION clipperf;
