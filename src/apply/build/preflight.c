/*-------------------------------------------------------------------------
 *
 * preflight.c
 *	  What is looked at before an index is built or dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/preflight.h"

#include <math.h>
#include <sys/statvfs.h>

#include "access/htup_details.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_tablespace.h"
#include "catalog/pg_type.h"
#include "commands/tablespace.h"
#include "common/relpath.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/sinvaladt.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "apply/build/leftovers.h"
#include "common/own_sql.h"
#include "common/owner.h"
#include "settings.h"

/* Space for an index, of its size: the sort needs as much while it is written. */
#define SPACE_FACTOR 2.0

/* Error 42809 or 0A000 unless the relation is of a kind whose indexes we make. */
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

/* Error 42501 unless the role owns the relation. */
static void
require_owner(Oid relid, Oid role)
{
	if (!RELATION_OWNERCHECK(relid, role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", get_rel_name(relid))));
}

/*
 * Errors unless indexes of the table may be made and dropped by that role, in
 * principle: 42P01 if it is gone, 42809 if it is no table, 0A000 if it is
 * temporary or the server's own, 42501 if the role does not own it or one of
 * its partitions.
 */
void
preflight_table(Oid relid, const char *name, Oid role)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s no longer exists", name)));
	form = (Form_pg_class) GETSTRUCT(tuple);
	require_owner(relid, role);
	require_kind(form);
	if (IsCatalogRelationOid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot create indexes on system catalog \"%s\"",
						NameStr(form->relname))));
	if (form->relkind == RELKIND_PARTITIONED_TABLE)
	{
		/* Nothing is locked here: some may be gone meanwhile. */
		foreach(lc, find_all_inheritors(relid, NoLock, NULL))
			if (get_rel_relkind(lfirst_oid(lc)) != '\0')
			require_owner(lfirst_oid(lc), role);
	}
	ReleaseSysCache(tuple);
}

/*
 * Errors unless the index can be dropped: 42704 if it is gone, 2BP01 if
 * something depends on it.
 */
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
				 errmsg("cannot drop index \"%s\" because %s requires it", def->name,
						(char *) linitial(backs)),
				 errhint("Drop what requires it first, if that is not wanted.")));
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
 * Choose what the new index is called: as asked for, unless the name is taken by
 * anything but an INVALID index that a build has left on the table.
 */
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
	if (leftovers_is_one(taken, def->relid))
		plan->leftovers = def->name;
	else
	{
		plan->renamed_from = def->name;
		def->name = index_def_free_name(def, NIL);
	}
}

/*
 * Error 42501 if the index would run another role's function with the rights of its
 * table's owner.  What brings back an index that was there is not asked: whoever
 * made that has answered for it.
 */
static void
require_trusted_code(const Job *job, const IndexDefinition *def)
{
	Oid			function = job->drop ? InvalidOid : index_def_stranger(def);

	if (OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("an index on %s must not run function %s of role %s",
						quote_qualified_identifier(get_namespace_name(get_rel_namespace(def->relid)),
												   get_rel_name(def->relid)),
						format_procedure_qualified(function),
						quote_identifier(GetUserNameFromId(owner_of_function(function), true))),
				 errdetail("It would run with the rights of the table's owner."),
				 errhint("Have the function belong to a superuser or to the owner of the table, or create the index yourself.")));
}

/*
 * Read the definition in the job's DDL and compare it with what the table has.
 * Error 42501 if it would run a function that is not trusted.  The table is locked
 * (AccessShareLock) to the end of the transaction.
 */
void
preflight_index(const Job *job, IndexPlan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->def = index_def_parse_on(job->ddl, job->relid);
	if (plan->def->relid != job->relid)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s was replaced after the job was made",
						job->relation_name)));
	require_trusted_code(job, plan->def);
	plan->existing = find_equal(plan->def);
	if (plan->existing == NULL)
		choose_name(plan);
}

/*
 * Error 42501 unless the current user may create in the schemas of the table and
 * its partitions, where the indexes will be.
 */
