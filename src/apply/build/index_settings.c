/*-------------------------------------------------------------------------
 *
 * index_settings.c
 *	  What an index has that CREATE INDEX does not say.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/index_settings.h"

#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/own_sql.h"

/* $1 is the index, $2 its name as statements write it. */
#define SETTINGS \
	"SELECT format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', $2," \
	" a.attnum, a.attstattarget) AS statement, 1 AS kind, a.attnum AS number" \
	" FROM pg_attribute AS a WHERE a.attrelid = $1 AND a.attstattarget >= 0" \
	" UNION ALL SELECT format('ALTER INDEX %s DEPENDS ON EXTENSION %I', $2," \
	" e.extname), 2, d.refobjid::int FROM pg_depend AS d" \
	" JOIN pg_extension AS e ON e.oid = d.refobjid" \
	" WHERE d.classid = 'pg_class'::regclass AND d.objid = $1" \
	" AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x'" \
	" ORDER BY kind, number"

/* The name of a relation with its schema. */
static char *
full_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/*
 * Statements (char *) that give an index which was re-created, under the same
 * name, what this one has: targets of statistics, and extensions that it
 * depends on.  Its comment is another matter; what carries the mark of CLUSTER
 * or is the replica identity is not dropped.  Needs SPI and a snapshot.
 */
List *
index_settings(const IndexDefinition *def, MemoryContext context)
{
	SqlArg		args[] = {
		arg_oid(def->indexoid),
		arg_text(full_name(def->indexoid))
	};
	MemoryContext old;
	List	   *settings = NIL;

	own_sql(SETTINGS, lengthof(args), args);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		settings = lappend(settings, own_string(i, 1));
	MemoryContextSwitchTo(old);
	return settings;
}

/*
 * What a job keeps of an index that it drops (Job.restore), palloc'd in "context":
 * the index's name with its schema, index_settings(), and its comment.
 */
List *
index_settings_restore(const IndexDefinition *def, MemoryContext context)
{
	List	   *restore = index_settings(def, context);
	MemoryContext old = MemoryContextSwitchTo(context);
	char	   *name = full_name(def->indexoid);
	char	   *comment = GetComment(def->indexoid, RelationRelationId, 0);

	if (comment != NULL)
		restore = lappend(restore, psprintf("COMMENT ON INDEX %s IS %s", name,
											quote_literal_cstr(comment)));
	restore = lcons(name, restore);
	MemoryContextSwitchTo(old);
	return restore;
}

/*
 * Run the statements that index_settings_restore() kept, as the current user, for
 * an index of that name in that schema.  Nothing happens if that is another name
 * than that of what was dropped, to which they refer.  Needs SPI.
 */
void
index_settings_run(const List *restore, Oid schema, const char *name)
{
	ListCell   *lc;

	if (restore == NIL ||
		strcmp(linitial(restore),
			   quote_qualified_identifier(get_namespace_name(schema), name)) != 0)
		return;
	for_each_from(lc, restore, 1)
	{
		int			result = SPI_execute(lfirst(lc), false, 0);

		if (result < 0)
			elog(ERROR, "\"%s\" failed: %s", (char *) lfirst(lc),
				 SPI_result_code_string(result));
	}
}
