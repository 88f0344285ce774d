/*-------------------------------------------------------------------------
 *
 * candidate_opclass.h
 *	  Operator classes other than the default one of a B-tree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CANDIDATE_OPCLASS_H
#define CLIPPERF_CANDIDATE_OPCLASS_H

#include "advise/candidates/demand.h"
#include "advise/indexes/index_def.h"

/* An index of another access method that serves the operator, or NULL. */
extern IndexDefinition *candidate_for_operator(Oid relid, const DemandKey *key,
											   Oid operator);

/* Let a B-tree key of a string type serve LIKE 'x%', if need be. */
extern void candidate_use_pattern_opclass(IndexKey *key);

/* An index of one key with this operator class. */
extern IndexDefinition *candidate_of_opclass(Oid relid, const DemandKey *key,
											 Oid am, Oid opclass);

/* Give a key another operator class. */
extern void candidate_use_opclass(IndexKey *key, Oid opclass);

#endif							/* CLIPPERF_CANDIDATE_OPCLASS_H */
