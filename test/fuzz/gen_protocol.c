/*-------------------------------------------------------------------------
 *
 * gen_protocol.c
 *	  Statements by every means of the protocol.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Values in binary and the types they are sent as, right or wrong. */
static const struct
{
	Oid			type;
	const char *bytes;
	int			length;
}			binaries[] =

{
	{23, "\0\0\0\5", 4}, {20, "\0\0\0\0\0\0\0\7", 8}, {21, "\0\3", 2}, {26, "\0\0\4\322", 4},
	{2950, "0123456789abcdef", 16}, {2950, "0123456789abcde", 15}, {17, "\0\1\2\3", 4}, {25, "k7", 2},
	{25, "", 0}, {1042, "c3          ", 12}, {19, "n4", 2}, {18, "A", 1}, {16, "\1", 1},
	{1700, "\0\1\0\0\0\0\0\0\0\7", 10}, {1700, "\0\0\0\0\300\0\0\0", 8}, {1700, "\0\1\0\0\0\0\0\0", 8},
	{701, "\77\360\0\0\0\0\0\0", 8}, {1082, "\0\0\0\1", 4}, {1184, "\0\0\0\0\0\0\0\1", 8},
	{1007, "\0\0\0\1\0\0\0\0\0\0\0\27\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\2", 36},
	{1007, "\0\0\0\1\0\0\0\1\0\0\0\27\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\1\377\377\377\377", 32},
	{1007, "\0\0\0\0\0\0\0\0\0\0\0\27", 12}, {1007, "\0\0\0\1\0\0\0\0\0\0\0\27\0\0\0\2", 16},
	{1009, "\0\0\0\1\0\0\0\0\0\0\0\31\0\0\0\1\0\0\0\1\0\0\0\2k5", 26},
	{3802, "\1{\"k\":3}", 9}, {114, "{\"k\": 1", 7}, {869, "\2\40\0\4\12\0\0\5", 8}, {0, "\0\0\0\1", 4},
	{1560, "\0\0\0\20\0\7", 6}, {3904, "\2\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\6", 17}, {705, "x", 1}
};

static const char *const text_values[] = {
	"1", "7", "k7", "", "NaN", "{1,2}", "{}", "c7", "n7", "m7", "(1,p)", "[1,6)", "2000-01-03", "true",
	"8f14e45f-ceea-467f-a8e7-0000000000ff", "\\x8f14", "{\"k\": 7}", "-5", "99999999999999999999", "a b"
};

static const Oid text_types[] = {0, 0, 0, 23, 20, 21, 25, 1043, 1042, 19, 1700, 2950, 17, 1007, 1009, 705, 26, 3802};

/*
 * Give a step one more parameter.
 */
static void
add_any_param(Step *step)
{
	int			which = random_below((int) (sizeof(binaries) / sizeof(binaries[0])));
	const char *text = PICK(text_values);

	if (one_in(8))
		step_param(step, PICK(text_types), NULL, 0, 0);
	else if (one_in(2))
		step_param(step, binaries[which].type, binaries[which].bytes, binaries[which].length, 1);
	else
		step_param(step, PICK(text_types), text, (int) strlen(text), 0);
}

/*
 * A statement with parameters of types that fit or do not.
 */
void
make_params(Maker *maker)
{
	const Table *table = any_table(maker);
	const char *column = one_in(2) ? "id" : "v";
	Step	   *step;

	switch (random_below(4))
	{
		case 0:
			step = step_add(maker, OP_PARAMS, "SELECT n, t FROM %s WHERE %s = $1 ORDER BY n", table->name, column);
			break;
		case 1:
			step = step_add(maker, OP_PARAMS, "SELECT n, %s FROM %s WHERE %s = ANY ($1) ORDER BY n", column, table->name,
							column);
			break;
		case 2:
			step = step_add(maker, OP_PARAMS, "SELECT n FROM %s WHERE %s IN ($1, $2) OR n = $3 ORDER BY n", table->name,
							column);
			add_any_param(step);
			add_any_param(step);
			break;
		default:
			step = step_add(maker, OP_PARAMS, "UPDATE %s SET v = $1 WHERE n = 3 RETURNING v", table->name);
	}
	add_any_param(step);
	step->result_format = random_below(2);
	step->single_row = one_in(4);
}

/*
 * Parameters whose types are given by a cast, sent as they are.
 */
void
make_binary(Maker *maker)
{
	const Table *table = any_table(maker);
	bool		key = one_in(2);
	const KeyType *type = key ? table->key : table->extra;
	Step	   *step = step_add(maker, OP_PARAMS, "SELECT n, %s, $1::%s FROM %s WHERE %s = $1::%s ORDER BY n",
								key ? "id" : "v", one_in(4) ? "text" : type->name, table->name, key ? "id" : "v", type->name);

	add_any_param(step);
	step->result_format = random_below(2);
}

/*
 * Thousands of parameters, up to the most that the protocol has.
 */
