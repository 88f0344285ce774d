/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  Makes the steps of a round: a random schema, then statements of all kinds.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Kinds of statements a round is made of, besides its schema. */
#define KINDS_IN_ROUND	90

Kind		kinds[] = {
	{"select", make_select, 10, false},
	{"loop", make_loop, 12, false},
	{"junk", make_junk, 6, false},
	{"write", make_write, 6, false},
	{"function", make_function, 5, false},
	{"cast", make_cast, 12, false},
	{"array-cast", make_array_cast, 12, false},
	{"long", make_long, 2, false},
	{"comment", make_comment, 4, false},
	{"quoting", make_quoting, 4, false},
	{"encoding", make_encoding, 4, false},
	{"params", make_params, 8, false},
	{"many-params", make_many_params, 1, false},
	{"binary", make_binary, 8, false},
	{"prepared", make_prepared, 8, false},
	{"cursor", make_cursor, 6, false},
	{"pipeline", make_pipeline, 4, false},
	{"transaction", make_transaction, 6, false},
	{"multi", make_multi, 4, false},
	{"cancel", make_cancel, 3, false},
	{"terminate", make_terminate, 1, false},
	{"reconnect", make_reconnect, 1, false},
	{"ddl", make_ddl, 6, false},
	{"type", make_type, 3, false},
	{"partition", make_partition, 3, false},
	{"view", make_view, 3, false},
	{"enum-drop", make_enum_drop, 2, false},
	{"stale-plan", make_stale_plan, 4, false},
	{"settings", make_settings, 4, false},
	{"script", make_script, 12, false},
	{"portal", make_portal, 8, false},
	{"sqlsmith", make_smith, 1, false},
	{NULL, NULL, 0, false}
};

static const char *const encodings[] = {"UTF8", "UTF8", "LATIN1", "SQL_ASCII", "EUC_JP"};

/* What every database of a round begins with. */
static const char types_sql[] =
"CREATE DOMAIN dint AS int4 CHECK (value > -1000);\n"
"CREATE DOMAIN dtext AS text CHECK (length(value) < 100000);\n"
"CREATE DOMAIN darr AS int4[];\n"
"CREATE DOMAIN dtarr AS text[];\n"
"CREATE TYPE pair AS (a int4, b text);\n";

/*
 * Leave out the kinds of a list divided by spaces or commas; false when one is
 * not known.
 */
bool
kinds_skip(const char *list)
{
	char	   *copy = must_copy(list);

	for (char *name = strtok(copy, " ,"); name != NULL; name = strtok(NULL, " ,"))
	{
		Kind	   *kind = kinds;

		while (kind->name != NULL && strcmp(kind->name, name) != 0)
			kind++;
		if (kind->name == NULL)
			return false;
		kind->skipped = true;
	}
	free(copy);
	return true;
}

/*
 * Print the names of all kinds.
 */
void
kinds_list(void)
{
	for (const Kind *kind = kinds; kind->name != NULL; kind++)
		printf("%s%s", kind == kinds ? "" : " ", kind->name);
	printf("\n");
}

/*
 * One of the tables.
 */
const Table *
any_table(const Maker *maker)
{
	return &maker->tables[random_below(maker->ntables)];
}

/*
 * Add the steps that make one table and fill it.
 */
