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
	bool		is_bare;		/* .. and returned some text */
	int			bare_length;	/* that long */
	ptrdiff_t	bare_start;		/* from the start of the source; a pointer
								 * would outlive the planner's copy of it */
} PlannedStatement;

/* The one planned last, until its execution starts. */
HOTPATH_EXTERN PlannedStatement planning_last;

/* What request_begin() returned for it, in another copy of its source. */
static inline BareText
planning_bare(const char *source)
{
	return (BareText)
	{
		.at = likely(planning_last.is_bare) ? source + planning_last.bare_start : NULL,
			.length = planning_last.bare_length
	};
}

/* Called from hooks_install(). */
extern void planning_install(void);

#endif							/* CLIPPERF_PLANNING_H */
