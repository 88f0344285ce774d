/*-------------------------------------------------------------------------
 *
 * gen_cast.c
 *	  Literals under casts, arrays, long values, comments, quoting, encodings.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Columns of the catalogs, whose rows below 16384 are alike everywhere. */
static const char *const catalog_columns[][2] = {
	{"pg_class", "oid"}, {"pg_class", "relname"}, {"pg_class", "relkind"}, {"pg_proc", "proargtypes"},
	{"pg_proc", "prosrc"}, {"pg_type", "typlen"}, {"pg_type", "typbyval"}, {"pg_proc", "proallargtypes"},
	{"pg_proc", "procost"}, {"pg_class", "relacl"}
};
static const char *const catalog_types[] = {
	"oid", "name", "\"char\"", "oidvector", "text", "int2", "bool", "oid[]", "float4", "aclitem[]"
};

/*
 * Equality with a literal under casts, of a table's column or a catalog's.
 */
void
make_cast(Maker *maker)
{
	const Table *table = any_table(maker);
	int			catalog = random_below(10);
	bool		key = one_in(2);
	const KeyType *type = key ? table->key : table->extra;
	char	   *one = one_in(3) ? key_of(type, random_below(40)) : cast_chain(one_in(4) ? NULL : type->name);
	char	   *two = cast_chain(type->name);

	switch (random_below(5))
	{
		case 0:
			free(one);
			one = cast_chain(catalog_types[catalog]);
			step_add(maker, OP_SIMPLE, "SELECT count(*) FROM %s WHERE oid < 16384 AND %s = %s", catalog_columns[catalog][0],
					 catalog_columns[catalog][1], one);
			break;
		case 1:
			step_add(maker, OP_SIMPLE, "SELECT n, t FROM %s WHERE %s IN (%s, %s) ORDER BY n", table->name,
					 key ? "id" : "v", one, two);
			break;
		case 2:
			step_add(maker, OP_SIMPLE, "SELECT n, t FROM %s WHERE %s = %s::%s ORDER BY n", table->name, one,
					 key ? "id" : "v", one_in(2) ? "text" : type->name);
			break;
		case 3:
			step_add(maker, OP_SIMPLE, "SELECT %s, n FROM %s WHERE %s IS NOT DISTINCT FROM %s ORDER BY n", one, table->name,
					 key ? "id" : "v", two);
			break;
		default:
			step_add(maker, OP_SIMPLE, "SELECT n, t FROM %s WHERE %s = %s ORDER BY n", table->name, key ? "id" : "v", one);
	}
	free(one);
	free(two);
}

/*
 * Comparison with an array that is a literal under casts or something like it.
 */
void
make_array_cast(Maker *maker)
{
	const Table *table = any_table(maker);
	int			catalog = random_below(10);
	bool		key = one_in(2);
	const KeyType *type = key ? table->key : table->extra;
	char	   *array = array_chain(type);
	char		name[40];
	Step	   *step;

	switch (random_below(4))
	{
		case 0:
			snprintf(name, sizeof(name), "%s[]", catalog_types[catalog]);
			free(array);
			array = cast_chain(name);
			step_add(maker, OP_SIMPLE, "SELECT count(*) FROM %s WHERE oid < 16384 AND %s = ANY (%s)",
					 catalog_columns[catalog][0], catalog_columns[catalog][1], array);
			break;
		case 1:
			step_add(maker, OP_SIMPLE, "SELECT n, t FROM %s WHERE %s %s (%s) ORDER BY n", table->name, key ? "id" : "v",
					 one_in(3) ? "<> ALL" : "= ANY", array);
			break;
		case 2:
			step = step_add(maker, OP_PARAMS, "SELECT n, t FROM %s WHERE %s = ANY ($1::text::%s) ORDER BY n", table->name,
							key ? "id" : "v", type->array);
			if (one_in(2))
				step_param(step, 25, "{1,2,NULL}", 10, 0);
			else
				step_param(step, 25, "{}", 2, 0);
			break;
		default:
			step_add(maker, OP_SIMPLE, "SELECT n FROM %s WHERE %s = ANY (ARRAY(SELECT %s FROM %s WHERE n < 9 ORDER BY n)) "
					 "AND n = ANY ('{1,2,3,5}'::darr) ORDER BY n", table->name, key ? "id" : "v", key ? "id" : "v",
					 table->name);
	}
	free(array);
}

/*
 * Values and statements that are long.
 */
