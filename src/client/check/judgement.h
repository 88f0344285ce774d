/*-------------------------------------------------------------------------
 *
 * judgement.h
 *	  What the server's check says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_JUDGEMENT_H
#define CLIENT_JUDGEMENT_H

#include <stdbool.h>

#include "connection.h"

/* One problem, as a row of clipperf_problems(). */
typedef struct Problem
{
	char	   *kind;
	char	   *relation;		/* with its schema; NULL = none */
	char	   *problem;		/* what is wrong, one line, the same in every
								 * run */
	char	   *summary;
	char	   *fix;
	char	   *evidence;
	char	   *queryid;
	char	   *file;			/* of the application's sources, where the
								 * statement is sent; NULL = not known */
	long		line;			/* of it; at least 1 */
	bool		is_known;		/* is it in the baseline? */
} Problem;

/* What the check came to. */
typedef struct Judgement
{
	const Session *session;
	StringList	kinds;
	StringList	allow;
	Problem    *problems;
	int			count;
	int			new_count;		/* of those that the baseline does not hold */
	const char *baseline;		/* its file name; NULL = none */
	StringList	not_met;		/* entries of the baseline that are no problem
								 * any more */
	const char *location;		/* file to point to; NULL = none */

	/* How much was judged; -1 where the kinds have no use for it. */
	long long	statements;
	long long	lists;
	long long	small_tables;
	long long	suspicions;
	char	   *min_rows;		/* below which a table is small */
} Judgement;

/* Asks the server: clipperf_check() whether there are problems, clipperf_problems() which. */
extern Judgement *ask_for_judgement(Session *session, const StringList *kinds, const StringList *allow);

/* What was judged, in words, as the server's notice says it. */
extern char *judged_in_words(const Judgement *judgement);

#endif							/* CLIENT_JUDGEMENT_H */
