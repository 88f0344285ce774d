/*-------------------------------------------------------------------------
 *
 * named_statement.h
 *	  Statements of functions, whose parameters have names, with numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_NAMED_STATEMENT_H
#define CLIPPERF_NAMED_STATEMENT_H

#include "compat.h"

#include "parser/parse_node.h"

typedef struct NamedStatement
{
	uint64		queryid;		/* hash key: first */
	char	   *text;			/* with $1, $2 and so on in place of names */
	int			count;			/* of these */
	int		   *numbers;		/* what each is in the ParamListInfo, from 1 */
} NamedStatement;

/* For a statement whose columns may be variables of a function. */
extern void named_statement_number(const ParseState *pstate, Query *query);

/* A statement was analysed: remember it if its parameters have names. */
static inline void
named_statement_analyzed(const ParseState *pstate, Query *query)
{
	if (pstate->p_post_columnref_hook != NULL)
		named_statement_number(pstate, query);
}

/* NULL unless it was remembered. */
extern const NamedStatement *named_statement_find(uint64 queryid);

#endif							/* CLIPPERF_NAMED_STATEMENT_H */
