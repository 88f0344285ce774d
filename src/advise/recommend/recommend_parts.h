/*-------------------------------------------------------------------------
 *
 * recommend_parts.h
 *	  The kinds of advice, one function each, and what keeps the rows.
 *
 * recommend.c calls these in turn; none of them calls another.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RECOMMEND_PARTS_H
#define CLIPPERF_RECOMMEND_PARTS_H

#include "compat.h"

#include "nodes/execnodes.h"

#include "advise/select/advisor.h"

/* What a run came to. */
typedef struct AdviceRun
{
	List	   *rows;			/* of Advice */
	List	   *scans;			/* of ScanAdvice */
	bool		explains_scans; /* it was asked of all that was observed */
	bool		handed_in;		/* it was asked of statements handed in */
	int64		budget;			/* bytes; -1 = none */
} AdviceRun;

/* The indexes that were built since they were recommended, as BuiltIndex. */
extern List *recommend_built(void);

/* Advice to build what the advisor chose, most useful first. */
extern List *recommend_chosen(Advisor *advisor);

/* Let one row stand for the same index of many tables. */
extern List *recommend_fold_alike(List *rows);

/* Append advice to serve foreign keys whose referenced rows get deleted. */
extern List *recommend_foreign_keys(const Advisor *advisor, List *rows);

/* Tell of each index to be built whose statement blocks those who write. */
extern void recommend_tell_locks(const List *rows);

/* Advice to drop, or keep, existing indexes. */
extern List *recommend_drops(Advisor *advisor, TimestampTz unused_since);

/* Advice against indexes in whose order a statement's first rows come late. */
extern List *recommend_late(Advisor *advisor);

/* Advice against expressions that no index should be made of. */
extern List *recommend_refused(const Advisor *advisor);

/* Statements that nothing could be advised for, if they matter. */
extern List *recommend_unplanned(const Advisor *advisor);

/* Advice on each member of an index set. */
extern List *recommend_set(Advisor *advisor, const char *index_set);

/* Keep what came out as the caller's last run, and return its rows. */
extern void recommend_store(const AdviceRun *run, Oid schema,
							ReturnSetInfo *result);

#endif							/* CLIPPERF_RECOMMEND_PARTS_H */
