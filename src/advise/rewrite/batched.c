/*-------------------------------------------------------------------------
 *
 * batched.c
 *	  clipperf_batched(): the statement in place of a loop, as SQL sees it.
 *
 * The child's text is that of a sample, with the literals that it was run with,
 * where the caller may read these; else it is the normalised one, in which
 * some literals cannot be told to be what they were.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/rewrite/rewrite_child.h"

#include "access/htup_details.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "advise/workload/workload_path.h"
#include "advise/workload/workload_sample.h"
#include "common/result_rows.h"
#include "profile/text/normalize.h"
#include "report/report.h"
#include "store/pattern.h"
#include "store/sample.h"
#include "store/statement.h"
#include "store/store.h"
#include "store/text.h"

PGDLLEXPORT Datum clipperf_batched(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_batched);

/* What is read of the store once for all rows of a query. */
typedef struct Batch
{
	int			count;
	Pattern    *patterns;
	SampleDraft **samples;		/* one of each pattern's child, or NULL */
	uint32	   *differ;			/* .. bit n-1: another one has another nth
								 * literal */
	TableUses  *tables;			/* .. that each pattern's child uses */
} Batch;

/*
 * In which literals do two texts of a statement differ?  Bit n-1 stands for the nth;
 * none are compared if they do not have the same number of them.
 */
static uint32
compare_literals(const char *one, const char *other)
{
	LiteralPlace places[PATTERN_PARAMETERS];
	LiteralPlace others[PATTERN_PARAMETERS];
	int			count = normalize_places(one, strlen(one), places,
										 PATTERN_PARAMETERS);
	uint32		differ = 0;

	if (count != normalize_places(other, strlen(other), others,
								  PATTERN_PARAMETERS))
		return 0;
	for (int i = 0; i < count; i++)
		if (places[i].length != others[i].length ||
			memcmp(one + places[i].start, other + others[i].start,
				   places[i].length) != 0)
			differ |= UINT32_C(1) << i;
	return differ;
}

/*
 * SampleVisitor: give the first sample that holds the statement to its patterns.  It
 * need not be of a loop, so what others have otherwise is no constant of the loop's.
 */
static void
keep_sample(const SampleKey *key, SampleKind kind, const SampleDraft *draft,
			void *arg)
{
	Batch	   *batch = arg;

	for (int i = 0; i < batch->count; i++)
	{
		const Pattern *pattern = &batch->patterns[i];

		if (draft->statement == NULL ||
			key->queryid != pattern->facts.child_queryid ||
			key->userid != pattern->key.userid ||
			key->dbid != pattern->key.dbid)
			continue;
		if (batch->samples[i] == NULL)
			batch->samples[i] = workload_sample_copy(draft);
		else
			batch->differ[i] |= compare_literals(batch->samples[i]->statement,
												 draft->statement);
	}
}

/* StatementVisitor: give the tables that a statement uses to its patterns. */
static void
keep_tables(const StatementKey *key, const StatementCounters *counters,
			const TableUses *tables, void *arg)
{
	Batch	   *batch = arg;

	for (int i = 0; i < batch->count; i++)
	{
		const Pattern *pattern = &batch->patterns[i];

		if (key->queryid == pattern->facts.child_queryid &&
			key->userid == pattern->key.userid &&
			key->dbid == pattern->key.dbid)
			table_uses_merge(&batch->tables[i], tables);
	}
}

/* Read the patterns, their tables, and the samples if the caller may. */
static Batch *
read_batch(MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Batch	   *batch = palloc(sizeof(Batch));

	batch->patterns = pattern_copy(&batch->count);
	batch->samples = palloc0(sizeof(SampleDraft *) * Max(batch->count, 1));
	batch->differ = palloc0(sizeof(uint32) * Max(batch->count, 1));
	batch->tables = palloc0(sizeof(TableUses) * Max(batch->count, 1));
	statement_visit(keep_tables, batch);
	if (report_may_read(InvalidOid))
		sample_visit(keep_sample, batch);
	MemoryContextSwitchTo(old);
	return batch;
}

/*
 * Parameters whose values were alike in so many executions stand for one value.
 */
#define ALIKE_AFTER 10

/*
 * Where a loop runs over several connections, children of two requests that read
 * the same rows may be taken for one loop's: what is the same within each request
 * then changes now and then.  What changes less often than this does not vary.
 */
#define MIXED_CHANGES 0.25

/* How the values of a pattern's children went. */
static RewriteValues
pattern_values(const Pattern *pattern)
{
	const PatternParameters *seen = &pattern->parameters;
	double		least = pattern->counters.connections > 1 ?
		MIXED_CHANGES * seen->compared : 0;
	RewriteValues values = {0};

	if (seen->compared == 0)
		return values;
	values.count = seen->count;
	for (int i = 0; i < values.count; i++)
	{
		if (seen->changes[i] > least)
			values.varied |= UINT32_C(1) << i;
		values.types[i] = seen->types[i];
		values.same_as[i] = seen->compared >= ALIKE_AFTER ?
			seen->same_as[i] : i + 1;
	}
	return values;
}

/*
 * A sample's text with a parameter in place of each literal that varies within a
 * loop, or from one run to another ("differ").  NULL if its literals are not
 * those that were compared.
 */
