/*-------------------------------------------------------------------------
 *
 * write_cost.c
 *	  What it costs to keep an index up to date.
 *
 * Every inserted row takes a new entry in each index of its table.  So does an
 * updated one, unless the update is HOT: then it takes none, but an index on a
 * column that it changes puts an end to that, for all indexes of the table.
 *
 * Rows and columns come from the statements observed, and how many updates are
 * HOT from the server's statistics of the table.  These do not tell of which
 * statement they were; but an update that assigns a column of an index can be
 * HOT only where it leaves the value as it is.  So the HOT updates are put down
 * to those that assign no such column first, and what is left of them to the
 * others.  As long as there were few, the table's fillfactor counts, too: where
 * it leaves room for another version of a row, updates will be HOT.  And as the
 * statistics may tell of another time, of a bulk load for instance, the blocks that a
 * statement touches speak as well: new entries in all indexes take more.
 *
 * What triggers and functions write beside the statements is taken from these
 * statistics as well, scaled to the same time.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/write_cost.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "nodes/parsenodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "common/table_family.h"

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

/*
 * So many updates weigh as much in the server's statistics as what the fillfactor
 * lets expect: enough to go once through the pages of a small table.
 */
#define FILLFACTOR_WEIGHT	100.0
/* Share of updates taken for HOT where the fillfactor leaves no room for them. */
#define HOT_SHARE_OF_FULL	0.5

/*
 * A btree of more pages than that has a root above its leaves: the first is its
 * metapage.
 */
#define PAGES_OF_ONE_LEAF	2

/* What one statement writes to a table. */
typedef struct StatementWrites
{
	const WorkloadStatement *statement;
	CmdType		command;		/* CMD_INSERT or CMD_UPDATE */
	double		rows;
	Bitmapset  *columns;		/* that it assigns: attribute numbers */
	bool		assigns_indexed;	/* one of them is in an index already */
} StatementWrites;

/* What is written to a table, and its parts, over the time observed. */
typedef struct TableWrites
{
	Oid			relid;
	List	   *relations;		/* OIDs: it, its partitions and parents */
	List	   *writes;			/* of StatementWrites */
	double		inserted;		/* rows, by the statements observed */
	double		updated;
	double		updated_plain;	/* of these, without an indexed column */
	double		hidden_inserts; /* rows, beside the statements observed */
	double		hidden_updates;
	Bitmapset  *indexed;		/* columns that keep an update from being HOT */
	double		hot_plain;		/* share that is HOT of updates that assign no
								 * indexed column, */
	double		hot_others;		/* and of the others */
	int			indexes;		/* number of them on the table */
	double		index_blocks;	/* that an entry in each of them touches, at
								 * least */
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

/*
 * What one of the functions pg_stat_get_tuples_...() says of a table and its
 * parts.
 */
static double
read_table_statistic(PGFunction function, const TableWrites *table)
{
	double		sum = 0;
	ListCell   *lc;

	foreach(lc, table->relations)
		sum += (double) DatumGetInt64(DirectFunctionCall1(function,
														  ObjectIdGetDatum(lfirst_oid(lc))));
	return sum;
}

/* The columns of a table that an update must leave as they are to be HOT. */
static Bitmapset *
columns_of_indexes(const List *indexes)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		const IndexDefinition *def = lfirst(lc);

		if (INDEX_ENDS_HOT(def->am))
			columns = bms_add_members(columns, index_def_columns(def));
	}
	return columns;
}

/* Blocks that a new entry in each of these indexes touches, at least. */
static double
least_entry_blocks(const List *indexes)
{
	double		blocks = 0;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		const IndexDefinition *def = lfirst(lc);
		HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(def->indexoid));

		if (!HeapTupleIsValid(tuple))
			continue;
		blocks += ((Form_pg_class) GETSTRUCT(tuple))->relpages > PAGES_OF_ONE_LEAF ? 2 : 1;
		ReleaseSysCache(tuple);
	}
	return blocks;
}

/*
 * What is known of a table's writes; for a table not yet met, an entry with
 * its indexes.  The table is locked.
 */
