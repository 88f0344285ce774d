/*-------------------------------------------------------------------------
 *
 * gen_query.c
 *	  Queries and writes as applications send them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/*
 * A query of one table, a join or an aggregate, in one order.
 */
void
make_select(Maker *maker)
{
	const Table *table = any_table(maker);
	const Table *other = any_table(maker);

	switch (random_below(8))
	{
		case 0:
			step_add(maker, OP_SIMPLE, "SELECT * FROM %s ORDER BY n LIMIT %d OFFSET %d", table->name,
					 random_below(40), random_below(9));
			break;
		case 1:
			step_add(maker, OP_SIMPLE, "SELECT a.id, b.id, a.t FROM %s a JOIN %s b ON a.n = b.n AND a.t = b.t "
					 "ORDER BY a.n LIMIT 30", table->name, other->name);
			break;
		case 2:
			step_add(maker, OP_SIMPLE, "SELECT t, count(*), min(n) FROM %s GROUP BY t HAVING count(*) > %d ORDER BY t",
					 table->name, random_below(5));
			break;
		case 3:
			step_add(maker, OP_SIMPLE, "SELECT x.n, (SELECT count(*) FROM %s y WHERE y.n < x.n) FROM %s x ORDER BY x.n "
					 "LIMIT 20", other->name, table->name);
			break;
		case 4:
			step_add(maker, OP_SIMPLE, "SELECT x, x.id FROM %s x WHERE x.v IS NULL ORDER BY n", table->name);
			break;
		case 5:
			step_add(maker, OP_SIMPLE, "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT r.n + 1 FROM r WHERE r.n < %d) "
					 "SELECT a.* FROM r JOIN %s a USING (n) ORDER BY 1", random_below(50), table->name);
			break;
		case 6:
			step_add(maker, OP_SIMPLE, "SELECT n, id, lag(id) OVER (ORDER BY n) FROM %s UNION ALL SELECT n, id, id FROM %s "
					 "ORDER BY 1", table->name, table->name)->judgement = COMPARE_SET;
			break;
		default:
			step_add(maker, OP_SIMPLE, "SELECT DISTINCT ON (t) t, n, id FROM %s ORDER BY t, n DESC FOR UPDATE OF %s",
					 table->name, one_in(4) ? "nobody" : table->name);
	}
}

/*
 * The child of an N+1 pattern for one row, by one of the protocols.
 */
static void
make_child(Maker *maker, const Table *parent, int row, int protocol)
{
	char	   *key = key_of(parent->key, row);

	if (protocol == 0)
		step_add(maker, OP_SIMPLE, "SELECT t, n FROM %s WHERE id = %s ORDER BY n", parent->name, key);
	else if (protocol == 1)
		step_add(maker, OP_SIMPLE, "SELECT name_of(%d), sql_of(%d), %s", row, row, key);
	else
	{
		Step	   *step = step_add(maker, OP_PARAMS, "SELECT t, n FROM %s WHERE n = $1 ORDER BY n", parent->name);
		char		value[4] = {0, 0, (char) (row >> 8), (char) row};

		if (protocol == 2)
			step_param(step, 23, value, 4, 1);
		else
		{
			char		digits[20];

			snprintf(digits, sizeof(digits), "%d", row);
			step_param(step, one_in(2) ? 0 : 23, digits, (int) strlen(digits), 0);
		}
	}
	free(key);
}

/*
 * An N+1 pattern: a query, then one for each of its rows.
 */
void
make_loop(Maker *maker)
{
	const Table *child = &maker->tables[1 + random_below(maker->ntables - 1)];
	const Table *parent = &maker->tables[child->parent];
	int			rows = 3 + random_below(12);
	int			protocol = random_below(4);

	step_add(maker, OP_SIMPLE, "SELECT n, %s_id, %s FROM %s %sORDER BY n LIMIT %d", parent->singular,
			 one_in(2) ? "v" : "id", child->name, one_in(3) ? "WHERE t <> '' " : "", rows)
		->single_row = one_in(4);
	for (int i = 1; i <= rows; i++)
		make_child(maker, parent, protocol > 1 ? i : 1 + i * 7 % 30, protocol);
}

/*
 * A query with and without its junk columns, which have one queryid.
 */
