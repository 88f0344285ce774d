/*-------------------------------------------------------------------------
 *
 * candidate_filler.h
 *	  The key of an index that is made for its predicate.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CANDIDATE_FILLER_H
#define CLIPPERF_CANDIDATE_FILLER_H

#include "advise/indexes/index_def.h"

/* A column that is as good a key as any, of a table with these indexes; 0 = none. */
extern AttrNumber candidate_filler(Oid relid, const List *existing);

#endif							/* CLIPPERF_CANDIDATE_FILLER_H */
