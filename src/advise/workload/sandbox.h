/*-------------------------------------------------------------------------
 *
 * sandbox.h
 *	  Plans other people's statements with their rights, and undoes it.
 *
 * See sandbox.c for what is kept from getting out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SANDBOX_H
#define CLIPPERF_SANDBOX_H

#include "compat.h"

/* Time that work may take unless told otherwise, milliseconds. */
#define SANDBOX_TIMEOUT_MS	2000

/*
 * Whose functions work may run, besides those of the server and of superusers.
 * With a superuser's rights nobody else's function is ever run.
 */
typedef enum SandboxTrust
{
	SANDBOX_TRUST_ALL,			/* everybody's: the user ran them before */
	SANDBOX_TRUST_OWN,			/* the user's own */
	SANDBOX_TRUST_NONE			/* nobody's */
} SandboxTrust;

typedef struct Sandbox
{
	Oid			userid;
	const char *search_path;	/* NULL = that of the session */
	int			timeout_ms;		/* 0 = SANDBOX_TIMEOUT_MS */
	SandboxTrust trust;
} Sandbox;

typedef void (*SandboxWork) (void *arg);

/*
 * Run work as that user, security-restricted and read-only, with his
 * search_path, waiting for no lock and within a timeout, in a subtransaction
 * that is always rolled back: locks that work took are gone afterwards, and
 * so is command progress that the caller had reported.  What work allocates is
 * in the caller's memory context and stays.
 *
 * Returns NULL, or the error that ended it, copied; 57014 means the timeout.
 * A cancel or statement_timeout of our own caller is thrown again.  Not for
 * parallel workers.
 */
extern ErrorData *sandbox_run(const Sandbox *sandbox, SandboxWork work,
							  void *arg);

/* The innermost sandbox that is open, or NULL. */
extern const Sandbox *sandbox_current(void);

#endif							/* CLIPPERF_SANDBOX_H */
