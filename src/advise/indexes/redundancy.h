/*-------------------------------------------------------------------------
 *
 * redundancy.h
 *	  Indexes that another index makes redundant.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REDUNDANCY_H
#define CLIPPERF_REDUNDANCY_H

#include "advise/indexes/index_def.h"

/* May the index be dropped without harm to anything but plans? */
extern bool redundancy_droppable(const IndexDefinition *def);

/*
 * The definition of "all" that does what "def", one of them, does; NULL if
 * there is none or "def" must stay.
 */
extern const IndexDefinition *redundancy_keeper(const IndexDefinition *def,
												List *all);

/* Why "def" is not needed beside "keeper", as a sentence without a period. */
extern char *redundancy_reason(const IndexDefinition *def,
							   const IndexDefinition *keeper);

/* How people call an index: 'index "y" (a)'. */
extern char *redundancy_describe(const IndexDefinition *def);

#endif							/* CLIPPERF_REDUNDANCY_H */
