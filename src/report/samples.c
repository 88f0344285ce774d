/*-------------------------------------------------------------------------
 *
 * samples.c
 *	  clipperf_samples: real executions with their parameters.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "store/sample.h"

PGDLLEXPORT Datum clipperf_read_samples(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_samples);

#define SAMPLE_COLUMNS 12

/*
 * The types of a sample's parameters.  Types that users made are known in the
 * sample's own database only.
 */
static Datum
type_array(const SampleKey *key, const SampleDraft *draft)
{
	Datum	   *types = palloc(draft->nparams * sizeof(Datum));

	for (int i = 0; i < draft->nparams; i++)
	{
		bool		known = key->dbid == MyDatabaseId ||
			draft->types[i] < FirstNormalObjectId;

		types[i] = ObjectIdGetDatum(known ? draft->types[i] : InvalidOid);
	}
	return PointerGetDatum(construct_array(types, draft->nparams, REGTYPEOID,
										   sizeof(Oid), true, TYPALIGN_INT));
}

/* The values of a sample's parameters; "hidden" for those that are not kept. */
static Datum
value_array(const SampleDraft *draft)
{
	Datum	   *values = palloc(draft->nparams * sizeof(Datum));
	bool	   *nulls = palloc(draft->nparams * sizeof(bool));
	int			lower = 1;

	for (int i = 0; i < draft->nparams; i++)
		result_set_text(values, nulls, i, draft->values_hidden &&
						draft->values[i] != NULL ? "hidden" : draft->values[i]);
	return PointerGetDatum(construct_md_array(values, nulls, 1,
											  unconstify(int *, &draft->nparams),
											  &lower, TEXTOID, -1, false,
											  TYPALIGN_INT));
}

/* The settings that a sample's execution read, as an object of strings. */
static Datum
settings_json(const SampleDraft *draft)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < draft->nsettings; i++)
	{
		if (i > 0)
			appendStringInfoChar(&json, ',');
		escape_json(&json, draft->setting_names[i]);
		appendStringInfoChar(&json, ':');
		escape_json(&json, draft->setting_values[i]);
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* What a sample was kept for. */
static const char *
kind_name(SampleKind kind)
{
	switch (kind)
	{
		case SAMPLE_SLOW:
			return "slow";
		case SAMPLE_OTHER:
			return "other";
		default:
			return "typical";
	}
}

/* SampleVisitor that adds a row to the ReturnSetInfo "arg". */
static void
put_sample(const SampleKey *key, SampleKind kind, const SampleDraft *draft,
		   void *arg)
{
	ReturnSetInfo *result = arg;
	Datum		values[SAMPLE_COLUMNS];
	bool		nulls[SAMPLE_COLUMNS] = {false};
	int			i = 0;

	values[i++] = Int64GetDatum((int64) key->queryid);
	values[i++] = ObjectIdGetDatum(key->userid);
	values[i++] = ObjectIdGetDatum(key->dbid);
	values[i++] = CStringGetTextDatum(kind_name(kind));
	result_set_text(values, nulls, i++, draft->statement);
	values[i++] = type_array(key, draft);
	values[i++] = draft->nparams > 0 ? value_array(draft) :
		PointerGetDatum(construct_empty_array(TEXTOID));
	values[i++] = BoolGetDatum(draft->values_hidden);
	result_set_text(values, nulls, i++, draft->search_path);
	values[i++] = settings_json(draft);
	values[i++] = Float8GetDatum(US_TO_MS(draft->elapsed_us));
	values[i++] = TimestampTzGetDatum(draft->captured_at);
	Assert(i == SAMPLE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_samples(): the rows of clipperf_samples.  None for those who
 * are not in pg_read_all_stats: parameters are what is most private here.
 */
Datum
clipperf_read_samples(PG_FUNCTION_ARGS)
{
	report_begin_rows(fcinfo, SAMPLE_COLUMNS);
	if (report_may_read(InvalidOid))
		sample_visit(put_sample, fcinfo->resultinfo);
	return (Datum) 0;
}
