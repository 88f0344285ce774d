/*-------------------------------------------------------------------------
 *
 * index_sample.c
 *	  What an index would hold for the rows of a table's sample.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/index_sample.h"

#include "access/htup_details.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* The tools that evaluate an index's columns. */
typedef struct Evaluation
{
	IndexInfo  *info;
	EState	   *estate;
	TupleTableSlot *slot;
	ExprState  *predicate;
} Evaluation;

/* The index as CREATE INDEX sees it. */
static IndexInfo *
make_index_info(const IndexDefinition *def)
{
	List	   *expressions = NIL;
	IndexInfo  *info;

	for (int i = 0; i < def->nkeys; i++)
		if (def->keys[i].attno == 0)
			expressions = lappend(expressions, def->keys[i].expr);
	info = MAKE_INDEX_INFO(def->nkeys + def->nincluded, def->nkeys, def->am,
						   expressions, def->predicate, def->unique);
	for (int i = 0; i < def->nkeys; i++)
		info->ii_IndexAttrNumbers[i] = def->keys[i].attno;
	for (int i = 0; i < def->nincluded; i++)
		info->ii_IndexAttrNumbers[def->nkeys + i] = def->included[i];
	return info;
}

/*
 * The type in which an index stores a key; that of the elements for operator
 * classes of arrays.
 */
Oid
index_stored_type(const IndexKey *key)
{
	HeapTuple	opclass = SearchSysCache1(CLAOID,
										  ObjectIdGetDatum(key->opclass));
	Oid			stored;

	if (!HeapTupleIsValid(opclass))
		elog(ERROR, "cache lookup failed for opclass %u", key->opclass);
	stored = ((Form_pg_opclass) GETSTRUCT(opclass))->opckeytype;
	ReleaseSysCache(opclass);
	if (stored == ANYELEMENTOID)
		stored = get_base_element_type(key->type);
	return OidIsValid(stored) ? stored : key->type;
}

/* The types of the values that go into the index. */
static TupleDesc
make_desc(const IndexDefinition *def, Relation heap)
{
	TupleDesc	desc = CreateTemplateTupleDesc(def->nkeys + def->nincluded);

	for (int i = 0; i < desc->natts; i++)
	{
		AttrNumber	attno = i < def->nkeys ? def->keys[i].attno :
			def->included[i - def->nkeys];

		if (def->am == BTREE_AM_OID && i < def->nkeys &&
			index_stored_type(&def->keys[i]) != def->keys[i].type)
			TupleDescInitEntry(desc, i + 1, NULL,
							   index_stored_type(&def->keys[i]), -1, 0);
		else if (attno > 0)
			TupleDescCopyEntry(desc, i + 1, RelationGetDescr(heap), attno);
		else
			TupleDescInitEntry(desc, i + 1, NULL, def->keys[i].type, -1, 0);
	}
	return FINISH_TUPLE_DESC(desc);
}

/* Set up what evaluates the index's columns over rows of "heap". */
static void
begin_evaluation(Evaluation *evaluation, const IndexDefinition *def,
				 Relation heap)
{
	evaluation->info = make_index_info(def);
	evaluation->estate = CreateExecutorState();
	evaluation->slot = MakeSingleTupleTableSlot(RelationGetDescr(heap),
												&TTSOpsHeapTuple);
	GetPerTupleExprContext(evaluation->estate)->ecxt_scantuple =
		evaluation->slot;
	evaluation->predicate = ExecPrepareQual(def->predicate,
											evaluation->estate);
}

/* Give back what the evaluation of expressions has taken. */
static void
end_evaluation(Evaluation *evaluation)
{
	ExecDropSingleTupleTableSlot(evaluation->slot);
	FreeExecutorState(evaluation->estate);
}

/*
 * Evaluate one row and add it to the sample, unless the predicate leaves it
 * out.  Results of expressions live in the row's memory, so they are copied.
 */
static void
add_row(IndexSample *sample, Evaluation *evaluation, HeapTuple row)
{
	ExprContext *context = GetPerTupleExprContext(evaluation->estate);
	int			natts = sample->desc->natts;
	Datum	   *values = &sample->values[(Size) sample->nrows * natts];
	bool	   *nulls = &sample->nulls[(Size) sample->nrows * natts];

	ResetExprContext(context);
	ExecStoreHeapTuple(row, evaluation->slot, false);
	if (!ExecQual(evaluation->predicate, context))
		return;
	FormIndexDatum(evaluation->info, evaluation->slot, evaluation->estate,
				   values, nulls);
	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(sample->desc, i);

		if (evaluation->info->ii_IndexAttrNumbers[i] == 0 && !nulls[i])
			values[i] = datumCopy(values[i], att->attbyval, att->attlen);
	}
	sample->nrows++;
}

/*
 * Evaluate an index's columns and predicate over a sample of "heap", as the
 * current user, in the current memory context.  The values may point into the
 * table's sample.  What the expressions raise is raised: the index could not
 * be built.
 */
IndexSample *
index_sample(const IndexDefinition *def, Relation heap,
			 const TableSample *rows)
{
	IndexSample *sample = palloc0(sizeof(IndexSample));
	Evaluation	evaluation;

	sample->desc = make_desc(def, heap);
	sample->examined = rows->nrows;
	sample->complete = rows->complete;
	sample->values = palloc(Max(rows->nrows, 1) * sample->desc->natts *
							sizeof(Datum));
	sample->nulls = palloc(Max(rows->nrows, 1) * sample->desc->natts *
						   sizeof(bool));

	begin_evaluation(&evaluation, def, heap);
	for (int i = 0; i < rows->nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		add_row(sample, &evaluation, rows->rows[i]);
	}
	end_evaluation(&evaluation);
	return sample;
}
