/*-------------------------------------------------------------------------
 *
 * sampler.c
 *	  The background worker that looks at what sessions wait for.
 *
 * Time is cut into pieces of clipperf.sample_interval, and at one moment of each piece,
 * chosen at random, all sessions are looked at: which statement, and what their PGPROC
 * says that they wait for.  So what comes again and again in step with a clock is seen
 * as often as it is there.  What was seen at a moment stands for its piece; where the
 * worker came late, also for the pieces that it missed.
 *
 * It reads what other processes write, without a lock, and takes locks only to count
 * (waits.c) and to find out who holds a lock (lock_holder.c).  It runs on standby
 * servers too, and needs no database.
 *
 *-------------------------------------------------------------------------
 */
#include "store/sampler.h"

#include <sys/resource.h>

#include "common/pg_prng.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "common/background.h"
#include "common/clock.h"
#include "settings.h"
#include "store/lock_holder.h"
#include "store/session.h"
#include "store/waits.h"

/* The postmaster starts it again after this many seconds if it fails. */
#define SAMPLER_RESTART_SECONDS 10

/* Most pieces of time that one moment stands for: of more, nothing is known. */
#define MOST_PIECES			10

/* Waits of a statement that is not known yet, until it is. */
#define MOST_UNKNOWN		4

/* Places of the cache of events. */
#define EVENT_CACHE			1024

/* A session that did something at the moment. */
typedef struct SampledSession
{
	int			process;		/* number of the process that was looked at .. */
	int			pid;			/* .. its id .. */
	uint32		wait;			/* .. its wait_event_info .. */
	uint64		wait_start;		/* .. and since when it waits for a lock */
	int			number;			/* of the session: a parallel worker's leader */
	bool		is_known;		/* is it known what it runs? */
	WaitKey		key;
} SampledSession;

/* What was counted in this minute as not known, and may be known later. */
typedef struct UnknownWaits
{
	uint32		question;		/* of session_ask(), 0 = none */
	uint32		generation;		/* of the events */
	int64		minute;
	int			count;			/* of these */
	WaitKey		keys[MOST_UNKNOWN];
	int64		samples[MOST_UNKNOWN];
	int64		ms[MOST_UNKNOWN];
} UnknownWaits;

/* The number of an event by its wait_event_info. */
typedef struct CachedEvent
{
	uint32		wait;
	bool		used;
	WaitEventId number;
} CachedEvent;

/* In the memory of the worker. */
static SampledSession *sampled = NULL;
static UnknownWaits *unknown = NULL;
static CachedEvent events[EVENT_CACHE];
static uint32 events_generation = 0;

/* ------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------ */

/* The key of what a session runs or has run, without the event. */
static WaitKey
statement_wait_key(const SessionStatement *statement, Oid dbid, WaitState state)
{
	return (WaitKey)
	{
		.queryid = statement->queryid,
			.dbid = dbid,
			.userid = statement->userid,
			.route = statement->route,
			.command = statement->command,
			.state = state == WAIT_ACTIVE && statement->ours ? WAIT_OURS : state
	};
}

/* The state of the process whose place was copied, which waits for that. */
static SessionState
process_state(const SessionPlace *place, uint32 wait, bool *is_known)
{
	SessionState state = session_state(place, is_known);

	if (state != SESSION_NOT_TOLD)
		return state;
	return wait == WAIT_EVENT_CLIENT_READ ? SESSION_IDLE : SESSION_ACTIVE;
}

/*
 * Look at a process: false if it does nothing for a client.  What a parallel worker
 * does is done for its leader's statement.
 */
