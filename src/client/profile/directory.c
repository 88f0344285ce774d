/*-------------------------------------------------------------------------
 *
 * directory.c
 *	  The directory of a run: its name, and the files that say what was run, and where.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/profile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "message.h"
#include "output.h"
#include "text.h"

/* Longest line of run.txt that is read. */
#define LINE_BYTES 4096

/* Bytes of a date and time in a directory's name. */
#define DATE_BYTES 32

/*
 * Makes a directory, and ends the program where that fails.
 */
static char *
make_directory_at(char *path)
{
	if (mkdir(path, 0777) != 0)
		fatal("could not create directory \"%s\": %s", path, strerror(errno));
	return path;
}

/*
 * Makes a directory for a label and the time, in another one.  Of the label only what stands in a file's name without
 * doubt is taken.
 */
char *
make_directory(const char *parent, const char *label)
{
	char	   *name = copy_string(label);
	char		date[DATE_BYTES];
	time_t		now = time(NULL);

	for (char *c = name; *c != '\0'; c++)
	{
		if (!isalnum((unsigned char) *c) && strchr("._-", *c) == NULL)
			*c = '-';
	}
	strftime(date, sizeof(date), "%Y-%m-%d-%H%M%S", localtime(&now));
	return make_directory_at(format_string("%s/%s-%s", parent, date, name));
}

/*
 * Makes a directory of this name.
 */
char *
make_subdirectory(const char *parent, const char *name)
{
	return make_directory_at(format_string("%s/%s", parent, name));
}

/*
 * Writes a line of run.txt, unless there is no value.
 */
static void
put_entry(FILE *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, "%s: ", key);
	put_line(out, value);
	putc('\n', out);
}

/*
 * Writes what is known of a run: run.txt, a line for each.
 */
void
write_run_file(const Run *run, const char *status)
{
	const ProfileOptions *options = run->options;
	Output		output;

	begin_output(&output);
	put_entry(output.stream, "label", run->label);
	put_entry(output.stream, "status", status);
	put_entry(output.stream, "comment", options->comment);
	put_entry(output.stream, "period", run->period);
	put_entry(output.stream, "measured since", run->begun_at);
	put_entry(output.stream, "warm-up", format_string("%d s", options->warmup_seconds));
	if (run->end.seconds > 0)
		put_entry(output.stream, "load lasted", format_string("%d s", run->end.seconds));
	put_entry(output.stream, "database", run->session->database);
	put_entry(output.stream, "server", run->session->server_version);
	put_entry(output.stream, "extension", run->session->version);
	put_entry(output.stream, "command", CLIPPERF_VERSION);
	fputs("load:", output.stream);
	for (char *const *argument = options->load; *argument != NULL; argument++)
	{
		putc(' ', output.stream);
		put_shell_word(output.stream, *argument);
	}
	putc('\n', output.stream);
	finish_output(&output, format_string("%s/run.txt", run->directory));
}

/*
 * Writes the settings of the server that are not its defaults, and all of clipperf.
 */
void
write_settings_file(Session *session, const char *directory)
{
	PGresult   *result = run_query(session,
								   format_string("SELECT s.name, current_setting(s.name) AS value"
												 " FROM %s.clipperf_info AS i, pg_settings AS s"
												 " WHERE s.source OPERATOR(<>) 'default'"
												 " AND s.source OPERATOR(<>) 'client'"
												 " OR s.name OPERATOR(~~) 'clipperf.%%' ORDER BY s.name", session->schema), 0, NULL);
	Output		output;

	begin_output(&output);
	for (int i = 0; i < PQntuples(result); i++)
	{
		fprintf(output.stream, "%s = ", result_value(result, i, "name"));
		put_line(output.stream, result_value(result, i, "value"));
		putc('\n', output.stream);
	}
	PQclear(result);
	finish_output(&output, format_string("%s/settings.txt", directory));
}

/*
 * The value of a line of run.txt; NULL if there is none.
 */
static char *
read_entry(FILE *file, const char *key)
{
	char		line[LINE_BYTES];
	size_t		length = strlen(key);

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		if (strncmp(line, key, length) != 0 || strncmp(line + length, ": ", 2) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		return copy_string(line + length + 2);
	}
	return NULL;
}

/*
 * The label of the run that a directory tells of, whose period the server must have.  A round of --apply is told of by
 * the directory of its second run.
 */
char *
label_of_directory(Session *session, const char *directory)
{
	char	   *path = format_string("%s/run.txt", directory);
	FILE	   *file = fopen(path, "r");
	const char *params[2];
	PGresult   *result;

	if (file == NULL)
		fatal("could not open file \"%s\": %s", path, strerror(errno));
	params[0] = read_entry(file, "label");
	params[1] = read_entry(file, "period");
	fclose(file);
	if (params[0] == NULL || params[1] == NULL)
		fatal("directory \"%s\" tells of no run that was measured", directory);
	result = run_query(session, format_string("SELECT FROM %1$s.clipperf_periods AS p"
											  " WHERE p.label OPERATOR(=) $1 AND p.period::text OPERATOR(=) $2",
											  session->schema), 2, params);
	if (PQntuples(result) == 0)
	{
		print_error("database \"%s\" has no period \"%s\", which directory \"%s\" tells of", session->database,
					params[0], directory);
		print_hint("Periods are kept by the database that was measured, until they are dropped.");
		exit(EXIT_TROUBLE);
	}
	PQclear(result);
	free((void *) params[1]);
	return (char *) params[0];
}
