/*-------------------------------------------------------------------------
 *
 * util.c
 *	  Errors, memory, growing strings, clocks and option values.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clipload.h"

/* Names that --type and --protocol understand. */
typedef struct Name
{
	const char *name;
	unsigned	value;
} Name;

static const Name types[] = {
	{"unknown", 0}, {"bool", 16}, {"int8", 20}, {"int2", 21}, {"int4", 23},
	{"text", 25}, {"varchar", 1043}, {"numeric", 1700}, {"uuid", 2950},
	{NULL, 0}
};

static const Name protocols[] = {
	{"prepared", PROTOCOL_PREPARED}, {"extended", PROTOCOL_EXTENDED},
	{"simple", PROTOCOL_SIMPLE}, {NULL, 0}
};

/*
 * Print an error and end the program with status 1.
 */
void
die(const char *format,...)
{
	va_list		args;

	fflush(stdout);
	fprintf(stderr, "%s: error: ", PROGRAM_NAME);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/*
 * Zeroed memory, or the end of the program.
 */
void *
must_alloc(size_t size)
{
	void	   *memory = calloc(1, size ? size : 1);

	if (memory == NULL)
		die("out of memory");
	return memory;
}

/*
 * realloc() that never fails.
 */
void *
must_realloc(void *old, size_t size)
{
	void	   *memory = realloc(old, size ? size : 1);

	if (memory == NULL)
		die("out of memory");
	return memory;
}

/*
 * strdup() that never fails.
 */
char *
must_strdup(const char *string)
{
	size_t		size = strlen(string) + 1;

	return memcpy(must_alloc(size), string, size);
}

/*
 * Append bytes to a growing string, which stays zero-terminated.
 */
void
text_append(Text *text, const char *bytes, size_t length)
{
	if (text->length + length + 1 > text->space)
	{
		text->space = (text->length + length + 1) * 2;
		text->data = must_realloc(text->data, text->space);
	}
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

/*
 * Append a zero-terminated string.
 */
void
text_add(Text *text, const char *string)
{
	text_append(text, string, strlen(string));
}

/*
 * Empty a growing string, keeping its memory.
 */
void
text_clear(Text *text)
{
	text->length = 0;
	text_append(text, "", 0);
}

/*
 * An option's value as an integer within bounds, or the end of the program.
 */
long
parse_long(const char *option, const char *value, long min, long max)
{
	char	   *end;
	long		result;

	errno = 0;
	result = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || result < min || result > max)
		die("--%s must be an integer between %ld and %ld, not \"%s\"",
			option, min, max, value);
	return result;
}

/*
 * An option's value as a number within bounds, or the end of the program.
 */
double
parse_double(const char *option, const char *value, double min, double max)
{
	char	   *end;
	double		result;

	errno = 0;
	result = strtod(value, &end);
	if (errno != 0 || end == value || *end != '\0' || !(result >= min && result <= max))
		die("--%s must be a number between %g and %g, not \"%s\"",
			option, min, max, value);
	return result;
}

/*
 * The value of a name, or the end of the program.
 */
static unsigned
parse_name(const Name *names, const char *option, const char *value)
{
	for (; names->name != NULL; names++)
	{
		if (strcmp(names->name, value) == 0)
			return names->value;
	}
	die("--%s does not know \"%s\"; try --help", option, value);
}

/*
 * The value of --protocol.
 */
Protocol
parse_protocol(const char *value)
{
	return (Protocol) parse_name(protocols, "protocol", value);
}

/*
 * The OID of a parameter's type.
 */
Oid
parse_type(const char *value)
{
	return (Oid) parse_name(types, "type", value);
}

/*
 * Monotonic time in milliseconds.
 */
double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000.0 + now.tv_nsec / 1e6;
}

/*
 * Think for so many milliseconds.
 */
void
sleep_ms(double ms)
{
	struct timespec wait;

	if (ms <= 0)
		return;
	wait.tv_sec = (time_t) (ms / 1000.0);
	wait.tv_nsec = (long) ((ms - wait.tv_sec * 1000.0) * 1e6);
	nanosleep(&wait, NULL);
}
