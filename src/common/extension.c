/*-------------------------------------------------------------------------
 *
 * extension.c
 *	  Where the SQL objects of clipperf are.
 *
 *-------------------------------------------------------------------------
 */
#include "common/extension.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "common/table_lock.h"
#include "hotpath.h"

/* Names of our objects, after an underscore where users do not call them. */
#define PREFIX "clipperf_"

/* A function in C, of a text, that is in our schema and in no other. */
#define ANY_FUNCTION "clipperf_reset"

/* See extension.h. */
uint32		extension_calls HOTPATH_DATA = 0;

/*
 * The schema of the extension in this database; error 42704 if it is not
 * installed.
 */
Oid
extension_schema(void)
{
	Relation	catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			schema = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("clipperf"));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	if (!OidIsValid(schema))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"clipperf\" is not installed in this database"),
				 errhint("Use CREATE EXTENSION clipperf.")));
	return schema;
}

/* Schema and name of one of its objects, quoted. */
char *
extension_object(const char *name)
{
	return quote_qualified_identifier(get_namespace_name(extension_schema()), name);
}

/*
 * The function of ours in a schema, if that is the one of the extension, or
 * InvalidOid.  Only a superuser can make a function in C, so that the one of ours
 * proves it.  Asks the syscache alone.
 */
static Oid
find_any_function(Oid schema)
{
	Oid			argument = TEXTOID;
	oidvector  *arguments = buildoidvector(&argument, 1);
	HeapTuple	tuple = SearchSysCache3(PROCNAMEARGSNSP,
										CStringGetDatum(ANY_FUNCTION),
										PointerGetDatum(arguments),
										ObjectIdGetDatum(schema));
	Oid			function = InvalidOid;

	pfree(arguments);
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId)
		function = ((Form_pg_proc) GETSTRUCT(tuple))->oid;
	ReleaseSysCache(tuple);
	return function;
}

/* The extension that an object is a member of, or InvalidOid, by open pg_depend. */
static Oid
extension_of(Oid class, Oid object, Relation catalog)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			extension = InvalidOid;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(class));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, DependDependerIndexId, true, NULL, 2,
							  keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend depend = (Form_pg_depend) GETSTRUCT(tuple);

		if (depend->refclassid == ExtensionRelationId &&
			depend->deptype == DEPENDENCY_EXTENSION)
			extension = depend->refobjid;
	}
	systable_endscan(scan);
	return extension;
}

/*
 * Are an object and a function members of one extension?  Taken for granted if
 * pg_depend cannot be read at once.  Waits for no lock.
 */
static bool
share_extension(Oid class, Oid object, Oid function)
{
	Relation	catalog;
	Oid			extension;
	bool		shared;

	if (!table_lock_if_free(DependRelationId))
		return true;
	if (!table_lock_if_free(DependDependerIndexId))
	{
		table_unlock(DependRelationId);
		return true;
	}
	catalog = table_open(DependRelationId, NoLock);
	extension = extension_of(class, object, catalog);
	shared = OidIsValid(extension) &&
		extension == extension_of(ProcedureRelationId, function, catalog);
	table_close(catalog, NoLock);
	table_unlock(DependDependerIndexId);
	table_unlock(DependRelationId);
	return shared;
}

/*
 * The function of ours in a schema, if an object there has a name as ours have, or
 * InvalidOid: others are told from ours by the syscache alone.
 */
static Oid
find_sample(const char *name, Oid schema)
{
	return strncmp(name[0] == '_' ? name + 1 : name, PREFIX, strlen(PREFIX)) == 0 ?
		find_any_function(schema) : InvalidOid;
}

/*
 * Is this a function of ours?  Only if its name says so, too.  Not if it is gone.
 * Waits for no lock, and raises nothing of its own.
 */
bool
extension_has_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	Oid			sample;

	if (!HeapTupleIsValid(tuple))
		return false;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	sample = find_sample(NameStr(proc->proname), proc->pronamespace);
	ReleaseSysCache(tuple);
	return OidIsValid(sample) && share_extension(ProcedureRelationId, function, sample);
}

/* Is this a table or view of ours?  As extension_has_function(). */
bool
extension_has_relation(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Form_pg_class class;
	Oid			sample;

	if (!HeapTupleIsValid(tuple))
		return false;
	class = (Form_pg_class) GETSTRUCT(tuple);
	sample = find_sample(NameStr(class->relname), class->relnamespace);
	ReleaseSysCache(tuple);
	return OidIsValid(sample) && share_extension(RelationRelationId, relation, sample);
}
