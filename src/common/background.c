/*-------------------------------------------------------------------------
 *
 * background.c
 *	  How our background workers begin, run, sleep and end.
 *
 * The postmaster starts a worker again if its exit code was 1, and writes that to
 * the log; one that exits with 0 is done for good, and nothing is said.  Told to
 * end by a signal, a worker exits with 1, because it cannot know whether the
 * signal came from pg_terminate_backend().  At shutdown, when nobody starts it
 * again, that is made 0.
 *
 *-------------------------------------------------------------------------
 */
#include "common/background.h"

#include <fcntl.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/pidfile.h"

/* The postmaster's lock file, in the data directory; bytes it has at most. */
#define LOCK_FILE		"postmaster.pid"
#define MAX_LOCK_FILE	BLCKSZ

/*
 * Does the postmaster shut down?  Before it tells anybody to end it says so in its
 * lock file.
 */
static bool
is_shutdown(void)
{
	char		contents[MAX_LOCK_FILE];
	char	   *line = contents;
	int			fd = BasicOpenFile(LOCK_FILE, O_RDONLY | PG_BINARY);
	int			length;

	if (fd < 0)
		return false;
	length = read(fd, contents, sizeof(contents) - 1);
	close(fd);
	if (length <= 0)
		return false;
	contents[length] = '\0';
	for (int i = 1; i < LOCK_FILE_LINE_PM_STATUS; i++)
	{
		line = strchr(line, '\n');
		if (line == NULL)
			return false;
		line++;
	}
	return strncmp(line, PM_STATUS_STOPPING, strlen(PM_STATUS_STOPPING)) == 0;
}

/*
 * Callback at the worker's end, when nothing is left of it in shared memory.  To
 * exit again from here goes on with the callbacks that are left.
 */
static void
end_quietly(int code, Datum arg)
{
	if (code == 1 && is_shutdown())
		proc_exit(0);
}

/* From the main function of a worker: let it end without a message at shutdown. */
void
background_init(void)
{
	on_proc_exit(end_quietly, (Datum) 0);
}

/* The sooner of two times to wait in milliseconds, each of which may be none: -1. */
long
background_sooner(long ms, long other_ms)
{
	if (ms < 0 || other_ms < 0)
		return Max(ms, other_ms);
	return Min(ms, other_ms);
}

/*
 * From the main function of a worker that runs all the time: SIGHUP has the
 * configuration read again, SIGTERM ends it, without a message at shutdown.
 */
void
background_begin(void)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	background_init();
}

/*
 * Call "turn" with "arg" until the worker is told to end.  What it allocates in the
 * current memory context goes after each turn, so that no turn adds to the last one.
 */
void
background_run(void (*turn) (void *arg), void *arg)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "clipperf turn",
												  ALLOCSET_DEFAULT_SIZES);

	while (!ShutdownRequestPending)
	{
		MemoryContextSwitchTo(context);
		turn(arg);
		MemoryContextReset(context);
	}
	proc_exit(1);
}

/*
 * Ask the postmaster for a worker that runs all the time.
 */
void
background_register(const char *name, const char *function, int flags,
					BgWorkerStartTime start, int restart_seconds)
{
	BackgroundWorker worker = {
		.bgw_flags = flags,
		.bgw_start_time = start,
		.bgw_restart_time = restart_seconds
	};

	strlcpy(worker.bgw_name, name, BGW_MAXLEN);
	strlcpy(worker.bgw_type, name, BGW_MAXLEN);
	strlcpy(worker.bgw_library_name, "clipperf", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

/*
 * Read the configuration again if a signal asked for that.  Not within a transaction.
 */
void
background_reload(void)
{
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
}

/*
 * Sleep for "ms" milliseconds, or without a limit if that is negative, or until
 * a signal or a latch wakes the worker, and read the configuration again if a
 * signal asked for that.  Raises what a pending interrupt raises.
 */
void
background_sleep(long ms)
{
	int			events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;

	if (ms >= 0)
		events |= WL_TIMEOUT;
	(void) WaitLatch(MyLatch, events, ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	background_reload();
}

/*
 * Settings of the server, the database or the role must not break what is done
 * here; nor is it to be counted as statements of the application.  Nor does a worker
 * wait for long for one of our tables that another session has locked: others wait for
 * the worker, or for what it has locked.
 */
static const char *const session_settings[][2] = {
	{"role", "none"},
	{"session_replication_role", "origin"},
	{"search_path", "pg_catalog, pg_temp"},
	{"default_tablespace", ""},
	{"exit_on_error", "off"},
	{"row_security", "on"},
	{"statement_timeout", "0"},
	{"lock_timeout", BACKGROUND_LOCK_TIMEOUT},
	{"default_transaction_read_only", "off"},
	{"default_transaction_isolation", "read committed"},
	{"clipperf.enabled", "off"}
};

/*
 * After a worker has connected: put these settings into force, as the bootstrap
 * superuser, and show this name.
 */
void
background_set_up_session(const char *name)
{
	SetSessionAuthorization(BOOTSTRAP_SUPERUSERID, true);
	for (int i = 0; i < lengthof(session_settings); i++)
		SetConfigOption(session_settings[i][0], session_settings[i][1],
						PGC_SUSET, PGC_S_SESSION);
	if (GetConfigOption("transaction_timeout", true, false) != NULL)
		SetConfigOption("transaction_timeout", "0", PGC_SUSET, PGC_S_SESSION);
	pgstat_report_appname(name);
}
