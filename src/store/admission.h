/*-------------------------------------------------------------------------
 *
 * admission.h
 *	  Which new statements a flooded store lets in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ADMISSION_H
#define CLIPPERF_ADMISSION_H

#include "compat.h"

#include "datatype/timestamp.h"

/* Bits of a filter, and how many statements are noted before it is cleared. */
#define ADMISSION_BITS		8192
#define ADMISSION_NOTED		2048

/* Of one partition of the statement table. */
typedef struct Admission
{
	TimestampTz since;			/* begin of the second that is counted .. */
	int			evictions;		/* .. in it so far */
	TimestampTz flooded_until;
	int			noted;			/* statements in the filter, about */
	uint64		filter[ADMISSION_BITS / 64];
} Admission;

/* A statement was evicted. */
extern void admission_evicted(Admission *admission, TimestampTz now);

/* May a new statement with this hash come in, which took so long, in us? */
extern bool admission_allows(Admission *admission, uint32 hash,
							 double elapsed_us);

#endif							/* CLIPPERF_ADMISSION_H */
