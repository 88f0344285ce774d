/*-------------------------------------------------------------------------
 *
 * sandbox.c
 *	  Plans other people's statements with their rights, and undoes it.
 *
 * Planning a statement runs code of whoever owns the functions, operators,
 * types, policies and indexes it uses.  So it is done
 *
 * - as the user who ran the statement, with SECURITY_RESTRICTED_OPERATION,
 *   which also keeps him from SET ROLE and SET SESSION AUTHORIZATION;
 * - without running functions of others, but for those of superusers: see
 *   SandboxTrust;
 * - in a subtransaction that is read-only (a subtransaction cannot be made
 *   read-write again) and always rolled back, which restores user, settings,
 *   search_path, snapshots, cursors, notifications and locks;
 * - with everything refused that a rollback would not undo: sandbox_guard.c;
 * - within a timeout.
 *
 * The timeout works by the same flags as a cancel.  A function may catch a
 * cancel and go on; therefore each subtransaction that is rolled back after
 * the time is over raises the flags again, so that the next statement of the
 * function is interrupted, until none of its handlers are left.  The same
 * holds for a cancel of our caller, which the SIGINT handler notes: that is
 * also how the two are told apart.
 *
 * State belongs to one backend.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/sandbox.h"

#include <signal.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "libpq/pqsignal.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/varlena.h"

#include "advise/workload/sandbox_guard.h"
#include "common/clock.h"
#include "settings.h"

/* Once the time is over, work is interrupted this often, milliseconds. */
#define REPEAT_MS 50

/*
 * Where the caller has set no time, work may take SANDBOX_TIMEOUT_MS of the
 * processor, so that it ends in the same way on a busy machine, but no more than
 * so many times that by the clock: it may be waiting, or a function of it sleep.
 */
#define WAITING_TIMES 5

/* How many sandboxes are open, one within the other. */
static int	depth = 0;

/* Of the outermost one: set by signal handlers. */
static volatile sig_atomic_t expired = false;
static volatile sig_atomic_t cancelled = false;

static TimeoutId timeout = MAX_TIMEOUTS;
static int	timeout_ms = 0;
static int64 processor_until_us;	/* CPU time of the process; 0 = no matter */
static int64 clock_until_us;

/*
 * Settings in force inside, for whose names see their manual pages.  The planner
 * looks up the ends of an index, which would count as scans of it, and tell of
 * calls that nobody made.
 */
static const char *const settings[][2] = {
	{"track_counts", "off"},
	{"row_security", "on"},
	{"lock_timeout", "1"},
	{"client_min_messages", "error"},
	{"datestyle", "ISO"},
	{"intervalstyle", "postgres"},
	{"bytea_output", "hex"}
};

/* Have whatever runs interrupted at its next CHECK_FOR_INTERRUPTS(). */
static void
interrupt(void)
{
	QueryCancelPending = true;
	InterruptPending = true;
}

/* Timeout handler, called again and again: see WAITING_TIMES. */
static void
expire(void)
{
	if (clock_processor_us() < processor_until_us && clock_us() < clock_until_us)
		return;
	expired = true;
	interrupt();
	SetLatch(MyLatch);
}

/*
 * SIGINT handler: StatementCancelHandler(), and a note.  A lock timeout, which
 * can only be that of the sandbox, comes as SIGINT too.
 */
static void
note_cancel(SIGNAL_ARGS)
{
	int			save_errno = errno;

	if (!get_timeout_indicator(LOCK_TIMEOUT, false))
		cancelled = true;
	if (!proc_exit_inprogress)
		interrupt();
	SetLatch(MyLatch);
	errno = save_errno;
}

/* SubXactCallback: nobody goes on after an interrupt. */
static void
subtransaction_ended(SubXactEvent event, SubTransactionId mySubid,
					 SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && depth > 0 &&
		(expired || cancelled))
		interrupt();
}

/* Begin to watch for the timeout and for cancels. */
static void
watch(const Sandbox *sandbox)
{
	if (timeout == MAX_TIMEOUTS)
		timeout = RegisterTimeout(USER_TIMEOUT, expire);
	timeout_ms = sandbox->timeout_ms > 0 ? sandbox->timeout_ms :
		SANDBOX_TIMEOUT_MS;
	processor_until_us = sandbox->timeout_ms > 0 ? 0 :
		clock_processor_us() + timeout_ms * 1000L;
	clock_until_us = clock_us() + WAITING_TIMES * timeout_ms * 1000L;
	expired = false;
	cancelled = false;
	(void) get_timeout_indicator(LOCK_TIMEOUT, true);
	pqsignal(SIGINT, note_cancel);
	if (QueryCancelPending)
		cancelled = true;
	enable_timeout_every(timeout,
						 TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													 timeout_ms),
						 REPEAT_MS);
}

/*
 * The reverse.  An interrupt of ours that nobody has seen yet is withdrawn; a
 * cancel is not, even one that comes in between.
 */
