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
	hyperLogLogState state = sketch_server_state(&copy);

	return estimateHyperLogLog(&state);
}
