-- Which route a statement is counted for.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE routed (id int);
CREATE VIEW routes AS
    SELECT coalesce(route, '(none)') AS route, calls FROM clipperf_queries
    WHERE query LIKE 'SELECT id FROM routed%' ORDER BY 1 COLLATE "C", 2;
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

-- Long names are cut at a character boundary.
SELECT clipperf_reset();
SELECT id FROM routed /*route='/123456789/123456789/123456789/123456789/123456789/123456789/%C3%A9%C3%A9%C3%A9'*/;
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
