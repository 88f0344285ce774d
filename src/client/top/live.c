/*-------------------------------------------------------------------------
 *
 * live.c
 *	  Shows clipperf top in a terminal, until the user wants no more.
 *
 * One loop waits for keys, for the server's answer and for the time of the next reading, whichever comes first: keys work
 * while the server is slow, or gone.  Signals are blocked but while it waits, so that none comes between a look at their
 * flags and the wait.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "message.h"
#include "text.h"

/* How long to wait until a lost connection is made again, seconds. */
#define RECONNECT_EVERY 2.0

/* What a new connection begins with. */
#define NEW_SESSION "SET search_path = ''; SET client_min_messages = warning"

/* What the connection does. */
typedef enum Link
{
	LINK_IDLE,
	LINK_READING,				/* a query of the current pane runs */
	LINK_OPENING,				/* one about what is opened */
	LINK_PREPARING,				/* the settings of a new connection */
	LINK_LOST,
	LINK_CONNECTING
} Link;

/* The state of the loop. */
typedef struct Live
{
	Top		   *top;
	PGconn	   *connection;
	Link		link;
	PaneState  *asked;			/* the pane whose query runs */
	PGresult   *answer;			/* the last result of what runs */
	PostgresPollingStatusType polling;	/* while connecting */
	double		next;			/* when to read, or to connect, by clock() */
	bool		wants_opened;	/* is the opened row to be asked about? */
	bool		changed;		/* is the screen to be drawn again? */
	bool		cleared;		/* after the terminal was cleared? */
} Live;

/* Signals that have come: what the handlers write. */
static volatile sig_atomic_t ended_by;
static volatile sig_atomic_t resized;

/*
 * Notes a signal.
 */
static void
note_signal(int signal_number)
{
	if (signal_number == SIGWINCH)
		resized = 1;
	else
		ended_by = signal_number;
}

/*
 * Notes signals from now on, and only while something waits for them; the mask of the time before is what it waits with.
 */
static void
begin_signals(sigset_t *while_waiting)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
	sigset_t	blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
	{
		struct sigaction action = {.sa_handler = note_signal};

		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, while_waiting);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(while_waiting, signals[i]);
}

/*
 * Says what went wrong, or with NULL that nothing does any more.  The message is taken over.
 */
static void
set_message(Live *live, char *message)
{
	free(live->top->message);
	live->top->message = message ? make_one_line(message) : NULL;
	live->changed = true;
}

/*
 * The connection is lost: it is made again after a while.
 */
static void
lose_connection(Live *live)
{
	char	   *reason = make_one_line(copy_string(PQerrorMessage(live->connection)));

	set_message(live, format_string("no connection, trying again: %s", reason));
	free(reason);
	PQclear(live->answer);
	live->answer = NULL;
	live->link = LINK_LOST;
	live->next = seconds_now() + RECONNECT_EVERY;
}

/*
 * Sends what is to run next, without waiting for its answer.
 */
static void
send_query(Live *live, Link link, const char *query, int nparams, const char *const *params)
{
	int			sent = nparams < 0 ? PQsendQuery(live->connection, query) :
		PQsendQueryParams(live->connection, query, nparams, NULL, params, NULL, NULL, 0);

	live->link = link;
	if (!sent)
		lose_connection(live);
}

/*
 * Does what it is time for, where nothing is under way.
 */
static void
begin_next(Live *live)
{
	Top		   *top = live->top;
	char	   *query;

	if (live->link == LINK_LOST && seconds_now() >= live->next)
	{
		live->link = LINK_CONNECTING;
		live->polling = PGRES_POLLING_WRITING;
		if (!PQresetStart(live->connection))
			lose_connection(live);
	}
	else if (live->link == LINK_IDLE && live->wants_opened)
	{
		const char *params[3] = {top->opened_key, top->opened_queryid, top->opened_route};

		live->wants_opened = false;
		query = opened_query(top->current, top->session->schema);
		send_query(live, LINK_OPENING, query, 3, params);
		free(query);
	}
	else if (live->link == LINK_IDLE && seconds_now() >= live->next)
	{
		live->asked = top->current;
		query = reading_query(top->current, top->session->schema);
		send_query(live, LINK_READING, query, 0, NULL);
		free(query);
	}
}

/*
 * Takes the answer of what ran.
 */
static void
take_answer(Live *live)
{
	Top		   *top = live->top;
	PGresult   *answer = live->answer;
	Link		asked = live->link;

	live->answer = NULL;
	live->link = LINK_IDLE;
	if (asked == LINK_READING)
		live->next = seconds_now() + (live->asked == top->current ? top->interval : 0);

	if (asked == LINK_PREPARING)
	{
		live->next = 0;
		PQclear(answer);
		return;
	}
	live->changed = true;
	if (PQresultStatus(answer) != PGRES_TUPLES_OK)
	{
		set_message(live, copy_string(PQresultErrorMessage(answer)));
		PQclear(answer);
		return;
	}
	set_message(live, NULL);
	if (asked == LINK_READING && PQntuples(answer) > 0)
	{
		take_reading(live->asked, make_reading(answer));
		fill_table(top);
	}
	else if (asked == LINK_OPENING && top->view == VIEW_OPENED && !live->wants_opened)
	{
		PQclear(top->opened);
		top->opened = answer;
	}
	else
		PQclear(answer);
}

