/*-------------------------------------------------------------------------
 *
 * probe.h
 *	  The values that an execution looks up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PROBE_H
#define CLIPPERF_PROBE_H

#include "profile/comparison.h"

/* A value that a statement looked up. */
typedef struct Probe
{
	uint64		hash;
	Comparison	comparison;
} Probe;

/* Parameters and literals each have room for all that is kept of them. */
#define PROBES				(COMPARISONS * 2)

typedef struct ProbeList
{
	int			count;
	Probe		probes[PROBES];
} ProbeList;

#endif							/* CLIPPERF_PROBE_H */
