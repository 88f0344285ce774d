/*-------------------------------------------------------------------------
 *
 * index_fold.h
 *	  Expressions and predicates of indexes as the planner has them.
 *
 * The planner compares what a query asks for with what an index holds after
 * both were simplified.  To simplify runs functions, so it is done with the
 * rights of the table's owner, as CREATE INDEX itself runs them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_FOLD_H
#define CLIPPERF_INDEX_FOLD_H

#include "compat.h"

#include "nodes/pg_list.h"

/* Where an expression comes from. */
typedef enum FoldSource
{
	FOLD_CATALOG,				/* of an index: its owner accepted it */
	FOLD_TEXT					/* someone wrote it: functions that neither a
								 * superuser nor the table's owner made are
								 * not run */
} FoldSource;

extern Node *index_fold_expression(Node *expr, Oid relid, FoldSource source);

/* The condition becomes a list, implicitly ANDed. */
extern List *index_fold_predicate(Node *condition, Oid relid, FoldSource source);

#endif							/* CLIPPERF_INDEX_FOLD_H */
