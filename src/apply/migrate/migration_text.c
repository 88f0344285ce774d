/*-------------------------------------------------------------------------
 *
 * migration_text.c
 *	  The text of a migration file, statement by statement.
 *
 * The file needs no clipperf where it is run, and may meet another state of
 * the database than the one it was written in: an index that is there already,
 * or a name that means something else.  So each index is guarded, and what the
 * file makes is marked by its comment; the down file drops only what is marked.
 * What the file drops is noted in the comment of its table, as nothing else is
 * left of it; the down file makes only that again, and takes the note away.
 *
 * A block empties the search_path, so that nothing of others is run and the
 * server writes definitions as we do, and puts it back: what follows in the same
 * transaction is not ours.  So it does with standard_conforming_strings where a
 * definition holds a backslash.  Strings of the file that do are E'', the same
 * under either.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/migrate/migration_text.h"

#include "common/hashfn.h"
#include "utils/builtins.h"

#include "common/plain.h"

/* Ends the comment of an index that a migration made. */
#define MADE_MARK		"[made by clipperf_migration]"

/* Ends that of one that was there, and that the migration is about to touch. */
#define FOUND_MARK		"[there before clipperf_migration]"

/* The comment of what keeps the name of an index that is not to be made. */
#define PLACEHOLDER_COMMENT "[placeholder of clipperf_migration]"

/* ------------------------------------------------------------------------
 * Statements
 * ------------------------------------------------------------------------ */

/* Begin a statement, or the comment before it, with a mark if one is needed. */
static void
begin_statement(MigrationText *file)
{
	if (file->concurrently && !file->at_mark)
		appendStringInfoString(&file->sql, "-- statement-breakpoint\n");
	file->at_mark = true;
}

/*
 * Write a statement, which has no semicolon yet.  No name or string in it begins a
 * line: it could be the mark that the file is cut at.
 */
static void
append_file_statement(MigrationText *file, const char *statement)
{
	begin_statement(file);
	appendStringInfo(&file->sql, "%s;\n", plain_sql(statement));
	file->at_mark = false;
}

