/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Runs the user's own load, whose output is shown and kept.
 *
 * The load is a group of processes of its own, so that all of it can be ended: a signal that reaches this program is
 * passed on by the handler of interrupt.c, and where the program ends for another reason, the load ends as well.  It reads
 * nothing, as no such group may read from a terminal.  Its output and its errors come by one pipe, in their order.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "memory.h"
#include "message.h"
#include "output.h"

/* How often it is looked whether the load has ended, in milliseconds. */
#define LOOK_EVERY_MS 100

/* How often progress is told, in seconds. */
#define TELL_EVERY_SECONDS 10

/* What is read at a time, in bytes. */
#define READ_BYTES 65536

/* Exit status of a child that could not become the command. */
#define STATUS_NOT_STARTED 127

/* The process that leads the load's group; 0 = none runs. */
static volatile pid_t load_leader;

/*
 * Ends the load, as the program ends.
 */
static void
end_load(void)
{
	if (load_leader > 0)
		kill(-load_leader, SIGTERM);
}

/*
 * Becomes the command, in the child.  What keeps it from that is written to a pipe that closes when it succeeds.
 */
static void
become_command(char *const *command, int output, int trouble)
{
	int			nothing = open("/dev/null", O_RDONLY);
	int			error;

	setpgid(0, 0);
	dup2(nothing, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	execvp(command[0], command);
	error = errno;
	if (write(trouble, &error, sizeof(error)) < 0)
		_exit(STATUS_NOT_STARTED);
	_exit(STATUS_NOT_STARTED);
}

/*
 * Ends the program where a command does not exist, before anything is made for it.
 */
void
require_command(const char *command)
{
	char	   *path = copy_string(getenv("PATH") ? getenv("PATH") : "");
	bool		is_there = strchr(command, '/') != NULL && access(command, X_OK) == 0;

	if (strchr(command, '/') == NULL)
	{
		for (char *directory = strtok(path, ":"); directory != NULL && !is_there; directory = strtok(NULL, ":"))
			is_there = access(format_string("%s/%s", directory, command), X_OK) == 0;
	}
	if (!is_there)
		fatal("could not run \"%s\": %s", command, strerror(errno != 0 ? errno : ENOENT));
	free(path);
}

/*
 * Starts the load; returns the end of the pipe that its output is read from.
 */
static int
start_load(char *const *command)
{
	int			output[2];
	int			trouble[2];
	int			error;
	pid_t		child;

	if (pipe2(output, O_CLOEXEC) != 0 || pipe2(trouble, O_CLOEXEC) != 0)
		fatal("could not create a pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		fatal("could not start a process: %s", strerror(errno));
	if (child == 0)
		become_command(command, output[1], trouble[1]);
	setpgid(child, child);
	load_leader = child;
	set_group_to_end(child);
	close(output[1]);
	close(trouble[1]);
	if (read(trouble[0], &error, sizeof(error)) == sizeof(error))
	{
		waitpid(child, NULL, 0);
		load_leader = 0;
		set_group_to_end(0);
		fatal("could not run \"%s\": %s", command[0], strerror(error));
	}
	close(trouble[0]);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	return output[0];
}

/*
 * Passes on what the load has written so far: to standard output, and to the file.  One that takes no more is left out
 * from then on (-1): a full disk ends no load.
 */
static void
pass_output_on(int output, int *file, int *shown, const char *path)
{
	static char bytes[READ_BYTES];
	ssize_t		length;

	while ((length = read(output, bytes, sizeof(bytes))) > 0 || (length < 0 && errno == EINTR))
	{
		if (length < 0)
			continue;
		if (*shown >= 0 && !write_all(*shown, bytes, length))
			*shown = -1;
		if (*file >= 0 && !write_all(*file, bytes, length))
		{
			print_warning("could not write to file \"%s\": %s", path, strerror(errno));
			close(*file);
			*file = -1;
		}
	}
}

/*
 * Tells the listener what is due, so many seconds after the load's start.
 */
static void
tell_listener(const LoadListener *listener, LoadEnd *end, double seconds, double *told)
{
	if (!end->warmed_up && seconds >= listener->warmup_seconds)
	{
		end->warmed_up = true;
		*told = seconds;
		listener->warm(listener->arg);
	}
	else if (end->warmed_up && seconds >= *told + TELL_EVERY_SECONDS)
	{
		*told = seconds;
		listener->progress(listener->arg, (int) seconds);
	}
}

/*
 * Runs a load to its end.
 */
LoadEnd
run_load(char *const *command, const char *output_path, const LoadListener *listener)
{
	static bool registered = false;
	LoadEnd		end = {.ending = LOAD_FAILED};
	int			file = open(output_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int			shown = STDOUT_FILENO;
	int			output;
	int			status = 0;
	double		begun = seconds_now();
	double		told = 0;

	if (file < 0)
		fatal("could not create file \"%s\": %s", output_path, strerror(errno));
	if (!registered)
		atexit(end_load);
	registered = true;
	if (listener->warmup_seconds == 0)
	{
		end.warmed_up = true;
		listener->warm(listener->arg);
	}
	output = start_load(command);
	for (;;)
	{
		struct pollfd ready = {.fd = output,.events = POLLIN};
		bool		has_ended = waitpid(load_leader, &status, WNOHANG) == load_leader;

		if (!has_ended)
			poll(&ready, 1, LOOK_EVERY_MS);
		pass_output_on(output, &file, &shown, output_path);
		if (has_ended)
			break;
		tell_listener(listener, &end, seconds_now() - begun, &told);
	}
	load_leader = 0;
	set_group_to_end(0);
	close(output);
	if (file >= 0)
		close(file);
	end.seconds = (int) (seconds_now() - begun);
	end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	end.ending = was_interrupt_noted() ? LOAD_INTERRUPTED : end.status == 0 ? LOAD_DONE : LOAD_FAILED;
	return end;
}
