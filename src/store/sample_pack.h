/*-------------------------------------------------------------------------
 *
 * sample_pack.h
 *	  A sample as bytes, and back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SAMPLE_PACK_H
#define CLIPPERF_SAMPLE_PACK_H

#include "compat.h"

#include "lib/stringinfo.h"
#include "store/sample.h"

/* Append everything of a draft that has no fixed size. */
extern void sample_pack(StringInfo packed, const SampleDraft *draft);

/* The reverse; false if the bytes make no sense. */
extern bool sample_unpack(StringInfo packed, SampleDraft *draft);

#endif							/* CLIPPERF_SAMPLE_PACK_H */
