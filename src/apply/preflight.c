/*-------------------------------------------------------------------------
 *
 * preflight.c
 *	  What is looked at before an index is built or dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/preflight.h"

#include <math.h>
#include <sys/statvfs.h>

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/relpath.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/sinvaladt.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "apply/own_sql.h"
#include "settings.h"

/* Errors unless the relation is of a kind whose indexes we make. */
static void
require_kind(Form_pg_class form)
{
	const char *name = NameStr(form->relname);

	if (form->relkind == RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot create indexes on foreign table \"%s\"", name),
				 errhint("Create them on the remote server.")));
	if (form->relkind != RELKIND_RELATION &&
		form->relkind != RELKIND_PARTITIONED_TABLE &&
		form->relkind != RELKIND_MATVIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", name)));
	if (form->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot create indexes on temporary table \"%s\"", name),
				 errdetail("A temporary table is seen by its own session only."),
				 errhint("Use CREATE INDEX in that session.")));
}

/* See preflight.h. */
void
preflight_table(Oid relid, const char *name, Oid role)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s does not exist any more", name)));
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (!RELATION_OWNERCHECK(relid, role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", NameStr(form->relname))));
	require_kind(form);
	ReleaseSysCache(tuple);
}

/* See preflight.h. */
IndexDefinition *
preflight_drop(Oid index_oid, const char *name)
{
	IndexDefinition *def = OidIsValid(index_oid) ?
		index_def_of_index(index_oid) : NULL;
	List	   *backs;

	if (def == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("index \"%s\" does not exist", name)));
	backs = index_def_backs(def);
	if (backs != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("index \"%s\" is needed by %s", def->name,
						(char *) linitial(backs)),
				 errhint("Drop that first if it is not wanted.")));
	return def;
}

/* The index of the table that does the same already, or NULL. */
static IndexDefinition *
find_equal(const IndexDefinition *def)
{
	ListCell   *lc;

	foreach(lc, index_def_existing(def->relid))
	{
		IndexDefinition *existing = lfirst(lc);

		if (existing->valid && index_def_equal(existing, def))
			return existing;
	}
	return NULL;
}

/*
 * Is the relation of that OID an INVALID index of the table, as a build leaves
 * it that was broken off?  Partitioned indexes are invalid while partitions
 * lack theirs, which is another matter.
 */
static bool
is_remains(Oid oid, Oid relid)
{
	IndexDefinition *def;

	if (get_rel_relkind(oid) != RELKIND_INDEX)
		return false;
	def = index_def_of_index(oid);
	return def != NULL && def->relid == relid && !def->valid;
}

/* Settle what the new index is called. */
static void
choose_name(IndexPlan *plan)
{
	IndexDefinition *def = plan->def;
	Oid			taken;

	if (def->name == NULL)
		def->name = index_def_free_name(def, NIL);
	taken = get_relname_relid(def->name, get_rel_namespace(def->relid));
	if (!OidIsValid(taken))
		return;
	if (is_remains(taken, def->relid))
		plan->remains = def->name;
	else
	{
		plan->renamed_from = def->name;
		def->name = index_def_free_name(def, NIL);
	}
}

/* See preflight.h. */
void
preflight_index(const Job *job, IndexPlan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->def = index_def_parse(job->ddl);
	if (plan->def->relid != job->relid)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s is not the one it was when the job was made",
						job->relation_name)));
	plan->existing = find_equal(plan->def);
	if (plan->existing == NULL)
		choose_name(plan);
}

/* See preflight.h. */
char *
preflight_space(const IndexDefinition *def, int64 size_bytes)
{
	Oid			tablespace = OidIsValid(def->tablespace) ? def->tablespace :
		MyDatabaseTableSpace;
	char	   *path = GetDatabasePath(MyDatabaseId, tablespace);
	struct statvfs disk;
	double		available;

	/* The sort may need as much again while the index is written. */
	double		needed = 2.0 * (double) size_bytes;

	/* Where nothing was created yet, the directory may be missing. */
	if (size_bytes <= 0 || statvfs(path, &disk) != 0)
		return NULL;
	available = (double) disk.f_bavail * (double) disk.f_frsize;
	if (available >= needed)
		return NULL;
	return psprintf("not enough disk space: about %.0f MB are needed for the index and its sort, %.0f MB are free in the tablespace",
					ceil(needed / (1024.0 * 1024.0)),
					floor(available / (1024.0 * 1024.0)));
}

