/*-------------------------------------------------------------------------
 *
 * session.h
 *	  What each session runs now: see session.c for the contract.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SESSION_H
#define CLIPPERF_SESSION_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "tcop/cmdtag.h"
#include "utils/backend_status.h"

#include "hotpath.h"
#include "store/route.h"
#include "store/store.h"

/* The class of a wait_event_info. */
#define WAIT_CLASS_MASK		0xFF000000

/* A statement that a client has sent. */
typedef struct SessionStatement
{
	uint64		queryid;		/* 0 of a utility statement */
	TimestampTz message;		/* of the client, by which it is told whether
								 * it still runs */
	Oid			userid;			/* who it runs as */
	RouteId		route;
	uint32		command;		/* CommandTag of a utility statement, else
								 * CMDTAG_UNKNOWN, which is 0 */
	uint32		ours;			/* 1 = functions of ours have run in it */
} SessionStatement;

/*
 * A place for each process.  What is written for each statement stands in the first of
 * two lines of the processor's cache.
 */
typedef struct SessionPlace
{
	uint32		changes;		/* odd while the owner writes */
	int32		pid;			/* the owner; one that has gone leaves it */
	const PgBackendStatus *status;	/* its entry in shared memory */
	SessionStatement statement;
	uint32		asked;			/* by the sampler: which statement came next? */
	uint32		answered;		/* the question that "next" answers */
	SessionStatement next;
} SessionPlace;

/* That of this process; NULL until it has run something. */
HOTPATH_EXTERN SessionPlace *session_own;

/* Take possession of the place of this process. */
extern void session_take(void);

/* Write what runs into the own place, field by field. */
extern void session_write(uint64 queryid, Oid userid, RouteId route,
						  CommandTag command, TimestampTz message);

/*
 * Let everybody know what this process runs for its client from now on.  It is
 * told twice of most statements, when they are planned and when they run.
 */
static inline void
session_runs(uint64 queryid, Oid userid, RouteId route, TimestampTz message)
{
	SessionPlace *place = session_own;

	if (likely(place != NULL) && place->statement.message == message &&
		place->statement.queryid == queryid && place->statement.route == route)
		return;
	session_write(queryid, userid, route, CMDTAG_UNKNOWN, message);
}

/* What the server says of the state of a session. */
typedef enum SessionState
{
	SESSION_NOT_TOLD,			/* track_activities is off */
	SESSION_IDLE,
	SESSION_IN_TRANSACTION,		/* idle within a transaction */
	SESSION_ACTIVE
} SessionState;

/* That of a place; is its statement what runs, or ran last? */
extern SessionState session_state(const SessionPlace *place, bool *is_known);

/* A copy of the place of a process; false if that cannot be had. */
extern bool session_read(int number, SessionPlace *copy);

/* Ask which statement the process will tell next; the number of the question. */
extern uint32 session_ask(int number);

extern const StoreModule session_module;

#endif							/* CLIPPERF_SESSION_H */
