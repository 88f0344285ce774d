/*-------------------------------------------------------------------------
 *
 * gen_ddl.c
 *	  Changes of the schema between statements.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/*
 * A change of a table.
 */
void
make_ddl(Maker *maker)
{
	const Table *table = any_table(maker);
	const KeyType *type = &key_types[random_below(nkey_types)];

	switch (random_below(10))
	{
		case 0:
			step_add(maker, OP_SIMPLE, "ALTER TABLE %s DROP COLUMN IF EXISTS v", table->name);
			step_add(maker, OP_SIMPLE, "ALTER TABLE %s ADD COLUMN v %s", table->name, type->name);
			break;
		case 1:
			step_add(maker, OP_SIMPLE, "ALTER TABLE %s ALTER COLUMN id TYPE text USING id::text", table->name);
			break;
		case 2:
			step_add(maker, OP_SIMPLE, "ALTER TABLE %s ADD COLUMN IF NOT EXISTS more int DEFAULT 7", table->name);
			break;
		case 3:
			step_add(maker, OP_SIMPLE, "ALTER TABLE %s DROP COLUMN IF EXISTS more", table->name);
			break;
		case 4:
			step_add(maker, OP_SIMPLE, "CREATE INDEX ON %s (t, n)", table->name);
			break;
		case 5:
			step_add(maker, OP_SIMPLE, "BEGIN; ALTER TABLE %s RENAME TO renamed; CREATE TABLE %s AS SELECT * FROM renamed; "
					 "DROP TABLE renamed CASCADE; COMMIT", table->name, table->name);
			step_add(maker, OP_SIMPLE, "ROLLBACK");
			break;
		case 6:
			step_add(maker, OP_SIMPLE, "ALTER TABLE %s ALTER COLUMN n TYPE %s", table->name, one_in(2) ? "int8" : "int4");
			break;
		case 7:
			step_add(maker, OP_SIMPLE, "TRUNCATE %s", table->name);
			step_add(maker, OP_SIMPLE, "INSERT INTO %s (n, t) SELECT i, 'again' FROM generate_series(1, 40) i", table->name);
			break;
		case 8:
			step_add(maker, OP_SIMPLE, "CREATE TEMP TABLE %s AS SELECT * FROM %s", table->name, table->name);
			step_add(maker, OP_SIMPLE, "SELECT t FROM %s WHERE n = 3 ORDER BY n", table->name);
			step_add(maker, OP_SIMPLE, "DROP TABLE IF EXISTS pg_temp.%s", table->name);
			break;
		default:
			step_add(maker, OP_SIMPLE, "ANALYZE %s", table->name);
	}
}

/*
 * Changes of enums, domains and composite types that columns have.
 */
void
make_type(Maker *maker)
{
	int			number = maker->names++;

	switch (random_below(5))
	{
		case 0:
			step_add(maker, OP_SIMPLE, "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'x%d' BEFORE 'm3'", number);
			step_add(maker, OP_SIMPLE, "SELECT 'x%d'::mood = ANY ('{m1,x%d}'::mood[]) ORDER BY 1", number, number);
			break;
		case 1:
			step_add(maker, OP_SIMPLE, "ALTER TYPE mood RENAME VALUE 'm%d' TO 'r%d'", random_below(40), number);
			break;
		case 2:
			step_add(maker, OP_SIMPLE, "ALTER TYPE pair ADD ATTRIBUTE c%d int", number);
			break;
		case 3:
			step_add(maker, OP_SIMPLE, "ALTER DOMAIN dint ADD CONSTRAINT c%d CHECK (value < %d)", number, 100000 + number);
			break;
		default:
			step_add(maker, OP_SIMPLE, "CREATE TYPE e%d AS ENUM ('a', 'b'); CREATE TABLE u%d (n int, id e%d); "
					 "INSERT INTO u%d VALUES (1, 'a'), (2, 'b')", number, number, number, number);
			step_add(maker, OP_SIMPLE, "SELECT n FROM u%d WHERE id = 'a' ORDER BY n", number);
			step_add(maker, OP_SIMPLE, "DROP TYPE e%d CASCADE", number);
			step_add(maker, OP_SIMPLE, "SELECT * FROM u%d ORDER BY n", number);
	}
}

