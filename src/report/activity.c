/*-------------------------------------------------------------------------
 *
 * activity.c
 *	  clipperf_activity: the requests and statements that are under way.
 *
 * What the server knows of a session, and to whom it tells that, is left to
 * pg_stat_activity, with which the view joins these rows.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "tcop/cmdtag.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "common/clock.h"
#include "common/result_rows.h"
#include "settings.h"
#include "store/request_store.h"
#include "store/session.h"

PGDLLEXPORT Datum clipperf_read_activity(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_activity);

#define ACTIVITY_COLUMNS 9

/* A session with something under way. */
typedef struct ActiveSession
{
	SessionPlace place;
	SessionState state;
	bool		is_known;		/* is its statement what runs, or ran last? */
	bool		has_request;	/* is this the request that it belongs to? */
	RequestRecord request;
	int64		request_us;		/* since it began */
} ActiveSession;

/* How a request was told apart, in words. */
static const char *const kind_names[REQUEST_KINDS] = {
	[REQUEST_INFERRED] = "inferred",
	[REQUEST_TRANSACTION] = "transaction",
	[REQUEST_TRACE] = "trace"
};

/*
 * Find the request that is under way in a session.  Statements are counted when they
 * end: what runs goes on with the request before if the client has not paused for as
 * long as ends one.  The first statement of a request is one of its own.
 */
static void
find_request(int number, ActiveSession *session)
{
	int64		idle_us = (int64) setting_request_idle_ms * 1000;
	int64		now_us = clock_us();
	int64		begun_us = now_us;

	if (session->state == SESSION_ACTIVE)
		begun_us -= Max(GetCurrentTimestamp() - session->place.statement.message, 0);
	session->has_request = requests_read_open(number, &session->request) &&
		(session->request.kind == REQUEST_TRANSACTION ||
		 begun_us - session->request.ended_us <= idle_us);
	if (session->has_request)
		begun_us = Min(begun_us, session->request.begun_us);
	session->request_us = Max(now_us - begun_us, 0);
}

/*
 * Look at a session: false if nothing is under way in it, or a statement of ours is.
 */
static bool
look_at_session(int number, ActiveSession *session)
{
	const volatile PGPROC *proc = &ProcGlobal->allProcs[number];

	if (!session_read(number, &session->place) ||
		session->place.pid != proc->pid)
		return false;
	session->state = session_state(&session->place, &session->is_known);
	if (session->state == SESSION_NOT_TOLD)
		session->state = proc->wait_event_info == WAIT_EVENT_CLIENT_READ ?
			SESSION_IDLE : SESSION_ACTIVE;
	session->is_known |= session->state != SESSION_ACTIVE;
	find_request(number, session);
	if (session->state == SESSION_IDLE)
		return session->has_request;
	return session->state != SESSION_ACTIVE || !session->is_known ||
		!session->place.statement.ours;
}

/* Add the row of a session; its statement is told to those who may read it. */
static void
put_session(ReturnSetInfo *result, int number, const ActiveSession *session)
{
	const SessionStatement *statement = &session->place.statement;
	bool		is_known = session->is_known && report_may_read(statement->userid);
	Datum		values[ACTIVITY_COLUMNS];
	bool		nulls[ACTIVITY_COLUMNS] = {false};
	int			i = 0;

	values[i++] = Int32GetDatum(session->place.pid);
	result_set_text(values, nulls, i++,
					session->is_known ? route_label(statement->route) :
					session->has_request ? route_label(session->request.route) : NULL);
	result_set_text(values, nulls, i++, session->has_request ?
					kind_names[session->request.kind] : NULL);
	values[i++] = Float8GetDatum(US_TO_MS(session->request_us));
	values[i++] = Int64GetDatum(session->has_request ?
								session->request.statements : 0);
	nulls[i] = !is_known;
	values[i++] = ObjectIdGetDatum(statement->userid);
	nulls[i] = !is_known || statement->queryid == 0;
	values[i++] = Int64GetDatum((int64) statement->queryid);
	result_set_text(values, nulls, i++, is_known && statement->command != 0 ?
					GetCommandTagName(statement->command) : NULL);
	values[i++] = BoolGetDatum((ProcGlobal->allProcs[number].wait_event_info &
								WAIT_CLASS_MASK) == PG_WAIT_LOCK);
	Assert(i == ACTIVITY_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_activity(): what the view joins with pg_stat_activity.
 */
Datum
clipperf_read_activity(PG_FUNCTION_ARGS)
{
	ActiveSession session;

	report_begin_rows(fcinfo, ACTIVITY_COLUMNS);
	for (int i = 0; i < store_backends(); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (look_at_session(i, &session))
			put_session((ReturnSetInfo *) fcinfo->resultinfo, i, &session);
	}
	return (Datum) 0;
}
