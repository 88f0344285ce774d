/*-------------------------------------------------------------------------
 *
 * statistics_text.c
 *	  Statistics as SQL that collects them.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/statistics/statistics_text.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/defrem.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

/* The table, as SQL; palloc'd. */
char *
statistics_table(const StatisticsTrial *trial)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(trial->relid)),
									  get_rel_name(trial->relid));
}

/* The operands of a set (of bits), as SQL, with commas; palloc'd. */
char *
statistics_operands(const StatisticsTrial *trial, uint32 operands)
{
	List	   *context = deparse_context_for(get_rel_name(trial->relid), trial->relid);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < trial->noperands; i++)
	{
		if ((operands & (1U << i)) == 0)
			continue;
		appendStringInfo(&text, trial_is_column(trial, i) ? "%s%s" : "%s(%s)",
						 text.len > 0 ? ", " : "",
						 deparse_expression(trial->operand[i], context, false, false));
	}
	return text.data;
}

/* A statement that returns the rows that the planner is asked about; palloc'd. */
char *
statistics_question(const StatisticsTrial *trial)
{
	List	   *context = deparse_context_for(get_rel_name(trial->relid), trial->relid);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "SELECT FROM ONLY %s", statistics_table(trial));
	for (int i = 0; i < trial->nconditions; i++)
		appendStringInfo(&text, "%s(%s)", i == 0 ? " WHERE " : " AND ",
						 deparse_expression(trial->condition[i].clause, context, false,
											false));
	for (int i = 0; trial->nconditions == 0 && i < trial->noperands; i++)
		appendStringInfo(&text, "%s(%s)", i == 0 ? " GROUP BY " : ", ",
						 deparse_expression(trial->operand[i], context, false, false));
	return text.data;
}

/* Is there a statistics object of this name? */
static bool
is_statistics_name(const char *schema, const char *name)
{
	return OidIsValid(get_statistics_object_oid(list_make2(makeString(pstrdup(schema)),
														   makeString(pstrdup(name))),
												true));
}

/* A free name for a statistics object on these operands; palloc'd. */
static char *
free_statistics_name(const StatisticsTrial *trial, uint32 operands)
{
	const char *schema = get_namespace_name(get_rel_namespace(trial->relid));
	StringInfoData columns;
	char	   *name;

	initStringInfo(&columns);
	for (int i = 0; i < trial->noperands; i++)
	{
		if ((operands & (1U << i)) != 0)
			appendStringInfo(&columns, "%s%s", columns.len > 0 ? "_" : "",
							 trial_is_column(trial, i) ?
							 get_attname(trial->relid,
										 ((const Var *) trial->operand[i])->varattno,
										 false) : "expr");
	}
	name = makeObjectName(get_rel_name(trial->relid), columns.data, "stat");
	for (int number = 1; is_statistics_name(schema, name); number++)
		name = makeObjectName(get_rel_name(trial->relid), columns.data,
							  psprintf("stat%d", number));
	return name;
}

/* CREATE STATISTICS of a kind, NULL for that of an expression, and ANALYZE; palloc'd. */
char *
statistics_create(const StatisticsTrial *trial, const char *kind, uint32 operands)
{
	const char *schema = get_namespace_name(get_rel_namespace(trial->relid));
	const char *table = statistics_table(trial);

	return psprintf("CREATE STATISTICS %s%s ON %s FROM %s;\nANALYZE %s;",
					quote_qualified_identifier(schema,
											   free_statistics_name(trial, operands)),
					kind == NULL ? "" : psprintf(" (%s)", kind),
					statistics_operands(trial, operands), table, table);
}

/* ALTER TABLE with a target for columns, and ANALYZE; palloc'd. */
char *
statistics_alter(const StatisticsTrial *trial, uint32 operands, int target)
{
	const char *table = statistics_table(trial);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "ALTER TABLE %s", table);
	for (int i = 0; i < trial->noperands; i++)
	{
		if ((operands & (1U << i)) != 0)
			appendStringInfo(&text, "%s ALTER COLUMN %s SET STATISTICS %d",
							 text.data[text.len - 1] >= '0' &&
							 strstr(text.data, "SET STATISTICS") != NULL ? "," : "",
							 statistics_operands(trial, 1U << i), target);
	}
	appendStringInfo(&text, ";\nANALYZE %s;", table);
	return text.data;
}

/* Are all columns of a set among those of a statistics object? */
static bool
covers_columns(Form_pg_statistic_ext object, const StatisticsTrial *trial, uint32 operands)
{
	for (int i = 0; i < trial->noperands; i++)
	{
		bool		found = (operands & (1U << i)) == 0;

		for (int key = 0; !found && key < object->stxkeys.dim1; key++)
			found = trial_is_column(trial, i) && object->stxkeys.values[key] ==
				((const Var *) trial->operand[i])->varattno;
		if (!found)
			return false;
	}
	return true;
}

/* A statistics object on these columns that ANALYZE has not filled; NULL if there is none. */
char *
statistics_not_built(const StatisticsTrial *trial, uint32 operands)
{
	Relation	table = table_open(trial->relid, AccessShareLock);
	char	   *name = NULL;
	ListCell   *lc;

	foreach(lc, RelationGetStatExtList(table))
	{
		Oid			oid = lfirst_oid(lc);
		HeapTuple	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(oid));
		Form_pg_statistic_ext object;

		if (!HeapTupleIsValid(tuple))
			continue;
		object = (Form_pg_statistic_ext) GETSTRUCT(tuple);
		if (covers_columns(object, trial, operands) &&
			!SearchSysCacheExists2(STATEXTDATASTXOID, ObjectIdGetDatum(oid),
								   BoolGetDatum(false)))
			name = quote_qualified_identifier(get_namespace_name(object->stxnamespace),
											  NameStr(object->stxname));
		ReleaseSysCache(tuple);
	}
	table_close(table, NoLock);
	return name;
}
