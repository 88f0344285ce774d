/*-------------------------------------------------------------------------
 *
 * sketch.h
 *	  How many distinct values: the server's HyperLogLog over fixed memory.
 *
 * 2^7 registers: a standard error of 1.04/sqrt(128) = 9 %.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SKETCH_H
#define CLIPPERF_SKETCH_H

#include "compat.h"

#define SKETCH_WIDTH		7
#define SKETCH_REGISTERS	(1 << SKETCH_WIDTH)

typedef struct Sketch
{
	uint8		registers[SKETCH_REGISTERS];
} Sketch;

extern void sketch_add(Sketch *sketch, uint32 hash);
extern void sketch_merge(Sketch *pg_restrict into,
						 const Sketch *pg_restrict from);
extern double sketch_estimate(const Sketch *sketch);

#endif							/* CLIPPERF_SKETCH_H */
