/*-------------------------------------------------------------------------
 *
 * sandbox_guard.h
 *	  Refuses what a rolled back transaction would not undo.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SANDBOX_GUARD_H
#define CLIPPERF_SANDBOX_GUARD_H

#include "compat.h"

/* Time that work may take unless told otherwise, milliseconds. */
#define SANDBOX_TIMEOUT_MS	2000

/*
 * Whose functions work may run, besides those of the server and of superusers.
 * Never anybody else's: that the user ran them before proves nothing, as they may
 * have been replaced since, and what a user stores is not run with other rights
 * than that user's own.
 */
typedef enum SandboxTrust
{
	SANDBOX_TRUST_OWN,			/* the user's own */
	SANDBOX_TRUST_NONE			/* nobody's */
} SandboxTrust;

/* Settings that sessions of the user made up by setting them. */
typedef struct SandboxSettings
{
	int			count;
	const char *const *names;
	const char *const *values;
} SandboxSettings;

typedef struct Sandbox
{
	Oid			userid;
	const char *search_path;	/* NULL = that of the session */
	SandboxSettings settings;
	int			timeout_ms;		/* by the clock; 0 = SANDBOX_TIMEOUT_MS of the
								 * processor */
	SandboxTrust trust;
	bool		unmetered;		/* the time of functions is not taken */
} Sandbox;

/*
 * From now on this sandbox is open, NULL for none; returns the one that was.  Must
 * be undone, on error too.
 */
extern const Sandbox *sandbox_guard_open(const Sandbox *sandbox);

/* Before the first sandbox of a backend, once. */
extern void sandbox_guard_install(void);

/* May the sandbox that is open run this function? */
extern bool sandbox_guard_trusts(Oid function);

/* Error if estimates must not call what an operator, or a range, is made of. */
extern void sandbox_guard_operator(Oid operator);
extern void sandbox_guard_type(Oid type);

/* Likewise, if planning a scan of this relation may connect to a foreign server. */
extern void sandbox_guard_relation(Oid relid);

#endif							/* CLIPPERF_SANDBOX_GUARD_H */
