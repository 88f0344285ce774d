/*-------------------------------------------------------------------------
 *
 * doctor.c
 *	  clipperf doctor: does clipperf work as it should on a server?
 *
 *-------------------------------------------------------------------------
 */
#include "doctor/doctor.h"

#include "formats.h"
#include "json.h"
#include "message.h"
#include "options.h"
#include "text.h"

/* Columns of a line of words. */
#define DOCTOR_WIDTH 80

/*
 * Writes an examination for people.
 */
static void
put_examination_text(FILE *out, const void *result)
{
	const Examination *examination = result;

	for (int i = 0; i < examination->count; i++)
	{
		const Diagnosis *diagnosis = &examination->diagnoses[i];

		put_wrapped(out, format_string("%-8s %-11s ", health_name(diagnosis->health), diagnosis->name),
					"                     ", DOCTOR_WIDTH, diagnosis->finding);
		if (diagnosis->advice != NULL)
			put_wrapped(out, "                     ", "                     ", DOCTOR_WIDTH, diagnosis->advice);
	}
	fprintf(out, "%d problem%s, %d note%s\n", examination->problems, examination->problems == 1 ? "" : "s",
			examination->notes, examination->notes == 1 ? "" : "s");
}

/*
 * Writes an examination as JSON, of docs/doctor.schema.json.
 */
static void
put_examination_json(FILE *out, const void *result)
{
	const Examination *examination = result;
	JsonWriter	json;

	begin_json_result(&json, out, examination->session);
	json_string(&json, "server", examination->session->server_version);
	json_string(&json, "role", examination->session->role);
	json_boolean(&json, "healthy", examination->problems == 0);
	json_open_array(&json, "diagnoses");
	for (int i = 0; i < examination->count; i++)
	{
		const Diagnosis *diagnosis = &examination->diagnoses[i];

		json_open_object(&json, NULL);
		json_string(&json, "name", diagnosis->name);
		json_string(&json, "health", health_name(diagnosis->health));
		json_string(&json, "finding", diagnosis->finding);
		json_string(&json, "advice", diagnosis->advice);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_close_object(&json);
}

static const Format formats[] = {
	{"text", put_examination_text},
	{"json", put_examination_json},
	{NULL, NULL}
};

/*
 * Prints the command's help.
 */
static void
print_doctor_help(void)
{
	printf("clipperf doctor tells whether clipperf works as it should on a server.\n\n"
		   "Usage:\n"
		   "  clipperf doctor [OPTION]... [DBNAME]\n\n"
		   "Output:\n"
		   "      --format=FORMAT       format of standard output: text (default) or json\n"
		   "      --output=FORMAT:FILE  also write to a file; may be repeated\n"
		   "  -q, --quiet               write nothing to standard output\n");
	print_common_help();
	printf("\nThe exit status is 0 if there are no problems, 1 if there are, and 2 if the\n"
		   "server could not be examined.\n");
}

/*
 * Runs the command.
 */
int
run_doctor(int argc, char **argv)
{
	ConnectionOptions connection = {0};
	OutputOptions output = default_output("doctor", formats);
	Session    *session;
	Examination *examination;

	read_output_options(argc, argv, &connection, &output, print_doctor_help);

	session = open_bare_session(&connection);
	examination = examine(session);
	close_session(session);
	write_result(&output, examination);
	return examination->problems > 0 ? EXIT_FINDINGS : EXIT_FINE;
}
