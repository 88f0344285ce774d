-- ALTER SCHEMA ... RENAME takes nothing away: every function, view and table still works.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT current_database() AS home \gset
CREATE DATABASE regress_clipperf_renamed TEMPLATE template0;
\c regress_clipperf_renamed
SET client_min_messages = warning;
CREATE SCHEMA monitoring;
CREATE EXTENSION clipperf SCHEMA monitoring;
CREATE TABLE items (id int, a int);
INSERT INTO items SELECT i, i FROM generate_series(1, 5000) AS i;
ANALYZE items;
SELECT monitoring.clipperf_add_index('early', 'CREATE INDEX items_a ON items (a)');

-- What was called before and is planned already, too.
SELECT count(*) >= 0 AS works FROM monitoring.clipperf_report();
ALTER SCHEMA monitoring RENAME TO "Moved elsewhere";

-- How each function is called; a new one needs its line here.
CREATE TABLE calls (function name PRIMARY KEY, call text);
INSERT INTO calls VALUES
    ('_clipperf_relation_in', 'SELECT %s._clipperf_relation_in(''items'')'),
    ('_clipperf_relation_out', 'SELECT %1$s._clipperf_relation_out(''items''::%1$s._clipperf_relation)'),
    ('_clipperf_relation_recv', 'CREATE TEMP TABLE received (relation %s._clipperf_relation)'),
    ('_clipperf_relation_send', 'SELECT %1$s._clipperf_relation_send(''items''::%1$s._clipperf_relation)'),
    ('clipperf_accept', 'SELECT %s.clipperf_accept(''seq_scan'', statement => ''none'')'),
    ('clipperf_accept_all', 'SELECT %s.clipperf_accept_all(''none'')'),
    ('clipperf_add_endpoints', 'SELECT %s.clipperf_add_endpoints(''clipper'')'),
    ('_clipperf_endpoint_check', 'UPDATE %s.clipperf_endpoints SET comment = name'),
    ('_clipperf_endpoints_changed', 'DELETE FROM %s.clipperf_endpoints WHERE name = ''vote'''),
    ('_clipperf_endpoint_statements', 'SELECT * FROM %s._clipperf_endpoint_statements(''{%%}'', NULL)'),
    ('_clipperf_budget', 'SELECT %s._clipperf_budget(0.95)'),
    ('_clipperf_burn_rates', 'SELECT %s._clipperf_burn_rates(''{1}'', ''{1}'', 0.05)'),
    ('_clipperf_alert', 'SELECT %s._clipperf_alert(''{1,1,1,1,1,1,1}'', ''{1,1,1,1,1,1,1}'', 1)'),
    ('_clipperf_measured_endpoints', 'SELECT * FROM %s._clipperf_measured_endpoints()'),
    ('_clipperf_missed_objectives', 'SELECT * FROM %s._clipperf_missed_objectives()'),
    ('_clipperf_find_breaches', 'SELECT * FROM %s._clipperf_find_breaches(false, NULL, NULL)'),
    ('_clipperf_sync_endpoints', 'SELECT %s._clipperf_sync_endpoints()'),
    ('_clipperf_read_endpoints', 'SELECT * FROM %s._clipperf_read_endpoints()'),
    ('clipperf_metrics', 'SELECT %s.clipperf_metrics()'),
    ('_clipperf_kinds', 'SELECT %s._clipperf_kinds()'),
    ('_clipperf_finding_kinds', 'SELECT * FROM %s._clipperf_finding_kinds()'),
    ('_clipperf_count_findings', 'SELECT %s._clipperf_count_findings()'),
    ('_clipperf_recent_finding_counts', 'SELECT %s._clipperf_recent_finding_counts()'),
    ('_clipperf_metric_label', 'SELECT %s._clipperf_metric_label(''a "b"'')'),
    ('_clipperf_metric_families', 'SELECT * FROM %s._clipperf_metric_families()'),
    ('_clipperf_metric_samples', 'SELECT * FROM %s._clipperf_metric_samples(true)'),
    ('_clipperf_read_request_metrics', 'SELECT * FROM %s._clipperf_read_request_metrics()'),
    ('clipperf_add_index', 'SELECT %s.clipperf_add_index(''late'', ''CREATE INDEX items_id ON items (id)'')'),
    ('_clipperf_advise', 'SELECT * FROM %s._clipperf_advise(NULL, NULL, 0, NULL, NULL, NULL, 1, NULL, NULL, NULL, ''{SELECT FROM items WHERE a = 1}'', NULL)'),
    ('clipperf_apply', 'SELECT * FROM %s.clipperf_apply(index_set => ''early'', concurrently => false)'),
    ('_clipperf_apply_obstacle', 'SELECT %s._clipperf_apply_obstacle()'),
    ('_clipperf_batched', 'SELECT * FROM %s._clipperf_batched(1)'),
    ('_clipperf_build_pace', 'SELECT * FROM %s._clipperf_build_pace()'),
    ('_clipperf_build_progress', 'SELECT * FROM %s._clipperf_build_progress()'),
    ('clipperf_cancel', 'SELECT %1$s.clipperf_cancel(max(job)) FROM %1$s.clipperf_jobs'),
    ('clipperf_check', 'SELECT %s.clipperf_check(''{n_plus_one}'')'),
    ('_clipperf_count', 'SELECT %s._clipperf_count(2, ''row'', ''rows'')'),
    ('clipperf_drop_index_set', 'SELECT %s.clipperf_drop_index_set(''clipper'')'),
    ('_clipperf_drop_reservation', 'SELECT %s._clipperf_drop_reservation()'),
    ('clipperf_snapshot', 'SELECT %1$s.clipperf_snapshot(''first''), %1$s.clipperf_snapshot(''second'')'),
    ('_clipperf_take_snapshot', 'SELECT %s._clipperf_take_snapshot(NULL, NULL, ''nobody'')'),
    ('_clipperf_note_ours', 'SELECT %s._clipperf_note_ours()'),
    ('_clipperf_read_sampled', 'SELECT * FROM %s._clipperf_read_sampled()'),
    ('_clipperf_keep_waits', 'SELECT %s._clipperf_keep_waits(0)'),
    ('_clipperf_read_states', 'SELECT * FROM %s._clipperf_read_states()'),
    ('_clipperf_end_block', 'SELECT %s._clipperf_end_block()'),
    ('_clipperf_drop_old_periods', 'SELECT %s._clipperf_drop_old_periods(1000)'),
    ('_clipperf_purge_snapshots', 'SELECT %s._clipperf_purge_snapshots()'),
    ('_clipperf_find_period', 'SELECT %1$s.clipperf_snapshot(''found''); SELECT %1$s._clipperf_find_period(''found'', 0)'),
    ('clipperf_drop_period', 'SELECT %1$s.clipperf_snapshot(''dropped''); SELECT %1$s.clipperf_drop_period(''dropped'')'),
    ('clipperf_compare', 'SELECT %1$s.clipperf_snapshot(''one''); SELECT %1$s.clipperf_snapshot(''two''); SELECT * FROM %1$s.clipperf_compare()'),
    ('clipperf_compare_figures', 'SELECT %1$s.clipperf_snapshot(''three''); SELECT %1$s.clipperf_snapshot(''four''); SELECT * FROM %1$s.clipperf_compare_figures()'),
    ('clipperf_impact', 'SELECT %1$s.clipperf_snapshot(''five''); SELECT %1$s.clipperf_snapshot(''six''); SELECT * FROM %1$s.clipperf_impact()'),
    ('_clipperf_compared', 'SELECT * FROM %s._clipperf_compared(1, 2)'),
    ('_clipperf_compared_findings', 'SELECT * FROM %s._clipperf_compared_findings(1, 2)'),
    ('_clipperf_compare_states', 'SELECT * FROM %s._clipperf_compare_states(NULL, NULL, NULL, NULL, NULL, NULL, true, NULL, NULL)'),
    ('_clipperf_figure_names', 'SELECT %s._clipperf_figure_names()'),
    ('_clipperf_kind_name', 'SELECT %s._clipperf_kind_name(''a'')'),
    ('_clipperf_cell', 'SELECT %s._clipperf_cell(1, 2)'),
    ('_clipperf_change', 'SELECT %s._clipperf_change(1, 2)'),
    ('_clipperf_duration', 'SELECT %s._clipperf_duration(1)'),
    ('_clipperf_plain', 'SELECT %s._clipperf_plain(''a'')'),
    ('_clipperf_plain_sql', 'SELECT %s._clipperf_plain_sql(''SELECT 1'')'),
    ('_clipperf_is_shown', 'SELECT %s._clipperf_is_shown(0, NULL, NULL, ''{}'', '''')'),
    ('_clipperf_excerpt', 'SELECT %s._clipperf_excerpt(''SELECT 1'', 80)'),
    ('_clipperf_family', 'SELECT * FROM %s._clipperf_family(''items'')'),
    ('_clipperf_find', 'SELECT * FROM %s._clipperf_find()'),
    ('_clipperf_find_advice', 'SELECT * FROM %s._clipperf_find_advice(false, NULL)'),
    ('_clipperf_find_jobs', 'SELECT * FROM %s._clipperf_find_jobs(false, NULL)'),
    ('_clipperf_find_n_plus_one', 'SELECT * FROM %s._clipperf_find_n_plus_one(false, NULL)'),
    ('_clipperf_find_scans', 'SELECT * FROM %s._clipperf_find_scans(false, NULL)'),
    ('_clipperf_find_slow_plans', 'SELECT * FROM %s._clipperf_find_slow_plans(false, NULL)'),
    ('_clipperf_find_statements', 'SELECT * FROM %s._clipperf_find_statements(false, NULL)'),
    ('_clipperf_fix_of', 'SELECT %s._clipperf_fix_of(''{1}'')'),
    ('_clipperf_fix_of_scan', 'SELECT %s._clipperf_fix_of_scan(NULL, NULL, NULL)'),
    ('_clipperf_has_index', 'SELECT %s._clipperf_has_index(''items'', ''items_a'', NULL)'),
    ('_clipperf_is_served', 'SELECT %s._clipperf_is_served(''items'', ''CREATE INDEX ON items (a)'')'),
    ('clipperf_unneeded_indexes', 'SELECT * FROM %s.clipperf_unneeded_indexes()'),
    ('_clipperf_index_set_changed', 'INSERT INTO %1$s.clipperf_index_set_members (index_set, position, index_name, relation, ddl, priority, purpose, shipped, changed) SELECT index_set, position, index_name, relation, ddl, priority, purpose, shipped, true FROM %1$s.clipperf_index_set_members WHERE shipped LIMIT 1'),
    ('clipperf_index_set_status', 'SELECT * FROM %s.clipperf_index_set_status(''clipper'')'),
    ('_clipperf_indexed_tables', 'SELECT %s._clipperf_indexed_tables()'),
    ('_clipperf_is_accepted', 'SELECT %s._clipperf_is_accepted(''seq_scan'', ''items'', ''{1}'', ''{none}'', ''none'', ''{}'')'),
    ('_clipperf_job_changed', 'INSERT INTO %s._clipperf_job (action, state, relid, relation_name, index_name, ddl, role) SELECT ''create'', ''canceled'', 0, ''none'', ''none'', ''none'', 10'),
    ('clipperf_line', 'SELECT %s.clipperf_line(''SELECT 1'', 80)'),
    ('_clipperf_may_see_job', 'SELECT %s._clipperf_may_see_job(10, ''items''::regclass)'),
    ('clipperf_migration', 'SELECT %s.clipperf_migration(''up'', index_set => ''early'')'),
    ('_clipperf_not_replicated', 'SET LOCAL session_replication_role = replica; UPDATE %s.clipperf_index_set_members SET purpose = purpose; SET LOCAL session_replication_role = origin'),
    ('_clipperf_number', 'SELECT %s._clipperf_number(1)'),
    ('_clipperf_query_text', 'SELECT %s._clipperf_query_text(10, 1, 1)'),
    ('_clipperf_is_own', 'SELECT %s._clipperf_is_own(''items'')'),
    ('_clipperf_is_small', 'SELECT %s._clipperf_is_small(''items'')'),
    ('_clipperf_job_statement', 'SELECT %s._clipperf_job_statement(''create'', ''CREATE INDEX i ON items (a)'', ''items''::regclass, ''i'', false)'),
    ('_clipperf_idiom', 'SELECT %s._clipperf_idiom(''rails'')'),
    ('_clipperf_loops', 'SELECT * FROM %s._clipperf_loops(true, NULL)'),
    ('_clipperf_loop_figures', 'SELECT %s._clipperf_loop_figures(''a becomes b'', ''proven'', 1, 2, 3, 1, true, 1, 1)'),
    ('_clipperf_script_statements', 'SELECT * FROM %s._clipperf_script_statements(''SELECT 1'')'),
    ('_clipperf_shorten', 'SELECT %s._clipperf_shorten(''SELECT 1'', 80)'),
    ('_clipperf_index_parts', 'SELECT * FROM %s._clipperf_index_parts(''CREATE INDEX i ON items (a)'')'),
    ('clipperf_judged', 'SELECT * FROM %s.clipperf_judged(''{n_plus_one}'')'),
    ('clipperf_problems', 'SELECT * FROM %s.clipperf_problems(''{n_plus_one}'')'),
    ('_clipperf_subject_of_loop', 'SELECT %s._clipperf_subject_of_loop(1, ''SELECT 1'', ''SELECT 2'')'),
    ('_clipperf_subject_of_scan', 'SELECT %s._clipperf_subject_of_scan(''seq_scan'', ''SELECT 1'', NULL, NULL)'),
    ('_clipperf_unmatched', 'SELECT %s._clipperf_unmatched(''{items}'')'),
    ('clipperf_findings', 'SELECT * FROM %s.clipperf_findings(accepted => true)'),
    ('_clipperf_read_unneeded_indexes', 'SELECT * FROM %s._clipperf_read_unneeded_indexes(''{}'', NULL)'),
    ('_clipperf_read_index_statement', 'SELECT * FROM %s._clipperf_read_index_statement(''CREATE INDEX i ON items (a)'')'),
    ('_clipperf_read_indexes', 'SELECT * FROM %s._clipperf_read_indexes(''items'')'),
    ('_clipperf_read_cacheable', 'SELECT * FROM %s._clipperf_read_cacheable()'),
    ('_clipperf_read_info', 'SELECT * FROM %s._clipperf_read_info()'),
    ('_clipperf_read_n_plus_one', 'SELECT * FROM %s._clipperf_read_n_plus_one()'),
    ('_clipperf_read_queries', 'SELECT * FROM %s._clipperf_read_queries()'),
    ('_clipperf_read_routes', 'SELECT * FROM %s._clipperf_read_routes(true)'),
    ('_clipperf_read_route_histograms', 'SELECT * FROM %s._clipperf_read_route_histograms()'),
    ('_clipperf_read_activity', 'SELECT * FROM %s._clipperf_read_activity()'),
    ('_clipperf_read_waits', 'SELECT * FROM %s._clipperf_read_waits()'),
    ('_clipperf_read_samples', 'SELECT * FROM %s._clipperf_read_samples()'),
    ('_clipperf_read_plan_changes', 'SELECT * FROM %s._clipperf_read_plan_changes()'),
    ('_clipperf_find_plan_changes', 'SELECT * FROM %s._clipperf_find_plan_changes(false, NULL)'),
    ('_clipperf_read_bad_estimates', 'SELECT * FROM %s._clipperf_read_bad_estimates()'),
    ('_clipperf_read_worst_nodes', 'SELECT * FROM %s._clipperf_read_worst_nodes()'),
    ('_clipperf_find_bad_estimates', 'SELECT * FROM %s._clipperf_find_bad_estimates(false, NULL)'),
    ('_clipperf_explain_estimate', 'SELECT * FROM %s._clipperf_explain_estimate(10, 1, NULL, ''groups'', true)'),
    ('_clipperf_statement_nodes', 'SELECT * FROM %s._clipperf_statement_nodes()'),
    ('_clipperf_read_plans', 'SELECT * FROM %s._clipperf_read_plans()'),
    ('clipperf_profile', 'SELECT %s.clipperf_profile()'),
    ('_clipperf_profile_pprof', 'SELECT %s._clipperf_profile_pprof()'),
    ('_clipperf_read_seq_scans', 'SELECT * FROM %s._clipperf_read_seq_scans()'),
    ('_clipperf_read_table_use', 'SELECT * FROM %s._clipperf_read_table_use()'),
    ('clipperf_recommend', 'SELECT * FROM %s.clipperf_recommend()'),
    ('clipperf_recommend_for', 'SELECT * FROM %s.clipperf_recommend_for(''{SELECT FROM items WHERE a = 1}'')'),
    ('clipperf_remove_index', 'SELECT %s.clipperf_remove_index(''late'', ''items_id'')'),
    ('clipperf_report', 'SELECT * FROM %s.clipperf_report(accepted => true)'),
    ('clipperf_report_text', 'SELECT * FROM %s.clipperf_report_text()'),
    ('clipperf_reset', 'SELECT %s.clipperf_reset(''n_plus_one'')'),
    ('clipperf_reset_database', 'SELECT %s.clipperf_reset_database(''n_plus_one'')'),
    ('clipperf_revert', 'SELECT %1$s.clipperf_revert(max(job)) FROM %1$s.clipperf_jobs'),
    ('_clipperf_statement_waits', 'SELECT * FROM %s._clipperf_statement_waits()'),
    ('_clipperf_statement_routes', 'SELECT * FROM %s._clipperf_statement_routes()'),
    ('_clipperf_seen', 'SELECT * FROM %s._clipperf_seen()'),
    ('_clipperf_share', 'SELECT %s._clipperf_share(0.1)'),
    ('_clipperf_some', 'SELECT %s._clipperf_some(''{a,b,c}'')'),
    ('_clipperf_statement_sums', 'SELECT * FROM %s._clipperf_statement_sums()'),
    ('_clipperf_statement_texts', 'SELECT * FROM %s._clipperf_statement_texts(''{1}'')'),
    ('_clipperf_statement_time', 'SELECT %s._clipperf_statement_time()'),
    ('_clipperf_subject', 'SELECT %s._clipperf_subject(''SELECT 1'')'),
    ('clipperf_unaccept', 'SELECT %s.clipperf_unaccept(''seq_scan'', statement => ''none'')'),
    ('clipperf_wait', 'SELECT %s.clipperf_wait(NULL, ''1ms'')'),
    ('_clipperf_wasteful_scans', 'SELECT * FROM %s._clipperf_wasteful_scans()'),
    ('clipperf_what_if', 'SELECT * FROM %s.clipperf_what_if(''SELECT FROM items WHERE a = 1'', ''{CREATE INDEX ON items (a)}'')'),
    ('clipperf_workload', 'SELECT * FROM %s.clipperf_workload()'),
    ('_clipperf_worth_of', 'SELECT %s._clipperf_worth_of(''{1}'')'),
    ('_clipperf_raise', 'SELECT %s._clipperf_raise(''notice'', NULL, ''none'')'),
    ('_clipperf_wrong_kinds', 'SELECT %s._clipperf_wrong_kinds(''{seq_scan}'')'),
    ('_clipperf_wrong_top', 'SELECT %s._clipperf_wrong_top(1)'),
    ('_clipperf_remark', 'SELECT %s._clipperf_remark(true, NULL, NULL)'),
    ('_clipperf_named', 'SELECT %s._clipperf_named(''items'', true, ''a'')'),
    ('_clipperf_shown_fix', 'SELECT %s._clipperf_shown_fix(''SELECT 1'', 80, 0, ''elsewhere'')'),
    ('_clipperf_listed', 'SELECT * FROM %s._clipperf_listed(20, true)'),
    ('_clipperf_wrap', 'SELECT %s._clipperf_wrap(''a'', ''b'', ''c'', 100, true)');

CREATE VIEW members AS
SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'clipperf';
SELECT p.proname AS not_called FROM members AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE p.proname NOT IN (SELECT function FROM calls) ORDER BY 1;

-- What fails, and why.
CREATE FUNCTION fails(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION failures() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT f.function || ': ' || f.failure
    FROM (SELECT c.function,
                 fails(format(c.call, (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'clipperf'))) AS failure
          FROM calls AS c ORDER BY c.function COLLATE "C") AS f
    WHERE f.failure IS NOT NULL
    UNION ALL
    SELECT f.relation || ': ' || f.failure
    FROM (SELECT c.oid::regclass AS relation, fails(format('SELECT count(t::text) FROM %s AS t', c.oid::regclass)) AS failure
          FROM members AS m JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind IN ('r', 'v')
          ORDER BY c.relname COLLATE "C") AS f
    WHERE f.failure IS NOT NULL
$$;
SELECT count(*) > 50 AS many FROM calls;
SELECT * FROM failures();
SELECT index_set, removed, changed FROM "Moved elsewhere".clipperf_index_set_members WHERE index_name = 'items_a' OR NOT removed AND shipped;

-- A background process finds it, too.
SELECT max(job) AS reverted FROM "Moved elsewhere".clipperf_jobs \gset
SELECT "Moved elsewhere".clipperf_wait(:reverted, '1 min');
SELECT to_regclass('items_a') IS NULL AS gone;
SELECT job FROM "Moved elsewhere".clipperf_apply(index_set => 'early') \gset
SELECT "Moved elsewhere".clipperf_wait(:job, '1 min');
SELECT state, relation FROM "Moved elsewhere".clipperf_jobs WHERE job = :job;
SELECT count(*) > 0 AS noted FROM "Moved elsewhere".clipperf_job_changes WHERE job = :job;

SELECT "Moved elsewhere".clipperf_cancel(:job);

-- The extension itself is not moved.
ALTER EXTENSION clipperf SET SCHEMA public;

\c :home
DROP DATABASE regress_clipperf_renamed WITH (FORCE);
