/*-------------------------------------------------------------------------
 *
 * chain.h
 *	  The single rows that the children of one loop have fetched.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CHAIN_H
#define CLIPPERF_CHAIN_H

#include "profile/lineage/receiver.h"

/* A child of the loop has ended where it runs: put its only row into the chain. */
extern bool chain_extend(Execution *execution, StatementInfo *info,
						 const ResultContext *context, uint64 episode);

#endif							/* CLIPPERF_CHAIN_H */
