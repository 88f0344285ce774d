/*-------------------------------------------------------------------------
 *
 * migration_text.c
 *	  The text of a migration file, statement by statement.
 *
 * The file needs no clipperf where it is run, and may meet another state of
 * the database than the one it was written in: an index that is there already,
 * or a name that means something else.  So each index is guarded, and what the
 * file makes is marked by its comment; the down file drops only what is marked.
 *
 * A guard sets the search_path, so that the server writes definitions as we
 * do, and puts it back: what follows in the same transaction is not ours.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/migration_text.h"

#include "common/hashfn.h"
#include "utils/builtins.h"

/* Ends the comment of an index that a migration made. */
#define MADE_MARK		"[made by clipperf_migration]"

/* Ends that of one that was there, and that the migration is about to touch. */
#define FOUND_MARK		"[there before clipperf_migration]"

/* ------------------------------------------------------------------------
 * Statements
 * ------------------------------------------------------------------------ */

/* Begin a statement, or what is written before it. */
static void
begin_statement(MigrationText *text)
{
	if (text->concurrently && !text->at_mark)
		appendStringInfoString(&text->sql, "-- statement-breakpoint\n");
	text	  ->at_mark = true;
}

/* Write a statement. */
static void
append_statement(MigrationText *text, const char *statement)
{
	begin_statement(text);
	appendStringInfo(&text->sql, "%s;\n", statement);
	text	  ->at_mark = false;
}

