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

#include "access/sysattr.h"
#include "catalog/pg_authid.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
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

/* Does a key or the predicate use the row as a whole? */
static bool
uses_whole_row(const IndexDefinition *def)
{
	Bitmapset  *offset = NULL;

	for (int i = 0; i < def->nkeys; i++)
		pull_varattnos(def->keys[i].expr, 1, &offset);
	pull_varattnos((Node *) def->predicate, 1, &offset);
	return bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber,
						 offset);
}

/* May that role read the columns that the index holds or asks about? */
static bool
may_read_columns(const IndexDefinition *def, Oid role)
{
	Bitmapset  *columns = index_def_columns(def);
	int			column = -1;

	if (pg_class_aclcheck(def->relid, role, ACL_SELECT) == ACLCHECK_OK)
		return true;
	if (columns == NULL || uses_whole_row(def))
		return false;
	while ((column = bms_next_member(columns, column)) >= 0)
		if (pg_attribute_aclcheck(def->relid, column, role, ACL_SELECT) != ACLCHECK_OK)
			return false;
	return true;
}

/*
 * May the current user be told the size of such an index?  It tells how many
 * values its columns hold, and how many rows its predicate is true for: what
 * the view pg_stats shows, and so it is for those who may read the columns, all
 * rows of them; for the table's owner, who decides that; and, as all that we
 * have seen of others' values, for pg_read_all_stats.
 */
bool
hypothetical_may_know(const IndexDefinition *def)
{
	Oid			caller = GetUserId();

	return has_privs_of_role(caller, ROLE_PG_READ_ALL_STATS) ||
		has_privs_of_role(caller, owner_of_relation(def->relid)) ||
		(may_read_columns(def, caller) &&
		 check_enable_rls(def->relid, caller, true) != RLS_ENABLED);
}

/* Error 42501 unless the current user may be told its size. */
void
hypothetical_require_rights(const IndexDefinition *def)
{
	if (!hypothetical_may_know(def))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", get_rel_name(def->relid)),
				 errdetail("The size of an index tells what its columns hold."),
				 errhint("Ask as its owner, as a member of pg_read_all_stats, or as who may read these columns of all its rows.")));
}

/*
 * The index as the planner would see it, in the current memory context, for a
 * statement that it is made for, or NULL.  Returns NULL and sets *problem if
 * it cannot be made.  Functions of its expressions, which are run for all rows of
 * a sample, may take their time.  The caller has locked the table.
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
		sandbox.unmetered = true;
		index = try_sandbox(def, &sandbox, problem);
		if (index != NULL || !hypothetical_may_know(def))
			return index;
	}
	if (!hypothetical_may_know(def))
	{
		*problem = psprintf("permission denied for table %s",
							get_rel_name(def->relid));
		return NULL;
	}
	sandbox.userid = owner_of_relation(def->relid);
	sandbox.trust = SANDBOX_TRUST_OWN;
	sandbox.unmetered = true;
	return try_sandbox(def, &sandbox, problem);
}
