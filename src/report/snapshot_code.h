/*-------------------------------------------------------------------------
 *
 * snapshot_code.h
 *	  What a snapshot keeps of a statement or route, as bytes and back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SNAPSHOT_CODE_H
#define CLIPPERF_SNAPSHOT_CODE_H

#include "compat.h"

#include "store/block_series.h"

/* Numbers that are kept, none of them negative. */
typedef enum StateField
{
	STATE_FIRST_SEEN,			/* TimestampTz: tells lives of an entry apart */
	STATE_CALLS,				/* without error; of routes, requests */
	STATE_ERRORS,				/* of routes, requests with an error */
	STATE_PARTS,				/* rows; of routes, statements */
	STATE_TOTAL_US,				/* of routes, database time; of endpoints, the
								 * time that is measured */
	STATE_SPAN_US,				/* of routes */
	STATE_BLOCKS,				/* shared blocks, hit and read */
	STATE_FIELDS
} StateField;

typedef enum StateHistogram
{
	STATE_LATENCY,				/* of the calls, or of requests, of the same
								 * time as STATE_TOTAL_US */
	STATE_SPAN,					/* of routes */
	STATE_STATEMENTS,			/* of routes */
	STATE_HISTOGRAMS
} StateHistogram;

/* What was counted of a statement or route until a snapshot. */
typedef struct SnapshotState
{
	int64		field[STATE_FIELDS];
	Histogram	histogram[STATE_HISTOGRAMS];
} SnapshotState;

extern bytea *state_encode(const SnapshotState *state);
extern void state_decode(SnapshotState *state, const bytea *bytes);
extern bytea *series_encode(const BlockSeries *series);
extern void series_decode(BlockSeries *series, const bytea *bytes);

/* What was counted since an earlier snapshot. */
extern void state_subtract(SnapshotState *state, const SnapshotState *earlier);

#endif							/* CLIPPERF_SNAPSHOT_CODE_H */
