/*-------------------------------------------------------------------------
 *
 * table_lock.h
 *	  Locks on tables that are looked at: without waiting, and not too many.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TABLE_LOCK_H
#define CLIPPERF_TABLE_LOCK_H

#include "compat.h"

/* Lock a table (AccessShareLock); false if that must be waited for, or it is gone. */
extern bool table_lock_at_once(Oid relid);

/* The same for a relation that is there, where no error may be raised. */
extern bool table_lock_if_free(Oid relid);

/* Unlock a table that table_lock_at_once() has locked. */
extern void table_unlock(Oid relid);

/* So many tables may be locked together. */
extern int	table_locks_most(void);

#endif							/* CLIPPERF_TABLE_LOCK_H */
