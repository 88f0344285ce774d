/*-------------------------------------------------------------------------
 *
 * rewrite_child.h
 *	  One statement that does what a loop over a child statement does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REWRITE_CHILD_H
#define CLIPPERF_REWRITE_CHILD_H

#include "compat.h"

#include "advise/rewrite/rewrite_parts.h"
#include "advise/workload/sandbox.h"

/* The statement in place of the loop, or NULL and the reason. */
extern char *rewrite_child(const RewriteChild *child, const Sandbox *sandbox,
						   const char **problem);

#endif							/* CLIPPERF_REWRITE_CHILD_H */
