/*-------------------------------------------------------------------------
 *
 * request_measure.c
 *	  What each request of the application does, from first to last statement.
 *
 * Statements count when they end.  A request is a trace; else an explicit
 * transaction; else what the connection runs on one route between two pauses of
 * its client.  A trace that any statement of a transaction names is that of its
 * other statements, too: those that were prepared earlier name none.
 *
 * An error that no hook sees, as of a text that cannot be parsed or of COMMIT,
 * shows in the end of its transaction.  What has happened within the message of
 * the client that is being worked on is known by the time when the server has got
 * that message: so nothing need be put back after an error.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/request_measure.h"

#include "storage/ipc.h"

#include "common/clock.h"
#include "common/extension.h"
#include "hotpath.h"
#include "profile/endpoint_marks.h"
#include "profile/request.h"
#include "profile/watched.h"
#include "store/request_store.h"

bool		request_in_block HOTPATH_DATA = false;

/* The transaction that follows is begun by AND CHAIN. */
static bool chained = false;

/* The trace of the explicit transaction that runs, 0 = none is known. */
static uint64 block_trace HOTPATH_DATA = 0;

/* Messages of the client, 0 = none .. */
static TimestampTz ended_message HOTPATH_DATA = 0;	/* a statement ended well */
static TimestampTz failed_message = 0;	/* one failed, and has counted */
static TimestampTz utility_message = 0; /* a utility statement ran */
static TimestampTz commit_message = 0;	/* .. that was COMMIT */
static TimestampTz rollback_message = 0;	/* .. that was ROLLBACK */

/*
 * How is the request of a statement told from others that said this of its trace, and
 * has ended now?  Sets the trace, 0 = none.
 */
static inline RequestKind
tell_request(uint64 *trace)
{
	RequestKind kind = REQUEST_INFERRED;

	if (unlikely(request_in_block))
	{
		kind = REQUEST_TRANSACTION;
		if (*trace != 0)
			block_trace = *trace;
		else
			*trace = block_trace;
	}
	return unlikely(*trace != 0) ? REQUEST_TRACE : kind;
}

/*
 * Count a statement, or an error beside one, whose work and times are set.  Which
 * request it belongs to is told by these: "trace" and "route" are what it said.
 */
static void
add_part(RequestRecord *part, uint64 trace, RouteId route, TimestampTz message)
{
	part->kind = tell_request(&trace);
	part->trace = trace;
	part->period = request_begun_us;
	part->dbid = MyDatabaseId;
	part->route = route;
	part->is_named = request_current.named && route == request_current.route;
	part->ended = message + part->ended_us - part->begun_us;
	requests_add(part);
}

/* A statement of the client has ended well that may begin a request. */
static pg_noinline void
begin_request(const Execution *execution)
{
	RequestRecord part = {
		.begun_us = execution->first_us - execution->work.plan_us,
		.ended_us = execution->last_us,
		.endpoints = endpoint_marks(execution->queryid, &execution->source),
		.statements = 1,
		.looped = request_looped,
		.rows = execution->work.rows,
		.shared_blks_hit = execution->work.counters.shared_blks_hit,
		.shared_blks_read = execution->work.counters.shared_blks_read,
		.wal_bytes = execution->work.counters.wal_bytes,
		.database_us = execution->work.plan_us + execution->work.elapsed_us
	};

	add_part(&part, execution->trace, execution->route, execution->message);
}

/*
 * The same of one that goes on with the request under way, on its route, and belongs
 * to no endpoint by itself, as most do: what begin_request() comes to then, without a
 * copy.
 */
static inline void
extend_request(RequestRecord *open, RequestKind kind, uint64 trace,
			   const Execution *execution)
{
	int64		begun_us = execution->first_us - execution->work.plan_us;

	requests_begin_change(requests_own);
	open->kind = kind;
	open->trace = trace;
	open->begun_us = Min(open->begun_us, begun_us);
	if (likely(execution->last_us >= open->ended_us))
	{
		open->ended_us = execution->last_us;
		open->ended = execution->message + execution->last_us - begun_us;
	}
	open->statements++;
	open->looped += request_looped;
	open->rows += execution->work.rows;
	open->shared_blks_hit += execution->work.counters.shared_blks_hit;
	open->shared_blks_read += execution->work.counters.shared_blks_read;
	open->wal_bytes += execution->work.counters.wal_bytes;
	open->database_us += execution->work.plan_us + execution->work.elapsed_us;
	requests_end_change(requests_own);
}

