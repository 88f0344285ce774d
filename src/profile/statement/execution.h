/*-------------------------------------------------------------------------
 *
 * execution.h
 *	  One execution of a plan, from ExecutorStart to ExecutorEnd.
 *
 * Lives as long as the query's own memory context, also on error.  Belongs to
 * one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EXECUTION_H
#define CLIPPERF_EXECUTION_H

#include "compat.h"

#include "executor/execdesc.h"
#include "lib/ilist.h"
#include "hotpath.h"
#include "profile/statement/probe.h"
#include "profile/text/source.h"
#include "store/pattern.h"
#include "store/route.h"
#include "store/statement_counters.h"

struct StatementInfo;
struct ResultRecorder;
struct InnerTables;

typedef struct Execution
{
	/* Set when it is opened. */
	dlist_node	node;			/* in the list of open executions */
	MemoryContextCallback forget;	/* takes it off the list */
	QueryDesc  *query;
	StatementSource source;
	uint64		queryid;		/* never 0 */
	Oid			userid;			/* who it runs as */
	int			level;			/* 0 = sent by a client */
	uint64		trace;			/* trace id of the request, 0 = none */
	TimestampTz message;		/* of the client that it runs for */
	int64		first_us;		/* clock_us() when it began */
	int64		last_us;		/* clock_us() when it last ran */
	int64		own_ns;			/* our own time so far; -1 = not measured */

	/* Of the ExecutorRun or ExecutorFinish that is under way. */
	int64		stretch_us;		/* clock_us() when it began */
	WorkCounters stretch_work;	/* the counters then */
	uint32		stretch_calls;	/* extension_calls then */
	RouteId		route;
	bool		tracked;		/* counts in clipperf_queries */
	BareText	bare;			/* its text, if a client sent it: see
								 * request.h */

	/* All zeros then: from here to the probes. */
	bool		counted;		/* its end has been dealt with */
	bool		running;		/* an ExecutorRun or ExecutorFinish is under
								 * way, or has failed */
	bool		ours;			/* it has run functions of ours, or runs
								 * inside of one that had */
	bool		pipelined;		/* the next statement was waiting already */
	bool		has_keys;		/* its rows have columns that may be recorded */
	bool		passed_over;	/* they are not, for their cost */
	bool		is_private;		/* what runs inside uses private columns */
	bool		is_measured;	/* its plan is, when it ends */
	bool		is_in_parts;	/* .. and a cursor may stop before its end */
	bool		is_only_measured;	/* its nodes are counted for that alone */
	Oid			function;		/* PL/pgSQL function it runs in, or InvalidOid */
	int			trigger_depth;	/* pg_trigger_depth() when it began */
	StatementWork work;			/* so far */
	struct StatementInfo *info; /* facts of the statement, or NULL */
	uint32		facts;			/* StatementInfo.facts, which fit its plan */
	struct ResultRecorder *recorder;	/* lineage of its rows, or NULL */
	struct InnerTables *inner;	/* tables that are used inside, or NULL: see
								 * plan_tables.h */
	ProbeList	probes;			/* what it looks up; last, as it is big */
} Execution;

/* An execution of a query that has been started, for the caller to fill in. */
extern Execution *execution_open(QueryDesc *query);

/* Open executions, the latest first. */
HOTPATH_EXTERN dlist_head executions;

/* The open execution of a query, or NULL. */
static inline Execution *
execution_find(const QueryDesc *query)
{
	/* It is usually the first one.  The list is never without its head. */
	for (dlist_node *node = executions.head.next; node != &executions.head;
		 node = node->next)
	{
		Execution  *execution = dlist_container(Execution, node, node);

		if (likely(execution->query == query))
			return execution;
	}
	return NULL;
}

/* StatementTextMaker of a StatementSource. */
extern char *source_text(void *source);

/* StatementTextMaker of an Execution. */
extern char *execution_text(void *execution);

/* The same, with numbers in place of a function's variables. */
extern char *execution_numbered_text(void *execution);

/* The number that a parameter has there. */
extern int16 execution_text_number(const Execution *execution, int16 parameter);

/* PatternOriginReader of an Execution. */
extern void execution_origin(void *execution, PatternOrigin *origin);

#endif							/* CLIPPERF_EXECUTION_H */