void
make_many_params(Maker *maker)
{
	static const int counts[] = {100, 1000, 1664, 65535};
	const Table *table = any_table(maker);
	int			count = PICK(counts);
	bool		array = one_in(3);
	Text		sql = {0};
	Step	   *step;

	text_add(&sql, "SELECT n, t FROM %s WHERE n %s", table->name, array ? "= ANY (ARRAY[" : "IN (");
	for (int i = 1; i <= count; i++)
		text_add(&sql, "%s$%d", i > 1 ? "," : "", i);
	text_add(&sql, "%s ORDER BY n", array ? "]::int[])" : ")");
	step = step_add_text(maker, OP_PARAMS, sql.data);
	for (int i = 1; i <= count; i++)
	{
		char		digits[20];

		snprintf(digits, sizeof(digits), "%d", i);
		step_param(step, one_in(2) ? 0 : 23, i % 50 == 0 ? NULL : digits, (int) strlen(digits), 0);
	}
}

/*
 * A named statement that is executed often, with changes of its table between.
 */
void
make_prepared(Maker *maker)
{
	const Table *table = any_table(maker);
	const char *column = one_in(2) ? "n" : one_in(2) ? "id" : "v";
	char	   *name = format_text("s%d", maker->names++);
	Step	   *step = step_add(maker, OP_PREPARE, "SELECT n, id, v FROM %s WHERE %s = $1 ORDER BY n", table->name, column);
	int			times = 2 + random_below(10);

	step->name = must_copy(name);
	if (one_in(2))
		step_param(step, PICK(text_types), NULL, 0, 0);
	for (int i = 0; i < times; i++)
	{
		char		digits[20];

		step = step_add(maker, OP_EXECUTE, "-- execute %s, ORDER BY", name);
		step->name = must_copy(name);
		snprintf(digits, sizeof(digits), "%d", i);
		if (one_in(4))
			add_any_param(step);
		else
			step_param(step, 0, digits, (int) strlen(digits), 0);
		step->result_format = random_below(2);
		if (one_in(6))
			make_ddl(maker);
	}
	if (one_in(2))
		step_add(maker, OP_SIMPLE, "DEALLOCATE %s", name);
	else if (one_in(2))
	{
		step_add(maker, OP_SIMPLE, "PREPARE p%s (int) AS SELECT t FROM %s WHERE n = $1 ORDER BY n", name, table->name);
		for (int i = 0; i < 7; i++)
			step_add(maker, OP_SIMPLE, "EXECUTE p%s (%d) /* ORDER BY */", name, i);
	}
	free(name);
}

/*
 * Cursors: in part read, held, scrolled, left open, with changes meanwhile.
 */
void
make_cursor(Maker *maker)
{
	const Table *table = any_table(maker);
	int			name = maker->names++;
	bool		hold = one_in(3);

	step_add(maker, OP_SIMPLE, "BEGIN");
	step_add(maker, OP_SIMPLE, "DECLARE c%d %s CURSOR %s FOR SELECT n, id, v, t FROM %s ORDER BY n%s", name,
			 one_in(3) ? "SCROLL" : one_in(2) ? "BINARY" : "", hold ? "WITH HOLD" : "", table->name,
			 one_in(3) ? ", id" : "");
	for (int i = 0; i < 1 + random_below(4); i++)
	{
		step_add(maker, OP_SIMPLE, "FETCH %d FROM c%d /* ORDER BY */", random_below(30), name);
		if (one_in(3))
			step_add(maker, OP_SIMPLE, "SELECT t FROM users WHERE n = %d ORDER BY n", random_below(30));
		if (one_in(6))
			make_ddl(maker);
		if (one_in(5))
			step_add(maker, OP_SIMPLE, "UPDATE %s SET t = 'cursor' WHERE CURRENT OF c%d", table->name, name);
		if (one_in(8))
			step_add(maker, OP_SIMPLE, "MOVE BACKWARD 3 IN c%d", name);
	}
	step_add(maker, OP_SIMPLE, "%s", one_in(4) ? "ROLLBACK" : one_in(4) ? "SELECT 1/0" : "COMMIT");
	step_add(maker, OP_SIMPLE, "COMMIT");
	if (hold)
		step_add(maker, OP_SIMPLE, "FETCH ALL FROM c%d /* ORDER BY */", name);
	if (one_in(2))
		step_add(maker, OP_SIMPLE, "CLOSE c%d", name);
}

/*
 * Several statements sent at once.
 */
void
make_pipeline(Maker *maker)
{
	Step	   *step = step_add(maker, OP_PIPELINE, "-- pipeline, ORDER BY");
	int			count = 2 + random_below(8);

	for (int i = 0; i < count; i++)
	{
		const Table *table = any_table(maker);
		char	   *sql;

		switch (random_below(7))
		{
			case 0:
				sql = format_text("SELECT 1 / %d", random_below(3));
				break;
			case 1:
				sql = format_text("UPDATE %s SET t = 'pipe' WHERE n = %d", table->name, random_below(9));
				break;
			case 2:
				sql = must_copy("");
				break;
			case 3:
				sql = must_copy("SAVE");
				break;
			default:
				sql = format_text("SELECT n, id, t FROM %s WHERE n = %d ORDER BY n", table->name, random_below(40));
		}
		step_param(step, 0, sql, (int) strlen(sql), 0);
		free(sql);
	}
}

