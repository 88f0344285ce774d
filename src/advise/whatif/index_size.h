/*-------------------------------------------------------------------------
 *
 * index_size.h
 *	  How large an index would be right after CREATE INDEX.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_SIZE_H
#define CLIPPERF_INDEX_SIZE_H

#include "compat.h"

#include "utils/rel.h"

#include "advise/whatif/index_model.h"

/*
 * Estimate the size of an index on "heap", which the caller has open and
 * locked.
 */
extern void index_size(const IndexDefinition *def, Relation heap,
					   IndexSize *size);

/* The size of an index like a known one, on a share of its table's rows. */
extern void index_size_scale(IndexSize *size, const IndexSize *known,
							 double share);

#endif							/* CLIPPERF_INDEX_SIZE_H */
