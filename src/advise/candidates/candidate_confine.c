/*-------------------------------------------------------------------------
 *
 * candidate_confine.c
 *	  Indexes that the statements they would slow down cannot use.
 *
 * An index in the order of a result serves one statement, and slows down another
 * whose rows come late in that order: the planner, which takes the rows to be
 * spread evenly, uses it for both.  Of a partial index the planner makes use only
 * where the conditions of the statement imply the predicate.  That a column is
 * not null is implied by nearly every comparison of it, and keeps none of the rows
 * out that pass.  So the same index with that predicate, on a column that the one
 * statement tests and the other does not, is out of the other's reach.
 *
 * Whether the planner agrees is asked of it later.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/candidate.h"

#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/lsyscache.h"

#include "advise/candidates/demand_clause.h"

/*
 * Columns that are tried for one index and one statement: a choice, as all do
 * the same but for what their upkeep costs.
 */
#define MOST_TRIED 4

/* The columns that a predicate is about, a set of attribute numbers. */
static Bitmapset *
columns_of_predicate(const IndexDefinition *def)
{
	IndexDefinition bare = {.relid = def->relid,.predicate = def->predicate};

	return index_def_columns(&bare);
}

/* The columns of a table that statements test, a set of attribute numbers. */
static Bitmapset *
columns_tested(const List *demands, Oid relid, const Bitmapset *statements)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, demands)
	{
		const CandidateDemand *item = lfirst(lc);
		ListCell   *column;

		if (item->demand->relid != relid ||
			!bms_is_member(item->statement, statements))
			continue;
		foreach(column, item->demand->tested)
			if (lfirst_int(column) > 0)
			columns = bms_add_member(columns, lfirst_int(column));
	}
	return columns;
}

/* The index with a predicate, and the condition that a column is not null. */
static IndexDefinition *
confine_to_column(const IndexDefinition *def, List *predicate, AttrNumber attno)
{
	IndexDefinition *confined = palloc(sizeof(IndexDefinition));
	NullTest   *test = makeNode(NullTest);
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(def->relid, attno, &type, &typmod, &collation);
	test->arg = (Expr *) makeVar(1, attno, type, typmod, collation, 0);
	test->nulltesttype = IS_NOT_NULL;
	test->argisrow = false;
	test->location = -1;
	*confined = *def;
	confined->predicate = lappend(list_copy(predicate), test);
	confined->written_predicate = NULL;
	return confined;
}

/*
 * Add a candidate of that definition to those made, unless it is among the
 * candidates already or has no text; one that is among those made serves the
 * statement, too.
 */
static List *
add_confined(List *made, const List *candidates, IndexDefinition *def,
			 int statement, const Bitmapset *harmed)
{
	uint64		hash = index_def_hash(def);
	Candidate  *candidate = candidate_find(made, def, hash);

	if (candidate != NULL)
	{
		candidate->statements = bms_add_member(candidate->statements, statement);
		return made;
	}
	if (candidate_find(candidates, def, hash) != NULL)
		return made;
	candidate = palloc0(sizeof(Candidate));
	candidate->hash = hash;
	candidate->def = index_def_as_written(def, &candidate->problem);
	if (candidate->def == NULL)
		return made;
	candidate->statements = bms_make_singleton(statement);
	candidate->kept_from = bms_copy(harmed);
	return lappend(made, candidate);
}

/*
 * The index "def" for one of these statements ("served"), so that those which it
 * would slow down ("harmed") cannot use it, as a list of Candidate: none that is
 * in the list of candidates.
 */
List *
candidates_confine(const List *candidates, const List *demands,
				   const IndexDefinition *def, const Bitmapset *served,
				   const Bitmapset *harmed)
{
	Bitmapset  *theirs = columns_tested(demands, def->relid, harmed);
	Bitmapset  *known = columns_of_predicate(def);
	List	   *confined = NIL;
	int			statement = -1;

	if (def->am != BTREE_AM_OID)
		return NIL;
	while ((statement = bms_next_member(served, statement)) >= 0)
	{
		Bitmapset  *alone = bms_make_singleton(statement);
		Bitmapset  *columns = bms_del_members(columns_tested(demands, def->relid,
															 alone), theirs);
		int			attno = -1;
		int			tried = 0;

		CHECK_FOR_INTERRUPTS();
		columns = bms_del_members(columns, known);
		while ((attno = bms_next_member(columns, attno)) >= 0 &&
			   tried < MOST_TRIED)
		{
			if (NOT_NULL_GOES_WITHOUT_SAYING &&
				!demand_is_nullable(def->relid, attno))
				continue;
			tried++;
			confined = add_confined(confined, candidates,
									confine_to_column(def, NIL, attno),
									statement, harmed);
			if (def->predicate != NIL)
				confined = add_confined(confined, candidates,
										confine_to_column(def, def->predicate,
														  attno),
										statement, harmed);
		}
	}
	return confined;
}
