/*-------------------------------------------------------------------------
 *
 * drop.h
 *	  What is to be done where the extension or a database is dropped.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DROP_H
#define CLIPPERF_DROP_H

/* Install the hook; from _PG_init. */
extern void drop_init(void);

#endif							/* CLIPPERF_DROP_H */
