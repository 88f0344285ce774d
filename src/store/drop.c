/*-------------------------------------------------------------------------
 *
 * drop.c
 *	  What is to be done where the extension or a database is dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"

#include "common/database.h"
#include "hotpath.h"
#include "store/drop.h"
#include "store/endpoint_sync.h"

static object_access_hook_type prev_object_access = NULL;

/*
 * An object is about to be dropped, which the session may do: the extension, whose
 * endpoints go with it, or a database, which our workers leave.
 */
static pg_noinline void
note_drop(Oid classId, Oid objectId, int subId, void *arg)
{
	if (prev_object_access)
		prev_object_access(OAT_DROP, classId, objectId, subId, arg);
	if (classId == ExtensionRelationId &&
		objectId == get_extension_oid("clipperf", true))
		endpoint_sync_at_commit();
	if (classId == DatabaseRelationId)
		database_await_workers(objectId);
}

/*
 * object_access_hook.  Usually it is told of a function that an execution is about
 * to call.
 */
pg_attribute_hot static void
object_accessed(ObjectAccessType access, Oid classId, Oid objectId, int subId,
				void *arg)
{
	if (unlikely(access == OAT_DROP))
		note_drop(classId, objectId, subId, arg);
	else if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
}

/* Called from _PG_init. */
void
drop_init(void)
{
	prev_object_access = object_access_hook;
	object_access_hook = object_accessed;
}
