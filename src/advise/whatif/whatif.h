/*-------------------------------------------------------------------------
 *
 * whatif.h
 *	  What would the planner do if these indexes existed, and those did not?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WHATIF_H
#define CLIPPERF_WHATIF_H

#include "compat.h"

#include "access/htup.h"
#include "nodes/params.h"
#include "nodes/pathnodes.h"
#include "storage/block.h"

#include "advise/indexes/index_def.h"
#include "advise/whatif/index_size.h"

/* A hypothetical index on one table, or on one partition. */
typedef struct WhatIfPart
{
	Oid			relid;
	const IndexDefinition *def; /* as it is for this table */
	IndexOptInfo *info;			/* as the planner wants it, for varno 1 */
	List	   *targets;		/* TargetEntry of each index column, varno 1 */
	IndexSize	size;
} WhatIfPart;

/* A hypothetical index, its size known. */
typedef struct WhatIfIndex
{
	const IndexDefinition *def;
	BlockNumber pages;			/* of all parts */
	double		tuples;			/* of all parts */
	int			tree_height;	/* of the highest part; -1 = not a tree */
	IndexWidth	width;			/* of the part with the widest row */
	int			nparts;			/* leaf partitions, or 1 */
	WhatIfPart *parts;			/* ordered by relid */
} WhatIfIndex;

/* What to pretend. */
typedef struct WhatIfConfig
{
	int			nindexes;
	WhatIfIndex **indexes;
	List	   *hidden;			/* OIDs of real indexes, from whatif_hide() */
	bool		carry_safely;	/* read from them no key that could make them
								 * refuse a row, but where it is compared or
								 * gives an order */
	bool		keep_plans;		/* have them in the result */
	bool		count_blocks;	/* for those who price statements: tell blocks
								 * and scans, too */
	int			most_ms;		/* that planning may take; 0 = no matter */
	int64		most_work;		/* joins of paths that it may consider, else
								 * error 54000; 0 = no matter */
} WhatIfConfig;

/* A plan that was made. */
typedef struct WhatIfPlan
{
	PlannedStmt *stmt;
	List	   *shown;			/* the hypothetical indexes it may name */
} WhatIfPlan;

/* What the planner said. */
typedef struct WhatIfResult
{
	double		total_cost;		/* the planner's unit; of all queries */
	double		startup_cost;
	double		rows;
	double		planning_us;	/* time in the planner, microseconds */
	Bitmapset  *used;			/* positions in config->indexes */
	Bitmapset  *telling;		/* positions of others whose statistics count */
	List	   *used_real;		/* OIDs */
	List	   *scanned;		/* OIDs of tables read from end to end */
	List	   *plans;			/* of WhatIfPlan, if they are kept */
} WhatIfResult;

/*
 * A hypothetical index as defined, its size estimated, in the current memory
 * context; "def" must live as long.
 */
extern WhatIfIndex *whatif_index(const IndexDefinition *def);

/* Why it would refuse rows that its table holds; NULL if it would not. */
extern char *whatif_refusal(const WhatIfIndex *index);

/* The column that makes its widest row so wide; 0 = an expression. */
extern AttrNumber whatif_widest_attno(const WhatIfIndex *index);

/* Why it may refuse rows to come, as its columns are wide; NULL if it is not so. */
extern char *whatif_risk(const WhatIfIndex *index);

/*
 * Add a real index to a list of hidden ones, with its partitions if it is a
 * partitioned index.
 */
extern List *whatif_hide(List *hidden, Oid indexoid);

/*
 * Plan rewritten queries under a config, NULL for things as they are, and add
 * up what the plans cost.
 */
extern void whatif_plan(List *queries, const char *text, ParamListInfo params,
						const WhatIfConfig *config, WhatIfResult *result);

/*
 * The definition of an index that a plan uses, hypothetical or real; NULL if it
 * is gone.
 */
extern const IndexDefinition *whatif_plan_index(const WhatIfPlan *plan,
												Oid indexoid);

/* Statistics of its first key if that is an expression; NULL, or a copy. */
extern HeapTuple whatif_plan_index_stats(const WhatIfPlan *plan, Oid indexoid);

/* Pages of such an index. */
extern double whatif_plan_index_pages(const WhatIfPlan *plan, Oid indexoid);

/* How often whatif_plan() has called the planner in this backend. */
extern int64 whatif_planner_calls(void);

#endif							/* CLIPPERF_WHATIF_H */
