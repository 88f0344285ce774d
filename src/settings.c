/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Every setting of clipperf.
 *
 *-------------------------------------------------------------------------
 */
#include "settings.h"

#include <limits.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "hotpath.h"

bool		setting_enabled = true;
int			setting_track HOTPATH_DATA = TRACK_TOP;
Captures	setting_captures HOTPATH_DATA = CAPTURES_UNKNOWN;
bool		setting_unseen = false;
char	   *setting_tables = NULL;
uint32		setting_tables_version HOTPATH_DATA = 0;
int			setting_max_statements = 5000;
int			setting_text_memory_kb = 6144;
int			setting_cache_statements HOTPATH_DATA = 128;
bool		setting_lineage HOTPATH_DATA = true;
int			setting_nplusone_min_children = 5;
int			setting_nplusone_window_ms HOTPATH_DATA = 5000;
int			setting_request_idle_ms HOTPATH_DATA = 100;
int			setting_seqscan_min_rows HOTPATH_DATA = 1000;
int			setting_plan_interval HOTPATH_DATA = 100;
int			setting_capture_parameters HOTPATH_DATA = CAPTURE_ON;
char	   *setting_private_columns = NULL;
uint32		setting_private_columns_version HOTPATH_DATA = 1;
char	   *setting_route HOTPATH_DATA = NULL;
void		(*setting_route_told) (const char *name) = NULL;
char	   *setting_trace HOTPATH_DATA = NULL;
uint32		setting_trace_version HOTPATH_DATA = 1;
int			setting_save_interval_s = 300;
int			setting_snapshot_interval_s = 0;
int			setting_sample_interval_ms = 20;
int			setting_snapshot_keep = 100;
bool		setting_save_samples = false;
int			setting_max_build_workers = 1;
bool		setting_auto_revert = false;
int			setting_verify_calls = 1000;
int			setting_verify_time_s = 3600;
int			setting_give_way_after_ms = 200;
int			setting_long_transaction_ms = 10000;

static const struct config_enum_entry track_options[] = {
	{"none", TRACK_NONE, false},
	{"top", TRACK_TOP, false},
	{"all", TRACK_ALL, false},
	{NULL, 0, false}
};

/* As for a setting that is on or off, too. */
static const struct config_enum_entry capture_options[] = {
	{"off", CAPTURE_OFF, false},
	{"types", CAPTURE_TYPES, false},
	{"on", CAPTURE_ON, false},
	{"false", CAPTURE_OFF, true},
	{"no", CAPTURE_OFF, true},
	{"0", CAPTURE_OFF, true},
	{"true", CAPTURE_ON, true},
	{"yes", CAPTURE_ON, true},
	{"1", CAPTURE_ON, true},
	{NULL, 0, false}
};

/* Assign hook of clipperf.enabled: what follows from it is found out when needed. */
static void
assign_enabled(bool newval, void *extra)
{
	setting_captures = CAPTURES_UNKNOWN;
}

/* Assign hook of clipperf.track: likewise. */
static void
assign_track(int newval, void *extra)
{
	setting_captures = CAPTURES_UNKNOWN;
}

/* The names in clipperf.tables, split; NIL stands for "*". */
static List *watched_names = NIL;
static char *watched_string = NULL;

/*
 * Check hook of clipperf.tables: a list of table names, schema-qualified or
 * not, or "*".
 */
static bool
check_tables(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *names = NIL;
	bool		ok;

	ok = strcmp(copy, "*") == 0 || SplitGUCList(copy, ',', &names);
	if (!ok)
		GUC_check_errdetail("List syntax is invalid.");
	list_free(names);
	pfree(copy);
	return ok;
}

/* Assign hook of clipperf.tables: the split list is made again when needed. */
static void
assign_tables(const char *newval, void *extra)
{
	watched_string = NULL;
	setting_tables_version++;
}

/* Split clipperf.tables into watched_names, in long-lived memory. */
static void
split_tables(void)
{
	static MemoryContext context = NULL;
	MemoryContext old;

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "clipperf tables",
										ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	watched_names = NIL;
	old = MemoryContextSwitchTo(context);
	if (strcmp(setting_tables, "*") != 0)
		(void) SplitGUCList(pstrdup(setting_tables), ',', &watched_names);
	MemoryContextSwitchTo(old);
	watched_string = setting_tables;
}

/*
 * Is this table named by clipperf.tables?  Catalog lookups: callers keep the
 * answer.  Needs a transaction unless the setting is "*".
 */
bool
settings_table_is_watched(Oid relid)
{
	ListCell   *lc;
	char	   *name;
	char	   *qualified;

	if (watched_string != setting_tables)
		split_tables();
	if (watched_names == NIL)
		return strcmp(setting_tables, "*") == 0;

	name = get_rel_name(relid);
	if (name == NULL)
		return false;
	qualified = psprintf("%s.%s",
						 get_namespace_name_or_temp(get_rel_namespace(relid)),
						 name);
	foreach(lc, watched_names)
	{
		const char *watched = (const char *) lfirst(lc);

		if (strcmp(watched, name) == 0 || strcmp(watched, qualified) == 0)
			return true;
	}
	return false;
}

