/*-------------------------------------------------------------------------
 *
 * examine.c
 *	  What clipperf doctor looks at.
 *
 * A thing that cannot be looked at because of one before, as nothing is counted where the module is not loaded, is left
 * out: the one before is what has to be dealt with.
 *
 *-------------------------------------------------------------------------
 */
#include "doctor/doctor.h"

#include <stdlib.h>
#include <string.h>

/* What functions of the extension raise where the module was not loaded at the server's start. */
#define SQLSTATE_NOT_LOADED "55000"

/* Calls without a route, in percent of all, from which on findings lack the place in the application. */
#define MANY_WITHOUT_ROUTE 10

/*
 * Adds what was seen of one thing, and what to do about it: both belong to the examination from here on.
 */
static void
add_diagnosis(Examination *examination, const char *name, Health health, char *finding, char *advice)
{
	examination->diagnoses = reallocate_memory(examination->diagnoses, (examination->count + 1) * sizeof(Diagnosis));
	examination->diagnoses[examination->count++] = (Diagnosis)
	{
		.name = name,.health = health,.finding = finding,.advice = advice
	};
	if (health == HEALTH_PROBLEM)
		examination->problems++;
	else if (health == HEALTH_NOTE)
		examination->notes++;
}

/*
 * The names of the states of health, as they are shown.
 */
const char *
health_name(Health health)
{
	static const char *const names[] = {"ok", "note", "problem"};

	return names[health];
}

/*
 * A number of the first row of a result; 0 for a null.
 */
static long long
number_of(const PGresult *result, const char *column)
{
	const char *value = result_value(result, 0, column);

	return value ? atoll(value) : 0;
}

/*
 * Is a setting of the first row of a result off?
 */
static bool
is_off(const PGresult *result, const char *column)
{
	const char *value = result_value(result, 0, column);

	return value != NULL && strcmp(value, "off") == 0;
}

/*
 * Was the module loaded at the server's start, and is the extension there?
 */
static bool
examine_installation(Examination *examination, const Session *session)
{
	if (session->is_loaded)
		add_diagnosis(examination, "preloaded", HEALTH_OK, copy_string("the module is loaded"), NULL);
	else
		add_diagnosis(examination, "preloaded", HEALTH_PROBLEM, copy_string("the module is not loaded, and sees nothing"),
					  copy_string("Add clipperf to shared_preload_libraries in postgresql.conf, and restart the server."));

	if (session->schema != NULL)
		add_diagnosis(examination, "extension", HEALTH_OK,
					  format_string("installed in database \"%s\", schema %s", session->database, session->schema), NULL);
	else
		add_diagnosis(examination, "extension", HEALTH_PROBLEM,
					  format_string("not installed in database \"%s\"", session->database),
					  copy_string("Run CREATE EXTENSION clipperf in it, as a superuser."));
	return session->is_loaded && session->schema != NULL;
}

/*
 * Do the versions of the command, the extension and the loaded module fit?
 */
static void
examine_versions(Examination *examination, const char *extension, const char *module)
{
	char	   *finding = format_string("command %s, extension %s, loaded module %s", CLIPPERF_VERSION, extension, module);

	if (is_older(module, extension))
		add_diagnosis(examination, "versions", HEALTH_PROBLEM, finding,
					  copy_string("Restart the server, so that it loads the module that is installed."));
	else if (is_older(extension, module))
		add_diagnosis(examination, "versions", HEALTH_PROBLEM, finding,
					  copy_string("Run ALTER EXTENSION clipperf UPDATE, as a superuser."));
	else if (is_older(extension, CLIPPERF_VERSION))
		add_diagnosis(examination, "versions", HEALTH_PROBLEM, finding,
					  copy_string("Install the command's version on the server, restart it, and run"
								  " ALTER EXTENSION clipperf UPDATE."));
	else
		add_diagnosis(examination, "versions", HEALTH_OK, finding, NULL);
}

/*
 * Is capture on, as far as a session like this one can tell?  "info" is the answer to INFO_QUERY, as below.
 */
