/*-------------------------------------------------------------------------
 *
 * migration.c
 *	  clipperf_migration(): what clipperf_apply() would do, as a file of SQL.
 *
 * Here it is settled which indexes the file is about, and in which order; how
 * its statements are written is the business of migration_text.c.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/indexes/index_set.h"
#include "apply/build/index_settings.h"
#include "apply/build/preflight.h"
#include "apply/jobs/jobs.h"
#include "apply/jobs/recommendation.h"
#include "apply/migrate/migration_text.h"
#include "common/arguments.h"
#include "common/own_sql.h"
#include "common/plain.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_migration(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_migration);

/* What is asked for, and what is written. */
typedef struct Migration
{
	bool		up;
	MigrationText text;
} Migration;

/* What the file has to know of an index; its comment and settings are not set. */
static MigrationIndex
migration_index(const IndexDefinition *def)
{
	char	   *schema = get_namespace_name(get_rel_namespace(def->relid));
	bool		partitioned =
		get_rel_relkind(def->relid) == RELKIND_PARTITIONED_TABLE;
	MigrationIndex index = {
		.name = quote_qualified_identifier(schema, def->name),
		.schema = schema,
		.table = quote_qualified_identifier(schema, get_rel_name(def->relid)),
		.table_kind = get_rel_relkind(def->relid) == RELKIND_MATVIEW ?
		"MATERIALIZED VIEW" : "TABLE",
		.ddl = index_def_ddl(def, false, false),
		.ddl_concurrently = partitioned ? NULL : index_def_ddl(def, true, true),
		.definition = index_def_catalog_text(def),
		.partitioned = partitioned
	};

	return index;
}

/* Write, as a comment, which index the next statements are about. */
static void
note_index(Migration *migration, const IndexDefinition *def, const char *reason)
{
	migration_text_note(&migration->text,
						psprintf("-- %s on %s: %s\n", plain_line(def->name),
								 plain_line(get_rel_name(def->relid)),
								 plain_line(reason)));
	if (migration->text.concurrently &&
		get_rel_relkind(def->relid) == RELKIND_PARTITIONED_TABLE)
		appendStringInfoString(&migration->text.sql,
							   "-- (a partitioned table: not CONCURRENTLY; clipperf_apply() does it without blocking)\n");
}

/* Write one index that the up file makes and the down file drops. */
static void
append_made(Migration *migration, const IndexDefinition *def,
			const char *purpose)
{
	MigrationIndex index = migration_index(def);

	index.comment = plain_line(purpose);
	index.mark = true;
	note_index(migration, def, purpose);
	if (migration->up)
		migration_text_create(&migration->text, &index);
	else
		migration_text_drop_made(&migration->text, &index);
}

/*
 * Write one index that the up file drops and the down file makes again.  It is
 * an error for the down file if the index is gone: nobody knows what it was.
 */
static void
append_dropped(Migration *migration, const Recommendation *recommendation)
{
	Oid			oid = get_relname_relid(recommendation->index_name,
										get_rel_namespace(recommendation->relid));
	IndexDefinition *def;
	MigrationIndex index;

	if (!OidIsValid(oid))
	{
		if (!migration->up)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("index \"%s\" no longer exists",
							recommendation->index_name),
					 errhint("Write the down file before the up file is run.")));
		migration_text_note(&migration->text,
							psprintf("-- %s: nothing to drop, it is gone already\n",
									 plain_line(recommendation->index_name)));
		return;
	}
	def = preflight_drop(oid, recommendation->index_name);
	index = migration_index(def);
	index.comment = GetComment(oid, RelationRelationId, 0);
	index.settings = index_settings(def, CurrentMemoryContext);
	note_index(migration, def, recommendation->reason);
	if (migration->up)
		migration_text_drop(&migration->text, &index);
	else
		migration_text_create(&migration->text, &index);
}

/*
 * Write one index that is recommended to be made; none if an equal one exists.
 * But the down file drops that if it was made by an up file, and the up file
 * makes what clipperf_apply() has built here: it is for other databases.
 */
static void
append_created(Migration *migration, const Recommendation *recommendation)
{
	Job			job = {
		.relid = recommendation->relid,
		.ddl = recommendation->ddl,
		.relation_name = recommendation->index_name
	};
	IndexPlan	plan;

	preflight_index(&job, &plan);
	if (plan.existing == NULL)
		append_made(migration, plan.def, recommendation->reason);
	else if (migration->up &&
			 !(recommendation->applied &&
			   strcmp(plan.existing->name, recommendation->index_name) == 0))
		migration_text_note(&migration->text,
							psprintf("-- %s: nothing to make, %s does the same\n",
									 plain_line(recommendation->index_name),
									 plain_line(plan.existing->name)));
	else if (!plan.existing->constraint)
		append_made(migration, plan.existing, recommendation->reason);
}