/* See migration_text.h. */
void
migration_text_note(MigrationText *text, const char *note)
{
	begin_statement(text);
	appendStringInfo(&text->sql, "\n%s", note);
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

/* Write a DO block; "declarations" may be empty. */
static void
append_block(MigrationText *text, const char *declarations, const char *body)
{
	char	   *block = psprintf("%s%sBEGIN\n%sEND\n",
								 declarations[0] == '\0' ? "" : "DECLARE\n",
								 declarations, body);
	char	   *tag = quote_tag(block);

	append_statement(text, psprintf("DO %s\n%s%s", tag, block, tag));
}

/* Write a DO block that compares definitions. */
static void
append_guard(MigrationText *text, const char *declarations, const char *body)
{
	append_block(text,
				 psprintf("    old_path text := current_setting('search_path');\n%s",
						  declarations),
				 psprintf("    PERFORM set_config('search_path', '', true);\n%s"
						  "    PERFORM set_config('search_path', old_path, true);\n",
						  body));
}

/* ------------------------------------------------------------------------
 * Conditions and parts of blocks
 * ------------------------------------------------------------------------ */

/* The OID of what has the name of the index, NULL if nothing has. */
static char *
oid_of(const MigrationIndex *index)
{
	return psprintf("to_regclass(%s)", quote_literal_cstr(index->name));
}

/*
 * The condition that the name means something else.  Servers of other versions
 * put brackets and blanks elsewhere, so these do not count.
 */
static char *
differs(const MigrationIndex *index)
{
	return psprintf("translate(pg_get_indexdef(%s, 0, true), E'() \\n', '') IS DISTINCT FROM translate(\n"
					"        %s, E'() \\n', '')",
					oid_of(index), quote_literal_cstr(index->definition));
}

/* The condition that the index was left by a build that was broken off. */
static char *
is_invalid(const MigrationIndex *index)
{
	return psprintf("EXISTS (SELECT FROM pg_index WHERE indexrelid = %s AND NOT indisvalid)",
					oid_of(index));
}

/* What follows if the name means something else. */
static char *
refuse(const MigrationIndex *index)
{
	return psprintf("        RAISE EXCEPTION 'the name %% is taken by something else', %s\n"
					"            USING ERRCODE = 'duplicate_table', HINT = 'Rename that, or the index in this file.';\n",
					quote_literal_cstr(index->name));
}

/* What follows if it is INVALID. */
static char *
refuse_invalid(const MigrationIndex *index)
{
	return psprintf("        RAISE EXCEPTION 'index %% is INVALID, as a build leaves it that was broken off', %s\n"
					"            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Drop it first.';\n",
					quote_literal_cstr(index->name));
}

/* The condition that the comment of "oid" ends by a mark. */
static char *
is_marked(const char *oid, const char *mark)
{
	return psprintf("coalesce(obj_description(%s, 'pg_class'), '') LIKE %s",
					oid, quote_literal_cstr(psprintf("%%%s", mark)));
}

/* The comment of "oid" without the mark of what was found, NULL if none is left. */
static char *
without_mark(const char *oid)
{
	return psprintf("nullif(left(obj_description(%s, 'pg_class'), -%d), '')",
					oid, (int) strlen(" " FOUND_MARK));
}

/* The statement that marks "oid", named by the expression "name", as found. */
static char *
mark_found(const char *oid, const char *name, const char *indent)
{
	return psprintf("%sEXECUTE format('COMMENT ON INDEX %%s IS %%L', %s,\n"
					"%s    concat_ws(' ', obj_description(%s, 'pg_class'), %s));\n",
					indent, name, indent, oid, quote_literal_cstr(FOUND_MARK));
}

/* The statements that give a new index its comment and its settings. */
static char *
finish(const MigrationIndex *index)
{
	StringInfoData body;
	ListCell   *lc;

	initStringInfo(&body);
	if (index->mark)
		appendStringInfo(&body, "        COMMENT ON INDEX %s IS %s;\n",
						 index->name,
						 quote_literal_cstr(psprintf("%s " MADE_MARK, index->comment)));
	else if (index->comment != NULL)
		appendStringInfo(&body, "        COMMENT ON INDEX %s IS %s;\n",
						 index->name, quote_literal_cstr(index->comment));
	foreach(lc, index->settings)
		appendStringInfo(&body, "        %s;\n", (char *) lfirst(lc));
	return body.data;
}

/* ------------------------------------------------------------------------
 * Indexes
 * ------------------------------------------------------------------------ */

/*
 * Indexes of partitions that a new index of the whole takes in are marked, as
 * they have to outlive it.
 */
static char *
mark_partitions(const MigrationIndex *index)
{
	return psprintf("        FOR part IN SELECT relid FROM pg_partition_tree(%s) WHERE relid::oid = ANY (old_indexes) LOOP\n%s"
					"        END LOOP;\n", quote_literal_cstr(index->name),
					mark_found("part", "part", "            "));
}

/* Make an index within the transaction of the file. */
static void
append_create(MigrationText *text, const MigrationIndex *index)
{
	bool		takes_in = index->mark && index->partitioned;

	append_guard(text, takes_in ?
				 "    old_indexes oid[] := ARRAY(SELECT indexrelid FROM pg_index);\n"
				 "    part regclass;\n" : "",
				 psprintf("    IF %s IS NULL THEN\n        %s;\n%s%s"
						  "    ELSIF %s THEN\n%s    ELSIF %s THEN\n%s"
						  "    END IF;\n",
						  oid_of(index), index->ddl,
						  takes_in ? mark_partitions(index) : "",
						  finish(index), differs(index), refuse(index),
						  is_invalid(index), refuse_invalid(index)));
}

/* The condition that a concurrent build has just made the index. */
static char *
is_new(const MigrationIndex *index)
{
	char	   *oid = oid_of(index);

	return index->mark ?
		psprintf("NOT %s", is_marked(oid, FOUND_MARK)) :
		psprintf("obj_description(%s, 'pg_class') IS NULL", oid);
}

/*
 * Make an index CONCURRENTLY: a guard, the statement alone, the mark.  Whoever
 * runs the file may go on after an error; so the mark is guarded, too.
 */
static void
append_create_concurrently(MigrationText *text, const MigrationIndex *index)
{
	char	   *oid = oid_of(index);
	char	   *found = "";

	if (index->mark)
		found = psprintf("    ELSIF %s IS NOT NULL AND NOT %s THEN\n%s",
						 oid, is_marked(oid, "clipperf_migration]"),
						 mark_found(oid, quote_literal_cstr(index->name), "        "));
	append_guard(text, "",
				 psprintf("    IF %s IS NOT NULL AND %s THEN\n%s"
						  "    ELSIF %s THEN\n%s%s    END IF;\n",
						  oid, differs(index), refuse(index),
						  is_invalid(index), refuse_invalid(index), found));
	append_statement(text, index->ddl_concurrently);
	if (index->mark || index->comment != NULL || index->settings != NIL)
		append_guard(text, "",
					 psprintf("    IF %s IS NOT NULL AND %s THEN\n%s"
							  "    ELSIF %s IS NOT NULL AND %s THEN\n%s"
							  "    END IF;\n",
							  oid, differs(index), refuse(index),
							  oid, is_new(index), finish(index)));
}

/* See migration_text.h. */
void
migration_text_create(MigrationText *text, const MigrationIndex *index)
{
	if (text->concurrently && !index->partitioned)
		append_create_concurrently(text, index);
	else
		append_create(text, index);
}

/*
 * Drop an index within the transaction of the file, if it was made by one;
 * indexes of partitions that it had taken in are made again.
 */
static void
append_drop_made(MigrationText *text, const MigrationIndex *index)
{
	char	   *oid = oid_of(index);
	char	   *body = psprintf("        DROP INDEX %s;\n", index->name);

	if (index->partitioned)
		body = psprintf("%s        FOREACH statement IN ARRAY old_parts LOOP\n"
						"            EXECUTE statement;\n"
						"        END LOOP;\n", body);
	append_block(text, !index->partitioned ? "" :
				 psprintf("    old_parts text[] := ARRAY(SELECT format('%%s; COMMENT ON INDEX %%s IS %%L', pg_get_indexdef(relid),\n"
						  "            relid, %s)\n"
						  "        FROM pg_partition_tree(%s) WHERE isleaf AND %s);\n"
						  "    statement text;\n",
						  without_mark("relid"), oid,
						  is_marked("relid", FOUND_MARK)),
				 psprintf("    IF %s THEN\n%s    END IF;\n",
						  is_marked(oid, MADE_MARK), body));
}

/*
 * A name for an index that is about to be dropped.  To drop one CONCURRENTLY
 * under some condition, it is renamed in a block, which waits for nobody, and
 * dropped by that name.
 */
static char *
doomed_name(const MigrationIndex *index)
{
	return psprintf("clipperf_drop_%u",
					(unsigned) hash_bytes((const unsigned char *) index->name,
										  (int) strlen(index->name)));
}

/* Drop CONCURRENTLY what was renamed. */
static void
append_drop_doomed(MigrationText *text, const MigrationIndex *index)
{
	append_statement(text, psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
									quote_qualified_identifier(index->schema,
															   doomed_name(index))));
}

