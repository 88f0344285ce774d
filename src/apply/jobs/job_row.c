/*-------------------------------------------------------------------------
 *
 * job_row.c
 *	  A job as it is in memory, and its row of _clipperf_job.
 *
 * One table of columns, job_columns[], says which field of a Job is kept in
 * which column, and how.  What is loaded, inserted and updated goes by it.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/job_row.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static const char *const job_state_names[] = {
	"queued", "waiting", "building", "verifying", "kept",
	"useless", "regressed", "reverted", "failed", "canceled"
};

StaticAssertDecl(lengthof(job_state_names) == JOB_STATES,
				 "every state has a name");

/* What a field of a Job is in C, and its column in SQL. */
typedef enum JobColumnType
{
	COLUMN_BOOL,				/* bool, boolean */
	COLUMN_WORD,				/* bool, text: one of two words */
	COLUMN_STATE,				/* JobState, text */
	COLUMN_INT4,				/* int, integer */
	COLUMN_INT8,				/* int64, bigint */
	COLUMN_FLOAT8,				/* double; 0 if NULL */
	COLUMN_TIME,				/* TimestampTz; 0 is NULL */
	COLUMN_OID,					/* Oid; InvalidOid is NULL */
	COLUMN_STRING,				/* char *, text or name; NULL is NULL */
	COLUMN_OIDS,				/* List of OIDs, oid[]; never NULL */
	COLUMN_STRINGS,				/* List of char *, text[]; never NULL */
	COLUMN_INT8_ARRAY,			/* ArrayType *; NULL is NULL */
	COLUMN_TEXT_ARRAY			/* ArrayType *; NULL is NULL */
} JobColumnType;

typedef struct JobColumn
{
	const char *name;
	JobColumnType type;
	size_t		offset;			/* of the field in Job */
	int64		null;			/* COLUMN_INT8: the value that is NULL */
	const char *no;				/* COLUMN_WORD: what stands for false */
	const char *yes;			/* and for true */
} JobColumn;

/* A column, its type, the field of Job; and what else its type needs. */
#define COLUMN(column, name, type, field, ...) \
	[JOB_COLUMN_##column] = {name, COLUMN_##type, offsetof(Job, field), __VA_ARGS__}

static const JobColumn job_columns[] = {
	COLUMN(JOB, "job", INT8, id),
	COLUMN(ACTION, "action", WORD, drop,.no = "create",.yes = "drop"),
	COLUMN(GOAL, "goal", WORD, revert,.no = "apply",.yes = "revert"),
	COLUMN(CANCEL, "cancel", STRING, cancel),
	COLUMN(STATE, "state", STATE, state),
	COLUMN(REASON, "reason", STRING, reason),
	COLUMN(RECOMMENDATION, "recommendation", INT8, recommendation,.null = 0),
	COLUMN(RELID, "relid", OID, relid),
	COLUMN(RELATION_NAME, "relation_name", STRING, relation_name),
	COLUMN(INDEX_NAME, "index_name", STRING, index_name),
	COLUMN(DDL, "ddl", STRING, ddl),
	COLUMN(INDEX_OID, "index_oid", OID, index_oid),
	COLUMN(UNDO, "undo", BOOL, undo),
	COLUMN(PART_RELID, "part_relid", OID, part_relid),
	COLUMN(PART_NAME, "part_name", STRING, part_name),
	COLUMN(PART_FROM, "part_from", FLOAT8, part_from),
	COLUMN(PART_SHARE, "part_share", FLOAT8, part_share),
	COLUMN(PARTS, "parts", OIDS, parts),
	COLUMN(TAKEN_IN, "taken_in", OIDS, taken_in),
	COLUMN(RESTORE, "restore", STRINGS, restore),
	COLUMN(TRANSACTIONAL, "transactional", BOOL, transactional),
	COLUMN(QUERYIDS, "queryids", INT8_ARRAY, queryids),
	COLUMN(SIZE_BYTES, "size_bytes", INT8, size_bytes,.null = -1),
	COLUMN(ROLE, "role", OID, role),
	COLUMN(SETTINGS, "settings", TEXT_ARRAY, settings),
	COLUMN(ATTEMPTS, "attempts", INT4, attempts),
	COLUMN(CHANGED_AT, "changed_at", TIME, changed_at),
	COLUMN(VERIFY_SINCE, "verify_since", TIME, verify_since),
	COLUMN(DATABASE, "database_oid", OID, database)
};

StaticAssertDecl(lengthof(job_columns) == JOB_COLUMNS,
				 "every column has its place");
StaticAssertDecl(JOB_COLUMNS <= 32, "a set of columns fits into uint32");

/* What clipperf_apply() knows of a job that it makes. */
#define COLUMNS_OF_NEW_JOB \
	(JOB_BIT(ACTION) | JOB_BIT(GOAL) | JOB_BIT(STATE) | JOB_BIT(REASON) | \
	 JOB_BIT(RECOMMENDATION) | JOB_BIT(RELID) | JOB_BIT(RELATION_NAME) | \
	 JOB_BIT(INDEX_NAME) | JOB_BIT(DDL) | JOB_BIT(INDEX_OID) | \
	 JOB_BIT(TRANSACTIONAL) | JOB_BIT(QUERYIDS) | JOB_BIT(SIZE_BYTES) | \
	 JOB_BIT(ROLE) | JOB_BIT(SETTINGS) | JOB_BIT(DATABASE))

/* The name of a state, as users see it. */
const char *
job_state_name(JobState state)
{
	return job_state_names[state];
}

/* The state of that name; XX000 if there is none, which a CHECK prevents. */
static JobState
state_of_name(const char *name)
{
	for (int i = 0; i < lengthof(job_state_names); i++)
		if (strcmp(job_state_names[i], name) == 0)
			return (JobState) i;
	elog(ERROR, "unknown state of a job: %s", name);
}

/* ------------------------------------------------------------------------
 * One column
 * ------------------------------------------------------------------------ */

/* The elements of an array of OIDs, or of texts as char *. */
static List *
list_of_array(Datum array, Oid type)
{
	List	   *list = NIL;
	Datum	   *elements;
	int			count;

	if (type == OIDOID)
		deconstruct_array(DatumGetArrayTypeP(array), OIDOID, sizeof(Oid), true,
						  TYPALIGN_INT, &elements, NULL, &count);
	else
		deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false,
						  TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		if (type == OIDOID)
			list = lappend_oid(list, DatumGetObjectId(elements[i]));
		else
			list = lappend(list, TextDatumGetCString(elements[i]));
	return list;
}

/* An argument that is an array of OIDs. */
static SqlArg
oid_array_arg(const List *oids)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(oids), 1));
	ListCell   *lc;

	foreach(lc, oids)
		elements[foreach_current_index(lc)] = ObjectIdGetDatum(lfirst_oid(lc));
	return arg_datum(OIDARRAYOID,
					 PointerGetDatum(construct_array(elements, list_length(oids),
													 OIDOID, sizeof(Oid), true,
													 TYPALIGN_INT)),
					 false);
}

