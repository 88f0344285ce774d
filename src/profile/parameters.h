/*-------------------------------------------------------------------------
 *
 * parameters.h
 *	  The parameter values of an execution: a hash, and now and then a sample.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PARAMETERS_H
#define CLIPPERF_PARAMETERS_H

#include "compat.h"

#include "nodes/params.h"

#include "hotpath.h"
#include "profile/statement/execution.h"
#include "store/statement.h"

/*
 * A hash of the parameter values, or of the whole text of a statement that has
 * none, since its values are constants in the text.
 */
extern uint32 parameters_hash(const Execution *execution);

/* The same with the constants in the text, of a statement with parameters. */
extern uint32 parameters_hash_both(const Execution *execution, uint32 params_hash);

/* Has the last hash been made of whole values? */
HOTPATH_EXTERN bool parameters_hashed_whole;

/* Has the statement parameters? */
static inline bool
parameters_are_there(const Execution *execution)
{
	ParamListInfo params = execution->query->params;

	return params != NULL && params->numParams > 0;
}

/*
 * A hash of the parameter values and of the constants in the text, which are all
 * that tells this execution from others of its statement, out of what
 * parameters_hash() has just made of it.  False if not all of them went into it: a
 * value is long, or not here.
 */
static inline bool
parameters_key(const Execution *execution, uint32 params_hash, uint32 *key)
{
	*key = unlikely(parameters_are_there(execution)) ?
		parameters_hash_both(execution, params_hash) : params_hash;
	return parameters_hashed_whole;
}

/*
 * Keep this execution, which sample_wanted() is true of, as a sample if it is
 * worth it.
 */
extern void parameters_sample(const Execution *execution,
							  const StatementKey *key, uint32 params_hash);

#endif							/* CLIPPERF_PARAMETERS_H */
