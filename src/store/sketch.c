/*-------------------------------------------------------------------------
 *
 * sketch.c
 *	  How many distinct values: the server's HyperLogLog over fixed memory.
 *
 * The server's code keeps its registers in palloc'd memory; here its state is
 * made on the stack around registers that live elsewhere.  Plain memory:
 * whoever owns a sketch guards it.
 *
 *-------------------------------------------------------------------------
 */
#include "store/sketch.h"

#include "lib/hyperloglog.h"

/* What initHyperLogLog() computes for SKETCH_WIDTH. */
#define SKETCH_ALPHA (0.7213 / (1.0 + 1.079 / SKETCH_REGISTERS))

/* The server's view of a sketch; nothing is allocated. */
static hyperLogLogState
as_server_state(Sketch *sketch)
{
	hyperLogLogState state = {
		.registerWidth = SKETCH_WIDTH,
		.nRegisters = SKETCH_REGISTERS,
		.alphaMM = SKETCH_ALPHA * SKETCH_REGISTERS * SKETCH_REGISTERS,
		.hashesArr = sketch->registers,
		.arrSize = sizeof(sketch->registers)
	};

	return state;
}

/* Add a value by its hash, whose bits must be evenly spread. */
void
sketch_add(Sketch *sketch, uint32 hash)
{
	hyperLogLogState state = as_server_state(sketch);

	addHyperLogLog(&state, hash);
}

/* Make "into" the sketch of the values of both. */
void
sketch_merge(Sketch *pg_restrict into, const Sketch *pg_restrict from)
{
	for (int i = 0; i < SKETCH_REGISTERS; i++)
		into->registers[i] = Max(into->registers[i], from->registers[i]);
}

/* About how many distinct values were added. */
double
sketch_estimate(const Sketch *sketch)
{
	Sketch		copy = *sketch;
	hyperLogLogState state = as_server_state(&copy);

	return estimateHyperLogLog(&state);
}
