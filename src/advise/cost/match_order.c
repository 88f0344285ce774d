/*-------------------------------------------------------------------------
 *
 * match_order.c
 *	  How far into a scan the rows come that a condition keeps.
 *
 * The planner prices a scan that stops early as if the rows it keeps were
 * spread evenly over the rows it reads (adjust_limit_rows_costs() in
 * optimizer/util/pathnode.c).  Where what is kept depends on the order, or
 * there are fewer such rows than thought, it reads on to the end.
 *
 * Here rows of a sample are put into the order of the scan.  If m of them are
 * within its bounds, k of these match, and the sample holds the share s of the
 * table, then the n-th match of the scan is about the j-th of the sample, j =
 * n * s, but at least the first.  Its place p among the m, a share, is what
 * must be read:
 *
 *	- of all rows (s = 1): p, exactly;
 *	- no match in the sample, or fewer than j: all of it;
 *	- fewer than FEW_MATCHES: p, since so few cannot tell;
 *	- were the k matches spread evenly, fewer than j of them would lie before p
 *	  with the chance that a binomial distribution gives (k draws, p each).  If
 *	  that is below UNLIKELY, matches come late: p;
 *	- otherwise they are spread evenly: j / k, which is the planner's formula
 *	  with a selectivity that was measured.
 *
 * A join that loses rows is tested like a condition, by the rows of a sample of
 * the other table.  If that holds a share of it only, so many of the matches are
 * met, and s is multiplied by it.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/match_order.h"

#include <math.h>

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/sortsupport.h"

#include "advise/whatif/index_sample.h"
#include "advise/whatif/table_sample.h"

/* With fewer matches in the sample nobody knows how they are spread. */
#define FEW_MATCHES 3
/*
 * What has a smaller chance than this is taken not to have happened by chance:
 * the level of significance that is customary in statistics.
 */
#define UNLIKELY 0.05
/* Places remembered of a scan; matches beyond them count as spread evenly. */
#define MOST_PLACES 1000

/* The rows of a sample on their way into the order of a scan. */
typedef struct ScanSorting
{
	const IndexSample *sample;
	int			nkeys;			/* columns that give the order */
	SortSupport keys;
	bool		backward;
} ScanSorting;

/*
 * Append "all of these conditions hold" to the keys of an index, as a boolean
 * expression.
 */
static void
add_condition_key(IndexDefinition *def, List *conditions)
{
	BooleanTest *test = makeNode(BooleanTest);
	IndexKey   *key = &def->keys[def->nkeys++];

	test->arg = (Expr *) make_ands_explicit(conditions);
	test->booltesttype = IS_TRUE;
	test->location = -1;
	memset(key, 0, sizeof(*key));
	key->expr = (Node *) test;
	key->type = BOOLOID;
	key->opclass = GetDefaultOpClass(BOOLOID, BTREE_AM_OID);
	key->opfamily = get_opclass_family(key->opclass);
}

/* The conditions, as columns after those that give the order. */
enum
{
	IN_BOUNDS,
	IN_INSIDE,
	IN_FILTER,
	CONDITIONS
};

/*
 * What is to be known of each row: the keys of the index, then whether the
 * conditions hold.  NULL if these are too many.
 */
static IndexDefinition *
make_test_columns(const OrderedScan *scan)
{
	IndexDefinition *def = index_def_make(scan->relid, BTREE_AM_OID);

	if (scan->index != NULL)
	{
		if (scan->index->am != BTREE_AM_OID ||
			scan->index->nkeys + CONDITIONS > INDEX_DEF_KEYS)
			return NULL;
		def->predicate = scan->index->predicate;
		def->nkeys = scan->index->nkeys;
		memcpy(def->keys, scan->index->keys, sizeof(IndexKey) * def->nkeys);
	}
	add_condition_key(def, scan->bounds);
	add_condition_key(def, scan->inside);
	add_condition_key(def, scan->filter);
	return def;
}

/* What compares values of the first "nkeys" keys of an index. */
static SortSupport
make_scan_comparators(const IndexDefinition *def, int nkeys)
{
	SortSupport keys = palloc0(sizeof(SortSupportData) * Max(nkeys, 1));

	for (int i = 0; i < nkeys; i++)
	{
		const IndexKey *key = &def->keys[i];
		Oid			type = get_opclass_input_type(key->opclass);

		keys[i].ssup_cxt = CurrentMemoryContext;
		keys[i].ssup_collation = key->collation;
		keys[i].ssup_nulls_first = key->nulls_first;
		PrepareSortSupportFromOrderingOp(get_opfamily_member(key->opfamily, type, type,
															 BTLessStrategyNumber),
										 &keys[i]);
		keys[i].ssup_reverse = key->descending;
	}
	return keys;
}

