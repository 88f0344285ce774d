/*-------------------------------------------------------------------------
 *
 * verify.c
 *	  Does what was built pay?
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify.h"

#include "utils/timestamp.h"

/* See verify.h. */
void
verify_before(Job *job)
{
}

/* See verify.h. */
void
verify_begin(Job *job, const char *reason)
{
	job_change(job, JOB_KEPT, reason);
}

/* See verify.h. */
bool
verify_due(MemoryContext context)
{
	return false;
}

/* See verify.h. */
TimestampTz
verify_next_due(void)
{
	return DT_NOEND;
}
