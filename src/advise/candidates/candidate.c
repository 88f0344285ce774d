/*-------------------------------------------------------------------------
 *
 * candidate.c
 *	  Indexes that might help.
 *
 * For each table that a statement reads: the columns fixed by conditions
 * first, in the order that serves most statements, then what gives an order
 * or a range, or an order and then all ranges.  Each list of keys comes with and
 * without the conditions as a predicate, and with and without the other columns
 * that are read.
 *
 * Which of them are worth anything is asked of the planner later.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/candidate.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "advise/candidates/candidate_filler.h"
#include "advise/candidates/candidate_include.h"
#include "advise/candidates/candidate_opclass.h"
#include "advise/indexes/index_def_width.h"

/*
 * The following are choices, made to keep the number of candidates small: what
 * they let through the planner judges.
 */

/* Share of the table's pages that must be all-visible for index-only scans. */
#define LEAST_VISIBLE		0.3
/* A column with no more different values than this can be in a predicate. */
#define FEW_VALUES			50
/*
 * A table of fewer pages gets no index: going down one, and visiting a row, takes
 * three.
 */
#define LEAST_PAGES		4

/* A BRIN index needs so many pages, about 80 MB, and this correlation. */
#define BRIN_PAGES			10000
#define BRIN_CORRELATION	0.9

/* Microseconds that go into statements that fix a column to a value. */
typedef struct KeyWeight
{
	Oid			relid;
	DemandKey	key;
	double		weight;
} KeyWeight;

/* Candidates in the making. */
typedef struct CandidateBuilder
{
	List	   *candidates;
	List	   *unwritten;		/* of Candidate, see candidates_make() */
	List	   *weights;		/* of KeyWeight */
	Oid			relid;			/* whose indexes "existing" are */
	List	   *existing;		/* of IndexDefinition */
	const CandidateDemand *current; /* candidates are made of this */
} CandidateBuilder;

/* Keys of an index in the making. */
typedef struct KeyList
{
	int			count;
	DemandSort	keys[CANDIDATE_KEYS];
} KeyList;

/* Are both the same column or expression? */
static bool
same_demand_key(const DemandKey *a, const DemandKey *b)
{
	return a->attno == b->attno && equal(a->expr, b->expr);
}

/*
 * Does the filter fix its key to values, so that it can be one of the first
 * keys of an index?
 */
static inline bool
fixes_demand_key(const DemandFilter *filter)
{
	return !filter->arm && filter->use <= DEMAND_JOIN;
}

/* Is it a test without a value, which can stand in a predicate as it is? */
static inline bool
is_plain_condition(const DemandFilter *filter)
{
	return filter->clause != NULL && !OidIsValid(filter->operator);
}

/* The weight of a column or expression; NULL if no statement fixes it. */
static KeyWeight *
find_key_weight(CandidateBuilder *builder, Oid relid, const DemandKey *key)
{
	ListCell   *lc;

	foreach(lc, builder->weights)
	{
		KeyWeight  *weight = lfirst(lc);

		if (weight->relid == relid && same_demand_key(&weight->key, key))
			return weight;
	}
	return NULL;
}

/* Add up the time that goes into statements that fix each column. */
static void
add_key_weights(CandidateBuilder *builder, const CandidateDemand *item)
{
	ListCell   *lc;

	foreach(lc, item->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		KeyWeight  *weight;

		if (!fixes_demand_key(filter))
			continue;
		weight = find_key_weight(builder, item->demand->relid, &filter->key);
		if (weight == NULL)
		{
			weight = palloc(sizeof(KeyWeight));
			weight->relid = item->demand->relid;
			weight->key = filter->key;
			weight->weight = 0;
			builder->weights = lappend(builder->weights, weight);
		}
		weight->weight += item->weight;
	}
}

/*
 * Append a key, unless it is there, too many are, or a B-tree cannot hold it.
 */
static void
add_list_key(KeyList *list, const DemandKey *key, bool descending,
			 bool nulls_first)
{
	for (int i = 0; i < list->count; i++)
		if (same_demand_key(&list->keys[i].key, key))
			return;
	if (list->count == CANDIDATE_KEYS ||
		!OidIsValid(GetDefaultOpClass(key->type, BTREE_AM_OID)))
		return;
	list->keys[list->count++] = (DemandSort)
	{
		.key = *key,
			.descending = descending,
			.nulls_first = nulls_first
	};
}

