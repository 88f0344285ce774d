/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Writes JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_JSON_H
#define CLIENT_JSON_H

#include <stdbool.h>
#include <stdio.h>

/* How deeply objects and arrays may be nested. */
#define JSON_MAX_DEPTH 16

/* A document that is being written.  A key is NULL for the document itself, and within an array. */
typedef struct JsonWriter
{
	FILE	   *out;
	int			depth;
	bool		has_items[JSON_MAX_DEPTH];
} JsonWriter;

/* Writes a string in quotes, as JSON and Python have them. */
extern void json_put_quoted(FILE *out, const char *string);

/* Begins a document. */
extern void json_begin(JsonWriter *json, FILE *out);

/* Opens and closes an object. */
extern void json_open_object(JsonWriter *json, const char *key);
extern void json_close_object(JsonWriter *json);

/* Opens and closes an array. */
extern void json_open_array(JsonWriter *json, const char *key);
extern void json_close_array(JsonWriter *json);

/* Writes a string; null where value is NULL. */
extern void json_string(JsonWriter *json, const char *key, const char *value);

/* Writes a number that is given as text, as the server sends it; null where value is NULL or no number. */
extern void json_number(JsonWriter *json, const char *key, const char *value);

/* Writes an integer. */
extern void json_integer(JsonWriter *json, const char *key, long long value);

/* Writes a value that is JSON already. */
extern void json_document(JsonWriter *json, const char *key, const char *value);

/* Writes true or false. */
extern void json_boolean(JsonWriter *json, const char *key, bool value);

#endif							/* CLIENT_JSON_H */
