/*-------------------------------------------------------------------------
 *
 * endpoint_marks.h
 *	  Which endpoints a statement belongs to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENDPOINT_MARKS_H
#define CLIPPERF_ENDPOINT_MARKS_H

#include "compat.h"

#include "hotpath.h"
#include "profile/text/source.h"
#include "store/request_store.h"

/* The rules that this backend knows: as of which generation, and how many. */
HOTPATH_EXTERN uint32 endpoint_rules_generation;
HOTPATH_EXTERN int endpoint_rules_known;

/* What endpoint_marks() does where any endpoint of the database has statements. */
extern EndpointMarks endpoint_marks_of(uint64 queryid, const StatementSource *source);

/* Is it known that no endpoint has statements?  Two comparisons. */
static inline bool
endpoint_marks_are_none(void)
{
	return endpoint_rules_known == 0 &&
		endpoint_rules_generation == pg_atomic_read_u32(requests_rules_generation);
}

/* The endpoints that a statement belongs to. */
static inline EndpointMarks
endpoint_marks(uint64 queryid, const StatementSource *source)
{
	return likely(endpoint_marks_are_none()) ? 0 :
		endpoint_marks_of(queryid, source);
}

#endif							/* CLIPPERF_ENDPOINT_MARKS_H */
