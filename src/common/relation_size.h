/*-------------------------------------------------------------------------
 *
 * relation_size.h
 *	  Bytes of tables and indexes, without waiting for anybody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RELATION_SIZE_H
#define CLIPPERF_RELATION_SIZE_H

#include "compat.h"

/*
 * Bytes of the main forks of a table or index and all its partitions; -1 if one
 * of them is gone or someone has it locked.
 */
extern int64 relation_family_bytes(Oid relid);

#endif							/* CLIPPERF_RELATION_SIZE_H */
