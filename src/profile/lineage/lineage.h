/*-------------------------------------------------------------------------
 *
 * lineage.h
 *	  Which result did this parameter come from?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LINEAGE_H
#define CLIPPERF_LINEAGE_H

#include "compat.h"

#include "access/xact.h"
#include "parser/parse_node.h"

#include "hotpath.h"
#include "profile/lineage/request_time.h"
#include "profile/statement/execution.h"

/* After parse analysis: literals compared with columns are kept. */
extern void lineage_analyzed(Query *query, const JumbleState *jumble,
							 const ParseState *state);

/* After ExecutorStart: what the execution looks up is collected. */
extern void lineage_begin(Execution *execution);

/* What lineage_receiver() does where the statement's rows have keys. */
extern DestReceiver *lineage_followed(Execution *execution, uint64 count,
									  DestReceiver *dest);

/*
 * Before each ExecutorRun that sends rows to "dest", "count" of them at most if
 * that is not 0: the receiver to use in its place, "dest" itself if the rows
 * have no lineage worth keeping.
 */
static inline DestReceiver *
lineage_receiver(Execution *execution, uint64 count, DestReceiver *dest)
{
	return likely(!execution->has_keys) ? dest :
		lineage_followed(execution, count, dest);
}

/* What lineage_publish() does where rows were recorded, or might have been. */
extern void lineage_publish_results(Execution *execution);

/* After each ExecutorRun: what was received is visible to all backends. */
static inline void
lineage_publish(Execution *execution)
{
	if (execution->recorder != NULL || execution->passed_over)
		lineage_publish_results(execution);
}

/* What lineage_end() does where something is known of the statement. */
extern void lineage_look_back(Execution *execution);

/*
 * At ExecutorEnd of an execution that did not fail: is it somebody's child, or
 * repeated within its request?  Not if it looked nothing up that may have been seen,
 * recorded nothing, and is a request of its own.
 */
static inline void
lineage_end(Execution *execution)
{
	if (execution->info != NULL &&
		(execution->probes.count > 0 || execution->recorder != NULL ||
		 execution->trace != 0 || IsTransactionBlock()))
		lineage_look_back(execution);
	request_time_end(execution->last_us);
}

/* Transactions of this backend so far. */
HOTPATH_EXTERN uint64 lineage_transactions;

/* At the end of each transaction. */
static inline void
lineage_transaction_end(void)
{
	lineage_transactions++;
}

#endif							/* CLIPPERF_LINEAGE_H */
