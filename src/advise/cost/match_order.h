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

#include "advise/indexes/index_def.h"

/* Rows are kept only if another table has a row for them. */
typedef struct JoinTest
{
	Oid			relid;			/* of the other table */
	AttrNumber	inner;			/* its column .. */
	AttrNumber	outer;			/* .. that equals this one of the scan's table */
	Oid			operator;		/* outer = inner; both sides hash alike */
	Oid			collation;
	List	   *conditions;		/* on the other table's rows, varno 1 */
} JoinTest;

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
	List	   *joins;			/* of JoinTest */
} OrderedScan;

/* Where its matches are, as far as a sample of the table tells. */
typedef struct MatchOrder
{
	bool		tested;			/* false: nothing could be found out */
	bool		complete;		/* all rows of the tables were looked at */
	double		ratio;			/* of the rows of the table, these were */
	double		match_ratio;	/* of its matches, those with joined rows:
								 * less, where the other tables were not
								 * looked at as a whole */
	int			rows;			/* of them within bounds */
	int			fetched;		/* of these, kept by the conditions inside */
	int			matches;		/* of these, kept by the filter */
	int			nplaces;		/* the first of these .. */
	float4	   *places;			/* .. and the share of "rows" up to each */
} MatchOrder;

/* Lookup at a sample of the table, as the current user. */
extern MatchOrder *match_order(const OrderedScan *scan, MemoryContext keep);

/*
 * The share of the scan that must be read to find "wanted" matches, where
 * "even" is what the planner takes it for:
 */
extern double match_order_share(const MatchOrder *order, double wanted,
								double even);

#endif							/* CLIPPERF_MATCH_ORDER_H */
