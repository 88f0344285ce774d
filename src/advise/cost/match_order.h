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
	AttrNumber	inner;			/* its column */
	AttrNumber	outer;			/* the equal column of the scan's table */
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

/* Where the matches of a scan are, as far as a sample of the table tells. */
typedef struct MatchOrder
{
	bool		tested;			/* false: nothing could be found out */
	bool		complete;		/* the samples hold all rows of the tables */
	double		ratio;			/* share of the table's rows in the sample */
	double		match_ratio;	/* share of its matches that the samples can
								 * show: less, where they hold a part only of
								 * the other tables */
	int			rows;			/* of the sample, within bounds */
	int			fetched;		/* of these, kept by the conditions inside */
	int			matches;		/* of these, kept by the filter */
	int			nplaces;		/* matches whose place is known: the first */
	float4	   *places;			/* share of "rows" up to each of them */
} MatchOrder;

/* Test a scan on a sample of its table, with the current user's rights. */
extern MatchOrder *match_order(const OrderedScan *scan, MemoryContext keep);

/*
 * The share of the scan to be read for "wanted" matches; "even" = the
 * planner's.
 */
extern double match_order_share(const MatchOrder *order, double wanted,
								double even);

#endif							/* CLIPPERF_MATCH_ORDER_H */
