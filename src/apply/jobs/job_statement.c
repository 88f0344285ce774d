/*-------------------------------------------------------------------------
 *
 * job_statement.c
 *	  The statement that a job runs, for people.
 *
 * A job keeps the definition of its index, whether it creates or drops it, since
 * definitions are compared.  How that is done follows from the job: without
 * blocking by a background process, or plainly in the caller's transaction.  The
 * index of a partitioned table is created plainly once those of its partitions
 * have been built without blocking.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/job_statement.h"

#include "catalog/pg_class.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PGDLLEXPORT Datum clipperf_job_statement(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_job_statement);

/*
 * The statement that creates, or drops, the index of a job, palloc'd.  "ddl" is
 * the definition as index_def_ddl() writes it: CREATE [UNIQUE] INDEX and so on.
 */
char *
job_statement(bool drop, const char *ddl, Oid relid, const char *index_name,
			  bool transactional)
{
	const char *how = transactional ||
		get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ? "" : "CONCURRENTLY ";
	const char *name;

	if (drop)
		return psprintf("DROP INDEX %s%s", how,
						quote_qualified_identifier(get_namespace_name_or_temp(get_rel_namespace(relid)),
												   index_name));
	name = strstr(ddl, "INDEX ");
	if (name == NULL)
		return pstrdup(ddl);
	name += strlen("INDEX ");
	return psprintf("%.*s%s%s", (int) (name - ddl), ddl, how, name);
}

/*
 * clipperf_job_statement(action, ddl, relation, index_name, transactional): the
 * same for the view clipperf_jobs.
 */
Datum
clipperf_job_statement(PG_FUNCTION_ARGS)
{
	char	   *action = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text(job_statement(strcmp(action, "drop") == 0,
												   text_to_cstring(PG_GETARG_TEXT_PP(1)),
												   PG_GETARG_OID(2),
												   NameStr(*PG_GETARG_NAME(3)),
												   PG_GETARG_BOOL(4))));
}
