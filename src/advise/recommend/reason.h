/*-------------------------------------------------------------------------
 *
 * reason.h
 *	  Why an index is recommended, in one sentence.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REASON_H
#define CLIPPERF_REASON_H

#include "advise/select/advisor.h"

/* What an index does for the statements that advisor_served() returns. */
extern char *reason_create(Advisor *advisor, int number, const List *served);

/* The statements that the index makes read more, as numbers. */
extern List *reason_slowed(Advisor *advisor, int number);

/* The statements whose writes its upkeep makes clearly slower, as numbers. */
extern List *reason_burdened(Advisor *advisor, int number);

/* Why an index in whose order a statement's rows come late is not proposed. */
extern char *reason_late(Advisor *advisor, int number, int statement,
						 const Bitmapset *with);

/* Why an index is not proposed that would refuse rows of its table. */
extern char *reason_refusal(const WhatIfIndex *index);

/* Why an index is not shown that cannot be written or costed. */
extern char *reason_unwritten(const Candidate *candidate);

/* Does any statement read the table at all? */
extern bool reason_is_read(const Advisor *advisor, Oid relid);

/* Why a member of an index set that no statement uses is not built. */
extern char *reason_unused(const Advisor *advisor, int number);

/* Why nothing is advised for a statement that has a problem. */
extern char *reason_unplanned(const Advisor *advisor,
							  const WorkloadStatement *statement);

/* Other chosen indexes that serve what this one would, or NULL. */
extern char *reason_superseded(Advisor *advisor, int number);

#endif							/* CLIPPERF_REASON_H */