static void
unwatch(void)
{
	disable_timeout(timeout, false);
	if (expired)
		QueryCancelPending = false;
	if (cancelled)
		interrupt();
	pqsignal(SIGINT, StatementCancelHandler);
}

/* Settings for the rest of the subtransaction. */
static void
apply_setting(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Temporary tables come last, wherever the user had them: those of our own
 * session must not hide what the statement used.
 */
static void
apply_search_path(const char *search_path)
{
	List	   *schemas;
	StringInfoData path;
	ListCell   *lc;

	initStringInfo(&path);
	if (SplitIdentifierString(pstrdup(search_path), ',', &schemas))
		foreach(lc, schemas)
			if (strcmp(lfirst(lc), "pg_temp") != 0)
			appendStringInfo(&path, "%s, ", quote_identifier(lfirst(lc)));
	appendStringInfoString(&path, "pg_temp");
	apply_setting("search_path", path.data);
}

/* Is it a setting that no module defines, here or in a session that set it? */
static bool
is_made_up(const char *name)
{
	return GetConfigOption(name, true, false) == NULL ||
		(GetConfigOptionFlags(name, true) & GUC_CUSTOM_PLACEHOLDER) != 0;
}

/*
 * Set what sessions of the user had set, with that user's rights: a module that is
 * loaded meanwhile, and defines such a setting, asks who set it.  A setting that
 * is defined here is left alone.
 */
static void
apply_user_settings(const SandboxSettings *user)
{
	for (int i = 0; i < user->count; i++)
		if (is_made_up(user->names[i]))
			(void) set_config_option(user->names[i], user->values[i],
									 PGC_USERSET, PGC_S_SESSION,
									 GUC_ACTION_SAVE, true, 0, false);
}

/* In the subtransaction: become the user, with all that goes with it. */
static void
enter(const Sandbox *sandbox)
{
	Oid			userid;
	int			context;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(sandbox->userid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist", sandbox->userid)));
	XactReadOnly = true;		/* the subtransaction's end restores it */
	for (int i = 0; i < lengthof(settings); i++)
		apply_setting(settings[i][0], settings[i][1]);
	apply_search_path(sandbox->search_path != NULL ? sandbox->search_path :
					  namespace_search_path);

	GetUserIdAndSecContext(&userid, &context);
	context &= ~SECURITY_NOFORCE_RLS;
	context |= SECURITY_RESTRICTED_OPERATION | SECURITY_LOCAL_USERID_CHANGE;
	SetUserIdAndSecContext(sandbox->userid, context);
	apply_user_settings(&sandbox->settings);
	if (!ActiveSnapshotSet())
		PushActiveSnapshot(GetTransactionSnapshot());
}

/*
 * What is left of the error once all is restored; throws if it was our
 * caller's cancel that ended the work, whatever the work made of it.  A
 * function may pretend to be cancelled.
 */
static ErrorData *
judge(ErrorData *error)
{
	bool		interrupted = error != NULL &&
		error->sqlerrcode == ERRCODE_QUERY_CANCELED;

	if (cancelled && interrupted)
	{
		QueryCancelPending = false;
		ReThrowError(error);
	}
	if (cancelled)
	{
		interrupt();
		CHECK_FOR_INTERRUPTS();
	}
	if (expired && interrupted && depth > 0)
		ReThrowError(error);
	if (expired && interrupted)
		error->message = psprintf("planning took longer than %d ms",
								  timeout_ms);
	else if (interrupted)
		error->sqlerrcode = ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
	return error;
}

/* Before the first sandbox of this backend: those who need none pay nothing. */
static void
prepare(void)
{
	static bool prepared = false;

	if (prepared)
		return;
	sandbox_guard_install();
	RegisterSubXactCallback(subtransaction_ended, NULL);
	prepared = true;
}

/*
 * Run work as that user, security-restricted and read-only, with that
 * user's search_path, waiting for no lock and within a timeout, in a subtransaction
 * that is always rolled back: locks that work took are gone afterwards, and so
 * is command progress that the caller had reported.  What work allocates is in
 * the caller's memory context and stays.
 *
 * Returns NULL, or the error that ended it, copied; 57014 means the timeout. A
 * cancel or statement_timeout of our own caller is thrown again.  Not for
 * parallel workers.
 */
ErrorData *
sandbox_run(const Sandbox *sandbox, SandboxWork work, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	const Sandbox *outer;
	bool		unseen;
	ErrorData  *error = NULL;

	prepare();
	CHECK_FOR_INTERRUPTS();
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	if (depth == 0)
		watch(sandbox);
	depth++;
	outer = sandbox_guard_open(sandbox);
	unseen = settings_set_unseen(true);
	PG_TRY();
	{
		enter(sandbox);
		work(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	(void) settings_set_unseen(unseen);
	(void) sandbox_guard_open(outer);
	depth--;
	if (depth == 0)
		unwatch();

	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return judge(error);
}
