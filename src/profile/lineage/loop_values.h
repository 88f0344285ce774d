/*-------------------------------------------------------------------------
 *
 * loop_values.h
 *	  Which parameters of a loop's child vary from row to row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LOOP_VALUES_H
#define CLIPPERF_LOOP_VALUES_H

#include "profile/statement/execution.h"
#include "store/pattern.h"

/* A child of a loop has run: what is known of its parameters now. */
extern PatternParameters *loop_values_note(const Execution *execution,
										   uint64 loop_id);

/* It has been counted: start over. */
extern void loop_values_counted(PatternParameters *known);

#endif							/* CLIPPERF_LOOP_VALUES_H */
