-- An index that serves a statement is found behind plans that look cheaper than they are.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA behind;
SET search_path = behind, public;
SET clipperf.track = 'all';
CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL, seen int NOT NULL, gone int) WITH (autovacuum_enabled = off);
INSERT INTO person SELECT i, 'Person' || i || '@example.com', i, nullif(i % 25, 0) FROM generate_series(1, 50000) AS i;
CREATE TABLE member (id int PRIMARY KEY, party int NOT NULL, person int NOT NULL) WITH (autovacuum_enabled = off);
-- Those of the first parties were not seen for long.
INSERT INTO member SELECT i, i % 200, CASE WHEN i % 200 BETWEEN 1 AND 20 THEN 1 + i * 7 % 2000 ELSE 2001 + i * 7 % 48000 END FROM generate_series(1, 100000) AS i;
VACUUM ANALYZE person, member;
CREATE PROCEDURE run(name text, times int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. times LOOP
        EXECUTE format('EXECUTE %I (%s)', name, i);
    END LOOP;
END $$;
CREATE FUNCTION advised(OUT indexes text) LANGUAGE sql AS $$
    SELECT string_agg(substring(ddl FROM 'ON behind\.(\w+ \(\(?\w+)'), ', ' ORDER BY ddl)
    FROM clipperf_recommend() WHERE action = 'create' AND ddl LIKE '% ON behind.%' $$;

-- Without statistics of the expression the planner hopes to find one of 250 rows soon. The index brings statistics: one row, which costs more than the hope.
PREPARE by_email (int) AS SELECT * FROM person WHERE lower(email) = lower('PERSON' || (49000 + $1)::text || '@EXAMPLE.COM') LIMIT 1;
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('by_email', 20);
SELECT * FROM advised();

-- With an index in the order of the result, too, the planner would walk it and hope for members among those seen last. Without, it finds the members of the party.
PREPARE latest (int) AS SELECT p.* FROM person AS p JOIN member AS m ON m.person = p.id WHERE m.party = $1 AND p.gone IS NOT NULL ORDER BY p.seen DESC LIMIT 30;
SELECT clipperf_reset() IS NOT NULL AS reset;
CALL run('latest', 20);
SELECT * FROM advised();

SET client_min_messages = error;
DROP SCHEMA behind CASCADE;
