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

/* Entries of one stripe. */
#define STRIPE_REPEATS	16

typedef struct RepeatShared
{
	Repeat		stripes[REPEAT_STRIPES][STRIPE_REPEATS];
} RepeatShared;

static RepeatShared *shared = NULL;

static Size
repeat_size(void)
{
	return sizeof(RepeatShared);
}

static void
repeat_attach(void *memory, bool found)
{
	shared = memory;
	if (!found)
		memset(shared, 0, sizeof(RepeatShared));
}

/* Begin anew. */
pg_attribute_hot void
repeat_clear(Repeat *repeat)
{
	uint64		request = repeat->request;
	uint64		fingerprint = repeat->fingerprint;

	memset(repeat, 0, sizeof(Repeat));
	repeat->request = request;
	repeat->fingerprint = fingerprint;
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

/* Requests are hashes already. */
static inline uint32
stripe_of(uint64 request)
{
	return (uint32) (request >> 8) % REPEAT_STRIPES;
}

/* The same, shared by all backends, locked until repeat_unlock(). */
Repeat *
repeat_lock(uint64 request, uint64 fingerprint)
{
	uint32		stripe = stripe_of(request);

	LWLockAcquire(store_lock(LOCKS_REPEAT, stripe), LW_EXCLUSIVE);
	return repeat_find(shared->stripes[stripe], STRIPE_REPEATS, request,
					   fingerprint);
}

/* See repeat.h. */
void
repeat_unlock(uint64 request)
{
	LWLockRelease(store_lock(LOCKS_REPEAT, stripe_of(request)));
}

/* StoreModule.reset */
static void
repeat_reset(int what)
{
	if ((what & RESET_N_PLUS_ONE) == 0)
		return;
	for (int i = 0; i < REPEAT_STRIPES; i++)
	{
		LWLockAcquire(store_lock(LOCKS_REPEAT, i), LW_EXCLUSIVE);
		memset(shared->stripes[i], 0, sizeof(shared->stripes[i]));
		LWLockRelease(store_lock(LOCKS_REPEAT, i));
	}
}

const StoreModule repeat_module = {
	.name = "repeated look-ups",
	.size = repeat_size,
	.attach = repeat_attach,
	.reset = repeat_reset
};
