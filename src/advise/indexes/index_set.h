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
 * Advice on each member of an index set, in the set's order, judged by its
 * definition alone; the reason of one to be created is what there is to remark,
 * or NULL.
 */
extern List *index_set_judge(const char *index_set, const List *allowed);

/* Error 42704 unless there is such a set. */
extern void index_set_require(const char *index_set);

/*
 * Does a valid index of the table do what this CREATE INDEX statement would?  False
 * where the table is locked by another session, or the statement cannot be read.
 */
extern bool index_set_is_served(Oid relid, char *ddl);

/* Skip the members that repeat another one that is to be created. */
extern void index_set_skip_repeated(List *advice);

#endif							/* CLIPPERF_INDEX_SET_H */
