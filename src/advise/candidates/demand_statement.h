/*-------------------------------------------------------------------------
 *
 * demand_statement.h
 *	  What a statement asks of its tables in all its calls.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DEMAND_STATEMENT_H
#define CLIPPERF_DEMAND_STATEMENT_H

#include "advise/candidates/demand.h"
#include "advise/workload/workload.h"

/* A list of Demand, of what holds for all calls. */
extern List *demand_of_statement(const WorkloadStatement *statement,
								 const List *allowed_functions);

#endif							/* CLIPPERF_DEMAND_STATEMENT_H */
