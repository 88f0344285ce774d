/*-------------------------------------------------------------------------
 *
 * parameters.h
 *	  The parameter values of an execution: a hash, and now and then a sample.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PARAMETERS_H
#define CLIPPERF_PARAMETERS_H

#include "profile/statement/execution.h"
#include "store/statement.h"

/*
 * A hash of the parameter values, or of the whole text of a statement that has
 * none, since its values are constants in the text.
 */
extern uint32 parameters_hash(const Execution *execution);

/*
 * Keep this execution, which sample_wanted() is true of, as a sample if it is
 * worth it.
 */
extern void parameters_sample(const Execution *execution,
							  const StatementKey *key, uint32 params_hash);

#endif							/* CLIPPERF_PARAMETERS_H */
