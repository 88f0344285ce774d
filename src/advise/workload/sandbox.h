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

#include "advise/workload/sandbox_guard.h"

typedef void (*SandboxWork) (void *arg);

/*
 * Run work as that user, security-restricted and read-only, with that
 * user's search_path, waiting for no lock and within a timeout, in a subtransaction
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

#endif							/* CLIPPERF_SANDBOX_H */
