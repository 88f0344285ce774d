/*-------------------------------------------------------------------------
 *
 * snapshot_worker.c
 *	  The background worker that takes a snapshot of one database.
 *
 * snapshot_start.c of the store starts it.
 *
 *-------------------------------------------------------------------------
 */
#include "report/snapshot_worker.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "common/background.h"
#include "common/own_sql.h"

/*
 * Where another session has locked our tables, a snapshot is left out after this time:
 * less than the five seconds for which DROP DATABASE waits for us.
 */
#define LOCK_TIMEOUT	"2s"

/*
 * Entry point of the worker that takes a snapshot in the database "arg".
 */
void
clipperf_snapshot_main(Datum arg)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	background_init();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, 0);
	background_set_up_session("clipperf snapshot");
	SetConfigOption("lock_timeout", LOCK_TIMEOUT, PGC_SUSET, PGC_S_SESSION);

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (OidIsValid(own_table("_clipperf_snapshot")))
	{
		SPI_connect();
		own_sql("SELECT @extschema@.clipperf_snapshot(NULL::text, NULL::text)", 0, NULL);
		SPI_finish();
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	proc_exit(0);
}
