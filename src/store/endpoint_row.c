/*-------------------------------------------------------------------------
 *
 * endpoint_row.c
 *	  A row of clipperf_endpoints, read and checked.
 *
 * The trigger of the table raises what is wrong with a row as an error.  Rows
 * that came in without it, where triggers were disabled, are passed over later.
 *
 *-------------------------------------------------------------------------
 */
#include "store/endpoint_row.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/histogram.h"

/* Columns of the table, as sql/endpoints.sql has them. */
typedef enum EndpointColumn
{
	ENDPOINT_NAME = 1,
	ENDPOINT_ROUTES,
	ENDPOINT_STATEMENTS,
	ENDPOINT_MEASURED,
	ENDPOINT_TARGET_MS,
	ENDPOINT_TARGET_SHARE,
	ENDPOINT_MAX_ERROR_SHARE,
	ENDPOINT_MIN_REQUESTS_PER_SECOND,
	ENDPOINT_MAX_STATEMENTS,
	ENDPOINT_MIN_BAD,
	ENDPOINT_COLUMNS = ENDPOINT_MIN_BAD
} EndpointColumn;

/* Longest target in milliseconds: longer times are not told apart. */
#define MAX_TARGET_MS	((double) (INT64CONST(1) << HISTOGRAM_OCTAVES) / 1000.0)

/* The row and where it is read to. */
typedef struct EndpointRow
{
	Datum		values[ENDPOINT_COLUMNS];
	bool		nulls[ENDPOINT_COLUMNS];
	int			elevel;
	EndpointRule *rule;
} EndpointRow;

static inline bool
is_null(const EndpointRow *row, EndpointColumn column)
{
	return row->nulls[column - 1];
}

static inline Datum
value_of(const EndpointRow *row, EndpointColumn column)
{
	return row->values[column - 1];
}

/* Names of columns in messages. */
static const char *
endpoint_column_name(EndpointColumn column)
{
	static const char *const names[] = {
		"name", "routes", "statements", "measured", "target_ms", "target_share",
		"max_error_share", "min_requests_per_second", "max_statements", "min_bad"
	};

	return names[column - 1];
}

/* Raise an error about the value of a column. */
static bool
refuse_value(const EndpointRow *row, EndpointColumn column, const char *detail)
{
	ereport(row->elevel,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid \"%s\" of endpoint \"%s\"", endpoint_column_name(column),
					row->rule->name),
			 errdetail("%s", detail)));
	return false;
}

/* Read the name. */
static bool
read_endpoint_name(EndpointRow *row)
{
	char	   *name;

	if (is_null(row, ENDPOINT_NAME))
	{
		ereport(row->elevel,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("\"name\" of an endpoint must not be null")));
		return false;
	}
	name = text_to_cstring(DatumGetTextPP(value_of(row, ENDPOINT_NAME)));
	strlcpy(row->rule->name, name, NAMEDATALEN);
	if (name[0] == '\0')
		return refuse_value(row, ENDPOINT_NAME, "It must not be empty.");
	if (strlen(name) < NAMEDATALEN)
		return true;
	row->rule->name[pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1)] = '\0';
	ereport(row->elevel,
			(errcode(ERRCODE_NAME_TOO_LONG),
			 errmsg("name of endpoint \"%s...\" is too long", row->rule->name),
			 errdetail("Names have at most %d bytes.", NAMEDATALEN - 1)));
	return false;
}

/* Does a pattern end with a backslash that quotes nothing? */
static bool
quotes_nothing(const char *pattern)
{
	for (; *pattern != '\0'; pattern++)
	{
		if (*pattern == '\\' && *++pattern == '\0')
			return true;
	}
	return false;
}

/* Read one pattern of a column. */
static bool
read_pattern(EndpointRow *row, EndpointColumn column, const char *pattern)
{
	if (pattern[0] == '\0')
		return refuse_value(row, column, "A pattern must not be empty.");
	if (quotes_nothing(pattern))
	{
		ereport(row->elevel,
				(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
				 errmsg("invalid \"%s\" of endpoint \"%s\"", endpoint_column_name(column),
						row->rule->name),
				 errdetail("LIKE pattern \"%s\" must not end with escape character.", pattern),
				 errhint("Write two backslashes for one.")));
		return false;
	}
	if (endpoint_rule_add_pattern(row->rule, pattern))
		return true;
	ereport(row->elevel,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("patterns of endpoint \"%s\" are too long", row->rule->name),
			 errdetail("All patterns of an endpoint take at most %d bytes, one more for each pattern.",
					   ENDPOINT_PATTERN_BYTES),
			 errhint("Let one pattern stand for several, or make several endpoints.")));
	return false;
}

/* Read the patterns of a column, and how many there are. */
static bool
read_patterns(EndpointRow *row, EndpointColumn column, uint16 *read)
{
	Datum	   *patterns;
	bool	   *nulls;
	int			count;

	if (is_null(row, column))
		return true;
	deconstruct_array(DatumGetArrayTypeP(value_of(row, column)), TEXTOID, -1,
					  false, TYPALIGN_INT, &patterns, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			return refuse_value(row, column, "A pattern must not be null.");
		if (!read_pattern(row, column, TextDatumGetCString(patterns[i])))
			return false;
		(*read)++;
	}
	return true;
}

