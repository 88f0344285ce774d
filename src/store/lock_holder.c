/*-------------------------------------------------------------------------
 *
 * lock_holder.c
 *	  Which process holds the lock that another one waits for.
 *
 * pg_blocking_pids() tells, which reads the lock manager's tables under all of its
 * partition locks: while it does, nobody takes a heavyweight lock that is not taken by
 * the fast path.  So what it said is kept while the wait goes on, and it is asked again
 * after a while only; and all questions together take a hundredth of the time at most.
 *
 * Belongs to the sampler.
 *
 *-------------------------------------------------------------------------
 */
#include "store/lock_holder.h"

#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "common/clock.h"
#include "store/session.h"

/* What was said about a wait holds for so long, in microseconds. */
#define FRESH_US			INT64CONST(250000)

/* Questions may take one in so many microseconds; so much is saved up at most. */
#define QUESTION_SHARE		100
#define MOST_SAVED_US		1000

/* Most waits that are followed from one to the process that it is for. */
#define MOST_STEPS			8

/* What is known of a process that waited when it was looked at last. */
typedef struct KnownHolder
{
	int			pid;
	int			holder;			/* 0 = none is known */
	uint64		wait_start;		/* of the wait that it is about */
	int64		asked_us;
} KnownHolder;

static KnownHolder *known = NULL;

/* Time that questions may take, as of then; below 0 after one that took long. */
static int64 budget_us = 0;
static int64 budgeted_us = 0;

/* A moment begins: what may be asked at it.  Allocates when it is called first. */
void
lock_holder_begin(void)
{
	int64		now_us = clock_us();

	if (known == NULL)
		known = MemoryContextAllocZero(TopMemoryContext,
									   store_backends() * sizeof(KnownHolder));
	budget_us = Min(budget_us + (now_us - budgeted_us) / QUESTION_SHARE,
					MOST_SAVED_US);
	budgeted_us = now_us;
}

/* The number among the backends of the process with this id, or -1. */
int
lock_holder_number(int pid)
{
	for (int i = 0; i < store_backends(); i++)
	{
		if (((volatile PGPROC *) &ProcGlobal->allProcs[i])->pid == pid)
			return i;
	}
	return -1;
}

/* Does this process wait for a heavyweight lock? */
static bool
waits_for_lock(int pid)
{
	int			number = lock_holder_number(pid);

	return number >= 0 &&
		(((volatile PGPROC *) &ProcGlobal->allProcs[number])->wait_event_info &
		 WAIT_CLASS_MASK) == PG_WAIT_LOCK;
}

/*
 * The process that blocks another one, 0 if none does any more.  Where there are
 * several, one that works: others may be ahead in the queue only.  Allocates.
 */
static int
ask_for_holder(int pid)
{
	ArrayType  *blocking = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids,
																  Int32GetDatum(pid)));
	int			count = ArrayGetNItems(ARR_NDIM(blocking), ARR_DIMS(blocking));
	const int32 *pids = (const int32 *) ARR_DATA_PTR(blocking);

	for (int i = 0; i < count; i++)
	{
		if (!waits_for_lock(pids[i]))
			return pids[i];
	}
	return count > 0 ? pids[0] : 0;
}

/* Ask about a wait, if that may be done now, and keep the answer. */
static void
learn_holder(KnownHolder *of, int pid, uint64 wait_start)
{
	int64		begun_us = clock_us();

	if (budget_us <= 0)
		return;
	of->holder = ask_for_holder(pid);
	of->pid = pid;
	of->wait_start = wait_start;
	of->asked_us = clock_us();
	budget_us -= of->asked_us - begun_us;
}

/*
 * The process that holds what process "number", of this id, waits for since then; 0 if
 * that is not known.  Who waits for one that waits itself waits for the last of them.
 */
int
lock_holder_of(int number, int pid, uint64 wait_start)
{
	int			holder = 0;

	for (int step = 0; step < MOST_STEPS; step++)
	{
		KnownHolder *of = &known[number];

		if (wait_start != 0 &&
			(of->pid != pid || of->wait_start != wait_start ||
			 clock_us() - of->asked_us > FRESH_US))
			learn_holder(of, pid, wait_start);
		if (of->pid != pid || of->wait_start != wait_start || of->holder == 0)
			break;
		holder = of->holder;
		number = lock_holder_number(holder);
		if (number < 0 || !waits_for_lock(holder))
			break;
		pid = holder;
		wait_start = pg_atomic_read_u64(&ProcGlobal->allProcs[number].waitStart);
	}
	return holder;
}
