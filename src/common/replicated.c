/*-------------------------------------------------------------------------
 *
 * replicated.c
 *	  Rows of our own tables that another server has sent.
 *
 * A publication for all tables takes ours with it.  But jobs, advice and index
 * sets are of the server where they were made; here they would be in the way of
 * our own, and a number that is there twice stops the subscription.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "replication/logicalworker.h"

PGDLLEXPORT Datum clipperf_not_replicated(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_not_replicated);

/*
 * _clipperf_not_replicated(): a trigger before each row, which lets it pass
 * unless a subscription's worker brings it.  Error 0A000 unless it is called as
 * one.
 */
Datum
clipperf_not_replicated(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("_clipperf_not_replicated() must be called as a trigger before each row")));
	if (IsLogicalWorker())
		return PointerGetDatum(NULL);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
						   trigger->tg_newtuple : trigger->tg_trigtuple);
}
