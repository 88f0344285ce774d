/*-------------------------------------------------------------------------
 *
 * request_measure.h
 *	  What each request of the application does, from first to last statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_MEASURE_H
#define CLIPPERF_REQUEST_MEASURE_H

#include "compat.h"

#include "access/xact.h"
#include "nodes/parsenodes.h"

#include "hotpath.h"
#include "profile/lineage/request_time.h"
#include "profile/statement/execution.h"

/* A statement of the client has ended well. */
extern void request_measure(const Execution *execution);

/* A statement of the client has failed while it was executed. */
extern void request_measure_failed(const Execution *execution);

/* One has failed while it was planned or started, which began then. */
extern void request_measure_unstarted(int64 begun_us);

/* A utility statement of the client begins. */
extern void request_utility_begins(const Node *statement);

/* Are statements of an explicit transaction block, which BEGIN has opened, run? */
HOTPATH_EXTERN bool request_in_block;

/* What request_transaction_ended() does where there is anything to do. */
extern void request_transaction_over(XactEvent event);

/* A transaction has ended. */
static inline void
request_transaction_ended(XactEvent event)
{
	if (unlikely(request_in_block || event == XACT_EVENT_ABORT ||
				 TransactionIdIsValid(GetTopTransactionIdIfAny())))
		request_transaction_over(event);
}

#endif							/* CLIPPERF_REQUEST_MEASURE_H */
