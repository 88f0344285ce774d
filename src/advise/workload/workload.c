/*-------------------------------------------------------------------------
 *
 * workload.c
 *	  The statements of this database, ready to be planned again.
 *
 * Everything needed is copied out of the store first, so that no lock of the
 * store is held while statements are planned.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload.h"

#include "access/transam.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "advise/workload/plan_trial.h"
#include "advise/workload/workload_path.h"
#include "advise/workload/workload_sample.h"
#include "advise/workload/workload_values.h"
#include "advise/workload/workload_weight.h"
#include "common/arguments.h"
#include "common/clock.h"
#include "common/table_family.h"
#include "store/sketch.h"
#include "store/statement.h"
#include "store/text.h"

/*
 * No plan is made in less time, microseconds: where the planner took less per
 * call, some calls ran a plan made before.
 */
#define CHEAPEST_PLAN_US 15.0

/* What one unit of the planner's cost is taken for where no time is known. */
#define COST_UNIT_US 10.0

typedef struct EntryKey
{
	uint64		queryid;
	uint64		userid;			/* as wide as the other: no padding */
} EntryKey;

/* A statement of the store, over all routes. */
typedef struct Entry
{
	EntryKey	key;
	double		calls;
	double		total_us;
	double		plan_us;
	double		rows;
	double		blocks;
	TimestampTz first_seen;
	TimestampTz last_seen;
	RouteId		route;			/* that takes most of the time */
	double		route_us;
	bool		wanted;
	List	   *samples;		/* of SampleDraft */
	Sketch		values;			/* distinct lists of parameters and literals */
	Histogram	latency;
	TableUses	tables;			/* that it uses */
} Entry;

/* While a workload is loaded. */
typedef struct Loader
{
	const WorkloadFilter *filter;
	bool		all_users;		/* may the caller read everybody's? */
	MemoryContext work;			/* what is read of the store */
	HTAB	   *entries;
	List	   *locked;			/* OIDs of relations */
	List	   *statements;		/* the result */
} Loader;

/* ------------------------------------------------------------------------
 * Out of the store
 * ------------------------------------------------------------------------ */

/* The entry of a statement, an empty one if it is new and "make" is set. */
static Entry *
find_entry(Loader *loader, uint64 queryid, Oid userid, bool make)
{
	EntryKey	key = {.queryid = queryid,.userid = userid};
	Entry	   *entry;
	bool		found;

	entry = hash_search(loader->entries, &key, make ? HASH_ENTER : HASH_FIND,
						&found);
	if (make && !found)
	{
		memset((char *) entry + sizeof(EntryKey), 0,
			   sizeof(Entry) - sizeof(EntryKey));
		entry->first_seen = DT_NOEND;
		entry->last_seen = DT_NOBEGIN;
	}
	return entry;
}

/* StatementVisitor that adds up the routes of a statement. */
static void
add_statement(const StatementKey *key, const StatementCounters *counters,
			  const TableUses *tables, void *arg)
{
	Loader	   *loader = arg;
	Entry	   *entry;

	if (key->dbid != MyDatabaseId ||
		(!loader->all_users && key->userid != GetUserId()))
		return;
	entry = find_entry(loader, key->queryid, key->userid, true);
	entry->calls += counters->calls;
	entry->total_us += counters->total_us;
	entry->plan_us += counters->plan_us;
	entry->rows += counters->rows;
	entry->blocks += counters->shared_blks_hit + counters->shared_blks_read;
	entry->first_seen = Min(entry->first_seen, counters->first_seen);
	entry->last_seen = Max(entry->last_seen, counters->last_seen);
	if (counters->total_us > entry->route_us)
	{
		entry->route = key->route;
		entry->route_us = counters->total_us;
	}
	sketch_merge(&entry->values, &counters->params);
	histogram_merge(&entry->latency, &counters->latency);
	table_uses_merge(&entry->tables, tables);
}

/* SampleVisitor that gives a sample to its statement. */
static void
add_sample(const SampleKey *key, SampleKind kind, const SampleDraft *draft,
		   void *arg)
{
	Loader	   *loader = arg;
	Entry	   *entry;
	MemoryContext old;

	if (key->dbid != MyDatabaseId)
		return;
	entry = find_entry(loader, key->queryid, key->userid, false);
	if (entry == NULL || !entry->wanted)
		return;
	old = MemoryContextSwitchTo(loader->work);
	entry->samples = lappend(entry->samples, workload_sample_copy(draft));
	MemoryContextSwitchTo(old);
}

