/*-------------------------------------------------------------------------
 *
 * whatif_sql.c
 *	  clipperf_what_if(): asks the planner about indexes that do not exist.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "tcop/tcopprot.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/indexes/index_def.h"
#include "advise/whatif/whatif.h"
#include "advise/whatif/whatif_known.h"
#include "common/arguments.h"
#include "common/result_rows.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_what_if(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_what_if);

#define WHAT_IF_COLUMNS 7

/* The statement's one parse tree. */
static RawStmt *
parse_one(const char *text)
{
	List	   *parsed = pg_parse_query(text);

	if (list_length(parsed) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("text must contain exactly one statement"),
				 errdetail("The number of statements is %d.", list_length(parsed))));
	return linitial_node(RawStmt, parsed);
}

/* The rewritten queries of a statement; parameters without types get some. */
static List *
analyze_whatif(const char *text)
{
	Oid		   *types = NULL;
	int			ntypes = 0;
	Query	   *query = parse_analyze_varparams(parse_one(text), text, &types,
												&ntypes, NULL);

	if (query->commandType == CMD_UTILITY)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot plan a utility statement"),
				 errhint("Ask about a SELECT, INSERT, UPDATE, DELETE, or MERGE.")));
	return pg_rewrite_query(query);
}

/* The elements of an array that has no nulls; none of a NULL array. */
static Datum *
array_elements(ArrayType *array, int *count)
{
	Datum	   *values;
	int16		length;
	bool		by_value;
	char		align;

	*count = 0;
	if (array == NULL)
		return NULL;
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align,
					  &values, NULL, count);
	return values;
}

/* The config that the caller's arrays describe; either may be NULL. */
static WhatIfConfig *
make_config(ArrayType *indexes, ArrayType *hidden)
{
	WhatIfConfig *config = palloc0(sizeof(WhatIfConfig));
	Datum	   *values;
	int			count;

	values = array_elements(indexes, &config->nindexes);
	config->indexes = palloc(Max(config->nindexes, 1) * sizeof(WhatIfIndex *));
	whatif_known_indexes(values, config->nindexes, config->indexes);

	values = array_elements(hidden, &count);
	for (int i = 0; i < count; i++)
	{
		Oid			indexoid = DatumGetObjectId(values[i]);
		char		relkind = get_rel_relkind(indexoid);

		CHECK_FOR_INTERRUPTS();
		if (relkind == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", indexoid)));
		if (relkind != RELKIND_INDEX && relkind != RELKIND_PARTITIONED_INDEX)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not an index", get_rel_name(indexoid)),
					 errhint("Only indexes can be hidden.")));
		config->hidden = whatif_hide(config->hidden, indexoid);
	}
	return config;
}

/* The definitions of the hypothetical indexes that a plan uses. */
static Datum
used_array(const WhatIfConfig *config, const WhatIfResult *result)
{
	Datum	   *values = palloc(Max(config->nindexes, 1) * sizeof(Datum));
	int			count = 0;
	int			i = -1;

	while ((i = bms_next_member(result->used, i)) >= 0)
		values[count++] =
			CStringGetTextDatum(index_def_ddl(config->indexes[i]->def, false,
											  false));
	return PointerGetDatum(construct_array(values, count, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/* The real indexes that a plan uses. */
static Datum
used_real_array(const WhatIfResult *result)
{
	int			count = list_length(result->used_real);
	Datum	   *values = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = ObjectIdGetDatum(list_nth_oid(result->used_real, i));
	return PointerGetDatum(construct_array(values, count, REGCLASSOID,
										   sizeof(Oid), true, TYPALIGN_INT));
}

/* The estimated sizes of the hypothetical indexes, in the caller's order. */
static Datum
size_array(const WhatIfConfig *config)
{
	Datum	   *values = palloc(Max(config->nindexes, 1) * sizeof(Datum));

	for (int i = 0; i < config->nindexes; i++)
		values[i] = Int64GetDatum((int64) config->indexes[i]->pages * BLCKSZ);
	return PointerGetDatum(construct_array(values, config->nindexes, INT8OID,
										   sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/*
 * Plan twice and keep what the second time says: the first one's time tells of
 * cold caches.
 */
static void
plan_warm(List *queries, const char *statement, const WhatIfConfig *config,
		  WhatIfResult *result)
{
	whatif_plan(queries, statement, NULL, config, result);
	whatif_plan(queries, statement, NULL, config, result);
}

/*
 * clipperf_what_if(statement, indexes, hidden): plans a statement as the
 * caller, as things are and as they would be.  Error 55000 unless clipperf was
 * preloaded.
 */
Datum
clipperf_what_if(PG_FUNCTION_ARGS)
{
	char	   *statement;
	WhatIfConfig *config;
	List	   *queries;
	WhatIfResult before;
	WhatIfResult after;
	Datum		values[WHAT_IF_COLUMNS];
	bool		nulls[WHAT_IF_COLUMNS] = {false};
	TupleDesc	desc;
	int			i = 0;

	store_require();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result_check_columns(desc, WHAT_IF_COLUMNS);

	argument_require(fcinfo, 0, "statement");
	statement = text_to_cstring(PG_GETARG_TEXT_PP(0));
	config = make_config(PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1),
						 PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2));
	queries = analyze_whatif(statement);
	plan_warm(queries, statement, NULL, &before);
	plan_warm(queries, statement, config, &after);

	values[i++] = Float8GetDatum(before.total_cost);
	values[i++] = Float8GetDatum(after.total_cost);
	values[i++] = used_array(config, &after);
	values[i++] = used_real_array(&after);
	values[i++] = size_array(config);
	values[i++] = Float8GetDatum(US_TO_MS(before.planning_us));
	values[i++] = Float8GetDatum(US_TO_MS(after.planning_us));
	Assert(i == WHAT_IF_COLUMNS);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