/* An argument that is an array of texts. */
static SqlArg
text_array_arg(const List *strings)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(strings), 1));
	ListCell   *lc;

	foreach(lc, strings)
		elements[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	return arg_datum(TEXTARRAYOID,
					 PointerGetDatum(construct_array(elements,
													 list_length(strings),
													 TEXTOID, -1, false,
													 TYPALIGN_INT)),
					 false);
}

/* Read a column from the first row of the last result into the job. */
static void
read_job_column(Job *job, JobColumnNumber number)
{
	const JobColumn *column = &job_columns[number];
	void	   *field = (char *) job + column->offset;
	int			position = number + 1;
	bool		isnull = own_isnull(0, position);
	Datum		value = own_datum(0, position);

	Assert(strcmp(SPI_fname(SPI_tuptable->tupdesc, position), column->name) == 0);
	switch (column->type)
	{
		case COLUMN_BOOL:
			*(bool *) field = DatumGetBool(value);
			break;
		case COLUMN_WORD:
			*(bool *) field = strcmp(own_string(0, position),
									 column->yes) == 0;
			break;
		case COLUMN_STATE:
			*(JobState *) field = state_of_name(own_string(0, position));
			break;
		case COLUMN_INT4:
			*(int *) field = DatumGetInt32(value);
			break;
		case COLUMN_INT8:
			*(int64 *) field = isnull ? column->null : DatumGetInt64(value);
			break;
		case COLUMN_FLOAT8:
			*(double *) field = isnull ? 0 : DatumGetFloat8(value);
			break;
		case COLUMN_TIME:
			*(TimestampTz *) field = isnull ? 0 : DatumGetTimestampTz(value);
			break;
		case COLUMN_OID:
			*(Oid *) field = isnull ? InvalidOid : DatumGetObjectId(value);
			break;
		case COLUMN_STRING:
			*(char **) field = own_string(0, position);
			break;
		case COLUMN_OIDS:
			*(List **) field = list_of_array(value, OIDOID);
			break;
		case COLUMN_STRINGS:
			*(List **) field = list_of_array(value, TEXTOID);
			break;
		case COLUMN_INT8_ARRAY:
		case COLUMN_TEXT_ARRAY:
			*(ArrayType **) field = isnull ? NULL : DatumGetArrayTypePCopy(value);
			break;
	}
}

