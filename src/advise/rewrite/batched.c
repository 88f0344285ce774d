/*-------------------------------------------------------------------------
 *
 * batched.c
 *	  clipperf_batched(): the statement in place of a loop, as SQL sees it.
 *
 * The child's text is that of a sample, where the caller may read it.  Its literals
 * stay if the loops are known to have had them: the sample may be of another run of
 * the statement.  Else it is the normalised text, in which some literals cannot be
 * told to be what they were.
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
#include "port/pg_bitutils.h"
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
	uint32	   *strange;		/* .. bit n-1: its nth literal need not be the
								 * loop's */
	TableUses  *tables;			/* .. that each pattern's child uses */
} Batch;

/*
 * Which literals of a sample need not be what they were in the pattern's loops?  A
 * statement has one queryid whatever its literals are, so the sample may be of another
 * run.  Bit n-1 stands for the nth; all are set if nothing tells, and if the
 * sample has parameters besides and its literals are not those of the loops.
 */
static uint32
strange_literals(const Pattern *pattern, const SampleDraft *sample)
{
	const PatternParameters *seen = &pattern->parameters;
	const char *text = sample->statement;
	LiteralPlace places[PATTERN_PARAMETERS];
	uint32		strange = 0;
	int			count;

	if (sample->nparams > 0)
		return seen->literals != 0 && seen->literals_differ == 0 &&
			seen->literals == normalize_hash_literals(text, strlen(text), &count) ?
			0 : PG_UINT32_MAX;
	count = normalize_places(text, strlen(text), places, PATTERN_PARAMETERS, NULL);
	if (count != seen->count)
		return PG_UINT32_MAX;
	for (int i = 0; i < count; i++)
	{
		if (seen->changes[i] > 0 || (seen->differ >> i & 1) != 0 ||
			seen->hashes[i] != normalize_hash_literal(text +places[i].start,
													  places[i].length))
			strange |= UINT32_C(1) << i;
	}
	return strange;
}

/*
 * SampleVisitor: give the sample that holds a pattern's statement, and has the most
 * in common with its loops, to the pattern.
 */
static void
keep_sample(const SampleKey *key, SampleKind kind, const SampleDraft *draft,
			void *arg)
{
	Batch	   *batch = arg;

	for (int i = 0; i < batch->count; i++)
	{
		const Pattern *pattern = &batch->patterns[i];
		uint32		strange;

		if (draft->statement == NULL ||
			key->queryid != pattern->facts.child_queryid ||
			key->userid != pattern->key.userid ||
			key->dbid != pattern->key.dbid)
			continue;
		strange = strange_literals(pattern, draft);
		if (batch->samples[i] != NULL &&
			pg_popcount32(strange) >= pg_popcount32(batch->strange[i]))
			continue;
		batch->samples[i] = workload_sample_copy(draft);
		batch->strange[i] = strange;
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
	batch->strange = palloc0(sizeof(uint32) * Max(batch->count, 1));
	batch->tables = palloc0(sizeof(TableUses) * Max(batch->count, 1));
	statement_visit(keep_tables, batch);
	if (report_may_read(InvalidOid))
		sample_visit(keep_sample, batch);
	MemoryContextSwitchTo(old);
	return batch;
}

/*
 * Parameters whose values have changed so often, and were alike each time, stand for
 * one value.  Those that did not change may be alike by chance.
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
		values.same_as[i] = seen->changes[i] >= ALIKE_AFTER ?
			seen->same_as[i] : i + 1;
	}
	return values;
}

/*
 * A sample's text with a parameter in place of each literal that varies within a
 * loop, or need not be that of all loops ("strange").  NULL if its literals are not
 * those that were compared.
 */
static char *
parameterize(const char *text, uint32 strange, RewriteValues *values)
{
	LiteralPlace places[PATTERN_PARAMETERS];
	RewriteValues kept = {0};
	int			numbers[PATTERN_PARAMETERS + 1] = {0};
	int			count = normalize_places(text, strlen(text), places,
										 PATTERN_PARAMETERS, NULL);
	int			from = 0;
	StringInfoData result;

	if (count <= 0 || count != values->count)
		return NULL;
	initStringInfo(&result);
	for (int i = 0; i < count; i++)
	{
		uint32		bit = UINT32_C(1) << i;

		if (((values->varied | strange) & bit) == 0)
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
child_of_sample(RewriteChild *child, const SampleDraft *sample, uint32 strange)
{
	if (sample->nparams > PATTERN_PARAMETERS ||
		(sample->nparams > 0 && strange != 0))
		return false;
	if (sample->nparams == 0)
	{
		child->text = parameterize(sample->statement, strange, &child->values);
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
 * Where the loops' text had parameters besides its literals, these are numbered after
 * the parameters that it names, of which there may be fewer than were given.  False if it
 * is not known that they were always the same.
 */
static bool
leave_out_literals(RewriteChild *child, const PatternParameters *seen)
{
	Rewrite		scanned = {.text = child->text};
	int			highest = 0;

	if (seen->nliterals < 0)
		return true;
	rewrite_scan(&scanned);
	for (int i = 0; i < scanned.ntokens; i++)
		highest = Max(highest, scanned.tokens[i].token.parameter);
	highest -= seen->nliterals;
	if (seen->literals == 0 || highest < 0)
		return false;
	child->values.varied &= (UINT64CONST(1) << highest) - 1;
	child->values.count = Min(highest + seen->nliterals, PATTERN_PARAMETERS);
	for (int i = highest; i < child->values.count; i++)
	{
		int			number = seen->count + i - highest;

		child->values.types[i] = number < PATTERN_PARAMETERS ?
			seen->types[number] : InvalidOid;
		child->values.same_as[i] = i + 1;
	}
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
	if (child->text == NULL || child->values.count == 0)
		return false;
	*problem = "it is not known which constants its runs had";
	return leave_out_literals(child, &pattern->parameters);
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
 * "strange" are the literals of the sample that need not be those of the loops.
 */
static char *
batch_pattern(const Pattern *pattern, const SampleDraft *sample,
			  uint32 strange, const TableUses *tables, const char **problem)
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
	sandbox.search_path = sample != NULL ? sample->search_path :
		path_of_text(tables);
	if ((sample == NULL || !child_of_sample(&child, sample, strange)) &&
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
			sql = batch_pattern(pattern, batch->samples[i], batch->strange[i],
								&batch->tables[i], &problem);
	}
	result_set_text(values, nulls, 0, sql);
	result_set_text(values, nulls, 1, sql == NULL ? problem : NULL);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
