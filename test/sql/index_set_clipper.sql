-- The shipped set, judged on the example application's own schema.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SELECT position, index_name, relation, priority, purpose FROM clipperf_index_set_members WHERE index_set = 'clipper' ORDER BY position;
SELECT m.index_name FROM clipperf_index_set_members AS m, _clipperf_read_index_statement(m.ddl) AS r
WHERE m.index_set = 'clipper' AND (r.ddl, r.index_name, r.relation) IS DISTINCT FROM (m.ddl, m.index_name, m.relation);

-- Where the application is not, nothing is to be done.
SELECT action, count(*), count(DISTINCT reason) FROM clipperf_index_set_status('clipper') GROUP BY action;

CREATE SCHEMA index_set_clipper;
SET search_path = index_set_clipper, public;
\getenv srcdir PG_ABS_SRCDIR
\set schema :srcdir '/../examples/clipper/schema.sql'
\i :schema
\set ON_ERROR_STOP off
\x on
SELECT v.* FROM clipperf_index_set_status('clipper') AS v;
\x off
SELECT index_name, problem, reason, ddl FROM clipperf_unneeded_indexes()
JOIN pg_class AS c ON c.oid = relation AND c.relnamespace = 'index_set_clipper'::regnamespace
ORDER BY index_name::text COLLATE "C";

-- The better definitions can be built.
BEGIN;
SELECT substring(reason FROM 'better: (CREATE INDEX [^;]*)') FROM clipperf_index_set_status('clipper') WHERE reason LIKE '%better: %' \gexec
ROLLBACK;

-- After what it advises, nothing is left to do.
SELECT ddl FROM clipperf_index_set_status('clipper') WHERE action = 'create' \gexec
SELECT action, count(*) FROM clipperf_index_set_status('clipper') GROUP BY action ORDER BY action;

SET client_min_messages = error;
DROP SCHEMA index_set_clipper CASCADE;
