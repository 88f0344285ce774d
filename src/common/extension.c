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
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "hotpath.h"

#include "common/token.h"

/* What the names of all our objects begin with. */
#define PREFIX "clipperf_"

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
				 errmsg("the extension clipperf is not installed in this database"),
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
 * Does a text name an object of ours?  All their names begin with the same
 * prefix.
 */
bool
extension_is_named(const char *string)
{
	for (const char *at = strstr(string, PREFIX); at != NULL;
		 at = strstr(at + 1, PREFIX))
	{
		if (at == string || !token_is_word(at[-1]))
			return true;
	}
	return false;
}
