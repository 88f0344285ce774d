/*-------------------------------------------------------------------------
 *
 * index_def_check.c
 *	  Is the text of a definition that definition?
 *
 * What is recommended is a text, which others will read.  So it is read
 * here first, under the search_path in force, and compared with what it was made
 * from: the planner prices what was read.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def.h"

#include "advise/workload/sandbox.h"
#include "common/owner.h"

/* A definition on its way through its text. */
typedef struct Rereading
{
	const IndexDefinition *def;
	IndexDefinition *read;
} Rereading;

/* SandboxWork: write the definition and read that. */
static void
reread(void *arg)
{
	Rereading  *rereading = arg;

	rereading->read = index_def_parse(index_def_ddl(rereading->def, false,
													false));
}

/*
 * The definition that its own text is, with the same name, in the current memory
 * context; NULL and *problem, for people, if the text is another definition or
 * none.  It is read with the rights of the table's owner, as CREATE INDEX reads
 * it; functions of others are not run.  The table is locked.
 */
IndexDefinition *
index_def_as_written(const IndexDefinition *def, char **problem)
{
	Rereading	rereading = {.def = def};
	Sandbox		sandbox = {
		.userid = owner_of_relation(def->relid),
		.trust = SANDBOX_TRUST_OWN
	};
	ErrorData  *error = sandbox_run(&sandbox, reread, &rereading);

	if (error != NULL)
		*problem = psprintf("its text cannot be read again: %s", error->message);
	else if (!index_def_identical(rereading.read, def))
		*problem = "its text would be read as another index";
	else
		return rereading.read;
	return NULL;
}
