/*-------------------------------------------------------------------------
 *
 * migration.c
 *	  clipperf_migration(): what clipperf_apply() would do, as a file of SQL.
 *
 * The file needs no clipperf where it is run, and may meet another state of
 * the database than the one it was written in: an index that is there already,
 * or a name that means something else.  So each index is guarded when it is
 * made, and marked by its comment as made by the file; the down file drops
 * only what is marked.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "apply/jobs.h"
#include "apply/own_sql.h"
#include "apply/preflight.h"
#include "apply/request.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_migration(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_migration);

/* Ends the comment of an index that a migration made. */
#define MADE_MARK		"[made by clipperf_migration]"

/* Ends that of one that a concurrent up migration found there. */
#define FOUND_MARK		"[there before clipperf_migration]"

/* What is asked for, and what is written. */
typedef struct Migration
{
	bool		up;
	bool		concurrently;
	StringInfoData text;
} Migration;

/* One index of it. */
typedef struct MigrationIndex
{
	const char *name;			/* qualified and quoted */
	const char *ddl;			/* CREATE INDEX */
	const char *definition;		/* as pg_get_indexdef() would say it */
	const char *comment;		/* what it is for */
	bool		partitioned;
} MigrationIndex;

/* Text as the rest of a line of a comment. */
static char *
one_line(const char *text)
{
	char	   *line = pstrdup(text);

	for (char *c = line; *c != '\0'; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return line;
}

/* The tag of a DO block, which must not occur in its body. */
static char *
quote_tag(const char *body)
{
	char	   *tag = pstrdup("$clipperf$");

	for (int i = 1; strstr(body, tag) != NULL; i++)
		tag = psprintf("$clipperf%d$", i);
	return tag;
}

/* Write a DO block. */
static void
append_block(Migration *migration, const char *body)
{
	char	   *tag = quote_tag(body);

	appendStringInfo(&migration->text, "DO %s\nBEGIN\n%sEND\n%s;\n", tag, body,
					 tag);
}

/* Where a statement must stand alone. */
static void
append_break(Migration *migration)
{
	appendStringInfoString(&migration->text, "-- statement-breakpoint\n");
}

/* The condition that an index of the name has another definition. */
static char *
differs(const MigrationIndex *index)
{
	return psprintf("regexp_replace(pg_get_indexdef(to_regclass(%s), 0, true), '%s USING btree', '%s')\n"
					"        IS DISTINCT FROM %s",
					quote_literal_cstr(index->name),
					index->partitioned ? " ON ONLY (.*)" : "",
					index->partitioned ? " ON \\1" : "",
					quote_literal_cstr(index->definition));
}

/* What a guard does when the name is taken by something else. */
static char *
refuse(const MigrationIndex *index, const char *indent)
{
	return psprintf("%sRAISE EXCEPTION 'the name %% is taken by something else', %s\n"
					"%s    USING ERRCODE = 'duplicate_table', HINT = 'Rename that, or the index in this file.';\n",
					indent, quote_literal_cstr(index->name), indent);
}

/* The statement that marks the index as made, as part of a block. */
static char *
mark_made(const MigrationIndex *index, const char *indent)
{
	return psprintf("%sCOMMENT ON INDEX %s IS %s;\n", indent, index->name,
					quote_literal_cstr(psprintf("%s %s", index->comment,
												MADE_MARK)));
}

/* The condition that the comment of the index ends by a mark. */
static char *
is_marked(const MigrationIndex *index, const char *mark)
{
	return psprintf("coalesce(obj_description(to_regclass(%s), 'pg_class'), '') LIKE %s",
					quote_literal_cstr(index->name),
					quote_literal_cstr(psprintf("%%%s", mark)));
}

/* Make an index within the transaction of the file. */
static void
append_create(Migration *migration, const MigrationIndex *index)
{
	append_block(migration,
				 psprintf("    PERFORM set_config('search_path', '', true);\n"
						  "    IF to_regclass(%s) IS NULL THEN\n"
						  "        %s;\n%s"
						  "    ELSIF %s THEN\n%s"
						  "    END IF;\n",
						  quote_literal_cstr(index->name), index->ddl,
						  mark_made(index, "        "), differs(index),
						  refuse(index, "        ")));
}

/* Make an index CONCURRENTLY: a guard, the statement alone, the mark. */
static void
append_create_concurrently(Migration *migration, const MigrationIndex *index,
						   const char *ddl)
{
	append_block(migration,
				 psprintf("    PERFORM set_config('search_path', '', true);\n"
						  "    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid) THEN\n"
						  "        RAISE EXCEPTION 'index %% is INVALID, as a build leaves it that was broken off', %s\n"
						  "            USING HINT = 'Drop it first.';\n"
						  "    ELSIF to_regclass(%s) IS NOT NULL AND\n        %s THEN\n%s"
						  "    ELSIF to_regclass(%s) IS NOT NULL AND NOT %s THEN\n"
						  "        EXECUTE format('COMMENT ON INDEX %%s IS %%L', %s,\n"
						  "            concat_ws(' ', obj_description(to_regclass(%s), 'pg_class'), %s));\n"
						  "    END IF;\n",
						  quote_literal_cstr(index->name),
						  quote_literal_cstr(index->name),
						  quote_literal_cstr(index->name), differs(index),
						  refuse(index, "        "),
						  quote_literal_cstr(index->name),
						  is_marked(index, "clipperf_migration]"),
						  quote_literal_cstr(index->name),
						  quote_literal_cstr(index->name),
						  quote_literal_cstr(FOUND_MARK)));
	append_break(migration);
	appendStringInfo(&migration->text, "%s;\n", ddl);
	append_break(migration);
	append_block(migration,
				 psprintf("    IF NOT %s THEN\n%s    END IF;\n",
						  is_marked(index, FOUND_MARK),
						  mark_made(index, "        ")));
}

/* Drop an index within the transaction of the file, if it was made by one. */
static void
append_drop(Migration *migration, const MigrationIndex *index)
{
	append_block(migration,
				 psprintf("    IF %s THEN\n        DROP INDEX %s;\n    END IF;\n",
						  is_marked(index, MADE_MARK), index->name));
}

/*
 * Drop it CONCURRENTLY: what was made is renamed, which waits for nobody, and
 * dropped by that name; what was found gets its comment back.
 */
static void
append_drop_concurrently(Migration *migration, const MigrationIndex *index,
						 const char *schema)
{
	const char *doomed = psprintf("clipperf_drop_%u",
								  (unsigned) hash_bytes((const unsigned char *) index->name,
														(int) strlen(index->name)));

	append_block(migration,
				 psprintf("    IF %s THEN\n        ALTER INDEX %s RENAME TO %s;\n"
						  "    ELSIF %s THEN\n"
						  "        EXECUTE format('COMMENT ON INDEX %%s IS %%L', %s, nullif(rtrim(left(\n"
						  "            obj_description(to_regclass(%s), 'pg_class'), -%d)), ''));\n"
						  "    END IF;\n",
						  is_marked(index, MADE_MARK), index->name, doomed,
						  is_marked(index, FOUND_MARK),
						  quote_literal_cstr(index->name),
						  quote_literal_cstr(index->name),
						  (int) strlen(FOUND_MARK)));
	append_break(migration);
	appendStringInfo(&migration->text, "DROP INDEX CONCURRENTLY IF EXISTS %s;\n",
					 quote_qualified_identifier(schema, doomed));
}

/* Write one index that the up file makes. */
static void
append_made(Migration *migration, const IndexDefinition *def,
			const char *comment)
{
	char	   *schema = get_namespace_name(get_rel_namespace(def->relid));
	bool		partitioned =
		get_rel_relkind(def->relid) == RELKIND_PARTITIONED_TABLE;
	bool		concurrently = migration->concurrently && !partitioned;
	MigrationIndex index = {
		.name = quote_qualified_identifier(schema, def->name),
		.ddl = index_def_ddl(def, false, false),
		.comment = one_line(comment),
		.partitioned = partitioned
	};

	index.definition = index.ddl;
	appendStringInfo(&migration->text, "\n-- %s on %s: %s\n",
					 one_line(def->name), one_line(get_rel_name(def->relid)),
					 index.comment);
	if (migration->concurrently && !concurrently)
		appendStringInfoString(&migration->text,
							   "-- (a partitioned table: not CONCURRENTLY; clipperf_apply() does it without blocking)\n");
	if (migration->up && concurrently)
		append_create_concurrently(migration, &index,
								   index_def_ddl(def, true, true));
	else if (migration->up)
		append_create(migration, &index);
	else if (concurrently)
		append_drop_concurrently(migration, &index, schema);
	else
		append_drop(migration, &index);
}

/* Write one index that the up file drops and the down file makes again. */
static void
append_dropped(Migration *migration, const Request *request)
{
	Oid			schema = get_rel_namespace(request->relid);
	Oid			oid = get_relname_relid(request->index_name, schema);
	IndexDefinition *def = preflight_drop(oid, request->index_name);
	bool		concurrently = migration->concurrently && !def->partitioned;

	appendStringInfo(&migration->text, "\n-- %s on %s: %s\n",
					 one_line(def->name), one_line(get_rel_name(def->relid)),
					 one_line(request->reason));
	if (concurrently)
		append_break(migration);
	if (migration->up)
		appendStringInfo(&migration->text, "DROP INDEX %sIF EXISTS %s;\n",
						 concurrently ? "CONCURRENTLY " : "",
						 quote_qualified_identifier(get_namespace_name(schema),
													def->name));
	else
		appendStringInfo(&migration->text, "%s;\n",
						 index_def_ddl(def, concurrently, true));
}

/* Write what a request asks for. */
static void
append_request(Migration *migration, const Request *request)
{
	Job			job = {
		.relid = request->relid,
		.ddl = request->ddl,
		.relation_name = request->index_name
	};
	IndexPlan	plan;

	if (strcmp(request->action, "drop") == 0)
		append_dropped(migration, request);
	else if (strcmp(request->action, "create") == 0)
	{
		preflight_index(&job, &plan);
		if (!migration->up && plan.existing && plan.existing->constraint)
			return;
		if (plan.existing == NULL || !migration->up)
			append_made(migration, plan.existing ? plan.existing : plan.def,
						request->reason);
		else
			appendStringInfo(&migration->text,
							 "\n-- %s: nothing to make, %s does the same\n",
							 one_line(request->index_name),
							 one_line(plan.existing->name));
	}
	else if (migration->up)
		appendStringInfo(&migration->text, "\n-- %s: %s\n",
						 one_line(request->index_name ? request->index_name : ""),
						 one_line(request->reason));
}

/* The members of an index set, as the down file must look for all of them. */
static List *
list_members(const char *index_set, MemoryContext context)
{
	SqlArg		args[] = {arg_text(index_set)};
	MemoryContext old;
	List	   *requests = NIL;

	caller_sql("SELECT m.index_name, m.ddl, coalesce(m.purpose, ''),"
			   " pg_catalog.to_regclass(m.relation)::pg_catalog.oid"
			   " FROM @extschema@.clipperf_index_set_members AS m"
			   " WHERE m.index_set = $1"
			   " AND pg_catalog.to_regclass(m.relation) IS NOT NULL"
			   " ORDER BY m.position", lengthof(args), args);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Request    *request = palloc0(sizeof(Request));

		request->action = "create";
		request->index_name = own_string(i, 1);
		request->ddl = own_string(i, 2);
		request->reason = own_string(i, 3);
		request->relid = DatumGetObjectId(own_datum(i, 4));
		requests = lappend(requests, request);
	}
	MemoryContextSwitchTo(old);
	return requests;
}

