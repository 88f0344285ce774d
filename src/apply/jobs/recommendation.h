/*-------------------------------------------------------------------------
 *
 * recommendation.h
 *	  What clipperf_apply() and clipperf_migration() are asked to do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RECOMMENDATION_H
#define CLIPPERF_RECOMMENDATION_H

#include "compat.h"

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

/* One recommendation. */
typedef struct Recommendation
{
	int64		recommendation; /* 0 if none */
	char	   *action;			/* "create", "drop", "keep", "skip" */
	Oid			relid;			/* InvalidOid if the table is missing */
	char	   *index_name;		/* NULL if unknown */
	char	   *ddl;
	char	   *source;
	char	   *reason;
	int64		size_bytes;		/* -1 if unknown */
	ArrayType  *queryids;		/* NULL if none */
	bool		applied;		/* a job was made of it, or its index is there */
} Recommendation;

/*
 * The recommendations of these ids, or those for the index set, or the new
 * ones that create an index if both are NULL.
 */
extern List *recommendation_list(ArrayType *ids, const char *index_set,
								 MemoryContext context);

#endif							/* CLIPPERF_RECOMMENDATION_H */
