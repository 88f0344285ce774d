/*-------------------------------------------------------------------------
 *
 * failure.c
 *	  Statements that an error has ended.
 *
 * They are counted as errors of their statement, and only where they were planned,
 * started or executed: what cannot be parsed has no identifier.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/failure.h"

#include "access/xact.h"

#include "profile/endpoint_marks.h"
#include "profile/statement/execution.h"
#include "store/statement.h"

/*
 * Did a statement fail for a reason that says nothing about what it does: canceled,
 * without a lock in time, in a transaction that cannot go on, without resources, or
 * without rights, as anybody's attempt does?
 */
static bool
is_interruption(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case MAKE_SQLSTATE('0', '8', '0', '0', '0'):	/* connection */
		case MAKE_SQLSTATE('2', '5', '0', '0', '0'):	/* transaction state */
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'):	/* rolled back */
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'):	/* resources */
		case MAKE_SQLSTATE('5', '5', '0', '0', '0'):	/* locks */
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'):	/* operator */
		case MAKE_SQLSTATE('5', '8', '0', '0', '0'):	/* system */
			return true;
		default:
			return sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE;
	}
}

/*
 * Count a statement that an error has just ended, from within PG_CATCH, in a memory
 * context that is left then.  The error is put aside meanwhile, since making a text may
 * use the error stack, and raised again.
 */
pg_attribute_cold void
failure_count(StatementKey key, StatementSource *source, MemoryContext context)
{
	static const StatementWork none = {0};
	StatementSample sample = {
		.failed = true,
		.when = GetCurrentStatementStartTimestamp(),
		.work = &none
	};
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	sample.refused = error->sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
	sample.interrupted = is_interruption(error->sqlerrcode);
	(void) statement_count(&key, &sample, source_text, source);
	if (key.toplevel)
		requests_add_marks(endpoint_marks(key.queryid, source));
	ReThrowError(error);
}