static void
examine_settings(Examination *examination, const PGresult *info)
{
	if (is_off(info, "enabled"))
		add_diagnosis(examination, "capture", HEALTH_PROBLEM, copy_string("clipperf.enabled is off: nothing is seen"),
					  copy_string("Run ALTER SYSTEM SET clipperf.enabled = on; SELECT pg_reload_conf();"));
	else if (is_off(info, "query_id"))
		add_diagnosis(examination, "capture", HEALTH_PROBLEM, copy_string("compute_query_id is off: nothing is seen"),
					  copy_string("Run ALTER SYSTEM SET compute_query_id = auto; SELECT pg_reload_conf();"));
	else if (is_off(info, "lineage"))
		add_diagnosis(examination, "capture", HEALTH_PROBLEM,
					  copy_string("clipperf.lineage is off: N+1 patterns are not looked for"),
					  copy_string("Run ALTER SYSTEM SET clipperf.lineage = on; SELECT pg_reload_conf();"));
	else
		add_diagnosis(examination, "capture", HEALTH_OK, copy_string("statements and N+1 patterns are looked at"), NULL);

	if (is_off(info, "io_timing"))
		add_diagnosis(examination, "io timing", HEALTH_NOTE,
					  copy_string("track_io_timing is off: EXPLAIN does not tell reading from computing"),
					  copy_string("Run pg_test_timing on the server. If it is fast, ALTER SYSTEM SET track_io_timing = on;"
								  " SELECT pg_reload_conf();"));
	else
		add_diagnosis(examination, "io timing", HEALTH_OK, copy_string("track_io_timing is on"), NULL);
}

/*
 * Is the memory enough?
 */
static void
examine_memory(Examination *examination, const PGresult *info)
{
	long long	evicted = number_of(info, "statements_evicted");
	long long	texts = number_of(info, "texts_dropped");
	long long	loops = number_of(info, "n_plus_one_evicted");
	long long	scans = number_of(info, "seq_scans_evicted");
	long long	requests = number_of(info, "requests_lost");

	if (evicted > 0)
		add_diagnosis(examination, "memory", HEALTH_PROBLEM,
					  format_string("%lld statements were evicted by others, and their counters lost", evicted),
					  format_string("Raise clipperf.max_statements, which is %s, and restart the server.",
									result_value(info, 0, "statements_max")));
	if (texts > 0)
		add_diagnosis(examination, "memory", HEALTH_PROBLEM,
					  format_string("%lld statements are held without their text", texts),
					  copy_string("Raise clipperf.text_memory, and restart the server."));
	if (loops + scans > 0)
		add_diagnosis(examination, "memory", HEALTH_PROBLEM,
					  format_string("%lld N+1 patterns and %lld scans were evicted by others", loops, scans),
					  copy_string("Deal with the findings of clipperf report, and call clipperf_reset() from time to time."));
	if (requests > 0)
		add_diagnosis(examination, "memory", HEALTH_NOTE,
					  format_string("%lld requests were not counted, as the counters were in use", requests),
					  copy_string("Read clipperf_routes and clipperf_info less often."));
	if (evicted + texts + loops + scans + requests == 0)
		add_diagnosis(examination, "memory", HEALTH_OK,
					  format_string("%s of %s statements held, nothing was evicted",
									result_value(info, 0, "statements_held"), result_value(info, 0, "statements_max")),
					  NULL);
}

/*
 * Does the process that saves to disk run?
 */
static void
examine_saving(Examination *examination, const PGresult *info)
{
	if (result_value(info, 0, "worker_pid") == NULL)
		add_diagnosis(examination, "saving", HEALTH_PROBLEM,
					  copy_string("the background process that saves what was seen does not run"),
					  copy_string("Look for its error in the server's log, and at max_worker_processes."));
	else
		add_diagnosis(examination, "saving", HEALTH_OK,
					  result_value(info, 0, "saved_at")
					  ? format_string("last saved %s", result_value(info, 0, "saved_at"))
					  : copy_string("a background process saves what is seen"), NULL);
}

/*
 * Is it sampled what sessions wait for?
 */
