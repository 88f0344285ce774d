/*-------------------------------------------------------------------------
 *
 * repeat.c
 *	  Look-ups that repeat within one request.
 *
 * Each stripe of locks has a few entries of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "store/repeat.h"

#include "access/xact.h"
#include "miscadmin.h"

/* Entries of one stripe. */
#define STRIPE_REPEATS	16

typedef struct RepeatShared
{
	Repeat		stripes[REPEAT_STRIPES][STRIPE_REPEATS];
} RepeatShared;

static RepeatShared *shared = NULL;

/* StoreModule.size */
static Size
repeat_size(void)
{
	return sizeof(RepeatShared);
}

/* StoreModule.attach */
static void
repeat_attach(void *memory, bool found)
{
	shared = memory;
	if (!found)
		memset(shared, 0, sizeof(RepeatShared));
}

/* Begin again. */
pg_attribute_hot void
repeat_clear(Repeat *repeat)
{
	uint64		request = repeat->request;
	uint64		fingerprint = repeat->fingerprint;

	memset(repeat, 0, sizeof(Repeat));
	repeat->request = request;
	repeat->fingerprint = fingerprint;
	repeat->dbid = MyDatabaseId;
	repeat->first_seen = GetCurrentStatementStartTimestamp();
}

/* The entry of a statement in a request, out of an array; made if it is new. */
pg_attribute_hot Repeat *
repeat_find(Repeat *repeats, int count, uint64 request, uint64 fingerprint)
{
	Repeat	   *oldest = &repeats[0];

	for (int i = 0; i < count; i++)
	{
		Repeat	   *repeat = &repeats[i];

		if (repeat->request == request && repeat->fingerprint == fingerprint)
			return repeat;
		if (repeat->last_us < oldest->last_us)
			oldest = repeat;
	}
	oldest->request = request;
	oldest->fingerprint = fingerprint;
	repeat_clear(oldest);
	return oldest;
}

/* The stripe of a request, which is a hash already. */
static inline uint32
repeat_stripe(uint64 request)
{
	return (uint32) (request >> 8) % REPEAT_STRIPES;
}

/*
 * The entry of a statement in a request that may have several backends; made
 * if it is new.  Its stripe is locked until repeat_unlock().
 */
Repeat *
repeat_lock(uint64 request, uint64 fingerprint)
{
	uint32		stripe = repeat_stripe(request);

	LWLockAcquire(store_lock(LOCKS_REPEAT, stripe), LW_EXCLUSIVE);
	return repeat_find(shared->stripes[stripe], STRIPE_REPEATS, request,
					   fingerprint);
}

/* Release what repeat_lock() has locked. */
void
repeat_unlock(uint64 request)
{
	LWLockRelease(store_lock(LOCKS_REPEAT, repeat_stripe(request)));
}

/* StoreModule.reset */
static void
repeat_reset(int what, Oid dbid)
{
	if ((what & RESET_N_PLUS_ONE) == 0)
		return;
	for (int i = 0; i < REPEAT_STRIPES; i++)
	{
		LWLockAcquire(store_lock(LOCKS_REPEAT, i), LW_EXCLUSIVE);
		for (int j = 0; j < STRIPE_REPEATS; j++)
		{
			Repeat	   *repeat = &shared->stripes[i][j];

			if (reset_concerns(dbid, repeat->dbid))
				memset(repeat, 0, sizeof(Repeat));
		}
		LWLockRelease(store_lock(LOCKS_REPEAT, i));
	}
}

const StoreModule repeat_module = {
	.name = "repeated lookups",
	.size = repeat_size,
	.attach = repeat_attach,
	.reset = repeat_reset
};
