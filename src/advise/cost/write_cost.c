/*-------------------------------------------------------------------------
 *
 * write_cost.c
 *	  What it costs to keep an index up to date.
 *
 * Every inserted row takes a new entry in each index of its table.  So does an
 * updated one, unless the update is HOT: then it takes none, but an index on a
 * column that it changes puts an end to that, for all indexes of the table.
 *
 * Rows and columns come from the statements observed.  What triggers and
 * functions write beside them is taken from the server's statistics of the
 * table, scaled to the same time.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/write_cost.h"

#include <math.h>

#include "catalog/pg_am.h"
#include "nodes/parsenodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/fmgrprotos.h"

/*
 * The following are guesses of what is typical: how an index is written to is
 * not known before there is one.
 */

/* Entries that one row makes in a GIN index, on the average. */
#define GIN_ENTRIES		8
/* A BRIN index changes once for this many rows. */
#define BRIN_ROWS		10000
/* Share of the updates whose columns are not known that touch an index. */
#define UNKNOWN_SHARE	0.5
/*
 * Writes beside the statements observed count up to this multiple of those
 * observed; beyond that the statistics are taken to tell of another time.
 */
#define MOST_HIDDEN		20.0

/*
 * DEFAULT_PAGE_CPU_MULTIPLIER in selfuncs.c: operators to visit an index page.
 */
#define OPERATORS_PER_PAGE	50.0

/* Rows updated in the same columns. */
typedef struct ColumnUpdates
{
	Bitmapset  *columns;		/* attribute numbers */
	double		rows;
} ColumnUpdates;

/* What is written to a table over the time observed. */
typedef struct TableWrites
{
	Oid			relid;
	double		inserted;		/* rows, by the statements observed */
	double		updated;
	List	   *updates;		/* of ColumnUpdates */
	double		hidden_inserts; /* rows, beside the statements observed */
	double		hidden_updates;
	double		hot_share;		/* of all updates */
	int			indexes;		/* number of them on the table */
} TableWrites;

struct WriteModel
{
	List	   *tables;			/* of TableWrites */
	double		us_per_cost;
};

/* What is known of a table's writes; NULL if nothing is. */
static TableWrites *
find_table_writes(const WriteModel *model, Oid relid)
{
	ListCell   *lc;

	foreach(lc, model->tables)
	{
		TableWrites *table = lfirst(lc);

		if (table->relid == relid)
			return table;
	}
	return NULL;
}

/* What one of the functions pg_stat_get_tuples_...() says of a table. */
static double
read_table_statistic(PGFunction function, Oid relid)
{
	return (double) DatumGetInt64(DirectFunctionCall1(function,
													  ObjectIdGetDatum(relid)));
}

/*
 * What is known of a table's writes; for a table not yet met, an entry with
 * its indexes and the share of HOT updates by the server's statistics.  The
 * table is locked.
 */
static TableWrites *
ensure_table_writes(WriteModel *model, Oid relid)
{
	TableWrites *table = find_table_writes(model, relid);
	double		updates;

	if (table != NULL)
		return table;
	table = palloc0(sizeof(TableWrites));
	table->relid = relid;
	table->indexes = list_length(index_def_existing(relid));
	updates = read_table_statistic(pg_stat_get_tuples_updated, relid);
	if (updates > 0)
		table->hot_share =
			read_table_statistic(pg_stat_get_tuples_hot_updated, relid) / updates;
	model->tables = lappend(model->tables, table);
	return table;
}

/* The columns that a target list assigns. */
static Bitmapset *
assigned_columns(const List *targets)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, targets)
	{
		const TargetEntry *target = lfirst(lc);

		if (!target->resjunk)
			columns = bms_add_member(columns, target->resno);
	}
	return columns;
}

/* Count what one query writes, of this many rows, and its WITH queries. */
static void
add_query_writes(WriteModel *model, const Query *query, double rows)
{
	TableWrites *table;
	ColumnUpdates *update;
	ListCell   *lc;

	foreach(lc, query->cteList)
	{
		const CommonTableExpr *cte = lfirst(lc);

		if (IsA(cte->ctequery, Query))
			add_query_writes(model, (const Query *) cte->ctequery, rows);
	}
	if (query->resultRelation == 0)
		return;
	table = ensure_table_writes(model,
								rt_fetch(query->resultRelation, query->rtable)->relid);
	if (query->commandType == CMD_INSERT)
		table->inserted += rows;
	else if (query->commandType == CMD_UPDATE)
	{
		update = palloc(sizeof(ColumnUpdates));
		update->columns = assigned_columns(query->targetList);
		update->rows = rows;
		table->updates = lappend(table->updates, update);
		table->updated += rows;
	}
}

/* The same of one query and its WITH queries. */
static bool
query_needs_entries(const Query *query, const List *relations,
					const Bitmapset *columns)
{
	ListCell   *lc;

	foreach(lc, query->cteList)
	{
		const CommonTableExpr *cte = lfirst(lc);

		if (IsA(cte->ctequery, Query) &&
			query_needs_entries((const Query *) cte->ctequery, relations, columns))
			return true;
	}
	if (query->resultRelation == 0 ||
		!list_member_oid(relations, rt_fetch(query->resultRelation,
											 query->rtable)->relid))
		return false;
	if (query->commandType == CMD_UPDATE)
		return bms_overlap(assigned_columns(query->targetList), columns);
	return query->commandType != CMD_DELETE;
}

