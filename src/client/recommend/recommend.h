/*-------------------------------------------------------------------------
 *
 * recommend.h
 *	  clipperf recommend and clipperf advise: which indexes would help.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_RECOMMEND_H
#define CLIENT_RECOMMEND_H

#include <stdio.h>

#include "connection.h"

/* One row of clipperf_recommend(), or of clipperf_recommend_for(). */
typedef struct Recommendation
{
	char	   *id;
	char	   *action;			/* create, drop, keep or skip */
	char	   *relation;		/* with its schema; NULL = none */
	char	   *index_name;
	char	   *benefit_share;	/* share of the statements' time that it
								 * saves; NULL = not known */
	char	   *cost_before;
	char	   *cost_after;
	char	   *mean_before_ms;
	char	   *mean_after_ms;
	char	   *blocks_before;
	char	   *blocks_after;
	char	   *size_bytes;
	char	   *size;			/* the same for people: 664 kB */
	char	   *write_cost_share;
	char	   *ddl;
	char	   *reason;
} Recommendation;

/* What the advisor says: what docs/recommend.schema.json describes, from which all formats are made. */
typedef struct Advice
{
	const Session *session;
	const char *subject;		/* what it is about, for people */
	bool		for_statements; /* of statements that were handed in? */
	Recommendation *rows;
	int			count;
} Advice;

/* Runs the commands; return the program's status. */
extern int	run_recommend(int argc, char **argv);
extern int	run_advise(int argc, char **argv);

/* Takes the rows of a result. */
extern void take_recommendations(Advice *advice, const PGresult *result);

/* How many rows have this action. */
extern int	count_actions(const Advice *advice, const char *action);

/* The formats; "result" is an Advice. */
extern void put_advice_text(FILE *out, const void *result);
extern void put_advice_json(FILE *out, const void *result);

#endif							/* CLIENT_RECOMMEND_H */
