-- What plans statements of others starts subtransactions, and what keeps something runs commands: neither can be done while a
-- plan is run in parallel.  So all that leads there is PARALLEL UNSAFE, whatever it is called through.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;

WITH RECURSIVE ours AS (
    SELECT p.oid, p.proparallel
    FROM pg_proc AS p
         JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'clipperf'
), uses (object, used) AS (
    -- functions use functions and views, views are their rules
    SELECT d.objid, CASE WHEN d.refclassid = 'pg_class'::regclass THEN r.oid ELSE d.refobjid END
    FROM pg_depend AS d
         LEFT JOIN pg_rewrite AS r ON d.refclassid = 'pg_class'::regclass AND r.ev_class = d.refobjid AND r.oid <> d.objid
    WHERE d.classid IN ('pg_proc'::regclass, 'pg_rewrite'::regclass) AND d.refclassid IN ('pg_proc'::regclass, 'pg_class'::regclass)
), unsafe (object) AS (
    SELECT oid FROM ours WHERE proparallel = 'u'
    UNION
    SELECT u.object FROM uses AS u JOIN unsafe ON unsafe.object = u.used
)
SELECT o.oid::regprocedure AS wrong FROM unsafe JOIN ours AS o ON o.oid = unsafe.object WHERE o.proparallel <> 'u';

CREATE TABLE parallel_labels (id int PRIMARY KEY, a int);
SELECT count(set_config(name, 'on', false)) AS forced FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT used FROM clipperf_what_if('SELECT * FROM parallel_labels WHERE a = 1', ARRAY['CREATE INDEX ON parallel_labels (a)']);
SET client_min_messages = warning;
SELECT count(*) >= 0 AS t FROM clipperf_findings();
SELECT count(*) >= 0 AS t FROM clipperf_report();
SELECT count(*) >= 0 AS t FROM clipperf_problems();
SELECT count(*) > 0 AS t FROM clipperf_metrics();
SELECT clipperf_snapshot('parallel_labels') > 0 AS t;
SELECT clipperf_drop_period('parallel_labels');
RESET client_min_messages;
DROP TABLE parallel_labels;