/*
 * Goes on with a connection that is being made.  A new one gets the settings that open_session() gave to the first, the
 * encoding of a database without one among them.
 */
static void
go_on_connecting(Live *live)
{
	const char *encoding;

	live->polling = PQresetPoll(live->connection);
	if (live->polling == PGRES_POLLING_FAILED)
		lose_connection(live);
	else if (live->polling == PGRES_POLLING_OK)
	{
		encoding = PQparameterStatus(live->connection, "server_encoding");
		send_query(live, LINK_PREPARING,
				   encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0
				   ? NEW_SESSION "; SET client_encoding = SQL_ASCII" : NEW_SESSION, -1, NULL);
	}
}

/*
 * Takes what has come from the server.
 */
static void
receive(Live *live)
{
	if (live->link == LINK_CONNECTING)
	{
		go_on_connecting(live);
		return;
	}
	if (!PQconsumeInput(live->connection))
	{
		lose_connection(live);
		return;
	}
	while (live->link != LINK_IDLE && live->link != LINK_LOST && !PQisBusy(live->connection))
	{
		PGresult   *result = PQgetResult(live->connection);

		if (result != NULL)
		{
			PQclear(live->answer);
			live->answer = result;
		}
		else if (PQstatus(live->connection) == CONNECTION_BAD)
			lose_connection(live);
		else
			take_answer(live);
	}
}

/*
 * Takes the keys that were pressed.  Returns false where the user wants to end, or is gone.
 */
static bool
take_keys(Live *live)
{
	int			key = read_key();
	int			width;
	int			height;

	if (key == TOP_KEY_NONE && is_terminal_gone())
	{
		ended_by = SIGHUP;
		return false;
	}
	terminal_size(&width, &height);
	for (; key != TOP_KEY_NONE; key = read_key())
	{
		switch (press_key(live->top, key, height > 5 ? height - 5 : 1))
		{
			case EFFECT_QUIT:
				return false;
			case EFFECT_READ:
				if (live->link != LINK_LOST && live->link != LINK_CONNECTING)
					live->next = 0;
				break;
			case EFFECT_OPEN:
				live->wants_opened = true;
				break;
			case EFFECT_REDRAW:
				live->cleared = true;
				break;
			case EFFECT_SHOW:
				break;
		}
		fill_table(live->top);
		live->changed = true;
	}
	return true;
}

/*
 * Draws the screen, where it has changed.
 */
static void
draw_screen(Live *live)
{
	int			width;
	int			height;
	TopScreen  *screen;

	if (resized)
	{
		resized = 0;
		resize_terminal();
		live->changed = live->cleared = true;
	}
	if (!live->changed)
		return;
	terminal_size(&width, &height);
	screen = lay_out(live->top, width, height);
	draw_terminal(screen, live->cleared);
	free_screen(screen);
	live->changed = live->cleared = false;
}

/*
 * Waits until something is to be done, and does it.  Returns false where the user wants to end, or is gone.
 */
static bool
wait_and_act(Live *live, const sigset_t *while_waiting)
{
	struct pollfd files[2] = {{.fd = STDIN_FILENO,.events = POLLIN}, {.fd = -1,.events = POLLIN}};
	double		left = live->next - seconds_now();
	struct timespec timeout = {0};
	bool		is_timed = live->link == LINK_IDLE || live->link == LINK_LOST;

	if (live->link != LINK_LOST)
		files[1].fd = PQsocket(live->connection);
	if (live->link == LINK_CONNECTING && live->polling == PGRES_POLLING_WRITING)
		files[1].events = POLLOUT;
	if (left > 0)
	{
		timeout.tv_sec = (time_t) left;
		timeout.tv_nsec = (long) ((left - (double) timeout.tv_sec) * 1e9);
	}
	if (ppoll(files, 2, is_timed ? &timeout : NULL, while_waiting) < 0)
		return errno == EINTR;
	if (files[0].revents & (POLLERR | POLLHUP | POLLNVAL))
	{
		ended_by = SIGHUP;
		return false;
	}
	if (files[1].revents != 0)
		receive(live);
	return files[0].revents == 0 || take_keys(live);
}

/*
 * Leaves out what the server says besides its answers: it has no place on the screen.
 */
static void
ignore_notice(void *arg __attribute__((unused)), const PGresult *notice __attribute__((unused)))
{
}

/*
 * Shows what happens, beginning with the reading that there is.  Whoever presses Ctrl-C or q has seen enough; SIGTERM, and
 * a terminal that goes away, are interrupts.
 */
int
run_live(Top *top)
{
	Live		live = {.top = top,.connection = top->session->connection,.changed = true,.cleared = true};
	sigset_t	while_waiting;

	begin_signals(&while_waiting);
	begin_terminal();
	PQsetNoticeReceiver(live.connection, ignore_notice, NULL);
	live.next = seconds_now() + top->interval;
	fill_table(top);
	do
	{
		draw_screen(&live);
		begin_next(&live);
	} while (wait_and_act(&live, &while_waiting) && ended_by == 0);

	end_terminal();
	if (ended_by == 0 || ended_by == SIGINT)
		return EXIT_FINE;
	print_error("interrupted");
	return EXIT_TROUBLE;
}
