/*-------------------------------------------------------------------------
 *
 * request_store.h
 *	  The requests of all backends: see request_store.c for the contract.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_STORE_H
#define CLIPPERF_REQUEST_STORE_H

#include "compat.h"

#include "hotpath.h"
#include "port/atomics.h"
#include "store/request_table.h"
#include "store/store.h"

/* Requests of a backend that have ended and wait to be handed on. */
#define PENDING_REQUESTS 128

/* The latest requests of a backend: see request_store.c. */
typedef struct RequestList
{
	uint32		changes;		/* odd while the owner writes */
	int32		ended;			/* of records[], from the first one on */
	int32		open;			/* 1 = the next one is under way */
	pg_atomic_uint64 current;	/* epoch of its owner: resets end it */
	uint64		epoch;			/* the one that its requests belong to */
	int64		taken;			/* of the first records[], by readers: in the
								 * table; under the lock */
	int64		lost;			/* that had no room since it was moved last */
	RequestRecord records[PENDING_REQUESTS + 1];
} RequestList;

/* That of this backend; NULL until it has measured something. */
HOTPATH_EXTERN RequestList *requests_own;

/* The owner is about to write its list, and has written it. */
static inline void
requests_begin_change(RequestList *list)
{
	list->changes++;
	pg_write_barrier();
}

static inline void
requests_end_change(RequestList *list)
{
	pg_write_barrier();
	list->changes++;
}

/* Were the requests of a list counted since the last reset of its database? */
static inline bool
requests_are_current(const RequestList *list)
{
	return list->epoch == pg_atomic_read_u64(unconstify(pg_atomic_uint64 *,
														&list->current));
}

/* The request that this backend has under way, NULL if there is none. */
static inline RequestRecord *
requests_under_way(void)
{
	RequestList *list = requests_own;

	if (unlikely(list == NULL || !list->open || !requests_are_current(list)))
		return NULL;
	return &list->records[list->ended];
}

/*
 * Is a statement that has told this of itself a part of the request under way?  A
 * transaction is ended by its end; a trace that is named within it is the trace of
 * all of it.
 */
static inline bool
request_goes_on(const RequestRecord *open, RequestKind kind, uint64 trace,
				int64 period, RouteId route)
{
	if (open->kind == REQUEST_TRANSACTION)
		return kind != REQUEST_INFERRED;
	return open->kind == kind &&
		(kind == REQUEST_TRACE ? open->trace == trace :
		 kind == REQUEST_INFERRED && open->period == period &&
		 open->route == route);
}

/* A statement of the client has ended: it goes on with its request, or begins one. */
extern void requests_add(const RequestRecord *part);

/* The statement that was added last belongs to these endpoints, too. */
extern void requests_add_marks(EndpointMarks marks);

/* A transaction has ended: so has the request that it was. */
extern void requests_end_transaction(void);

/* All that has ended, palloc'd; also what is pending, and pauses for idle_us. */
extern RequestTable *requests_copy(int64 idle_us);

/* The request that a process has under way; false if it has none. */
extern bool requests_read_open(int number, RequestRecord *record);

/* Count what has ended for good; a copy of that, palloc'd. */
extern RequestTable *requests_copy_ended(void);

/* Choose what of this database has metrics of its own, in such a copy. */
extern void requests_choose_exports(RequestTable *table);

/*
 * Raised when the rules of endpoints have changed, in whatever database.
 */
HOTPATH_EXTERN pg_atomic_uint32 *requests_rules_generation;

/* An endpoint that statements belong to. */
typedef struct MarkedRule
{
	int32		mark;			/* bit of an EndpointMarks */
	EndpointRule rule;
} MarkedRule;

/* Those of this database; -1 if that cannot be told without waiting. */
extern int	requests_marked_rules(MarkedRule *rules, uint32 *generation);

/* Do these rules of a database count?  Let them. */
extern bool requests_have_rules(Oid dbid, const EndpointRule *rules, int count);
extern void requests_set_rules(Oid dbid, const EndpointRule *rules, int count);

/* For how many of these is no room? */
extern int	requests_rules_left_over(Oid dbid, const EndpointRule *rules,
									 int count);

/* The databases that have rules, ENDPOINT_MAX at most; their number. */
extern int	requests_rule_databases(Oid *dbids);

extern const StoreModule request_module;

#endif							/* CLIPPERF_REQUEST_STORE_H */
