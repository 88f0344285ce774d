/*-------------------------------------------------------------------------
 *
 * trust.h
 *	  Whose code may run when an index is built and kept.
 *
 * CREATE INDEX, and every later write, runs what an index is made of with the
 * rights of the table's owner.  So all of that must belong to a superuser or to
 * that owner.  To be a member of an extension proves nothing: anybody
 * may add a function to an extension of their own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TRUST_H
#define CLIPPERF_TRUST_H

#include "compat.h"

#include "nodes/pg_list.h"

/* The roles with whose rights an index on the table is built. */
extern List *trust_owners(Oid relid);

/* A function that an expression runs and that is not trusted, or InvalidOid. */
extern Oid	trust_find_in_expression(Node *expr, List *owners);

/* Such a function that values of a type run, or in an operator class's family. */
extern Oid	trust_find_in_type(Oid type, List *owners);
extern Oid	trust_find_in_opclass(Oid opclass, List *owners);

#endif							/* CLIPPERF_TRUST_H */
