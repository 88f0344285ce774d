/*-------------------------------------------------------------------------
 *
 * early_stop_translate.h
 *	  Conditions of a plan as conditions on one table; for early_stop*.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EARLY_STOP_TRANSLATE_H
#define CLIPPERF_EARLY_STOP_TRANSLATE_H

#include "compat.h"

#include "nodes/params.h"
#include "nodes/pg_list.h"

/* How conditions of a plan become conditions on one table. */
typedef struct Translation
{
	Index		varno;			/* of the table in the plan */
	const List *targets;		/* TargetEntry: what an index-only scan reads */
	ParamListInfo params;
	bool		unknown;		/* parameters without a value may stay: what
								 * comes is estimated, not run */
	bool		failed;			/* a condition cannot be translated */
} Translation;

/*
 * The conditions that can be tested on rows of a sample, or estimated with unknown
 * parameters; *whole = all of them.
 */
extern List *early_stop_translate(const List *conditions,
								  const Translation *how, bool *whole);

#endif							/* CLIPPERF_EARLY_STOP_TRANSLATE_H */
