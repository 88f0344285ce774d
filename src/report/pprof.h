/*-------------------------------------------------------------------------
 *
 * pprof.h
 *	  A profile in the format of pprof.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PPROF_H
#define CLIPPERF_PPROF_H

#include "compat.h"

typedef struct PprofWriter PprofWriter;

/* Begin a profile of a database, of what happened from "since" on. */
extern PprofWriter *pprof_begin(const char *database, TimestampTz since,
								TimestampTz now);

/* Add a stack, from its root to its leaf, with what is spent in the leaf. */
extern void pprof_add(PprofWriter *writer, char *const *frames, int depth,
					  int64 calls, int64 ns, const char *route);

/* The profile, compressed as the format demands. */
extern bytea *pprof_end(PprofWriter *writer);

#endif							/* CLIPPERF_PPROF_H */
