/*-------------------------------------------------------------------------
 *
 * plan_trial.h
 *	  Analyses and plans one statement as its user, on trial.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_TRIAL_H
#define CLIPPERF_PLAN_TRIAL_H

#include "compat.h"

#include "nodes/params.h"
#include "nodes/pg_list.h"

#include "advise/workload/sandbox.h"

typedef struct PlanTrial
{
	/* What is tried. */
	const char *text;
	int			nparams;		/* parameters known */
	const Oid  *types;
	char	  **values;			/* as text, NULL for null; NULL = generic */
	bool		guess_types;	/* of more parameters, from the context */
	SandboxSettings settings;	/* that the execution read */
	bool		settings_missing;	/* .. and it read more */
	bool		own_session;	/* settings are as in this session */
	int			constant_at;	/* byte of the text at which a constant stands
								 * that is to have another value; 0 = none */
	const char *constant;		/* that value, as text */

	/* What came of it, in the memory context of the caller. */
	List	   *queries;		/* rewritten, without a queryid */
	ParamListInfo params;
	uint64		queryid;
	CmdType		command;
	double		cost;			/* of the plans, planner's unit */
	List	   *rows;			/* that the planner expects of each scan, in
								 * the order of the plans: of double * */
	List	   *relids;			/* relations in the trees */
	bool		own;			/* only catalogs and clipperf's objects */
	char	   *problem;		/* why it did not work; NULL = it did */
	bool		timed_out;		/* .. because it took too long */

	/* On the way. */
	bool		in_parameters;
} PlanTrial;

/* Try, and see that the relations stay as they are. */
extern void plan_trial_run(PlanTrial *trial, const Sandbox *sandbox,
						   List **locked);

#endif							/* CLIPPERF_PLAN_TRIAL_H */
