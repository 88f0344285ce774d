/*-------------------------------------------------------------------------
 *
 * advisor.h
 *	  One run of the advisor, from the statements to the indexes chosen.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ADVISOR_H
#define CLIPPERF_ADVISOR_H

#include "advise/candidates/candidate.h"
#include "advise/cost/write_cost.h"
#include "advise/select/measured_time.h"
#include "advise/select/selection.h"
#include "advise/workload/workload.h"

typedef struct AdvisorOptions
{
	SelectionLimits limits;
	List	   *built;			/* of BuiltIndex */
	List	   *allowed_functions;	/* OIDs: of the users' own, in keys */
	int64		deadline_us;	/* clock_us(); 0 = none */
} AdvisorOptions;

/* Sets of indexes are Bitmapsets of numbers of candidates. */
typedef struct Advisor
{
	AdvisorOptions options;
	List	   *statements;		/* of WorkloadStatement */
	List	   *demands;		/* of CandidateDemand */
	List	   *candidates;		/* of Candidate, by number */
	List	   *unwritten;		/* of Candidate, whose text is another index */
	WriteModel *writes;
	Estimator	estimator;
	Selection	selection;
	double	   *write_us;		/* upkeep, by candidate */
	uint64	   *shapes;			/* hash of index_def_shape(), by candidate */
	int		   *alike;			/* tables with such a one, by candidate */
	double		total_us;		/* of all statements, planned again or not */
	Bitmapset  *chosen;
} Advisor;

/* Find out what a list of WorkloadStatement asks of the tables. */
extern Advisor *advisor_make(List *statements, const AdvisorOptions *options);

/* Make candidates of what is asked, and choose among them. */
extern void advisor_choose(Advisor *advisor);

/* Judge these IndexDefinitions, numbered in their order, instead. */
extern void advisor_judge(Advisor *advisor, List *definitions);

/* Microseconds that an index must save to be chosen beside those that are. */
extern double advisor_least_us(const Advisor *advisor);

/* What leaving the index out would cost, a share of all time. */
extern double advisor_benefit_share(Advisor *advisor, int number);

/* What upkeep of the index costs, a share of all time. */
extern double advisor_write_share(const Advisor *advisor, int number);

/* What upkeep of these indexes adds to a statement. */
extern WriteLoss advisor_write_loss(const Advisor *advisor,
									const WorkloadStatement *statement,
									const Bitmapset *built);

/* Numbers of the statements whose plans use the index, most saved first. */
extern List *advisor_served(Advisor *advisor, int number);

/* Numbers of the statements that it slows down. */
extern List *advisor_slowed(Advisor *advisor, int number);

/* A call of some statements, on the average. */
typedef struct AdvisorCall
{
	double		cost;			/* in the planner's unit */
	double		ms;				/* NAN = not observed */
	double		blocks;			/* touched; NAN = unknown */
} AdvisorCall;

/* What a call of the statements served takes without and with the index. */
extern void advisor_calls(Advisor *advisor, int number, AdvisorCall *before,
						  AdvisorCall *after);

/* Blocks that a call of a statement would touch with these indexes. */
extern BlockEstimate advisor_blocks(Advisor *advisor, int statement,
									const Bitmapset *with);

#endif							/* CLIPPERF_ADVISOR_H */