/* Is this number in a list of uint64 *? */
static bool
is_listed(List *queryids, uint64 queryid)
{
	ListCell   *lc;

	foreach(lc, queryids)
		if (*(uint64 *) lfirst(lc) == queryid)
		return true;
	return false;
}

/* Add a number to a list of uint64 *. */
static List *
append_queryid(List *queryids, uint64 queryid)
{
	uint64	   *copy = palloc(sizeof(uint64));

	*copy = queryid;
	return lappend(queryids, copy);
}

/*
 * An array of bigint as a list for the filter.  An empty one asks for nothing,
 * not for everything: no statement has the number 0.
 */
List *
workload_queryids(ArrayType *array)
{
	List	   *queryids = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
		queryids = append_queryid(queryids, nulls[i] ? 0 :
								  (uint64) DatumGetInt64(values[i]));
	return queryids == NIL ? append_queryid(NIL, 0) : queryids;
}

/* Does a statement pass the filter? */
static bool
passes(const WorkloadFilter *filter, const Entry *entry)
{
	return entry->calls >= Max(filter->min_calls, 1) &&
		(filter->since == 0 || entry->last_seen >= filter->since) &&
		(filter->queryids == NIL ||
		 is_listed(filter->queryids, entry->key.queryid));
}

/* qsort comparator: the same order for the same store. */
static int
compare_entries(const void *a, const void *b)
{
	const Entry *left = *(Entry *const *) a;
	const Entry *right = *(Entry *const *) b;

	if (left->total_us != right->total_us)
		return left->total_us > right->total_us ? -1 : 1;
	if (left->key.queryid != right->key.queryid)
		return left->key.queryid < right->key.queryid ? -1 : 1;
	if (left->key.userid != right->key.userid)
		return left->key.userid < right->key.userid ? -1 : 1;
	return 0;
}

/* The statements wanted, in order; how many is put into "count". */
static Entry **
choose_entries(Loader *loader, int *count)
{
	Entry	  **chosen = palloc(sizeof(Entry *) *
								Max(hash_get_num_entries(loader->entries), 1));
	HASH_SEQ_STATUS status;
	Entry	   *entry;

	*count = 0;
	hash_seq_init(&status, loader->entries);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (passes(loader->filter, entry))
			chosen[(*count)++] = entry;
	}
	qsort(chosen, *count, sizeof(Entry *), compare_entries);
	if (loader->filter->max_statements > 0)
		*count = Min(*count, loader->filter->max_statements);
	for (int i = 0; i < *count; i++)
		chosen[i]->wanted = true;
	return chosen;
}

/* The statements wanted with their samples, in loader->work. */
static Entry **
read_store(Loader *loader, int *count)
{
	HASHCTL		control = {
		.keysize = sizeof(EntryKey),
		.entrysize = sizeof(Entry),
		.hcxt = loader->work
	};
	MemoryContext old = MemoryContextSwitchTo(loader->work);
	MemoryContext passing = AllocSetContextCreate(loader->work,
												  "clipperf samples",
												  ALLOCSET_DEFAULT_SIZES);
	Entry	  **chosen;

	loader->entries = hash_create("clipperf workload", 256, &control,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	statement_visit(add_statement, loader);
	chosen = choose_entries(loader, count);
	MemoryContextSwitchTo(passing);
	sample_visit(add_sample, loader);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(passing);
	return chosen;
}

/* ------------------------------------------------------------------------
 * Trials
 * ------------------------------------------------------------------------ */

/* Where a statement is to be planned. */
Sandbox
workload_sandbox(const WorkloadStatement *statement)
{
	return (Sandbox)
	{
		.userid = statement->userid,
			.search_path = statement->search_path,
			.settings = statement->settings
	};
}

/* Is a relation one that can have indexes? */
static bool
is_table(Oid relid)
{
	switch (get_rel_relkind(relid))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_MATVIEW:
			return relid >= FirstNormalObjectId;
		default:
			return false;
	}
}

/* Take over what came of a trial. */
static void
add_variant(WorkloadStatement *statement, const WeighedTrial *weighed)
{
	const PlanTrial *trial = &weighed->trial;
	WorkloadVariant *variant = palloc(sizeof(WorkloadVariant));
	ListCell   *lc;

	variant->text = pstrdup(trial->text);
	variant->queries = trial->queries;
	variant->params = trial->params;
	variant->weight = weighed->weight;
	variant->cost = trial->cost;
	variant->drawn = weighed->drawn;
	if (trial->params != NULL && trial->nparams > 0)
		statement->parameterized = true;
	statement->variants = lappend(statement->variants, variant);
	statement->command = trial->command;
	foreach(lc, trial->relids)
		if (is_table(lfirst_oid(lc)))
		statement->relids = list_append_unique_oid(statement->relids,
												   lfirst_oid(lc));
}

