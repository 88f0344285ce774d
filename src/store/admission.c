/*-------------------------------------------------------------------------
 *
 * admission.c
 *	  Which new statements a flooded store lets in.
 *
 * An application whose statements are all distinct would push everything else
 * out of a full store, and pay for it with each statement.  So when many were
 * evicted within a second, a new statement that took little time is let in only
 * when it is seen again: most of a flood never is.
 *
 * The filter is a Bloom filter with one hash, a doorkeeper as in G. Einziger, R.
 * Friedman, B. Manes: TinyLFU, ACM Transactions on Storage 13, 2017.  Backends
 * set its bits without excluding each other: one that gets lost costs a
 * statement one more execution, one that is there by chance lets it in.
 *
 *-------------------------------------------------------------------------
 */
#include "store/admission.h"

#include "utils/timestamp.h"

/* So many evictions within a second are a flood, for another one. */
#define FLOOD_EVICTIONS		16
#define FLOOD_LENGTH		USECS_PER_SEC

/* A statement that took so long (us) is worth having at once. */
#define WELCOME_US			10000.0

/* A statement was evicted.  Under the partition's lock, exclusive. */
void
admission_evicted(Admission *admission, TimestampTz now)
{
	if (now - admission->since >= USECS_PER_SEC || now < admission->since)
	{
		admission->since = now;
		admission->evictions = 0;
	}
	if (++admission->evictions >= FLOOD_EVICTIONS)
		admission->flooded_until = now + FLOOD_LENGTH;
}

/* Was it noted already?  It is now. */
static bool
note(Admission *admission, uint32 hash)
{
	uint32		number = hash % ADMISSION_BITS;
	uint64		bit = UINT64CONST(1) << (number % 64);
	uint64	   *word = &admission->filter[number / 64];

	if (*word & bit)
		return true;
	if (admission->noted++ >= ADMISSION_NOTED)
	{
		memset(admission->filter, 0, sizeof(admission->filter));
		admission->noted = 0;
	}
	*word |= bit;
	return false;
}

/*
 * May a new statement with this hash come in, which took so long, in us?  It
 * is noted, and may the next time.  Under the partition's lock, shared.
 */
bool
admission_allows(Admission *admission, uint32 hash, double elapsed_us)
{
	TimestampTz left;

	if (admission->flooded_until == 0 || elapsed_us >= WELCOME_US)
		return true;
	left = admission->flooded_until - GetCurrentTimestamp();
	/* more is left than can be if the clock was set back */
	return left <= 0 || left > FLOOD_LENGTH || note(admission, hash);
}
