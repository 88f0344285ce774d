/*-------------------------------------------------------------------------
 *
 * hypothetical.h
 *	  Hypothetical indexes, made with nobody's rights but those they need.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HYPOTHETICAL_H
#define CLIPPERF_HYPOTHETICAL_H

#include "compat.h"

#include "advise/whatif/whatif.h"
#include "advise/workload/workload.h"

/*
 * The index as the planner would see it, in the current memory context, for a
 * statement that it is made for, or NULL.
 */
extern WhatIfIndex *hypothetical_index(const IndexDefinition *def,
									   const WorkloadStatement *statement,
									   char **problem);

/* May the current user be told the size of such an index? */
extern bool hypothetical_may_know(const IndexDefinition *def);

/* Error 42501 unless the caller may. */
extern void hypothetical_require_rights(const IndexDefinition *def);

#endif							/* CLIPPERF_HYPOTHETICAL_H */
