/*-------------------------------------------------------------------------
 *
 * finding_counts.h
 *	  How many findings there were when they were last counted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FINDING_COUNTS_H
#define CLIPPERF_FINDING_COUNTS_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/store.h"

/* Kinds of findings times severities, with room for kinds to come. */
#define FINDING_COUNTS_MAX	64

/* Those of this database, their number; -1 if there are none of that age. */
extern int	finding_counts_read(int64 *counts, int64 age_us);

/* Keep those of this database. */
extern void finding_counts_keep(const int64 *counts, int number);

extern const StoreModule finding_counts_module;

#endif							/* CLIPPERF_FINDING_COUNTS_H */
