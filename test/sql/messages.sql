-- What is said when something is wrong: a line, an SQLSTATE, and how to do better.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
\set SHOW_CONTEXT never
CREATE SCHEMA messages;
SET search_path = messages, public;
CREATE TABLE item (id int PRIMARY KEY, a int, b int);
CREATE VIEW item_view AS SELECT a FROM item;
CREATE SEQUENCE item_numbers;
CREATE FUNCTION said(call text) RETURNS TABLE (said text) LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE call;
    RETURN QUERY SELECT 'nothing';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN QUERY SELECT SQLSTATE || ': ' || message;
    RETURN QUERY SELECT 'DETAIL: ' || nullif(detail, '') WHERE detail <> '';
    RETURN QUERY SELECT 'HINT: ' || nullif(hint, '') WHERE hint <> '';
END $$;
\set VERBOSITY default
\pset tuples_only on
\pset format unaligned

-- Arguments that are null or out of range.
SELECT said($$SELECT clipperf_reset(NULL)$$);
SELECT said($$SELECT clipperf_reset('everything')$$);
SELECT said($$SELECT clipperf_report(NULL)$$);
SELECT said($$SELECT clipperf_report(0)$$);
SELECT said($$SELECT clipperf_findings(0)$$);
SELECT said($$SELECT clipperf_what_if(NULL)$$);
SELECT said($$SELECT clipperf_recommend_for(NULL)$$);
SELECT said($$SELECT clipperf_recommend_for('{NULL}')$$);
SELECT said($$SELECT clipperf_recommend_for('{SELECT 1}', weights => '{1,2}')$$);
SELECT said($$SELECT clipperf_recommend(min_calls => -1)$$);
SELECT said($$SELECT clipperf_recommend(since => now() + interval '1 day')$$);
SELECT said($$SELECT clipperf_recommend(since => 'infinity')$$);
SELECT said($$SELECT clipperf_recommend(unused_since => now() + interval '1 day')$$);
SELECT said($$SELECT clipperf_unneeded_indexes('infinity')$$);
SELECT said($$SELECT clipperf_recommend(max_indexes => -1)$$);
SELECT said($$SELECT clipperf_recommend(storage_budget => '-1 MB')$$);
SELECT said($$SELECT clipperf_recommend(min_benefit => 1.5)$$);
SELECT said($$SELECT clipperf_recommend(time_limit => '-1 s')$$);
SELECT said($$SELECT clipperf_workload(min_calls => -1)$$);
SELECT said($$SELECT clipperf_workload(since => now() + interval '1 day')$$);
SELECT said($$SELECT clipperf_apply(ids => '{NULL}')$$);
SELECT said($$SELECT clipperf_apply(ids => '{1}', index_set => 'clipper')$$);
SELECT said($$SELECT clipperf_migration('sideways')$$);
SELECT said($$SELECT clipperf_cancel(NULL)$$);
SELECT said($$SELECT clipperf_revert(NULL)$$);
SELECT said($$SELECT clipperf_wait(NULL)$$);
SELECT said($$SELECT clipperf_add_index(NULL, 'CREATE INDEX i ON item (a)')$$);
SELECT said($$SELECT clipperf_add_index('', 'CREATE INDEX i ON item (a)')$$);
SELECT said($$SELECT clipperf_add_index('mine', NULL)$$);
SELECT said($$SELECT clipperf_add_index('mine', 'CREATE INDEX i ON item (a)', 'urgent')$$);
SELECT said($$SELECT clipperf_add_index('mine', 'CREATE INDEX i ON item (a)', NULL)$$);
SELECT said($$SELECT clipperf_remove_index(NULL, 'i')$$);
SELECT said($$SELECT clipperf_remove_index('mine', NULL)$$);
SELECT said($$SELECT clipperf_drop_index_set(NULL)$$);
SELECT said($$SELECT clipperf_accept(NULL)$$);
SELECT said($$SELECT clipperf_unaccept(NULL)$$);
SELECT said($$SELECT clipperf_accept_all('known', '{seq_scan,NULL}')$$);
SELECT said($$SELECT clipperf_check('{seq_scan,NULL}')$$);
SELECT said($$SELECT clipperf_check('{seqscan}')$$);
SELECT said($$SELECT clipperf_check('{{seq_scan},{temp_spil}}')$$);
SELECT said($$SELECT clipperf_check(allow => '{{item},{NULL}}')$$);
SELECT said($$SELECT clipperf_accept_all('')$$);
SELECT said($$SELECT clipperf_drop_period(NULL)$$);
SELECT said($$SELECT clipperf_recommend_for('{}')$$);
SELECT said($$SELECT clipperf_what_if('SELECT 1', hidden => '{999999}')$$);
SELECT said($$SELECT clipperf_apply(dry_run => NULL)$$);
SELECT said($$SELECT clipperf_migration(NULL)$$);
SELECT said($$SELECT clipperf_index_set_status(NULL)$$);

