/*-------------------------------------------------------------------------
 *
 * merged_list.c
 *	  IN lists of parameters, of any length, that share a queryid.
 *
 * From PostgreSQL 18 on, the queryid does not tell what a list of constants and
 * parameters holds, nor how much.  It does tell the numbers of all parameters that
 * stand outside of it; so, where one list has the last parameters of a statement, it
 * has them in each statement with that queryid, and the number of parameters tells
 * where it ends.  Of other lists nobody knows which parameters they have.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/merged_list.h"

/* Is this comparison with an element of an IN list? */
static inline bool
is_listed(const Comparison *item)
{
	return item->list_length > 0;
}

/*
 * The parameter that the only list begins with, if it has parameters alone, one after
 * the other; else 0.  "at" is where its elements stand, "kept" how many.
 */
static int
find_first(const Comparison *parameters, int count, int *at, int *kept)
{
	*kept = 0;
	for (int i = 0; i < count; i++)
	{
		const Comparison *item = &parameters[i];

		if (!is_listed(item))
			continue;
		if (*kept == 0)
			*at = i;
		else if (item->list != parameters[*at].list ||
				 item->parameter != parameters[*at].parameter + *kept)
			return 0;
		(*kept)++;
	}
	return *kept == Min(parameters[*at].list_length, COMPARISONS_IN_LIST) ?
		parameters[*at].parameter : 0;
}

/*
 * The number of the last parameter of a query; 0 if that is not known.  Its jumble
 * knows those outside of lists.
 */
int
merged_list_last_parameter(const Comparisons *comparisons, const JumbleState *jumble)
{
	int			last = jumble == NULL ? 0 : jumble->highest_extern_param_id;

	for (int i = 0; jumble != NULL && i < comparisons->count; i++)
	{
		const Comparison *item = &comparisons->items[i];

		if (is_listed(item) && item->parameter > 0 &&
			(i == 0 || item[-1].list != item->list))
			last = Max(last, item->parameter + item->list_length - 1);
	}
	return last;
}

/*
 * Read the list off the "count" comparisons with parameters of an analysed query,
 * which have room for COMPARISONS.  Those that a longer list would have besides are
 * added as far as they are kept.
 */
void
merged_list_learn(MergedList *list, Comparison *parameters, int *count,
				  int last_parameter)
{
	int			at = 0;
	int			kept;
	int			first = find_first(parameters, *count, &at, &kept);

	memset(list, 0, sizeof(*list));
	list->has_parameters = kept > 0;
	list->last = last_parameter;
	if (first == 0 || first + parameters[at].list_length - 1 != last_parameter)
		return;
	list->first = first;
	for (; kept < COMPARISONS_IN_LIST && *count < COMPARISONS; kept++, (*count)++)
	{
		Comparison *end = &parameters[at + kept];

		memmove(end + 1, end, (*count - at - kept) * sizeof(Comparison));
		*end = end[-1];
		end->parameter++;
	}
}

/*
 * Make a comparison that was learnt what it is in an execution with these parameters;
 * false if it is not in it.  Where nobody knows which parameters a list has, they are
 * looked for as if their column was not known.  PL/pgSQL has a parameter for each
 * variable: they do not tell where a list ends.
 */
bool
merged_list_fit(const MergedList *list, ParamListInfo params, Comparison *item)
{
	if (!is_listed(item) || params == NULL || list->last == 0)
		return true;
	if (params->paramFetch != NULL)
		return item->parameter <= list->last;
	if (list->first != 0)
		item->list_length = Min(params->numParams - list->first + 1, PG_UINT16_MAX);
	else if (params->numParams != list->last)
	{
		item->relid = InvalidOid;
		item->attno = 0;
		item->list_length = 0;
	}
	return item->parameter <= params->numParams;
}
