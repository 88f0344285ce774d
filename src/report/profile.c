/*-------------------------------------------------------------------------
 *
 * profile.c
 *	  clipperf_profile(): where the time of a database goes.
 *
 * Time goes from routes to statements to the nodes of their plans and to what they
 * wait for.  What statements took is known exactly; which share of it they waited, by
 * the samples, and what the measured plans say of their nodes, shares that out.  So
 * everything adds up to the time of all statements.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <math.h>

#include "commands/dbcommands.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "common/arguments.h"
#include "common/excerpt.h"
#include "report/plan_outline.h"
#include "report/pprof.h"
#include "store/database_reset.h"
#include "store/plan.h"
#include "store/statement.h"
#include "store/text.h"
#include "store/waits.h"

PGDLLEXPORT Datum clipperf_profile(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_profile_pprof(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_profile);
PG_FUNCTION_INFO_V1(clipperf_profile_pprof);

/* The longest name of a statement, in characters. */
#define STATEMENT_WIDTH		100

/* A route, a statement, its plan, the nodes of that. */
#define MOST_FRAMES			(3 + PLAN_NODES)

/* What is said where there is no more to say. */
#define NO_ROUTE			"(no route)"
#define PLANNING			"(planning)"
#define NOT_MEASURED		"(plan not measured)"
#define BESIDE_NODES		"(rows sent, triggers, start and end)"

/* The fewest samples of a statement on a route that tell the shares of its waits. */
#define FEWEST_WAIT_SAMPLES	20

/* What a statement on a route waits for, of the time in which it was seen to run. */
typedef struct ProfiledWaits
{
	uint64		queryid;		/* hash key, with the next two */
	Oid			userid;
	RouteId		route;
	int64		samples;
	double		ms;				/* that these stand for */
	List	   *entries;		/* of WaitEntry: of these, those that wait */
} ProfiledWaits;

/* The plans of one statement. */
typedef struct ProfiledPlans
{
	uint64		queryid;		/* hash key, with the user */
	uint64		userid;
	double		total_us;
	List	   *plans;			/* of StatementPlan */
} ProfiledPlans;

/* A profile that is being made. */
typedef struct Profile
{
	HTAB	   *plans;			/* of ProfiledPlans */
	HTAB	   *waits;			/* of ProfiledWaits */
	WaitTable  *wait_table;
	StringInfo	folded;			/* or NULL: .. */
	PprofWriter *pprof;
	double		rounded_ns;		/* carried on from one stack to the next, so
								 * that the sum is exact */
	const char *route;
	char	   *frames[MOST_FRAMES];
} Profile;

/* PlanVisitor that keeps the plans the caller may see; "arg" is a Profile. */
static void
keep_profile_plan(const StatementPlan *plan, void *arg)
{
	Profile    *profile = arg;
	uint64		key[2] = {plan->key.queryid, plan->key.userid};
	StatementPlan *copy;
	ProfiledPlans *plans;
	bool		found;

	if (plan->key.dbid != MyDatabaseId || !report_may_read(plan->key.userid))
		return;
	plans = hash_search(profile->plans, key, HASH_ENTER, &found);
	if (!found)
	{
		plans->plans = NIL;
		plans->total_us = 0;
	}
	copy = palloc(sizeof(StatementPlan));
	*copy = *plan;
	plans->plans = lappend(plans->plans, copy);
	plans->total_us += plan->counters.total_us;
}

/* Write a frame of a folded stack: a semicolon would end it. */
static void
append_frame(StringInfo folded, const char *frame)
{
	while (*frame != '\0')
	{
		int			length = pg_mblen(frame);

		if (*frame == ';')
			appendStringInfoChar(folded, ',');
		else if ((unsigned char) *frame < ' ')
			appendStringInfoChar(folded, ' ');
		else
			appendBinaryStringInfo(folded, frame, length);
		frame += length;
	}
}

