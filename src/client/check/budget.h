/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  What requests of a route may take: limits that are given to the check.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_BUDGET_H
#define CLIENT_BUDGET_H

#include "check/judgement.h"

/* What a budget limits; also the kind of the problem that it is. */
#define BUDGET_STATEMENTS "max_statements"	/* statements of a request */
#define BUDGET_P95 "max_p95"	/* database time that 95 % of requests keep to */

/* A limit for the requests of the routes that a pattern of the shell matches. */
typedef struct Budget
{
	const char *kind;
	char	   *pattern;
	char	   *limit;			/* as it was given */
	double		most;			/* statements, or milliseconds */
}			Budget;

typedef struct BudgetList
{
	Budget	   *items;
	int			count;
}			BudgetList;

/* Takes an argument, ROUTE=LIMIT; ends the program where it is none. */
extern void add_budget(BudgetList * budgets, const char *kind, const char *argument);

/* Adds a problem to the judgement for each route that exceeds its budget, and for each budget that no route has. */
extern void judge_budgets(Judgement *judgement, Session *session, const BudgetList * budgets);

#endif							/* CLIENT_BUDGET_H */
