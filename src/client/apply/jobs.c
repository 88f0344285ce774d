/*-------------------------------------------------------------------------
 *
 * jobs.c
 *	  Jobs of clipperf_apply(), as the server tells of them, and as text and
 *	  JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs.h"


#include <stdlib.h>
#include <string.h>

#include "apply/jobs_options.h"
#include "formats.h"
#include "text.h"

/* Before what belongs to a job. */
#define JOBS_INDENT "      "

/*
 * Asks for the jobs of these numbers, or for all.
 */
Jobs *
ask_for_jobs(Session *session, const StringList *numbers)
{
	const char *const params[] = {list_as_array(numbers)};
	char	   *query = format_string("SELECT job, action, relation, index_name, state, reason, phase, done_share, remaining_ms,"
									  " waits_for, ddl, made_at, changed_at"
									  " FROM %1$s.clipperf_jobs WHERE $1::int8[] IS NULL OR job = ANY ($1) ORDER BY job", session->schema);
	PGresult   *result = run_query(session, query, 1, params);
	Jobs	   *jobs = allocate_memory(sizeof(Jobs));

	jobs->session = session;
	jobs->count = PQntuples(result);
	jobs->rows = allocate_memory((jobs->count + 1) * sizeof(Job));
	for (int i = 0; i < jobs->count; i++)
	{
		jobs->rows[i] = (Job)
		{
			.job = copy_value(result, i, "job"),
				.action = copy_value(result, i, "action"),
				.relation = copy_value(result, i, "relation"),
				.index_name = copy_value(result, i, "index_name"),
				.state = copy_value(result, i, "state"),
				.reason = copy_value(result, i, "reason"),
				.phase = copy_value(result, i, "phase"),
				.done_share = copy_value(result, i, "done_share"),
				.remaining_ms = copy_value(result, i, "remaining_ms"),
				.waits_for = copy_value(result, i, "waits_for"),
				.ddl = copy_value(result, i, "ddl"),
				.made_at = copy_value(result, i, "made_at"),
				.changed_at = copy_value(result, i, "changed_at")
		};
	}
	PQclear(result);
	free(query);
	free((void *) params[0]);
	return jobs;
}

/*
 * Gives the memory of jobs back: a watch asks for them again and again.
 */
void
free_jobs(Jobs *jobs)
{
	for (int i = 0; i < jobs->count; i++)
	{
		char	  **columns = (char **) &jobs->rows[i];

		for (size_t j = 0; j < sizeof(Job) / sizeof(char *); j++)
			free(columns[j]);
	}
	free(jobs->rows);
	free(jobs);
}

/*
 * Is a state one of these?
 */
static bool
is_among(const char *state, const char *const *states)
{
	for (; *states != NULL; states++)
	{
		if (strcmp(state, *states) == 0)
			return true;
	}
	return false;
}

/*
 * Has a job come so far?
 */
bool
job_is_done(const Job *job, JobGoal goal)
{
	static const char *const begun[] = {"queued", "waiting", "building", NULL};

	return !is_among(job->state, begun) && (goal == GOAL_BUILT || strcmp(job->state, "verifying") != 0);
}

/*
 * Did a job end other than was wished for?  One that was undone or canceled did as it was told.
 */
bool
job_went_wrong(const Job *job)
{
	static const char *const wrong[] = {"failed", "regressed", "useless", NULL};

	return is_among(job->state, wrong);
}

/*
 * Writes the jobs for a terminal of 80 columns, a log or a mail.
 */
void
put_jobs_text(FILE *out, const void *result)
{
	const Jobs *jobs = result;

	if (jobs->count == 0)
		fputs("There are no jobs.\n", out);
	for (int i = 0; i < jobs->count; i++)
	{
		const Job  *job = &jobs->rows[i];

		put_wrapped(out, "", JOBS_INDENT, JOBS_LINE,
					format_string("%4s. %-9s  %s %s%s%s", job->job, job->state, job->action, job->index_name,
								  job->relation ? " on " : "", job->relation ? job->relation : ""));
		if (job->reason != NULL)
			put_wrapped(out, JOBS_INDENT, JOBS_INDENT, JOBS_LINE, job->reason);
		if (job->waits_for != NULL)
			put_wrapped(out, JOBS_INDENT, JOBS_INDENT, JOBS_LINE, format_string("waits for %s", job->waits_for));
	}
}

/*
 * Writes the jobs as JSON, of docs/jobs.schema.json.
 */
void
put_jobs_json(FILE *out, const void *result)
{
	const Jobs *jobs = result;
	JsonWriter	json;

	begin_json_result(&json, out, jobs->session);
	json_open_array(&json, "jobs");
	for (int i = 0; i < jobs->count; i++)
	{
		const Job  *job = &jobs->rows[i];

		json_open_object(&json, NULL);
		json_number(&json, "job", job->job);
		json_string(&json, "action", job->action);
		json_string(&json, "relation", job->relation);
		json_string(&json, "index_name", job->index_name);
		json_string(&json, "state", job->state);
		json_string(&json, "reason", job->reason);
		json_string(&json, "phase", job->phase);
		json_number(&json, "done_share", job->done_share);
		json_number(&json, "remaining_ms", job->remaining_ms);
		json_string(&json, "waits_for", job->waits_for);
		json_string(&json, "ddl", job->ddl);
		json_string(&json, "made_at", job->made_at);
		json_string(&json, "changed_at", job->changed_at);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_close_object(&json);
}
