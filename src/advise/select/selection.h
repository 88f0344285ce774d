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
	double		least_share;	/* of the time left that each must save */
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
	double		left_us;		/* of all statements, with what was chosen
								 * last */
	double		table_bytes;	/* of the tables that they use */
	Bitmapset **affected;		/* statements, by candidate */
	Bitmapset **extended;		/* candidates that it makes useless, by
								 * candidate */
	Bitmapset **covering;		/* candidates that make it useless, by
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

/* What an index must save, in microseconds. */
extern double selection_least_us(const Selection *selection, int number);

/* Upkeep of a set of indexes, in microseconds. */
extern double selection_upkeep_us(const Selection *selection,
								  const Bitmapset *indexes);

/* Are both of the same table and kind, and begin with the same key? */
extern bool selection_begin_alike(const Selection *selection, int number,
								  int other);

/* Statements to which one of these indexes could matter. */
extern Bitmapset *selection_statements(const Selection *selection,
									   const Bitmapset *indexes);

/* Find out which statements and other candidates each candidate concerns. */
extern void selection_find_affected(Selection *selection);

/* Statements whose plans with a set of indexes use some of these. */
extern Bitmapset *selection_users(const Selection *selection,
								  const Bitmapset *with,
								  const Bitmapset *indexes);

/* What changing one set for another saves at least, upkeep included. */
extern double selection_gain_us(const Selection *selection,
								const Bitmapset *from, const Bitmapset *to,
								double least);

/* Time of all statements with these indexes, upkeep included; microseconds. */
extern double selection_time_us(const Selection *selection,
								const Bitmapset *chosen);

/* Statements clearly slower with "to" than with "from", and than now. */
extern List *selection_slowed(const Selection *selection, const Bitmapset *from,
							  const Bitmapset *to, int number);

/* What is lost by leaving one of these indexes out, less its upkeep. */
extern double selection_worth_us(const Selection *selection,
								 const Bitmapset *chosen, int number);

/* Ask what the plans use of all candidates, and what without that. */
extern void selection_learn(const Selection *selection);

/* Ask what they use of smaller and smaller candidates. */
extern void selection_learn_small(const Selection *selection);

/* Ask what statements cost with these, and without those that they use. */
extern void selection_learn_choice(const Selection *selection,
								   const Bitmapset *chosen,
								   const Bitmapset *before);

/* Under a budget, ask what statements would use beside these of small ones. */
extern void selection_learn_beside(const Selection *selection,
								   const Bitmapset *chosen);

/* Ask about candidates of a range of numbers in the place of some of these. */
extern bool selection_learn_merged(Selection *selection,
								   const Bitmapset *chosen, int first, int end);

/* Ask about candidates that only some statements can use. */
extern void selection_learn_confined(const Selection *selection,
									 const Bitmapset *chosen, List *candidates,
									 int first, int end);

/* The best set by the plans known, from the set "start" on. */
extern Bitmapset *selection_climb(const Selection *selection,
								  const Bitmapset *start, double exponent,
								  bool only_add, double *score);

/* Is there a budget, or a limit of their number? */
extern bool selection_is_limited(const Selection *selection);

/* The best set that several searches find, one of them from "start" on. */
extern Bitmapset *selection_search(const Selection *selection,
								   const Bitmapset *start);

/* Exchange, or leave out, indexes that slow statements down. */
extern Bitmapset *selection_avoid_harm(const Selection *selection,
									   Bitmapset *chosen);

/* Put simpler indexes in their place, and drop what is of little use. */
extern Bitmapset *selection_simplify(const Selection *selection,
									 const Bitmapset *chosen);

#endif							/* CLIPPERF_SELECTION_H */
