/*-------------------------------------------------------------------------
 *
 * watch.c
 *	  Shows how jobs get on.
 *
 * In a terminal each job has a line, which is written again; elsewhere a line is written where a state changes, and some
 * while a build goes on.  It all goes to standard error: standard output is for what became of the jobs.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

/* How often the server is asked, in milliseconds. */
#define ASK_EVERY_MS 500

/* How often a log is told of a build that goes on, in questions: every ten seconds. */
#define LOG_EVERY (10 * 1000 / ASK_EVERY_MS)

/* Width of a terminal that does not tell its own, and the least that lines are made for. */
#define DEFAULT_WIDTH 80
#define LEAST_WIDTH 40

/* Height of a terminal that does not tell its own. */
#define DEFAULT_HEIGHT 24

/* Characters of a bar. */
#define BAR_WIDTH 20

/* What has been shown so far. */
typedef struct Screen
{
	bool		is_terminal;
	int			lines;			/* of a terminal, that will be written again */
	int			questions;		/* asked so far */
	StringList	told;			/* of a log: the state of each job */
} Screen;

/*
 * How large the terminal is now: it may be resized at any time.
 */
static void
find_size(int *width, int *height)
{
	struct winsize size;

	*width = DEFAULT_WIDTH;
	*height = DEFAULT_HEIGHT;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
	{
		*width = size.ws_col < LEAST_WIDTH ? LEAST_WIDTH : size.ws_col;
		*height = size.ws_row;
	}
}

/*
 * A duration for people, of at most two units.
 */
static char *
in_words(double ms)
{
	long		seconds = (long) (ms / 1000 + 0.5);

	if (seconds < 60)
		return format_string("%lds", seconds);
	if (seconds < 3600)
		return format_string("%ldmin %02lds", seconds / 60, seconds % 60);
	return format_string("%ldh %02ldmin", seconds / 3600, seconds / 60 % 60);
}

/*
 * How far a build is: a bar, its share, and the time that it still takes.  An empty string where that is not known.
 */
static char *
progress_of(const Job *job)
{
	double		share = job->done_share ? atof(job->done_share) : -1;
	char		bar[BAR_WIDTH + 1];
	char	   *remaining;
	char	   *progress;

	if (share < 0 || share > 1)
		return copy_string("");
	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < share * BAR_WIDTH ? '#' : '-';
	bar[BAR_WIDTH] = '\0';
	remaining = job->remaining_ms ? in_words(atof(job->remaining_ms)) : NULL;
	progress = format_string(" [%s] %3.0f%%%s%s%s", bar, 100 * share, remaining ? ", " : "", remaining ? remaining : "",
							 remaining ? " left" : "");
	free(remaining);
	return progress;
}

/*
 * A job in one line of at most so many columns.
 */
static char *
line_of(const Job *job, int width)
{
	char	   *progress = progress_of(job);
	const char *why = job->waits_for ? job->waits_for : job->reason;
	bool		waits = job->waits_for != NULL || (strcmp(job->state, "waiting") == 0 && why != NULL);
	char	   *line = format_string("%4s. %-9s%s  %s%s%s", job->job, job->state, progress, job->index_name,
									 waits ? ", waits for " : "", waits ? why : "");

	free(progress);
	cut_to_width(line, width);
	return line;
}

/*
 * Writes the jobs over the lines that were written before: those that are not done first, where a terminal is too low for
 * all.  The last line stays empty, as some terminals scroll when it is filled.
 */
static void
draw(Screen *screen, const Jobs *jobs, JobGoal goal)
{
	int			width;
	int			height;
	int			room;

	find_size(&width, &height);
	room = height > 2 ? height - 2 : 1;
	if (screen->lines > 0)
		fprintf(stderr, "\033[%dA", screen->lines);
	screen->lines = 0;
	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < jobs->count && screen->lines < room; i++)
		{
			char	   *line;

			if (job_is_done(&jobs->rows[i], goal) != (pass == 1))
				continue;
			line = line_of(&jobs->rows[i], width - 1);
			fputs("\033[K", stderr);
			put_line(stderr, line);
			putc('\n', stderr);
			free(line);
			screen->lines++;
		}
	}
	fputs("\033[J", stderr);
	fflush(stderr);
}

/*
 * Writes a line for each job whose state is another than before, and now and then for those that are being built.
 */
static void
tell_changes(Screen *screen, const Jobs *jobs)
{
	for (int i = 0; i < jobs->count; i++)
	{
		const Job  *job = &jobs->rows[i];
		bool		changed = i >= screen->told.count || strcmp(screen->told.items[i], job->state) != 0;
		char	   *line;

		if (i >= screen->told.count)
			list_add(&screen->told, job->state);
		else if (changed)
		{
			free(screen->told.items[i]);
			screen->told.items[i] = copy_string(job->state);
		}
		if (!changed && (job->done_share == NULL || screen->questions % LOG_EVERY != 0))
			continue;
		line = line_of(job, DEFAULT_WIDTH);
		put_line(stderr, line);
		putc('\n', stderr);
		free(line);
	}
}

/*
 * Are all jobs done?
 */
static bool
all_done(const Jobs *jobs, JobGoal goal)
{
	for (int i = 0; i < jobs->count; i++)
	{
		if (!job_is_done(&jobs->rows[i], goal))
			return false;
	}
	return true;
}

/*
 * Shows the progress of jobs until all have come so far, and returns them as they are then.  Whoever interrupts this ends
 * the program, and none of the jobs.
 */
Jobs *
watch_jobs(Session *session, const StringList *numbers, JobGoal goal)
{
	static const struct timespec pause = {.tv_nsec = ASK_EVERY_MS * 1000000L};
	Screen		screen = {.is_terminal = isatty(STDERR_FILENO)};

	fprintf(stderr, "The server works on this by itself: Ctrl-C only ends the watching.\n");
	for (;; screen.questions++)
	{
		Jobs	   *jobs = ask_for_jobs(session, numbers);

		if (screen.is_terminal)
			draw(&screen, jobs, goal);
		else
			tell_changes(&screen, jobs);
		if (all_done(jobs, goal))
			return jobs;
		free_jobs(jobs);
		nanosleep(&pause, NULL);
	}
}
