/*-------------------------------------------------------------------------
 *
 * demand_collect.h
 *	  Collects from the planner what a statement asks of the tables it reads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DEMAND_COLLECT_H
#define CLIPPERF_DEMAND_COLLECT_H

#include "compat.h"

#include "nodes/params.h"
#include "nodes/pg_list.h"

/* Plan the rewritten queries; a list of Demand, one for each table read. */
extern List *demand_collect(List *queries, const char *text,
							ParamListInfo params, const List *allowed_functions);

#endif							/* CLIPPERF_DEMAND_COLLECT_H */
