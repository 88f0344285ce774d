/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  A clock that nobody sets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_CLOCK_H
#define CLIENT_CLOCK_H

/* Seconds by a clock that nobody sets: good for differences. */
extern double seconds_now(void);

#endif							/* CLIENT_CLOCK_H */
