/*-------------------------------------------------------------------------
 *
 * own_sql.c
 *	  SQL on clipperf's own tables, whoever calls.
 *
 * The functions that act are granted to roles that have no rights on the
 * tables below them.  So these statements, which are constants of this module,
 * run as the owner of the tables; nothing a caller passes becomes part of
 * their text.
 *
 *-------------------------------------------------------------------------
 */
#include "common/own_sql.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "settings.h"

/* The table that every installation has. */
#define ANY_TABLE "_clipperf_job"

/* The placeholder of our schema in a statement. */
#define SCHEMA_MARK "@extschema@"

/* The OID of our schema in this database; InvalidOid if there is none. */
static Oid
schema_oid(void)
{
	Relation	catalog;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	Oid			schema = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("clipperf"));
	catalog = table_open(ExtensionRelationId, AccessShareLock);
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return schema;
}

/* Schema of the extension in this database; NULL if it is not installed. */
char *
own_schema(void)
{
	Oid			schema = schema_oid();

	return OidIsValid(schema) ? get_namespace_name(schema) : NULL;
}

/* The OID of one of our tables; InvalidOid if it is not there. */
Oid
own_table(const char *name)
{
	Oid			schema = schema_oid();

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

/*
 * Let DROP EXTENSION wait for this transaction, or wait for it, before any of our
 * tables is locked: it locks them in an order of its own, so that whoever holds
 * one and needs the next might meet it halfway.  The extension is its first
 * lock, too.  For who uses several tables in a transaction; those who only read
 * one, perhaps for long, keep nobody from it.  AccessShareLock to the end of the
 * transaction.
 */
void
own_lock_extension(void)
{
	Oid			extension = get_extension_oid("clipperf", true);

	if (OidIsValid(extension))
		LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
}

/* The owner of our tables. */
static Oid
own_owner(void)
{
	Oid			relid = own_table(ANY_TABLE);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("extension \"clipperf\" is not installed in this database, or not in this version"),
				 errhint("Use CREATE EXTENSION clipperf.")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Do our tables, and what they hold, belong to a superuser?  REASSIGN OWNED may have
 * given them to somebody else, who then decides what stands in them, and what triggers
 * do: nothing that a worker may take for granted.  False if we are not installed.
 */
bool
own_is_trusted(void)
{
	return OidIsValid(own_table(ANY_TABLE)) && superuser_arg(own_owner());
}

/* The statement with our schema in it. */
static char *
fill_in_schema(const char *statement)
{
	const char *schema = quote_identifier(own_schema());
	StringInfoData filled;
	const char *mark;

	initStringInfo(&filled);
	while ((mark = strstr(statement, SCHEMA_MARK)) != NULL)
	{
		appendBinaryStringInfo(&filled, statement, mark - statement);
		appendStringInfoString(&filled, schema);
		statement = mark + strlen(SCHEMA_MARK);
	}
	appendStringInfoString(&filled, statement);
	return filled.data;
}

/* Run a statement as it is. */
static void
run_statement(const char *statement, int nargs, const SqlArg *args)
{
	Oid		   *types = palloc(sizeof(Oid) * Max(nargs, 1));
	Datum	   *values = palloc(sizeof(Datum) * Max(nargs, 1));
	char	   *nulls = palloc(Max(nargs, 1));
	int			result;

	for (int i = 0; i < nargs; i++)
	{
		types[i] = args[i].type;
		values[i] = args[i].value;
		nulls[i] = args[i].isnull ? 'n' : ' ';
	}
	result = SPI_execute_with_args(statement, nargs, types, values, nulls,
								   false, 0);
	if (result < 0)
		elog(ERROR, "own statement failed: %s", SPI_result_code_string(result));
}

/*
 * Run a statement in which @extschema@ stands for our schema, as the owner of
 * our tables, with a safe search_path, and unobserved.  Its result is in
 * SPI_tuptable and SPI_processed, as the caller has called SPI_connect().
 * Needs an active snapshot.
 */
void
own_sql(const char *statement, int nargs, const SqlArg *args)
{
	char	   *filled;
	Oid			owner = own_owner();
	Oid			userid;
	int			sec_context;
	int			guc_level;

	filled = fill_in_schema(statement);
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(owner, sec_context | SECURITY_LOCAL_USERID_CHANGE);
	guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	settings_pause();
	run_statement(filled, nargs, args);
	AtEOXact_GUC(true, guc_level);
	SetUserIdAndSecContext(userid, sec_context);
}

/*
 * Run a statement in which @extschema@ stands for our schema as the caller, with
 * the caller's search_path, so its functions, types and operators say their schema.
 * Its result is in SPI_tuptable and SPI_processed.
 */
void
caller_sql(const char *statement, int nargs, const SqlArg *args)
{
	(void) own_owner();			/* errors if we are not installed */
	run_statement(fill_in_schema(statement), nargs, args);
}

/* Columns of row "row" of the last result; column counts from 1. */
bool
own_isnull(int row, int column)
{
	bool		isnull;

	(void) SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, &isnull);
	return isnull;
}

/* The value of a column (from 1) of a row of the last result. */
Datum
own_datum(int row, int column)
{
	bool		isnull;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, &isnull);
}

/* A column (from 1) of a row of the last result in text form, or NULL. */
char *
own_string(int row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* An argument of any type. */
SqlArg
arg_datum(Oid type, Datum value, bool isnull)
{
	SqlArg		arg = {.type = type,.value = value,.isnull = isnull};

	return arg;
}

/* For argument lists. */
SqlArg
arg_int8(int64 value)
{
	return arg_datum(INT8OID, Int64GetDatum(value), false);
}

/* An argument of type integer. */
SqlArg
arg_int4(int32 value)
{
	return arg_datum(INT4OID, Int32GetDatum(value), false);
}

/* An argument of type double precision. */
SqlArg
arg_float8(double value)
{
	return arg_datum(FLOAT8OID, Float8GetDatum(value), false);
}

/* An argument of type oid; InvalidOid is NULL. */
SqlArg
arg_oid(Oid value)
{
	return arg_datum(OIDOID, ObjectIdGetDatum(value), !OidIsValid(value));
}

/* InvalidOid is NULL */
SqlArg
arg_text(const char *value)
{
	return arg_datum(TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0,
					 value == NULL);
}

/* NULL is NULL */
SqlArg
arg_bool(bool value)
{
	return arg_datum(BOOLOID, BoolGetDatum(value), false);
}
