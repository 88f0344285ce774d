/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  clipperf rules: the objectives of endpoints, for monitoring systems.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/rules.h"

#include <ctype.h>
#include <string.h>

#include "connection.h"
#include "formats.h"
#include "message.h"

/* Names of documents of OpenSLO are labels of DNS: so many small letters, digits and hyphens. */
#define MOST_NAME_LENGTH 63

static const Format formats[] = {
	{"prometheus", put_rules_prometheus},
	{"openslo", put_rules_openslo},
	{NULL, NULL}
};

/*
 * Prints the command's help.
 */
static void
print_rules_help(void)
{
	printf("clipperf rules writes the objectives of endpoints for monitoring systems.\n\n"
		   "Usage:\n"
		   "  clipperf rules [OPTION]... [DBNAME]\n\n"
		   "Output:\n"
		   "      --format=FORMAT       format of standard output: prometheus (default), rules\n"
		   "                            of alerts, or openslo, documents of OpenSLO v1\n"
		   "      --output=FORMAT:FILE  also write to a file; may be repeated\n"
		   "  -q, --quiet               write nothing to standard output\n");
	print_common_help();
	printf("\nThe exit status is 0 if the rules were written, and 2 if they could not be.\n");
}

/*
 * Asks for the endpoints that have an objective which metrics can tell of.  A query that reads clipperf_slo is known for
 * one of clipperf's own.
 */
static Objectives
ask_for_objectives(Session *session)
{
	Objectives	objectives = {.database = session->database};
	char	   *query = format_string("SELECT e.name, e.measured, e.target_ms, e.target_share, e.max_error_share,"
									  " e.min_requests_per_second, e.min_bad,"
									  " 1 - e.target_share::numeric AS slow_share,"
									  " 1 - e.max_error_share::numeric AS well_share"
									  " FROM %s.clipperf_slo AS s JOIN %s.clipperf_endpoints AS e ON e.name = s.name"
									  " WHERE e.target_ms IS NOT NULL OR e.max_error_share IS NOT NULL"
									  " OR e.min_requests_per_second IS NOT NULL ORDER BY e.name COLLATE \"C\"",
									  session->schema, session->schema);
	PGresult   *result = run_query(session, query, 0, NULL);

	objectives.count = PQntuples(result);
	objectives.endpoints = allocate_memory((objectives.count + 1) * sizeof(EndpointObjectives));
	for (int row = 0; row < objectives.count; row++)
		objectives.endpoints[row] = (EndpointObjectives)
	{
		.name = copy_value(result, row, "name"),
			.measured = copy_value(result, row, "measured"),
			.target_ms = copy_value(result, row, "target_ms"),
			.target_share = copy_value(result, row, "target_share"),
			.slow_share = copy_value(result, row, "slow_share"),
			.max_error_share = copy_value(result, row, "max_error_share"),
			.well_share = copy_value(result, row, "well_share"),
			.min_requests_per_second = copy_value(result, row, "min_requests_per_second"),
			.min_bad = copy_value(result, row, "min_bad")
	};
	PQclear(result);
	return objectives;
}

/*
 * The objectives of an endpoint that may be missed by a share of its requests; their number.
 */
int
ratio_objectives(const EndpointObjectives *endpoint, RatioObjective *objectives)
{
	int			count = 0;

	if (endpoint->target_ms != NULL)
		objectives[count++] = (RatioObjective)
	{
		"time", endpoint->slow_share, endpoint->target_share
	};
	if (endpoint->max_error_share != NULL)
		objectives[count++] = (RatioObjective)
	{
		"errors", endpoint->max_error_share, endpoint->well_share
	};
	return count;
}

/*
 * A name of small letters, digits and hyphens, of up to so many characters: what is something else becomes a hyphen.
 */
static char *
shorten_to_plain(const char *text, size_t most)
{
	char	   *name = copy_string(text);
	size_t		length = 0;

	for (const char *c = text; *c != '\0' && length < most; c++)
	{
		unsigned char byte = *c;

		if (byte < 0x80 && isalnum(byte))
			name[length++] = tolower(byte);
		else if (length > 0 && name[length - 1] != '-')
			name[length++] = '-';
	}
	while (length > 0 && name[length - 1] == '-')
		length--;
	name[length] = '\0';
	return length > 0 ? name : copy_string("unnamed");
}

/*
 * The name of a database for those who take letters, digits and hyphens alone.
 */
char *
plain_name(const char *text)
{
	return shorten_to_plain(text, MOST_NAME_LENGTH);
}

/*
 * The name of an endpoint's objective, for the same: with a number where another one of "names" has it already.
 */
char *
objective_name(StringList *names, const EndpointObjectives *endpoint, const char *objective)
{
	char	   *name = shorten_to_plain(endpoint->name, MOST_NAME_LENGTH - strlen("-throughput-000"));
	char	   *full = format_string("%s-%s", name, objective);
	int			number = 1;

	for (int i = 0; i < names->count; i++)
	{
		if (strcmp(names->items[i], full) == 0)
		{
			full = format_string("%s-%d-%s", name, ++number, objective);
			i = -1;
		}
	}
	list_add(names, full);
	return full;
}

/*
 * Writes a string of PromQL, which has the escapes of Go, in its quotes.
 */
void
put_promql_string(FILE *out, const char *string)
{
	putc('"', out);
	for (const char *c = string; *c != '\0'; c++)
	{
		unsigned char byte = *c;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < ' ' || byte == 0x7f)
			fprintf(out, "\\x%02x", byte);
		else
			putc(byte, out);
	}
	putc('"', out);
}

/*
 * Writes what chooses the series of an endpoint, in braces: those of an objective, or where that is NULL, those without
 * that label.
 */
void
put_selector(FILE *out, const Objectives *objectives, const EndpointObjectives *endpoint, const char *objective)
{
	fputs("{database=", out);
	put_promql_string(out, objectives->database);
	fputs(", endpoint=", out);
	put_promql_string(out, endpoint->name);
	if (objective != NULL)
		fprintf(out, ", objective=\"%s\"", objective);
	putc('}', out);
}

/*
 * Runs the command.
 */
int
run_rules(int argc, char **argv)
{
	ConnectionOptions connection = {0};
	OutputOptions output = default_output("rules", formats);
	Session    *session;
	Objectives	objectives;

	read_output_options(argc, argv, &connection, &output, print_rules_help);

	session = open_session(&connection);
	objectives = ask_for_objectives(session);
	if (objectives.count == 0)
		print_note("no endpoint of database \"%s\" has an objective", session->database);
	close_session(session);
	write_result(&output, &objectives);
	return EXIT_FINE;
}