/* Lines of comment, before a statement. */
void
migration_text_note(MigrationText *file, const char *note)
{
	begin_statement(file);
	appendStringInfo(&file->sql, "\n%s", note);
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

/*
 * Write a DO block about an index.  In it, old_index is the OID of what has the
 * name of the index, NULL if nothing has, and old_comment its comment.
 *
 * It runs with an empty search_path, from its second declaration on: whoever has
 * made functions or operators in a schema of the path of the one who runs the file
 * would have them run with his rights, as one that fits a call better than the
 * server's own is taken.  So the server also qualifies names as the file does, and
 * it is made to write strings as the file does.  Types are looked up before.
 */
static void
append_block(MigrationText *file, const MigrationIndex *index,
			 const char *declarations, const char *body)
{
	bool		strings = strchr(index->definition, '\\') != NULL;
	char	   *block = psprintf("DECLARE\n"
								 "    old_path pg_catalog.text := pg_catalog.current_setting('search_path');\n"
								 "    no_path pg_catalog.text := pg_catalog.set_config('search_path', '', true);\n"
								 "    old_index pg_catalog.oid := to_regclass(%s);\n"
								 "    old_comment pg_catalog.text := coalesce(obj_description(old_index, 'pg_class'), '');\n"
								 "%s%sBEGIN\n%s%s%s"
								 "    PERFORM set_config('search_path', old_path, true);\nEND\n",
								 quote_literal_cstr(index->name),
								 strings ? "    old_strings pg_catalog.text := current_setting('standard_conforming_strings');\n" : "",
								 declarations,
								 strings ? "    PERFORM set_config('standard_conforming_strings', 'on', true);\n" : "",
								 body,
								 strings ? "    PERFORM set_config('standard_conforming_strings', old_strings, true);\n" : "");
	char	   *tag = quote_tag(block);

	append_file_statement(file, psprintf("DO %s\n%s%s", tag, block, tag));
}

/* ------------------------------------------------------------------------
 * Conditions and parts of blocks
 * ------------------------------------------------------------------------ */

/*
 * A branch of a block's IF: an error if the name means something else.  Servers
 * of other versions put brackets and blanks elsewhere, so these do not count.
 */
static char *
refuse_others(const MigrationIndex *index)
{
	return psprintf("    ELSIF translate(pg_get_indexdef(old_index, 0, true), E'() \\n', '') IS DISTINCT FROM translate(\n"
					"        %s, E'() \\n', '') THEN\n"
					"        RAISE EXCEPTION USING ERRCODE = 'duplicate_table',\n"
					"            MESSAGE = %s,\n"
					"            HINT = 'Rename that, or the index in this file.';\n",
					quote_literal_cstr(index->definition),
					quote_literal_cstr(psprintf("the name %s is taken by something else",
												index->name)));
}

/* A branch of a block's IF: an error if the index is INVALID. */
static char *
refuse_invalid(const MigrationIndex *index)
{
	return psprintf("    ELSIF NOT (SELECT indisvalid FROM pg_index WHERE indexrelid = old_index) THEN\n"
					"        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',\n"
					"            MESSAGE = %s,\n"
					"            HINT = 'Drop it first.';\n",
					quote_literal_cstr(psprintf("index %s is INVALID, as a failed or canceled build leaves it",
												index->name)));
}

/* The condition that a comment ends by a mark, or with "<>" that it does not. */
static char *
compare_mark(const char *comment, const char *operator, const char *mark)
{
	return psprintf("right(%s, %d) %s %s", comment, (int) strlen(mark),
					operator, quote_literal_cstr(mark));
}

/* A comment with the mark of what was found, as a literal. */
static char *
with_mark(const char *comment)
{
	return psprintf("quote_literal(concat_ws(' ', nullif(%s, ''), %s))",
					comment, quote_literal_cstr(FOUND_MARK));
}

/* A comment without that mark, as a literal. */
static char *
without_mark(const char *comment)
{
	return psprintf("quote_nullable(nullif(left(%s, -%d), ''))", comment,
					(int) strlen(" " FOUND_MARK));
}

/* A statement that gives the index a comment, which is an expression. */
static char *
set_comment(const MigrationIndex *index, const char *comment)
{
	return psprintf("        EXECUTE %s ||\n            %s;\n",
					quote_literal_cstr(psprintf("COMMENT ON INDEX %s IS ",
												index->name)), comment);
}

/* ------------------------------------------------------------------------
 * The note on a table that an index of it was dropped
 * ------------------------------------------------------------------------ */

/*
 * Declares table_comment, and drop_note, which is a line of its own in it.
 */
static char *
declare_note(const MigrationIndex *index)
{
	char	   *note = psprintf("[dropped by clipperf_migration: %s]", index->name);

	return psprintf("    table_comment pg_catalog.text := coalesce(obj_description(to_regclass(%s), 'pg_class'), '');\n"
					"    drop_note pg_catalog.text := chr(10) || %s;\n",
					quote_literal_cstr(index->table), quote_literal_cstr(note));
}

/* The condition that the table has the note. */
#define HAS_NOTE "strpos(table_comment, drop_note) > 0"

/* The statement that gives the table a comment, which is an expression. */
static char *
set_note(const MigrationIndex *index, const char *comment)
{
	return psprintf("        EXECUTE %s ||\n            %s;\n",
					quote_literal_cstr(psprintf("COMMENT ON %s %s IS ",
												index->table_kind, index->table)),
					comment);
}

/* Note that the index is dropped. */
static char *
add_note(const MigrationIndex *index)
{
	return set_note(index, "quote_literal(replace(table_comment, drop_note, '') || drop_note)");
}

/* Take the note away if the index is there. */
static char *
remove_note(const MigrationIndex *index)
{
	return psprintf("    IF " HAS_NOTE " AND EXISTS (SELECT FROM pg_index\n"
					"            WHERE indexrelid = to_regclass(%s) AND indisvalid) THEN\n"
					"%s    END IF;\n", quote_literal_cstr(index->name),
					set_note(index, "quote_nullable(nullif(replace(table_comment, drop_note, ''), ''))"));
}

/* A statement that warns that the index is not made. */
static char *
warn_not_made(const MigrationIndex *index)
{
	return psprintf("        RAISE WARNING USING MESSAGE = %s;\n",
					quote_literal_cstr(psprintf("index %s is not made again, as no up file has dropped it here",
												index->name)));
}

/* The statements that give a new index its comment and its settings. */
static char *
comment_and_settings(const MigrationIndex *index)
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
 * Making indexes
 * ------------------------------------------------------------------------ */

/*
 * Indexes of partitions that a new index of the whole takes in are marked, as
 * they have to outlive it.
 */
static char *
mark_partitions(const MigrationIndex *index)
{
	return psprintf("        FOR part IN SELECT relid FROM pg_partition_tree(%s)\n"
					"            WHERE relid::oid = ANY (old_indexes) LOOP\n"
					"            EXECUTE 'COMMENT ON INDEX ' || part || ' IS ' ||\n"
					"                %s;\n"
					"        END LOOP;\n", quote_literal_cstr(index->name),
					with_mark("obj_description(part, 'pg_class')"));
}

/* Make an index again within the transaction of the file. */
static void
append_create_again(MigrationText *file, const MigrationIndex *index)
{
	append_block(file, index, declare_note(index),
				 psprintf("    IF old_index IS NULL AND NOT " HAS_NOTE " THEN\n%s"
						  "    ELSIF old_index IS NULL THEN\n        %s;\n%s%s%s"
						  "    END IF;\n%s",
						  warn_not_made(index), index->ddl, comment_and_settings(index),
						  refuse_others(index), refuse_invalid(index),
						  remove_note(index)));
}

/* Make a new index within the transaction of the file. */
static void
append_create(MigrationText *file, const MigrationIndex *index)
{
	bool		takes_in = index->partitioned;

	append_block(file, index, takes_in ?
				 "    old_indexes pg_catalog.oid[] := ARRAY(SELECT indexrelid FROM pg_index);\n"
				 "    part pg_catalog.regclass;\n" : "",
				 psprintf("    IF old_index IS NULL THEN\n        %s;\n%s%s%s%s"
						  "    END IF;\n", index->ddl,
						  takes_in ? mark_partitions(index) : "",
						  comment_and_settings(index), refuse_others(index),
						  refuse_invalid(index)));
}

/* A branch of a block's IF: mark what is there already, unless it is marked. */
static char *
mark_found(const MigrationIndex *index)
{
	return psprintf("    ELSIF %s AND\n        %s THEN\n%s",
					compare_mark("old_comment", "<>", MADE_MARK),
					compare_mark("old_comment", "<>", FOUND_MARK),
					set_comment(index, with_mark("old_comment")));
}

/*
 * Make an index CONCURRENTLY: a guard, the statement alone, the mark.  Whoever
 * runs the file may go on after an error; so the mark is guarded, too.
 */
static void
append_create_concurrently(MigrationText *file, const MigrationIndex *index)
{
	append_block(file, index, "",
				 psprintf("    IF old_index IS NULL THEN\n        NULL;\n%s%s%s"
						  "    END IF;\n", refuse_others(index),
						  refuse_invalid(index), mark_found(index)));
	append_file_statement(file, index->ddl_concurrently);
	append_block(file, index, "",
				 psprintf("    IF old_index IS NULL THEN\n        NULL;\n%s"
						  "    ELSIF %s THEN\n%s    END IF;\n",
						  refuse_others(index),
						  compare_mark("old_comment", "<>", FOUND_MARK),
						  comment_and_settings(index)));
}

/* The condition that the name of the index is kept by a placeholder. */
static char *
is_placeholder(void)
{
	return psprintf("old_comment = %s", quote_literal_cstr(PLACEHOLDER_COMMENT));
}

/*
 * Before an index is made again CONCURRENTLY: a placeholder takes its name if it
 * is not to be made, so that IF NOT EXISTS skips the statement that follows.
 */
static void
append_placeholder(MigrationText *file, const MigrationIndex *index)
{
	append_block(file, index, declare_note(index),
				 psprintf("    IF %s OR old_index IS NULL AND " HAS_NOTE " THEN\n        NULL;\n"
						  "    ELSIF old_index IS NULL THEN\n%s"
						  "        CREATE VIEW %s AS SELECT 1 AS n;\n"
						  "        COMMENT ON VIEW %s IS %s;\n%s%s    END IF;\n",
						  is_placeholder(), warn_not_made(index), index->name, index->name,
						  quote_literal_cstr(PLACEHOLDER_COMMENT),
						  refuse_others(index), refuse_invalid(index)));
}

/* Make an index again CONCURRENTLY, as above. */
static void
append_create_again_concurrently(MigrationText *file,
								 const MigrationIndex *index)
{
	append_placeholder(file, index);
	append_file_statement(file, index->ddl_concurrently);
	append_block(file, index, declare_note(index),
				 psprintf("    IF %s THEN\n        DROP VIEW %s;\n"
						  "    ELSIF old_index IS NULL THEN\n        NULL;\n%s"
						  "    ELSIF old_comment = '' AND " HAS_NOTE " THEN\n%s        NULL;\n"
						  "    END IF;\n%s",
						  is_placeholder(), index->name, refuse_others(index),
						  comment_and_settings(index), remove_note(index)));
}

/*
 * Make the index unless it is there; an error when the file is run if its name
 * means something else.  With "mark" its comment says that the file made it;
 * without, it is made only if a file dropped it.
 */
void
migration_text_create(MigrationText *file, const MigrationIndex *index)
{
	bool		concurrently = file->concurrently && !index->partitioned;

	if (index->mark && concurrently)
		append_create_concurrently(file, index);
	else if (index->mark)
		append_create(file, index);
	else if (concurrently)
		append_create_again_concurrently(file, index);
	else
		append_create_again(file, index);
}

/* ------------------------------------------------------------------------
 * Dropping them
 * ------------------------------------------------------------------------ */

/* What makes the indexes of partitions again that the whole has taken in. */
static char *
declare_partitions(void)
{
	const char *comment = "obj_description(relid, 'pg_class')";

	return psprintf("    old_parts pg_catalog.text[] := ARRAY(SELECT pg_get_indexdef(relid) ||\n"
					"            '; COMMENT ON INDEX ' || relid || ' IS ' || %s\n"
					"        FROM pg_partition_tree(old_index)\n"
					"        WHERE isleaf AND %s);\n"
					"    part pg_catalog.text;\n", without_mark(comment),
					compare_mark(comment, "=", FOUND_MARK));
}

/* Drop an index within the transaction of the file, if it was made by one. */
static void
append_drop_made(MigrationText *file, const MigrationIndex *index)
{
	append_block(file, index, index->partitioned ? declare_partitions() : "",
				 psprintf("    IF %s THEN\n        DROP INDEX %s;\n%s    END IF;\n",
						  compare_mark("old_comment", "=", MADE_MARK), index->name,
						  !index->partitioned ? "" :
						  "        FOREACH part IN ARRAY old_parts LOOP\n"
						  "            EXECUTE part;\n"
						  "        END LOOP;\n"));
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
append_drop_doomed(MigrationText *file, const MigrationIndex *index)
{
	append_file_statement(file, psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
										 quote_qualified_identifier(index->schema,
																	doomed_name(index))));
}

/*
 * Drop it CONCURRENTLY if a file made it; what was found gets its comment back.
 */
static void
append_drop_made_concurrently(MigrationText *file, const MigrationIndex *index)
{
	append_block(file, index, "",
				 psprintf("    IF %s THEN\n        ALTER INDEX %s RENAME TO %s;\n"
						  "    ELSIF %s THEN\n%s    END IF;\n",
						  compare_mark("old_comment", "=", MADE_MARK),
						  index->name, doomed_name(index),
						  compare_mark("old_comment", "=", FOUND_MARK),
						  set_comment(index, without_mark("old_comment"))));
	append_drop_doomed(file, index);
}

/* Drop it if a file made it. */
void
migration_text_drop_made(MigrationText *file, const MigrationIndex *index)
{
	if (file->concurrently && !index->partitioned)
		append_drop_made_concurrently(file, index);
	else
		append_drop_made(file, index);
}

/*
 * Drop it if it is there, which the comment of its table tells from then on;
 * an error if its name means something else.
 */
void
migration_text_drop(MigrationText *file, const MigrationIndex *index)
{
	bool		concurrently = file->concurrently && !index->partitioned;

	append_block(file, index, declare_note(index),
				 psprintf("    IF old_index IS NULL THEN\n        NULL;\n%s"
						  "    ELSE\n        %s;\n%s    END IF;\n",
						  refuse_others(index), concurrently ?
						  psprintf("ALTER INDEX %s RENAME TO %s", index->name,
								   doomed_name(index)) :
						  psprintf("DROP INDEX %s", index->name),
						  add_note(index)));
	if (concurrently)
		append_drop_doomed(file, index);
}
