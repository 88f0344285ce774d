/*-------------------------------------------------------------------------
 *
 * gen_portal.c
 *	  Statements and portals by single messages of the protocol: portals that
 *	  are suspended, abandoned, executed again or closed in any order.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Names of statements and portals; the first is the unnamed one. */
#define NAMES			4

/* The first so many statements of add_parse() return rows. */
#define ROWS_STATEMENTS	5

/* One in so many names is that of a statement or portal that may not be there. */
#define WRONG_NAMES		12

static const char *const names[NAMES] = {"", "one", "two", "three"};

/* The messages of a step, as bytes and for people, and what they have made. */
typedef struct Messages
{
	int			parsed[NAMES];	/* parameters of a statement; -1: none there */
	bool		bound[NAMES];	/* portals */
	Text		bytes;
	Text		shown;
	size_t		start;			/* of the message that is being written */
	int			syncs;
} Messages;

/*
 * Begin a message of this type.
 */
static void
message_begin(Messages *messages, char type)
{
	messages->start = messages->bytes.length;
	text_add_bytes(&messages->bytes, &type, 1);
	text_add_bytes(&messages->bytes, "\0\0\0\0", 4);
}

/*
 * End it: its length is known now.
 */
static void
message_end(Messages *messages)
{
	uint32_t	length = htonl((uint32_t) (messages->bytes.length - messages->start - 1));

	memcpy(messages->bytes.data + messages->start + 1, &length, sizeof(length));
}

/*
 * Append to a message: a string with its zero, an integer of two bytes, of four.
 */
static void
add_string(Messages *messages, const char *string)
{
	text_add_bytes(&messages->bytes, string, strlen(string) + 1);
}

static void
add_int16(Messages *messages, int value)
{
	uint16_t	bytes = htons((uint16_t) value);

	text_add_bytes(&messages->bytes, &bytes, sizeof(bytes));
}

static void
add_int32(Messages *messages, int value)
{
	uint32_t	bytes = htonl((uint32_t) value);

	text_add_bytes(&messages->bytes, &bytes, sizeof(bytes));
}

/*
 * The number of a statement that is there, or now and then of another.
 */
static int
some_statement(const Messages *messages)
{
	int			number = random_below(NAMES);

	for (int i = 0; i < NAMES && messages->parsed[number] < 0 && !one_in(WRONG_NAMES); i++)
		number = (number + 1) % NAMES;
	return number;
}

/*
 * The same for a portal.
 */
static int
some_portal(const Messages *messages)
{
	int			number = random_below(NAMES);

	for (int i = 0; i < NAMES && !messages->bound[number] && !one_in(WRONG_NAMES); i++)
		number = (number + 1) % NAMES;
	return number;
}

/*
 * Describe or Close: a statement ('S') or a portal ('P').
 */
static void
add_about(Messages *messages, char type, char what, int number)
{
	text_add(&messages->shown, "%s %c \"%s\"\n", type == 'C' ? "close" : "describe", what, names[number]);
	message_begin(messages, type);
	text_add_bytes(&messages->bytes, &what, 1);
	add_string(messages, names[number]);
	message_end(messages);
	if (type == 'C' && what == 'P')
		messages->bound[number] = false;
	else if (type == 'C')
		messages->parsed[number] = -1;
}

/*
 * Parse: the statement has one parameter or none.
 */
static void
add_parse(Messages *messages, const Maker *maker)
{
	static const char *const statements[] = {
		"SELECT n, t FROM %s WHERE n < $1 ORDER BY n", "SELECT n, t FROM %s WHERE n = $1 ORDER BY n",
		"SELECT t, n FROM %s ORDER BY n", "SELECT n, name_of(n) FROM %s ORDER BY n",
		"WITH w AS (UPDATE %s SET t = t || 'w' WHERE n < $1 RETURNING n, t) SELECT n, t FROM w ORDER BY n",
		"UPDATE %s SET t = t || 'w' WHERE n < $1 RETURNING 'w'", "SELECT n, 1 / (n - $1) FROM %s ORDER BY n",
		"DELETE FROM %s WHERE n = 100 + $1", "WITH w AS (UPDATE %s SET t = t WHERE n < $1 RETURNING n) SELECT n FROM w ORDER BY n",
		"BEGIN", "COMMIT", "SHOW work_mem", "", "SELECT syntax error", "EXPLAIN (COSTS OFF) SELECT 1", "SAVEPOINT s",
		"ROLLBACK TO s", "FETCH 2 FROM two", "SELECT t FROM %s WHERE n = $1 /*traceparent="
		"'00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/"
	};
	int			number = random_below(NAMES);
	const char *statement = one_in(3) ? PICK(statements) : statements[random_below(ROWS_STATEMENTS)];
	const char *at = strstr(statement, "%s");
	char	   *sql = at == NULL ? must_copy(statement)
		: format_text("%.*s%s%s", (int) (at - statement), statement, any_table(maker)->name, at + 2);

	if (number > 0 && messages->parsed[number] >= 0 && !one_in(WRONG_NAMES))
		add_about(messages, 'C', 'S', number);
	messages->parsed[number] = strstr(sql, "$1") != NULL;
	text_add(&messages->shown, "parse \"%s\" %s\n", names[number], sql);
	message_begin(messages, 'P');
	add_string(messages, names[number]);
	add_string(messages, sql);
	add_int16(messages, 0);
	message_end(messages);
	free(sql);
}

