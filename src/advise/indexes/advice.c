/*-------------------------------------------------------------------------
 *
 * advice.c
 *	  One row of advice.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/advice.h"

#include <math.h>

#include "access/xlog.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "store/standby.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_drop_reservation(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_drop_reservation);

/* Advice with nothing known but this; the strings are not copied. */
Advice *
advice_make(const char *action, Oid relid, char *source)
{
	Advice	   *advice = palloc0(sizeof(Advice));

	advice->action = action;
	advice->relid = relid;
	advice->source = source;
	advice->status = "new";
	advice->benefit_share = NAN;
	advice->cost_before = NAN;
	advice->cost_after = NAN;
	advice->mean_before_ms = NAN;
	advice->mean_after_ms = NAN;
	advice->blocks_before = NAN;
	advice->blocks_after = NAN;
	advice->write_cost_share = NAN;
	advice->size_bytes = -1;
	return advice;
}

/* A point in time for people, to the minute. */
char *
advice_minute(TimestampTz time)
{
	return pnstrdup(timestamptz_to_str(time), strlen("2026-01-01 00:00"));
}

/*
 * What must be said beside a proposal to drop an index, to be appended to a
 * reason; "" if nothing.  The one judge of it: statements of other servers that
 * share the index are not seen on this one, whatever speaks for dropping it.
 */
const char *
advice_drop_reservation(void)
{
	if (!store_is_ready())
		return "";
	if (RecoveryInProgress())
		return "; statements of the primary and of other standby servers are not seen on this one";
	if (standby_follows())
		return "; statements of standby servers are not seen here, look there too";
	if (standby_last_seen() != 0)
		return psprintf("; statements of the standby server that followed until %s were not seen here",
						advice_minute(standby_last_seen()));
	return "";
}

/*
 * The reason, with what must be said beside it.  An invalid index serves nobody,
 * wherever.
 */
const char *
advice_reason(const Advice *advice)
{
	if (strcmp(advice->action, "drop") != 0 ||
		(advice->def != NULL && !advice->def->valid))
		return advice->reason;
	return psprintf("%s%s", advice->reason, advice_drop_reservation());
}

/* clipperf_drop_reservation(): the same for findings that are made in SQL. */
Datum
clipperf_drop_reservation(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(advice_drop_reservation()));
}

/* A statement as advice shows it: with a semicolon, to be pasted. */
char *
advice_statement(const char *sql)
{
	return psprintf("%s;", sql);
}
