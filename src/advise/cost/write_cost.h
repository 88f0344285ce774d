/*-------------------------------------------------------------------------
 *
 * write_cost.h
 *	  What it costs to keep an index up to date.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WRITE_COST_H
#define CLIPPERF_WRITE_COST_H

#include "advise/whatif/whatif.h"
#include "advise/workload/workload.h"

typedef struct WriteModel WriteModel;

/* What upkeep of indexes adds to a statement, over the time observed. */
typedef struct WriteLoss
{
	double		us;
	double		blocks;
	bool		ends_hot;		/* its updates are HOT now, and would not be */
} WriteLoss;

/* Learn which tables are written, how often and in which columns. */
extern WriteModel *write_model_make(List *statements, double us_per_cost);

/*
 * Does a statement, for rows that it writes to one of these tables, need new
 * entries in an index with these columns, whatever else it changes?
 */
extern bool write_needs_entries(const WorkloadStatement *statement,
								const List *relations, const Bitmapset *columns);

/* Does a statement update one of these columns of one of these tables? */
extern bool write_updates(const WorkloadStatement *statement,
						  const List *relations, const Bitmapset *columns);

/*
 * Microseconds that upkeep of the index would have cost over the time
 * observed.
 */
extern double write_cost_us(const WriteModel *model, const WhatIfIndex *index);

/* What keeping these indexes up to date adds to a statement. */
extern WriteLoss write_loss(const WriteModel *model,
							const WorkloadStatement *statement,
							WhatIfIndex *const *indexes, const Bitmapset *built);

#endif							/* CLIPPERF_WRITE_COST_H */