/* qsort_arg comparator of positions in the sample; ties as they are stored. */
static int
compare_scan_rows(const void *a, const void *b, void *arg)
{
	const ScanSorting *sorting = arg;
	int			natts = sorting->sample->desc->natts;
	int			one = *(const int *) a;
	int			other = *(const int *) b;

	for (int i = 0; i < sorting->nkeys; i++)
	{
		Size		left = (Size) one * natts + i;
		Size		right = (Size) other * natts + i;
		int			compared =
			ApplySortComparator(sorting->sample->values[left],
								sorting->sample->nulls[left],
								sorting->sample->values[right],
								sorting->sample->nulls[right],
								&sorting->keys[i]);

		if (compared != 0)
			return sorting->backward ? -compared : compared;
	}
	return sorting->backward ? other - one : one - other;
}

/* Does a condition hold for a row of the sample? */
static inline bool
condition_holds(const IndexSample *sample, int row, int condition)
{
	int			column = sample->desc->natts - CONDITIONS + condition;

	return DatumGetBool(sample->values[(Size) row * sample->desc->natts + column]);
}

/*
 * The rows of the sample that are within the scan's bounds, as positions in
 * the sample, in the order of the scan; *count is their number.
 */
static int *
sort_scan_rows(const OrderedScan *scan, const IndexDefinition *tests,
			   const IndexSample *sample, int *count)
{
	ScanSorting sorting = {
		.sample = sample,
		.nkeys = tests->nkeys - CONDITIONS,
		.keys = make_scan_comparators(tests, tests->nkeys - CONDITIONS),
		.backward = scan->backward
	};
	int		   *rows = palloc(sizeof(int) * Max(sample->nrows, 1));

	*count = 0;
	for (int i = 0; i < sample->nrows; i++)
		if (condition_holds(sample, i, IN_BOUNDS))
			rows[(*count)++] = i;
	CHECK_FOR_INTERRUPTS();
	qsort_arg(rows, *count, sizeof(int), compare_scan_rows, &sorting);
	return rows;
}

/*
 * Count the rows that each step of the scan keeps, and note where the matches
 * are.  "rows" are positions in the sample, in the order of the scan.
 */
static void
note_match_places(MatchOrder *order, const IndexSample *sample, const int *rows)
{
	order->places = palloc(sizeof(float4) * MOST_PLACES);
	for (int i = 0; i < order->rows; i++)
	{
		if (!condition_holds(sample, rows[i], IN_INSIDE))
			continue;
		order->fetched++;
		if (!condition_holds(sample, rows[i], IN_FILTER))
			continue;
		if (order->nplaces < MOST_PLACES)
			order->places[order->nplaces++] = (i + 1.0) / order->rows;
		order->matches++;
	}
}

/*
 * The table by whose rights a scan of this one is judged: a partition may be
 * read by those who may read its parents.
 */