void
make_long(Maker *maker)
{
	Text		sql = {0};
	int			size = one_in(6) ? 1200000 : 9000;
	const Table *table = any_table(maker);

	if (one_in(2))
	{
		text_add(&sql, "SELECT n, '");
		text_repeat(&sql, "0123456789", size / 10);
		text_add(&sql, "' = t FROM %s WHERE t = '", table->name);
		text_repeat(&sql, "abcdefgh", size / 8);
		text_add(&sql, "' ORDER BY n");
	}
	else
	{
		text_add(&sql, "SELECT n FROM %s WHERE n IN (0", table->name);
		for (int i = 0; i < size / 40; i++)
			text_add(&sql, ",%d", i * 3);
		text_add(&sql, ") ORDER BY n");
	}
	step_add_text(maker, OP_SIMPLE, sql.data);
	step_add(maker, OP_SIMPLE, "SELECT n FROM %s WHERE t = repeat('x', %d) ORDER BY n", table->name, size);
}

/*
 * Comments at both ends, well formed or not.
 */
void
make_comment(Maker *maker)
{
	static const char *const comments[] = {
		"/*route='/posts',traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/",
		"/* nested /* route='x' */ */", "/*route='unclosed*/", "/*route='%2Fa%ZZ%'*/", "-- route='x'\n",
		"/*,,=='*/", "/*route=''*/", "/*!*/", "/**/", "/*a='1',route='\\'q\\'',b='2'*/", "/*action='show',controller='posts'*/"
	};
	const Table *table = any_table(maker);

	step_add(maker, OP_SIMPLE, "%sSELECT n /* route='mid' */ FROM %s WHERE n = %d ORDER BY n %s%s", PICK(comments),
			 table->name, random_below(50), PICK(comments), one_in(5) ? "/* not closed" : "");
	if (one_in(3))
		step_add(maker, OP_SIMPLE, "%s", PICK(comments));
	if (one_in(3))
		step_add(maker, OP_PARAMS, "%s %s", PICK(comments), one_in(2) ? "" : "SELECT 1");
	if (one_in(4))
	{
		Text		sql = {0};

		text_add(&sql, "SELECT 1 /*route='");
		text_repeat(&sql, "%41\xc3\xa4", 3000);
		text_add(&sql, "'*/");
		step_add_text(maker, OP_SIMPLE, sql.data);
	}
}

/*
 * Literals written in every way there is.
 */
void
make_quoting(Maker *maker)
{
	static const char *const quoted[] = {
		"U&'\\0041\\+000042'", "E'a\\'b\\\\c\\n'", "$$it's$$", "$q$ $$ $q$", "'it''s'", "'a'\n'b'", "N'x'",
		"U&'d!0061t' UESCAPE '!'", "'back\\slash'", "B'101'::text", "X'1F'::text", "E'\\u0041'", "'trailing\\'",
		"1e3::text", ".5::text", "1.::text", "-1::text", "'' ''", "\"t\""
	};
	const Table *table = any_table(maker);

	if (one_in(3))
		step_add(maker, OP_SIMPLE, "SET standard_conforming_strings = %s", one_in(2) ? "off" : "on");
	step_add(maker, OP_SIMPLE, "SELECT n, %s FROM %s WHERE t = %s OR n = %d ORDER BY n", PICK(quoted), table->name,
			 PICK(quoted), random_below(9));
	step_add(maker, OP_SIMPLE, "SELECT n AS \"weird \"\" name\", t AS U&\"d\\0061t\" FROM %s WHERE t = %s ORDER BY n",
			 table->name, PICK(quoted));
	if (one_in(2))
		step_add(maker, OP_SIMPLE, "RESET standard_conforming_strings");
}

/*
 * Bytes beyond ASCII, valid or not, under changing client encodings.
 */
void
make_encoding(Maker *maker)
{
	static const char *const encodings[] = {"UTF8", "LATIN1", "SQL_ASCII", "EUC_JP", "SJIS", "WIN1252", "BIG5"};
	static const char *const bytes[] = {
		"\xc3\xa4\xe2\x82\xac", "\xe4\xf6", "\xa4\xa2\xa4\xa4", "\x8f\xb0\xa1", "\xff\xfe", "\xc3", "\x83\x5c\x83\x7c",
		"\xf0\x9f\x98\x80", "\xed\xa0\x80"
	};
	const Table *table = any_table(maker);
	const char *some = PICK(bytes);
	Step	   *step;

	step_add(maker, OP_SIMPLE, "SET client_encoding = '%s'", PICK(encodings));
	step_add(maker, OP_SIMPLE, "SELECT n, '%s' FROM %s WHERE t = '%s' OR n < 3 ORDER BY n /*route='%s'*/", some,
			 table->name, some, some);
	step_add(maker, OP_SIMPLE, "SELECT 1 AS \"%s\"", some);
	step = step_add(maker, OP_PARAMS, "SELECT n, $1 FROM %s WHERE t = $1 ORDER BY n", table->name);
	step_param(step, 25, some, (int) strlen(some), random_below(2));
	step_add(maker, OP_SIMPLE, "UPDATE %s SET t = '%s' WHERE n = 2", table->name, some);
	if (one_in(2))
		step_add(maker, OP_SIMPLE, "SET application_name = '%s'", some);
	step_add(maker, OP_SIMPLE, "RESET client_encoding");
}
