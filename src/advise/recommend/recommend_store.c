/*-------------------------------------------------------------------------
 *
 * recommend_store.c
 *	  Keeps the rows of a run in clipperf_recommendations, and returns them.
 *
 * A user's run replaces the rows of that user's earlier runs that nothing was
 * made of; one for statements handed in replaces those of such runs alone, and
 * leaves the advice on what was observed as it is.  The tables are written with
 * the rights of their owner, with a closed search_path, and nothing of that is
 * captured.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include <math.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "advise/indexes/advice.h"
#include "advise/recommend/recommend_scans.h"
#include "common/owner.h"
#include "settings.h"

/* Columns of clipperf_recommendations that are returned. */
#define RECOMMEND_COLUMNS 18

/* A list of uint64 * as int8[]. */
static Datum
queryid_array(const List *queryids)
{
	Datum	   *values = palloc(sizeof(Datum) * Max(list_length(queryids), 1));
	ListCell   *lc;

	foreach(lc, queryids)
		values[foreach_current_index(lc)] =
		Int64GetDatum((int64) *(uint64 *) lfirst(lc));
	return PointerGetDatum(construct_array(values, list_length(queryids),
										   INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Set column i to a string; NULL is NULL. */
static void
set_text_column(Datum *values, bool *nulls, int i, const char *string)
{
	nulls[i] = string == NULL;
	if (string != NULL)
		values[i] = CStringGetTextDatum(string);
}

/* Set column i to a number; NAN is NULL. */
static void
set_float_column(Datum *values, bool *nulls, int i, double value)
{
	nulls[i] = isnan(value);
	values[i] = Float8GetDatum(value);
}

/* The columns of a row, but for the number, which the table gives. */
static void
fill_recommendation_row(const Advice *advice, Datum *values, bool *nulls)
{
	int			i = 1;

	set_text_column(values, nulls, i++, advice->action);
	nulls[i] = !OidIsValid(advice->relid);
	values[i++] = ObjectIdGetDatum(advice->relid);
	nulls[i] = advice->index_name == NULL;
	if (advice->index_name != NULL)
		values[i] = DirectFunctionCall1(namein,
										CStringGetDatum(advice->index_name));
	i++;
	set_text_column(values, nulls, i++, advice->ddl);
	set_text_column(values, nulls, i++, advice->source);
	set_text_column(values, nulls, i++, "new");
	set_float_column(values, nulls, i++, advice->benefit_share);
	set_float_column(values, nulls, i++, advice->cost_before);
	set_float_column(values, nulls, i++, advice->cost_after);
	set_float_column(values, nulls, i++, advice->mean_before_ms);
	set_float_column(values, nulls, i++, advice->mean_after_ms);
	set_float_column(values, nulls, i++, advice->blocks_before);
	set_float_column(values, nulls, i++, advice->blocks_after);
	nulls[i] = advice->size_bytes < 0;
	values[i++] = Int64GetDatum(advice->size_bytes);
	set_float_column(values, nulls, i++, advice->write_cost_share);
	nulls[i] = false;
	values[i++] = queryid_array(advice->queryids);
	set_text_column(values, nulls, i++, advice_reason(advice));
	Assert(i == RECOMMEND_COLUMNS);
}

/* The kind of finding that the report makes of it, or NULL. */
static const char *
finding_kind(const Advice *advice)
{
	if (strcmp(advice->action, "create") == 0)
		return "missing_index";
	if (strcmp(advice->action, "drop") != 0)
		return NULL;
	return advice->kind != NULL && strcmp(advice->kind, ADVICE_UNUSED) == 0 ?
		"unused_index" : "redundant_index";
}

/*
 * Insert one row by SPI; its number is values[0] then.  "first" is the number of
 * the row that stands for it, or 0.
 */
static void
insert_recommendation(const AdviceRun *run, SPIPlanPtr plan, const Advice *advice,
					  Oid user, Datum first, Datum *values, bool *nulls)
{
	const char *kind = finding_kind(advice);
	Datum		arguments[RECOMMEND_COLUMNS + 5];
	char		flags[RECOMMEND_COLUMNS + 6];
	bool		isnull;

	for (int i = 1; i < RECOMMEND_COLUMNS; i++)
	{
		arguments[i - 1] = values[i];
		flags[i - 1] = nulls[i] ? 'n' : ' ';
	}
	arguments[RECOMMEND_COLUMNS - 1] = ObjectIdGetDatum(user);
	flags[RECOMMEND_COLUMNS - 1] = ' ';
	arguments[RECOMMEND_COLUMNS] = kind ? CStringGetTextDatum(kind) : (Datum) 0;
	flags[RECOMMEND_COLUMNS] = kind ? ' ' : 'n';
	arguments[RECOMMEND_COLUMNS + 1] = BoolGetDatum(run->handed_in);
	flags[RECOMMEND_COLUMNS + 1] = ' ';
	arguments[RECOMMEND_COLUMNS + 2] = queryid_array(advice->slowed);
	flags[RECOMMEND_COLUMNS + 2] = ' ';
	arguments[RECOMMEND_COLUMNS + 3] = first;
	flags[RECOMMEND_COLUMNS + 3] = first == (Datum) 0 ? 'n' : ' ';
	arguments[RECOMMEND_COLUMNS + 4] = Int64GetDatum(run->budget);
	flags[RECOMMEND_COLUMNS + 4] = run->budget < 0 ? 'n' : ' ';
	flags[RECOMMEND_COLUMNS + 5] = '\0';
	if (SPI_execute_plan(plan, arguments, flags, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "a recommendation could not be kept");
	values[0] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							  &isnull);
	nulls[0] = isnull;
}

/* Is the index of a recommendation "r" there?  A condition in SQL. */
#define IS_BUILT \
	"r.action = 'create' AND EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid" \
	" WHERE i.indrelid = r.relation AND i.indisvalid AND c.relname = r.index_name)"

/*
 * Delete the user's earlier recommendations that nothing was made of: those for
 * statements handed in, or the others.  Those whose index someone built stay as
 * long as it is there: they tell since when.
 */
static void
delete_unused_rows(const char *table, Oid user, bool handed_in)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(user)};

	SPI_execute_with_args(psprintf("UPDATE %s AS r SET status = 'built', status_at = pg_catalog.now() WHERE r.status = 'new' AND r.role = $1 AND "
								   IS_BUILT, table),
						  1, types, values, NULL, false, 0);
	SPI_execute_with_args(psprintf("DELETE FROM %s AS r WHERE r.role = $1 AND r.for_statements = %s AND"
								   " (r.status = 'new' OR r.status = 'built' AND NOT (" IS_BUILT "))",
								   table, handed_in ? "true" : "false"),
						  1, types, values, NULL, false, 0);
}

/*
 * Keep what a run says of scans, in place of what the user's earlier runs said.
 */
static void
store_scan_advice(const List *scans, const char *table, Oid user)
{
	Oid			types[] = {OIDOID, REGCLASSOID, INT8OID, TEXTOID, TEXTOID, OIDOID};
	Datum		values[] = {ObjectIdGetDatum(user), 0, 0, 0, 0, 0};
	SPIPlanPtr	plan;
	ListCell   *lc;

	SPI_execute_with_args(psprintf("DELETE FROM %s WHERE role = $1", table),
						  1, types, values, NULL, false, 0);
	plan = SPI_prepare(psprintf("INSERT INTO %s (made_by, role, relation, queryid, outcome, reason, walked_index)"
								" VALUES (pg_catalog.pg_get_userbyid($1), $1, $2, $3, $4, $5, NULLIF($6, 0::pg_catalog.oid)::pg_catalog.regclass)", table),
					   lengthof(types), types);
	foreach(lc, scans)
	{
		const ScanAdvice *scan = lfirst(lc);

		values[1] = ObjectIdGetDatum(scan->relid);
		values[2] = Int64GetDatum((int64) scan->queryid);
		values[3] = CStringGetTextDatum(scan->outcome);
		values[4] = CStringGetTextDatum(scan->reason);
		values[5] = ObjectIdGetDatum(scan->index);
		SPI_execute_plan(plan, values, NULL, false, 0);
	}
}

/* Prepare the INSERT of a row, which returns its number. */
static SPIPlanPtr
prepare_row_insert(const char *table)
{
	Oid			types[] = {
		TEXTOID, REGCLASSOID, NAMEOID, TEXTOID, TEXTOID, TEXTOID, FLOAT8OID,
		FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT8OID, FLOAT8OID,
		INT8ARRAYOID, TEXTOID, OIDOID, TEXTOID,
		BOOLOID, INT8ARRAYOID, INT8OID, INT8OID
	};

	return SPI_prepare(psprintf("INSERT INTO %s (action, relation, index_name, ddl, source, status, benefit_share,"
								" cost_before, cost_after, mean_before_ms, mean_after_ms, blocks_before, blocks_after, size_bytes, write_cost_share, queryids, reason, made_by, role, kind, for_statements, slowed, alike, storage_budget)"
								" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, pg_catalog.pg_get_userbyid($18), $18, $19, $20, $21, $22, $23) RETURNING id",
								table),
					   lengthof(types), types);
}

/*
 * Keep the rows that a row stands for, whose number is "first"; they are not
 * returned.
 */
static void
store_alike(const AdviceRun *run, SPIPlanPtr plan, const char *table,
			Oid user, const Advice *advice, Datum first)
{
	Oid			types[] = {INT8OID};
	ListCell   *lc;

	if (advice->alike == NIL)
		return;
	SPI_execute_with_args(psprintf("UPDATE %s SET alike = id WHERE id = $1", table),
						  1, types, &first, NULL, false, 0);
	foreach(lc, advice->alike)
	{
		Datum		values[RECOMMEND_COLUMNS] = {0};
		bool		nulls[RECOMMEND_COLUMNS] = {0};

		CHECK_FOR_INTERRUPTS();
		fill_recommendation_row(lfirst(lc), values, nulls);
		insert_recommendation(run, plan, lfirst(lc), user, first, values, nulls);
	}
}

/*
 * Keep an answer as advice to the user, and return its rows.  The current user
 * owns the tables.
 */
static void
store_advice_rows(const AdviceRun *run, Oid schema, Oid user,
				  ReturnSetInfo *result)
{
	const char *schema_name = get_namespace_name(schema);
	const char *table =
		quote_qualified_identifier(schema_name, "clipperf_recommendations");
	SPIPlanPtr	plan;
	ListCell   *lc;

	SPI_connect();
	delete_unused_rows(table, user, run->handed_in);
	plan = prepare_row_insert(table);
	foreach(lc, run->rows)
	{
		Datum		values[RECOMMEND_COLUMNS] = {0};
		bool		nulls[RECOMMEND_COLUMNS] = {0};

		fill_recommendation_row(lfirst(lc), values, nulls);
		insert_recommendation(run, plan, lfirst(lc), user, (Datum) 0, values, nulls);
		store_alike(run, plan, table, user, lfirst(lc), values[0]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	if (run->explains_scans)
		store_scan_advice(run->scans,
						  quote_qualified_identifier(schema_name,
													 "clipperf_scan_advice"), user);
	SPI_finish();
}

/* Return rows that cannot be kept, on a standby for instance. */
static void
return_unstored_rows(const List *advice, ReturnSetInfo *result)
{
	ListCell   *lc;

	foreach(lc, advice)
	{
		Datum		values[RECOMMEND_COLUMNS] = {0};
		bool		nulls[RECOMMEND_COLUMNS] = {0};

		nulls[0] = true;		/* no number */
		fill_recommendation_row(lfirst(lc), values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * The owner of the table of recommendations; an error (42P01) if it is gone.
 */
static Oid
recommendations_owner(Oid schema)
{
	Oid			owner = owner_of_relation(get_relname_relid("clipperf_recommendations", schema));

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"clipperf_recommendations\" does not exist"),
				 errhint("Run ALTER EXTENSION clipperf UPDATE.")));
	return owner;
}

/*
 * Keep the rows as the caller's last run, and return them.  Where nothing can
 * be written they are returned only, without numbers.
 */
void
recommend_store(const AdviceRun *run, Oid schema, ReturnSetInfo *result)
{
	Oid			user;
	int			context;
	int			level;

	if (RecoveryInProgress() || XactReadOnly)
	{
		return_unstored_rows(run->rows, result);
		return;
	}
	GetUserIdAndSecContext(&user, &context);
	level = NewGUCNestLevel();
	SetUserIdAndSecContext(recommendations_owner(schema),
						   context | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	settings_pause();
	PG_TRY();
	{
		store_advice_rows(run, schema, user, result);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, context);
	}
	PG_END_TRY();
	AtEOXact_GUC(false, level);
}
