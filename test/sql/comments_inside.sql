-- Comments that say what a statement belongs to, in the middle of it, as annotate() writes them where ORDER BY follows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE TABLE inside (id int PRIMARY KEY, note text);
CREATE VIEW routes AS
    SELECT coalesce(route, '(none)') COLLATE "C" AS route, query COLLATE "C" AS query, calls FROM clipperf_queries
    WHERE query ~ '(FROM|INTO) inside' ORDER BY 1, 2;
SET application_name = 'inside test';

-- Wherever it stands; that at the end counts, then that at the beginning, then the first one in between.
SELECT clipperf_reset();
SELECT id FROM inside /*route='/before%20order'*/ ORDER BY id;
SELECT /*controller='clips',action='index'*/ note FROM inside;
SELECT note FROM inside WHERE /*application:Clipper,controller:clips,action:show*/ id = 1;
INSERT INTO inside /*route='/insert'*/ SELECT i FROM generate_series(1, 20) AS i;
SELECT count(*) /* a remark */ FROM inside /*+ SeqScan(inside) */ WHERE id > 2 /*route='/third'*/ AND id < 7 /*route='/fourth'*/ AND note IS NULL;
/*route='/beginning'*/ SELECT id /*route='/middle'*/ FROM inside WHERE id = 3;
SELECT id /*route='/middle'*/ FROM inside WHERE id = 3 OR id = 4 /*route='/end'*/;
SELECT note /* outer /* inner */ */ /*route='/after a nested one'*/ FROM inside LIMIT 1;
SELECT id FROM inside -- /*route='/to the end of the line'*/
  WHERE /*route='/after a line'*/ id = 5;
SELECT * FROM routes;

-- What stands in strings and in names is none, nor what is not of the format.
SELECT clipperf_reset();
SELECT '/*route=''/string''*/' AS s, id FROM inside WHERE id = 1;
SELECT $$/*route='/dollar'*/$$ AS d, id FROM inside WHERE id = 1;
SELECT id AS "/*route='/name'*/" FROM inside WHERE id = 1;
SELECT E'it\'s /*route=''/escaped''*/' AS e, id FROM inside WHERE id = 1;
SELECT id /*route=/unquoted*/, note /*route='/unclosed*/ FROM inside WHERE id = 1;
SELECT route, calls FROM routes;

-- A statement that was prepared keeps its route, and one that is sent along with others has its own.
SELECT clipperf_reset();
PREPARE prepared AS SELECT id FROM inside WHERE /*route='/prepared'*/ id = $1;
EXECUTE prepared(1);
EXECUTE prepared(2);
SELECT id FROM inside /*route='/one'*/ WHERE id = 1\; SELECT id FROM inside /*route='/two'*/ WHERE id = 1;
DEALLOCATE prepared;
SELECT route, calls FROM routes;

-- They differ from call to call, and are no part of what was looked up.
SELECT clipperf_reset();
SELECT format($$SELECT note FROM inside /*route='/same',request_id='%s'*/ WHERE id = 7 ORDER BY id$$, i) FROM generate_series(1, 10) AS i \gexec
SELECT route, calls, distinct_params FROM clipperf_queries WHERE query LIKE 'SELECT note FROM inside WHERE%';

-- A loop knows by them where in the application it is, and of which request.
SELECT clipperf_reset();
SELECT format($$SELECT note FROM inside /*framework='django:4.2.1',file='clips%%2Fviews.py',line='7',route='/list',traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/ WHERE id = %s LIMIT 1$$, i)
  FROM generate_series(1, 10) AS i \gexec
SELECT confidence, children, route, framework, source_location FROM clipperf_n_plus_one;

DROP VIEW routes;
DROP TABLE inside;
RESET application_name;
