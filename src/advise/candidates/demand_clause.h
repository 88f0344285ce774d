/*-------------------------------------------------------------------------
 *
 * demand_clause.h
 *	  What the conditions of a statement ask of one table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DEMAND_CLAUSE_H
#define CLIPPERF_DEMAND_CLAUSE_H

#include "advise/candidates/demand.h"

#include "nodes/pathnodes.h"

/* A table of a statement that is being planned, and what is asked of it. */
typedef struct DemandScope
{
	PlannerInfo *root;
	RelOptInfo *rel;
	Demand	   *demand;			/* what was found so far */
	const List *allowed_functions;	/* OIDs: of the users' own */
} DemandScope;

/* Can this expression be the key of an index on the table? */
extern bool demand_key(DemandScope *scope, Node *expr, Oid collation,
					   DemandKey *key);

/* Add what a condition asks for, if it concerns the table. */
extern void demand_add_clause(DemandScope *scope, Node *clause);

/* Add a column that is compared with one of another table. */
extern void demand_add_join(DemandScope *scope, Node *expr, Oid collation);

/* Add the distance of a column from a value, if GiST can order by it. */
extern bool demand_add_distance(DemandScope *scope, Node *expr);

/* A copy of an expression of the table as an index on it would hold it. */
extern Node *demand_copy(const DemandScope *scope, Node *expr);

/* Can the column be null at all? */
extern bool demand_is_nullable(Oid relid, AttrNumber attno);

#endif							/* CLIPPERF_DEMAND_CLAUSE_H */
