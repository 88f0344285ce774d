-- What functions of clipperf run is no habit of the application; what its own functions run is, whatever their text
-- or that of the client says.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE TABLE own_statements (id int PRIMARY KEY, n int);
INSERT INTO own_statements SELECT i, i FROM generate_series(1, 100) AS i;
SET clipperf.track = 'all';
CREATE FUNCTION own_statements_app() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM own_statements WHERE n < 50);
END $$;
CREATE VIEW own_statements_nested AS
SELECT calls, query FROM clipperf_queries
WHERE NOT toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (query LIKE '%own_statements%' OR query LIKE '%clipperf%' OR query LIKE '%pg_extension%');

-- A name of ours in the text means nothing.
SELECT clipperf_reset();
SELECT own_statements_app() /* as clipperf_report() does */;
SELECT own_statements_app() AS clipperf_queries;
SELECT * FROM own_statements_nested;

-- Nor does what ran before, in a statement of its own.
SELECT clipperf_reset();
DO $$ BEGIN
    PERFORM FROM clipperf_info;
    PERFORM count(*) FROM own_statements;
END $$;
SELECT * FROM own_statements_nested;

-- Functions of ours, in PL/pgSQL, SQL and C, that run statements; called by a client, and by an application's function
-- under another name.
SELECT clipperf_reset();
SELECT clipperf_add_index('own_statements', 'CREATE INDEX own_statements_n ON own_statements (n)');
SELECT count(*) FROM clipperf_index_set_status('own_statements');
SELECT count(*) FROM clipperf_recommend(index_set => 'own_statements');
\set VERBOSITY terse
SELECT _clipperf_raise('error', '22023', 'none of them');
SELECT count(*) >= 0 AS reported FROM clipperf_report();
CREATE FUNCTION own_statements_hidden() RETURNS void LANGUAGE plpgsql AS $$
DECLARE prefix text := 'clip' || 'perf_';
BEGIN
    EXECUTE 'SELECT ' || prefix || 'remove_index(''own_statements'', ''own_statements_n'')';
END $$;
SELECT own_statements_hidden();
SELECT * FROM own_statements_nested;
SELECT count(*) AS handed_up FROM clipperf_table_use WHERE relation::text LIKE 'clipperf%';

-- Nor are statements on tables of ours, unless they use others too.
SELECT clipperf_reset();
SELECT count(*) > 0 AS t FROM clipperf_index_set_members;
TABLE clipperf_recommendations \g /dev/null
DELETE FROM clipperf_endpoints WHERE name = 'none';
INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('none', '{/none}', 100);
DELETE FROM clipperf_endpoints WHERE name = 'none';
SELECT clipperf_accept('seq_scan', 'own_statements', reason => 'known') > 0 AS t;
SELECT clipperf_unaccept('seq_scan', 'own_statements');
SELECT count(*) FROM clipperf_accepted JOIN own_statements USING (id) WHERE own_statements.n < 0;
SELECT query FROM clipperf_queries
WHERE toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query LIKE '%clipperf%';

-- Nor are calls of ours that fail the application's, whatever raises the error.
SELECT clipperf_reset();
SELECT clipperf_reset('everything');
SELECT clipperf_report(0);
SELECT clipperf_report_text(NULL);
SELECT clipperf_findings(0);
SELECT clipperf_check('{}');
SELECT clipperf_accept(NULL);
SELECT clipperf_recommend(min_calls => -1);
SELECT clipperf_recommend_for(NULL);
SELECT clipperf_unneeded_indexes('infinity');
SELECT clipperf_what_if(NULL);
SELECT clipperf_migration('sideways');
SELECT clipperf_apply(ids => '{-1}');
SELECT clipperf_cancel(-1);
SELECT clipperf_revert(-1);
SELECT clipperf_wait(NULL);
SELECT clipperf_add_index(NULL, 'CREATE INDEX i ON own_statements (n)');
SELECT clipperf_remove_index('none', 'none');
SELECT clipperf_drop_index_set('none');
SELECT clipperf_index_set_status('none');
SELECT clipperf_add_endpoints('none');
SELECT clipperf_snapshot('');
SELECT clipperf_drop_period('none');
SELECT clipperf_compare('none', 'none');
SELECT clipperf_profile('none');
SELECT query, errors FROM clipperf_queries
WHERE toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query LIKE '%clipperf%';

-- Only those of the extension's schema are ours.
CREATE SCHEMA own_statements_other;
CREATE FUNCTION own_statements_other.clipperf_mine() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM own_statements WHERE n < 60);
END $$;
SELECT clipperf_reset();
SELECT own_statements_other.clipperf_mine();
SELECT * FROM own_statements_nested;

-- A function with such a name that is no member of the extension is not, either.
SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'clipperf' \gset
CREATE FUNCTION :ours.clipperf_own_statements() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM own_statements WHERE n > 60);
END $$;
SELECT clipperf_reset();
SELECT :ours.clipperf_own_statements();
SELECT * FROM own_statements_nested;
DROP FUNCTION :ours.clipperf_own_statements();

-- Nor is one whose owner, a stranger, makes it depend on the extension: that makes nothing a member.
CREATE ROLE regress_own_stranger;
GRANT CREATE, USAGE ON SCHEMA :ours TO regress_own_stranger;
GRANT SELECT ON own_statements TO regress_own_stranger;
SET ROLE regress_own_stranger;
CREATE TABLE :ours.clipperf_stranger (n int);
CREATE INDEX clipperf_stranger_n ON :ours.clipperf_stranger (n);
CREATE MATERIALIZED VIEW :ours.clipperf_strangers AS SELECT 1 AS n;
CREATE FUNCTION :ours.clipperf_own_statements() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM own_statements WHERE n > 70);
END $$;
ALTER FUNCTION :ours.clipperf_own_statements() DEPENDS ON EXTENSION clipperf;
ALTER INDEX :ours.clipperf_stranger_n DEPENDS ON EXTENSION clipperf;
ALTER MATERIALIZED VIEW :ours.clipperf_strangers DEPENDS ON EXTENSION clipperf;
RESET ROLE;
SELECT clipperf_reset();
SELECT :ours.clipperf_own_statements();
SELECT calls, query FROM own_statements_nested WHERE query LIKE '%own_statements%';
SELECT relation, _clipperf_is_own(relation::regclass) FROM unnest(ARRAY['clipperf_stranger', 'clipperf_strangers', 'clipperf_accepted']) AS relation;
DROP TABLE :ours.clipperf_stranger;
DROP MATERIALIZED VIEW :ours.clipperf_strangers;
DROP FUNCTION :ours.clipperf_own_statements();
DROP OWNED BY regress_own_stranger;
DROP ROLE regress_own_stranger;

-- What fails inside.
CREATE FUNCTION own_statements_fails() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 / (n - 7) FROM own_statements;
EXCEPTION WHEN division_by_zero THEN
    PERFORM count(*) FROM own_statements WHERE n = 7;
END $$;
SELECT clipperf_reset();
SELECT own_statements_fails() AS clipperf_fails;
SELECT n.*, q.errors FROM own_statements_nested AS n JOIN clipperf_queries AS q USING (query) ORDER BY n.query COLLATE "C";

DROP SCHEMA own_statements_other CASCADE;
DROP VIEW own_statements_nested;
DROP FUNCTION own_statements_app, own_statements_hidden, own_statements_fails;
DROP TABLE own_statements;