/* Put a filter's column into a list that is kept by weight. */
static void
add_by_weight(CandidateBuilder *builder, KeyList *list, const DemandFilter *filter)
{
	const KeyWeight *weight = find_key_weight(builder, builder->relid,
											  &filter->key);
	int			before = list->count;
	DemandSort	added;
	int			at;

	add_list_key(list, &filter->key, false, false);
	if (list->count == before)
		return;
	added = list->keys[before];
	for (at = before; at > 0; at--)
	{
		const KeyWeight *other = find_key_weight(builder, builder->relid,
												 &list->keys[at - 1].key);

		if (other == NULL || weight == NULL || other->weight >= weight->weight)
			break;
		list->keys[at] = list->keys[at - 1];
	}
	list->keys[at] = added;
}

/* Is the column one of the first keys of the index? */
static bool
begins_with(const IndexDefinition *def, int first, AttrNumber attno)
{
	for (int i = 0; i < first; i++)
		if (def->keys[i].attno == attno)
			return true;
	return false;
}

/* Does the statement fix the column to values? */
static bool
fixes_column(const Demand *demand, AttrNumber attno)
{
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (fixes_demand_key(filter) && filter->key.attno == attno)
			return true;
	}
	return false;
}

/*
 * Does the candidate begin with the keys of a unique index?  That finds the
 * one row already.  Of a partial index the rows are asked for, unless the statement
 * fixes the keys.
 */
static bool
extends_unique(const Demand *demand, const IndexDefinition *existing,
			   const IndexDefinition *def)
{
	if (!existing->unique || !existing->valid || existing->predicate != NIL ||
		def->am != BTREE_AM_OID || existing->nkeys > def->nkeys)
		return false;
	for (int i = 0; i < existing->nkeys; i++)
		if (existing->keys[i].attno == 0 ||
			!begins_with(def, existing->nkeys, existing->keys[i].attno) ||
			(def->predicate != NIL &&
			 !fixes_column(demand, existing->keys[i].attno)))
			return false;
	return true;
}

/* The same index among these candidates, or NULL. */
Candidate *
candidate_find(const List *candidates, const IndexDefinition *def, uint64 hash)
{
	ListCell   *lc;

	foreach(lc, candidates)
	{
		Candidate  *candidate = lfirst(lc);

		if (candidate->hash == hash && index_def_equal(candidate->def, def))
			return candidate;
	}
	return NULL;
}

/*
 * Add a candidate, unless an existing index makes it useless.  If it is there
 * already it serves the current statement too.  The candidate is what its text
 * says; one whose text says something else is put aside.
 */
static void
add_candidate(CandidateBuilder *builder, IndexDefinition *def)
{
	uint64		hash = index_def_hash(def);
	Candidate  *candidate;
	ListCell   *lc;

	foreach(lc, builder->existing)
		if (index_def_covers(lfirst(lc), def) ||
			extends_unique(builder->current->demand, lfirst(lc), def))
		return;
	candidate = candidate_find(builder->candidates, def, hash);
	if (candidate == NULL)
		candidate = candidate_find(builder->unwritten, def, hash);
	if (candidate == NULL)
	{
		candidate = palloc0(sizeof(Candidate));
		candidate->hash = hash;
		candidate->def = index_def_as_written(def, &candidate->problem);
		if (candidate->def != NULL)
			builder->candidates = lappend(builder->candidates, candidate);
		else
		{
			candidate->def = def;
			builder->unwritten = lappend(builder->unwritten, candidate);
		}
	}
	candidate->statements = bms_add_member(candidate->statements,
										   builder->current->statement);
}

/* A B-tree index of these keys; the predicate is not copied. */
static IndexDefinition *
make_btree(CandidateBuilder *builder, const KeyList *keys, List *predicate)
{
	IndexDefinition *def = index_def_make(builder->relid, BTREE_AM_OID);

	for (int i = 0; i < keys->count; i++)
	{
		const DemandSort *key = &keys->keys[i];

		if (key->key.attno != 0)
		{
			index_def_add_column(def, key->key.attno, key->descending,
								 key->nulls_first);
			def->keys[i].collation = key->key.collation;
		}
		else
			index_def_add_expr(def, key->key.expr,
							   GetDefaultOpClass(key->key.type, BTREE_AM_OID),
							   key->key.collation, key->descending,
							   key->nulls_first);
	}
	def->predicate = predicate;
	return def;
}