/* The head of the file. */
static void
append_head(Migration *migration, const char *index_set)
{
	appendStringInfo(&migration->text, "-- %s migration of indexes%s%s, written by clipperf_migration().\n",
					 migration->up ? "Up" : "Down",
					 index_set ? " of set " : "",
					 index_set ? one_line(index_set) : "");
	if (migration->concurrently)
		appendStringInfoString(&migration->text,
							   "-- +goose NO TRANSACTION\n"
							   "-- Run it outside of a transaction, one statement at a time: psql without -1, Flyway with\n"
							   "-- executeInTransaction=false, Rails with disable_ddl_transaction!, Django with atomic = False. Tools that\n"
							   "-- send a file at once need one file per statement: cut it at the lines \"-- statement-breakpoint\".\n");
	else
		appendStringInfoString(&migration->text,
							   "-- It can be run within a transaction, and again; writes to the tables wait meanwhile.\n");
}

/* Which direction is meant? */
static bool
parse_direction(const char *direction)
{
	if (strcmp(direction, "up") != 0 && strcmp(direction, "down") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown direction \"%s\"", direction),
				 errhint("The directions are up and down.")));
	return strcmp(direction, "up") == 0;
}

/* Write all of it; the down file undoes the last thing first. */
static void
append_all(Migration *migration, List *requests)
{
	int			count = list_length(requests);

	for (int i = 0; i < count; i++)
	{
		Request    *request = list_nth(requests,
									   migration->up ? i : count - 1 - i);

		if (OidIsValid(request->relid))
			LockRelationOid(request->relid, AccessShareLock);
		append_request(migration, request);
	}
}

/*
 * clipperf_migration(direction, ids, index_set, concurrently)
 */
Datum
clipperf_migration(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	Migration	migration;
	char	   *index_set = PG_ARGISNULL(2) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(2));
	ArrayType  *ids = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	List	   *requests;

	store_require();
	migration.up = parse_direction(PG_ARGISNULL(0) ? "up" :
								   text_to_cstring(PG_GETARG_TEXT_PP(0)));
	migration.concurrently = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	initStringInfo(&migration.text);
	SPI_connect();
	append_head(&migration, index_set);
	if (index_set != NULL && ids == NULL && !migration.up)
		requests = list_members(index_set, context);
	else
		requests = request_list(ids, index_set, context);
	append_all(&migration, requests);
	SPI_finish();
	PG_RETURN_TEXT_P(cstring_to_text(migration.text.data));
}