/*
 * Check hook of clipperf.private_columns: a list of patterns of names, each
 * with or without table and schema.
 */
static bool
check_private_columns(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *patterns = NIL;
	bool		ok = SplitGUCList(copy, ',', &patterns);
	ListCell   *lc;

	if (!ok)
		GUC_check_errdetail("List syntax is invalid.");
	foreach(lc, patterns)
	{
		const char *pattern = lfirst(lc);
		int			dots = 0;

		for (const char *at = pattern; *at != '\0'; at++)
			dots += *at == '.';
		if (ok && dots > 2)
		{
			GUC_check_errdetail("\"%s\" has more than three parts.", pattern);
			ok = false;
		}
	}
	list_free(patterns);
	pfree(copy);
	return ok;
}

/* Assign hook of clipperf.private_columns. */
static void
assign_private_columns(const char *newval, void *extra)
{
	setting_private_columns_version++;
}

/* Check hook of clipperf.route: any name will do, but may be cut. */
static bool
check_route(char **newval, void **extra, GucSource source)
{
	if (*newval != NULL && source >= PGC_S_INTERACTIVE &&
		!InitializingParallelWorker && setting_route_told != NULL)
		setting_route_told(*newval);
	return true;
}

/* Assign hook of clipperf.trace. */
static void
assign_trace(const char *newval, void *extra)
{
	setting_trace_version++;
}

/* Does clipperf.private_columns name any column? */
bool
settings_private_columns(void)
{
	return setting_private_columns[0] != '\0';
}

/*
 * Does a name fit a pattern, in which "*" stands for any characters?  Letters
 * of ASCII fit in either case.
 */
static bool
name_fits(const char *name, const char *pattern)
{
	for (; *pattern != '*'; name++, pattern++)
	{
		if (pg_ascii_tolower((unsigned char) *name) !=
			pg_ascii_tolower((unsigned char) *pattern))
			return false;
		if (*name == '\0')
			return true;
	}
	while (*pattern == '*')
		pattern++;
	for (;; name++)
	{
		if (name_fits(name, pattern))
			return true;
		if (*name == '\0')
			return false;
	}
}

/*
 * Does a pattern such as "email", "users.*" or "*.users.email" name a column?
 * Its parts are compared from the last one on.
 */
static bool
pattern_names_column(const char *pattern, const char *const *names)
{
	char	   *parts = pstrdup(pattern);
	bool		fits = true;

	for (int i = 0; fits && parts != NULL; i++)
	{
		char	   *dot = strrchr(parts, '.');

		fits = name_fits(names[i], dot == NULL ? parts : dot + 1);
		if (dot == NULL)
			parts = NULL;
		else
			*dot = '\0';
	}
	return fits;
}

/* Does clipperf.private_columns name this column?  Allocates memory. */
bool
settings_column_is_private(const char *schema, const char *table,
						   const char *column)
{
	const char *const names[] = {column, table, schema};
	List	   *patterns = NIL;
	ListCell   *lc;

	(void) SplitGUCList(pstrdup(setting_private_columns), ',', &patterns);
	foreach(lc, patterns)
	{
		if (pattern_names_column(lfirst(lc), names))
			return true;
	}
	return false;
}

