/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Writes JSON: indented, in UTF-8 whatever the strings hold.
 *
 *-------------------------------------------------------------------------
 */
#include "json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/*
 * Begins a document.
 */
void
json_begin(JsonWriter *json, FILE *out)
{
	memset(json, 0, sizeof(*json));
	json->out = out;
}

/*
 * Writes a string in quotes.  Bytes that are no UTF-8 are replaced.  "<" and ">" are escaped, so that the document can
 * stand in a script element of HTML as it is.
 */
void
json_put_quoted(FILE *out, const char *string)
{
	putc('"', out);
	while (*string != '\0')
	{
		int			length = utf8_length(string);
		unsigned char c = (unsigned char) *string;

		if (length == 0)
			fputs(REPLACEMENT_CHARACTER, out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c == '\t')
			fputs("\\t", out);
		else if (c < 0x20 || c == 0x7F || c == '<' || c == '>')
			fprintf(out, "\\u%04x", c);
		else
			fwrite(string, 1, length, out);
		string += length > 0 ? length : 1;
	}
	putc('"', out);
}

/*
 * Writes what stands before a value: the comma, a line of its own, and its key.
 */
static void
begin_value(JsonWriter *json, const char *key)
{
	if (json->depth > 0)
	{
		fputs(json->has_items[json->depth - 1] ? ",\n" : "\n", json->out);
		json->has_items[json->depth - 1] = true;
		fprintf(json->out, "%*s", 2 * json->depth, "");
	}
	if (key != NULL)
	{
		json_put_quoted(json->out, key);
		fputs(": ", json->out);
	}
}

/*
 * Opens an object or an array.
 */
static void
open_group(JsonWriter *json, const char *key, char bracket)
{
	begin_value(json, key);
	assert(json->depth < JSON_MAX_DEPTH);
	putc(bracket, json->out);
	json->has_items[json->depth++] = false;
}

/*
 * Closes the innermost object or array.  A document ends with a newline.
 */
static void
close_group(JsonWriter *json, char bracket)
{
	json->depth--;
	if (json->has_items[json->depth])
		fprintf(json->out, "\n%*s", 2 * json->depth, "");
	putc(bracket, json->out);
	if (json->depth == 0)
		putc('\n', json->out);
}

/*
 * Opens an object.
 */
void
json_open_object(JsonWriter *json, const char *key)
{
	open_group(json, key, '{');
}

/*
 * Closes an object.
 */
void
json_close_object(JsonWriter *json)
{
	close_group(json, '}');
}

/*
 * Opens an array.
 */
void
json_open_array(JsonWriter *json, const char *key)
{
	open_group(json, key, '[');
}

/*
 * Closes an array.
 */
void
json_close_array(JsonWriter *json)
{
	close_group(json, ']');
}

/*
 * Writes a string; null where value is NULL.
 */
void
json_string(JsonWriter *json, const char *key, const char *value)
{
	begin_value(json, key);
	if (value == NULL)
		fputs("null", json->out);
	else
		json_put_quoted(json->out, value);
}

/*
 * Writes a number that is given as text.  JSON has neither infinities nor NaN: null stands for them, and for NULL.
 */
void
json_number(JsonWriter *json, const char *key, const char *value)
{
	begin_value(json, key);
	if (value == NULL || strspn(value, "+-.0123456789eE") != strlen(value))
		value = "null";
	fputs(value, json->out);
}

/*
 * Writes an integer.
 */
void
json_integer(JsonWriter *json, const char *key, long long value)
{
	begin_value(json, key);
	fprintf(json->out, "%lld", value);
}

/*
 * Writes true or false.
 */
void
json_boolean(JsonWriter *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}

/*
 * Writes a value that is JSON already, as the server writes it.  Bytes that are no UTF-8, which a database without an
 * encoding has, can only stand in strings, and are replaced there.
 */
void
json_document(JsonWriter *json, const char *key, const char *value)
{
	begin_value(json, key);
	put_lines(json->out, value);
}
