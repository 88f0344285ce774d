/*-------------------------------------------------------------------------
 *
 * formats.h
 *	  The formats of what a command says, and the options that choose them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_FORMATS_H
#define CLIENT_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "json.h"
#include "options.h"

/* The options of output, for getopt_long(). */
#define OUTPUT_SHORT_OPTIONS "q"
#define OUTPUT_LONG_OPTIONS \
	{"format", required_argument, NULL, OPTION_FORMAT}, \
	{"output", required_argument, NULL, OPTION_OUTPUT}, \
	{"quiet", no_argument, NULL, 'q'}

/* One format: its name, and what writes the command's result in it. */
typedef struct Format
{
	const char *name;
	void		(*put) (FILE *out, const void *result);
} Format;

/* A file that the result is written to, beside standard output. */
typedef struct OutputFile
{
	const Format *format;
	const char *path;
} OutputFile;

/* Where a command's result goes. */
typedef struct OutputOptions
{
	const char *command;
	const Format *formats;		/* those of the command; the first one is the
								 * default, a NULL name ends them */
	const Format *format;		/* of standard output; NULL = nothing is
								 * written there */
	OutputFile *files;
	int			file_count;
} OutputOptions;

/* Begins with the command's defaults. */
extern OutputOptions default_output(const char *command, const Format *formats);

/* Takes an option of output; false where it is none. */
extern bool take_output_option(int option, OutputOptions *output);

/* Reads the command line of a command that has no other options than those of output and all commands'. */
extern void read_output_options(int argc, char **argv, ConnectionOptions *connection, OutputOptions *output,
								void (*print_help) (void));

/* Begins a result as JSON: an object, left open, with what those of all commands have. */
extern void begin_json_result(JsonWriter *json, FILE *out, const Session *session);

/* Writes the result to the files, and to standard output. */
extern void write_result(const OutputOptions *output, const void *result);

#endif							/* CLIENT_FORMATS_H */
