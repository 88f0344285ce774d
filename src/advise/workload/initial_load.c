/*-------------------------------------------------------------------------
 *
 * initial_load.c
 *	  Statements that filled tables before anything read them.
 *
 * Who loads a database and then runs his application on it does not load it
 * again: an index has to pay in what runs from now on, and would be built after
 * the load anyway.  A statement counts as such a load where each table that it
 * wrote was read by others later only, and where such statements together inserted
 * a good part of the rows that the table has; what was updated in between is part
 * of it.  Writes of an application do not
 * pass for it: reads of the same tables go on beside them, or their rows are few.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload.h"

#include "nodes/parsenodes.h"
#include "parser/parsetree.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"

#include "common/table_family.h"

/* The share of the rows of a table that loads have inserted at least. */
#define LOADED_SHARE	0.5

/* What is known of a table, by the OID that statements have. */
typedef struct LoadedTable
{
	Oid			relid;			/* hash key; must be first */
	TimestampTz reads_began;	/* by statements that ran again, */
	TimestampTz any_read;		/* or by any; DT_NOEND = by none */
	double		rows;			/* that were inserted before */
} LoadedTable;

/* An entry of the table of these, made where there is none. */
static LoadedTable *
ensure_table(HTAB *tables, Oid relid)
{
	bool		found;
	LoadedTable *table = hash_search(tables, &relid, HASH_ENTER, &found);

	if (!found)
	{
		table->reads_began = DT_NOEND;
		table->any_read = DT_NOEND;
		table->rows = 0;
	}
	return table;
}

/*
 * The tables that a query fills or changes, and its WITH queries; added to a list
 * of OIDs.
 */
static List *
add_written(List *written, const Query *query)
{
	ListCell   *lc;

	foreach(lc, query->cteList)
	{
		const CommonTableExpr *cte = lfirst(lc);

		if (IsA(cte->ctequery, Query))
			written = add_written(written, (const Query *) cte->ctequery);
	}
	if (query->resultRelation == 0 || query->commandType == CMD_DELETE)
		return written;
	return list_append_unique_oid(written,
								  rt_fetch(query->resultRelation, query->rtable)->relid);
}

/*
 * The tables that a statement fills or changes, as a list of OIDs.  Of one that cannot be
 * planned again, such as a load whose literals were not kept, those that it only inserted
 * into when it ran.
 */
static List *
written_tables(const WorkloadStatement *statement)
{
	List	   *written = NIL;
	ListCell   *lc;

	if (statement->variants == NIL)
		return list_copy(statement->filled);
	if (statement->command == CMD_SELECT)
		return NIL;
	foreach(lc, ((const WorkloadVariant *) linitial(statement->variants))->queries)
		written = add_written(written, lfirst(lc));
	return written;
}

/*
 * Note when a statement began to read its tables.  An INSERT does not read the
 * one that it fills.
 */
static void
note_reads(HTAB *tables, const WorkloadStatement *statement)
{
	List	   *filled = statement->command == CMD_INSERT ? written_tables(statement) : NIL;
	ListCell   *lc;

	foreach(lc, statement->relids)
	{
		LoadedTable *table;

		if (list_member_oid(filled, lfirst_oid(lc)))
			continue;
		table = ensure_table(tables, lfirst_oid(lc));
		table->any_read = Min(table->any_read, statement->first_seen);
		if (statement->calls > 1)
			table->reads_began = Min(table->reads_began, statement->first_seen);
	}
}

/*
 * When the table, or a part of it, was first read: a look at it that did not
 * come again, between two loads, counts only where nothing else read it.
 */
static TimestampTz
first_read(HTAB *tables, const List *relatives)
{
	TimestampTz began = DT_NOEND;
	TimestampTz any = DT_NOEND;
	ListCell   *lc;

	foreach(lc, relatives)
	{
		const LoadedTable *table = hash_search(tables, &lfirst_oid(lc), HASH_FIND, NULL);

		if (table == NULL)
			continue;
		began = Min(began, table->reads_began);
		any = Min(any, table->any_read);
	}
	return began == DT_NOEND ? any : began;
}

/* Rows that the table and its parts have, by the server's statistics. */
static double
live_rows(const List *relatives)
{
	double		rows = 0;
	ListCell   *lc;

	foreach(lc, relatives)
		rows += (double) DatumGetInt64(DirectFunctionCall1(pg_stat_get_live_tuples,
														   ObjectIdGetDatum(lfirst_oid(lc))));
	return rows;
}

/*
 * Was a statement over before others began to read the tables that it writes?
 * Then the rows that it inserted count for these.
 */
static bool
is_over(HTAB *tables, const WorkloadStatement *statement, const List *written)
{
	ListCell   *lc;

	foreach(lc, written)
		if (statement->last_seen >= first_read(tables, table_relatives(lfirst_oid(lc))))
		return false;
	foreach(lc, written)
		ensure_table(tables, lfirst_oid(lc))->rows +=
		statement->command == CMD_UPDATE ? 0 : statement->rows;
	return written != NIL;
}

/* Did statements that are over insert a good part of each of these tables? */
static bool
fills(HTAB *tables, const List *written)
{
	ListCell   *lc;

	foreach(lc, written)
		if (ensure_table(tables, lfirst_oid(lc))->rows <
			LOADED_SHARE * live_rows(table_relatives(lfirst_oid(lc))))
		return false;
	return true;
}

/*
 * The statements without those that filled tables before anything read them.
 * The tables are locked.
 */
List *
workload_without_loads(List *statements)
{
	HASHCTL		control = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(LoadedTable),
		.hcxt = CurrentMemoryContext
	};
	HTAB	   *tables = hash_create("clipperf loaded tables", 64, &control,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	List	   *over = NIL;
	List	   *left = NIL;
	ListCell   *lc;

	foreach(lc, statements)
		note_reads(tables, lfirst(lc));
	foreach(lc, statements)
		if (is_over(tables, lfirst(lc), written_tables(lfirst(lc))))
		over = lappend(over, lfirst(lc));
	foreach(lc, statements)
		if (!list_member_ptr(over, lfirst(lc)) || !fills(tables, written_tables(lfirst(lc))))
		left = lappend(left, lfirst(lc));
	hash_destroy(tables);
	return left;
}