static TableWrites *
ensure_table_writes(WriteModel *model, Oid relid)
{
	TableWrites *table = find_table_writes(model, relid);
	List	   *indexes;

	if (table != NULL)
		return table;
	indexes = index_def_existing(relid);
	table = palloc0(sizeof(TableWrites));
	table->relid = relid;
	table->relations = table_relatives(relid);
	table->indexes = list_length(indexes);
	table->index_blocks = least_entry_blocks(indexes);
	table->indexed = columns_of_indexes(indexes);
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

/*
 * Count rows that a statement inserts, or updates in the columns that "targets"
 * assign.
 */
static void
add_rows(TableWrites *table, const WorkloadStatement *statement,
		 CmdType command, const List *targets, double rows)
{
	StatementWrites *writes = palloc0(sizeof(StatementWrites));

	writes->statement = statement;
	writes->command = command;
	writes->rows = rows;
	table->writes = lappend(table->writes, writes);
	if (command == CMD_INSERT)
	{
		table->inserted += rows;
		return;
	}
	writes->columns = assigned_columns(targets);
	writes->assigns_indexed = bms_overlap(writes->columns, table->indexed);
	table->updated += rows;
	if (!writes->assigns_indexed)
		table->updated_plain += rows;
}

/*
 * Count what a query of a statement writes to its table.  Of the rows of INSERT
 * ... ON CONFLICT DO UPDATE, UNKNOWN_SHARE are taken to be there already; the
 * actions of MERGE are taken to have equal parts.
 */
static void
add_table_writes(TableWrites *table, const Query *query,
				 const WorkloadStatement *statement)
{
	const OnConflictExpr *conflict = query->onConflict;
	bool		updates = conflict != NULL && conflict->action == ONCONFLICT_UPDATE;
	double		rows = statement->rows;
	ListCell   *lc;

	switch (query->commandType)
	{
		case CMD_INSERT:
			if (updates)
				add_rows(table, statement, CMD_UPDATE, conflict->onConflictSet,
						 UNKNOWN_SHARE * rows);
			add_rows(table, statement, CMD_INSERT, NIL,
					 updates ? (1 - UNKNOWN_SHARE) * rows : rows);
			break;
		case CMD_UPDATE:
			add_rows(table, statement, CMD_UPDATE, query->targetList, rows);
			break;
		case CMD_MERGE:
			foreach(lc, query->mergeActionList)
			{
				const MergeAction *action = lfirst(lc);

				if (action->commandType == CMD_INSERT ||
					action->commandType == CMD_UPDATE)
					add_rows(table, statement, action->commandType,
							 action->targetList,
							 rows / list_length(query->mergeActionList));
			}
			break;
		default:
			break;
	}
}

/* Count what one query of a statement writes, and its WITH queries. */
static void
add_query_writes(WriteModel *model, const Query *query,
				 const WorkloadStatement *statement)
{
	ListCell   *lc;

	foreach(lc, query->cteList)
	{
		const CommonTableExpr *cte = lfirst(lc);

		if (IsA(cte->ctequery, Query))
			add_query_writes(model, (const Query *) cte->ctequery, statement);
	}
	if (query->resultRelation != 0)
		add_table_writes(ensure_table_writes(model,
											 rt_fetch(query->resultRelation,
													  query->rtable)->relid),
						 query, statement);
}

/*
 * Does a query, or one of its WITH queries, update one of these columns of one of
 * these tables; or, if "or_inserts" is set, insert into one of them?
 */
static bool
query_writes_columns(const Query *query, const List *relations,
					 const Bitmapset *columns, bool or_inserts)
{
	ListCell   *lc;

	foreach(lc, query->cteList)
	{
		const CommonTableExpr *cte = lfirst(lc);

		if (IsA(cte->ctequery, Query) &&
			query_writes_columns((const Query *) cte->ctequery, relations,
								 columns, or_inserts))
			return true;
	}
	if (query->resultRelation == 0 ||
		!list_member_oid(relations, rt_fetch(query->resultRelation,
											 query->rtable)->relid))
		return false;
	if (query->commandType == CMD_UPDATE)
		return bms_overlap(assigned_columns(query->targetList), columns);
	if (query->onConflict != NULL &&
		bms_overlap(assigned_columns(query->onConflict->onConflictSet), columns))
		return true;
	foreach(lc, query->mergeActionList)
	{
		const MergeAction *action = lfirst(lc);

		if (action->commandType == CMD_UPDATE &&
			bms_overlap(assigned_columns(action->targetList), columns))
			return true;
	}
	return or_inserts && query->commandType != CMD_DELETE;
}

/* The same of the queries of a statement. */
static bool
statement_writes_columns(const WorkloadStatement *statement, const List *relations,
						 const Bitmapset *columns, bool or_inserts)
{
	const WorkloadVariant *variant;
	ListCell   *lc;

	if (statement->variants == NIL)
		return false;
	variant = linitial(statement->variants);
	foreach(lc, variant->queries)
	{
		if (query_writes_columns(lfirst(lc), relations, columns, or_inserts))
			return true;
	}
	return false;
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
	return statement_writes_columns(statement, relations, columns, true);
}

/*
 * Does a statement update one of these columns of one of these tables?  Such an
 * update is not HOT where they are in an index.
 */
bool
write_updates(const WorkloadStatement *statement, const List *relations,
			  const Bitmapset *columns)
{
	return statement_writes_columns(statement, relations, columns, false);
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
		add_query_writes(model, lfirst(lc), statement);
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
		all += read_table_statistic(pg_stat_get_tuples_inserted, table) +
			read_table_statistic(pg_stat_get_tuples_updated, table);
	}
	if (all <= 0)
		return;
	foreach(lc, model->tables)
	{
		TableWrites *table = lfirst(lc);
		double		share = Min(1.0, observed / all);

		table->hidden_inserts =
			estimate_hidden_rows(read_table_statistic(pg_stat_get_tuples_inserted,
													  table),
								 share, table->inserted);
		table->hidden_updates =
			estimate_hidden_rows(read_table_statistic(pg_stat_get_tuples_updated,
													  table),
								 share, table->updated);
	}
}