/*
 * Drop it CONCURRENTLY if a file made it; what was found gets its comment back.
 */
static void
append_drop_made_concurrently(MigrationText *text, const MigrationIndex *index)
{
	char	   *oid = oid_of(index);

	append_block(text, "",
				 psprintf("    IF %s THEN\n        ALTER INDEX %s RENAME TO %s;\n"
						  "    ELSIF %s THEN\n"
						  "        EXECUTE format('COMMENT ON INDEX %%s IS %%L', %s,\n"
						  "            %s);\n"
						  "    END IF;\n",
						  is_marked(oid, MADE_MARK), index->name,
						  doomed_name(index), is_marked(oid, FOUND_MARK),
						  quote_literal_cstr(index->name), without_mark(oid)));
	append_drop_doomed(text, index);
}

/* See migration_text.h. */
void
migration_text_drop_made(MigrationText *text, const MigrationIndex *index)
{
	if (text->concurrently && !index->partitioned)
		append_drop_made_concurrently(text, index);
	else
		append_drop_made(text, index);
}

/* See migration_text.h. */
void
migration_text_drop(MigrationText *text, const MigrationIndex *index)
{
	bool		concurrently = text->concurrently && !index->partitioned;

	append_guard(text, "",
				 psprintf("    IF %s IS NULL THEN\n        NULL;\n"
						  "    ELSIF %s THEN\n%s    ELSE\n        %s;\n"
						  "    END IF;\n",
						  oid_of(index), differs(index), refuse(index),
						  concurrently ?
						  psprintf("ALTER INDEX %s RENAME TO %s", index->name,
								   doomed_name(index)) :
						  psprintf("DROP INDEX %s", index->name)));
	if (concurrently)
		append_drop_doomed(text, index);
}
