/*-------------------------------------------------------------------------
 *
 * endpoint_row.h
 *	  A row of clipperf_endpoints, read and checked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENDPOINT_ROW_H
#define CLIPPERF_ENDPOINT_ROW_H

#include "compat.h"

#include "access/htup.h"
#include "access/tupdesc.h"

#include "store/endpoint_rule.h"

/*
 * Make the rule of a row.  What is wrong with the row is raised at that level:
 * below ERROR, the rule is not to be used, and false is returned.
 */
extern bool endpoint_row_read(HeapTuple tuple, TupleDesc desc, int elevel,
							  EndpointRule *rule);

#endif							/* CLIPPERF_ENDPOINT_ROW_H */
