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

/* What an index does for the statements it serves, as advisor_served() says. */
extern char *reason_create(Advisor *advisor, int number, const List *served);

/*
 * Why an index is not proposed in whose order the rows of a statement come late;
 * "with" are the indexes that there would be.
 */
extern char *reason_late(Advisor *advisor, int number, int statement,
						 const Bitmapset *with);

/* Why a member of an index set that nothing uses is not built. */
extern char *reason_unused(const Advisor *advisor, int number);

/* Why nothing is advised for a statement that has a problem. */
extern char *reason_unplanned(const Advisor *advisor,
							  const WorkloadStatement *statement);

/* The definitions of other chosen indexes that serve what this one would. */
extern char *reason_superseded(Advisor *advisor, int number);

#endif							/* CLIPPERF_REASON_H */
