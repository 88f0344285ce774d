-- Row-level security that reads a setting of the application: advice on it, and who sees the setting.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
SELECT clipperf_reset();
CREATE ROLE regress_tenant_owner;
CREATE ROLE regress_tenant_app;
CREATE ROLE regress_tenant_stranger;
GRANT regress_tenant_app TO CURRENT_USER;
CREATE SCHEMA tenants;
GRANT USAGE ON SCHEMA tenants TO PUBLIC;
SET search_path = tenants, public;
CREATE TABLE invoice (id int PRIMARY KEY, org_id int NOT NULL, made int NOT NULL, note text NOT NULL);
INSERT INTO invoice SELECT i, CASE WHEN i % 10 = 0 THEN i % 2000 ELSE 7777 END, i, repeat('x', 200)
FROM generate_series(1, 40000) AS i;
CREATE FUNCTION current_org() RETURNS int STABLE LANGUAGE sql AS $$ SELECT current_setting('app.org', true)::int $$;
CREATE TABLE bill (LIKE invoice INCLUDING ALL);
INSERT INTO bill SELECT * FROM invoice;
ANALYZE invoice, bill;
ALTER TABLE invoice ENABLE ROW LEVEL SECURITY;
ALTER TABLE bill ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON invoice USING (org_id = current_setting('app.org')::int);
CREATE POLICY own_rows ON bill USING (org_id = current_org());
GRANT SELECT ON invoice, bill TO regress_tenant_app;
ALTER FUNCTION current_org() OWNER TO regress_tenant_app;
ALTER TABLE invoice OWNER TO regress_tenant_owner;
ALTER TABLE bill OWNER TO regress_tenant_owner;

-- The application, for two customers.
SELECT clipperf_reset();
SET ROLE regress_tenant_app;
SET app.org = '10';
SELECT count(*), max(made) FROM invoice WHERE note <> 'never';
SELECT count(*), max(made) FROM bill WHERE note <> 'never';
SET app.org = '20';
SELECT count(*), max(made) FROM invoice WHERE note <> 'never';
SELECT count(*), max(made) FROM bill WHERE note <> 'never';
RESET app.org;
RESET ROLE;

-- The settings are kept as parameters are.
SELECT query, settings FROM clipperf_samples
WHERE query LIKE '%FROM invoice%' OR query LIKE '%FROM bill%' ORDER BY query COLLATE "C", settings;
SET ROLE regress_tenant_stranger;
SELECT count(*) FROM clipperf_samples;
SELECT count(*) FROM clipperf_workload();
RESET ROLE;
SET ROLE regress_tenant_app;
SELECT count(*) FROM clipperf_samples;
RESET ROLE;

-- In a session that knows nothing of the setting.
\c
SET search_path = tenants, public;
SELECT problem, variants, query FROM clipperf_workload() WHERE query ~ 'FROM (invoice|bill)' ORDER BY query COLLATE "C";
SELECT action, ddl FROM clipperf_recommend() WHERE action = 'create' ORDER BY ddl COLLATE "C";

-- A setting whose name is no constant is the statement's problem.
SELECT clipperf_reset();
SET app.hidden = '3';
SET plan_cache_mode = force_generic_plan;
PREPARE by_name(text) AS SELECT note FROM invoice WHERE org_id = current_setting($1)::int AND made = 5;
EXECUTE by_name('app.hidden');
\c
SET search_path = tenants, public;
SELECT problem FROM clipperf_workload() WHERE query LIKE '%FROM invoice%';

-- Whatever a stranger puts into a setting, it is a string, and it is his.
SELECT clipperf_reset();
SET ROLE regress_tenant_app;
SET app.org = '10';
SET app.note = '''; DROP TABLE tenants.bill; --';
SELECT count(*) FROM bill WHERE current_setting('app.note') = note;
SET plperl.on_plperl_init = 'system("true")';
SELECT count(*) FROM bill WHERE current_setting('plperl.on_plperl_init') = note AND id = -1;
SELECT count(*) FROM bill WHERE current_setting('clipperf.track') = note AND id = -2;
SELECT count(*) FROM bill WHERE current_setting('work_mem') = note AND id = -3;
SELECT set_config('app.long', repeat('long ', 100), false) IS NOT NULL AS set;
SELECT count(*) FROM bill WHERE current_setting('app.long') = note AND made = -4;
RESET ROLE;
SELECT query, settings FROM clipperf_samples WHERE query LIKE '%FROM bill%' ORDER BY query COLLATE "C";
\c
SET search_path = tenants, public;
SET app.org = 'mine';
SELECT problem, query FROM clipperf_workload() WHERE query LIKE '%FROM bill%' ORDER BY query COLLATE "C";
SELECT count(*) >= 0 AS advised FROM clipperf_recommend();
SELECT current_setting('clipperf.track') AS track, current_setting('plperl.on_plperl_init', true) AS init,
       current_setting('app.org') AS org, to_regclass('tenants.bill') AS bill;

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA tenants CASCADE;
DROP ROLE regress_tenant_owner, regress_tenant_app, regress_tenant_stranger;
