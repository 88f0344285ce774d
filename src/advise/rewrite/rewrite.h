/*-------------------------------------------------------------------------
 *
 * rewrite.h
 *	  One statement that does what a loop over a child statement does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REWRITE_H
#define CLIPPERF_REWRITE_H

#include "compat.h"

#include "advise/workload/sandbox.h"
#include "store/pattern.h"

/* The child of a loop, and what is known of the values it was run with. */
typedef struct RewriteChild
{
	const char *text;			/* with $n for all that varies */
	int			nparams;		/* types known */
	const Oid  *types;			/* InvalidOid = to be told by the context */
	int			key;			/* number of the parameter that took the rows'
								 * values, 0 = not known */
	PatternParameters parameters;
	bool		repeats;		/* a key came more than once in a loop */
} RewriteChild;

/* The statement in place of the loop, or NULL and the reason. */
extern char *rewrite_child(const RewriteChild *child, const Sandbox *sandbox,
						   const char **problem);

#endif							/* CLIPPERF_REWRITE_H */
