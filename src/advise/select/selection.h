/*-------------------------------------------------------------------------
 *
 * selection.h
 *	  Which of the candidates to build, for all statements at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SELECTION_H
#define CLIPPERF_SELECTION_H

#include "advise/cost/estimate.h"

/* A statement that takes this many times as long is slowed down. */
#define SELECTION_MOST_SLOWER	1.5

typedef struct SelectionLimits
{
	int64		bytes;			/* of all indexes chosen; -1 = no limit */
	int			indexes;		/* number of them; -1 = no limit */
	double		least_share;	/* of all time that each must save */
} SelectionLimits;

/*
 * The numbers of the candidates that are searched are in "allowed".  Others may
 * be chosen in the place of one of them if they are simpler.
 */
typedef struct Selection
{
	Estimator  *estimator;
	SelectionLimits limits;
	const double *write_us;		/* by candidate */
	Bitmapset  *allowed;
	double		total_us;		/* of all statements, with nothing built */
	Bitmapset **affected;		/* statements, by candidate */
	Bitmapset **extended;		/* candidates that it makes useless, by
								 * candidate */
} Selection;

/* Bytes of a candidate, and of several. */
extern int64 selection_bytes(const Selection *selection, int number);
extern int64 selection_bytes_of(const Selection *selection,
								const Bitmapset *indexes);

/* Within the budget, and not too many? */
extern bool selection_fits(const Selection *selection,
						   const Bitmapset *indexes);

/* What so many indexes must save together, in microseconds. */
extern double selection_least_us(const Selection *selection, int count);

/* Upkeep of a set of indexes. */
extern double selection_upkeep_us(const Selection *selection,
								  const Bitmapset *indexes);

/* Statements to which one of these indexes could matter. */
extern Bitmapset *selection_statements(const Selection *selection,
									   const Bitmapset *indexes);

/*
 * Search only the candidates that some statement's plan would use, their
 * runners-up, and what these could stand in for.
 */
extern void selection_prune(Selection *selection);

/*
 * Find out anew which statements each candidate concerns, and which others it
 * makes useless:
 */
extern void selection_find_affected(Selection *selection);

/* What changing one set of indexes for another saves, as far as is known. */
typedef struct GainBounds
{
	double		low;
	double		high;
	bool		low_holds;		/* false: it may be less, if plans that stop
								 * early do so late */
	bool		high_holds;		/* false: it may be more, likewise */
	double		widest;			/* the greatest uncertainty of one statement */
	int			statement;		/* this one's */
	bool		of_from;		/* it lies in what was, not in what will be */
} GainBounds;

/* The time of those statements with "from" less that with "to". */
extern GainBounds selection_bound_gain(const Selection *selection,
									   const Bitmapset *statements,
									   const Bitmapset *from,
									   const Bitmapset *to);

/* Is more known than matters, of what the planner says? */
extern bool selection_is_planned(const Selection *selection,
								 const GainBounds *gain);

/* Is more known than matters? */
extern bool selection_is_settled(const Selection *selection,
								 const GainBounds *gain);

/* What changing one set for another saves, upkeep included. */
extern double selection_gain_us(const Selection *selection,
								const Bitmapset *from, const Bitmapset *to,
								double least, double most);

/* The time of all statements with these indexes, their upkeep included. */
extern double selection_time_us(const Selection *selection,
								const Bitmapset *chosen);

/*
 * The statements that stop early and take much longer with the indexes "to"
 * than with "from", and than they do now, as far as "number" concerns them:
 */
extern List *selection_slowed(const Selection *selection, const Bitmapset *from,
							  const Bitmapset *to, int number);

/* What is lost by leaving one of these indexes out, its upkeep subtracted. */
extern double selection_worth_us(const Selection *selection,
								 const Bitmapset *chosen, int number);

/*
 * Add to the indexes chosen what else pays, that which saves most per byte to
 * the power of "exponent" first.
 */
extern Bitmapset *selection_fill(const Selection *selection,
								 const Bitmapset *chosen, double exponent);

/* What several searches choose, and what would be used if all were built: */
extern Bitmapset *selection_outcomes(const Selection *selection);

/* Choose. */
extern Bitmapset *selection_choose(const Selection *selection);

/* Make better what was chosen, with candidates that came since perhaps. */
extern Bitmapset *selection_improve(const Selection *selection,
									const Bitmapset *chosen);

#endif							/* CLIPPERF_SELECTION_H */
