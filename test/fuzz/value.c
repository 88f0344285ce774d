/*-------------------------------------------------------------------------
 *
 * value.c
 *	  Types, keys, literals and the casts around them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Types of keys, with the key of a row. */
const KeyType key_types[] = {
	{"int4", "(%s)", "int4[]"},
	{"int8", "(%s)::int8", "int8[]"},
	{"int2", "(%s)::int2", "int2[]"},
	{"oid", "(%s)::oid", "oid[]"},
	{"uuid", "md5((%s)::text)::uuid", "uuid[]"},
	{"numeric", "((%s) * 1.50)", "numeric[]"},
	{"numeric", "(1e60 + (%s))", "numeric[]"},
	{"text", "('k' || (%s))", "text[]"},
	{"text", "repeat('k' || (%s), 3000)", "text[]"},
	{"varchar(40)", "('v' || (%s))::varchar(40)", "varchar[]"},
	{"char(12)", "('c' || (%s))::char(12)", "bpchar[]"},
	{"name", "('n' || (%s))::name", "name[]"},
	{"bytea", "decode(md5((%s)::text), 'hex')", "bytea[]"},
	{"mood", "('m' || (%s) % 40)::mood", "mood[]"},
	{"dint", "(%s)::dint", "dint[]"},
	{"dtext", "('d' || (%s))::dtext", "dtext[]"},
	{"darr", "ARRAY[(%s), 7]::darr", "int4[]"},
	{"pair", "ROW((%s), 'p')::pair", "pair[]"},
	{"int4range", "int4range((%s), (%s) + 5)", "int4range[]"},
	{"jsonb", "jsonb_build_object('k', (%s))", "jsonb[]"},
	{"int4[]", "ARRAY[(%s), NULL, 3]", "int4[]"},
	{"text[]", "ARRAY['a' || (%s), NULL]", "text[]"},
	{"date", "('2000-01-01'::date + (%s))", "date[]"},
	{"timestamptz", "('2000-01-01 00:00+00'::timestamptz + (%s) * '1 hour'::interval)", "timestamptz[]"},
	{"interval", "((%s) * '1 hour'::interval)", "interval[]"},
	{"float8", "((%s) / 4.0)::float8", "float8[]"},
	{"inet", "('10.0.0.0'::inet + (%s))", "inet[]"},
	{"bit(16)", "(%s)::bit(16)", "bit[]"},
	{"bool", "((%s) % 2 = 0)", "bool[]"},
	{"\"char\"", "chr(60 + (%s) % 60)::\"char\"", "\"char\"[]"},
	{"int2vector", "'1 2 3'::int2vector", "int2vector[]"},
	{"oidvector", "'4 5 6'::oidvector", "oidvector[]"},
};
const int	nkey_types = sizeof(key_types) / sizeof(key_types[0]);

static const char *const literals[] = {
	"true", "1", "-7", "1.5", "'1'", "'{1,2}'", "'{}'", "NULL", "'{{1,2},{3,4}}'",
	"'{NULL,1}'", "'{NULL}'", "'\\x010203'::bytea", "'\\x7b317d'::bytea",
	"'\\x0100000000000000170000000100000001000000'::bytea", "ARRAY[1,2]",
	"ARRAY[]::int4[]", "ARRAY[NULL]::text[]", "repeat('x', 10000)",
	"('{' || repeat('1,', 3000) || '1}')", "'m1'", "'k1'", "ROW(1,'x')",
	"'(1,x)'", "'[1,5)'", "'{\"k\": 1}'", "'d41d8cd98f00b204e9800998ecf8427e'",
	"'1 2 3'", "'2000-01-02'", "'1 day'", "''", "' '", "'c'", "'t'",
	"'[0:1]={5,6}'", "'{{}}'", "'\\x'::bytea", "decode(repeat('ff', 40), 'hex')",
	"'{\"(1,x)\"}'", "'{m1,m2}'", "1::int2", "9223372036854775807", "'NaN'",
	"current_schema()", "ARRAY[[1],[2]]", "ARRAY['a', repeat('b', 9000)]", "B'101'"
};

static const char *const types[] = {
	"bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "text", "varchar",
	"varchar(3)", "bpchar", "char(5)", "\"char\"", "name", "bytea", "uuid", "json",
	"jsonb", "date", "interval", "timestamptz", "int4range", "int4[]", "int8[]",
	"int2[]", "text[]", "varchar[]", "bpchar[]", "name[]", "oid[]", "bool[]",
	"uuid[]", "bytea[]", "numeric[]", "float8[]", "int2vector", "oidvector",
	"mood", "mood[]", "dint", "dint[]", "dtext", "darr", "pair", "pair[]",
	"int4range[]", "jsonb[]", "bit(8)", "varbit", "inet", "cidr", "money", "point",
	"tsvector", "xid", "cid", "tid", "numeric(5,2)", "regtype", "int4multirange",
	"dtarr"
};

/*
 * Append the key of the row that an integer expression names.
 */
void
key_add(Text *text, const KeyType *type, const char *row)
{
	for (const char *at = type->expression; *at != '\0'; at++)
	{
		if (strncmp(at, "%s", 2) == 0)
		{
			text_add(text, "%s", row);
			at++;
		}
		else
			text_add(text, "%c", *at);
	}
}

/*
 * An expression for the key of a row.
 */
char *
key_of(const KeyType *type, int row)
{
	Text		text = {0};
	char		number[20];

	snprintf(number, sizeof(number), "%d", row);
	key_add(&text, type, number);
	return text.data;
}

/*
 * Some literal.
 */
char *
any_literal(void)
{
	return must_copy(PICK(literals));
}

/*
 * A literal under up to three casts, the last of which is to this type.
 */
char *
cast_chain(const char *type)
{
	Text		text = {0};
	int			casts = random_below(3);

	text_add(&text, "%s", PICK(literals));
	for (int i = 0; i < casts; i++)
		text_add(&text, "::%s", one_in(2) ? "text" : PICK(types));
	text_add(&text, "::%s", type ? type : PICK(types));
	return text.data;
}

/*
 * An expression that is an array of keys of this type, in one of many shapes.
 */
char *
array_chain(const KeyType *type)
{
	char	   *one = key_of(type, 1 + random_below(30));
	char	   *two = key_of(type, 1 + random_below(30));
	char	   *result;

	switch (random_below(9))
	{
		case 0:
			result = format_text("ARRAY[%s, %s]::%s", one, two, type->array);
			break;
		case 1:
			result = format_text("ARRAY[%s, NULL, %s]::text::%s", one, two, type->array);
			break;
		case 2:
			result = format_text("ARRAY[%s]::text::varchar::%s", one, type->array);
			break;
		case 3:
			result = format_text("'{}'::%s", type->array);
			break;
		case 4:
			result = format_text("NULL::%s", type->array);
			break;
		case 5:
			result = format_text("(ARRAY[[%s],[%s]])::%s", one, two, type->array);
			break;
		case 6:
			result = format_text("array_fill(%s, ARRAY[%d])::%s", one, random_below(2000), type->array);
			break;
		case 7:
			result = format_text("array_append(ARRAY[%s], %s)::text::%s::text::%s", one, two,
								 type->array, type->array);
			break;
		default:
			result = cast_chain(type->array);
	}
	free(one);
	free(two);
	return result;
}
