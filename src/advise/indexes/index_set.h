/*-------------------------------------------------------------------------
 *
 * index_set.h
 *	  Named lists of index definitions, and what becomes of each member here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_SET_H
#define CLIPPERF_INDEX_SET_H

#include "advise/recommend/advice.h"

/*
 * Advice on each member of an index set, in the set's order, judged by the
 * definitions alone: whether the table and its columns are there, whether an
 * index, a constraint or another member does the same, whether the name is
 * free.  What is left is "create".  Tables are found by the search_path and
 * stay locked (AccessShareLock) to the end of the transaction.  Error 42704 if
 * there is no such set.
 */
extern List *index_set_judge(const char *index_set);

#endif							/* CLIPPERF_INDEX_SET_H */
