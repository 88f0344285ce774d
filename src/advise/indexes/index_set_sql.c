/*-------------------------------------------------------------------------
 *
 * index_set_sql.c
 *	  What SQL calls for index sets.
 *
 *-------------------------------------------------------------------------
 */
#include "common/result_rows.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "advise/indexes/index_set.h"
#include "advise/indexes/index_statement.h"
#include "common/arguments.h"

PGDLLEXPORT Datum clipperf_read_index_statement(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_index_parts(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_index_set_status(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_is_served(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_index_statement);
PG_FUNCTION_INFO_V1(clipperf_index_parts);
PG_FUNCTION_INFO_V1(clipperf_index_set_status);
PG_FUNCTION_INFO_V1(clipperf_is_served);

#define STATEMENT_COLUMNS 3
#define PARTS_COLUMNS 2
#define VERDICT_COLUMNS 5

/* Error 22023 unless the index has a name. */
static void
require_name(const IndexStmt *stmt)
{
	if (stmt->idxname == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("index name must be specified"),
				 errdetail("Members of an index set are known by their names."),
				 errhint("Write CREATE INDEX name ON ....")));
}

/* Tell what of the statement is not kept. */
static void
notice_left_out(const IndexStmt *stmt)
{
	if (stmt->concurrent)
		ereport(NOTICE,
				(errmsg("ignoring CONCURRENTLY"),
				 errdetail("How an index is built is decided when it is built.")));
	if (stmt->if_not_exists)
		ereport(NOTICE,
				(errmsg("ignoring IF NOT EXISTS"),
				 errdetail("Members of an index set that exist already are recognized by their definitions.")));
}

/*
 * clipperf_read_index_statement(ddl): name, table and normalised text of
 * exactly one CREATE INDEX statement.  For errors see index_statement_parse().
 */
Datum
clipperf_read_index_statement(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	char	   *ddl;
	IndexStmt  *stmt;
	NameData	name;
	Datum		values[STATEMENT_COLUMNS];
	bool		nulls[STATEMENT_COLUMNS] = {false};
	int			i = 0;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result_check_columns(desc, STATEMENT_COLUMNS);
	ddl = text_to_cstring(PG_GETARG_TEXT_PP(0));
	stmt = index_statement_parse(ddl);
	require_name(stmt);
	notice_left_out(stmt);
	namestrcpy(&name, stmt->idxname);
	values[i++] = NameGetDatum(&name);
	values[i++] = CStringGetTextDatum(quote_qualified_identifier(stmt->relation->schemaname,
																 stmt->relation->relname));
	values[i++] = CStringGetTextDatum(index_statement_normalize(ddl, stmt));
	Assert(i == STATEMENT_COLUMNS);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/*
 * clipperf_index_parts(ddl): a CREATE INDEX statement of ours from the index's
 * name on, and from its keys on.  For errors see index_statement_parse().
 */
Datum
clipperf_index_parts(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	IndexStatementParts parts;
	Datum		values[PARTS_COLUMNS];
	bool		nulls[PARTS_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result_check_columns(desc, PARTS_COLUMNS);
	parts = index_statement_parts(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	values[0] = CStringGetTextDatum(parts.from_name);
	values[1] = CStringGetTextDatum(parts.from_keys);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/* Add the row of a member. */
static void
put_verdict(ReturnSetInfo *result, const Advice *advice)
{
	Datum		values[VERDICT_COLUMNS];
	bool		nulls[VERDICT_COLUMNS] = {false};
	NameData	name;
	int			i = 0;

	namestrcpy(&name, advice->index_name);
	values[i++] = NameGetDatum(&name);
	nulls[i] = !OidIsValid(advice->relid);
	values[i++] = ObjectIdGetDatum(advice->relid);
	values[i++] = CStringGetTextDatum(advice->action);
	values[i++] = CStringGetTextDatum(advice->reason != NULL ? advice->reason :
									  "no index does this yet");
	result_set_text(values, nulls, i++, advice->ddl);
	Assert(i == VERDICT_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* clipperf_index_set_status(index_set): what becomes of each member. */
Datum
clipperf_index_set_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *advice;
	ListCell   *lc;

	argument_require(fcinfo, 0, "index_set");
	InitMaterializedSRF(fcinfo, 0);
	result_check_columns(result->setDesc, VERDICT_COLUMNS);
	advice = index_set_judge(text_to_cstring(PG_GETARG_TEXT_PP(0)), NIL);
	index_set_skip_repeated(advice);
	foreach(lc, advice)
		put_verdict(result, lfirst(lc));
	return (Datum) 0;
}

/*
 * _clipperf_is_served(relation, ddl): does a valid index of the table do what the
 * CREATE INDEX statement would?
 */
Datum
clipperf_is_served(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(index_set_is_served(PG_GETARG_OID(0),
									   text_to_cstring(PG_GETARG_TEXT_PP(1))));
}
