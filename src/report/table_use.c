/*-------------------------------------------------------------------------
 *
 * table_use.c
 *	  clipperf_table_use: which statements use which tables, and how.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "common/table_family.h"
#include "store/statement.h"

PGDLLEXPORT Datum clipperf_read_table_use(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_table_use);

#define TABLE_USE_COLUMNS 12

/* Put out a row: one statement of one user and route, and one table. */
static void
put_table_use(ReturnSetInfo *result, const StatementKey *key,
			  const StatementCounters *counters, const TableUses *tables,
			  const TableUse *use)
{
	Datum		values[TABLE_USE_COLUMNS];
	bool		nulls[TABLE_USE_COLUMNS] = {false};
	int			i = 0;

	values[i++] = ObjectIdGetDatum(use->relid);
	values[i++] = BoolGetDatum((use->how & TABLE_READ) != 0);
	values[i++] = BoolGetDatum((use->how & TABLE_WRITTEN) != 0);
	values[i++] = BoolGetDatum((use->how & TABLE_LOCKED) != 0);
	values[i++] = ObjectIdGetDatum(key->userid);
	values[i++] = BoolGetDatum(key->toplevel != 0);
	values[i++] = Int64GetDatum((int64) key->queryid);
	result_set_text(values, nulls, i++, route_label(key->route));
	values[i++] = Int64GetDatum(counters->calls);
	values[i++] = Float8GetDatum(US_TO_MS(counters->total_us));
	values[i++] = TimestampTzGetDatum(counters->last_seen);
	values[i++] = Int64GetDatum(tables->dropped);
	Assert(i == TABLE_USE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * StatementVisitor that adds a row for each table of the statement to the
 * ReturnSetInfo "arg".  Partitions count as their table; dropped tables, and
 * those that others have the OIDs of now, are left out, and so is what the
 * caller may not learn of.
 */
static void
put_table_uses(const StatementKey *key, const StatementCounters *counters,
			   const TableUses *tables, void *arg)
{
	TableUses	roots = {.dropped = tables->dropped};

	if (key->dbid != MyDatabaseId || !report_may_read(key->userid))
		return;
	for (uint32 i = 0; i < tables->count; i++)
	{
		const TableUse *use = &tables->use[i];

		if (table_was_there(use->relid, use->seen))
			(void) table_uses_add(&roots, table_root(use->relid), use->how);
	}
	for (uint32 i = 0; i < roots.count; i++)
		put_table_use(arg, key, counters, &roots, &roots.use[i]);
}

/*
 * clipperf_read_table_use(): the rows of clipperf_table_use, one for each
 * user and route of a statement of this database.
 */
Datum
clipperf_read_table_use(PG_FUNCTION_ARGS)
{
	report_begin_rows(fcinfo, TABLE_USE_COLUMNS);
	statement_visit(put_table_uses, fcinfo->resultinfo);
	return (Datum) 0;
}