static Oid
named_table(Oid relid)
{
	if (!get_rel_relispartition(relid) ||
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return relid;
	return llast_oid(get_partition_ancestors(relid));
}

/*
 * The values of the join's inner column in the sample's rows that meet the
 * join's conditions, as a constant array; NULLs are left out.  Errors are
 * those of the conditions.
 */
static Const *
collect_join_keys(const JoinTest *join, Relation heap, const TableSample *rows)
{
	IndexDefinition *def = index_def_make(join->relid, BTREE_AM_OID);
	const IndexSample *sample;
	Oid			type = get_atttype(join->relid, join->inner);
	Datum	   *keys;
	int			count = 0;
	int16		length;
	bool		by_value;
	char		align;

	index_def_add_column(def, join->inner, false, false);
	def->predicate = join->conditions;
	sample = index_sample(def, heap, rows);
	keys = palloc(sizeof(Datum) * Max(sample->nrows, 1));
	for (int i = 0; i < sample->nrows; i++)
		if (!sample->nulls[i])
			keys[count++] = sample->values[i];
	get_typlenbyvalalign(type, &length, &by_value, &align);
	return makeConst(get_array_type(type), -1, join->collation, -1,
					 PointerGetDatum(construct_array(keys, count, type, length,
													 by_value, align)),
					 false, false);
}

/* The condition that a row of the scan is joined to one of these keys. */
static Node *
make_join_condition(const OrderedScan *scan, const JoinTest *join, Const *keys)
{
	ScalarArrayOpExpr *condition = makeNode(ScalarArrayOpExpr);
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(scan->relid, join->outer, &type, &typmod, &collation);
	condition->opno = join->operator;
	condition->opfuncid = get_opcode(join->operator);
	condition->useOr = true;
	condition->inputcollid = join->collation;
	condition->args = list_make2(makeVar(1, join->outer, type, typmod,
										 collation, 0), keys);
	condition->location = -1;
	convert_saop_to_hashed_saop((Node *) condition);
	return (Node *) condition;
}

/*
 * Add to the scan's filter what its joins keep, as conditions.  False if that
 * is not possible; *ratio is multiplied by the share of the other tables that
 * was sampled.  Locks these tables (AccessShareLock) to the end of the
 * (sub)transaction.
 */
static bool
add_join_conditions(OrderedScan *scan, double *ratio)
{
	ListCell   *lc;

	foreach(lc, scan->joins)
	{
		const JoinTest *join = lfirst(lc);
		Relation	heap = try_table_open(join->relid, AccessShareLock);
		const TableSample *rows = heap == NULL ? NULL :
			table_sample(heap, named_table(join->relid));

		/* A sample without rows, of a table that has some, tells nothing. */
		if (rows != NULL && rows->nrows == 0 && !rows->complete)
			rows = NULL;
		if (rows != NULL)
			scan->filter = lappend(list_copy(scan->filter),
								   make_join_condition(scan, join,
													   collect_join_keys(join, heap,
																		 rows)));
		if (rows != NULL && !rows->complete)
			*ratio *= Min(rows->nrows / Max(rows->tuples, 1), 1);
		if (heap != NULL)
			table_close(heap, NoLock);
		if (rows == NULL)
			return false;
	}
	return true;
}

/*
 * Fill in what samples of the tables tell: which of the rows, in the order of
 * the scan, match.  order->tested stays false if they cannot tell.
 */
static void
match_sample(const OrderedScan *scan, Relation heap, MatchOrder *order)
{
	OrderedScan joined = *scan;
	double		share = 1;
	const TableSample *rows;
	const IndexSample *sample;
	IndexDefinition *tests;
	int		   *sorted;

	if (!add_join_conditions(&joined, &share))
		return;
	rows = table_sample(heap, named_table(scan->relid));
	if (rows == NULL || rows->nrows == 0)
		return;
	order->complete = rows->complete && share == 1;
	order->ratio = rows->complete ? 1 :
		Min(rows->nrows / Max(rows->tuples, 1), 1);
	order->match_ratio = order->ratio * share;
	tests = make_test_columns(&joined);
	if (tests == NULL)
		return;
	sample = index_sample(tests, heap, rows);
	sorted = sort_scan_rows(&joined, tests, sample, &order->rows);
	note_match_places(order, sample, sorted);
	order->tested = true;
}

/*
 * Test a scan on a sample of its table, with the rights of the current user.
 * The result is palloc'd in the memory context "keep".  Locks tables
 * (AccessShareLock) to the end of the (sub)transaction.  Errors are those of
 * the conditions.
 */
MatchOrder *
match_order(const OrderedScan *scan, MemoryContext keep)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(caller, "clipperf match order",
												  ALLOCSET_DEFAULT_SIZES);
	MatchOrder	order = {0};
	MatchOrder *copy;
	Relation	heap;

	MemoryContextSwitchTo(scratch);
	heap = try_table_open(scan->relid, AccessShareLock);
	if (heap != NULL)
	{
		match_sample(scan, heap, &order);
		table_close(heap, NoLock);
	}
	MemoryContextSwitchTo(keep);
	copy = palloc(sizeof(MatchOrder));
	*copy = order;
	copy->places = palloc(sizeof(float4) * Max(order.nplaces, 1));
	if (order.nplaces > 0)
		memcpy(copy->places, order.places, sizeof(float4) * order.nplaces);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return copy;
}

/* The chance that of k rows, each with the chance p, fewer than j are met. */
static double
chance_of_fewer(int k, int j, double p)
{
	double		term;
	double		sum = 0;

	if (p >= 1)
		return k < j ? 1 : 0;
	term = k * log1p(-p);		/* logarithm of the chance of none */
	for (int i = 0; i < j; i++)
	{
		sum += exp(term);
		term += log((double) (k - i) / (i + 1)) + log(p / (1 - p));
	}
	return sum;
}

/*
 * The share of the scan that must be read to find "wanted" matches, where
 * "even" is what the planner takes it for: never less than that, and 1 at
 * most. The rules are those in the banner of this file.
 */
double
match_order_share(const MatchOrder *order, double wanted, double even)
{
	double		expected = wanted * order->match_ratio;
	int			nth = (int) Max(ceil(Min(expected, order->matches + 1.0)), 1);
	double		spread;
	double		place;

	if (nth > order->matches)
		return 1;
	spread = Max(even, Min(expected / order->matches, 1));
	if (nth > order->nplaces)
		return spread;
	place = order->places[nth - 1];
	if (order->complete || order->matches < FEW_MATCHES ||
		chance_of_fewer(order->matches, nth, place) < UNLIKELY)
		return Max(even, place);
	return spread;
}
