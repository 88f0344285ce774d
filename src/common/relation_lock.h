/*-------------------------------------------------------------------------
 *
 * relation_lock.h
 *	  Locks on tables, without waiting for anybody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RELATION_LOCK_H
#define CLIPPERF_RELATION_LOCK_H

#include "compat.h"

/* Lock a relation for reading; false if it is gone or would be waited for. */
extern bool relation_lock_at_once(Oid relid);

#endif							/* CLIPPERF_RELATION_LOCK_H */