/* Add a stack of "depth" frames with what is spent in its leaf. */
static void
add_stack(Profile *profile, int depth, double us, int64 calls)
{
	double		ns = us * 1000 + profile->rounded_ns;
	double		unit = profile->folded != NULL ? 1000 : 1;
	double		units = Max(rint(ns / unit), 0);

	profile->rounded_ns = ns - units * unit;
	if (profile->folded == NULL)
	{
		if (units > 0 || calls > 0)
			pprof_add(profile->pprof, profile->frames, depth, calls, (int64) units,
					  profile->route);
		return;
	}
	if (units == 0)
		return;
	for (int i = 0; i < depth; i++)
	{
		if (i > 0)
			appendStringInfoChar(profile->folded, ';');
		append_frame(profile->folded, profile->frames[i]);
	}
	appendStringInfo(profile->folded, " %.0f\n", units);
}

/* Share a time out to the nodes of a plan, whose stack begins at "depth". */
static void
add_plan(Profile *profile, int depth, const StatementPlan *plan, double us, int64 calls)
{
	double		shared_us = plan->counters.shared_us;
	double		left_us = us;

	for (int i = 0; i < plan->nodes; i++)
	{
		int			place = depth + Min(plan->node[i].depth, PLAN_NODES - 1);
		double		node_us = shared_us <= 0 ? 0 :
			us * plan->did[i].self_us / shared_us;

		profile->frames[place] = plan_node_title(&plan->node[i]);
		node_us = Min(node_us, left_us);
		add_stack(profile, place + 1, node_us, i == 0 ? calls : 0);
		left_us -= node_us;
	}
	profile->frames[depth] = BESIDE_NODES;
	add_stack(profile, depth + 1, left_us, 0);
}

/* Share the executor's time of a statement out to its plans; they begin at "depth". */
static void
add_plans(Profile *profile, int depth, const ProfiledPlans *plans, double us, int64 calls)
{
	ListCell   *lc;

	foreach(lc, plans->plans)
	{
		const StatementPlan *plan = lfirst(lc);
		double		share = plan->counters.total_us / plans->total_us;
		int			at = depth;

		if (list_length(plans->plans) > 1)
			profile->frames[at++] = psprintf("plan " INT64_FORMAT, (int64) plan->key.shape);
		add_plan(profile, at, plan, us * share,
				 (int64) rint(calls * share));
	}
}

/* Note what the samples tell of the statements of this database. */
static void
keep_waits(Profile *profile)
{
	WaitTable  *table = waits_copy();

	profile->wait_table = table;
	for (int i = 0; i < table->count; i++)
	{
		const WaitEntry *entry = &table->entries[i];
		ProfiledWaits key = {
			.queryid = entry->key.queryid,.userid = entry->key.userid,
			.route = entry->key.route
		};
		ProfiledWaits *waits;
		bool		found;

		if (entry->key.dbid != MyDatabaseId || entry->key.state != WAIT_ACTIVE ||
			entry->key.queryid == 0)
			continue;
		waits = hash_search(profile->waits, &key, HASH_ENTER, &found);
		if (!found)
		{
			waits->samples = 0;
			waits->ms = 0;
			waits->entries = NIL;
		}
		waits->samples += entry->samples;
		waits->ms += entry->ms;
		if (strcmp(table->events[entry->key.event].type, WAITS_CPU) != 0)
			waits->entries = lappend(waits->entries, unconstify(WaitEntry *, entry));
	}
}

/*
 * Share out what a statement waited of its time "us", in frames at "depth".  Returns
 * what is left.
 */
static double
add_waits(Profile *profile, int depth, const StatementKey *key, double us)
{
	ProfiledWaits wanted = {
		.queryid = key->queryid,.userid = key->userid,.route = key->route
	};
	const ProfiledWaits *waits = hash_search(profile->waits, &wanted, HASH_FIND, NULL);
	double		left_us = us;
	ListCell   *lc;

	if (waits == NULL || waits->samples < FEWEST_WAIT_SAMPLES || waits->ms <= 0)
		return us;
	foreach(lc, waits->entries)
	{
		const WaitEntry *entry = lfirst(lc);
		const WaitEventName *event = &profile->wait_table->events[entry->key.event];
		double		wait_us = Min(us * entry->ms / waits->ms, left_us);

		profile->frames[depth] = psprintf("(waits for %s/%s)", event->type, event->event);
		add_stack(profile, depth + 1, wait_us, 0);
		left_us -= wait_us;
	}
	return left_us;
}