-- What does not exist.
SELECT said($$SELECT clipperf_apply(ids => '{-1}')$$);
SELECT said($$SELECT clipperf_apply(index_set => 'none')$$);
SELECT said($$SELECT clipperf_migration(index_set => 'none')$$);
SELECT said($$SELECT clipperf_cancel(-1)$$);
SELECT said($$SELECT clipperf_revert(-1)$$);
SELECT said($$SELECT clipperf_drop_index_set('none')$$);
SELECT said($$SELECT clipperf_drop_period('none')$$);
SELECT said($$SELECT clipperf_remove_index('none', 'none')$$);

-- Statements that are none, or others than are wanted.
SELECT said($$SELECT clipperf_what_if('SELECT 1; SELECT 2')$$);
SELECT said($$SELECT clipperf_what_if('VACUUM')$$);
SELECT said($$SELECT clipperf_what_if('SELECT 1', '{SELECT 1}')$$);
SELECT said($$SELECT clipperf_what_if('SELECT 1', '{CREATE INDEX ON item (a); CREATE INDEX ON item (b)}')$$);
SELECT said($$SELECT clipperf_what_if('SELECT 1', '{CREATE INDEX ON ONLY item (a)}')$$);
SELECT said($$SELECT clipperf_what_if('SELECT 1', '{CREATE INDEX ON item_view (a)}')$$);
SELECT said($$SELECT clipperf_what_if('SELECT 1', '{CREATE INDEX ON item USING spgist (a)}')$$);
SELECT said($$SELECT clipperf_what_if('SELECT 1', hidden => '{item}')$$);
SELECT said($$SELECT clipperf_add_index('mine', 'CREATE INDEX ON item (a)')$$);
SELECT said($$SELECT clipperf_add_index('mine', 'DROP TABLE item')$$);
SELECT said($$SELECT clipperf_add_index('mine', 'CREATE INDEX i ON item (a)')$$);
SELECT said($$SELECT clipperf_add_index('mine', 'CREATE INDEX i ON item (a)')$$);
SET client_min_messages = notice;
SELECT clipperf_add_index('mine', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS j ON item (a)');
SELECT clipperf_drop_index_set('mine');

-- Nothing to do; who does not see everything is told so, and not to wait for more.
SELECT clipperf_reset();
DELETE FROM clipperf_recommendations;
SELECT clipperf_apply();
SELECT clipperf_migration();
SELECT clipperf_recommend();
CREATE ROLE regress_messages;
SET ROLE regress_messages;
SELECT clipperf_recommend();
RESET ROLE;

-- Names of routes that are too long, unless they fit when ids in them are folded.
SET clipperf.route = '/a/route/that/has/a/name/of/more/than/sixty-three/bytes/is/cut/there';
SET clipperf.route = '/users/6f1c2b1e-58cc-4372-a567-0e02b2c3d479/orders/6f1c2b1e-58cc-4372-a567-0e02b2c3d479';
RESET clipperf.route;

SET client_min_messages = warning;
DROP SCHEMA messages CASCADE;
DROP ROLE regress_messages;