static char *
parameterize(const char *text, uint32 differ, RewriteValues *values)
{
	LiteralPlace places[PATTERN_PARAMETERS];
	RewriteValues kept = {0};
	int			numbers[PATTERN_PARAMETERS + 1] = {0};
	int			count = normalize_places(text, strlen(text), places,
										 PATTERN_PARAMETERS);
	int			from = 0;
	StringInfoData result;

	if (count <= 0 || count != values->count)
		return NULL;
	initStringInfo(&result);
	for (int i = 0; i < count; i++)
	{
		uint32		bit = UINT32_C(1) << i;

		if (((values->varied | differ) & bit) == 0)
			continue;
		numbers[i + 1] = kept.count + 1;
		if (values->varied & bit)
			kept.varied |= UINT32_C(1) << kept.count;
		kept.types[kept.count] = values->types[i];
		kept.same_as[kept.count] = numbers[values->same_as[i]] != 0 ?
			numbers[values->same_as[i]] : numbers[i + 1];
		kept.count++;
		appendBinaryStringInfo(&result, text +from, places[i].start - from);
		appendStringInfo(&result, "$%d", kept.count);
		from = places[i].start + places[i].length;
	}
	appendStringInfoString(&result, text +from);
	*values = kept;
	return result.data;
}

/* All of so many parameters vary, as far as is known. */
static RewriteValues
all_vary(int count)
{
	RewriteValues values = {.count = count};

	for (int i = 0; i < count; i++)
	{
		values.varied |= UINT32_C(1) << i;
		values.same_as[i] = i + 1;
	}
	return values;
}

/*
 * Fill in the child's text, the types of its parameters, and what is known of
 * them, by a sample of it.  False if there is none that serves.
 */
static bool
child_of_sample(RewriteChild *child, const SampleDraft *sample, uint32 differ)
{
	if (sample->nparams > PATTERN_PARAMETERS ||
		(sample->nparams > 0 && differ != 0))
		return false;
	if (sample->nparams == 0)
	{
		child->text = parameterize(sample->statement, differ, &child->values);
		return child->text !=NULL;
	}
	if (child->values.count != sample->nparams)
		child->values = all_vary(sample->nparams);
	memcpy(child->values.types, sample->types,
		   sizeof(Oid) * sample->nparams);
	child->text = sample->statement;
	return true;
}

/*
 * Fill them in by the normalised text, in which each literal is a parameter.
 * False, and the reason, if that cannot be.
 */
static bool
child_of_text(RewriteChild *child, const Pattern *pattern, const char **problem)
{
	TextKey		key = {
		.queryid = pattern->facts.child_queryid,
		.dbid = pattern->key.dbid,
		.userid = pattern->key.userid
	};

	child->text = text_copy(&key);
	child->normalized = true;
	*problem = child->text == NULL ? "its text is not kept" :
		pattern->parameters.compared == 0 ?
		"too few of its runs were compared to tell which of its values vary" :
		"its runs do not have the same number of values";
	return child->text !=NULL && child->values.count > 0;
}

/*
 * The search_path by which names are found in a text of which there is no sample, as
 * after a restart: one that finds the tables that the statement uses, else the caller's.
 * The functions of the report have a closed one in its place, which finds no table; then
 * it is the one that this session began with.  NULL is the current one.
 */
static const char *
path_of_text(const TableUses *tables)
{
	const char *path = workload_path_to(tables);
	ListCell   *cell;

	if (path != NULL)
		return path;
	foreach(cell, fetch_search_path(false))
	{
		Oid			schema = lfirst_oid(cell);

		if (!IsCatalogNamespace(schema) && !isAnyTempNamespace(schema))
			return NULL;
	}
	return GetConfigOptionResetString("search_path");
}

/*
 * The statement in place of a pattern's children; NULL and the reason if none.
 * "differ" are the literals of the sample that other samples have otherwise.
 */
static char *
batch_pattern(const Pattern *pattern, const SampleDraft *sample,
			  uint32 differ, const TableUses *tables, const char **problem)
{
	Sandbox		sandbox = {.userid = pattern->key.userid};
	RewriteChild child = {
		.key = pattern->key.parameter,
		.values = pattern_values(pattern),
		.repeats = pattern->counters.repeats > 0 ||
		rewrite_may_repeat(pattern->key.parent_relid, pattern->key.parent_attno)
	};

	*problem = "it names a partition or child table for each row; ask the table that they are parts of";
	if (pattern->over_parts)
		return NULL;
	*problem = "its text may not be read";
	if (!report_may_read(pattern->key.userid))
		return NULL;
	if (sample != NULL && sample->nparams == 0)
		differ |= pattern->parameters.differ;
	sandbox.search_path = sample != NULL ? sample->search_path :
		path_of_text(tables);
	if ((sample == NULL || !child_of_sample(&child, sample, differ)) &&
		!child_of_text(&child, pattern, problem))
		return NULL;
	return rewrite_child(&child, &sandbox, problem);
}

/*
 * clipperf_batched(pattern bigint): one statement in place of the children of a
 * pattern of this database, or the reason why there is none.
 */
Datum
clipperf_batched(PG_FUNCTION_ARGS)
{
	uint64		wanted = (uint64) PG_GETARG_INT64(0);
	Batch	   *batch = fcinfo->flinfo->fn_extra;
	const char *problem = "the pattern is gone";
	char	   *sql = NULL;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	store_require();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (batch == NULL)
		batch = fcinfo->flinfo->fn_extra =
			read_batch(fcinfo->flinfo->fn_mcxt);
	for (int i = 0; i < batch->count; i++)
	{
		const Pattern *pattern = &batch->patterns[i];

		if (pattern_history_key(&pattern->key) == wanted &&
			pattern->key.dbid == MyDatabaseId)
			sql = batch_pattern(pattern, batch->samples[i], batch->differ[i],
								&batch->tables[i], &problem);
	}
	result_set_text(values, nulls, 0, sql);
	result_set_text(values, nulls, 1, sql == NULL ? problem : NULL);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
