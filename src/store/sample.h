/*-------------------------------------------------------------------------
 *
 * sample.h
 *	  A few real executions of each statement, with their parameters.
 *
 * Taken rarely: the caller asks sample_wanted(), which touches only this
 * backend's memory, then sample_admit(), and only then makes a draft.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SAMPLE_H
#define CLIPPERF_SAMPLE_H

#include "compat.h"

#include "store/sample_draft.h"
#include "store/store.h"

#define SAMPLES_TYPICAL		3	/* per statement */
#define SAMPLES_SLOW		2
#define SAMPLES_OTHER		5
#define SAMPLES				(SAMPLES_TYPICAL + SAMPLES_SLOW + SAMPLES_OTHER)

typedef enum SampleKind
{
	SAMPLE_NONE,
	SAMPLE_TYPICAL,				/* taken at random */
	SAMPLE_SLOW,				/* one of the slowest */
	SAMPLE_OTHER				/* with values that no other one has */
} SampleKind;

typedef struct SampleKey
{
	uint64		queryid;
	Oid			userid;
	Oid			dbid;
} SampleKey;

/*
 * What a backend remembers of a statement: how slow a call must be to be kept,
 * and of how many calls one is looked at, less one (a power of two, less one).
 */
typedef struct SampleThreshold
{
	SampleKey	key;
	double		slow_us;
	int64		skipped;
} SampleThreshold;

#define SAMPLE_THRESHOLDS 256

extern SampleThreshold sample_thresholds[SAMPLE_THRESHOLDS];

static inline SampleThreshold *
sample_threshold(uint64 queryid)
{
	return &sample_thresholds[queryid % SAMPLE_THRESHOLDS];
}

/*
 * Is the nth call of a statement in this backend worth a look?  A few
 * instructions: calls 1, 2, 4, 8 and so on, more of them as long as little was
 * seen of the statement, and calls slower than those kept.
 */
static inline bool
sample_wanted(uint64 queryid, Oid userid, int64 nth, double elapsed_us)
{
	const SampleThreshold *known = sample_threshold(queryid);

	return (nth & (nth - 1)) == 0 || (nth & known->skipped) == 0 ||
		(elapsed_us > known->slow_us && known->slow_us > 0 &&
		 known->key.queryid == queryid &&
		 known->key.userid == userid);
}

/* What a call that is wanted would be kept as. */
extern SampleKind sample_admit(const SampleKey *key, uint32 values_hash,
							   double elapsed_us);

/* Keep it. */
extern void sample_put(const SampleKey *key, SampleKind kind,
					   const SampleDraft *draft);

/* All samples; what is passed is valid during the call only. */
typedef void (*SampleVisitor) (const SampleKey *key, SampleKind kind,
							   const SampleDraft *draft, void *arg);
extern void sample_visit(SampleVisitor visitor, void *arg);

extern const StoreModule sample_module;

#endif							/* CLIPPERF_SAMPLE_H */