/*
 * Partitions that come and go.
 */
void
make_partition(Maker *maker)
{
	int			number = maker->names++;

	step_add(maker, OP_SIMPLE, "CREATE TABLE part%d (n int, user_id int, t text) PARTITION BY RANGE (n); "
			 "CREATE TABLE part%d_a PARTITION OF part%d FOR VALUES FROM (0) TO (50); "
			 "CREATE TABLE part%d_b (t text, gone int, user_id int, n int); ALTER TABLE part%d_b DROP gone; "
			 "ALTER TABLE part%d ATTACH PARTITION part%d_b FOR VALUES FROM (50) TO (100)", number, number, number,
			 number, number, number, number);
	step_add(maker, OP_SIMPLE, "INSERT INTO part%d SELECT i, i, 'p' FROM generate_series(0, %d) i", number,
			 one_in(4) ? 100 : 99);
	step_add(maker, OP_SIMPLE, "SELECT user_id, t FROM part%d WHERE n BETWEEN 45 AND 55 ORDER BY n", number);
	for (int i = 45; i < 53; i++)
		step_add(maker, OP_SIMPLE, "SELECT t FROM part%d WHERE n = %d AND user_id = %d ORDER BY n", number, i, i);
	step_add(maker, OP_SIMPLE, "UPDATE part%d SET n = n + 40 WHERE n < 60 RETURNING n, user_id", number);
	step_add(maker, OP_SIMPLE, "ALTER TABLE part%d DETACH PARTITION part%d_%s", number, number, one_in(2) ? "a" : "b");
	step_add(maker, OP_SIMPLE, "SELECT user_id, t FROM part%d WHERE n BETWEEN 45 AND 55 ORDER BY n", number);
}

/*
 * A view that is replaced, and a rule.
 */
void
make_view(Maker *maker)
{
	const Table *table = any_table(maker);
	int			number = maker->names++;

	step_add(maker, OP_SIMPLE, "CREATE VIEW w%d AS SELECT n, t FROM %s", number, table->name);
	step_add(maker, OP_SIMPLE, "SELECT n, t FROM w%d WHERE n = 3 ORDER BY n", number);
	step_add(maker, OP_SIMPLE, "CREATE OR REPLACE VIEW w%d AS SELECT n, t, id FROM %s WHERE n < 20 ORDER BY n DESC",
			 number, table->name);
	step_add(maker, OP_SIMPLE, "SELECT n, t FROM w%d WHERE n = 3 ORDER BY n", number);
	step_add(maker, OP_SIMPLE, "SELECT * FROM w%d ORDER BY n", number);
	step_add(maker, OP_SIMPLE, "UPDATE w%d SET t = 'w' WHERE n = 4 RETURNING *", number);
	step_add(maker, OP_SIMPLE, "DROP VIEW w%d", number);
}

/*
 * A type that is dropped while a portal with values of it is open.
 */
void
make_enum_drop(Maker *maker)
{
	static const char *const kinds_of_type[] = {
		"ENUM ('a', 'b')", "(a int, b text)", "RANGE (subtype = int4)"
	};
	static const char *const values[] = {"a", "(1,x)", "[1,3)"};
	int			number = maker->names++;
	int			which = random_below(3);
	Step	   *step;

	step_add(maker, OP_SIMPLE, "CREATE TYPE z%d AS %s", number, kinds_of_type[which]);
	step_add(maker, OP_SIMPLE, "BEGIN");
	if (one_in(2))
		step_add(maker, OP_SIMPLE, "DO $$ DECLARE k z%d := '%s'; c refcursor := 'open%d'; BEGIN OPEN c FOR "
				 "SELECT n FROM users WHERE k::text <> t AND k = k ORDER BY n; END $$", number, values[which], number);
	else
	{
		step = step_add(maker, OP_PARAMS, "DECLARE open%d CURSOR FOR SELECT n, $1::z%d FROM users WHERE $1::z%d IS NOT "
						"NULL ORDER BY n", number, number, number);
		step_param(step, 0, values[which], (int) strlen(values[which]), 0);
	}
	step_add(maker, OP_SIMPLE, "FETCH 2 FROM open%d /* ORDER BY */", number);
	step_add(maker, OP_SIMPLE, "DROP TYPE z%d CASCADE", number);
	step_add(maker, OP_SIMPLE, "%s", one_in(2) ? "COMMIT" : "CLOSE ALL");
	step_add(maker, OP_SIMPLE, "COMMIT");
}