/* Add an index of these keys, and one for index-only scans if that may pay. */
static void
add_btree(CandidateBuilder *builder, const KeyList *keys, List *predicate)
{
	const Demand *demand = builder->current->demand;
	IndexDefinition *covering;

	if (keys->count == 0)
		return;
	add_candidate(builder, make_btree(builder, keys, predicate));
	/* an index-only scan computes no expression from its columns */
	if (!demand->can_skip_table || demand->visible_share < LEAST_VISIBLE ||
		keys->keys[0].key.attno == 0)
		return;
	covering = make_btree(builder, keys, predicate);
	if (candidate_include_needed(demand, covering))
		add_candidate(builder, covering);
}

/* Has the column few values, so that one of them may be a predicate? */
static bool
has_few_values(Oid relid, AttrNumber attno)
{
	HeapTuple	tuple = candidate_column_statistics(relid, attno);
	float4		distinct;

	if (!HeapTupleIsValid(tuple))
		return false;
	distinct = ((Form_pg_statistic) GETSTRUCT(tuple))->stadistinct;
	ReleaseSysCache(tuple);
	return distinct > 0 && distinct <= FEW_VALUES;
}

/* Can the condition be a predicate that other statements will need too? */
static bool
is_predicate(const CandidateBuilder *builder, const DemandFilter *filter)
{
	if (filter->clause == NULL || filter->arm)
		return false;
	return is_plain_condition(filter) || filter->of_view ||
		(filter->key.attno != 0 &&
		 has_few_values(builder->relid, filter->key.attno));
}

/* The conditions of the statement that can be predicates. */
static List *
find_predicate(const CandidateBuilder *builder)
{
	List	   *predicate = NIL;
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (is_predicate(builder, filter))
			predicate = list_append_unique(predicate, filter->clause);
	}
	return predicate;
}

/* Does the predicate fix this column already? */
static bool
is_fixed_by(const CandidateBuilder *builder, const DemandKey *key)
{
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (filter->use <= DEMAND_LIST && same_demand_key(&filter->key, key) &&
			is_predicate(builder, filter))
			return true;
	}
	return false;
}

/* Add the keys as they are, and with the conditions taken to the predicate. */
static void
add_btree_forms(CandidateBuilder *builder, const KeyList *keys)
{
	List	   *predicate = find_predicate(builder);
	KeyList		rest = {0};

	add_btree(builder, keys, NIL);
	if (predicate == NIL)
		return;
	for (int i = 0; i < keys->count; i++)
		if (!is_fixed_by(builder, &keys->keys[i].key))
			rest.keys[rest.count++] = keys->keys[i];
	add_btree(builder, rest.count > 0 ? &rest : keys, predicate);
}

/*
 * The columns that conditions fix, of the uses up to "last", in the order of
 * their weights.
 */
static KeyList
collect_fixed(CandidateBuilder *builder, DemandUse last)
{
	KeyList		list = {0};
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (fixes_demand_key(filter) && filter->use <= last &&
			!is_plain_condition(filter))
			add_by_weight(builder, &list, filter);
	}
	return list;
}

/*
 * Add the order of the first rows followed by what else is compared: such an
 * index is read from the beginning until enough rows are found, and tells
 * itself which rows these are.
 */
static void
add_tested_after_order(CandidateBuilder *builder, const KeyList *ordered)
{
	KeyList		list = *ordered;
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (!filter->arm &&
			(filter->use == DEMAND_RANGE || filter->use == DEMAND_LIST))
			add_list_key(&list, &filter->key, false, false);
	}
	if (list.count > ordered->count)
		add_btree_forms(builder, &list);
}

/* Add the keys followed by the order, by each range, and by themselves. */
static void
add_continued(CandidateBuilder *builder, const KeyList *fixed)
{
	const Demand *demand = builder->current->demand;
	KeyList		list = *fixed;
	ListCell   *lc;

	if (demand->sorts != NIL)
	{
		foreach(lc, demand->sorts)
		{
			const DemandSort *sort = lfirst(lc);

			add_list_key(&list, &sort->key, sort->descending,
						 sort->nulls_first);
		}
		add_btree_forms(builder, &list);
		if (demand->limited)
			add_tested_after_order(builder, &list);
	}
	foreach(lc, demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (filter->use != DEMAND_RANGE || filter->arm)
			continue;
		list = *fixed;
		add_list_key(&list, &filter->key, false, false);
		add_btree_forms(builder, &list);
	}
	add_btree_forms(builder, fixed);
}