/* Read which requests belong to it. */
static bool
read_membership(EndpointRow *row)
{
	if (!read_patterns(row, ENDPOINT_ROUTES, &row->rule->route_patterns) ||
		!read_patterns(row, ENDPOINT_STATEMENTS, &row->rule->statement_patterns))
		return false;
	if (row->rule->route_patterns + row->rule->statement_patterns > 0)
		return true;
	ereport(row->elevel,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no request belongs to endpoint \"%s\"", row->rule->name),
			 errdetail("It has neither \"routes\" nor \"statements\"."),
			 errhint("routes => '{%%}' are all requests, also those without a route.")));
	return false;
}

/* Which time is compared with the target? */
static bool
read_measured(EndpointRow *row)
{
	char	   *measured = is_null(row, ENDPOINT_MEASURED) ? "" :
		TextDatumGetCString(value_of(row, ENDPOINT_MEASURED));

	if (strcmp(measured, "span") == 0)
		row->rule->time = ENDPOINT_SPAN;
	else if (strcmp(measured, "database") == 0)
		row->rule->time = ENDPOINT_DATABASE;
	else
		return refuse_value(row, ENDPOINT_MEASURED,
							"It must be \"span\" or \"database\".");
	return true;
}

/* Is a number that may be missing between two others, these excluded? */
static bool
is_between(const EndpointRow *row, EndpointColumn column, double low, double high)
{
	double		value;

	if (is_null(row, column))
		return true;
	value = DatumGetFloat8(value_of(row, column));
	return isfinite(value) && value > low && value < high;
}

/* Read the times, shares and numbers. */
static bool
read_limits(EndpointRow *row)
{
	EndpointRule *rule = row->rule;

	if (!is_between(row, ENDPOINT_TARGET_MS, 0, MAX_TARGET_MS))
		return refuse_value(row, ENDPOINT_TARGET_MS,
							"It must be greater than 0, and less than 71 minutes.");
	if (is_null(row, ENDPOINT_TARGET_SHARE) ||
		!is_between(row, ENDPOINT_TARGET_SHARE, 0, 1))
		return refuse_value(row, ENDPOINT_TARGET_SHARE,
							"It must be between 0 and 1, such as 0.95: where no request may miss the target, nothing is left to be spent.");
	if (!is_between(row, ENDPOINT_MAX_ERROR_SHARE, 0, 1))
		return refuse_value(row, ENDPOINT_MAX_ERROR_SHARE,
							"It must be between 0 and 1, such as 0.01, or null.");
	if (!is_between(row, ENDPOINT_MIN_REQUESTS_PER_SECOND, 0, 1e9))
		return refuse_value(row, ENDPOINT_MIN_REQUESTS_PER_SECOND,
							"It must be greater than 0, or null.");
	if (!is_null(row, ENDPOINT_MAX_STATEMENTS) &&
		DatumGetInt32(value_of(row, ENDPOINT_MAX_STATEMENTS)) < 1)
		return refuse_value(row, ENDPOINT_MAX_STATEMENTS,
							"It must be at least 1, or null.");
	if (is_null(row, ENDPOINT_MIN_BAD) ||
		DatumGetInt32(value_of(row, ENDPOINT_MIN_BAD)) < 1)
		return refuse_value(row, ENDPOINT_MIN_BAD, "It must be at least 1.");
	rule->target_us = is_null(row, ENDPOINT_TARGET_MS) ? -1 :
		(int64) floor(DatumGetFloat8(value_of(row, ENDPOINT_TARGET_MS)) * 1000);
	rule->most_statements = is_null(row, ENDPOINT_MAX_STATEMENTS) ? 0 :
		DatumGetInt32(value_of(row, ENDPOINT_MAX_STATEMENTS));
	return true;
}

/* Is there anything to be met? */
static bool
has_objective(const EndpointRow *row)
{
	if (!is_null(row, ENDPOINT_TARGET_MS) ||
		!is_null(row, ENDPOINT_MAX_ERROR_SHARE) ||
		!is_null(row, ENDPOINT_MIN_REQUESTS_PER_SECOND) ||
		!is_null(row, ENDPOINT_MAX_STATEMENTS))
		return true;
	ereport(row->elevel,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("endpoint \"%s\" has no objective", row->rule->name),
			 errhint("Set at least one of \"target_ms\", \"max_error_share\", \"min_requests_per_second\", and \"max_statements\".")));
	return false;
}

/*
 * Make the rule of a row.  What is wrong with the row is raised at that level:
 * below ERROR, the rule is not to be used, and false is returned.
 */
bool
endpoint_row_read(HeapTuple tuple, TupleDesc desc, int elevel,
				  EndpointRule *rule)
{
	EndpointRow row = {.elevel = elevel,.rule = rule};

	memset(rule, 0, sizeof(*rule));
	rule->dbid = MyDatabaseId;
	rule->is_utf8 = GetDatabaseEncoding() == PG_UTF8;
	for (int i = 0; i < ENDPOINT_COLUMNS; i++)
		row.values[i] = heap_getattr(tuple, i + 1, desc, &row.nulls[i]);
	return read_endpoint_name(&row) && read_membership(&row) &&
		read_measured(&row) && read_limits(&row) && has_objective(&row);
}
