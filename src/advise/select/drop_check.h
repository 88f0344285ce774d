/*-------------------------------------------------------------------------
 *
 * drop_check.h
 *	  What the statements observed would lose without an existing index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DROP_CHECK_H
#define CLIPPERF_DROP_CHECK_H

#include "advise/select/advisor.h"

typedef struct DropCheck
{
	int			concerned;		/* statements on the table that were asked */
	int			users;			/* of these, statements whose plans use it */
	double		lost_share;		/* more time, of that of all statements */
	double		slower;			/* how many times as much the worst of them
								 * costs; 1 = none costs more */
	int			worst;			/* its number; -1 = none costs more */
} DropCheck;

/*
 * Ask the planner, the chosen indexes being there and those in "hidden" gone.
 */
extern DropCheck drop_check(Advisor *advisor, const IndexDefinition *existing,
							List *hidden);

/* Would they lose so much that it must stay? */
extern bool drop_check_forbids(const DropCheck *check);

/* What came of it, to be added to a reason; "" if there is nothing to say. */
extern char *drop_check_text(const DropCheck *check);

#endif							/* CLIPPERF_DROP_CHECK_H */
