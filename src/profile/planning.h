/*-------------------------------------------------------------------------
 *
 * planning.h
 *	  The hook into the planner, and what it has found out of a statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLANNING_H
#define CLIPPERF_PLANNING_H

#include "compat.h"

#include "datatype/timestamp.h"

#include "hotpath.h"
#include "profile/request.h"

/* A statement that was planned. */
typedef struct PlannedStatement
{
	uint64		queryid;		/* 0 = none */
	int64		us;				/* that the planner took */
	int64		ended_us;		/* clock_us() when it was done */
	TimestampTz message;		/* of the client that made it necessary */
	bool		begun;			/* request_begin() was called for it .. */
	BareText	bare;			/* .. and returned this */
} PlannedStatement;

/* The one planned last, until its execution starts. */
HOTPATH_EXTERN PlannedStatement planning_last;

/* Called from hooks_install(). */
extern void planning_install(void);

#endif							/* CLIPPERF_PLANNING_H */
