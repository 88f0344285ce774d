/*-------------------------------------------------------------------------
 * merged_list.h
 *	  IN lists of parameters, of any length, that share a queryid.
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MERGED_LIST_H
#define CLIPPERF_MERGED_LIST_H

#include "compat.h"

#include "nodes/params.h"

#include "profile/statement/comparison.h"

/* What the list of one statement tells of the others with its queryid. */
typedef struct MergedList
{
	bool		has_parameters; /* a list of parameters was seen */
	int			first;			/* parameter that the only list begins with,
								 * which goes on to the last parameter; 0 =
								 * not so */
	int			last;			/* the last parameter of the query that was
								 * seen; 0 = not known */
} MergedList;

/* The number of the last parameter of a query; 0 if that is not known. */
extern int	merged_list_last_parameter(const Comparisons *comparisons,
									   const JumbleState *jumble);

/* Read the list off the comparisons with parameters of an analysed query. */
extern void merged_list_learn(MergedList *list, Comparison *parameters, int *count,
							  int last_parameter);

/* Make a comparison that was learnt what it is in an execution; false if it is not in it. */
extern bool merged_list_fit(const MergedList *list, ParamListInfo params,
							Comparison *item);

/* Does a query compare with a list that has parameters? */
static inline bool
merged_list_takes_parameters(const Comparisons *comparisons)
{
	for (int i = 0; i < comparisons->count; i++)
	{
		if (comparisons->items[i].parameter > 0 && comparisons->items[i].list_length > 0)
			return true;
	}
	return false;
}

#endif							/* CLIPPERF_MERGED_LIST_H */
