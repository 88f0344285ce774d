/*-------------------------------------------------------------------------
 *
 * interrupt.h
 *	  What happens when the user, or the system, wants the program to end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_INTERRUPT_H
#define CLIENT_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "libpq-fe.h"

/* Prepares for signals; to be called first. */
extern void handle_signals(void);

/* Says that a query of this connection is running, which a signal is to cancel; NULL when it has ended. */
extern void set_query_to_cancel(PGconn *connection);

/* Has a signal asked for the end of the program? */
extern bool is_interrupted(void);

/* From now on the first signal only ends the group of processes, and is noted; a second one ends the program. */
extern void note_interrupts(void);

/* Has a signal been noted? */
extern bool was_interrupt_noted(void);

/* Names a group of processes that a signal is to end; 0 when it has ended. */
extern void set_group_to_end(pid_t group);

/* Names a file that a signal is to remove, as it is not complete; NULL when it is. */
extern void set_unfinished_file(const char *path);

/* Names the settings that a signal is to give back to a terminal; NULL when it has them. */
extern void set_terminal_to_restore(int file, const struct termios *settings);

#endif							/* CLIENT_INTERRUPT_H */
