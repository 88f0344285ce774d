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

typedef struct SelectionLimits
{
	int64		bytes;			/* of all indexes chosen; -1 = no limit */
	int			indexes;		/* number of them; -1 = no limit */
	double		least_share;	/* of all time that each must save */
} SelectionLimits;

/*
 * The numbers of the candidates that are searched are in "allowed".  Others
 * may be chosen in the place of one of them if they are simpler.
 */
typedef struct Selection
{
	Estimator  *estimator;
	SelectionLimits limits;
	const double *write_us;		/* by candidate */
	const int  *alike;			/* tables with such a one, by candidate */
	Bitmapset  *allowed;
	double		total_us;		/* of all statements, with nothing built */
	Bitmapset **affected;		/* statements, by candidate */
	Bitmapset **extended;		/* candidates that it makes useless, by
								 * candidate */
} Selection;

/* Bytes of a candidate. */
extern int64 selection_bytes(const Selection *selection, int number);

/* Bytes of a set of candidates together. */
extern int64 selection_bytes_of(const Selection *selection,
								const Bitmapset *indexes);

/* Are the indexes together within the budget, and not too many? */
extern bool selection_fits(const Selection *selection,
						   const Bitmapset *indexes);

/* What these indexes must save together, in microseconds. */
extern double selection_least_us(const Selection *selection,
								 const Bitmapset *indexes);

/* Upkeep of a set of indexes, in microseconds. */
extern double selection_upkeep_us(const Selection *selection,
								  const Bitmapset *indexes);

/* Statements to which one of these indexes could matter. */
extern Bitmapset *selection_statements(const Selection *selection,
									   const Bitmapset *indexes);

/* Search only what some plan would use, or what could replace that. */
extern void selection_prune(Selection *selection);

/* Find out which statements and other candidates each candidate concerns. */
extern void selection_find_affected(Selection *selection);

/* Bounds, in microseconds, of what changing the set of indexes saves. */
typedef struct GainBounds
{
	double		low;
	double		high;
	bool		low_holds;		/* false: it may be less, if plans that stop
								 * early do so late */
	bool		high_holds;		/* false: it may be more, likewise */
	double		widest;			/* greatest distance of one statement's bounds */
	int			statement;		/* that statement, to ask about; -1 = none */
	bool		of_from;		/* ask with the first set, not the other */
} GainBounds;

/* Bounds of the time of those statements with "from" less that with "to". */
extern GainBounds selection_bound_gain(const Selection *selection,
									   const Bitmapset *statements,
									   const Bitmapset *from,
									   const Bitmapset *to);

/* Are the bounds close enough together, as far as the planner's word goes? */
extern bool selection_is_planned(const Selection *selection,
								 const GainBounds *gain);

/* Are they, and not undone by plans that stop late? */
extern bool selection_is_settled(const Selection *selection,
								 const GainBounds *gain);

/* What changing one set for another saves, upkeep included. */
extern double selection_gain_us(const Selection *selection,
								const Bitmapset *from, const Bitmapset *to,
								double least, double most);

/* Time of all statements with these indexes, upkeep included; microseconds. */
extern double selection_time_us(const Selection *selection,
								const Bitmapset *chosen);

/* Statements clearly slower with "to" than with "from", and than now. */
extern List *selection_slowed(const Selection *selection, const Bitmapset *from,
							  const Bitmapset *to, int number);

/* What is lost by leaving one of these indexes out, less its upkeep. */
extern double selection_worth_us(const Selection *selection,
								 const Bitmapset *chosen, int number);

/* Add what else pays, most gain per byte to the power of "exponent" first. */
extern Bitmapset *selection_fill(const Selection *selection,
								 const Bitmapset *chosen, double exponent);

/* What several searches choose, and what would be used if all were built. */
extern Bitmapset *selection_outcomes(const Selection *selection);

/* Choose the indexes to build. */
extern Bitmapset *selection_choose(const Selection *selection);

/* Improve what was chosen, by candidates added since too. */
extern Bitmapset *selection_improve(const Selection *selection,
									const Bitmapset *chosen);

#endif							/* CLIPPERF_SELECTION_H */
