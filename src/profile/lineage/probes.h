/*-------------------------------------------------------------------------
 *
 * probes.h
 *	  What an execution looks up: literals of its text, and parameters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PROBES_H
#define CLIPPERF_PROBES_H

#include "hotpath.h"
#include "profile/statement/execution.h"
#include "profile/statement/statement_info.h"

/* The statement whose literals are kept; 0 = none. */
HOTPATH_EXTERN uint64 probes_literals_of;

/*
 * Around the planner, for a statement whose literals are kept: what is analysed
 * meanwhile does not replace them.  False if those of another one are set aside.
 */
extern bool probes_set_literals_aside(void);
extern void probes_restore_literals(uint64 queryid);

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
