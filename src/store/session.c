/*-------------------------------------------------------------------------
 *
 * session.c
 *	  What each session runs now.
 *
 * Each process that serves a client has a place in shared memory in which it tells
 * the statement that it runs.  Only the owner writes it, under a change count as in
 * PgBackendStatus: no lock, and no cache line that others write.  It is not told
 * when a statement has ended.  Whether it still runs shows in the process's
 * PgBackendStatus, to which the place points: while that is active for the same
 * message of the client, the statement is the one, up to the commit that ends it.
 *
 * While a message is parsed, or locks for a plan that was made before are waited for,
 * nobody knows yet what will run.  The sampler, which is interested, raises "asked"
 * then, the one field that the owner does not write.  The owner answers with the next
 * statement that it tells.
 *
 * Nothing here raises an error or allocates, and only readers wait, for some
 * milliseconds (steady.h).
 *
 *-------------------------------------------------------------------------
 */
#include "store/session.h"

#include "hotpath.h"
#include "store/steady.h"

/* How often a reader tries to copy the server's entry, which is being written. */
#define READ_TRIES 100

/* The places, each in lines of the processor's cache of its own. */
typedef union PaddedPlace
{
	SessionPlace place;
	char		padding[CACHELINEALIGN(sizeof(SessionPlace))];
} PaddedPlace;

static PaddedPlace *places = NULL;

SessionPlace *session_own HOTPATH_DATA = NULL;

/* The owner is about to write its place. */
static inline void
begin_place_change(SessionPlace *place)
{
	place->changes++;
	pg_write_barrier();
}

static inline void
end_place_change(SessionPlace *place)
{
	pg_write_barrier();
	place->changes++;
}

/* What runs has called a function of ours. */
static void
session_is_ours(void)
{
	if (session_own == NULL || session_own->statement.ours)
		return;
	begin_place_change(session_own);
	session_own->statement.ours = 1;
	if (session_own->next.message == session_own->statement.message)
		session_own->next.ours = 1;
	end_place_change(session_own);
}

/* StoreModule.size */
static Size
session_size(void)
{
	return mul_size(store_backends(), sizeof(PaddedPlace));
}

/* StoreModule.attach */
static void
session_attach(void *memory, bool found)
{
	places = memory;
	store_told_ours = session_is_ours;
	if (!found)
		memset(places, 0, session_size());
}

/* Take possession of the place of this process, and tell nothing in it. */
pg_attribute_cold void
session_take(void)
{
	SessionPlace *place = &places[MY_PROC_INDEX].place;

	begin_place_change(place);
	memset(&place->statement, 0, sizeof(place->statement));
	memset(&place->next, 0, sizeof(place->next));
	place->answered = place->asked;
	place->pid = MyProcPid;
	place->status = MyBEEntry;
	end_place_change(place);
	session_own = place;
}

/*
 * Write what runs from now on into the place of this process, and answer who has
 * asked.
 */
pg_attribute_hot void
session_write(uint64 queryid, Oid userid, RouteId route, CommandTag command,
			  TimestampTz message)
{
	SessionPlace *place;

	if (unlikely(session_own == NULL))
		session_take();
	place = session_own;
	begin_place_change(place);
	place->statement.queryid = queryid;
	place->statement.message = message;
	place->statement.userid = userid;
	place->statement.route = route;
	place->statement.command = command;
	place->statement.ours = 0;
	if (unlikely(place->asked != place->answered))
	{
		place->next = place->statement;
		place->answered = place->asked;
	}
	end_place_change(place);
}

/*
 * Copy the place of process "number", as its owner left it between two changes;
 * false if it has none, or is changing it all the time.
 */
bool
session_read(int number, SessionPlace *copy)
{
	const volatile SessionPlace *place = &places[number].place;
	SteadyRead	read = {&place->changes};

	if (place->pid == 0)
		return false;
	while (steady_begin(&read))
	{
		memcpy(copy, (const void *) place, sizeof(*copy));
		if (steady_end(&read))
			return true;
	}
	return false;
}

/* The states of PgBackendStatus. */
static SessionState
state_of(BackendState state)
{
	switch (state)
	{
		case STATE_RUNNING:
		case STATE_FASTPATH:
			return SESSION_ACTIVE;
		case STATE_IDLEINTRANSACTION:
		case STATE_IDLEINTRANSACTION_ABORTED:
			return SESSION_IN_TRANSACTION;
		case STATE_DISABLED:
			return SESSION_NOT_TOLD;
		default:
			return SESSION_IDLE;
	}
}

/*
 * The state of the session whose place this is a copy of.  In *is_known whether the
 * statement in it is what runs: it was told for the message that the session works on.
 * A session that has ended, or that changes its entry all the time, is idle.
 */
SessionState
session_state(const SessionPlace *place, bool *is_known)
{
	const volatile PgBackendStatus *status = place->status;

	for (int i = 0; i < READ_TRIES && status != NULL; i++)
	{
		int			before;
		int			after;
		int			pid;
		BackendState state;
		TimestampTz started;

		pgstat_begin_read_activity(status, before);
		pid = status->st_procpid;
		state = status->st_state;
		started = status->st_activity_start_timestamp;
		pgstat_end_read_activity(status, after);
		if (!pgstat_read_activity_complete(before, after))
		{
			pg_spin_delay();
			continue;
		}
		if (pid != place->pid)
			break;
		*is_known = state_of(state) == SESSION_NOT_TOLD ||
			started == place->statement.message;
		return state_of(state);
	}
	*is_known = false;
	return SESSION_IDLE;
}

/*
 * Ask which statement process "number" will tell next.  What it has not answered yet
 * remains the same question.  For the sampler alone.
 */
uint32
session_ask(int number)
{
	SessionPlace *place = &places[number].place;

	if (place->asked == place->answered)
		place->asked++;
	return place->asked;
}

const StoreModule session_module = {
	.name = "sessions",
	.size = session_size,
	.attach = session_attach
};
