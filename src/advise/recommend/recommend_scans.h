/*-------------------------------------------------------------------------
 *
 * recommend_scans.h
 *	  What a run says of the scans that it recommends no index for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RECOMMEND_SCANS_H
#define CLIPPERF_RECOMMEND_SCANS_H

#include "advise/select/advisor.h"

/* Outcomes. */
#define SCAN_SETTLED "settled"	/* its plans use another index by now */
#define SCAN_HOPELESS "no_index"	/* none would help */
#define SCAN_TRIGRAMS "trigrams"	/* the extension pg_trgm has one */
#define SCAN_UNPLANNED "unplanned"	/* it cannot be planned again */

/* What is said of the scans of one table by one statement. */
typedef struct ScanAdvice
{
	Oid			relid;
	uint64		queryid;
	Oid			userid;			/* who ran it */
	Oid			index;			/* that it walks, see SeqScanColumns */
	const char *outcome;
	char	   *reason;			/* one plain sentence */
} ScanAdvice;

/* Of each scan seen that no row of "rows" (Advice) has an index for. */
extern List *recommend_scans(Advisor *advisor, const List *rows, bool whole);

#endif							/* CLIPPERF_RECOMMEND_SCANS_H */