/*
 * Add indexes for each join: on its column first, and on the fixed columns and
 * its own in the order of their weights; then on the columns of all joins.
 */
static void
add_join_lists(CandidateBuilder *builder, const KeyList *fixed)
{
	KeyList		all = collect_fixed(builder, DEMAND_JOIN);
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		KeyList		list = {0};

		if (filter->use != DEMAND_JOIN)
			continue;
		add_list_key(&list, &filter->key, false, false);
		add_continued(builder, &list);
		list = *fixed;
		add_by_weight(builder, &list, filter);
		add_continued(builder, &list);
	}
	if (all.count > fixed->count)
		add_continued(builder, &all);
}

/*
 * Add an index for a test of a column whose values a B-tree may refuse, and which it
 * does not need for that: its predicate says it all.
 */
static void
add_for_predicate(CandidateBuilder *builder, const KeyList *tested)
{
	List	   *predicate = find_predicate(builder);
	DemandKey	filler = {.attno = candidate_filler(builder->relid, builder->existing)};
	KeyList		keys = {0};
	int32		typmod;

	if (predicate == NIL)
		return;
	if (is_fixed_by(builder, &tested->keys[0].key))
		keys = *tested;
	else if (filler.attno != 0)
	{
		get_atttypetypmodcoll(builder->relid, filler.attno, &filler.type,
							  &typmod, &filler.collation);
		add_list_key(&keys, &filler, false, false);
	}
	add_btree(builder, &keys, predicate);
}

/* Add an index on each column alone that something is asked of. */
static void
add_single_columns(CandidateBuilder *builder)
{
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		KeyList		list = {0};

		if (filter->use > DEMAND_RANGE && filter->use != DEMAND_CONDITION)
			continue;
		add_list_key(&list, &filter->key, false, false);
		if ((filter->use == DEMAND_CONDITION || is_plain_condition(filter)) &&
			list.count > 0 &&
			!index_def_never_refuses(make_btree(builder, &list, NIL)))
			add_for_predicate(builder, &list);
		else
			add_btree_forms(builder, &list);
	}
}

/*
 * Add an index for each LIKE or the like whose pattern has a fixed beginning.
 */
static void
add_prefixes(CandidateBuilder *builder, const KeyList *fixed)
{
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		KeyList		list = *fixed;
		IndexDefinition *def;

		if (filter->use != DEMAND_PREFIX)
			continue;
		add_list_key(&list, &filter->key, false, false);
		def = make_btree(builder, &list, NIL);
		candidate_use_pattern_opclass(&def->keys[def->nkeys - 1]);
		add_candidate(builder, def);
	}
}

/*
 * Add an index for each function whose planner support can use one: a B-tree
 * after the columns that are fixed, or one of another access method.
 */
static void
add_supported_functions(CandidateBuilder *builder, const KeyList *fixed)
{
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		KeyList		list = *fixed;
		IndexDefinition *def;

		if (filter->use != DEMAND_SUPPORTED)
			continue;
		if (filter->am == BTREE_AM_OID)
		{
			add_list_key(&list, &filter->key, false, false);
			def = make_btree(builder, &list, NIL);
			candidate_use_opclass(&def->keys[def->nkeys - 1], filter->opclass);
		}
		else
			def = candidate_of_opclass(builder->relid, &filter->key, filter->am,
									   filter->opclass);
		add_candidate(builder, def);
	}
}

/* Add an index of another access method for each operator no B-tree serves. */
static void
add_operators(CandidateBuilder *builder)
{
	List	   *predicate = find_predicate(builder);
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		IndexDefinition *def;

		if (filter->use != DEMAND_OPERATOR && filter->use != DEMAND_PREFIX)
			continue;
		def = candidate_for_operator(builder->relid, &filter->key,
									 filter->operator);
		if (def == NULL)
			continue;
		add_candidate(builder, def);
		if (predicate != NIL && !filter->arm)
		{
			def = candidate_for_operator(builder->relid, &filter->key,
										 filter->operator);
			def->predicate = predicate;
			add_candidate(builder, def);
		}
	}
}

/*
 * Is the table big, and in the order of this column?  Of a partitioned table
 * the largest partition tells, since each has an index of its own.
 */