/* Is the time over that the caller has given?  0 = it has given none. */
static inline bool
is_late(int64 deadline_us)
{
	return deadline_us != 0 && clock_us() >= deadline_us;
}

/*
 * Run trials until the deadline, and add those that can be planned to "planned".
 * The statement's problem is the first one met.  False if it is none of the workload's.
 */
static bool
run_trials(WorkloadStatement *statement, List *trials, List **locked,
		   int64 deadline_us, List **planned)
{
	Sandbox		sandbox = workload_sandbox(statement);
	ListCell   *lc;

	foreach(lc, trials)
	{
		WeighedTrial *weighed = lfirst(lc);

		plan_trial_run(&weighed->trial, &sandbox, locked);
		if (weighed->trial.own)
			return false;
		if (weighed->trial.problem == NULL)
			*planned = lappend(*planned, weighed);
		else if (statement->problem == NULL)
			statement->problem = weighed->trial.problem;
		if (weighed->trial.timed_out || is_late(deadline_us))
			break;
	}
	return true;
}

/* Would the planner treat a trial like one of these? */
static bool
is_like_any(const WeighedTrial *weighed, const List *trials)
{
	ListCell   *lc;

	foreach(lc, trials)
	{
		const WeighedTrial *other = lfirst(lc);

		if (!other->generic && workload_alike(&other->trial, &weighed->trial))
			return true;
	}
	return false;
}

/*
 * Plan a statement with values drawn from statistics, too, and add the trials
 * that differ from all before them to the front of "planned", until the deadline.
 */
static void
try_drawn(WorkloadStatement *statement, List **planned, List **locked,
		  int64 deadline_us)
{
	Sandbox		sandbox = workload_sandbox(statement);
	ListCell   *lc;

	foreach(lc, workload_draw_values(*planned, &sandbox))
	{
		WeighedTrial *weighed = lfirst(lc);

		if (is_late(deadline_us))
			break;
		plan_trial_run(&weighed->trial, &sandbox, locked);
		if (weighed->trial.timed_out)
			break;
		if (weighed->trial.problem == NULL && !weighed->trial.own &&
			!is_like_any(weighed, *planned))
			*planned = list_insert_nth(*planned, 1, weighed);
	}
}

/*
 * Try all ways to plan a statement.  It has no problem if one of them works.
 * "unseen" is the share of its calls that may have had other values than these
 * trials.  False if the statement is none of the workload's.
 */
static bool
try_all(WorkloadStatement *statement, List *trials, List **locked,
		int64 deadline_us, const Histogram *latency, double unseen, double cached)
{
	List	   *planned = NIL;
	ListCell   *lc;

	if (!run_trials(statement, trials, locked, deadline_us, &planned))
		return false;
	if (planned == NIL)
		return true;
	statement->problem = NULL;
	if (unseen > 0)
		try_drawn(statement, &planned, locked, deadline_us);
	foreach(lc, workload_weigh(planned, latency, unseen, cached))
		add_variant(statement, lfirst(lc));
	return true;
}

/* ------------------------------------------------------------------------
 * Statements of the store
 * ------------------------------------------------------------------------ */

/* The share of the calls that ran a plan made before. */
static double
cached_share(const Entry *entry)
{
	return Max(0, 1 - entry->plan_us / entry->calls / CHEAPEST_PLAN_US);
}

/* How many different lists of values the samples have. */
static int
count_lists(const List *samples)
{
	int			count = 0;
	ListCell   *lc;

	foreach(lc, samples)
	{
		bool		known = false;

		for (int i = 0; i < foreach_current_index(lc) && !known; i++)
			known = ((SampleDraft *) list_nth(samples, i))->values_hash ==
				((SampleDraft *) lfirst(lc))->values_hash;
		count += !known;
	}
	return count;
}

/*
 * The share of the calls that may have had values which no sample has.  Samples
 * are taken of all calls alike: what n of them do not show is rarer than one in
 * n + 1, or luck.  And there is nothing unseen if the calls had no more lists of
 * values than the samples.
 */
static double
unseen_share(const Entry *entry)
{
	double		lists = sketch_estimate(&entry->values);
	int			known = count_lists(entry->samples);

	if (known == 0 || lists <= known * (1 + SKETCH_ERROR))
		return 0;
	return Min(1 - known / lists, 1.0 / (list_length(entry->samples) + 1));
}