void
make_junk(Maker *maker)
{
	const Table *table = &maker->tables[1 + random_below(maker->ntables - 1)];
	const char *column = maker->tables[table->parent].singular;
	int			first = random_below(2);

	for (int i = 0; i < 2 + random_below(2); i++)
	{
		bool		with = (i + first) % 2 == 0;

		if (one_in(2))
			step_add(maker, OP_SIMPLE, "SELECT t%s%s%s FROM %s ORDER BY %s_id, n LIMIT 3", with ? ", " : "",
					 with ? column : "", with ? "_id, n" : "", table->name, column);
		else
			step_add(maker, OP_SIMPLE, "SELECT count(*)%s%s%s FROM %s GROUP BY %s_id ORDER BY %s_id", with ? ", " : "",
					 with ? column : "", with ? "_id" : "", table->name, column, column);
	}
	step_add(maker, OP_SIMPLE, "SELECT n%s FROM %s ORDER BY n, id LIMIT 2", first ? ", id" : "", table->name);
	step_add(maker, OP_SIMPLE, "SELECT n%s FROM %s ORDER BY n, id LIMIT 2", first ? "" : ", id", table->name);
}

/*
 * A write.
 */
void
make_write(Maker *maker)
{
	const Table *table = any_table(maker);
	char	   *key = key_of(table->key, 1 + random_below(300));
	int			n = random_below(400);

	switch (random_below(6))
	{
		case 0:
			step_add(maker, OP_SIMPLE, "INSERT INTO %s (n, id, t) VALUES (%d, %s, 'new') ON CONFLICT DO NOTHING RETURNING n, id",
					 table->name, n, key);
			break;
		case 1:
			step_add(maker, OP_SIMPLE, "UPDATE %s SET t = t || '!', v = v WHERE n = %d RETURNING *", table->name, n % 40);
			break;
		case 2:
			step_add(maker, OP_SIMPLE, "DELETE FROM %s WHERE id = %s AND n > 100", table->name, key);
			break;
		case 3:
			step_add(maker, OP_SIMPLE, "MERGE INTO %s AS a USING (VALUES (%d)) AS b(n) ON a.n = b.n "
					 "WHEN MATCHED THEN UPDATE SET t = 'merged' WHEN NOT MATCHED THEN INSERT (n, t) VALUES (b.n, 'x')",
					 table->name, n);
			break;
		case 4:
			step_add(maker, OP_SIMPLE, "WITH gone AS (DELETE FROM %s WHERE n = %d RETURNING *) SELECT * FROM gone ORDER BY n",
					 table->name, 40 + n);
			break;
		default:
			step_add(maker, OP_SIMPLE, "INSERT INTO %s (n, id) VALUES (%d, %s)", table->name, n, key);
	}
	free(key);
}

/*
 * Statements inside functions, triggers and DO blocks.
 */
void
make_function(Maker *maker)
{
	const Table *table = any_table(maker);

	switch (random_below(6))
	{
		case 0:
			step_add(maker, OP_SIMPLE, "SELECT n, name_of(n), sql_of(n) FROM %s ORDER BY n LIMIT 20", table->name);
			break;
		case 1:
			step_add(maker, OP_SIMPLE, "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM %s ORDER BY n LIMIT 20 LOOP "
					 "PERFORM t FROM users WHERE n = r.n; END LOOP; END $$", table->name);
			break;
		case 2:
			step_add(maker, OP_SIMPLE, "DO $$ DECLARE k int; BEGIN FOR i IN 1..8 LOOP BEGIN EXECUTE format("
					 "'SELECT n FROM %s WHERE n = %%s / %%s', i, i %% 3) INTO k; EXCEPTION WHEN OTHERS THEN k := -1; "
					 "END; END LOOP; END $$", table->name);
			break;
		case 3:
			step_add(maker, OP_SIMPLE, "INSERT INTO posts_t (n, t) SELECT %d + i, 'fn' FROM generate_series(1, 5) i",
					 1000 + 10 * maker->names++);
			step_add(maker, OP_SIMPLE, "SELECT * FROM audit ORDER BY n, what");
			break;
		case 4:
			step_add(maker, OP_SIMPLE, "CREATE OR REPLACE FUNCTION name_of(wanted int) RETURNS text LANGUAGE %s STABLE AS "
					 "'%s'", one_in(2) ? "sql" : "plpgsql", one_in(2) ? "SELECT max(t) FROM users WHERE n <= wanted"
					 : "DECLARE r users; BEGIN SELECT * INTO r FROM users WHERE n = wanted; RETURN r.t; END");
			break;
		default:
			step_add(maker, OP_SIMPLE, "DO $$ DECLARE c refcursor; r record; BEGIN OPEN c FOR SELECT id, v FROM %s ORDER BY n; "
					 "FETCH c INTO r; IF %s THEN RAISE EXCEPTION 'left open'; END IF; CLOSE c; END $$", table->name,
					 one_in(2) ? "true" : "false");
	}
}
