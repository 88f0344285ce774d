/*-------------------------------------------------------------------------
 *
 * n_plus_one.c
 *	  clipperf_n_plus_one: which statements run once for each row of another.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "report/child_parameter.h"
#include "store/encoding.h"
#include "store/pattern.h"
#include "store/text.h"

PGDLLEXPORT Datum clipperf_read_n_plus_one(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_n_plus_one);

#define N_PLUS_ONE_COLUMNS 29

/* The text of one of the pattern's statements, NULL if it is not kept. */
static char *
read_text(const Pattern *pattern, uint64 queryid)
{
	TextKey		key = {
		.queryid = queryid,
		.dbid = pattern->key.dbid,
		.userid = pattern->key.userid
	};

	if (queryid == 0)
		return NULL;
	return text_copy(&key);
}

/* "table.column", or NULL if there is no such column any more. */
static char *
column_name(Oid relid, AttrNumber attno)
{
	char	   *table = OidIsValid(relid) ? get_rel_name(relid) : NULL;
	char	   *column = table ? get_attname(relid, attno, true) : NULL;

	return column == NULL ? NULL :
		psprintf("%s.%s", quote_identifier(table), quote_identifier(column));
}

/* The number of the parameter in the child's normalised text, 0 if unknown. */
static int
parameter_number(const Pattern *pattern, const char *child)
{
	char	   *column;

	if (pattern->key.parameter > 0)
		return pattern->key.parameter;
	column = OidIsValid(pattern->facts.child_relid) ?
		get_attname(pattern->facts.child_relid, pattern->facts.child_attno, true) : NULL;
	if (child == NULL || column == NULL)
		return 0;
	return child_parameter_find(child, column);
}

/* "$1 (table.column)" */
static char *
parameter_name(const Pattern *pattern, int number)
{
	char	   *column = column_name(pattern->facts.child_relid,
									 pattern->facts.child_attno);
	char	   *name = number > 0 ? psprintf("$%d", number) : pstrdup("literal");

	return column ? psprintf("%s (%s)", name, column) : name;
}

/*
 * The other column that the loops may have been over, if that cannot be told of
 * most of them; else NULL.
 */
static char *
rival_name(const Pattern *pattern)
{
	return pattern->ties * 2 > pattern->counters.episodes ?
		column_name(pattern->rival_relid, pattern->rival_attno) : NULL;
}

/* Put an OID that may be missing into a row. */
static void
set_oid(Datum *values, bool *nulls, int column, Oid oid)
{
	nulls[column] = !OidIsValid(oid);
	values[column] = ObjectIdGetDatum(oid);
}

/* Who follows whom. */
static int
put_loop_statements(Datum *values, bool *nulls, int i, const Pattern *pattern,
					const char *child, int number)
{
	bool		proven = pattern->key.parent != 0;

	values[i++] = CStringGetTextDatum(proven && !pattern->apart ? "proven" : "suspected");
	nulls[i] = !proven;
	values[i++] = Int64GetDatum((int64) pattern->facts.parent_queryid);
	result_set_text(values, nulls, i++,
					read_text(pattern, pattern->facts.parent_queryid));
	result_set_text(values, nulls, i++,
					column_name(pattern->key.parent_relid,
								pattern->key.parent_attno));
	values[i++] = Int64GetDatum((int64) pattern->facts.child_queryid);
	result_set_text(values, nulls, i++, child);
	set_oid(values, nulls, i++, get_rel_name(pattern->facts.child_relid) ?
			pattern->facts.child_relid : InvalidOid);
	result_set_text(values, nulls, i++, parameter_name(pattern, number));

	/*
	 * the column that the list could be joined by: of another table than its
	 * own
	 */
	nulls[i] = !OidIsValid(pattern->key.parent_relid) ||
		!OidIsValid(pattern->facts.child_relid) ||
		pattern->key.parent_relid == pattern->facts.child_relid;
	values[i++] = Int16GetDatum(pattern->facts.child_attno);
	return i;
}

