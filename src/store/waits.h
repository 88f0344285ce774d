/*-------------------------------------------------------------------------
 *
 * waits.h
 *	  What sessions were seen to run and to wait for: see waits.c for the contract.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WAITS_H
#define CLIPPERF_WAITS_H

#include "compat.h"

#include "datatype/timestamp.h"

#include "store/database_reset.h"
#include "store/route.h"
#include "store/store.h"

/* Entries held at a time, of all databases: sets that are searched. */
#define WAIT_SETS			512
#define WAIT_WAYS			16
#define WAIT_ENTRIES		(WAIT_SETS * WAIT_WAYS)

/* Events that have a name here: about 300 are PostgreSQL's own. */
#define WAIT_EVENTS			512

/* The minutes that clipperf_waits shows apart: this one and the four before. */
#define WAIT_MINUTES		5

/* What a session was doing. */
typedef enum WaitState
{
	WAIT_ACTIVE,				/* it ran a statement */
	WAIT_IN_TRANSACTION,		/* nothing, within a transaction: no load */
	WAIT_OURS,					/* a statement of clipperf's own */
	NUM_WAIT_STATES
} WaitState;

/* The type, and name, of an event for what waits for nothing. */
#define WAITS_CPU	"CPU"

/* Number of an event in the table of their names. */
typedef uint16 WaitEventId;

/* The name of an event, as in pg_stat_activity. */
typedef struct WaitEventName
{
	char		type[NAMEDATALEN];
	char		event[NAMEDATALEN];
} WaitEventName;

/* What is counted apart.  Compared as bytes: no padding. */
typedef struct WaitKey
{
	uint64		queryid;		/* 0 = not known, or a utility statement */
	Oid			dbid;
	Oid			userid;
	RouteId		route;
	RouteId		holder;			/* of a lock that is waited for: the route of
								 * the session that holds it, if known */
	WaitEventId event;
	uint16		command;		/* CommandTag of a utility statement, else 0 */
	uint16		state;			/* WaitState */
	uint16		unused;			/* 0 */
} WaitKey;

typedef struct WaitEntry
{
	WaitKey		key;
	int64		samples;		/* 0 = the place is free */
	int64		ms;				/* that they stand for */
	TimestampTz first_seen;
	TimestampTz last_seen;
	uint32		recent_ms[WAIT_MINUTES];	/* see WaitMinute */
	uint32		unused;			/* 0 */
} WaitEntry;

/* A minute whose waits are in the same place of each recent_ms[]. */
typedef struct WaitMinute
{
	int64		minute;			/* since the epoch of PostgreSQL */
	int64		ms;				/* of it, in which samples were taken */
} WaitMinute;

/* What was sampled in all. */
typedef struct WaitTotals
{
	int64		moments;		/* at which all sessions were looked at */
	int64		ms;				/* that they stand for */
	int64		own_us;			/* processor time of the sampler */
	int64		evicted;		/* entries that made room for others */
	int64		lost;			/* samples in them, or without a name */
	TimestampTz since;			/* when the first was taken, 0 = none */
	WaitMinute	minutes[WAIT_MINUTES];
} WaitTotals;

/* A copy, palloc'd, for readers. */
typedef struct WaitTable
{
	WaitTotals	totals;
	Databases	databases;
	int			count;			/* of entries[] */
	WaitEntry  *entries;
	WaitEventName *events;		/* by WaitEventId */
} WaitTable;

/* The number of an event, whose name is interned; WAIT_EVENTS if there is no room. */
extern WaitEventId waits_event(const char *type, const char *event);

/*
 * For the sampler, under the lock: a moment begins, which stands for so many
 * milliseconds; a session was seen then.
 */
extern void waits_begin(TimestampTz now, uint32 ms, int64 own_us);
extern void waits_add(const WaitKey *key);

/* What was counted for one key at a moment now past is that of another one. */
extern void waits_move(const WaitKey *from, const WaitKey *to, int64 samples,
					   int64 ms);

/* Raised by each reset: events have new numbers then. */
extern uint32 waits_generation(void);

/* All entries, palloc'd. */
extern WaitTable *waits_copy(void);

/* The time in which samples of a database were taken since that was reset. */
extern int64 waits_sampled_ms(const WaitTable *table, Oid dbid);

/* Of these minutes: the entry's time, and the time in which samples were taken. */
extern int64 waits_recent_ms(const WaitTable *table, const WaitEntry *entry,
							 TimestampTz now, int64 *of_ms);

/* Entries in use. */
extern int	waits_held(WaitTotals *totals);

/* The process of the sampler, 0 = none. */
extern void waits_set_sampler(int pid);
extern int	waits_sampler(void);

extern const StoreModule waits_module;

#endif							/* CLIPPERF_WAITS_H */
