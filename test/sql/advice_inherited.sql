-- Tables that inherit from those of a statement are locked before indexes are looked for that could help.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;

CREATE SCHEMA inherited;
SET search_path = inherited, public;
CREATE TABLE measures (id int, sensor int);
CREATE TABLE measures_of_may () INHERITS (measures);
INSERT INTO measures_of_may SELECT i, i FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE measures, measures_of_may;
SELECT clipperf_reset();
SELECT id FROM measures WHERE sensor = 7;

BEGIN;
SELECT relation, ddl FROM clipperf_recommend() WHERE action = 'create';
SELECT relation::regclass::text COLLATE "C", mode FROM pg_locks
WHERE pid = pg_backend_pid() AND relation IN ('measures'::regclass, 'measures_of_may'::regclass) ORDER BY 1;
COMMIT;

SET client_min_messages = warning;
DROP SCHEMA inherited CASCADE;
