/*-------------------------------------------------------------------------
 *
 * indexes.c
 *	  clipperf_indexes and clipperf_unneeded_indexes(): the indexes there are, and
 *	  which are not needed.
 *
 *-------------------------------------------------------------------------
 */
#include "common/result_rows.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "advise/indexes/unneeded.h"
#include "advise/indexes/redundancy.h"
#include "common/arguments.h"
#include "common/relation_size.h"
#include "common/table_lock.h"

PGDLLEXPORT Datum clipperf_read_indexes(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_read_unneeded_indexes(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_indexes);
PG_FUNCTION_INFO_V1(clipperf_read_unneeded_indexes);

#define INDEX_COLUMNS 8
#define UNNEEDED_COLUMNS 6

/* A list of strings as text[]. */
static Datum
text_array(List *strings)
{
	Datum	   *texts = palloc(list_length(strings) * sizeof(Datum));
	ListCell   *lc;
	int			n = 0;

	foreach(lc, strings)
		texts[n++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/* Add the row of an index, one of "all". */
static void
put_index(ReturnSetInfo *result, const IndexDefinition *def, List *all)
{
	const IndexDefinition *keeper = redundancy_keeper(def, all);
	int64		bytes = relation_family_bytes(def->indexoid);
	Datum		values[INDEX_COLUMNS];
	bool		nulls[INDEX_COLUMNS] = {false};
	int			i = 0;

	values[i++] = ObjectIdGetDatum(def->indexoid);
	values[i++] = CStringGetTextDatum(index_def_ddl(def, false, false));
	values[i++] = BoolGetDatum(def->valid);
	nulls[i] = bytes < 0;
	values[i++] = Int64GetDatum(bytes);
	values[i++] = text_array(index_def_backs(def));
	nulls[i] = keeper == NULL;
	values[i++] = ObjectIdGetDatum(keeper == NULL ? InvalidOid : keeper->indexoid);
	result_set_text(values, nulls, i++,
					keeper == NULL ? NULL :
					psprintf("%s%s", redundancy_reason(def, keeper),
							 advice_drop_reservation()));
	result_set_text(values, nulls, i++,
					keeper == NULL ? NULL : advice_statement(index_def_drop_ddl(def)));
	Assert(i == INDEX_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_indexes(relation): the indexes of a table.  None while someone
 * else has it locked exclusively: a reader of all indexes must not wait.
 */
Datum
clipperf_read_indexes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid;
	List	   *all;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	result_check_columns(result->setDesc, INDEX_COLUMNS);
	relid = PG_GETARG_OID(0);
	if (!table_lock_at_once(relid))
		return (Datum) 0;
	all = index_def_existing(relid);
	foreach(lc, all)
		put_index(result, lfirst(lc), all);
	table_unlock(relid);
	return (Datum) 0;
}

/* The OIDs of an array. */
static List *
oid_list(ArrayType *array)
{
	Datum	   *oids;
	int			n;
	List	   *list = NIL;

	deconstruct_array(array, OIDOID, sizeof(Oid), true, TYPALIGN_INT, &oids,
					  NULL, &n);
	for (int i = 0; i < n; i++)
		list = lappend_oid(list, DatumGetObjectId(oids[i]));
	return list;
}

/* Add the row of an index that should be dropped. */
static void
put_advice(ReturnSetInfo *result, const Advice *advice)
{
	Datum		values[UNNEEDED_COLUMNS];
	bool		nulls[UNNEEDED_COLUMNS] = {false};
	int			i = 0;

	values[i++] = ObjectIdGetDatum(advice->relid);
	values[i++] = ObjectIdGetDatum(advice->def->indexoid);
	values[i++] = CStringGetTextDatum(advice->kind);
	values[i++] = CStringGetTextDatum(advice_reason(advice));
	values[i++] = CStringGetTextDatum(advice->ddl);
	nulls[i] = advice->size_bytes < 0;
	values[i++] = Int64GetDatum(advice->size_bytes);
	Assert(i == UNNEEDED_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_unneeded_indexes(relations, unused_since): the indexes of these tables
 * that should be dropped; unused_since NULL does not judge by use, one in the future is
 * error 22023.
 */
Datum
clipperf_read_unneeded_indexes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz unused_since;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	result_check_columns(result->setDesc, UNNEEDED_COLUMNS);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	unused_since = PG_ARGISNULL(1) ? DT_NOBEGIN : argument_past(PG_GETARG_TIMESTAMPTZ(1), "unused_since");
	foreach(lc, unneeded_indexes(oid_list(PG_GETARG_ARRAYTYPE_P(0)), unused_since))
		put_advice(result, lfirst(lc));
	return (Datum) 0;
}
