/*-------------------------------------------------------------------------
 *
 * parameters.h
 *	  The parameter values of an execution: a hash, and now and then a sample.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PARAMETERS_H
#define CLIPPERF_PARAMETERS_H

#include "profile/execution.h"
#include "store/statement.h"

/*
 * A hash of the parameter values, or of the literals or the whole text of a
 * statement that has none, since its values are constants in the text.  Runs no output function
 * and reads no toasted value.  Always true.
 */
extern bool parameters_hash(const Execution *execution, uint32 *hash);

/*
 * Keep this execution, the nth of its statement in this backend, as a sample
 * if it is worth it.  Usually a few instructions.
 */
extern void parameters_sample(const Execution *execution,
							  const StatementKey *key, int64 nth);

#endif							/* CLIPPERF_PARAMETERS_H */