static void
make_table(Maker *maker, Table *table)
{
	Text		sql = {0};
	const KeyType *parent = table->parent < 0 ? NULL : maker->tables[table->parent].key;

	text_add(&sql, "CREATE TABLE %s (n int %s, id %s", table->name, one_in(3) ? "UNIQUE" : "PRIMARY KEY",
			 table->key->name);
	if (parent != NULL)
		text_add(&sql, ", %s_id %s", maker->tables[table->parent].singular, parent->name);
	text_add(&sql, ", v %s, t text%s)", table->extra->name, one_in(4) ? ", dropped int" : "");
	step_add_text(maker, OP_SIMPLE, sql.data);

	memset(&sql, 0, sizeof(sql));
	text_add(&sql, "INSERT INTO %s (n, id", table->name);
	if (parent != NULL)
		text_add(&sql, ", %s_id", maker->tables[table->parent].singular);
	text_add(&sql, ", v, t) SELECT i, ");
	key_add(&sql, table->key, "i");
	if (parent != NULL)
	{
		text_add(&sql, ", ");
		key_add(&sql, parent, "(1 + i * 7 % 30)");
	}
	text_add(&sql, ", CASE WHEN i %% 9 > 0 THEN ");
	key_add(&sql, table->extra, "i");
	text_add(&sql, " END, 'text ' || i %% 5 FROM generate_series(1, %d) AS i", table->rows);
	step_add_text(maker, OP_SIMPLE, sql.data);
	if (one_in(2))
		step_add(maker, OP_SIMPLE, "CREATE %s INDEX ON %s (id)", one_in(3) ? "UNIQUE" : "", table->name);
	if (one_in(2))
		step_add(maker, OP_SIMPLE, "ANALYZE %s", table->name);
	if (one_in(3))
		step_add(maker, OP_SIMPLE, "ALTER TABLE %s DROP COLUMN IF EXISTS dropped", table->name);
}

/*
 * Add the steps that make the schema.
 */
static void
make_schema(Maker *maker)
{
	static const char *const names[][2] = {
		{"users", "user"}, {"posts_t", "post"}, {"comments", "comment"}, {"tags", "tag"},
		{"categories", "category"}
	};
	Text		sql = {0};

	maker->kind = "schema";
	step_add(maker, OP_SIMPLE, "%s", types_sql);
	text_add(&sql, "CREATE TYPE mood AS ENUM ('m0'");
	for (int i = 1; i < 40; i++)
		text_add(&sql, ", 'm%d'", i);
	text_add(&sql, ")");
	step_add_text(maker, OP_SIMPLE, sql.data);
	maker->ntables = 2 + random_below(MAX_TABLES - 1);
	for (int i = 0; i < maker->ntables; i++)
	{
		Table	   *table = &maker->tables[i];

		table->name = names[i][0];
		table->singular = names[i][1];
		table->key = &key_types[random_below(nkey_types)];
		table->extra = &key_types[random_below(nkey_types)];
		table->parent = i == 0 ? -1 : random_below(i);
		table->rows = 30 + random_below(200);
		make_table(maker, table);
	}
	step_add(maker, OP_SIMPLE,
			 "CREATE FUNCTION name_of(wanted int) RETURNS text LANGUAGE plpgsql STABLE AS "
			 "'DECLARE found text; BEGIN SELECT t INTO found FROM users WHERE n = wanted; RETURN found; END';"
			 "CREATE FUNCTION sql_of(wanted int) RETURNS text LANGUAGE sql STABLE AS "
			 "'SELECT t FROM users WHERE n = wanted';"
			 "CREATE TABLE audit (n int, what text);"
			 "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
			 "'BEGIN INSERT INTO audit VALUES (NEW.n, (SELECT t FROM users WHERE n = NEW.n)); RETURN NEW; END';"
			 "CREATE TRIGGER noting AFTER INSERT OR UPDATE ON posts_t FOR EACH ROW EXECUTE FUNCTION note()");
}

/*
 * A kind by weight, which is not skipped.
 */
static const Kind *
pick_kind(void)
{
	int			total = 0;
	int			left;

	for (const Kind *kind = kinds; kind->name != NULL; kind++)
		total += kind->weight;
	for (;;)
	{
		const Kind *kind = kinds;

		left = random_below(total);
		while (left >= kind->weight)
			left -= (kind++)->weight;
		if (!kind->skipped)
			return kind;
	}
}

/*
 * The steps of a round, by seed and number.
 */
Round *
round_make(uint64_t seed, int number)
{
	Round	   *round = must_alloc(sizeof(Round));
	Maker		maker = {0};

	random_start(seed, number);
	round->seed = seed;
	round->number = number;
	round->encoding = PICK(encodings);
	round->extension = one_in(2);
	maker.round = round;
	make_schema(&maker);
	for (int i = 0; i < KINDS_IN_ROUND; i++)
	{
		const Kind *kind = pick_kind();

		maker.kind = kind->name;
		maker.session = one_in(3) ? random_below(SESSIONS) : 0;
		kind->make(&maker);
	}
	return round;
}