/*
 * The tables that a statement inserted into when it ran, and did not read, by OID: what
 * an UPDATE or DELETE changes, it reads.
 */
static List *
filled_tables(const TableUses *uses)
{
	List	   *filled = NIL;

	for (uint32 i = 0; i < uses->count; i++)
	{
		const TableUse *use = &uses->use[i];

		if ((use->how & TABLE_WRITTEN) != 0 && (use->how & TABLE_READ) == 0 &&
			table_was_there(use->relid, use->seen) && is_table(use->relid))
			filled = lappend_oid(filled, use->relid);
	}
	return filled;
}

/* What the store tells of a statement, in the current memory context. */
static WorkloadStatement *
make_statement(const Entry *entry)
{
	WorkloadStatement *statement = palloc0(sizeof(WorkloadStatement));
	TextKey		key = {
		.queryid = entry->key.queryid,
		.dbid = MyDatabaseId,
		.userid = (Oid) entry->key.userid
	};
	const char *path = workload_sample_path(entry->samples);

	statement->queryid = entry->key.queryid;
	statement->userid = (Oid) entry->key.userid;
	statement->search_path = path == NULL ? workload_path_to(&entry->tables) :
		pstrdup(path);
	statement->settings = workload_sample_settings(entry->samples);
	statement->text = text_copy(&key);
	statement->route = route_label(entry->route);
	statement->calls = entry->calls;
	statement->total_us = entry->total_us;
	statement->rows = entry->rows;
	statement->blocks = entry->blocks;
	statement->distinct = sketch_estimate(&entry->values);
	statement->first_seen = entry->first_seen;
	statement->last_seen = entry->last_seen;
	statement->filled = filled_tables(&entry->tables);
	return statement;
}

/* Does a text end with the mark of those that were cut? */
static bool
is_cut(const char *text)
{
	size_t		length = strlen(text);
	size_t		mark = strlen(TEXT_CUT_MARK);

	return length >= mark && strcmp(text +length - mark, TEXT_CUT_MARK) == 0;
}

/* Try a statement of the store; false if it is none of the workload's. */
static bool
try_statement(Loader *loader, WorkloadStatement *statement, const Entry *entry)
{
	bool		cut = statement->text !=NULL && is_cut(statement->text);
	double		cached = cached_share(entry);
	List	   *trials = workload_sample_trials(entry->samples,
												cut ? NULL : statement->text,
												&entry->latency, cached);

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(statement->userid)))
		statement->problem = pstrdup("its user no longer exists");
	else if (trials == NIL)
		statement->problem = pstrdup(cut ? "its text was too long to be kept" :
									 "its text was not kept");
	else if (!try_all(statement, trials, &loader->locked,
					  loader->filter->deadline_us, &entry->latency,
					  unseen_share(entry), cached))
		return false;
	else if (statement->problem != NULL && entry->samples == NIL)
		statement->problem = psprintf("%s; there is no sample of it",
									  statement->problem);
	return true;
}

/*
 * Statements of this database that the caller may read, those first that take
 * most time, in the current memory context.  Left out are those on catalogs
 * and on clipperf's own objects only.
 *
 * "relids" are the tables and materialized views in the trees, partitioned
 * tables but not their partitions.  They are locked (AccessShareLock) to the
 * end of the transaction; a table that another session has locked is a problem
 * and never waited for.
 */
List *
workload_load(const WorkloadFilter *filter)
{
	Loader		loader = {
		.filter = filter,
		.all_users = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS),
		.work = AllocSetContextCreate(CurrentMemoryContext,
									  "clipperf workload",
									  ALLOCSET_DEFAULT_SIZES)
	};
	int			count;
	Entry	  **entries;

	store_require();
	entries = read_store(&loader, &count);
	for (int i = 0; i < count; i++)
	{
		WorkloadStatement *statement = make_statement(entries[i]);

		if (is_late(filter->deadline_us))
			statement->problem = pstrdup("the time limit ended before it was tried");
		if (statement->problem != NULL ||
			try_statement(&loader, statement, entries[i]))
			loader.statements = lappend(loader.statements, statement);
	}
	MemoryContextDelete(loader.work);
	return loader.statements;
}

/* ------------------------------------------------------------------------
 * Statements handed in
 * ------------------------------------------------------------------------ */

/* Is there a parameter from outside in the trees? */
static bool
parameter_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, parameter_walker, context, 0);
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN)
		return true;
	return expression_tree_walker(node, parameter_walker, context);
}

