-- clipperf_workload(): whose statements one sees, and whose rights they are planned with.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;

CREATE ROLE regress_app;
CREATE ROLE regress_gone;
CREATE ROLE regress_reader;
CREATE ROLE regress_monitor;
GRANT pg_read_all_stats TO regress_monitor;
CREATE SCHEMA rights;
GRANT USAGE ON SCHEMA rights TO PUBLIC;
SET search_path = rights, public;
CREATE TABLE notes (id int PRIMARY KEY, owner text, body text);
CREATE TABLE secrets (id int, body text);
CREATE TABLE columns (id int, body text);
CREATE VIEW shown AS SELECT id FROM secrets;
GRANT ALL ON ALL TABLES IN SCHEMA rights TO regress_app, regress_gone;
CREATE POLICY own ON notes USING (owner = current_user);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION notes_of(who text) RETURNS bigint LANGUAGE plpgsql AS
$$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM rights.notes WHERE owner = who; RETURN n; END $$;
SELECT clipperf_reset() IS NOT NULL AS reset;

SET SESSION AUTHORIZATION regress_app;
SELECT count(*) FROM notes WHERE body = 'x';
SELECT count(*) FROM secrets WHERE id = 1;
UPDATE secrets SET body = 'x' WHERE id = 2;
SELECT count(*) FROM shown;
SELECT id FROM columns WHERE id = 1;
SELECT body FROM columns WHERE id = 1;
SELECT count(*) FROM notes AS n JOIN shown USING (id);
RESET SESSION AUTHORIZATION;
SET clipperf.track = 'all';
SET SESSION AUTHORIZATION regress_app;
SELECT notes_of('me');
RESET SESSION AUTHORIZATION;
RESET clipperf.track;
SET SESSION AUTHORIZATION regress_gone;
SELECT count(*) FROM notes WHERE id = 3;
RESET SESSION AUTHORIZATION;
SELECT 'SELECT ' || string_agg('id + id', ' + ') || ' AS n FROM notes' AS long FROM generate_series(1, 1000) \gset
SET clipperf.capture_parameters = off;
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) FROM notes WHERE id = 4;
SELECT count(*) FROM notes WHERE body = interval '1 day'::text;
:long;
RESET SESSION AUTHORIZATION;
RESET clipperf.capture_parameters;

REVOKE ALL ON secrets FROM regress_app;
GRANT SELECT ON secrets TO regress_app;
REVOKE ALL ON columns FROM regress_app;
GRANT SELECT (id) ON columns TO regress_app;
REVOKE ALL ON shown FROM regress_app;
REVOKE ALL ON ALL TABLES IN SCHEMA rights FROM regress_gone;
DROP ROLE regress_gone;

SELECT usename, left(query, 60) AS query, tables, variants > 0 AS planned, problem
FROM clipperf_workload() WHERE usename IS DISTINCT FROM current_user ORDER BY usename, query COLLATE "C";

-- A temporary table of the reader hides none of the statements' tables.
CREATE TEMP TABLE notes (nothing int);
SELECT tables = '{rights.notes}' AS same, problem FROM clipperf_workload()
WHERE usename = 'regress_app' AND query = 'SELECT count(*) FROM notes WHERE id = $1';
DROP TABLE pg_temp.notes;

-- Who sees what.
SET SESSION AUTHORIZATION regress_reader;
SELECT count(*) AS own FROM clipperf_workload();
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) > 5 AS own, count(*) FILTER (WHERE usename <> 'regress_app') AS others FROM clipperf_workload();
SET SESSION AUTHORIZATION regress_monitor;
SELECT count(*) FILTER (WHERE usename = 'regress_app' AND problem IS NULL) > 3 AS others FROM clipperf_workload();
RESET SESSION AUTHORIZATION;

SET client_min_messages = warning;
DROP SCHEMA rights CASCADE;
DROP ROLE regress_app, regress_reader, regress_monitor;
