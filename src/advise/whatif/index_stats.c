/*-------------------------------------------------------------------------
 *
 * index_stats.c
 *	  What ANALYZE would learn of an index's expressions.
 *
 * Once an index on an expression is built and analysed, the planner estimates
 * conditions on the expression by these statistics.  The functions of ANALYZE
 * compute them here from a sample, and the rows of pg_statistic stay in memory.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/index_stats.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "commands/vacuum.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"

/* AnalyzeAttrFetchFunc: a value of the sample. */
static Datum
fetch_sampled_value(VacAttrStatsP stats, int row, bool *isnull)
{
	*isnull = stats->exprnulls[row * stats->rowstride];
	return stats->exprvals[row * stats->rowstride];
}

/* Ready to compute statistics of an expression; NULL if its type has none. */
static VacAttrStats *
prepare_stats(const IndexKey *key)
{
	VacAttrStats *stats = palloc0(sizeof(VacAttrStats));
	HeapTuple	type = SearchSysCacheCopy1(TYPEOID, ObjectIdGetDatum(key->type));
	bool		ok;

	if (!HeapTupleIsValid(type))
		elog(ERROR, "cache lookup failed for type %u", key->type);
	STATS_USE_DEFAULT_TARGET(stats);
	stats->attrtypid = key->type;
	stats->attrtypmod = exprTypmod(key->expr);
	stats->attrtype = (Form_pg_type) GETSTRUCT(type);
	stats->attrcollid = key->collation;
	stats->anl_context = CurrentMemoryContext;
	for (int i = 0; i < STATISTIC_NUM_SLOTS; i++)
	{
		stats->statypid[i] = stats->attrtypid;
		stats->statyplen[i] = stats->attrtype->typlen;
		stats->statypbyval[i] = stats->attrtype->typbyval;
		stats->statypalign[i] = stats->attrtype->typalign;
	}

	if (OidIsValid(stats->attrtype->typanalyze))
		ok = DatumGetBool(OidFunctionCall1(stats->attrtype->typanalyze,
										   PointerGetDatum(stats)));
	else
		ok = std_typanalyze(stats);
	return ok && stats->compute_stats != NULL ? stats : NULL;
}

/* The numbers of a slot as an array; 0 if there are none. */
static Datum
numbers_array(const VacAttrStats *stats, int slot, bool *isnull)
{
	int			count = stats->numnumbers[slot];
	Datum	   *numbers = palloc(Max(count, 1) * sizeof(Datum));

	*isnull = count <= 0;
	if (*isnull)
		return (Datum) 0;
	for (int i = 0; i < count; i++)
		numbers[i] = Float4GetDatum(stats->stanumbers[slot][i]);
	return PointerGetDatum(construct_array(numbers, count, FLOAT4OID,
										   sizeof(float4), true,
										   TYPALIGN_INT));
}

/* The values of a slot as an array; 0 if there are none. */
static Datum
values_array(const VacAttrStats *stats, int slot, bool *isnull)
{
	*isnull = stats->numvalues[slot] <= 0;
	if (*isnull)
		return (Datum) 0;
	return PointerGetDatum(construct_array(stats->stavalues[slot],
										   stats->numvalues[slot],
										   stats->statypid[slot],
										   stats->statyplen[slot],
										   stats->statypbyval[slot],
										   stats->statypalign[slot]));
}

/* Statistics as a row of pg_statistic; its index is of no importance. */
static HeapTuple
form_stats(const VacAttrStats *stats, TupleDesc desc)
{
	Datum		values[Natts_pg_statistic] = {0};
	bool		nulls[Natts_pg_statistic] = {false};

	values[Anum_pg_statistic_stanullfrac - 1] =
		Float4GetDatum(stats->stanullfrac);
	values[Anum_pg_statistic_stawidth - 1] = Int32GetDatum(stats->stawidth);
	values[Anum_pg_statistic_stadistinct - 1] =
		Float4GetDatum(stats->stadistinct);
	for (int i = 0; i < STATISTIC_NUM_SLOTS; i++)
	{
		int			numbers = Anum_pg_statistic_stanumbers1 - 1 + i;
		int			slot_values = Anum_pg_statistic_stavalues1 - 1 + i;

		values[Anum_pg_statistic_stakind1 - 1 + i] =
			Int16GetDatum(stats->stakind[i]);
		values[Anum_pg_statistic_staop1 - 1 + i] =
			ObjectIdGetDatum(stats->staop[i]);
		values[Anum_pg_statistic_stacoll1 - 1 + i] =
			ObjectIdGetDatum(stats->stacoll[i]);
		values[numbers] = numbers_array(stats, i, &nulls[numbers]);
		values[slot_values] = values_array(stats, i, &nulls[slot_values]);
	}
	return heap_form_tuple(desc, values, nulls);
}

/*
 * A row of pg_statistic for each column of the index that is an expression,
 * NULL for the others and where nothing can be said; as many as the index has
 * columns, in the current memory context.  "tuples" is the number of rows in
 * the index.
 */
HeapTuple *
index_stats(const IndexDefinition *def, const IndexSample *sample,
			double tuples)
{
	int			natts = sample->desc->natts;
	HeapTuple  *rows = palloc0(natts * sizeof(HeapTuple));
	Relation	catalog = table_open(StatisticRelationId, AccessShareLock);

	for (int i = 0; i < def->nkeys; i++)
	{
		VacAttrStats *stats = NULL;

		if (def->keys[i].attno == 0 && sample->nrows > 0)
			stats = prepare_stats(&def->keys[i]);
		if (stats == NULL)
			continue;
		stats->exprvals = &sample->values[i];
		stats->exprnulls = &sample->nulls[i];
		stats->rowstride = natts;
		stats->compute_stats(stats, fetch_sampled_value, sample->nrows, tuples);
		if (stats->stats_valid)
			rows[i] = form_stats(stats, RelationGetDescr(catalog));
	}
	table_close(catalog, AccessShareLock);
	return rows;
}