/*
 * Does a statement, for rows that it writes to one of these tables, need new
 * entries in an index with these columns, whatever else it changes?  A row that
 * is inserted does; one that is updated only if the columns change, as the update
 * may be HOT otherwise.
 */
bool
write_needs_entries(const WorkloadStatement *statement, const List *relations,
					const Bitmapset *columns)
{
	const WorkloadVariant *variant;
	ListCell   *lc;

	if (statement->variants == NIL)
		return false;
	variant = linitial(statement->variants);
	foreach(lc, variant->queries)
	{
		if (query_needs_entries(lfirst(lc), relations, columns))
			return true;
	}
	return false;
}

/* Count what one statement wrote. */
static void
add_statement_writes(WriteModel *model, const WorkloadStatement *statement)
{
	const WorkloadVariant *variant;
	ListCell   *lc;

	if (statement->command == CMD_SELECT || statement->variants == NIL)
		return;
	variant = linitial(statement->variants);
	foreach(lc, variant->queries)
		add_query_writes(model, lfirst(lc), statement->rows);
}

/*
 * Rows that the server's statistics count beside those observed, brought down
 * to the time observed, which is shorter: by the share of all such writes that
 * was observed.
 */
static double
estimate_hidden_rows(double all, double share, double observed)
{
	double		expected = all * share;

	return Max(0, Min(expected - observed, MOST_HIDDEN * observed));
}

/* Add what the server's statistics count beside the statements observed. */
static void
add_hidden_writes(WriteModel *model)
{
	double		observed = 0;
	double		all = 0;
	ListCell   *lc;

	foreach(lc, model->tables)
	{
		TableWrites *table = lfirst(lc);

		observed += table->inserted + table->updated;
		all += read_table_statistic(pg_stat_get_tuples_inserted, table->relid) +
			read_table_statistic(pg_stat_get_tuples_updated, table->relid);
	}
	if (all <= 0)
		return;
	foreach(lc, model->tables)
	{
		TableWrites *table = lfirst(lc);
		double		share = Min(1.0, observed / all);

		table->hidden_inserts =
			estimate_hidden_rows(read_table_statistic(pg_stat_get_tuples_inserted,
													  table->relid),
								 share, table->inserted);
		table->hidden_updates =
			estimate_hidden_rows(read_table_statistic(pg_stat_get_tuples_updated,
													  table->relid),
								 share, table->updated);
	}
}

/*
 * Learn from a list of WorkloadStatement which tables are written, how often
 * and in which columns.  us_per_cost: how long one unit of the planner's cost
 * takes here.
 */
WriteModel *
write_model_make(List *statements, double us_per_cost)
{
	WriteModel *model = palloc0(sizeof(WriteModel));
	ListCell   *lc;

	model->us_per_cost = us_per_cost;
	foreach(lc, statements)
		add_statement_writes(model, lfirst(lc));
	add_hidden_writes(model);
	return model;
}

/*
 * The planner's cost of one new entry: going down the tree, as
 * btcostestimate() has it, and writing one page.
 */
static double
entry_cost(const WhatIfIndex *index)
{
	double		tuples = Max(index->tuples, 2);
	double		descent = ceil(log2(tuples)) * cpu_operator_cost +
		(index->tree_height + 1) * OPERATORS_PER_PAGE * cpu_operator_cost;

	if (index->def->am == GIN_AM_OID)
		return GIN_ENTRIES * (descent + seq_page_cost);
	if (index->def->am == BRIN_AM_OID)
		return (descent + seq_page_cost) / BRIN_ROWS;
	return descent + seq_page_cost;
}

/* Rows updated in a column of the index. */
static double
touching_rows(const TableWrites *table, const IndexDefinition *def)
{
	Bitmapset  *columns = index_def_columns(def);
	double		rows = UNKNOWN_SHARE * table->hidden_updates;
	ListCell   *lc;

	foreach(lc, table->updates)
	{
		const ColumnUpdates *update = lfirst(lc);

		if (bms_overlap(update->columns, columns))
			rows += update->rows;
	}
	return rows;
}

/*
 * Microseconds that the index would have cost over the time observed: an entry
 * for each row inserted and for each update that is not HOT.  An update that
 * was HOT and changes a column of this index is so no more, and then takes an
 * entry in each index of the table.
 */
double
write_cost_us(const WriteModel *model, const WhatIfIndex *index)
{
	const TableWrites *table = find_table_writes(model, index->def->relid);
	double		inserts;
	double		updates;
	double		touching;
	double		not_hot;
	double		broken;

	if (table == NULL)
		return 0;
	inserts = table->inserted + table->hidden_inserts;
	updates = table->updated + table->hidden_updates;
	touching = touching_rows(table, index->def);
	not_hot = (updates - touching) * (1.0 - table->hot_share) + touching;
	broken = touching * table->hot_share;
	return model->us_per_cost * entry_cost(index) *
		(inserts + not_hot + broken * table->indexes);
}
