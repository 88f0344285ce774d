/*-------------------------------------------------------------------------
 *
 * receiver.h
 *	  Sees the rows of a result go by and records their keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RECEIVER_H
#define CLIPPERF_RECEIVER_H

#include "profile/statement/statement_info.h"

struct ResultRecorder;

/* What else identifies the result set of an execution. */
typedef struct ResultContext
{
	uint64		transaction;
	uint64		statement;
	bool		nested;
} ResultContext;

/* A recorder for an execution whose statement has key columns. */
extern struct ResultRecorder *recorder_make(Execution *execution,
											const StatementInfo *info);

/* The receiver that records and hands each row on to dest. */
extern DestReceiver *recorder_receiver(struct ResultRecorder *recorder,
									   DestReceiver *dest);

/* A value that is null or not followed. */
#define NO_HASH			UINT64CONST(0)

/* Hashes of the columns of the only row so far, NULL if there is none or more. */
extern const uint64 *recorder_only_row(const struct ResultRecorder *recorder);

/* Fill in a slot that was just claimed, and its columns. */
extern void recorder_describe(ResultSet *set, ResultColumn *columns,
							  Execution *execution, StatementInfo *info,
							  const ResultContext *context);

/* Put what was received into the store; true if there is something in it. */
extern bool recorder_publish(struct ResultRecorder *recorder,
							 StatementInfo *info,
							 const ResultContext *context);

/* Give up columns that might hold keys, and never do. */
extern void recorder_judge_guesses(const struct ResultRecorder *recorder,
								   StatementInfo *info);

/* Is this the recorder's own result set? */
extern bool recorder_owns(const struct ResultRecorder *recorder,
						  uint32 slot, uint32 generation);

#endif							/* CLIPPERF_RECEIVER_H */
