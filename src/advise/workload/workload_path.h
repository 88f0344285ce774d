/*-------------------------------------------------------------------------
 *
 * workload_path.h
 *	  The search_path of a statement that no sample tells it of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WORKLOAD_PATH_H
#define CLIPPERF_WORKLOAD_PATH_H

#include "compat.h"

#include "store/table_use.h"

/* A search_path that finds these tables by their names; NULL if none does. */
extern char *workload_path_to(const TableUses *tables);

#endif							/* CLIPPERF_WORKLOAD_PATH_H */
