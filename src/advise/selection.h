/*-------------------------------------------------------------------------
 *
 * selection.h
 *	  Which of the candidates to build, for all statements at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SELECTION_H
#define CLIPPERF_SELECTION_H

#include "advise/estimate.h"

typedef struct SelectionLimits
{
	int64		bytes;			/* of all indexes chosen; -1 = no limit */
	int			indexes;		/* number of them; -1 = no limit */
	double		least_share;	/* of all time that each must save */
} SelectionLimits;

/* The numbers of the candidates that may be chosen are in "allowed". */
typedef struct Selection
{
	Estimator  *estimator;
	SelectionLimits limits;
	const double *write_us;		/* by candidate */
	Bitmapset  *allowed;
	double		total_us;		/* of all statements, with nothing built */
	Bitmapset **concerns;		/* statements, by candidate; when chosen */
} Selection;

/* Bytes of a candidate. */
extern int64 selection_bytes(const Selection *selection, int number);

/*
 * Leave only the candidates that some statement's plan would use, and their
 * runners-up.
 */
extern void selection_prune(Selection *selection);

/* The time of all statements with these indexes, their upkeep included. */
extern double selection_time_us(const Selection *selection,
								const Bitmapset *chosen);

/*
 * What is lost by leaving one of these indexes out, its upkeep subtracted; to
 * be asked once selection_choose() has run.
 */
extern double selection_worth_us(const Selection *selection,
								 const Bitmapset *chosen, int number);

/* Choose.  The same input gives the same answer. */
extern Bitmapset *selection_choose(Selection *selection);

#endif							/* CLIPPERF_SELECTION_H */
