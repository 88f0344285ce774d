/*-------------------------------------------------------------------------
 *
 * plan_tables.h
 *	  Which tables does an executed plan use, and how?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_TABLES_H
#define CLIPPERF_PLAN_TABLES_H

#include "compat.h"

#include "nodes/plannodes.h"

#include "profile/statement/execution.h"
#include "store/table_use.h"

/* Plans of one execution's functions and triggers that are told apart. */
#define INNER_PLANS		32

/* The tables that functions and triggers use within an execution. */
typedef struct InnerTables
{
	uint32		plans[INNER_PLANS]; /* hashes of plans that are in it, each in
									 * the place that follows from it */
	TableUses	tables;
} InnerTables;

/*
 * A hash of what a plan depends on.  Equal hashes of two plans of one statement
 * mean that they use the same tables.  Some ten instructions for one table.
 */
static inline uint32
plan_tables_hash(const PlannedStmt *plan)
{
	const List *relations = plan->relationOids;
	uint32		hash = plan->commandType;

	if (relations != NIL)
	{
		const ListCell *cell = relations->elements;
		const ListCell *end = cell + relations->length;

		do
			hash = (hash ^ cell->oid_value) * 0x01000193;	/* of FNV-1 */
		while (++cell < end);
	}
	return hash;
}

/* The same of an execution with what runs inside of it. */
static inline uint32
plan_tables_of(const Execution *execution)
{
	uint32		hash = plan_tables_hash(execution->query->plannedstmt);

	if (unlikely(execution->inner != NULL))
		hash ^= table_uses_hash(&execution->inner->tables) << 1;
	return hash;
}

/* The parents of partitions by their range table indexes, 0 for other entries. */
extern Index *plan_tables_parents(const PlannedStmt *plan);

/*
 * Keep the tables of the execution that was counted last and that has this
 * plan_tables_of().
 */
extern void plan_tables_keep(const Execution *execution, uint32 hash);

/*
 * An execution that is not counted has ended: its tables are used by the one
 * that it runs inside of.
 */
extern void plan_tables_hand_up(const Execution *execution);

#endif							/* CLIPPERF_PLAN_TABLES_H */
