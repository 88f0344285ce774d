/*-------------------------------------------------------------------------
 *
 * lock_holder.h
 *	  Which process holds the lock that another one waits for: see lock_holder.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LOCK_HOLDER_H
#define CLIPPERF_LOCK_HOLDER_H

#include "compat.h"

/* A moment begins: what may be asked at it. */
extern void lock_holder_begin(void);

/*
 * The process that holds what process "number", of this id, waits for since then; 0 if
 * that is not known.
 */
extern int	lock_holder_of(int number, int pid, uint64 wait_start);

/* The number among the backends of the process with this id, or -1. */
extern int	lock_holder_number(int pid);

#endif							/* CLIPPERF_LOCK_HOLDER_H */
