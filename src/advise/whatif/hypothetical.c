/*-------------------------------------------------------------------------
 *
 * hypothetical.c
 *	  Hypothetical indexes, made with nobody's rights but those they need.
 *
 * To look at a table as the planner does runs functions in the predicates and
 * expressions of its indexes, and to size an index runs those of its own over
 * a sample of the rows.  CREATE INDEX runs both as the table's owner, and the
 * planner the former as whoever asks a statement of the table.  So this is done
 * as the user of a statement that the index is for, else as the owner, who
 * runs no functions of others.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/hypothetical.h"

#include "catalog/pg_authid.h"
#include "utils/acl.h"
#include "utils/rls.h"

#include "common/owner.h"

/* An index on its way through the sandbox. */
typedef struct HypotheticalIndexCall
{
	const IndexDefinition *def;
	WhatIfIndex *index;
} HypotheticalIndexCall;

/* SandboxWork: make the index and estimate its size. */
static void
make_index(void *arg)
{
	HypotheticalIndexCall *question = arg;

	question->index = whatif_index(question->def);
}

/* Make it in a sandbox; NULL and *problem if that fails. */
static WhatIfIndex *
try_sandbox(const IndexDefinition *def, const Sandbox *sandbox, char **problem)
{
	HypotheticalIndexCall question = {.def = def};
	ErrorData  *error = sandbox_run(sandbox, make_index, &question);

	if (error == NULL)
		return question.index;
	*problem = error->message;
	return NULL;
}

/* May the caller know how many rows of the table are such and such? */
static bool
may_know(Oid relid)
{
	Oid			caller = GetUserId();

	return has_privs_of_role(caller, ROLE_PG_READ_ALL_STATS) ||
		(pg_class_aclcheck(relid, caller, ACL_SELECT) == ACLCHECK_OK &&
		 check_enable_rls(relid, caller, true) != RLS_ENABLED);
}

/*
 * The index as the planner would see it, in the current memory context, for a
 * statement that it is made for, or NULL.  Returns NULL and sets *problem if
 * it cannot be made.  The caller has locked the table.
 */
WhatIfIndex *
hypothetical_index(const IndexDefinition *def, const WorkloadStatement *statement,
				   char **problem)
{
	Sandbox		sandbox = {0};

	if (statement != NULL)
	{
		WhatIfIndex *index;

		sandbox = workload_sandbox(statement);
		index = try_sandbox(def, &sandbox, problem);
		if (index != NULL || !may_know(def->relid))
			return index;
	}
	sandbox.userid = owner_of_relation(def->relid);
	sandbox.trust = SANDBOX_TRUST_OWN;
	if (!may_know(def->relid))
	{
		sandbox.userid = GetUserId();
		sandbox.trust = SANDBOX_TRUST_NONE;
	}
	return try_sandbox(def, &sandbox, problem);
}
