/*-------------------------------------------------------------------------
 *
 * loop_bind.c
 *	  From a row to the text and the parameters of a child.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/*
 * The value of a named column; NULL for SQL NULL.  Ends the program when
 * there is no such column.
 */
const char *
column_value(const PGresult *rows, int row, const char *column)
{
	int			number = PQfnumber(rows, column);

	if (number < 0)
		die("the rows have no column \"%s\"", column);
	return PQgetisnull(rows, row, number) ? NULL : PQgetvalue(rows, row, number);
}

/*
 * A statement's text: ":list" replaced by so many parameters that follow the
 * bound ones, and the comment appended.  The caller frees it.
 */
char *
loop_text(const Loop *loop, const Step *step, const char *sql, int list_count)
{
	const char *place = step == NULL ? NULL : strstr(sql, ":list");
	Text		text = {0};
	char		parameter[32];

	text_append(&text, sql, place == NULL ? strlen(sql) : (size_t) (place - sql));
	for (int i = 1; place != NULL && i <= list_count; i++)
	{
		snprintf(parameter, sizeof(parameter), "%s$%d", i > 1 ? ", " : "", step->nbinds + i);
		text_add(&text, parameter);
	}
	if (place != NULL)
		text_add(&text, place + strlen(":list"));
	if (loop->comment != NULL)
	{
		text_add(&text, " ");
		text_add(&text, loop->comment);
	}
	return text.data;
}

/*
 * Room for so many parameters, all NULL and of unknown type.
 */
void
args_init(Args *args, int count)
{
	args->count = count;
	args->values = must_alloc(count * sizeof(char *));
	args->types = must_alloc(count * sizeof(Oid));
}

/*
 * Free the room; the values belong to others.
 */
void
args_free(Args *args)
{
	free(args->values);
	free(args->types);
}

/*
 * Fill in the first parameters from a row and constants.
 */
void
bind_args(Args *args, const Bind *binds, int count, const PGresult *rows, int row)
{
	for (int i = 0; i < count; i++)
	{
		args->values[i] = binds[i].column == NULL ? binds[i].value :
			column_value(rows, row, binds[i].column);
		args->types[i] = binds[i].type;
	}
}

/*
 * How many parameters ":list" stands for at this row; 0 when the row is part
 * of an earlier row's list.
 */
int
list_length(const Step *step, const PGresult *rows, int row)
{
	int			total = PQntuples(rows);
	int			chunk = step->list_rows > 0 ? step->list_rows : total;

	if (step->list_kind == LIST_CYCLE)
		return 1 + row % step->list_count;
	if (row % chunk != 0)
		return 0;
	return total - row < chunk ? total - row : chunk;
}

/*
 * Fill in the parameters that ":list" stands for, all that follow the bound
 * ones.
 */
void
bind_list(Args *args, const Step *step, const PGresult *rows, int row)
{
	for (int i = step->nbinds; i < args->count; i++)
	{
		int			member = i - step->nbinds;

		args->values[i] = step->list_kind == LIST_CYCLE ? step->list_values[member] :
			column_value(rows, row + member, step->list_column);
		args->types[i] = step->list_type;
	}
}

/*
 * A column of all rows as an array's text; the caller frees it.
 */
char *
column_array(const PGresult *rows, const char *column)
{
	Text		text = {0};

	text_add(&text, "{");
	for (int row = 0; row < PQntuples(rows); row++)
	{
		const char *value = column_value(rows, row, column);

		if (value == NULL)
			continue;
		text_add(&text, text.length > 1 ? ",\"" : "\"");
		for (; *value != '\0'; value++)
		{
			if (*value == '"' || *value == '\\')
				text_add(&text, "\\");
			text_append(&text, value, 1);
		}
		text_add(&text, "\"");
	}
	text_add(&text, "}");
	return text.data;
}

/*
 * The value that --distinct looks at: the first parameter from a column.
 */
static const char *
identity_value(const Step *step, const PGresult *rows, int row)
{
	for (int i = 0; i < step->nbinds; i++)
	{
		if (step->binds[i].column != NULL)
			return column_value(rows, row, step->binds[i].column);
	}
	return NULL;
}

/*
 * Has the child run for this value?  Remembers it if not.
 */
static bool
seen_before(Step *step, const char *value)
{
	for (int i = 0; i < step->nseen; i++)
	{
		if (strcmp(step->seen[i], value) == 0)
			return true;
	}
	step->seen = must_realloc(step->seen, (step->nseen + 1) * sizeof(char *));
	step->seen[step->nseen++] = must_strdup(value);
	return false;
}

/*
 * Does a child run for this row (--only, --list, --distinct)?
 */
bool
step_wants_row(const Loop *loop, Step *step, const PGresult *rows, int row)
{
	const char *value;

	if (step->only_column != NULL)
	{
		value = column_value(rows, row, step->only_column);
		if (value == NULL || strcmp(value, step->only_value) != 0)
			return false;
	}
	if (step->list_kind != LIST_NONE && list_length(step, rows, row) == 0)
		return false;
	value = loop->distinct ? identity_value(step, rows, row) : NULL;
	return value == NULL || !seen_before(step, value);
}
