/*-------------------------------------------------------------------------
 *
 * scan_index.c
 *	  The index that would have saved a sequential scan.
 *
 * A B-tree takes the columns compared for equality first, then those the rows
 * are sorted by or one that is compared with a range; boolean and null
 * conditions make it partial.  Where nothing of this is there, another access
 * method may serve the operator.
 *
 *-------------------------------------------------------------------------
 */
#include "report/scan_index.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

/* A range is preferred to a sort when it leaves this share of the rows. */
#define SELECTIVE_SHARE 0.05

/* Given by scan_index_init(). */
static SimplifyPredicate simplify_predicate = NULL;

/*
 * Called from _PG_init with the function that makes of an index's predicate, as
 * the catalog has it, what the planner compares with conditions.
 */
void
scan_index_init(SimplifyPredicate simplify)
{
	simplify_predicate = simplify;
}

/* Has the type of a column an order that B-trees know? */
static bool
is_sortable(Oid relid, AttrNumber attnum)
{
	Oid			type = get_atttype(relid, attnum);

	return OidIsValid(type) && OidIsValid(GetDefaultOpClass(type, BTREE_AM_OID));
}

/* Is there a key on this column? */
static bool
has_scan_key(const ScanIndex *index, AttrNumber attnum)
{
	for (int i = 0; i < index->keys; i++)
		if (index->key[i].attnum == attnum)
			return true;
	return false;
}

/* Append a B-tree key, unless the column is there or cannot be one. */
static void
add_scan_key(ScanIndex *index, Oid relid, SortColumn column)
{
	if (index->keys == SCAN_INDEX_KEYS || has_scan_key(index, column.attnum) ||
		!is_sortable(relid, column.attnum))
		return;
	index->key[index->keys++] = (ScanIndexKey)
	{
		.attnum = column.attnum,
			.descending = column.descending,
			.nulls_first = column.nulls_first
	};
}

/* Append a B-tree key in the usual order. */
static void
add_plain_key(ScanIndex *index, Oid relid, int16 attnum)
{
	SortColumn	column = {.attnum = attnum};

	add_scan_key(index, relid, column);
}

/* Is the column compared with a range? */
static bool
is_range(const FilterColumn *filter)
{
	return filter->use >= USE_LESS && filter->use <= USE_GREATER;
}

/* The first range condition, or NULL. */
static const FilterColumn *
first_range(const SeqScanColumns *columns)
{
	for (int i = 0; i < columns->filters; i++)
		if (is_range(&columns->filter[i]))
			return &columns->filter[i];
	return NULL;
}

/*
 * Is the order of the rows what saves most?  If not, a range does, or an index
 * of another method ("other").
 */
static bool
sort_pays(const SeqScanColumns *columns, const SeqScanCounters *counters,
		  const FilterColumn *range, bool other)
{
	if (columns->sorts == 0)
		return false;
	if (range == NULL ? !other : range->attnum == columns->sort[0].attnum)
		return true;
	return counters->rows_needed < counters->rows_kept &&
		counters->rows_kept > SELECTIVE_SHARE * counters->rows_read;
}

/* Sort what the filter asks for into keys and conditions. */
static void
take_filters(ScanIndex *index, Oid relid, const SeqScanColumns *columns)
{
	for (int i = 0; i < columns->filters; i++)
	{
		const FilterColumn *filter = &columns->filter[i];

		if (!OidIsValid(get_atttype(relid, filter->attnum)))
			continue;			/* dropped */
		if (filter->use == USE_EQUAL)
			add_plain_key(index, relid, filter->attnum);
		else if (filter->use >= USE_TRUE && filter->use <= USE_NOT_NULL)
			index->condition[index->conditions++] = *filter;
	}
	index->equals = index->keys;
}

/* The name of an operator class that serves patterns, or NULL. */
static const char *
pattern_opclass(Oid operator)
{
	switch (get_oprrest(operator))
	{
		case F_LIKESEL:
		case F_ICLIKESEL:
		case F_REGEXEQSEL:
		case F_ICREGEXEQSEL:
			return "gin_trgm_ops";
		default:
			return NULL;
	}
}

