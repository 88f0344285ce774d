/*-------------------------------------------------------------------------
 *
 * top_statement.c
 *	  Runs a statement as if a client had sent it, in transactions of its own.
 *
 * CREATE INDEX CONCURRENTLY begins and ends transactions while it runs.  So no
 * transaction may be open around it, and the statement lives in a portal and
 * in memory that outlast them, as in the server's main loop.
 *
 * Session and current user are the role's meanwhile; they are set outside of
 * any transaction, since a transaction that aborts restores those it began
 * with.  Functions in index expressions and predicates are run by the server
 * as the owner of the table, under SECURITY_RESTRICTED_OPERATION, as for
 * anybody's CREATE INDEX.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/top_statement.h"

#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/proc.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "apply/jobs/queue.h"
#include "common/background.h"

/* The index that the last statement made; InvalidOid if none. */
static Oid	made_index = InvalidOid;

/* The hook of another extension, while ours stands before it. */
static object_access_hook_type prev_object_access = NULL;

/* Is a statement running that a signal may cancel? */
static volatile sig_atomic_t cancelable = false;

/* Signal handler of SIGINT: cancels the statement if there is one. */
void
top_statement_cancel(SIGNAL_ARGS)
{
	if (cancelable)
		StatementCancelHandler(SIGNAL_PASS);
}

/*
 * object_access_hook while a statement runs: notes the first relation that it
 * makes, which is the index.  The name of that may change before it is done.
 */
static void
note_made(ObjectAccessType access, Oid classId, Oid objectId, int subId,
		  void *arg)
{
	if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
	if (access == OAT_POST_CREATE && classId == RelationRelationId &&
		subId == 0 && !OidIsValid(made_index))
		made_index = objectId;
}

/*
 * The index that the last statement made, by whatever name it goes now, whether
 * it has succeeded or not; InvalidOid if none.  It may be gone.
 */
Oid
top_statement_made(void)
{
	return made_index;
}

/* Put "name=value" settings into force, for this session. */
static void
apply_settings(ArrayType *settings)
{
	Datum	   *elements;
	int			count;

	if (settings == NULL)
		return;
	deconstruct_array(settings, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = TextDatumGetCString(elements[i]);
		char	   *value = strchr(name, '=');

		Assert(value != NULL);
		*value++ = '\0';
		SetConfigOption(name, value, PGC_USERSET, PGC_S_SESSION);
	}
}

/*
 * Run the statement in "sql", which may begin and end transactions.  One is
 * open at the call and when it returns.  Memory of the statement is allocated
 * in the current context, which outlasts transactions.
 */
static void
run_portal(const char *sql)
{
	RawStmt    *raw = linitial_node(RawStmt, pg_parse_query(sql));
	CommandTag	tag = CreateCommandTag(raw->stmt);
	List	   *queries = pg_analyze_and_rewrite_fixedparams(raw, sql, NULL, 0, NULL);
	List	   *plans = pg_plan_queries(queries, sql, CURSOR_OPT_PARALLEL_OK, NULL);
	Portal		portal;

	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, sql, tag, plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	(void) PORTAL_RUN(portal, None_Receiver);
	PortalDrop(portal, false);
}

/* Let signals cancel from now on, or no more. */
static void
set_cancellable(bool value)
{
	cancelable = value;
	if (!value)
		QueryCancelPending = false;
}

/*
 * Run the statement in a transaction, as the current user.  Raises its error,
 * or that of a cancellation if this process was told to end the build before
 * the statement began.
 */
static void
run_in_transaction(const char *sql, ArrayType *settings, int lock_timeout_ms,
				   MemoryContext context)
{
	int			by;

	set_cancellable(true);
	if (queue_worker_interrupt(&by) != INTERRUPT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("canceling statement due to user request")));
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	SetConfigOption("lock_timeout", psprintf("%d", lock_timeout_ms),
					PGC_USERSET, PGC_S_SESSION);
	apply_settings(settings);
	run_portal(sql);
	CommitTransactionCommand();
	set_cancellable(false);
}

/*
 * Run one CREATE INDEX or DROP INDEX statement as a role, outside of a
 * transaction, so that CONCURRENTLY works.  settings are "name=value", or
 * NULL; lock_timeout_ms 0 waits for ever.  It can be canceled by SIGINT while
 * it runs.  Returns NULL, or the error, copied to the caller's memory context;
 * no transaction is open then.
 */
ErrorData *
top_statement_run(const char *sql, Oid role, ArrayType *settings,
				  int lock_timeout_ms)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "clipperf statement",
												  ALLOCSET_DEFAULT_SIZES);
	ErrorData  *error = NULL;
	bool		is_superuser;

	StartTransactionCommand();
	is_superuser = superuser_arg(role);
	CommitTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, sql);
	debug_query_string = sql;
	SetSessionAuthorization(role, is_superuser);
	made_index = InvalidOid;
	prev_object_access = object_access_hook;
	object_access_hook = note_made;
	PG_TRY();
	{
		run_in_transaction(sql, settings, lock_timeout_ms, context);
	}
	PG_CATCH();
	{
		set_cancellable(false);
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
	}
	PG_END_TRY();
	object_access_hook = prev_object_access;
	SetSessionAuthorization(BOOTSTRAP_SUPERUSERID, true);
	SetConfigOption("lock_timeout", BACKGROUND_LOCK_TIMEOUT, PGC_SUSET,
					PGC_S_SESSION);
	debug_query_string = NULL;
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return error;
}
