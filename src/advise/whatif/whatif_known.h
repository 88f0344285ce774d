/*-------------------------------------------------------------------------
 *
 * whatif_known.h
 *	  Hypothetical indexes that were sized before.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WHATIF_KNOWN_H
#define CLIPPERF_WHATIF_KNOWN_H

#include "compat.h"

#include "advise/whatif/whatif.h"

/*
 * The indexes that CREATE INDEX statements (text) define, those that were
 * asked for before as they were.
 */
extern void whatif_known_indexes(const Datum *texts, int count,
								 WhatIfIndex **indexes);

#endif							/* CLIPPERF_WHATIF_KNOWN_H */
