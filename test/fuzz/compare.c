/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Writes an answer down so that equal answers are equal strings.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The first oid of objects that users make: these differ between servers. */
#define FIRST_USER_OID	16384

/* Numbers of so many digits in messages may be oids. */
#define OID_DIGITS		5

/* How much of one value is written down; of the rest its hash is. */
#define SHOWN_BYTES		200

/*
 * Append a message with the numbers masked that may be oids.
 */
void
answer_add_message(Text *answer, const char *message)
{
	while (message != NULL && *message != '\0')
	{
		size_t		digits = strspn(message, "0123456789");

		if (digits >= OID_DIGITS)
			text_add(answer, "<number>");
		else if (digits > 0)
			text_add(answer, "%.*s", (int) digits, message);
		else
			text_add(answer, "%c", *message);
		message += digits > 0 ? digits : 1;
	}
}

/*
 * Append a value; unprintable bytes in hexadecimal.
 */
void
answer_add_value(Text *answer, const unsigned char *value, int length)
{
	uint64_t	hash = UINT64_C(0xcbf29ce484222325);

	text_add(answer, "|");
	for (int i = 0; i < length && i < SHOWN_BYTES; i++)
		text_add(answer, value[i] >= ' ' && value[i] < 127 ? "%c" : "\\x%02x", value[i]);
	for (int i = SHOWN_BYTES; i < length; i++)
		hash = (hash ^ value[i]) * UINT64_C(0x100000001b3);
	if (length > SHOWN_BYTES)
		text_add(answer, "...(%d bytes, %016llx)", length, (unsigned long long) hash);
}

/*
 * qsort() of strings.
 */
static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * Append the rows, sorted when their order does not matter.
 */
static void
add_rows(Text *answer, const PGresult * result, bool sorted)
{
	int			nrows = PQntuples(result);
	char	  **rows = must_alloc(nrows * sizeof(char *));

	for (int row = 0; row < nrows; row++)
	{
		Text		line = {0};

		text_add(&line, "  ");
		for (int column = 0; column < PQnfields(result); column++)
		{
			Oid			type = PQftype(result, column);

			/*
			 * Binary forms of composite types and arrays hold the oids of
			 * types.
			 */
			if (PQfformat(result, column) == 1 && type >= FIRST_USER_OID)
				text_add(&line, "|<%s>", PQgetisnull(result, row, column) ? "NULL" : "binary");
			else if (PQgetisnull(result, row, column))
				text_add(&line, "|NULL");
			else
				answer_add_value(&line, (const unsigned char *) PQgetvalue(result, row, column),
								 PQgetlength(result, row, column));
		}
		rows[row] = line.data;
	}
	if (sorted)
		qsort(rows, nrows, sizeof(char *), compare_strings);
	for (int row = 0; row < nrows; row++)
	{
		text_add(answer, "%s\n", rows[row]);
		free(rows[row]);
	}
	free(rows);
}

/*
 * Append a result to an answer.
 */
void
answer_add(Text *answer, const PGresult * result, Judgement judgement)
{
	ExecStatusType status = PQresultStatus(result);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (status == PGRES_FATAL_ERROR)
	{
		text_add(answer, "ERROR %s", state ? state : "connection lost");
		if (judgement != COMPARE_STATE && state != NULL)
		{
			text_add(answer, ": ");
			answer_add_message(answer, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
		}
		text_add(answer, "\n");
		return;
	}
	if (judgement == COMPARE_STATE)
	{
		text_add(answer, "00000\n");
		return;
	}
	text_add(answer, "%s, %s, %s rows\n", PQresStatus(status), PQcmdStatus((PGresult *) result),
			 PQcmdTuples((PGresult *) result));
	for (int column = 0; column < PQnfields(result); column++)
	{
		Oid			type = PQftype(result, column);

		text_add(answer, "%s%s:%u/%d", column > 0 ? ", " : "  ", PQfname(result, column),
				 type >= FIRST_USER_OID ? 0 : type, PQfmod(result, column));
	}
	if (PQnfields(result) > 0)
		text_add(answer, "\n");
	add_rows(answer, result, judgement == COMPARE_SET);
}
