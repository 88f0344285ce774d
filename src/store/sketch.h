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

#include "lib/hyperloglog.h"
#include "port/pg_bitutils.h"

#define SKETCH_WIDTH		7
#define SKETCH_REGISTERS	(1 << SKETCH_WIDTH)

/* Standard error of an estimate, a share: 1.04 / sqrt(SKETCH_REGISTERS). */
#define SKETCH_ERROR		0.092

typedef struct Sketch
{
	uint8		registers[SKETCH_REGISTERS];
} Sketch;

/* What initHyperLogLog() computes for SKETCH_WIDTH. */
#define SKETCH_ALPHA (0.7213 / (1.0 + 1.079 / SKETCH_REGISTERS))

/* The server's view of a sketch; nothing is allocated. */
static inline hyperLogLogState
sketch_server_state(Sketch *sketch)
{
	return (hyperLogLogState)
	{
		.registerWidth = SKETCH_WIDTH,
			.nRegisters = SKETCH_REGISTERS,
			.alphaMM = SKETCH_ALPHA * SKETCH_REGISTERS * SKETCH_REGISTERS,
			.hashesArr = sketch->registers,
			.arrSize = sizeof(sketch->registers)
	};
}

/*
 * Add a value by its hash, whose bits must be evenly spread: what the server's
 * addHyperLogLog() does, without a call, as it is done for each execution.  The
 * first bits choose the register, which keeps the place of the first 1 among
 * the others.
 */
static inline void
sketch_add(Sketch *sketch, uint32 hash)
{
	uint8	   *place = &sketch->registers[hash >> (32 - SKETCH_WIDTH)];
	uint32		others = hash << SKETCH_WIDTH;
	uint8		first = others == 0 ? 32 - SKETCH_WIDTH + 1 :
		32 - pg_leftmost_one_pos32(others);

	if (unlikely(first > *place))
		*place = first;
}

extern void sketch_merge(Sketch *pg_restrict into,
						 const Sketch *pg_restrict from);
extern double sketch_estimate(const Sketch *sketch);

#endif							/* CLIPPERF_SKETCH_H */
