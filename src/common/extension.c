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
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

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
 * Is this the schema of the extension?  Only a superuser can make a function in
 * C, so that the one of ours proves it.  Asks the syscache alone.
 */
static bool
is_our_schema(Oid schema)
{
	Oid			argument = TEXTOID;
	oidvector  *arguments = buildoidvector(&argument, 1);
	HeapTuple	tuple = SearchSysCache3(PROCNAMEARGSNSP,
										CStringGetDatum(ANY_FUNCTION),
										PointerGetDatum(arguments),
										ObjectIdGetDatum(schema));
	bool		ours;

	pfree(arguments);
	if (!HeapTupleIsValid(tuple))
		return false;
	ours = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId;
	ReleaseSysCache(tuple);
	return ours;
}

/*
 * Is this a function of ours?  By its schema and name, as the catalog has them;
 * not if it is gone.  Asks the syscache alone, and raises nothing of its own.
 */
bool
extension_has_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	const char *name;
	bool		ours;

	if (!HeapTupleIsValid(tuple))
		return false;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	name = NameStr(proc->proname);
	ours = strncmp(name[0] == '_' ? name + 1 : name, PREFIX, strlen(PREFIX)) == 0 &&
		is_our_schema(proc->pronamespace);
	ReleaseSysCache(tuple);
	return ours;
}