/*
 * How often and how long.  Of a loop over several connections, one may have added its
 * child before another has added the loop.
 */
static int
put_counters(Datum *values, int i, const PatternCounters *counters)
{
	values[i++] = Int64GetDatum(Max(1, counters->episodes));
	values[i++] = Int64GetDatum(counters->children);
	values[i++] = Int64GetDatum(counters->max_children);
	values[i++] = Int64GetDatum(counters->connections);
	values[i++] = Float8GetDatum(US_TO_MS(counters->child_us));
	values[i++] = Float8GetDatum(US_TO_MS(counters->gap_us));
	values[i++] = BoolGetDatum(counters->pipelined * 2 > counters->children);
	return i;
}

/* A string that came from an application, or NULL if it is empty. */
static void
put_origin(Datum *values, bool *nulls, int column, const char *string)
{
	char	   *copy = pstrdup(string);

	encoding_make_readable(copy, GetDatabaseEncoding());
	result_set_text(values, nulls, column, *copy != '\0' ? copy : NULL);
}

/* Is the pattern still seen when its parent, or else its child, is called? */
static Life
observe_pattern(HTAB *calls, const Pattern *pattern)
{
	LifeKey		key = {
		.queryid = pattern->key.parent != 0 ? pattern->facts.parent_queryid :
		pattern->facts.child_queryid,
		.what = hash_bytes_extended((const unsigned char *) &pattern->key,
									sizeof(pattern->key), 0),
		.dbid = pattern->key.dbid,
		.userid = pattern->key.userid
	};

	return report_observe(calls, &key, pattern->counters.last_seen);
}

/* One row; "calls" are those of report_calls(). */
static void
put_pattern(ReturnSetInfo *result, HTAB *calls, const Pattern *pattern)
{
	Datum		values[N_PLUS_ONE_COLUMNS];
	bool		nulls[N_PLUS_ONE_COLUMNS] = {false};
	char	   *child = read_text(pattern, pattern->facts.child_queryid);
	int			number = parameter_number(pattern, child);
	Life		life = observe_pattern(calls, pattern);
	int			i = 0;

	values[i++] = Int64GetDatum((int64) pattern_history_key(&pattern->key));
	values[i++] = ObjectIdGetDatum(pattern->key.userid);
	nulls[i] = pattern->key.parent == 0;
	values[i++] = Int64GetDatum((int64) pattern->key.parent);
	i = put_loop_statements(values, nulls, i, pattern, child, number);
	i = put_counters(values, i, &pattern->counters);
	set_oid(values, nulls, i++, get_func_name(pattern->key.function) ?
			pattern->key.function : InvalidOid);
	result_set_text(values, nulls, i++, route_label(pattern->key.route));
	put_origin(values, nulls, i++, pattern->origin.framework);
	put_origin(values, nulls, i++, pattern->origin.place);
	values[i++] = TimestampTzGetDatum(pattern->counters.first_seen);
	values[i++] = TimestampTzGetDatum(pattern->counters.last_seen);
	values[i++] = BoolGetDatum(life.over);
	values[i++] = BoolGetDatum(life.again);
	result_set_text(values, nulls, i++, rival_name(pattern));
	values[i++] = BoolGetDatum(pattern->key.parent == 0 && pattern->facts.inserts_row != 0);
	Assert(i == N_PLUS_ONE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_n_plus_one(): the patterns of the current database, in the
 * caller's own statements, or in all for members of pg_read_all_stats.
 */
Datum
clipperf_read_n_plus_one(PG_FUNCTION_ARGS)
{
	Pattern    *patterns;
	HTAB	   *calls;
	int			count;

	report_begin_rows(fcinfo, N_PLUS_ONE_COLUMNS);
	calls = report_calls();
	patterns = pattern_copy(&count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (patterns[i].key.dbid == MyDatabaseId &&
			report_may_read(patterns[i].key.userid))
			put_pattern((ReturnSetInfo *) fcinfo->resultinfo, calls,
						&patterns[i]);
	}
	return (Datum) 0;
}