/* One of them; its time is what the planner makes of so many calls. */
static WorkloadStatement *
statement_of_text(char *text, double calls, List **locked)
{
	WorkloadStatement *statement = palloc0(sizeof(WorkloadStatement));
	WeighedTrial *weighed = palloc0(sizeof(WeighedTrial));
	Histogram	latency = {0};

	statement->userid = GetUserId();
	statement->text = text;

	statement->handed_in = true;
	statement->calls = calls;
	statement->distinct = 1;
	weighed->trial.text = text;

	weighed->trial.guess_types = true;
	weighed->trial.own_session = true;
	weighed->calls = weighed->weight = weighed->call_us = 1;
	(void) try_all(statement, list_make1(weighed), locked, 0, &latency, 0, 0);
	statement->queryid = weighed->trial.queryid;
	statement->parameterized = parameter_walker((Node *) weighed->trial.queries,
												NULL);
	statement->total_us = calls * weighed->trial.cost * COST_UNIT_US;
	return statement;
}

/* The argument min_calls, if it makes sense; else error 22023. */
int64
workload_min_calls(int64 min_calls)
{
	argument_require_range(min_calls >= 0, "min_calls", "Give a number of calls, 0 or more.");
	return min_calls;
}

/* Calls that a weight may tell of: sums of them are exact, more or less. */
#define MOST_CALLS 1e15

/* A text handed in, as a key to find equal ones by. */
typedef struct HandedText
{
	const char *text;
	double		calls;
	bool		made;
} HandedText;

/* HashValueFunc for HandedText. */
static uint32
hash_text_key(const void *key, Size keysize)
{
	const char *text = *(const char *const *) key;

	return hash_bytes((const unsigned char *) text, strlen(text));
}

/* HashCompareFunc for HandedText. */
static int
match_text_keys(const void *a, const void *b, Size keysize)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/*
 * How often each statement is called; NULL for a weight: once.  Raises 22023
 * for weights that make no sense or do not match the statements.
 */
static double *
read_weights(ArrayType *weights, int count)
{
	double	   *calls = palloc(sizeof(double) * Max(count, 1));
	Datum	   *values = NULL;
	bool	   *nulls = NULL;
	int			nweights = count;

	if (weights != NULL)
		deconstruct_array(weights, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
						  TYPALIGN_DOUBLE, &values, &nulls, &nweights);
	if (nweights != count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of weights must match number of statements"),
				 errdetail("Weights: %d, statements: %d.", nweights, count),
				 errhint("Give one weight for each statement: how often it is called.")));
	for (int i = 0; i < count; i++)
	{
		calls[i] = values == NULL || nulls[i] ? 1 : DatumGetFloat8(values[i]);
		if (!(calls[i] >= 0 && calls[i] <= MOST_CALLS))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weight %g is out of range", calls[i]),
					 errhint("A weight is a number of calls, from 0 to %g.", MOST_CALLS)));
	}
	return calls;
}

/* A table that finds a HandedText by its text. */
static HTAB *
make_text_table(int count)
{
	HASHCTL		control = {
		.keysize = sizeof(const char *),
		.entrysize = sizeof(HandedText),
		.hash = hash_text_key,
		.match = match_text_keys,
		.hcxt = CurrentMemoryContext
	};

	return hash_create("clipperf statements handed in", Max(count, 1), &control,
					   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

/*
 * Statements handed in, as the caller would run them, each called as often as
 * its weight says ("weights" may be NULL: once each).  Equal ones are one.
 */
List *
workload_from_texts(ArrayType *texts, ArrayType *weights)
{
	List	   *statements = NIL;
	List	   *locked = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			count;
	char	  **strings;
	double	   *calls;
	HTAB	   *known;

	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &count);
	calls = read_weights(weights, count);
	strings = palloc(sizeof(char *) * Max(count, 1));
	known = make_text_table(count);
	for (int i = 0; i < count; i++)
	{
		HandedText *entry;
		bool		found;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"statements\" must not contain nulls")));
		strings[i] = TextDatumGetCString(values[i]);
		entry = hash_search(known, &strings[i], HASH_ENTER, &found);
		entry->calls = calls[i] + (found ? entry->calls : 0);
		entry->made = false;
	}
	for (int i = 0; i < count; i++)
	{
		HandedText *entry = hash_search(known, &strings[i], HASH_FIND, NULL);

		if (!entry->made)
			statements = lappend(statements,
								 statement_of_text(strings[i], entry->calls,
												   &locked));
		entry->made = true;
	}
	hash_destroy(known);
	return statements;
}