/*
 * Processes of virtual transactions, as an int4 array; without those that have
 * given the lock on theirs up, as clipperf_wait() does.
 */
static ArrayType *
processes_of(const VirtualTransactionId *vxids, int count)
{
	Datum	   *pids = palloc(sizeof(Datum) * Max(count, 1));
	int			npids = 0;

	for (int i = 0; i < count; i++)
	{
		PGPROC	   *proc = VXID_GET_PROC(vxids[i]);

		if (proc != NULL && proc->pid != 0 && !VirtualXactLock(vxids[i], false))
			pids[npids++] = Int32GetDatum(proc->pid);
	}
	return construct_array(pids, npids, INT4OID, sizeof(int32), true,
						   TYPALIGN_INT);
}

/* How processes are presented; $1 are the pids. */
#define DESCRIBE_PROCESS \
	"SELECT format('process %s (%s%s%s)', a.pid," \
	" 'application ' || quote_ident(nullif(a.application_name, '')) || ', '," \
	" coalesce(a.state, a.backend_type)," \
	" ', transaction open for ' ||" \
	" @extschema@.clipperf_duration(1000 * extract(epoch FROM" \
	" clock_timestamp() - a.xact_start)::float8))" \
	" FROM pg_stat_activity AS a"

/* See preflight.h. */
char *
preflight_transactions(Oid relid)
{
	int			count;
	VirtualTransactionId *vxids;
	SqlArg		args[3];

	/* Those whose snapshots the end of a concurrent build waits for. */
	vxids = GetCurrentVirtualXIDs(InvalidTransactionId, true, false,
								  PROC_IS_AUTOVACUUM | PROC_IN_VACUUM |
								  PROC_IN_SAFE_IC, &count);
	args[0] = arg_datum(INT4ARRAYOID,
						PointerGetDatum(processes_of(vxids, count)), false);
	args[1] = arg_oid(relid);
	args[2] = arg_datum(FLOAT8OID,
						Float8GetDatum(setting_long_transaction_ms / 1000.0),
						false);
	own_sql(DESCRIBE_PROCESS
			" WHERE a.datid = (SELECT oid FROM pg_database"
			" WHERE datname = current_database())"
			" AND a.xact_start < clock_timestamp() - make_interval(secs => $3)"
			" AND a.pid <> pg_backend_pid()"
			" AND (a.pid = ANY ($1) OR EXISTS (SELECT FROM pg_locks AS l"
			" WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted"
			" AND l.database = a.datid AND l.relation = $2"
			" AND l.mode NOT IN ('AccessShareLock', 'RowShareLock',"
			" 'ShareUpdateExclusiveLock')))"
			" ORDER BY a.xact_start LIMIT 1", lengthof(args), args);
	return SPI_processed == 0 ? NULL :
		psprintf("waits for %s to end its transaction", own_string(0, 1));
}

/* See preflight.h. */
char *
preflight_lock_holders(Oid relid)
{
	LOCKTAG		tag;
	VirtualTransactionId *vxids;
	int			count;
	SqlArg		args[1];

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	vxids = GetLockConflicts(&tag, ShareUpdateExclusiveLock, &count);
	args[0] = arg_datum(INT4ARRAYOID,
						PointerGetDatum(processes_of(vxids, count)), false);
	own_sql(DESCRIBE_PROCESS " WHERE a.pid = ANY ($1)"
			" ORDER BY a.xact_start LIMIT 1", lengthof(args), args);
	return SPI_processed == 0 ?
		pstrdup("waits for a lock on the table") :
		psprintf("waits for %s, which has the table locked", own_string(0, 1));
}