/* A statement of the client has ended well. */
pg_attribute_hot void
request_measure(const Execution *execution)
{
	RequestRecord *open = requests_under_way();
	uint64		trace = execution->trace;
	RequestKind kind = tell_request(&trace);

	if (likely(open != NULL && open->route == execution->route &&
			   endpoint_marks_are_none() &&
			   request_goes_on(open, kind, trace, request_begun_us,
							   execution->route)))
		extend_request(open, kind, trace, execution);
	else
		begin_request(execution);
	request_looped = 0;
	ended_message = GetCurrentStatementStartTimestamp();
}

/* A statement has failed that began then and took so long in the database. */
static void
count_error(int64 begun_us, int64 now_us, int64 database_us, uint64 trace,
			RouteId route)
{
	RequestRecord part = {
		.begun_us = begun_us,
		.ended_us = now_us,
		.statements = 1,
		.errors = 1,
		.database_us = database_us
	};

	failed_message = GetCurrentStatementStartTimestamp();
	add_part(&part, trace, route, failed_message);
	request_time_end(now_us);
}

/*
 * A statement of the client has failed while it was executed, from within PG_CATCH.
 * One that is ours does not count, nor does its error.
 */
void
request_measure_failed(const Execution *execution)
{
	int64		now_us = clock_us();

	if (execution->ours || execution->stretch_calls != extension_calls)
		failed_message = GetCurrentStatementStartTimestamp();
	else
		count_error(execution->first_us - execution->work.plan_us, now_us,
					execution->work.plan_us + execution->work.elapsed_us +
					now_us - execution->stretch_us,
					execution->trace, execution->route);
}

/*
 * One has failed while it was planned or started, which began then, from within
 * PG_CATCH.  request_begin() was called for it.
 */
void
request_measure_unstarted(int64 begun_us)
{
	int64		now_us = clock_us();

	request_time_begin(begun_us);
	count_error(begun_us, now_us, now_us - begun_us, request_current.trace,
				request_current.route);
}

/* BEGIN, COMMIT, ROLLBACK and their like. */
static void
note_transaction_statement(const TransactionStmt *statement, TimestampTz message)
{
	switch (statement->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			request_in_block = true;
			break;
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_PREPARE:
			commit_message = message;
			break;
		case TRANS_STMT_ROLLBACK:
			rollback_message = message;
			break;
		default:
			break;
	}
	if (!statement->chain)
		return;
	/* one that has failed has ended already */
	if (IsAbortedTransactionBlockState())
		request_in_block = true;
	else
		chained = true;
}

/*
 * A utility statement of the client begins.  It is no pause of the client's.
 */
void
request_utility_begins(const Node *statement)
{
	TimestampTz message = GetCurrentStatementStartTimestamp();

	request_time_begin(clock_us());
	utility_message = message;
	if (IsA(statement, TransactionStmt))
		note_transaction_statement((const TransactionStmt *) statement, message);
}

/*
 * Count the error that has ended the transaction, unless its statement has counted
 * already, or the client has asked for the end.  It is that of a statement which
 * nobody else has counted, if no other ended within the same message.
 */
pg_attribute_cold static void
note_abort(void)
{
	TimestampTz message = GetCurrentStatementStartTimestamp();
	int64		now_us = clock_us();
	RequestRecord part = {
		.begun_us = now_us,
		.ended_us = now_us,
		.errors = 1
	};

	if (message == failed_message || message == rollback_message ||
		proc_exit_inprogress || MyBackendType != B_BACKEND)
		return;
	if (message != commit_message && message != utility_message &&
		message != ended_message)
	{
		part.statements = 1;
		request_session();
	}
	failed_message = message;
	request_time_begin(now_us);
	add_part(&part, request_current.trace, request_current.route, message);
	request_time_end(now_us);
}

/*
 * A transaction has ended.  The time in which it became durable is none of the
 * client's.
 */
void
request_transaction_over(XactEvent event)
{
	if (event != XACT_EVENT_ABORT)
		request_time_end(clock_us());
	else if (watched_nesting == 0 && watched_now())
		note_abort();			/* else it is one of many of a procedure */
	if (request_in_block)
	{
		requests_end_transaction();
		block_trace = 0;
	}
	request_in_block = chained;
	chained = false;
}
