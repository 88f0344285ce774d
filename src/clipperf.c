/*-------------------------------------------------------------------------
 *
 * clipperf.c
 *	  Entry point of the server module: a table of contents.
 *
 * Data flows one way: the executor's hooks (profile/) measure, the shared
 * memory (store/) remembers, the SQL-callable readers (report/) tell, and the
 * advisor (advise/) plans what was seen again, as if other indexes existed.  The
 * advisor's own hooks are installed by the backend that asks it.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"

#include "apply/jobs/launcher.h"
#include "apply/jobs/queue.h"
#include "profile/hooks.h"
#include "profile/plan/private_columns.h"
#include "settings.h"
#include "store/drop.h"
#include "store/modules.h"
#include "store/sampler.h"
#include "store/standby.h"
#include "store/worker.h"

CLIPPERF_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

/*
 * Loaded without shared_preload_libraries the module does nothing; its SQL
 * functions then say what is missing.  While pg_upgrade runs the server, nothing
 * is captured, saved or built; but security labels are accepted, as it restores
 * those of the old server.
 */
void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	settings_define();
	store_init();
	queue_init();
	private_columns_init();
	/* pg_upgrade looks at the old server and fills the new one. */
	if (IsBinaryUpgrade)
		return;
	standby_init();
	drop_init();
	worker_register();
	launcher_register();
	/* the last one, as it is the one to do without if there are too few */
	sampler_register();
	hooks_install();
}