/* A column as the argument that stores what is in the job. */
static SqlArg
column_arg(const Job *job, JobColumnNumber number)
{
	const JobColumn *column = &job_columns[number];
	const void *field = (const char *) job + column->offset;

	switch (column->type)
	{
		case COLUMN_BOOL:
			return arg_bool(*(const bool *) field);
		case COLUMN_WORD:
			return arg_text(*(const bool *) field ? column->yes : column->no);
		case COLUMN_STATE:
			return arg_text(job_state_name(*(const JobState *) field));
		case COLUMN_INT4:
			return arg_int4(*(const int *) field);
		case COLUMN_INT8:
			return arg_datum(INT8OID, Int64GetDatum(*(const int64 *) field),
							 *(const int64 *) field == column->null);
		case COLUMN_FLOAT8:
			return arg_float8(*(const double *) field);
		case COLUMN_TIME:
			return arg_datum(TIMESTAMPTZOID,
							 TimestampTzGetDatum(*(const TimestampTz *) field),
							 *(const TimestampTz *) field == 0);
		case COLUMN_OID:
			return arg_oid(*(const Oid *) field);
		case COLUMN_STRING:
			return arg_text(*(char *const *) field);
		case COLUMN_OIDS:
			return oid_array_arg(*(List *const *) field);
		case COLUMN_STRINGS:
			return text_array_arg(*(List *const *) field);
		case COLUMN_INT8_ARRAY:
		case COLUMN_TEXT_ARRAY:
			return arg_datum(column->type == COLUMN_INT8_ARRAY ? INT8ARRAYOID :
							 TEXTARRAYOID,
							 PointerGetDatum(*(ArrayType *const *) field),
							 *(ArrayType *const *) field == NULL);
	}
	elog(ERROR, "unknown type of a column: %d", (int) column->type);
}

/* ------------------------------------------------------------------------
 * The row
 * ------------------------------------------------------------------------ */

/*
 * The job, palloc'd in "context"; NULL if there is none of this number.  Needs
 * what job_begin() opens, as all functions here do.
 */
Job *
job_load(int64 id, MemoryContext context)
{
	SqlArg		args[] = {arg_int8(id)};
	StringInfoData statement;
	MemoryContext old;
	Job		   *job;

	initStringInfo(&statement);
	for (int i = 0; i < JOB_COLUMNS; i++)
		appendStringInfo(&statement, "%s %s", i == 0 ? "SELECT" : ",",
						 job_columns[i].name);
	appendStringInfoString(&statement,
						   " FROM @extschema@._clipperf_job WHERE job = $1");
	own_sql(statement.data, lengthof(args), args);
	if (SPI_processed == 0)
		return NULL;
	old = MemoryContextSwitchTo(context);
	job = palloc0(sizeof(Job));
	job->table = own_table("_clipperf_job");
	Assert(SPI_tuptable->tupdesc->natts == JOB_COLUMNS);
	for (int i = 0; i < JOB_COLUMNS; i++)
		read_job_column(job, (JobColumnNumber) i);
	MemoryContextSwitchTo(old);
	return job;
}

/* Store a new job of this database and set its id. */
void
job_insert(Job *job)
{
	SqlArg		args[JOB_COLUMNS];
	int			nargs = 0;
	StringInfoData names;
	StringInfoData values;

	job->database = MyDatabaseId;
	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = 0; i < JOB_COLUMNS; i++)
	{
		const char *separator = nargs == 0 ? "" : ", ";

		if ((COLUMNS_OF_NEW_JOB & ((uint32) 1 << i)) == 0)
			continue;
		args[nargs++] = column_arg(job, (JobColumnNumber) i);
		appendStringInfo(&names, "%s%s", separator, job_columns[i].name);
		appendStringInfo(&values, "%s$%d", separator, nargs);
	}
	own_sql(psprintf("INSERT INTO @extschema@._clipperf_job (%s) VALUES (%s)"
					 " RETURNING job", names.data, values.data), nargs, args);
	job->id = DatumGetInt64(own_datum(0, 1));
	job->table = own_table("_clipperf_job");
}

/*
 * Error 42P01 if the job's table is another one by now: the extension was
 * dropped and re-created, and the job's number means another job.
 */
void
job_row_require_table(const Job *job)
{
	if (own_table("_clipperf_job") != job->table)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("job %lld was dropped with extension \"clipperf\"",
						(long long) job->id)));
}

/*
 * Store these columns as they are in the job, and set others by "sets":
 * assignments in SQL, NULL if there are none, whose arguments count from $2.
 * Nothing happens if the job is gone; error 42P01 if its table is.
 */
void
job_row_update(const Job *job, uint32 columns, const char *sets,
			   int nargs, const SqlArg *args)
{
	SqlArg	   *all = palloc(sizeof(SqlArg) * (1 + nargs + JOB_COLUMNS));
	int			nall = 0;
	const char *separator = "";
	StringInfoData statement;

	job_row_require_table(job);
	all[nall++] = arg_int8(job->id);
	for (int i = 0; i < nargs; i++)
		all[nall++] = args[i];
	initStringInfo(&statement);
	appendStringInfoString(&statement, "UPDATE @extschema@._clipperf_job SET ");
	for (int i = 0; i < JOB_COLUMNS; i++)
	{
		if ((columns & ((uint32) 1 << i)) == 0)
			continue;
		all[nall++] = column_arg(job, (JobColumnNumber) i);
		appendStringInfo(&statement, "%s%s = $%d", separator,
						 job_columns[i].name, nall);
		separator = ", ";
	}
	if (sets != NULL)
		appendStringInfo(&statement, "%s%s", separator, sets);
	appendStringInfoString(&statement, " WHERE job = $1");
	own_sql(statement.data, nall, all);
}