static bool
is_in_order(const Demand *demand, AttrNumber attno)
{
	HeapTuple	tuple;
	AttStatsSlot slot;
	bool		ordered;

	if (demand->pages < BRIN_PAGES)
		return false;
	if (demand->largest != demand->relid)
		attno = get_attnum(demand->largest,
						   get_attname(demand->relid, attno, false));
	tuple = candidate_column_statistics(demand->largest, attno);
	if (!HeapTupleIsValid(tuple))
		return false;
	ordered = get_attstatsslot(&slot, tuple, STATISTIC_KIND_CORRELATION,
							   InvalidOid, ATTSTATSSLOT_NUMBERS);
	if (ordered)
	{
		ordered = slot.nnumbers == 1 &&
			fabs(slot.numbers[0]) >= BRIN_CORRELATION;
		free_attstatsslot(&slot);
	}
	ReleaseSysCache(tuple);
	return ordered;
}

/* Add a BRIN index for each range on a column the table is in order of. */
static void
add_brin_indexes(CandidateBuilder *builder)
{
	ListCell   *lc;

	foreach(lc, builder->current->demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		IndexDefinition *def;
		Oid			opclass;

		if (filter->use != DEMAND_RANGE || filter->key.attno == 0 ||
			!is_in_order(builder->current->demand, filter->key.attno))
			continue;
		opclass = GetDefaultOpClass(filter->key.type, BRIN_AM_OID);
		if (!OidIsValid(opclass))
			continue;
		def = index_def_make(builder->relid, BRIN_AM_OID);
		index_def_add_column(def, filter->key.attno, false, false);
		add_candidate(builder, def);
	}
}

/* Add all candidates for what one statement asks of one table. */
static void
add_demand(CandidateBuilder *builder, const CandidateDemand *item)
{
	KeyList		fixed;
	KeyList		lists;

	if (builder->relid != item->demand->relid)
	{
		builder->relid = item->demand->relid;
		builder->existing = index_def_existing(builder->relid);
	}
	builder->current = item;
	fixed = collect_fixed(builder, DEMAND_EQUAL);
	lists = collect_fixed(builder, DEMAND_LIST);
	add_continued(builder, &fixed);
	if (lists.count > fixed.count)
		add_continued(builder, &lists);
	add_join_lists(builder, &fixed);
	add_single_columns(builder);
	add_prefixes(builder, &fixed);
	add_supported_functions(builder, &fixed);
	add_operators(builder);
	add_brin_indexes(builder);
}

/* Has each key one value in all rows of the index? */
static bool
has_only_fixed_keys(const IndexDefinition *def)
{
	for (int i = 0; i < def->nkeys; i++)
		if (index_def_fixed_key(def, i) != i)
			return false;
	return true;
}

/*
 * Could another of the candidates take the place of one whose keys its predicate fixes?
 * It has the same rows and what is included, and keys by which statements find rows.
 */
static bool
has_better_keys(const List *candidates, const IndexDefinition *def)
{
	Bitmapset  *included = NULL;
	ListCell   *lc;

	for (int i = 0; i < def->nincluded; i++)
		included = bms_add_member(included, def->included[i]);
	foreach(lc, candidates)
	{
		const IndexDefinition *other = ((const Candidate *) lfirst(lc))->def;

		if (other->relid == def->relid && other->am == def->am &&
			equal(other->predicate, def->predicate) &&
			!has_only_fixed_keys(other) &&
			bms_is_subset(included, index_def_columns(other)))
			return true;
	}
	return false;
}

/* The candidates without those whose keys serve nothing, where others do their work. */
static List *
leave_out_fixed(const List *candidates)
{
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, candidates)
	{
		const IndexDefinition *def = ((const Candidate *) lfirst(lc))->def;

		if (def->predicate == NIL || !has_only_fixed_keys(def) ||
			!has_better_keys(candidates, def))
			kept = lappend(kept, lfirst(lc));
	}
	return kept;
}

/*
 * Candidates for a list of CandidateDemand, as a list of Candidate: none
 * twice, none that an existing index makes useless, none of a table that is read as
 * quickly without.  Those whose text would be
 * another index or none are put into *unwritten, with their problems.  The
 * caller holds locks on the tables.
 */
List *
candidates_make(List *demands, List **unwritten)
{
	CandidateBuilder builder = {0};
	ListCell   *lc;

	foreach(lc, demands)
		add_key_weights(&builder, lfirst(lc));
	foreach(lc, demands)
	{
		const CandidateDemand *item = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (item->demand->pages >= LEAST_PAGES)
			add_demand(&builder, item);
	}
	*unwritten = builder.unwritten;
	return leave_out_fixed(builder.candidates);
}
