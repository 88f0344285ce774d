/*-------------------------------------------------------------------------
 *
 * plan_blocks.h
 *	  How many blocks a plan touches, and how often it scans indexes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_BLOCKS_H
#define CLIPPERF_PLAN_BLOCKS_H

#include "advise/whatif/whatif.h"

/* How often one execution scans an index, as pg_stat_user_indexes counts it. */
typedef struct IndexScans
{
	Oid			indexoid;
	double		scans;
} IndexScans;

/* Blocks that an execution touches; NAN = unknown. */
typedef struct BlockEstimate
{
	double		now;			/* as long as the table is as it is now */
	double		most;			/* when VACUUM is due: index-only scans visit
								 * the table for what has changed */
	double		latest;			/* if the rows wanted come last, where nothing
								 * tells where they come */
} BlockEstimate;

/* How much of what it reads a node has to read, since the rows wanted come late. */
typedef struct NodeReach
{
	const Plan *node;
	double		share;			/* of its scan, or of its child's rows */
	double		latest;			/* that share if the rows wanted come last, as
								 * far as nothing tells */
	double		entries;		/* of its index that are read, and .. */
	double		fetched;		/* .. rows visited for them; 0 = unknown */
} NodeReach;

/* Blocks of which nothing is known. */
extern BlockEstimate plan_blocks_unknown(void);

/* The share of the rows of its child that a LIMIT asks for, as planned. */
extern double plan_limit_share(const Plan *limit);

/* The share of its rows that a sub-query is asked for each time it is run. */
extern double plan_subquery_share(const SubPlan *subplan, const Plan *plan);

/*
 * Blocks that one execution touches, "reaches" being what early_stop_extra() found;
 * adds to *scans, a list of IndexScans.
 */
extern BlockEstimate plan_blocks(const WhatIfPlan *plan, ParamListInfo params,
								 const List *reaches, double weight, List **scans);

#endif							/* CLIPPERF_PLAN_BLOCKS_H */
