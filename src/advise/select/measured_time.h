/*-------------------------------------------------------------------------
 *
 * measured_time.h
 *	  What the measured time of a statement would be with the indexes of now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MEASURED_TIME_H
#define CLIPPERF_MEASURED_TIME_H

#include "advise/select/advisor.h"

/* Take from it what indexes built since the statement's first call save. */
extern void measured_time_adjust(Advisor *advisor,
								 WorkloadStatement *statement);

#endif							/* CLIPPERF_MEASURED_TIME_H */