/* Write what a recommendation asks for. */
static void
append_recommendation(Migration *migration, const Recommendation *recommendation)
{
	if (strcmp(recommendation->action, "drop") == 0)
		append_dropped(migration, recommendation);
	else if (strcmp(recommendation->action, "create") == 0)
		append_created(migration, recommendation);
	else if (migration->up)
		migration_text_note(&migration->text,
							psprintf("-- %s: %s\n",
									 plain_line(recommendation->index_name ? recommendation->index_name : ""),
									 plain_line(recommendation->reason)));
}

/*
 * The members of an index set as recommendations to make them, in "context".
 * The down file looks for all of them, also for those that exist and are not
 * recommended any more.
 */
static List *
list_members(const char *index_set, MemoryContext context)
{
	SqlArg		args[] = {arg_text(index_set)};
	MemoryContext old;
	List	   *recommendations = NIL;

	caller_sql("SELECT m.index_name, m.ddl, coalesce(m.purpose, ''),"
			   " pg_catalog.to_regclass(m.relation)::pg_catalog.oid"
			   " FROM @extschema@.clipperf_index_set_members AS m"
			   " WHERE m.index_set OPERATOR(pg_catalog.=) $1"
			   " AND pg_catalog.to_regclass(m.relation) IS NOT NULL"
			   " ORDER BY m.position", lengthof(args), args);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Recommendation *recommendation = palloc0(sizeof(Recommendation));

		recommendation->action = "create";
		recommendation->index_name = own_string(i, 1);
		recommendation->ddl = own_string(i, 2);
		recommendation->reason = own_string(i, 3);
		recommendation->relid = DatumGetObjectId(own_datum(i, 4));
		recommendations = lappend(recommendations, recommendation);
	}
	MemoryContextSwitchTo(old);
	return recommendations;
}

/* The comment at the head of the file. */
static void
append_file_head(Migration *migration, const char *index_set)
{
	StringInfo	sql = &migration->text.sql;

	appendStringInfo(sql, "-- %s migration of indexes%s%s, written by clipperf_migration().\n",
					 migration->up ? "Up" : "Down",
					 index_set ? " of set " : "",
					 index_set ? plain_line(index_set) : "");
	if (migration->text.concurrently)
		appendStringInfoString(sql,
							   "-- Run it outside of a transaction, one statement at a time, as psql does without -1. Tools that send\n"
							   "-- a file at once need a file per statement: cut it at the lines \"-- statement-breakpoint\".\n");
	else
		appendStringInfoString(sql,
							   "-- It can be run within a transaction, and again; writes to the tables wait meanwhile.\n");
	migration->text.at_mark = true;
}

/* Is the up file meant?  An error if the direction is neither up nor down. */
static bool
parse_direction(const char *direction)
{
	if (strcmp(direction, "up") != 0 && strcmp(direction, "down") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid direction: \"%s\"", direction),
				 errhint("Valid directions are \"up\" and \"down\".")));
	return strcmp(direction, "up") == 0;
}

/*
 * clipperf_migration(direction, ids, index_set, concurrently): the text of a
 * migration file.  The down file undoes the last thing first.  Takes
 * AccessShareLock on each table to the end of the transaction.
 */
Datum
clipperf_migration(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	Migration	migration;
	char	   *index_set = PG_ARGISNULL(2) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(2));
	ArrayType  *ids = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	List	   *recommendations;
	int			count;

	store_require();
	argument_require(fcinfo, 0, "direction");
	migration.up = parse_direction(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	migration.text.concurrently = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	initStringInfo(&migration.text.sql);
	SPI_connect();
	if (ids == NULL && index_set != NULL)
		index_set_require(index_set);
	append_file_head(&migration, index_set);
	if (index_set != NULL && ids == NULL && !migration.up)
		recommendations = list_members(index_set, context);
	else
		recommendations = recommendation_list(ids, index_set, context);
	count = list_length(recommendations);
	for (int i = 0; i < count; i++)
	{
		Recommendation *recommendation =
			list_nth(recommendations, migration.up ? i : count - 1 - i);

		CHECK_FOR_INTERRUPTS();
		if (OidIsValid(recommendation->relid))
			LockRelationOid(recommendation->relid, AccessShareLock);
		append_recommendation(&migration, recommendation);
	}
	SPI_finish();
	if (count == 0)
		ereport(NOTICE,
				(errmsg("nothing to write into the migration"),
				 errhint("Call clipperf_recommend() first; drops, and what was applied already, are written by their ids.")));
	PG_RETURN_TEXT_P(cstring_to_text(migration.text.sql.data));
}
