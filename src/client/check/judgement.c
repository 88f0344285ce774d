/*-------------------------------------------------------------------------
 *
 * judgement.c
 *	  What the server's check says.
 *
 * Nothing is judged here.  clipperf_check() decides, and warns of entries of "allow" that match nothing; when it fails
 * for findings, clipperf_problems() names those that it fails for.  When it fails for having seen nothing, so does the
 * command, as it could not do its work.
 *
 *-------------------------------------------------------------------------
 */
#include "check/judgement.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* What clipperf_check() raises when there are problems. */
#define SQLSTATE_PROBLEMS "CP001"

/*
 * A number of a result; -1 for a null.
 */
static long long
number_value(const PGresult *result, const char *column)
{
	const char *value = result_value(result, 0, column);

	return value ? atoll(value) : -1;
}

/*
 * Finds file and line in what a statement's comment says of its place, "app/feed.py:42 in feed#index"; leaves the problem
 * without one where it names no line.  Files below the current directory are named from there, as the reader of a log
 * has them.
 */
static void
locate_problem(Problem *problem, const char *place)
{
	const char *end = place + strcspn(place, " ");
	const char *colon = memrchr(place, ':', end - place);
	char		directory[PATH_MAX];
	char	   *rest;
	long		line;

	if (colon == NULL || colon == place)
		return;
	line = strtol(colon + 1, &rest, 10);
	if (line < 1 || line > INT_MAX || rest != end)
		return;
	if (getcwd(directory, sizeof(directory)) != NULL)
	{
		size_t		length = strlen(directory);

		if (strncmp(place, directory, length) == 0 && place[length] == '/' && place + length + 1 < colon)
			place += length + 1;
	}
	problem->file = format_string("%.*s", (int) (colon - place), place);
	problem->line = line;
}

/*
 * Reads the problems that the check failed for.
 */
static void
read_problems(Judgement *judgement, Session *session, const char *const *params)
{
	char	   *query = format_string("SELECT * FROM %s.clipperf_problems($1, $2)", session->schema);
	PGresult   *result = run_query(session, query, 2, params);

	judgement->count = judgement->new_count = PQntuples(result);
	judgement->problems = allocate_memory(judgement->count * sizeof(Problem));
	for (int i = 0; i < judgement->count; i++)
	{
		Problem    *problem = &judgement->problems[i];

		problem->kind = copy_value(result, i, "kind");
		problem->relation = copy_value(result, i, "relation");
		problem->problem = make_one_line(copy_value(result, i, "problem"));
		problem->summary = copy_value(result, i, "summary");
		problem->fix = copy_value(result, i, "fix");
		problem->evidence = copy_value(result, i, "evidence");
		problem->queryid = copy_value(result, i, "queryid");
		if (result_value(result, i, "source_location") != NULL)
			locate_problem(problem, result_value(result, i, "source_location"));
	}
	PQclear(result);
	free(query);
}

/*
 * Reads how much was judged.
 */
static void
read_judged(Judgement *judgement, Session *session, const char *const *params)
{
	char	   *query = format_string("SELECT *, current_setting('clipperf.seqscan_min_rows') AS min_rows"
									  " FROM %s.clipperf_judged($1)", session->schema);
	PGresult   *result = run_query(session, query, 1, params);

	judgement->statements = number_value(result, "statements");
	judgement->lists = number_value(result, "lists");
	judgement->small_tables = number_value(result, "small_tables");
	judgement->suspicions = number_value(result, "suspicions");
	judgement->min_rows = copy_value(result, 0, "min_rows");
	PQclear(result);
	free(query);
}

/*
 * Asks the server for its judgement by findings of these kinds, but for those that "allow" names.
 */
Judgement *
ask_for_judgement(Session *session, const StringList *kinds, const StringList *allow)
{
	Judgement  *judgement = allocate_memory(sizeof(Judgement));
	char	   *params[] = {list_as_array(kinds), list_as_array(allow)};
	char	   *query = format_string("SELECT %s.clipperf_check($1, $2)", session->schema);
	PGresult   *result = try_query(session, query, 2, (const char *const *) params, SQLSTATE_PROBLEMS);

	judgement->session = session;
	judgement->kinds = *kinds;
	judgement->allow = *allow;
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		read_problems(judgement, session, (const char *const *) params);
	read_judged(judgement, session, (const char *const *) params);
	PQclear(result);
	free(query);
	return judgement;
}

/*
 * What was judged, in words.
 */
char *
judged_in_words(const Judgement *judgement)
{
	char	   *words = format_string("%lld statement%s", judgement->statements, judgement->statements == 1 ? "" : "s");

	if (judgement->lists >= 0)
		append_string(&words, ", %lld list%s looped over", judgement->lists, judgement->lists == 1 ? "" : "s");
	if (judgement->small_tables >= 0)
		append_string(&words, ", %lld table%s too small to judge", judgement->small_tables,
					  judgement->small_tables == 1 ? "" : "s");
	if (judgement->suspicions > 0)
		append_string(&words, ", %lld suspected loop%s not counted", judgement->suspicions,
					  judgement->suspicions == 1 ? "" : "s");
	return words;
}