static void
require_schema(Oid relid)
{
	ListCell   *lc;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		Oid			schema = get_rel_namespace(lfirst_oid(lc));

		if (OidIsValid(schema) &&
			NAMESPACE_ACLCHECK(schema, GetUserId(), ACL_CREATE) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA,
						   get_namespace_name(schema));
	}
}

/* Read the state of the file system of a tablespace; false if it is not known. */
static bool
stat_file_system(Oid tablespace, struct statvfs *disk)
{
	if (statvfs(GetDatabasePath(MyDatabaseId, tablespace), disk) == 0)
		return true;
	/* This database may have nothing there yet. */
	return statvfs(psprintf("pg_tblspc/%u", tablespace), disk) == 0;
}

/*
 * The error message if the file system of the index has less space than it is
 * estimated to need; else NULL.  Error 42501 if the current user may not
 * create in the schema or the tablespace.
 */
char *
preflight_place(const IndexDefinition *def, int64 size_bytes)
{
	Oid			tablespace = OidIsValid(def->tablespace) ? def->tablespace :
		MyDatabaseTableSpace;
	struct statvfs disk;
	double		available;

	double		needed = SPACE_FACTOR * (double) size_bytes;

	require_schema(def->relid);
	if (tablespace != MyDatabaseTableSpace &&
		TABLESPACE_ACLCHECK(tablespace, GetUserId(), ACL_CREATE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLESPACE,
					   get_tablespace_name(tablespace));
	if (size_bytes <= 0 || !stat_file_system(tablespace, &disk))
		return NULL;
	available = (double) disk.f_bavail * (double) disk.f_frsize;
	if (available >= needed)
		return NULL;
	return psprintf("not enough disk space: about %.0f MB are needed for the index and its sort, %.0f MB are free in the tablespace",
					ceil(needed / (1024.0 * 1024.0)),
					floor(available / (1024.0 * 1024.0)));
}

/*
 * Whether the index of recommendation $1, job $2, of $3 bytes, exceeds the budget
 * beside what was built of the same run.
 */
#define BUDGET \
	"SELECT format('not built: the indexes of the same recommendations take %s already, and this one is" \
	" estimated to take %s, where their storage budget is %s'," \
	" pg_size_pretty(u.used), pg_size_pretty($3), pg_size_pretty(r.storage_budget))" \
	" FROM @extschema@.clipperf_recommendations AS r CROSS JOIN LATERAL" \
	" (SELECT coalesce(sum(greatest(CASE WHEN o.state = 'building' THEN o.size_bytes END," \
	" (SELECT sum(pg_relation_size(t.part)) FROM (SELECT o.index_oid::regclass AS part UNION" \
	" SELECT relid FROM pg_partition_tree(o.index_oid)) AS t))), 0)::bigint AS used" \
	" FROM @extschema@.clipperf_recommendations AS n" \
	" JOIN @extschema@._clipperf_job AS o ON o.recommendation = n.id" \
	" WHERE n.made_at = r.made_at AND n.role = r.role AND o.action = 'create'" \
	" AND o.goal = 'apply' AND o.job <> $2) AS u" \
	" WHERE r.id = $1 AND u.used > 0 AND u.used + $3 > r.storage_budget"

/*
 * The error message if the index does not fit into what is left of the storage
 * budget that it was recommended within, as others of the same recommendations
 * turned out larger than estimated; else NULL.  Those being built at the moment
 * count with their estimates.
 */
char *
preflight_budget(const Job *job)
{
	SqlArg		args[] = {
		arg_int8(job->recommendation),
		arg_int8(job->id),
		arg_int8(Max(job->size_bytes, 0))
	};

	if (job->recommendation == 0)
		return NULL;
	own_sql(BUDGET, lengthof(args), args);
	return SPI_processed > 0 ? own_string(0, 1) : NULL;
}

/* ------------------------------------------------------------------------
 * Who is in the way
 * ------------------------------------------------------------------------ */

/*
 * The process whose transaction that is; NULL if it has ended, is prepared, or
 * is not to be waited for, as that of clipperf_wait() which has given the lock on
 * it up.
 */
static PGPROC *
process_of(VirtualTransactionId vxid)
{
	PGPROC	   *proc = VXID_GET_PROC(vxid);
	VirtualTransactionId now;

	if (proc == NULL || proc->pid == 0)
		return NULL;
	GET_VXID_FROM_PGPROC(now, *proc);
	return now.localTransactionId == vxid.localTransactionId &&
		!VirtualXactLock(vxid, false) ? proc : NULL;
}

/* Processes of virtual transactions, as an int4 array. */
static ArrayType *
processes_of(const VirtualTransactionId *vxids, int count)
{
	Datum	   *pids = palloc(sizeof(Datum) * Max(count, 1));
	int			npids = 0;

	for (int i = 0; i < count; i++)
	{
		PGPROC	   *proc = process_of(vxids[i]);

		if (proc != NULL)
			pids[npids++] = Int32GetDatum(proc->pid);
	}
	return construct_array(pids, npids, INT4OID, sizeof(int32), true,
						   TYPALIGN_INT);
}

/* Those whose snapshots the end of a concurrent build waits for. */
static ArrayType *
snapshot_holders(void)
{
	int			count;
	VirtualTransactionId *vxids;

	vxids = GetCurrentVirtualXIDs(InvalidTransactionId, true, false,
								  PROC_IS_AUTOVACUUM | PROC_IN_VACUUM |
								  PROC_IN_SAFE_IC, &count);
	return processes_of(vxids, count);
}

/* OIDs as an array. */
static ArrayType *
oid_array(List *oids)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(oids), 1));
	ListCell   *lc;

	foreach(lc, oids)
		elements[foreach_current_index(lc)] = ObjectIdGetDatum(lfirst_oid(lc));
	return construct_array(elements, list_length(oids), OIDOID, sizeof(Oid),
						   true, TYPALIGN_INT);
}