/* Does the default operator class of an access method serve the operator? */
static bool
method_serves(Oid method, Oid relid, const FilterColumn *filter)
{
	Oid			type = get_atttype(relid, filter->attnum);
	Oid			opclass = OidIsValid(type) ? GetDefaultOpClass(type, method) : InvalidOid;

	return OidIsValid(opclass) &&
		op_in_opfamily(filter->operator, get_opclass_family(opclass));
}

/* Another access method than the B-tree for one of the operators. */
static void
design_other(ScanIndex *index, Oid relid, const SeqScanColumns *columns)
{
	for (int i = 0; i < columns->filters && index->method == NULL; i++)
	{
		const FilterColumn *filter = &columns->filter[i];
		ScanIndexKey *key = &index->key[0];

		if (filter->use != USE_OPERATOR)
			continue;
		key->attnum = filter->attnum;
		key->operator = filter->operator;
		key->opclass = pattern_opclass(filter->operator);
		if (key->opclass != NULL || method_serves(GIN_AM_OID, relid, filter))
			index->method = "gin";
		else if (method_serves(GIST_AM_OID, relid, filter))
			index->method = "gist";
	}
	if (index->method != NULL)
		index->keys = 1;
}

/* Design it from what the scans asked for and what became of their rows. */
ScanIndex
scan_index_design(Oid relid, const SeqScanColumns *columns,
				  const SeqScanCounters *counters)
{
	const FilterColumn *range = first_range(columns);
	ScanIndex	index = {.method = NULL};
	ScanIndex	other;

	take_filters(&index, relid, columns);
	other = index;
	if (index.keys == 0)
		design_other(&other, relid, columns);
	if (sort_pays(columns, counters, range, other.method != NULL))
	{
		for (int i = 0; i < columns->sorts; i++)
			add_scan_key(&index, relid, columns->sort[i]);
		index.ordered = index.keys - index.equals;
	}
	else if (range != NULL)
		add_plain_key(&index, relid, range->attnum);

	if (index.keys == 0)
		index = other;
	if (index.keys == 0 && index.conditions > 0)
		add_plain_key(&index, relid, index.condition[0].attnum);
	if (index.keys > 0 && index.method == NULL)
		index.method = "btree";
	return index;
}

/* Is the column fixed by a boolean condition, so that its order is nothing? */
static bool
is_fixed(const ScanIndex *index, AttrNumber attnum)
{
	for (int i = 0; i < index->conditions; i++)
		if (index->condition[i].attnum == attnum &&
			index->condition[i].use <= USE_NULL)
			return true;
	return false;
}

/*
 * How many leading keys of an existing index are compared for equality, in
 * any order; -1 if one of those designed is not among them.
 */
static int
skip_equals(const ScanIndex *index, const Form_pg_index existing)
{
	int			found = 0;
	int			i;

	for (i = 0; i < existing->indnkeyatts; i++)
	{
		AttrNumber	attnum = existing->indkey.values[i];
		int			k = 0;

		while (k < index->equals && index->key[k].attnum != attnum)
			k++;
		if (k < index->equals)
			found++;
		else if (!is_fixed(index, attnum))
			break;
	}
	return found == index->equals ? i : -1;
}

/*
 * Are the keys from "first" on those designed, in the designed order where it
 * matters, forwards or backwards?
 */
static bool
has_order(const ScanIndex *index, const Form_pg_index existing,
		  const int2vector *options, int first, bool backwards)
{
	for (int k = index->equals; k < index->keys; k++)
	{
		int			i = first + k - index->equals;
		int			wanted = (index->key[k].descending ? INDOPTION_DESC : 0) |
			(index->key[k].nulls_first ? INDOPTION_NULLS_FIRST : 0);

		if (i >= existing->indnkeyatts ||
			existing->indkey.values[i] != index->key[k].attnum)
			return false;
		if (index->ordered == 0)
			continue;
		if (backwards)
			wanted ^= INDOPTION_DESC | INDOPTION_NULLS_FIRST;
		if (options->values[i] != wanted)
			return false;
	}
	return true;
}