/* Does the fillfactor of a table, or a partition of it, leave pages with room? */
static bool
leaves_room(const List *relations)
{
	ListCell   *lc;

	foreach(lc, relations)
	{
		HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(lc)));
		bool		isnull = true;
		Datum		options = 0;
		const StdRdOptions *parsed = NULL;

		if (!HeapTupleIsValid(tuple))
			continue;
		options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &isnull);
		if (!isnull && ((Form_pg_class) GETSTRUCT(tuple))->relkind == RELKIND_RELATION)
			parsed = (const StdRdOptions *) heap_reloptions(RELKIND_RELATION,
															options, false);
		ReleaseSysCache(tuple);
		if (parsed != NULL && parsed->fillfactor < HEAP_DEFAULT_FILLFACTOR)
			return true;
	}
	return false;
}

/*
 * Find out how many updates of the table are HOT, of those that assign no column
 * of an index and of the others.  The table is locked.
 */
static void
find_hot_shares(TableWrites *table)
{
	double		updates = read_table_statistic(pg_stat_get_tuples_updated, table);
	double		hot = read_table_statistic(pg_stat_get_tuples_hot_updated, table);
	double		plain = table->updated > 0 ? table->updated_plain / table->updated : 1;
	double		expected = leaves_room(table->relations) ? 1 : HOT_SHARE_OF_FULL;

	table->hot_plain = (Min(hot, plain * updates) + FILLFACTOR_WEIGHT * expected) /
		(plain * updates + FILLFACTOR_WEIGHT);
	if (plain < 1 && updates > 0)
		table->hot_others = Max(hot / updates - plain, 0) / (1 - plain);
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
	foreach(lc, model->tables)
		find_hot_shares(lfirst(lc));
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

/* Blocks that one new entry touches. */
static double
entry_blocks(const WhatIfIndex *index)
{
	double		blocks = Max(index->tree_height, 0) + 1;

	if (index->def->am == GIN_AM_OID)
		return GIN_ENTRIES * blocks;
	return index->def->am == BRIN_AM_OID ? blocks / BRIN_ROWS : blocks;
}

/*
 * Microseconds that one new entry takes; of a statement (or NULL) no more than as
 * many blocks of its own take, which may lie in the cache where those of others do
 * not.  The verdict charges upkeep by that, too.
 */
static double
entry_us(const WriteModel *model, const WhatIfIndex *index,
		 const WorkloadStatement *statement)
{
	double		us = model->us_per_cost * entry_cost(index);

	if (statement != NULL && statement->blocks > 0)
		us = Min(us, entry_blocks(index) *
				 statement->total_us / statement->blocks);
	return us;
}

/*
 * Microseconds that one entry of a dead row takes who reads an index: what is not
 * HOT leaves one in each index of the table, and a scan that meets it visits the
 * row once before it marks the entry as dead.  The blocks of the writing statement
 * (or NULL) tell what a block takes at most, as with entry_us().
 */
static double
dead_entry_us(const WriteModel *model, const WorkloadStatement *statement)
{
	double		us = model->us_per_cost * seq_page_cost;

	if (statement != NULL && statement->blocks > 0)
		us = Min(us, statement->total_us / statement->blocks);
	return us;
}

/*
 * The share of a statement's updates that is HOT as things are: as many at least
 * as the blocks leave no room for entries.
 */
static double
hot_share(const TableWrites *table, const StatementWrites *writes)
{
	const WorkloadStatement *statement = writes->statement;
	double		share = writes->assigns_indexed ? table->hot_others : table->hot_plain;
	double		possible = statement->rows * table->index_blocks;

	if (statement->blocks > 0 && possible > 0)
		share = Max(share, 1 - statement->blocks / possible);
	return share;
}

/*
 * The share of a statement's updates whose being HOT indexes on these columns
 * put an end to: all of those that assign one of them.  But one that assigns
 * what is in an index, and is HOT all the same, leaves values as they are;
 * perhaps these, too.
 */
static double
broken_share(const TableWrites *table, const StatementWrites *writes,
			 const Bitmapset *columns)
{
	if (!bms_overlap(writes->columns, columns))
		return 0;
	return hot_share(table, writes) *
		(writes->assigns_indexed ? UNKNOWN_SHARE : 1);
}

/*
 * Entries that the rows of a statement need in a new index, or in each of
 * several, that they do not need now; *others is set to those in the indexes
 * that are there.  "columns" are those of the new ones that keep updates from
 * being HOT.
 */
static double
new_entries(const TableWrites *table, const StatementWrites *writes,
			const Bitmapset *columns, double *others)
{
	double		broken;

	*others = 0;
	if (writes->command == CMD_INSERT)
		return writes->rows;
	broken = broken_share(table, writes, columns);
	*others = writes->rows * broken * table->indexes;
	return writes->rows * (1 - hot_share(table, writes) + broken);
}

/* The columns of an index that keep updates from being HOT. */
static Bitmapset *
columns_that_end_hot(const IndexDefinition *def)
{
	return INDEX_ENDS_HOT(def->am) ? index_def_columns(def) : NULL;
}

/*
 * Microseconds that the index would have cost over the time observed: an entry
 * for each row inserted and for each update that is not HOT.  An update that
 * was HOT and changes a column of this index is so no more, and then takes an
 * entry in each index of the table, and leaves one of a dead row to readers.
 */
double
write_cost_us(const WriteModel *model, const WhatIfIndex *index)
{
	const TableWrites *table = find_table_writes(model, index->def->relid);
	Bitmapset  *columns;
	double		hidden;			/* updates that may be HOT no more */
	double		us;
	ListCell   *lc;

	if (table == NULL)
		return 0;
	columns = columns_that_end_hot(index->def);
	hidden = UNKNOWN_SHARE * table->hot_plain * table->hidden_updates;
	us = entry_us(model, index, NULL) *
		(table->hidden_inserts + (1 - table->hot_plain) * table->hidden_updates + hidden);
	if (columns != NULL)
		us += hidden * table->indexes *
			(entry_us(model, index, NULL) + dead_entry_us(model, NULL));
	foreach(lc, table->writes)
	{
		const StatementWrites *writes = lfirst(lc);
		double		others;
		double		entries = new_entries(table, writes, columns, &others);

		us += entry_us(model, index, writes->statement) * (entries + others) +
			dead_entry_us(model, writes->statement) * others;
	}
	return us;
}

/* Add what these indexes of a table add to a statement that writes it. */
static void
add_table_loss(const WriteModel *model, const TableWrites *table,
			   const WorkloadStatement *statement,
			   WhatIfIndex *const *indexes, const Bitmapset *built,
			   WriteLoss *loss)
{
	Bitmapset  *columns = NULL;
	double		us = 0;			/* that an entry in each of these takes, */
	double		blocks = 0;		/* and blocks that it touches */
	int			count = 0;
	int			i = -1;
	ListCell   *lc;

	while ((i = bms_next_member(built, i)) >= 0)
	{
		const WhatIfIndex *index = indexes[i];

		if (index->def->relid != table->relid)
			continue;
		columns = bms_add_members(columns, columns_that_end_hot(index->def));
		us += entry_us(model, index, statement);
		blocks += entry_blocks(index);
		count++;
	}
	if (count == 0)
		return;
	foreach(lc, table->writes)
	{
		const StatementWrites *writes = lfirst(lc);
		double		others;
		double		entries;

		if (writes->statement != statement)
			continue;
		entries = new_entries(table, writes, columns, &others) + others / count;
		loss->us += us * entries;
		loss->blocks += blocks * entries;
		loss->ends_hot |= others > 0;
	}
}

/*
 * What keeping these indexes (a set of numbers) up to date adds to a statement,
 * over the time observed.
 */
WriteLoss
write_loss(const WriteModel *model, const WorkloadStatement *statement,
		   WhatIfIndex *const *indexes, const Bitmapset *built)
{
	WriteLoss	loss = {0};
	ListCell   *lc;

	foreach(lc, model->tables)
		add_table_loss(model, lfirst(lc), statement, indexes, built, &loss);
	return loss;
}