/*
 * Transactions with savepoints, errors and returns to savepoints.
 */
void
make_transaction(Maker *maker)
{
	int			count = 2 + random_below(8);

	step_add(maker, OP_SIMPLE, "BEGIN %s", one_in(4) ? "ISOLATION LEVEL SERIALIZABLE" : one_in(4) ? "READ ONLY" : "");
	for (int i = 0; i < count; i++)
	{
		switch (random_below(8))
		{
			case 0:
				step_add(maker, OP_SIMPLE, "SAVEPOINT s");
				break;
			case 1:
				step_add(maker, OP_SIMPLE, "ROLLBACK TO s");
				break;
			case 2:
				step_add(maker, OP_SIMPLE, "RELEASE s");
				break;
			case 3:
				step_add(maker, OP_SIMPLE, "SELECT n / (n - 3) FROM users ORDER BY n");
				break;
			case 4:
				make_loop(maker);
				break;
			case 5:
				make_function(maker);
				break;
			default:
				make_write(maker);
		}
	}
	step_add(maker, OP_SIMPLE, "%s", one_in(3) ? "ROLLBACK" : one_in(5) ? "COMMIT AND CHAIN" : "COMMIT");
	step_add(maker, OP_SIMPLE, "COMMIT");
}

/*
 * Several statements in one simple query.
 */
void
make_multi(Maker *maker)
{
	const Table *table = any_table(maker);

	step_add(maker, OP_SIMPLE, "SELECT n FROM %s WHERE n = %d ORDER BY n;; SELECT t FROM %s WHERE n < %d ORDER BY n; %s; "
			 "SELECT id FROM users WHERE n = 1 ORDER BY n", table->name, random_below(9), table->name, random_below(9),
			 one_in(3) ? "SELECT 1/0" : one_in(3) ? "BEGIN" : "UPDATE users SET t = t WHERE n = 1");
	step_add(maker, OP_SIMPLE, "COMMIT");
}

/*
 * Add a step that is broken off at a random moment.  What it writes is taken
 * back in any case.
 */
static void
add_broken_off(Maker *maker, Op op)
{
	static const char *const statements[] = {
		"SELECT count(*), max(name_of(i)) FROM generate_series(1, 30000) AS i",
		"BEGIN; UPDATE users SET t = name_of(n % 30) WHERE n > 0; UPDATE posts_t SET t = t || 'x'; SELECT pg_sleep(0.03)",
		"BEGIN; DO $$ BEGIN FOR i IN 1..3000 LOOP BEGIN PERFORM 1 / (SELECT n % 2 FROM users WHERE n = i % 30); EXCEPTION WHEN "
		"division_by_zero THEN NULL; END; END LOOP; END $$",
		"BEGIN; CREATE TABLE broken AS SELECT i, name_of(i % 30) AS t FROM generate_series(1, 20000) AS i; CREATE INDEX ON broken (t)",
		"SELECT x.n, y.n FROM users x, users y, posts_t z ORDER BY y.t, x.t, z.t",
		"BEGIN; DECLARE c CURSOR FOR SELECT n, name_of(n) FROM users; FETCH 5 FROM c; SELECT pg_sleep(0.01); FETCH 5 FROM c; "
		"SELECT count(sql_of(i)) FROM generate_series(1, 20000) AS i",
		"BEGIN; SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL force_parallel_mode = on; "
		"SELECT count(*) FROM pg_attribute a, pg_class b WHERE a.attnum < b.relnatts",
		"BEGIN; SAVEPOINT s; INSERT INTO posts_t (n, t) SELECT i, 'b' FROM generate_series(5000, 9000) AS i; ROLLBACK TO s; "
		"SELECT t FROM users WHERE n = 3; SELECT pg_sleep(0.02)"
	};

	step_add(maker, op, "%s", PICK(statements))->delay = random_below(40000);
}

/*
 * A query that is cancelled.
 */
void
make_cancel(Maker *maker)
{
	add_broken_off(maker, OP_CANCEL);
}

/*
 * A query whose backend is ended.
 */
void
make_terminate(Maker *maker)
{
	add_broken_off(maker, OP_TERMINATE);
}

/*
 * A connection that is closed with a transaction and a cursor open.
 */
void
make_reconnect(Maker *maker)
{
	if (one_in(2))
	{
		step_add(maker, OP_SIMPLE, "BEGIN");
		step_add(maker, OP_SIMPLE, "DECLARE left_open CURSOR FOR SELECT * FROM users ORDER BY n");
		step_add(maker, OP_SIMPLE, "FETCH 2 FROM left_open /* ORDER BY */");
	}
	step_add(maker, OP_RECONNECT, "-- closed");
}