/* The conditions of the scan as the planner writes them. */
static List *
condition_list(Oid relid, const ScanIndex *index)
{
	List	   *conditions = NIL;

	for (int i = 0; i < index->conditions; i++)
	{
		const FilterColumn *condition = &index->condition[i];
		Oid			type;
		int32		typmod;
		Oid			collation;
		Var		   *column;
		NullTest   *test;

		get_atttypetypmodcoll(relid, condition->attnum, &type, &typmod, &collation);
		column = makeVar(1, condition->attnum, type, typmod, collation, 0);
		if (condition->use == USE_TRUE)
			conditions = lappend(conditions, column);
		else if (condition->use == USE_FALSE)
			conditions = lappend(conditions, makeBoolExpr(NOT_EXPR, list_make1(column), -1));
		else
		{
			test = makeNode(NullTest);
			test->arg = (Expr *) column;
			test->nulltesttype = condition->use == USE_NULL ? IS_NULL : IS_NOT_NULL;
			conditions = lappend(conditions, test);
		}
	}
	return conditions;
}

/* Is there at most one row for the values that are compared for equality? */
static bool
finds_one_row(const ScanIndex *index, const Form_pg_index existing)
{
	for (int i = 0; i < existing->indnkeyatts; i++)
	{
		int			k = 0;

		while (k < index->equals &&
			   index->key[k].attnum != existing->indkey.values[i])
			k++;
		if (k == index->equals)
			return false;
	}
	return existing->indisunique;
}

/* Does an open B-tree hold the keys, in an order that serves? */
static bool
btree_serves(Relation existing, const ScanIndex *index)
{
	Form_pg_index form = existing->rd_index;
	int			first = skip_equals(index, form);
	int2vector *options;
	Datum		datum;
	bool		isnull;

	if (finds_one_row(index, form))
		return true;
	if (first < 0)
		return false;
	datum = SysCacheGetAttr(INDEXRELID, existing->rd_indextuple,
							Anum_pg_index_indoption, &isnull);
	if (isnull)
		return false;
	options = (int2vector *) DatumGetPointer(datum);
	return has_order(index, form, options, first, false) ||
		has_order(index, form, options, first, true);
}

/* Has an open index of another method a key for the operator? */
static bool
operator_serves(Relation existing, const ScanIndex *index)
{
	for (int i = 0; i < existing->rd_index->indnkeyatts; i++)
		if (existing->rd_index->indkey.values[i] == index->key[0].attnum &&
			op_in_opfamily(index->key[0].operator, existing->rd_opfamily[i]))
			return true;
	return false;
}

/*
 * The predicate of an open index, implicitly ANDed.  That of the relation cache
 * is not used: making it runs functions with the reader's rights.
 */
static List *
index_predicate(Relation existing)
{
	bool		isnull;
	Datum		datum = SysCacheGetAttr(INDEXRELID, existing->rd_indextuple,
										Anum_pg_index_indpred, &isnull);

	if (isnull)
		return NIL;
	return simplify_predicate(stringToNode(TextDatumGetCString(datum)),
							  existing->rd_index->indrelid);
}

/* Does an open index hold the rows, in a way that serves? */
static bool
index_serves(Relation table, Relation existing, const ScanIndex *index)
{
	List	   *predicate = index_predicate(existing);

	if (predicate != NIL &&
		!predicate_implied_by(predicate,
							  condition_list(RelationGetRelid(table), index), false))
		return false;
	if (strcmp(index->method, "btree") != 0)
		return operator_serves(existing, index);
	return existing->rd_rel->relam == BTREE_AM_OID && btree_serves(existing, index);
}

/*
 * An index of the table that serves the same purpose, or InvalidOid.  The
 * caller holds a lock on the table; indexes that are locked are passed over.
 */
Oid
scan_index_existing(Relation table, const ScanIndex *index)
{
	Oid			found = InvalidOid;
	ListCell   *lc;

	if (index->method == NULL)
		return InvalidOid;
	foreach(lc, RelationGetIndexList(table))
	{
		Oid			indexid = lfirst_oid(lc);
		Relation	existing;

		if (OidIsValid(found) || !ConditionalLockRelationOid(indexid, AccessShareLock))
			continue;
		existing = try_relation_open(indexid, NoLock);
		if (existing == NULL)
		{
			UnlockRelationOid(indexid, AccessShareLock);
			continue;
		}
		if (existing->rd_index->indisvalid && index_serves(table, existing, index))
			found = indexid;
		relation_close(existing, AccessShareLock);
	}
	return found;
}
