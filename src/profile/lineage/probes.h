/*-------------------------------------------------------------------------
 *
 * probes.h
 *	  What an execution looks up: literals of its text, and parameters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PROBES_H
#define CLIPPERF_PROBES_H

#include "profile/statement/execution.h"
#include "profile/statement/statement_info.h"

/*
 * Keep the hashes of a statement's literals as its text has them; false if they
 * cannot be read there.
 */
extern bool probes_read_literals(const StatementInfo *info, const JumbleState *jumble,
								 const char *source);

/* Keep the hashes of a statement's literals as the analysed query has them. */
extern void probes_keep_literals(uint64 queryid, const Comparisons *comparisons);

/*
 * Find out what the execution looks up; with "prefetch", the words of these values will
 * be read at its end.
 */
extern void probes_collect(Execution *execution, const StatementInfo *info, bool prefetch);

#endif							/* CLIPPERF_PROBES_H */
