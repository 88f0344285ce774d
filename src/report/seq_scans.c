/*-------------------------------------------------------------------------
 *
 * seq_scans.c
 *	  clipperf_seq_scans, clipperf_index_scans: which statements read more of
 *	  which tables than they need.
 *
 * Only tables that still exist are shown.  Their sizes are asked of the
 * storage manager without ever waiting for a lock.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "common/relation_size.h"
#include "common/result_rows.h"
#include "report/serving_index.h"
#include "store/seqscan.h"
#include "store/text.h"

PGDLLEXPORT Datum clipperf_read_seq_scans(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_seq_scans);

#define SEQ_SCAN_COLUMNS 21

/* What put_seq_scan() works with. */
typedef struct SeqScanReader
{
	ReturnSetInfo *result;
	HTAB	   *calls;			/* see report_calls() */
} SeqScanReader;

/* How each use of a column is written; NULL where there is more to say. */
static const char *const use_notation[] = {
	[USE_EQUAL] = "=",
	[USE_TRUE] = "= true",
	[USE_FALSE] = "= false",
	[USE_NULL] = "IS NULL",
	[USE_NOT_NULL] = "IS NOT NULL",
	[USE_LESS] = "<",
	[USE_LESS_EQUAL] = "<=",
	[USE_GREATER_EQUAL] = ">=",
	[USE_GREATER] = ">",
	[USE_OPERATOR] = NULL,
	[USE_EXPRESSION] = "in an expression"
};

/* An array of n texts as a Datum. */
static Datum
names_array(Datum *texts, int n)
{
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/* A column's quoted name; "?" if it was dropped. */
static const char *
scanned_column_name(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCacheAttNum(relid, attnum);
	const char *name = "?";

	if (HeapTupleIsValid(tuple))
	{
		name = quote_identifier(NameStr(((Form_pg_attribute) GETSTRUCT(tuple))->attname));
		name = pstrdup(name);
		ReleaseSysCache(tuple);
	}
	return name;
}

/* How the filter uses a column, such as "=" or "~~". */
static const char *
filter_notation(const FilterColumn *filter)
{
	char	   *name;

	if (filter->use != USE_OPERATOR)
		return use_notation[filter->use];
	name = get_opname(filter->operator);
	return name == NULL ? "?" : name;
}

/* Elements such as 'vote_score >'. */
static Datum
filter_columns(Oid relid, const SeqScanColumns *columns)
{
	Datum		texts[SEQSCAN_FILTER_COLUMNS];

	for (int i = 0; i < columns->filters; i++)
		texts[i] = CStringGetTextDatum(psprintf("%s %s",
												scanned_column_name(relid, columns->filter[i].attnum),
												filter_notation(&columns->filter[i])));
	return names_array(texts, columns->filters);
}

/* As ORDER BY writes it; NULLS only where it is not the default. */
static char *
ordered_column(Oid relid, AttrNumber attnum, bool descending, bool nulls_first)
{
	const char *nulls = nulls_first == descending ? "" :
		nulls_first ? " NULLS FIRST" : " NULLS LAST";

	return psprintf("%s%s%s", scanned_column_name(relid, attnum),
					descending ? " DESC" : "", nulls);
}

/* Elements such as 'created_at DESC'. */
static Datum
sort_columns(Oid relid, const SeqScanColumns *columns)
{
	Datum		texts[SEQSCAN_SORT_COLUMNS];

	for (int i = 0; i < columns->sorts; i++)
	{
		const SortColumn *sort = &columns->sort[i];

		texts[i] = CStringGetTextDatum(ordered_column(relid, sort->attnum,
													  sort->descending,
													  sort->nulls_first));
	}
	return names_array(texts, columns->sorts);
}

/* The statement's text, NULL if it is not kept. */
static char *
statement_text(const SeqScanKey *key)
{
	TextKey		text_key = {
		.queryid = key->queryid,.dbid = key->dbid,.userid = key->userid
	};

	return text_copy(&text_key);
}

/* Is the scan still seen? */
static Life
observe_scan(HTAB *calls, const SeqScanKey *key, const SeqScanCounters *counters)
{
	LifeKey		life = {
		.queryid = key->queryid,
		.what = (uint64) key->columns << 32 | key->relid,
		.dbid = key->dbid,
		.userid = key->userid
	};

	return report_observe(calls, &life, counters->last_seen);
}

/* SeqScanVisitor that adds a row; "arg" is a SeqScanReader. */
static void
put_seq_scan(const SeqScanKey *key, const SeqScanColumns *columns,
			 const SeqScanCounters *counters, void *arg)
{
	SeqScanReader *reader = arg;
	Datum		values[SEQ_SCAN_COLUMNS];
	bool		nulls[SEQ_SCAN_COLUMNS] = {false};
	int64		bytes;
	Life		life;
	Oid			serving;
	int			i = 0;

	if (key->dbid != MyDatabaseId || !report_may_read(key->userid) ||
		!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(key->relid)) ||
		(OidIsValid(columns->index) &&
		 !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(columns->index))))
		return;
	bytes = relation_family_bytes(key->relid);
	life = observe_scan(reader->calls, key, counters);

	values[i++] = ObjectIdGetDatum(key->relid);
	values[i++] = ObjectIdGetDatum(key->userid);
	values[i++] = Int64GetDatum((int64) key->queryid);
	result_set_text(values, nulls, i++, statement_text(key));
	values[i++] = Int64GetDatum(counters->executions);
	values[i++] = Int64GetDatum(counters->scans);
	values[i++] = Int64GetDatum(counters->rows_read);
	values[i++] = Int64GetDatum(counters->rows_kept);
	values[i++] = Int64GetDatum(counters->rows_needed);
	values[i++] = filter_columns(key->relid, columns);
	values[i++] = sort_columns(key->relid, columns);
	values[i++] = Float8GetDatum(US_TO_MS(counters->total_us));
	nulls[i] = bytes < 0;
	values[i++] = Int64GetDatum(bytes);
	values[i++] = TimestampTzGetDatum(counters->first_seen);
	values[i++] = TimestampTzGetDatum(counters->last_seen);
	nulls[i] = !OidIsValid(columns->index);
	values[i++] = ObjectIdGetDatum(columns->index);
	values[i++] = BoolGetDatum(counters->estimated > 0);
	values[i++] = BoolGetDatum(life.over);
	values[i++] = BoolGetDatum(life.again);
	values[i++] = Int64GetDatum(life.unseen);
	serving = serving_index(key->relid, columns);
	nulls[i] = !OidIsValid(serving);
	values[i++] = ObjectIdGetDatum(serving);
	Assert(i == SEQ_SCAN_COLUMNS);
	tuplestore_putvalues(reader->result->setResult, reader->result->setDesc,
						 values, nulls);
}

/*
 * clipperf_read_seq_scans(): the rows of both views, and more; of the caller's
 * own statements, or of all for members of pg_read_all_stats.
 */
Datum
clipperf_read_seq_scans(PG_FUNCTION_ARGS)
{
	SeqScanReader reader = {.result = (ReturnSetInfo *) fcinfo->resultinfo};

	report_begin_rows(fcinfo, SEQ_SCAN_COLUMNS);
	reader.calls = report_calls();
	seqscan_visit(put_seq_scan, &reader);
	return (Datum) 0;
}