static bool
look_at(int number, SampledSession *session)
{
	volatile PGPROC *proc = &ProcGlobal->allProcs[number];
	volatile PGPROC *leader = proc->lockGroupLeader;
	SessionPlace place;
	SessionState state;
	bool		is_known;

	session->process = number;
	session->pid = proc->pid;
	session->wait = proc->wait_event_info;
	session->wait_start =
		pg_atomic_read_u64(&ProcGlobal->allProcs[number].waitStart);
	if (session->pid == 0)
		return false;
	if (leader == NULL)
		leader = proc;
	session->number = (PGPROC *) leader - ProcGlobal->allProcs;
	if (!session_read(session->number, &place) || place.pid != leader->pid)
		return false;
	state = process_state(&place, session->wait, &is_known);
	if (leader != proc)
		state = SESSION_ACTIVE;
	if (state == SESSION_IDLE)
		return false;
	session->is_known = is_known || state == SESSION_IN_TRANSACTION;
	if (state == SESSION_IN_TRANSACTION)
		session->wait = WAIT_EVENT_CLIENT_READ;
	session->key = session->is_known ?
		statement_wait_key(&place.statement, proc->databaseId,
						   state == SESSION_ACTIVE ? WAIT_ACTIVE : WAIT_IN_TRANSACTION) :
		(WaitKey)
	{
		.dbid = proc->databaseId,.userid = proc->roleId
	};
	return true;
}

/* Look at all processes; how many do something. */
static int
look_at_all(void)
{
	int			count = 0;

	for (int i = 0; i < store_backends(); i++)
		count += look_at(i, &sampled[count]);
	return count;
}

/* ------------------------------------------------------------------------
 * Naming
 * ------------------------------------------------------------------------ */

/* After a reset the events have other numbers. */
static void
follow_wait_reset(void)
{
	if (events_generation == waits_generation())
		return;
	events_generation = waits_generation();
	memset(events, 0, sizeof(events));
}

/* The number of an event. */
static WaitEventId
event_number(uint32 wait)
{
	CachedEvent *cached = &events[(wait ^ (wait >> 24)) % EVENT_CACHE];

	if (!cached->used || cached->wait != wait)
	{
		cached->number = wait == 0 ? waits_event(WAITS_CPU, WAITS_CPU) :
			waits_event(pgstat_get_wait_event_type(wait),
						pgstat_get_wait_event(wait));
		cached->wait = wait;
		cached->used = true;
	}
	return cached->number;
}

/* The route of a process that holds a lock: of what it runs, or ran last. */
static RouteId
holder_route(int pid)
{
	int			number = pid == 0 ? -1 : lock_holder_number(pid);
	SessionPlace place;

	if (number < 0 || !session_read(number, &place) || place.pid != pid)
		return ROUTE_NONE;
	return place.statement.route;
}

/*
 * Name the events of so many sessions, and who holds the locks that they wait for.  As
 * not all may be asked about at one moment, it begins with any of them.
 */
static void
name_waits(int count)
{
	int			first = count == 0 ? 0 :
		(int) pg_prng_uint64_range(&pg_global_prng_state, 0, count - 1);

	follow_wait_reset();
	lock_holder_begin();
	for (int i = 0; i < count; i++)
	{
		SampledSession *session = &sampled[(first + i) % count];

		session->key.event = event_number(session->wait);
		if ((session->wait & WAIT_CLASS_MASK) == PG_WAIT_LOCK)
			session->key.holder =
				holder_route(lock_holder_of(session->process, session->pid,
											session->wait_start));
	}
}

/* ------------------------------------------------------------------------
 * Counting
 * ------------------------------------------------------------------------ */

/* What a session runs was counted as not known: ask it, and remember that. */
static void
note_unknown(const SampledSession *session, int64 minute, uint32 ms)
{
	UnknownWaits *waits = &unknown[session->number];
	int			i = 0;

	if (waits->question == 0)
	{
		waits->question = session_ask(session->number);
		waits->generation = events_generation;
		waits->minute = minute;
		waits->count = 0;
	}
	while (i < waits->count &&
		   memcmp(&waits->keys[i], &session->key, sizeof(WaitKey)) != 0)
		i++;
	if (i == MOST_UNKNOWN)
		return;
	if (i == waits->count)
	{
		waits->keys[i] = session->key;
		waits->samples[i] = 0;
		waits->ms[i] = 0;
		waits->count++;
	}
	waits->samples[i]++;
	waits->ms[i] += ms;
}

/*
 * Count what was not known for the statement that a session has told since.  Of an
 * earlier minute it stays not known.  Caller holds the lock of waits.
 */
