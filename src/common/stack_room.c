/*-------------------------------------------------------------------------
 *
 * stack_room.c
 *	  Is there room on the stack to go on down through a plan?
 *
 * The walkers of nodeFuncs.c call check_stack_depth(), which raises.  Where an
 * execution ends they must not be run so deep: the executor itself may have had just
 * enough for the same plan, as its frames are other ones.
 *
 *-------------------------------------------------------------------------
 */
#include "common/stack_room.h"

#include "miscadmin.h"

/* What the next level may take, until it asks again, with what it calls; bytes. */
#define STACK_MARGIN	16384

/*
 * Is there room for one more level of a walk?  Asked with so much of the stack in use
 * as that takes at most.  Raises nothing.
 */
pg_noinline bool
stack_has_room(void)
{
	volatile char margin[STACK_MARGIN];

	margin[0] = '\0';
	return !stack_is_too_deep() && margin[0] == '\0';
}
