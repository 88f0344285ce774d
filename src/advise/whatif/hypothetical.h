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

#endif							/* CLIPPERF_HYPOTHETICAL_H */
