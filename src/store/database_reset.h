/*-------------------------------------------------------------------------
 *
 * database_reset.h
 *	  When databases were reset by themselves, without the others.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DATABASE_RESET_H
#define CLIPPERF_DATABASE_RESET_H

#include "compat.h"

#include "datatype/timestamp.h"

#include "store/store.h"

/* Databases of which that is remembered. */
#define DATABASES_MAX 64

/* Saved as it is: no padding. */
typedef struct DatabaseReset
{
	Oid			dbid;
	uint32		unused;			/* 0 */
	TimestampTz at;				/* last reset of whatever it was */
	TimestampTz since;			/* last reset of all, 0 = none */
	int64		sampled_ms;		/* total of the samples of waits when its own
								 * were reset */
} DatabaseReset;

typedef struct Databases
{
	int32		count;
	DatabaseReset reset[DATABASES_MAX];
} Databases;

/* A copy, for readers. */
extern void databases_copy(Databases *copy);

/* Since when a database is observed. */
extern TimestampTz database_since(Oid dbid);

/* Total of the samples of waits when those of a database were reset, 0 if never. */
extern int64 databases_sampled_before(const Databases *databases, Oid dbid);

/* The samples of waits of a database were reset at that total. */
extern void database_sampled_before(Oid dbid, int64 ms);

extern const StoreModule database_module;

#endif							/* CLIPPERF_DATABASE_RESET_H */
