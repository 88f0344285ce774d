/*-------------------------------------------------------------------------
 *
 * index_def_compare.c
 *	  What one index can do that another cannot.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def.h"

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_am.h"
#include "common/hashfn.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

/* ------------------------------------------------------------------------
 * Keys
 * ------------------------------------------------------------------------ */

/* Are two operator classes the same, or different names of the same? */
static bool
same_opclass(const IndexKey *a, const IndexKey *b)
{
	if (a->opclass == b->opclass)
		return true;
	return a->opfamily == b->opfamily &&
		get_opclass_input_type(a->opclass) == get_opclass_input_type(b->opclass);
}

/* Are two keys the same, and from the same side? */
bool
index_def_same_key(const IndexKey *a, const IndexKey *b)
{
	return a->attno == b->attno && equal(a->expr, b->expr) &&
		a->opclass == b->opclass && a->collation == b->collation &&
		a->descending == b->descending && a->nulls_first == b->nulls_first;
}

/* Do two keys hold the same values in the same form, whatever their order? */
static bool
same_key(const IndexKey *a, const IndexKey *b)
{
	return a->attno == b->attno &&
		a->collation == b->collation &&
		same_opclass(a, b) &&
		equal(a->expr, b->expr) &&
		equal(a->options, b->options);
}

/* Are the keys at "position" ordered alike, or one as the other backwards? */
static bool
same_order(const IndexKey *a, const IndexKey *b, bool backwards)
{
	return a->descending == (b->descending != backwards) &&
		a->nulls_first == (b->nulls_first != backwards);
}

/*
 * Are the keys of "small" the first keys of "big"?  A B-tree can be read from
 * both ends, but only as a whole.
 */
static bool
is_prefix(const IndexDefinition *big, const IndexDefinition *small)
{
	bool		backwards;

	if (small->nkeys > big->nkeys || small->nkeys == 0)
		return false;
	backwards = big->keys[0].descending != small->keys[0].descending;
	for (int i = 0; i < small->nkeys; i++)
		if (!same_key(&big->keys[i], &small->keys[i]) ||
			!same_order(&big->keys[i], &small->keys[i], backwards))
			return false;
	return true;
}

/* Is the key among those of "big"? */
static bool
has_key(const IndexDefinition *big, const IndexKey *key)
{
	for (int i = 0; i < big->nkeys; i++)
		if (same_key(&big->keys[i], key))
			return true;
	return false;
}

/* Are all keys of "small" among those of "big", in any order? */
static bool
is_subset(const IndexDefinition *big, const IndexDefinition *small)
{
	for (int i = 0; i < small->nkeys; i++)
		if (!has_key(big, &small->keys[i]))
			return false;
	return true;
}

/*
 * Do the keys of "big" serve each condition and order that those of "small"
 * serve?  GIN and BRIN find by any of their keys alike, B-tree and GiST by the
 * first ones; of other access methods we know nothing.
 */
static bool
keys_serve(const IndexDefinition *big, const IndexDefinition *small)
{
	switch (big->am)
	{
		case BTREE_AM_OID:
		case GIST_AM_OID:
			return is_prefix(big, small);
		case GIN_AM_OID:
			return is_subset(big, small);
		case BRIN_AM_OID:
			return is_subset(big, small) && equal(big->options, small->options);
		default:
			return big->nkeys == small->nkeys && is_prefix(big, small);
	}
}

/* ------------------------------------------------------------------------
 * Included columns
 * ------------------------------------------------------------------------ */

/* Can an index-only scan return the column? */
static bool
returns_column(const IndexDefinition *def, AttrNumber attno)
{
	for (int i = 0; i < def->nincluded; i++)
		if (def->included[i] == attno)
			return true;
	if (def->am != BTREE_AM_OID)
		return false;
	for (int i = 0; i < def->nkeys; i++)
		if (def->keys[i].attno == attno)
			return true;
	return false;
}

/* Does "big" return all that "small" includes? */
static bool
returns_included(const IndexDefinition *big, const IndexDefinition *small)
{
	for (int i = 0; i < small->nincluded; i++)
		if (!returns_column(big, small->included[i]))
			return false;
	return true;
}

/* ------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------ */

/* Does the node stand for the value of the key? */
static bool
is_key_value(const IndexKey *key, Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node == NULL)
		return false;
	if (key->attno != 0)
		return IsA(node, Var) && ((Var *) node)->varattno == key->attno;
	return equal(node, key->expr);
}