/*
 * One text over tables that have one name and different columns.
 */
void
make_stale_plan(Maker *maker)
{
	int			number = maker->names++;

	step_add(maker, OP_SIMPLE, "CREATE SCHEMA a%d; CREATE SCHEMA b%d; CREATE TABLE a%d.th (id int, user_id int, t text); "
			 "CREATE TABLE b%d.th (t text, user_id text, x bool, id text); INSERT INTO a%d.th SELECT i, i, 'a' FROM "
			 "generate_series(1, 20) i; INSERT INTO b%d.th SELECT 'b', i, true, i FROM generate_series(1, 20) i",
			 number, number, number, number, number, number);
	for (int i = 0; i < 6; i++)
	{
		step_add(maker, OP_SIMPLE, "SET search_path = %c%d, public", "ab"[random_below(2)], number);
		step_add(maker, OP_SIMPLE, "SELECT id, user_id FROM th ORDER BY t, id LIMIT 3");
		step_add(maker, OP_SIMPLE, "SELECT t FROM th WHERE id = '%d' ORDER BY t", i);
		if (i == 3)
			step_add(maker, OP_SIMPLE, "ALTER TABLE a%d.th DROP COLUMN user_id; ALTER TABLE a%d.th ADD user_id %s", number,
					 number, one_in(2) ? "text" : "uuid");
		if (i == 4)
			step_add(maker, OP_SIMPLE, "DROP TABLE a%d.th; CREATE TABLE a%d.th (user_id numeric, id int)", number, number);
	}
	step_add(maker, OP_SIMPLE, "RESET search_path");
}

/*
 * Settings that change how statements run.
 */
void
make_settings(Maker *maker)
{
	static const char *const settings[] = {
		"enable_seqscan = off", "enable_hashjoin = off", "plan_cache_mode = force_generic_plan",
		"plan_cache_mode = force_custom_plan", "work_mem = '64kB'", "enable_sort = off", "enable_hashagg = off",
		"application_name = 'x'", "bytea_output = escape", "extra_float_digits = -3", "datestyle = 'german'",
		"intervalstyle = 'iso_8601'", "enable_indexscan = off", "jit = off", "timezone = 'Asia/Tokyo'",
		"clipperf.enabled = off", "clipperf.enabled = on", "clipperf.track = 'top'", "clipperf.track = 'none'",
		"clipperf.track = 'all'", "clipperf.lineage = off", "clipperf.capture_parameters = off", "clipperf.route = '/posts/42'",
		"clipperf.tables = 'users, nothing'", "compute_query_id = off", "geqo_threshold = 2", "from_collapse_limit = 1",
		"cursor_tuple_fraction = 0", "transform_null_equals = on", "array_nulls = off", "session_replication_role = 'replica'",
		"default_transaction_isolation = 'serializable'", "track_io_timing = on", "enable_material = off", "enable_nestloop = off",
		"enable_memoize = off", "constraint_exclusion = on", "row_security = off", "backtrace_functions = ''"
	};

	if (one_in(3))
		step_add(maker, OP_SIMPLE, "%s", one_in(2) ? "DISCARD PLANS" : "RESET ALL");
	else
		step_add(maker, OP_SIMPLE, "SET %s", PICK(settings));
}