static void
examine_sampling(Examination *examination, const PGresult *info)
{
	if (number_of(info, "sample_interval") == 0)
		add_diagnosis(examination, "waits", HEALTH_NOTE,
					  copy_string("clipperf.sample_interval is 0: what sessions wait for is not known"),
					  copy_string("Run ALTER SYSTEM RESET clipperf.sample_interval; SELECT pg_reload_conf();"));
	else if (result_value(info, 0, "sampler_pid") == NULL)
		add_diagnosis(examination, "waits", HEALTH_PROBLEM,
					  copy_string("the background process that samples what sessions wait for does not run"),
					  copy_string("Look for its error in the server's log, and at max_worker_processes."));
	else if (number_of(info, "wait_samples_lost") > 0)
		add_diagnosis(examination, "waits", HEALTH_NOTE,
					  format_string("%lld samples of waits were evicted by others", number_of(info, "wait_samples_lost")),
					  copy_string("Call clipperf_reset('waits') to begin again, once the load is what you want to know of."));
	else
		add_diagnosis(examination, "waits", HEALTH_OK,
					  format_string("sessions are sampled every %s ms", result_value(info, 0, "sample_interval")), NULL);
}

/*
 * Are plans measured, and caches replayed?
 */
static void
examine_plans_and_caches(Examination *examination, const PGresult *info)
{
	if (number_of(info, "plan_interval") == 0)
		add_diagnosis(examination, "plans", HEALTH_NOTE,
					  copy_string("clipperf.plan_interval is 0: plans are not measured"),
					  copy_string("Run ALTER SYSTEM RESET clipperf.plan_interval; SELECT pg_reload_conf();"));
	else
		add_diagnosis(examination, "plans", HEALTH_OK, format_string("plans held: %lld", number_of(info, "plans_held")), NULL);

	if (number_of(info, "cache_statements") == 0)
		add_diagnosis(examination, "caching", HEALTH_NOTE,
					  copy_string("clipperf.cache_statements is 0: what a cache would save is not known"),
					  copy_string("Run ALTER SYSTEM RESET clipperf.cache_statements, and restart the server, to know it."));
	else if (number_of(info, "cache_statements_evicted") > number_of(info, "cache_statements"))
		add_diagnosis(examination, "caching", HEALTH_NOTE,
					  format_string("caches were replayed for %lld statements that made space for others",
									number_of(info, "cache_statements_evicted")),
					  format_string("Raise clipperf.cache_statements, which is %s, and restart the server.",
									result_value(info, 0, "cache_statements")));
	else
		add_diagnosis(examination, "caching", HEALTH_OK,
					  format_string("caches are replayed for %lld of at most %s statements",
									number_of(info, "cache_statements_held"), result_value(info, 0, "cache_statements")), NULL);
}

/*
 * Were statements of this database seen, all that this role may ask about, and are their routes known?
 */
static void
examine_statements(Examination *examination, Session *session)
{
	char	   *query = format_string("SELECT judged.statements, seen.routes,"
									  " coalesce(100 * seen.nameless / nullif(seen.calls, 0), 0) AS nameless"
									  " FROM %1$s.clipperf_judged() AS judged,"
									  " (SELECT sum(q.calls)::int8 AS calls,"
									  " sum(q.calls) FILTER (WHERE coalesce(q.route, '') = '')::int8 AS nameless,"
									  " count(DISTINCT q.route) FILTER (WHERE q.route <> '') AS routes"
									  " FROM %1$s.clipperf_queries AS q"
									  " WHERE q.datname = current_database()"
									  " AND q.route IS DISTINCT FROM current_setting('application_name')) AS seen",
									  session->schema);
	PGresult   *result = run_query(session, query, 0, NULL);
	long long	statements = number_of(result, "statements");
	long long	nameless = number_of(result, "nameless");

	if (statements == 0)
		add_diagnosis(examination, "statements", HEALTH_PROBLEM,
					  format_string("no statement that uses a table was seen in database \"%s\"", session->database),
					  copy_string("Let the application run in this database."));
	else
		add_diagnosis(examination, "statements", HEALTH_OK,
					  format_string("statements seen that use a table: %lld", statements), NULL);

	if (!session->sees_all)
		add_diagnosis(examination, "rights", HEALTH_NOTE,
					  format_string("role \"%s\" sees only its own statements", session->role),
					  copy_string("Grant it pg_read_all_stats, or pg_monitor."));
	else
		add_diagnosis(examination, "rights", HEALTH_OK, format_string("role \"%s\" sees all statements", session->role), NULL);

	if (statements > 0 && nameless >= MANY_WITHOUT_ROUTE)
		add_diagnosis(examination, "routes", HEALTH_NOTE,
					  format_string("%lld%% of the calls have no route: findings do not say which part of the application"
									" they are about", nameless),
					  copy_string("Let the application add comments of sqlcommenter, or set application_name."));
	else if (statements > 0)
		add_diagnosis(examination, "routes", HEALTH_OK,
					  format_string("routes known: %lld", number_of(result, "routes")), NULL);
	PQclear(result);
	free(query);
}

