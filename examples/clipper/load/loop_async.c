/*-------------------------------------------------------------------------
 *
 * loop_async.c
 *	  Children that do not wait for each other: all at once over a pool of
 *	  connections, or in one pipeline.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/* One child to run. */
typedef struct Job
{
	char	   *sql;
	Args		args;
} Job;

/* All children of a set of rows. */
typedef struct Jobs
{
	Job		   *items;
	int			count;
	int			sent;
	int			done;
} Jobs;

/*
 * Add the child of one row.
 */
static void
add_job(Loop *loop, Jobs *jobs, Step *step, const PGresult *rows, int row)
{
	int			members = step->list_kind == LIST_NONE ? 0 : list_length(step, rows, row);
	Job		   *job;

	if (step->children != NULL)
		die("--grandchild does not go with --concurrent or --pipeline");
	jobs->items = must_realloc(jobs->items, (jobs->count + 1) * sizeof(Job));
	job = &jobs->items[jobs->count++];
	job->sql = loop_text(loop, step, step->sql, members);
	args_init(&job->args, step->nbinds + members);
	bind_args(&job->args, step->binds, step->nbinds, rows, row);
	bind_list(&job->args, step, rows, row);
}

/*
 * The children of some rows, row by row.
 */
static Jobs
make_jobs(Loop *loop, const PGresult *rows, const int *order, int count)
{
	Jobs		jobs = {0};

	for (int i = 0; i < count; i++)
	{
		for (Step *step = loop->children; step != NULL; step = step->next)
		{
			if (step_wants_row(loop, step, rows, order[i]))
				add_job(loop, &jobs, step, rows, order[i]);
		}
	}
	return jobs;
}

/*
 * Free the children.
 */
static void
free_jobs(Jobs *jobs)
{
	for (int i = 0; i < jobs->count; i++)
	{
		args_free(&jobs->items[i].args);
		free(jobs->items[i].sql);
	}
	free(jobs->items);
}

/*
 * Send the next child over a connection.
 */
static void
send_job(Loop *loop, Conn *conn, Jobs *jobs)
{
	Job		   *job = &jobs->items[jobs->sent++];

	if (!conn_send(conn, loop->protocol, job->sql, &job->args))
		die("%sin statement: %s", PQerrorMessage(conn->pg), job->sql);
}

/*
 * Count a result, or end the program if it is an error.
 */
static void
count_result(Loop *loop, Conn *conn, PGresult *result)
{
	if (!result_ok(result))
		die("%s", PQerrorMessage(conn->pg));
	loop->rows_read += PQntuples(result);
	PQclear(result);
}

/*
 * Read what has arrived on a connection.  True when its child has ended.
 */
static bool
read_arrived(Loop *loop, Conn *conn)
{
	PGresult   *result;

	if (!PQconsumeInput(conn->pg))
		die("%s", PQerrorMessage(conn->pg));
	while (!PQisBusy(conn->pg))
	{
		result = PQgetResult(conn->pg);
		if (result == NULL)
			return true;
		count_result(loop, conn, result);
	}
	return false;
}

/*
 * Wait until at least one of the busy connections has something to read.
 */
static void
wait_readable(Pool *pool, struct pollfd *polls)
{
	for (int i = 0; i < pool->size; i++)
	{
		polls[i].fd = PQtransactionStatus(pool->conns[i].pg) == PQTRANS_ACTIVE ?
			PQsocket(pool->conns[i].pg) : -1;
		polls[i].events = POLLIN;
		polls[i].revents = 0;
	}
	if (poll(polls, pool->size, -1) < 0 && errno != EINTR)
		die("poll failed: %s", strerror(errno));
}

/*
 * Issue all children at once: every connection takes the next child as soon
 * as it is free.
 */
void
loop_concurrent(Loop *loop, const PGresult *rows, const int *order, int count)
{
	Jobs		jobs = make_jobs(loop, rows, order, count);
	struct pollfd *polls = must_alloc(loop->pool->size * sizeof(struct pollfd));

	for (int i = 0; i < loop->pool->size && jobs.sent < jobs.count; i++)
		send_job(loop, &loop->pool->conns[i], &jobs);
	while (jobs.done < jobs.count)
	{
		wait_readable(loop->pool, polls);
		for (int i = 0; i < loop->pool->size; i++)
		{
			if (polls[i].revents == 0 || !read_arrived(loop, &loop->pool->conns[i]))
				continue;
			jobs.done++;
			if (jobs.sent < jobs.count)
				send_job(loop, &loop->pool->conns[i], &jobs);
		}
	}
	loop->children_run += jobs.count;
	free(polls);
	free_jobs(&jobs);
}

/*
 * Read the results of a whole pipeline.
 */
static void
read_pipeline(Loop *loop, Conn *conn, int expected)
{
	int			ended = 0;

	while (ended < expected)
	{
		PGresult   *result = PQgetResult(conn->pg);

		if (result == NULL)
			ended++;
		else
			count_result(loop, conn, result);
	}
	PQclear(PQgetResult(conn->pg));
}

/*
 * Issue all children in one pipeline on the first connection.
 */
void
loop_pipeline(Loop *loop, const PGresult *rows, const int *order, int count)
{
	Conn	   *conn = &loop->pool->conns[0];
	Jobs		jobs = make_jobs(loop, rows, order, count);

	if (loop->protocol == PROTOCOL_SIMPLE)
		die("--pipeline does not go with --protocol simple");
	for (int i = 0; loop->protocol == PROTOCOL_PREPARED && i < jobs.count; i++)
	{
		if (!conn_prepare(conn, jobs.items[i].sql, &jobs.items[i].args))
			die("%s", PQerrorMessage(conn->pg));
	}
	if (!PQenterPipelineMode(conn->pg))
		die("%s", PQerrorMessage(conn->pg));
	while (jobs.sent < jobs.count)
		send_job(loop, conn, &jobs);
	if (!PQpipelineSync(conn->pg))
		die("%s", PQerrorMessage(conn->pg));
	read_pipeline(loop, conn, jobs.count);
	if (!PQexitPipelineMode(conn->pg))
		die("%s", PQerrorMessage(conn->pg));
	loop->children_run += jobs.count;
	free_jobs(&jobs);
}
