/*-------------------------------------------------------------------------
 *
 * foreign_table.c
 *	  Foreign tables whose server is asked when a statement is planned.
 *
 * What a foreign-data wrapper does while the planner plans is its own affair:
 * many connect to the foreign server for its estimates, as postgres_fdw does
 * with use_remote_estimate, with the user mapping and from the session of
 * whoever reads advice.  Of the wrappers that come with the server it is known
 * when they do; any other may.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/foreign_table.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

/* The library of a function in C, without directory and suffix; NULL if it is none. */
static char *
library_of(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Datum		path;
	bool		isnull;
	char	   *name;
	char	   *slash;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	path = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_probin, &isnull);
	name = isnull ? NULL : TextDatumGetCString(path);
	ReleaseSysCache(tuple);
	if (name == NULL)
		return NULL;
	if ((slash = strrchr(name, '/')) != NULL)
		name = slash + 1;
	if (strlen(name) > strlen(DLSUFFIX) &&
		strcmp(name + strlen(name) - strlen(DLSUFFIX), DLSUFFIX) == 0)
		name[strlen(name) - strlen(DLSUFFIX)] = '\0';
	return name;
}

/* What an option of a foreign table, or else of its server, says; false without it. */
static bool
is_switched_on(const char *option, const ForeignTable *table,
			   const ForeignServer *server)
{
	bool		on = false;
	ListCell   *lc;

	foreach(lc, server->options)
	{
		DefElem    *element = lfirst_node(DefElem, lc);

		if (strcmp(element->defname, option) == 0)
			on = defGetBoolean(element);
	}
	foreach(lc, table->options)
	{
		DefElem    *element = lfirst_node(DefElem, lc);

		if (strcmp(element->defname, option) == 0)
			on = defGetBoolean(element);
	}
	return on;
}

/*
 * May planning a scan of this foreign table connect to its server?  Catalog
 * look-ups only; the caller has locked the table.
 */
bool
foreign_table_asks_server(Oid relid)
{
	const ForeignTable *table = GetForeignTable(relid);
	const ForeignServer *server = GetForeignServer(table->serverid);
	const ForeignDataWrapper *wrapper = GetForeignDataWrapper(server->fdwid);
	const char *library = library_of(wrapper->fdwhandler);

	if (library == NULL)
		return false;			/* it cannot be planned at all */
	if (strcmp(library, "file_fdw") == 0)
		return false;
	if (strcmp(library, "postgres_fdw") == 0)
		return is_switched_on("use_remote_estimate", table, server);
	return true;
}