/* Is the clause that a key of a B-tree is not null? */
static bool
is_key_not_null(const IndexDefinition *def, Node *clause)
{
	NullTest   *test = (NullTest *) clause;

	if (def->am != BTREE_AM_OID || !IsA(clause, NullTest) ||
		test->nulltesttype != IS_NOT_NULL || test->argisrow)
		return false;
	for (int i = 0; i < def->nkeys; i++)
		if (is_key_value(&def->keys[i], (Node *) test->arg))
			return true;
	return false;
}

/*
 * Has "big" no more rows than "small", but for those whose keys are null, which
 * an index condition passes over?
 */
static bool
has_no_more_rows(const IndexDefinition *big, const IndexDefinition *small)
{
	ListCell   *lc;

	foreach(lc, small->predicate)
	{
		Node	   *clause = lfirst(lc);

		if (!is_key_not_null(big, clause) &&
			!predicate_implied_by(list_make1(clause), big->predicate, false))
			return false;
	}
	return true;
}

/* Has "big" all rows of "small"? */
static bool
has_rows(const IndexDefinition *big, const IndexDefinition *small)
{
	return big->predicate == NIL ||
		predicate_implied_by(big->predicate, small->predicate, false);
}

/* ------------------------------------------------------------------------
 * Uniqueness
 * ------------------------------------------------------------------------ */

/* Does "big" enforce what "small" does?  Its keys begin with those of "small". */
static bool
enforces(const IndexDefinition *big, const IndexDefinition *small)
{
	if (small->exclusion)
		return false;
	if (!small->unique)
		return true;
	return big->unique && big->nkeys == small->nkeys &&
		(big->immediate || !small->immediate) &&
		(big->nulls_not_distinct || !small->nulls_not_distinct);
}

/* ------------------------------------------------------------------------
 * Whole definitions
 * ------------------------------------------------------------------------ */

/* Is it so, but for rows that only the predicate of "small" leaves out? */
bool
index_def_covers_rows_apart(const IndexDefinition *big,
							const IndexDefinition *small)
{
	return big->valid &&
		big->relid == small->relid &&
		big->am == small->am &&
		keys_serve(big, small) &&
		returns_included(big, small) &&
		enforces(big, small) &&
		has_rows(big, small);
}

/*
 * Is every use of "small" served by "big", by index conditions as good, in the
 * same order, from no more of the table's rows, and is no uniqueness lost?  An
 * invalid index serves nothing.
 */
bool
index_def_covers(const IndexDefinition *big, const IndexDefinition *small)
{
	return index_def_covers_rows_apart(big, small) &&
		has_no_more_rows(big, small);
}

/* Have both the same rows? */
static bool
same_rows(const IndexDefinition *a, const IndexDefinition *b)
{
	return equal(a->predicate, b->predicate) ||
		(a->predicate != NIL && b->predicate != NIL &&
		 has_rows(a, b) && has_rows(b, a));
}

/*
 * Do both offer the same access paths, and enforce the same?  Names, validity,
 * storage and the side from which a B-tree is read do not count.
 */
bool
index_def_equal(const IndexDefinition *a, const IndexDefinition *b)
{
	return a->relid == b->relid &&
		a->am == b->am &&
		a->unique == b->unique &&
		a->nulls_not_distinct == b->nulls_not_distinct &&
		a->immediate == b->immediate &&
		a->exclusion == b->exclusion &&
		a->nkeys == b->nkeys &&
		a->nincluded == b->nincluded &&
		is_prefix(a, b) &&
		returns_included(a, b) &&
		returns_included(b, a) &&
		same_rows(a, b);
}

/*
 * Are both the same in all that CREATE INDEX says, but for the name?  Predicates
 * may differ in form, as long as each implies the other.
 */
bool
index_def_identical(const IndexDefinition *a, const IndexDefinition *b)
{
	if (a->relid != b->relid || a->am != b->am || a->unique != b->unique ||
		a->nulls_not_distinct != b->nulls_not_distinct ||
		a->nkeys != b->nkeys || a->nincluded != b->nincluded ||
		a->tablespace != b->tablespace || !equal(a->options, b->options))
		return false;
	for (int i = 0; i < a->nkeys; i++)
		if (!index_def_same_key(&a->keys[i], &b->keys[i]) ||
			!equal(a->keys[i].options, b->keys[i].options))
			return false;
	for (int i = 0; i < a->nincluded; i++)
		if (a->included[i] != b->included[i])
			return false;
	return same_rows(a, b);
}

