/*-------------------------------------------------------------------------
 *
 * index_set.h
 *	  Named lists of index definitions, and what becomes of each member here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_SET_H
#define CLIPPERF_INDEX_SET_H

#include "advise/indexes/advice.h"

/*
 * Advice on each member of an index set, in the set's order, judged by the
 * definitions alone:
 */
extern List *index_set_judge(const char *index_set);

#endif							/* CLIPPERF_INDEX_SET_H */
