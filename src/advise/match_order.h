/*-------------------------------------------------------------------------
 *
 * match_order.h
 *	  How far into a scan the rows come that a condition keeps.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MATCH_ORDER_H
#define CLIPPERF_MATCH_ORDER_H

#include "compat.h"

#include "advise/index_def.h"

/* A scan of a table, in some order, that throws rows away. */
typedef struct OrderedScan
{
	Oid			relid;
	const IndexDefinition *index;	/* in whose order; NULL = as stored */
	bool		backward;
	/* Conditions, varno 1: */
	List	   *bounds;			/* where the index is read from and to */
	List	   *inside;			/* tested on what is in the index */
	List	   *filter;			/* tested on the table's rows */
} OrderedScan;

/* Where its matches are, as far as a sample of the table tells. */
typedef struct MatchOrder
{
	bool		tested;			/* false: nothing could be found out */
	bool		complete;		/* all rows of the table were looked at */
	double		ratio;			/* of the rows of the table, these were */
	int			rows;			/* of them within bounds */
	int			fetched;		/* of these, kept by the conditions inside */
	int			matches;		/* of these, kept by the filter */
	int			nplaces;		/* the first of these .. */
	float4	   *places;			/* .. and the share of "rows" up to each */
} MatchOrder;

/*
 * Look at a sample of the table, as the current user, in the current memory
 * context: palloc'd.  The table is locked by the caller.  Errors are those of
 * the conditions.
 */
extern MatchOrder *match_order(const OrderedScan *scan);

/*
 * The share of the scan that must be read to find "wanted" matches, where
 * "even" is what the planner takes it for: never less than that.
 */
extern double match_order_share(const MatchOrder *order, double wanted,
								double even);

#endif							/* CLIPPERF_MATCH_ORDER_H */