/* The columns that it holds or asks about, a set of attribute numbers. */
Bitmapset *
index_def_columns(const IndexDefinition *def)
{
	Bitmapset  *offset = NULL;
	Bitmapset  *columns = NULL;
	int			column = -1;

	for (int i = 0; i < def->nkeys; i++)
	{
		if (def->keys[i].attno != 0)
			columns = bms_add_member(columns, def->keys[i].attno);
		else
			pull_varattnos(def->keys[i].expr, 1, &offset);
	}
	for (int i = 0; i < def->nincluded; i++)
		columns = bms_add_member(columns, def->included[i]);
	pull_varattnos((Node *) def->predicate, 1, &offset);
	while ((column = bms_next_member(offset, column)) >= 0)
		if (column + FirstLowInvalidHeapAttributeNumber > 0)
			columns = bms_add_member(columns,
									 column + FirstLowInvalidHeapAttributeNumber);
	return columns;
}

/* Equal for equal definitions. */
uint64
index_def_hash(const IndexDefinition *def)
{
	uint64		hash = hash_combine64(def->relid, def->am);
	bool		backwards = def->keys[0].descending;

	hash = hash_combine64(hash, def->unique | (def->nulls_not_distinct << 1) |
						  (def->immediate << 2) | (def->nincluded << 3));
	for (int i = 0; i < def->nkeys; i++)
	{
		const IndexKey *key = &def->keys[i];
		uint32		what[] = {key->attno, key->collation, key->opfamily,
		key->descending != backwards, key->nulls_first != backwards};

		hash = hash_bytes_extended((unsigned char *) what, sizeof(what), hash);
	}
	return hash;
}

/* ------------------------------------------------------------------------
 * Keys that the predicate fixes
 * ------------------------------------------------------------------------ */

/* Does "key = constant" stand in the clause? */
static bool
is_equality(const IndexKey *key, OpExpr *clause)
{
	Node	   *left;
	Node	   *right;

	if (list_length(clause->args) != 2 ||
		get_op_opfamily_strategy(clause->opno, key->opfamily) != BTEqualStrategyNumber)
		return false;
	left = linitial(clause->args);
	right = lsecond(clause->args);
	return (is_key_value(key, left) && IsA(right, Const)) ||
		(is_key_value(key, right) && IsA(left, Const));
}

/* Does the clause leave one value for the key of a B-tree? */
static bool
fixes_key(const IndexKey *key, Node *clause)
{
	if (is_key_value(key, clause))
		return true;			/* a boolean that must be true */
	switch (nodeTag(clause))
	{
		case T_BoolExpr:
			return is_notclause(clause) &&
				is_key_value(key, (Node *) get_notclausearg(clause));
		case T_NullTest:
			return ((NullTest *) clause)->nulltesttype == IS_NULL &&
				is_key_value(key, (Node *) ((NullTest *) clause)->arg);
		case T_BooleanTest:
			return (((BooleanTest *) clause)->booltesttype == IS_TRUE ||
					((BooleanTest *) clause)->booltesttype == IS_FALSE ||
					((BooleanTest *) clause)->booltesttype == IS_UNKNOWN) &&
				is_key_value(key, (Node *) ((BooleanTest *) clause)->arg);
		case T_OpExpr:
			return is_equality(key, (OpExpr *) clause);
		default:
			return false;
	}
}

/*
 * Position of the first key, from "from" on, that has one value in all rows of
 * the index, because of its predicate; -1 if there is none.
 */
int
index_def_fixed_key(const IndexDefinition *def, int from)
{
	ListCell   *lc;

	if (def->am != BTREE_AM_OID)
		return -1;
	for (int i = from; i < def->nkeys; i++)
		foreach(lc, def->predicate)
			if (fixes_key(&def->keys[i], lfirst(lc)))
			return i;
	return -1;
}

/* A copy without that key. */
IndexDefinition *
index_def_without_key(const IndexDefinition *def, int position)
{
	IndexDefinition *copy = palloc(sizeof(IndexDefinition));

	*copy = *def;
	copy->indexoid = InvalidOid;
	copy->nkeys--;
	memmove(&copy->keys[position], &copy->keys[position + 1],
			(copy->nkeys - position) * sizeof(IndexKey));
	return copy;
}
