-- The same index of many tables is one piece of advice: what it saves adds up, and it is one row, one finding and one call.
-- From PostgreSQL 18 on the server takes statements for one that differ in the schema of their tables only, so that there is nothing to add up.
SELECT current_setting('server_version_num')::int >= 180000 AS is_one_statement \gset
\if :is_one_statement
\quit
\endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SET search_path = public;
SET clipperf.seqscan_min_rows = 1000;
CREATE PROCEDURE tenants(statement text) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 6 LOOP
        EXECUTE format(statement, i);
    END LOOP;
END $$;
CALL tenants('CREATE SCHEMA tenant_%1$s');
CALL tenants('CREATE TABLE tenant_%1$s.item (id int PRIMARY KEY, owner int NOT NULL, note text NOT NULL);
    INSERT INTO tenant_%1$s.item SELECT i, i %% 500, repeat(''x'', 50) FROM generate_series(1, 5000) AS i; ANALYZE tenant_%1$s.item');
CREATE TABLE tenant_1.other (id int PRIMARY KEY, owner int NOT NULL, note text NOT NULL);
INSERT INTO tenant_1.other SELECT * FROM tenant_1.item;
ANALYZE tenant_1.other;
SELECT clipperf_reset() IS NOT NULL AS reset;
\set ECHO none
\o /dev/null
SELECT format('SELECT id, note FROM tenant_%s.item WHERE owner = %s', t, i) FROM generate_series(1, 6) AS t, generate_series(1, 20) AS i \gexec
SELECT format('SELECT id, note FROM tenant_1.other WHERE owner = %s', i) FROM generate_series(1, 5) AS i \gexec
\o
\set ECHO all
-- Before anybody has asked the advisor, too.
SELECT kind, relation::text LIKE 'tenant_%.item' AS of_item, substring(summary FROM 'in .*') AS many FROM clipperf_findings() WHERE relation::text LIKE 'tenant%' ORDER BY 2 DESC;
-- None of them takes so much time, all together do; what is missing once does not.
SELECT count(*) AS rows, min(action) AS action, min(relation::text) LIKE 'tenant_%.item' AS of_item, min(benefit_share) >= 0.4 AS adds_up,
    regexp_replace(min(reason), '\(.*?\)', '(...)') LIKE 'the same in 6 tables (...), all of which clipperf_apply() handles%' AS says_so
FROM clipperf_recommend(min_benefit => 0.4);
SELECT count(*), count(DISTINCT relation), count(*) FILTER (WHERE id = alike) AS stand_for_all,
    sum(benefit_share) FILTER (WHERE id <> alike) < max(benefit_share) FILTER (WHERE id = alike) AS is_sum FROM clipperf_recommendations WHERE alike IS NOT NULL;
SELECT count(*) AS scans_without FROM clipperf_scan_advice WHERE relation::text LIKE 'tenant_%.item';
SELECT kind, substring(summary FROM 'in .*') AS many, fix = format('SELECT * FROM public.clipperf_apply(ARRAY[%s]);', a.id) AS by_its_number
FROM clipperf_findings(), (SELECT id FROM clipperf_recommendations WHERE id = alike) AS a WHERE summary ~ 'in 6 tables';
-- Its number is that of all, one of the others that of one.
SELECT count(*), count(DISTINCT ddl) FROM clipperf_apply((SELECT array_agg(id) FROM clipperf_recommendations WHERE id = alike), dry_run => true);
SELECT count(*) FROM clipperf_apply((SELECT ARRAY[max(id)] FROM clipperf_recommendations WHERE id <> alike), dry_run => true);
BEGIN;
SELECT count(*), min(state) AS state FROM clipperf_apply((SELECT array_agg(id) FROM clipperf_recommendations WHERE id = alike), concurrently => false);
SELECT count(*) FROM pg_indexes WHERE schemaname ~ '^tenant_' AND indexname = 'idx_item_owner';
SELECT count(*) FROM clipperf_findings() WHERE summary ~ 'in 6 tables';
ROLLBACK;
-- Where all of them together save too little, none is advised.
SELECT count(*) FROM clipperf_recommend(min_benefit => 0.999) WHERE action = 'create';
-- Indexes to drop, too.
CALL tenants('CREATE INDEX item_owner ON tenant_%1$s.item (owner); CREATE INDEX item_owner_id ON tenant_%1$s.item (owner, id)');
SELECT action, index_name, regexp_replace(reason, '\(.*?\)', '(...)') LIKE 'the same in 6 tables (...), %' AS says_so FROM clipperf_recommend() WHERE action = 'drop';
-- A few can be read one by one.
DROP SCHEMA tenant_4, tenant_5, tenant_6 CASCADE;
SELECT count(*) FROM clipperf_recommend() WHERE action = 'drop';
DROP SCHEMA tenant_1, tenant_2, tenant_3 CASCADE;
DROP PROCEDURE tenants;