/* Settings that say what is captured. */
static void
define_capture_settings(void)
{
	DefineCustomBoolVariable("clipperf.enabled",
							 "Captures what statements do.",
							 NULL, &setting_enabled, true,
							 PGC_SUSET, 0, NULL, assign_enabled, NULL);
	DefineCustomEnumVariable("clipperf.track",
							 "Selects which statements are counted.",
							 "\"top\" counts statements sent by clients, \"all\" also those inside functions.",
							 &setting_track, TRACK_TOP, track_options,
							 PGC_SUSET, 0, NULL, assign_track, NULL);
	DefineCustomStringVariable("clipperf.tables",
							   "Tables whose N+1 patterns and sequential scans are looked for.",
							   "A comma-separated list of names, with or without schema, or \"*\" for all.",
							   &setting_tables, "*",
							   PGC_SUSET, GUC_LIST_INPUT,
							   check_tables, assign_tables, NULL);
	DefineCustomEnumVariable("clipperf.capture_parameters",
							 "Selects what is kept of a few executions of each statement.",
							 "\"types\" keeps the types of its parameters and which are null, \"on\" also their values.",
							 &setting_capture_parameters, CAPTURE_ON, capture_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("clipperf.private_columns",
							   "Columns whose values are never kept.",
							   "A comma-separated list of names, with or without table and schema, in which * stands for any characters.",
							   &setting_private_columns, "",
							   PGC_SUSET, GUC_LIST_INPUT,
							   check_private_columns, assign_private_columns, NULL);
	DefineCustomStringVariable("clipperf.route",
							   "Route (endpoint, job) that the following statements belong to.",
							   "A route in an sqlcommenter comment goes before it; application_name is used when it is empty.",
							   &setting_route, NULL,
							   PGC_USERSET, 0, check_route, NULL, NULL);
	DefineCustomStringVariable("clipperf.trace",
							   "Trace of the request that the following statements belong to.",
							   "A W3C traceparent, its trace id, or any other text. A trace in an sqlcommenter comment goes before it, application_name after it.",
							   &setting_trace, NULL,
							   PGC_USERSET, 0, NULL, assign_trace, NULL);
}

/* Settings of the two kinds of finding. */
static void
define_finding_settings(void)
{
	DefineCustomBoolVariable("clipperf.lineage",
							 "Looks for N+1 patterns by the lineage of parameter values.",
							 NULL, &setting_lineage, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.nplusone_min_children",
							"Fewest child statements of one result that make an N+1 pattern.",
							NULL, &setting_nplusone_min_children, 5, 2, 1000,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.nplusone_window",
							"Longest time between a result and its child statements.",
							NULL, &setting_nplusone_window_ms, 5000, 10, 60000,
							PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.request_idle",
							"Pause of a client that ends its request, where no trace or transaction tells.",
							NULL, &setting_request_idle_ms, 100, 1, 60000,
							PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.seqscan_min_rows",
							"Fewest rows a sequential scan reads to be recorded.",
							NULL, &setting_seqscan_min_rows, 1000, 1, INT_MAX,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.plan_interval",
							"Executions of a statement in a session of which the plan of one is measured; 0 measures none.",
							"The first ones are, too; fewer are where that would take a noticeable part of the statement's time.",
							&setting_plan_interval, 100, 0, 100000,
							PGC_SUSET, 0, NULL, NULL, NULL);
}

/* Settings of the shared memory, fixed at server start, and of the file. */
static void
define_store_settings(void)
{
	DefineCustomIntVariable("clipperf.max_statements",
							"Most statements remembered at a time.",
							NULL, &setting_max_statements, 5000, 100, 100000,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.text_memory",
							"Shared memory for statement texts.",
							NULL, &setting_text_memory_kb, 6144, 1024, 1024 * 1024,
							PGC_POSTMASTER, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.cache_statements",
							"Most statements for which it is found out what a cache of their results would save.",
							"Those that cost the most are chosen; 0 finds out nothing.",
							&setting_cache_statements, 128, 0, 10000,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.save_interval",
							"Time between two saves of what is remembered.",
							"What a crash loses at most; 0 saves at shutdown only.",
							&setting_save_interval_s, 300, 0, 86400,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.snapshot_interval",
							"Time between two snapshots of each database that has statements; 0 takes none.",
							NULL, &setting_snapshot_interval_s, 0, 0, 86400 * 7,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.sample_interval",
							"Time between two moments at which all sessions are looked at; 0 looks at none.",
							NULL, &setting_sample_interval_ms, 20, 0, 10000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.snapshot_keep",
							"Periods without a label that are kept in each database.",
							NULL, &setting_snapshot_keep, 100, 1, 100000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("clipperf.save_samples",
							 "Saves samples of executions, with their values, to disk.",
							 NULL, &setting_save_samples, false,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
}

/* Settings of how indexes are built. */
static void
define_build_settings(void)
{
	DefineCustomIntVariable("clipperf.max_build_workers",
							"Most indexes that are built at a time, in all databases.",
							NULL, &setting_max_build_workers, 1, 1, 16,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.give_way_after",
							"Longest time that others wait for a lock held by a build.",
							"The build is canceled then, and tried again later.",
							&setting_give_way_after_ms, 200, 0, 60000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.long_transaction",
							"Age of transactions whose end a build waits for before it begins.",
							NULL, &setting_long_transaction_ms, 10000, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
}

/* Settings of how indexes are judged once they are built. */
static void
define_verify_settings(void)
{
	DefineCustomBoolVariable("clipperf.auto_revert",
							 "Reverts indexes that turn out useless or harmful.",
							 NULL, &setting_auto_revert, false,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.verify_calls",
							"Calls of the statements concerned after which an index is judged.",
							"0 judges nothing.",
							&setting_verify_calls, 1000, 0, INT_MAX,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("clipperf.verify_time",
							"Time after which an index is judged, however few calls were seen.",
							NULL, &setting_verify_time_s, 3600, 1, 30 * 86400,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}

/* Called from _PG_init. */
void
settings_define(void)
{
	define_capture_settings();
	define_finding_settings();
	define_store_settings();
	define_build_settings();
	define_verify_settings();
	MarkGUCPrefixReserved("clipperf");
}

/*
 * Observe no statement of this session while "unseen" is set, and leave the
 * setting as it is for whoever reads it; returns what was.  Must be undone, on
 * error too.
 */
bool
settings_set_unseen(bool unseen)
{
	bool		before = setting_unseen;

	setting_unseen = unseen;
	setting_captures = CAPTURES_UNKNOWN;
	return before;
}

/* Observe no statement of this session up to the end of the GUC nest level. */
void
settings_pause(void)
{
	(void) set_config_option("clipperf.enabled", "off", PGC_SUSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}