/* The names of the modes that conflict with that one, as an array. */
static ArrayType *
conflicting_modes(LOCKMODE mode)
{
	Datum		names[MaxLockMode];
	int			count = 0;

	for (LOCKMODE other = AccessShareLock; other <= MaxLockMode; other++)
		if (DoLockModesConflict(mode, other))
			names[count++] =
				CStringGetTextDatum(GetLockmodeName(DEFAULT_LOCKMETHOD, other));
	return construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* How processes are presented. */
#define DESCRIBE_PROCESS \
	"SELECT format('process %s (%s%s%s)', a.pid," \
	" 'application ' || quote_ident(nullif(a.application_name, '')) || ', '," \
	" coalesce(a.state, a.backend_type)," \
	" ', transaction open for ' ||" \
	" @extschema@._clipperf_duration(1000 * extract(epoch FROM" \
	" clock_timestamp() - a.xact_start)::float8))," \
	" a.xact_start AS since FROM pg_stat_activity AS a"

/* How prepared transactions are presented. */
#define DESCRIBE_PREPARED \
	"SELECT format('prepared transaction %s (prepared %s ago)', quote_literal(p.gid)," \
	" @extschema@._clipperf_duration(1000 * extract(epoch FROM" \
	" clock_timestamp() - p.prepared)::float8))," \
	" p.prepared AS since FROM pg_prepared_xacts AS p JOIN pg_locks AS x" \
	" ON x.locktype = 'transactionid' AND x.transactionid = p.transaction" \
	" AND x.granted AND x.pid IS NULL"

/* Is a lock "l" on one of the tables $2, and of one of the modes $4? */
#define LOCKS_TABLE \
	" l.locktype = 'relation' AND l.granted AND l.relation = ANY ($2)" \
	" AND l.database = (SELECT oid FROM pg_database" \
	" WHERE datname = current_database()) AND l.mode = ANY ($4)"

/*
 * Whose long transaction holds a lock on one of these tables that conflicts
 * with that mode, or, if "snapshots", one that the end of a concurrent build
 * waits for; in one sentence.  NULL if nobody's does.
 */
char *
preflight_transactions(List *relids, LOCKMODE mode, bool snapshots)
{
	SqlArg		args[] = {
		arg_datum(INT4ARRAYOID, (Datum) 0, true),
		arg_datum(OIDARRAYOID, PointerGetDatum(oid_array(relids)), false),
		arg_datum(FLOAT8OID,
				  Float8GetDatum(setting_long_transaction_ms / 1000.0), false),
		arg_datum(TEXTARRAYOID, PointerGetDatum(conflicting_modes(mode)), false)
	};

	if (snapshots)
		args[0] = arg_datum(INT4ARRAYOID, PointerGetDatum(snapshot_holders()),
							false);
	own_sql(DESCRIBE_PROCESS
			" WHERE a.datid = (SELECT oid FROM pg_database"
			" WHERE datname = current_database())"
			" AND a.xact_start < clock_timestamp() - make_interval(secs => $3)"
			" AND a.pid <> pg_backend_pid()"
			" AND (a.pid = ANY ($1) OR EXISTS (SELECT FROM pg_locks AS l"
			" WHERE l.pid = a.pid AND" LOCKS_TABLE "))"
			" UNION ALL " DESCRIBE_PREPARED
			" WHERE p.prepared < clock_timestamp() - make_interval(secs => $3)"
			" AND EXISTS (SELECT FROM pg_locks AS l WHERE l.pid IS NULL"
			" AND l.virtualtransaction = x.virtualtransaction AND" LOCKS_TABLE ")"
			" ORDER BY since LIMIT 1", lengthof(args), args);
	return SPI_processed == 0 ? NULL :
		psprintf("waits for %s to end its transaction", own_string(0, 1));
}

/* Who waits for a lock on the table that others queue behind. */
static char *
waiting_for_lock(Oid relid)
{
	SqlArg		args[] = {arg_oid(relid)};

	own_sql(DESCRIBE_PROCESS " WHERE a.pid <> pg_backend_pid()"
			" AND EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = a.pid"
			" AND l.locktype = 'relation' AND NOT l.granted"
			" AND l.relation = $1 AND l.database ="
			" (SELECT oid FROM pg_database WHERE datname = current_database()))"
			" ORDER BY since LIMIT 1", lengthof(args), args);
	return SPI_processed > 0 ?
		psprintf("waits for %s, which wants to lock the table", own_string(0, 1)) :
		psprintf("waits for a lock on table %s", get_rel_name(relid));
}

/*
 * Who holds a lock on the table that conflicts with that one, in one sentence.
 */
char *
preflight_lock_holders(Oid relid, LOCKMODE mode)
{
	LOCKTAG		tag;
	VirtualTransactionId *vxids;
	int			count;
	SqlArg		args[] = {
		arg_datum(INT4ARRAYOID, (Datum) 0, true),
		arg_datum(OIDARRAYOID, PointerGetDatum(oid_array(list_make1_oid(relid))),
				  false),
		arg_datum(FLOAT8OID, (Datum) 0, true),
		arg_datum(TEXTARRAYOID, PointerGetDatum(conflicting_modes(mode)), false)
	};

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	vxids = GetLockConflicts(&tag, mode, &count);
	args[0] = arg_datum(INT4ARRAYOID,
						PointerGetDatum(processes_of(vxids, count)), false);
	own_sql(DESCRIBE_PROCESS " WHERE a.pid = ANY ($1)"
			" UNION ALL " DESCRIBE_PREPARED
			" WHERE EXISTS (SELECT FROM pg_locks AS l WHERE l.pid IS NULL"
			" AND l.virtualtransaction = x.virtualtransaction AND" LOCKS_TABLE ")"
			" ORDER BY since LIMIT 1", lengthof(args), args);
	return SPI_processed > 0 ?
		psprintf("waits for %s, which has the table locked", own_string(0, 1)) :
		waiting_for_lock(relid);
}

/*
 * Lock these tables, which are the partitions of one, to the transaction's end
 * against DROP and the like.  Who has one of them locked, if that is not
 * possible now; else NULL.
 */
char *
preflight_lock_all(List *relids)
{
	ListCell   *lc;

	foreach(lc, relids)
		if (!ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock))
		return preflight_lock_holders(lfirst_oid(lc), AccessShareLock);
	return NULL;
}
