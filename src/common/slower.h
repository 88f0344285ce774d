/*-------------------------------------------------------------------------
 *
 * slower.h
 *	  From when on something counts as slower.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SLOWER_H
#define CLIPPERF_SLOWER_H

/*
 * What takes, or costs, this many times as much is clearly slower.  A choice
 * rather than a measurement: the times of equal calls and the planner's costs
 * of plans that are about as good differ by some tenths without a reason, while
 * half as much again is worth telling of.
 */
#define CLEARLY_SLOWER	1.5

#endif							/* CLIPPERF_SLOWER_H */