static void
settle_unknown(UnknownWaits *waits, int number, int64 minute)
{
	SessionPlace place;

	if (waits->question == 0)
		return;
	if (waits->minute == minute && waits->generation == events_generation)
	{
		if (!session_read(number, &place) || place.answered != waits->question)
			return;
		for (int i = 0; i < waits->count && place.next.message != 0; i++)
		{
			WaitKey		from = waits->keys[i];
			WaitKey		to = statement_wait_key(&place.next, from.dbid, WAIT_ACTIVE);

			to.event = from.event;
			to.holder = from.holder;
			waits_move(&from, &to, waits->samples[i], waits->ms[i]);
		}
	}
	waits->question = 0;
}

/* Processor time that this process has had since it was asked last, microseconds. */
static int64
own_time_us(void)
{
	static int64 last_us = 0;
	struct rusage usage;
	int64		us;
	int64		since_us;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * USECS_PER_SEC +
		usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	since_us = us - last_us;
	last_us = us;
	return since_us;
}

/* Look at all sessions at a moment that stands for so many milliseconds. */
static void
take_samples(uint32 ms)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		minute = now / USECS_PER_MINUTE;
	int			count = look_at_all();

	name_waits(count);
	LWLockAcquire(store_lock(LOCKS_WAITS, 0), LW_EXCLUSIVE);
	if (events_generation == waits_generation())
	{
		waits_begin(now, ms, own_time_us());
		for (int i = 0; i < store_backends(); i++)
			settle_unknown(&unknown[i], i, minute);
		for (int i = 0; i < count; i++)
		{
			waits_add(&sampled[i].key);
			if (!sampled[i].is_known)
				note_unknown(&sampled[i], minute, ms);
		}
	}
	LWLockRelease(store_lock(LOCKS_WAITS, 0));
}

/* ------------------------------------------------------------------------
 * The worker
 * ------------------------------------------------------------------------ */

/* A piece of time, and the moment in it. */
typedef struct TimePiece
{
	int64		length_us;		/* 0 = there is none */
	int64		begin_us;
	int64		moment_us;
} TimePiece;

/* Go on with a piece that begins then. */
static void
begin_piece(TimePiece *piece, int64 begin_us, int64 length_us)
{
	piece->length_us = length_us;
	piece->begin_us = begin_us;
	piece->moment_us = begin_us +
		(int64) pg_prng_uint64_range(&pg_global_prng_state, 0, length_us - 1);
}

/*
 * A turn of the worker: sleep until the moment of the piece "arg", or look at the
 * sessions if it has come.  The setting is read each time, so a reload takes effect at
 * once.
 */
static void
go_on(void *arg)
{
	TimePiece  *piece = arg;
	int64		length_us = (int64) setting_sample_interval_ms * 1000;
	int64		now_us = clock_us();
	int64		pieces;

	if (length_us == 0)
	{
		piece->length_us = 0;
		background_sleep(-1);
		return;
	}
	if (piece->length_us != length_us)
		begin_piece(piece, now_us, length_us);
	if (now_us < piece->moment_us)
	{
		background_sleep((piece->moment_us - now_us + 999) / 1000);
		return;
	}
	pieces = Max((now_us - piece->begin_us) / length_us, 1);
	take_samples(Min(pieces, MOST_PIECES) * setting_sample_interval_ms);
	begin_piece(piece, piece->begin_us + pieces * length_us, length_us);
}

/* Callback at the worker's end. */
static void
sampler_ends(int code, Datum arg)
{
	waits_set_sampler(0);
}

/*
 * Entry point of the worker.
 */
void
clipperf_sampler_main(Datum arg)
{
	TimePiece	piece = {0};

	background_begin();
	before_shmem_exit(sampler_ends, (Datum) 0);
	waits_set_sampler(MyProcPid);
	sampled = MemoryContextAllocZero(TopMemoryContext,
									 store_backends() * sizeof(SampledSession));
	unknown = MemoryContextAllocZero(TopMemoryContext,
									 store_backends() * sizeof(UnknownWaits));
	events_generation = waits_generation();
	(void) own_time_us();
	background_run(go_on, &piece);
}

/* Called from _PG_init: ask the postmaster for the worker. */
void
sampler_register(void)
{
	background_register("clipperf sampler", "clipperf_sampler_main",
						BGWORKER_SHMEM_ACCESS, BgWorkerStart_ConsistentState,
						SAMPLER_RESTART_SECONDS);
}
