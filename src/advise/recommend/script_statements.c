/*-------------------------------------------------------------------------
 *
 * script_statements.c
 *	  The statements of a script, as clipperf_recommend_for() takes them.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "utils/builtins.h"

#include "advise/indexes/index_statement.h"
#include "common/result_rows.h"

PGDLLEXPORT Datum clipperf_script_statements(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_script_statements);

#define SCRIPT_COLUMNS 2

/*
 * Where a statement begins behind "from": the parser counts blanks and comments
 * before a statement as its own.
 */
static const char *
skip_to_statement(const char *from, const char *end)
{
	while (from < end)
	{
		int			depth = 0;

		if (scanner_isspace(*from))
			from++;
		else if (strncmp(from, "--", 2) == 0)
			from += strcspn(from, "\r\n");
		else if (strncmp(from, "/*", 2) == 0)
		{
			do
			{
				bool		opens = strncmp(from, "/*", 2) == 0;
				bool		closes = strncmp(from, "*/", 2) == 0;

				depth += opens - closes;
				from += opens || closes ? 2 : 1;
			} while (depth > 0 && from < end);
		}
		else
			break;
	}
	return Min(from, end);
}

/*
 * clipperf_script_statements(script): each statement with the line that it begins
 * on, from 1.  A script that the parser does not take raises its error, with the
 * position in the script.
 */
Datum
clipperf_script_statements(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *script = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *script_end = script + strlen(script);
	const char *counted = script;
	int			line = 1;
	IndexStatementGuard guard;
	List	   *statements;
	ListCell   *lc;

	result_begin_rows(fcinfo, SCRIPT_COLUMNS);
	index_statement_guard(&guard, script);
	statements = raw_parser(script, RAW_PARSE_DEFAULT);
	index_statement_unguard(&guard);
	foreach(lc, statements)
	{
		RawStmt    *raw = lfirst_node(RawStmt, lc);
		const char *end = raw->stmt_len > 0 ?
			script + raw->stmt_location + raw->stmt_len : script_end;
		const char *begin = skip_to_statement(script + raw->stmt_location, end);
		Datum		values[SCRIPT_COLUMNS];
		bool		nulls[SCRIPT_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		for (; counted < begin; counted++)
			line += *counted == '\n';
		values[0] = Int32GetDatum(line);
		values[1] = PointerGetDatum(cstring_to_text_with_len(begin, end - begin));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
