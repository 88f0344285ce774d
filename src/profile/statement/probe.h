/*-------------------------------------------------------------------------
 *
 * probe.h
 *	  The values that an execution looks up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PROBE_H
#define CLIPPERF_PROBE_H

#include "profile/statement/comparison.h"
#include "profile/statement/key_column.h"
#include "profile/statement/value.h"

/* A value that a statement looked up. */
typedef struct Probe
{
	uint64		hash;
	Comparison	comparison;
	KeyColumn	key;			/* of the column that it is compared with; all
								 * empty if that is not known */
} Probe;

/* Parameters and literals each have room for all that is kept of them. */
#define PROBES				(COMPARISONS * 2)

typedef struct ProbeList
{
	int			count;
	Probe		probes[PROBES];
} ProbeList;

/* The hash of all values together. */
static inline uint64
probes_hash(const ProbeList *list)
{
	uint64		hash = 0;

	for (int i = 0; i < list->count; i++)
		hash = value_mix(hash ^ list->probes[i].hash);
	return hash;
}

#endif							/* CLIPPERF_PROBE_H */
