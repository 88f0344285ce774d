/*-------------------------------------------------------------------------
 *
 * stack_room.h
 *	  Is there room on the stack to go on down through a plan?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STACK_ROOM_H
#define CLIPPERF_STACK_ROOM_H

#include "compat.h"

/* Can a walk go one level further down without check_stack_depth() raising? */
extern bool stack_has_room(void);

#endif							/* CLIPPERF_STACK_ROOM_H */