/*
 * Bind: a portal of a statement, whose parameter is given as text or binary.
 */
static void
add_bind(Messages *messages)
{
	int			statement = some_statement(messages);
	int			portal = random_below(NAMES);
	int			value = random_below(40);
	int			count = messages->parsed[statement] < 0 || one_in(20) ? 1 : messages->parsed[statement];
	bool		binary = one_in(2);
	bool		binary_result = one_in(3);
	char		digits[20];

	if (portal > 0 && messages->bound[portal] && !one_in(WRONG_NAMES))
		add_about(messages, 'C', 'P', portal);
	messages->bound[portal] = true;
	text_add(&messages->shown, "bind portal \"%s\" to \"%s\", %d values: %d%s%s\n", names[portal], names[statement], count, value,
			 binary ? " in binary" : "", binary_result ? ", result in binary" : "");
	message_begin(messages, 'B');
	add_string(messages, names[portal]);
	add_string(messages, names[statement]);
	add_int16(messages, 1);
	add_int16(messages, binary);
	add_int16(messages, count);
	if (count > 0 && binary)
	{
		add_int32(messages, 4);
		add_int32(messages, value);
	}
	else if (count > 0)
	{
		snprintf(digits, sizeof(digits), "%d", value);
		add_int32(messages, (int) strlen(digits));
		text_add_bytes(&messages->bytes, digits, strlen(digits));
	}
	add_int16(messages, 1);
	add_int16(messages, binary_result);
	message_end(messages);
}

/*
 * Execute: a portal, for some rows or all.
 */
static void
add_execute(Messages *messages)
{
	const char *portal = names[some_portal(messages)];
	int			rows = random_below(6);

	text_add(&messages->shown, "execute \"%s\" for %d rows\n", portal, rows);
	message_begin(messages, 'E');
	add_string(messages, portal);
	add_int32(messages, rows);
	message_end(messages);
}

/*
 * Sync, or a query or a function call by protocols of their own, after which
 * the server gets ready.
 */
static void
add_sync(Messages *messages)
{
	static const char *const queries[] = {
		"SELECT t FROM users WHERE n = 3 ORDER BY n", "BEGIN", "COMMIT", "ROLLBACK", "SELECT n, t FROM users ORDER BY n LIMIT 4; SELECT 1/0"
	};
	const char *query = PICK(queries);

	message_begin(messages, 'S');
	message_end(messages);
	messages->syncs++;
	text_add(&messages->shown, "sync\n");
	if (one_in(4))
	{
		message_begin(messages, 'Q');
		add_string(messages, query);
		message_end(messages);
		messages->syncs++;
		text_add(&messages->shown, "query %s\n", query);
	}
	if (one_in(6))
	{
		message_begin(messages, 'F');
		add_int32(messages, 177);	/* int4pl() */
		add_int16(messages, 1);
		add_int16(messages, 1);
		add_int16(messages, 2);
		for (int i = 0; i < 2; i++)
		{
			add_int32(messages, 4);
			add_int32(messages, i);
		}
		add_int16(messages, 1);
		message_end(messages);
		messages->syncs++;
		text_add(&messages->shown, "function call\n");
	}
}

/*
 * Describe or close one of the statements or portals.
 */
static void
add_about_some(Messages *messages)
{
	char		type = one_in(3) ? 'C' : 'D';

	if (one_in(3))
		add_about(messages, type, 'S', some_statement(messages));
	else
		add_about(messages, type, 'P', some_portal(messages));
}

/*
 * Add a step of some messages, which know what those before them have made.
 */
static void
add_messages(Maker *maker, Messages *messages)
{
	int			count = 4 + random_below(20);
	Step	   *step;

	memset(&messages->bytes, 0, sizeof(Text));
	memset(&messages->shown, 0, sizeof(Text));
	messages->syncs = 0;
	text_add(&messages->shown, "-- messages, ORDER BY:\n");
	for (int i = 0; i < count; i++)
	{
		/* First two statements, a portal of one, and its execution. */
		static const int beginning[] = {0, 0, 3, 6};

		switch (i < 4 ? beginning[i] : random_below(12))
		{
			case 0:
			case 1:
			case 2:
				add_parse(messages, maker);
				break;
			case 3:
			case 4:
			case 5:
				add_bind(messages);
				break;
			case 6:
			case 7:
			case 8:
			case 9:
				add_execute(messages);
				break;
			case 10:
				add_about_some(messages);
				break;
			default:
				add_sync(messages);
		}
	}
	add_sync(messages);
	step = step_add_text(maker, OP_WIRE, messages->shown.data);
	step_param(step, 0, messages->bytes.data, (int) messages->bytes.length, 1);
	step->syncs = messages->syncs;
	free(messages->bytes.data);
}

/*
 * Some messages, and other statements between them.
 */
void
make_portal(Maker *maker)
{
	Messages	messages = {.parsed = {-1, -1, -1, -1}};

	if (!one_in(4))
		step_add(maker, OP_SIMPLE, "BEGIN");
	for (int i = 0; i < 1 + random_below(4); i++)
	{
		add_messages(maker, &messages);
		if (one_in(3))
			step_add(maker, OP_SIMPLE, "SELECT t FROM users WHERE n = %d ORDER BY n", random_below(30));
		if (one_in(5))
			make_ddl(maker);
	}
	step_add(maker, OP_SIMPLE, "%s", one_in(2) ? "COMMIT" : "ROLLBACK");
}
