/*-------------------------------------------------------------------------
 *
 * execution.c
 *	  The executions that are open in this backend.
 *
 * Executions are used again rather than freed, since one is needed for every
 * statement.  The reset callback of the query's memory context takes one off
 * the list of open ones, so that the list is right after an error, too.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/execution.h"

#include "utils/memutils.h"

#include "hotpath.h"
#include "profile/text/named_statement.h"
#include "profile/text/normalize.h"
#include "profile/text/origin.h"

/* Executions kept for use, more than are usually open at once. */
#define MAX_SPARE		16

dlist_head	executions HOTPATH_DATA = DLIST_STATIC_INIT(executions);

/* Those kept for use, by their nodes' next. */
static dlist_node *spare HOTPATH_DATA = NULL;
static int	spare_count HOTPATH_DATA = 0;

/* Off the list: callback of the query's memory context. */
pg_attribute_hot static void
forget_execution(void *arg)
{
	Execution  *execution = arg;

	dlist_delete(&execution->node);
	if (unlikely(spare_count == MAX_SPARE))
	{
		pfree(execution);
		return;
	}
	execution->node.next = spare;
	spare = &execution->node;
	spare_count++;
}

/* Memory for an execution; not set. */
static inline Execution *
take_spare(void)
{
	dlist_node *first = spare;

	if (unlikely(first == NULL))
		return MemoryContextAllocZero(TopMemoryContext, sizeof(Execution));
	spare = first->next;
	spare_count--;
	return dlist_container(Execution, node, first);
}

/*
 * An execution of a query that has been started, for the caller to fill in. It
 * is open until the query's memory context goes.
 */
pg_attribute_hot Execution *
execution_open(QueryDesc *query)
{
	Execution  *execution = take_spare();

	/* In pieces: for so few bytes each, the compiler makes no loop. */
	memset(&execution->counted, 0,
		   offsetof(Execution, work) - offsetof(Execution, counted));
	memset(&execution->work, 0, sizeof(StatementWork));
	memset(&execution->info, 0,
		   offsetof(Execution, probes.probes) - offsetof(Execution, info));
	execution->query = query;
	dlist_push_head(&executions, &execution->node);
	execution->forget.func = forget_execution;
	execution->forget.arg = execution;
	MemoryContextRegisterResetCallback(query->estate->es_query_cxt,
									   &execution->forget);
	return execution;
}

/* The normalised text of a statement, palloc'd: StatementTextMaker of its source. */
char *
source_text(void *source)
{
	int			length;
	const char *body = source_body(source, &length);

	return normalize_text(body, 0, length);
}

/* The normalised text of an execution's statement, palloc'd: StatementTextMaker. */
char *
execution_text(void *execution)
{
	return source_text(&((Execution *) execution)->source);
}

/* The numbers of a function's variables in a statement of it; NULL if it is none. */
static const NamedStatement *
numbers_of(const Execution *execution)
{
	ParamListInfo params = execution->query->params;

	return params != NULL && params->paramFetch != NULL ?
		named_statement_find(execution->queryid) : NULL;
}

/*
 * The same of a statement in a loop, which may be one of a function: with numbers in
 * place of the names of variables, as only so it can be analysed elsewhere.
 */
char *
execution_numbered_text(void *execution)
{
	const NamedStatement *named = numbers_of(execution);

	return named != NULL ? normalize_text(named->text, 0, strlen(named->text)) :
		execution_text(execution);
}

/* The number that a parameter has in that text. */
int16
execution_text_number(const Execution *execution, int16 parameter)
{
	const NamedStatement *named = numbers_of(execution);

	for (int i = 0; named != NULL && i < named->count; i++)
	{
		if (named->numbers[i] == parameter)
			return i + 1;
	}
	return parameter;
}

/* Where an execution's statement comes from: PatternOriginReader. */
void
execution_origin(void *execution, PatternOrigin *origin)
{
	origin_read(&((Execution *) execution)->source, origin);
}
