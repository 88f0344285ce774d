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
	int			affected;		/* statements on the table that were planned */
	int			users;			/* of these, statements whose plans use it */
	double		lost_share;		/* time lost, as a share of all time */
	double		slower;			/* how many times as much the worst statement
								 * costs; 1 = none costs more */
	bool		cut;			/* the time limit ended it: nothing is certain */
} DropCheck;

/* What would be lost with the chosen indexes and without "hidden". */
extern DropCheck drop_check(Advisor *advisor, const IndexDefinition *existing,
							List *hidden);

/* Would they lose so much that the index must stay? */
extern bool drop_check_forbids(const DropCheck *check);

/* What came of it, to be appended to a reason; "" if nothing is known. */
extern char *drop_check_text(const DropCheck *check);

#endif							/* CLIPPERF_DROP_CHECK_H */
