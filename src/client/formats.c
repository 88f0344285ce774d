/*-------------------------------------------------------------------------
 *
 * formats.c
 *	  The formats of what a command says, and the options that choose them.
 *
 *-------------------------------------------------------------------------
 */
#include "formats.h"

#include <string.h>

#include "memory.h"
#include "message.h"
#include "output.h"

/*
 * The output of a command unless options say something else: its first format, to standard output.
 */
OutputOptions
default_output(const char *command, const Format *formats)
{
	return (OutputOptions)
	{
		.command = command,.formats = formats,.format = &formats[0]
	};
}

/*
 * The format whose name has so many bytes.  Ends the program where there is none.
 */
static const Format *
find_format(const OutputOptions *output, const char *name, size_t length)
{
	char	   *names = copy_string("");

	for (const Format *format = output->formats; format->name != NULL; format++)
	{
		if (strlen(format->name) == length && strncmp(format->name, name, length) == 0)
			return format;
		append_string(&names, "%s%s", names[0] != '\0' ? ", " : "", format->name);
	}
	print_error("unrecognized format: \"%.*s\"", (int) length, name);
	print_detail("The formats are %s.", names);
	fatal_usage(output->command);
}

/*
 * Takes the argument of --output: FORMAT:FILE.
 */
static void
take_file(OutputOptions *output, const char *argument)
{
	const char *colon = strchr(argument, ':');

	if (colon == NULL || colon[1] == '\0')
	{
		print_error("invalid value \"%s\" for option --output", argument);
		print_detail("It must have the form FORMAT:FILE.");
		fatal_usage(output->command);
	}
	output->files = reallocate_memory(output->files, (output->file_count + 1) * sizeof(OutputFile));
	output->files[output->file_count++] = (OutputFile)
	{
		.format = find_format(output, argument, colon - argument),
			.path = colon + 1
	};
}

/*
 * Takes an option of output, whose argument is in optarg.  Returns false where it is none.
 */
bool
take_output_option(int option, OutputOptions *output)
{
	switch (option)
	{
		case 'q':
			output->format = NULL;
			return true;
		case OPTION_FORMAT:
			output->format = find_format(output, optarg, strlen(optarg));
			return true;
		case OPTION_OUTPUT:
			take_file(output, optarg);
			return true;
		default:
			return false;
	}
}

/*
 * Reads the command line of a command that has no other options than those of output and those that all commands have.
 */
void
read_output_options(int argc, char **argv, ConnectionOptions *connection, OutputOptions *output, void (*print_help) (void))
{
	static const struct option long_options[] = {
		COMMON_LONG_OPTIONS,
		OUTPUT_LONG_OPTIONS,
		{NULL, 0, NULL, 0}
	};
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS OUTPUT_SHORT_OPTIONS, long_options)) != -1)
	{
		if (!take_output_option(option, output) && !take_common_option(option, connection, print_help))
			fatal_usage(output->command);
	}
	take_database(argc, argv, output->command, connection);
}

/*
 * Begins a result as JSON: an object, left open, with what those of all commands have.
 */
void
begin_json_result(JsonWriter *json, FILE *out, const Session *session)
{
	json_begin(json, out);
	json_open_object(json, NULL);
	json_string(json, "command", CLIPPERF_VERSION);
	json_string(json, "extension", session->version);
	json_string(json, "database", session->database);
}

/*
 * Writes a result in one format, to standard output where path is NULL.
 */
static void
write_format(const Format *format, const void *result, const char *path)
{
	Output		output;

	begin_output(&output);
	format->put(output.stream, result);
	finish_output(&output, path);
}

/*
 * Writes a result to the files, and to standard output, whose reader may be gone, last.
 */
void
write_result(const OutputOptions *output, const void *result)
{
	for (int i = 0; i < output->file_count; i++)
		write_format(output->files[i].format, result, output->files[i].path);
	if (output->format != NULL)
		write_format(output->format, result, NULL);
}
