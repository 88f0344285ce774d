/*-------------------------------------------------------------------------
 *
 * snapshot_worker.c
 *	  The background worker that takes a snapshot of one database.
 *
 * snapshot_start.c of the store starts it.  Where another session has locked our
 * tables, the snapshot is left out.
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

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (own_is_trusted())
	{
		SPI_connect();
		own_sql("SELECT @extschema@.clipperf_snapshot(NULL::text, NULL::text)", 0, NULL);
		SPI_finish();
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	proc_exit(0);
}