/*
 * Are the statistics fresh of the tables that statements use?  They are not where a table was never analyzed, or where
 * twice as many rows have changed as autovacuum waits for.
 */
static void
examine_statistics(Examination *examination, Session *session)
{
	char	   *query = format_string("WITH stale AS ("
									  " SELECT c.oid::regclass::text AS name, s.n_mod_since_analyze AS changes"
									  " FROM pg_class AS c JOIN pg_stat_all_tables AS s ON s.relid = c.oid"
									  " WHERE c.relkind IN ('r', 'm')"
									  " AND NOT EXISTS (SELECT FROM pg_depend AS d JOIN pg_extension AS e"
									  " ON e.oid = d.refobjid WHERE d.classid = 'pg_class'::regclass"
									  " AND d.objid = c.oid AND d.deptype = 'e' AND e.extname = 'clipperf')"
									  " AND c.oid IN (SELECT u.relation FROM %s.clipperf_table_use AS u)"
									  " AND (c.reltuples < 0 AND pg_relation_size(c.oid) > 0"
									  " OR s.n_mod_since_analyze > 2 * ("
									  " current_setting('autovacuum_analyze_threshold')::float8"
									  " + current_setting('autovacuum_analyze_scale_factor')::float8"
									  " * c.reltuples)))"
									  " SELECT count(*) AS stale,"
									  " (SELECT string_agg(most.name, ', ')"
									  " FROM (SELECT name FROM stale ORDER BY changes DESC, name LIMIT 5) AS most) AS names"
									  " FROM stale",
									  session->schema);
	PGresult   *result = run_query(session, query, 0, NULL);
	long long	stale = number_of(result, "stale");

	if (stale > 0)
		add_diagnosis(examination, "statistics", HEALTH_PROBLEM,
					  format_string("%lld table%s that statements use %s not been analyzed lately", stale,
									stale == 1 ? "" : "s", stale == 1 ? "has" : "have"),
					  format_string("Run ANALYZE %s;%s", result_value(result, 0, "names"), stale > 5 ? " and so on" : ""));
	else
		add_diagnosis(examination, "statistics", HEALTH_OK, copy_string("those of the tables in use are fresh"), NULL);
	PQclear(result);
	free(query);
}

/*
 * What is known of the module: a row, with the settings that it follows in sessions like this one.
 */
#define INFO_QUERY \
	"SELECT i.*, current_setting('clipperf.enabled') AS enabled," \
	" current_setting('clipperf.lineage') AS lineage," \
	" current_setting('compute_query_id') AS query_id," \
	" current_setting('track_io_timing') AS io_timing," \
	" (SELECT s.setting FROM pg_settings AS s WHERE s.name = 'clipperf.sample_interval') AS sample_interval," \
	" current_setting('clipperf.plan_interval') AS plan_interval," \
	" current_setting('clipperf.cache_statements') AS cache_statements" \
	" FROM %s.clipperf_info AS i"

/*
 * Looks at everything.
 */
Examination *
examine(Session *session)
{
	Examination *examination = allocate_memory(sizeof(Examination));
	char	   *query;
	PGresult   *info;

	examination->session = session;
	if (!examine_installation(examination, session))
		return examination;

	query = format_string(INFO_QUERY, session->schema);
	info = try_query(session, query, 0, NULL, SQLSTATE_NOT_LOADED);
	if (PQresultStatus(info) != PGRES_TUPLES_OK)
	{
		/*
		 * The extension's objects are those of another version than the
		 * module.
		 */
		add_diagnosis(examination, "versions", HEALTH_PROBLEM,
					  copy_string(PQresultErrorField(info, PG_DIAG_MESSAGE_PRIMARY)),
					  copy_string("Run ALTER EXTENSION clipperf UPDATE, or restart the server."));
		return examination;
	}
	examine_versions(examination, session->version, result_value(info, 0, "version"));
	examine_settings(examination, info);
	examine_memory(examination, info);
	examine_saving(examination, info);
	examine_sampling(examination, info);
	examine_plans_and_caches(examination, info);
	examine_statements(examination, session);
	examine_statistics(examination, session);
	PQclear(info);
	free(query);
	return examination;
}
