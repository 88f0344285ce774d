/*-------------------------------------------------------------------------
 *
 * whatif_known.h
 *	  Hypothetical indexes of one statement, each sized once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WHATIF_KNOWN_H
#define CLIPPERF_WHATIF_KNOWN_H

#include "compat.h"

#include "fmgr.h"

#include "advise/whatif.h"

/*
 * The indexes that CREATE INDEX statements (text) define, for a function that
 * may be called many times in one statement: "flinfo" is the function's own,
 * whose fn_extra is used.  They live until the next call.  Locks and errors as
 * of index_def_parse() and whatif_index().
 */
extern void whatif_known_indexes(FmgrInfo *flinfo, const Datum *texts,
								 int count, WhatIfIndex **indexes);

#endif							/* CLIPPERF_WHATIF_KNOWN_H */
