/*-------------------------------------------------------------------------
 *
 * workload_path.c
 *	  The search_path of a statement that no sample tells it of.
 *
 * Samples are not written to disk, nor are there any where capture is off, but
 * which tables a statement uses is known all the same.  An application that sets
 * its search_path itself would get no advice after a restart: without it none of
 * its tables is found.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload_path.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/table_family.h"

/*
 * A search_path that finds these tables by their names: their schemas, then those of
 * the session, for functions and types.  NULL if there are no tables, or two of
 * them have one name, of which the statement may have meant either.  Takes no lock
 * on the tables: what is gone by now is left out.
 */
char *
workload_path_to(const TableUses *tables)
{
	List	   *names = NIL;
	List	   *schemas = NIL;
	StringInfoData path;
	ListCell   *lc;

	for (uint32 i = 0; i < tables->count; i++)
	{
		Oid			relid = tables->use[i].relid;
		char	   *name;

		if (!table_was_there(relid, tables->use[i].seen))
			continue;
		name = get_rel_name(relid);
		if (name == NULL)
			continue;
		foreach(lc, names)
			if (strcmp(lfirst(lc), name) == 0)
			return NULL;
		names = lappend(names, name);
		schemas = list_append_unique_oid(schemas, get_rel_namespace(relid));
	}
	if (schemas == NIL)
		return NULL;
	initStringInfo(&path);
	foreach(lc, schemas)
	{
		const char *schema = get_namespace_name(lfirst_oid(lc));

		if (schema != NULL)
			appendStringInfo(&path, "%s, ", quote_identifier(schema));
	}
	appendStringInfoString(&path, namespace_search_path);
	return path.data;
}
