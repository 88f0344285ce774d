-- More names of routes than there is room for: the least recently used make room, and are counted.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE routed_many (id int);
SELECT clipperf_reset();
SELECT routes_evicted AS before FROM clipperf_info \gset
SET clipperf.route = '/first';
SELECT id FROM routed_many;
\o /dev/null
\set ECHO none
SELECT format($$SET clipperf.route = 'junk%s%s'; SELECT id FROM routed_many$$, chr(97 + i % 26), chr(97 + i / 26)) FROM generate_series(0, 599) AS i \gexec
\o
\set ECHO all
SET clipperf.route = '/real';
SELECT id FROM routed_many;
SELECT route, calls FROM clipperf_queries WHERE query LIKE 'SELECT id FROM routed_many%' AND route LIKE '/%';
-- What was named for the others is still there.
SELECT sum(calls) AS calls, count(*) FILTER (WHERE route LIKE 'junk%') BETWEEN 400 AND 511 AS named
FROM clipperf_queries WHERE query LIKE 'SELECT id FROM routed_many%';
SELECT routes_held, routes_evicted - :before BETWEEN 88 AND 601 AS evicted FROM clipperf_info;

-- Names of applications leave room for the others.
\o /dev/null
\set ECHO none
SELECT format($$SET application_name = 'client%s%s'; SET clipperf.route = ''; SELECT id FROM routed_many$$, chr(97 + i % 26), chr(97 + i / 26)) FROM generate_series(0, 599) AS i \gexec
\o
\set ECHO all
SELECT count(DISTINCT route) FILTER (WHERE route LIKE 'client%') AS clients,
    count(DISTINCT route) FILTER (WHERE route LIKE 'junk%') >= 200 AS others
FROM clipperf_queries WHERE query LIKE 'SELECT id FROM routed_many%';
RESET application_name;
RESET clipperf.route;
DROP TABLE routed_many;