/* The name of a statement: its text on one line. */
static char *
statement_name(const StatementKey *key)
{
	TextKey		text_key = {
		.queryid = key->queryid,.dbid = key->dbid,.userid = key->userid
	};
	char	   *text = text_copy(&text_key);

	return text !=NULL ? excerpt_line(text, STATEMENT_WIDTH) :
				psprintf("statement " INT64_FORMAT, (int64) key->queryid);
}

/*
 * StatementVisitor that adds a statement to the Profile "arg", if a client sent it
 * to this database and the caller may learn of it.
 */
static void
add_profile_statement(const StatementKey *key, const StatementCounters *counters,
					  const TableUses *tables, void *arg)
{
	Profile    *profile = arg;
	uint64		plans_key[2] = {key->queryid, key->userid};
	const char *route = route_label(key->route);
	const ProfiledPlans *plans;
	double		us;

	if (key->dbid != MyDatabaseId || !key->toplevel || !report_may_read(key->userid))
		return;
	profile->route = route == NULL ? "" : route;
	profile->frames[0] = profile->route[0] == '\0' ? NO_ROUTE : pstrdup(route);
	profile->frames[1] = statement_name(key);
	profile->frames[2] = PLANNING;
	add_stack(profile, 3, counters->plan_us, 0);
	us = add_waits(profile, 2, key, counters->total_us);
	plans = hash_search(profile->plans, plans_key, HASH_FIND, NULL);
	if (plans != NULL && plans->total_us > 0)
	{
		add_plans(profile, 2, plans, us, counters->calls);
		return;
	}
	profile->frames[2] = NOT_MEASURED;
	add_stack(profile, 3, us, counters->calls);
}

/* Fill a profile, which knows where to write to. */
static void
make_profile(Profile *profile)
{
	HASHCTL		control = {
		.keysize = 2 * sizeof(uint64),
		.entrysize = sizeof(ProfiledPlans),
		.hcxt = CurrentMemoryContext
	};

	profile->plans = hash_create("clipperf plans", 256, &control,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	control.keysize = offsetof(ProfiledWaits, samples);
	control.entrysize = sizeof(ProfiledWaits);
	profile->waits = hash_create("clipperf waits", 256, &control,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	keep_waits(profile);
	plan_visit(keep_profile_plan, profile);
	statement_visit(add_profile_statement, profile);
}

/*
 * A line for each stack, frames from the root on, parted by semicolons, and
 * microseconds.
 */
static text *
folded_profile(void)
{
	StringInfoData folded;
	Profile		profile = {.folded = &folded};

	initStringInfo(&folded);
	make_profile(&profile);
	return cstring_to_text_with_len(folded.data, folded.len);
}

/* The same in the format of pprof. */
static bytea *
pprof_profile(void)
{
	const char *database = get_database_name(MyDatabaseId);
	Profile		profile = {
		.pprof = pprof_begin(database == NULL ? "" : database, database_since(MyDatabaseId),
							 GetCurrentTimestamp())
	};

	make_profile(&profile);
	return pprof_end(profile.pprof);
}

/*
 * clipperf_profile(format): the profile of the caller's own statements in the current
 * database, or of all for members of pg_read_all_stats; as "folded" stacks, or for
 * "pprof" in base64.  Error 22023 for another format, 22004 for none.
 */
Datum
clipperf_profile(PG_FUNCTION_ARGS)
{
	char	   *format;

	store_require();
	argument_require(fcinfo, 0, "format");
	format = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (strcmp(format, "folded") == 0)
		PG_RETURN_TEXT_P(folded_profile());
	if (strcmp(format, "pprof") == 0)
		return DirectFunctionCall2(binary_encode, PointerGetDatum(pprof_profile()),
								   CStringGetTextDatum("base64"));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized format of a profile: \"%s\"", format),
			 errhint("Format must be \"folded\" or \"pprof\".")));
}

/* clipperf_profile_pprof(): the same in the format of pprof, as the bytes of a file. */
Datum
clipperf_profile_pprof(PG_FUNCTION_ARGS)
{
	store_require();
	PG_RETURN_BYTEA_P(pprof_profile());
}
