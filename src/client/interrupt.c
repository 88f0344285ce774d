/*-------------------------------------------------------------------------
 *
 * interrupt.c
 *	  What happens when the user, or the system, wants the program to end.
 *
 * The first signal cancels the query that runs, and the program ends as the server answers.  Without a query, or at the
 * second signal, it ends at once.  Either way no unfinished file stays, and the status is EXIT_TROUBLE.
 *
 * A command that has something to bring to an end asks for the first signal to be noted only: it looks whether there was
 * one.
 *
 * A reader who goes away, and a file that may not grow, are errors of write() rather than signals.
 *
 *-------------------------------------------------------------------------
 */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

/* The query to cancel, the file to remove, the terminal to restore (-1 for none): what the handler reads. */
static PGcancel *volatile query_to_cancel;
static char unfinished_file[4096];
static volatile sig_atomic_t terminal_to_restore = -1;
static struct termios terminal_settings;

static volatile sig_atomic_t interrupted;

/* Is the first signal only noted, and was one?  The group of processes that it ends, 0 for none. */
static volatile sig_atomic_t notes_interrupts;
static volatile sig_atomic_t interrupt_noted;
static volatile pid_t group_to_end;

/*
 * Writes a message from within a signal handler.
 */
static void
write_message(const char *message)
{
	/* Nothing can be done where even this fails. */
	if (write(STDERR_FILENO, message, strlen(message)) < 0)
		return;
}

/*
 * Handles a signal that asks for the program's end: only what is safe in a handler, as PQcancel() is.
 */
static void
handle_interrupt(int signal_number __attribute__((unused)))
{
	int			saved_errno = errno;
	char		error[256];

	if (group_to_end > 0)
		kill(-group_to_end, SIGTERM);
	if (notes_interrupts && !interrupt_noted)
	{
		interrupt_noted = 1;
		write_message("clipperf: interrupted: what was measured is kept; a second time ends this at once\n");
		errno = saved_errno;
		return;
	}

	if (query_to_cancel == NULL || interrupted)
	{
		if (unfinished_file[0] != '\0')
			unlink(unfinished_file);
		if (terminal_to_restore >= 0)
			tcsetattr(terminal_to_restore, TCSANOW, &terminal_settings);
		write_message("clipperf: error: interrupted\n");
		_exit(EXIT_TROUBLE);
	}

	interrupted = 1;
	if (PQcancel(query_to_cancel, error, sizeof(error)))
		write_message("Cancel request sent\n");
	else
	{
		write_message("Could not send cancel request: ");
		write_message(error);
	}
	errno = saved_errno;
}

/*
 * Prepares for signals.
 */
void
handle_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGINT, handle_interrupt);
	signal(SIGTERM, handle_interrupt);
	signal(SIGHUP, handle_interrupt);
}

/*
 * Says which connection's query a signal is to cancel, or with NULL that none is running.
 */
void
set_query_to_cancel(PGconn *connection)
{
	PGcancel   *before = query_to_cancel;

	query_to_cancel = NULL;
	if (before != NULL)
		PQfreeCancel(before);
	if (connection != NULL)
		query_to_cancel = PQgetCancel(connection);
}

/*
 * Has a signal asked for the end of the program?
 */
bool
is_interrupted(void)
{
	return interrupted != 0;
}

/*
 * From now on the first signal ends the group of processes only, and is noted.
 */
void
note_interrupts(void)
{
	notes_interrupts = 1;
}

/*
 * Has a signal been noted?
 */
bool
was_interrupt_noted(void)
{
	return interrupt_noted != 0;
}

/*
 * Names a group of processes that a signal is to end, or with 0 says that there is none.
 */
void
set_group_to_end(pid_t group)
{
	group_to_end = group;
}

/*
 * Names a file that a signal is to remove, or with NULL says that there is none.
 */
void
set_unfinished_file(const char *path)
{
	/* The name is complete before its first byte says so. */
	unfinished_file[0] = '\0';
	if (path != NULL && strlen(path) < sizeof(unfinished_file))
	{
		strcpy(unfinished_file + 1, path + 1);
		unfinished_file[0] = path[0];
	}
}

/*
 * Names the settings that a signal is to give back to a terminal, or with NULL says that it has them.
 */
void
set_terminal_to_restore(int file, const struct termios *settings)
{
	terminal_to_restore = -1;
	if (settings != NULL)
	{
		terminal_settings = *settings;
		terminal_to_restore = file;
	}
}
