/*-------------------------------------------------------------------------
 *
 * trust.h
 *	  Whose code may run when an index is built and kept.
 *
 * CREATE INDEX, and every later write, runs what an index is made of with the
 * rights of the table's owner.  So all of that must belong to a superuser or to
 * that owner himself.  To be a member of an extension proves nothing: anybody
 * may add his own function to an extension of his own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TRUST_H
#define CLIPPERF_TRUST_H

#include "compat.h"

#include "nodes/pg_list.h"

/* The roles with whose rights an index on the table is built. */
extern List *trust_owners(Oid relid);

/* Does the function belong to a superuser, or to all of these roles? */
extern bool trust_function(Oid function, List *owners);

/*
 * What an expression runs that is not trusted, for people; NULL if there is
 * nothing.
 */
extern char *trust_find_in_expression(Node *expr, List *owners);

/* What a type's own functions are, and those of an operator class. */
extern char *trust_find_in_type(Oid type, List *owners);
extern char *trust_find_in_opclass(Oid opclass, List *owners);

#endif							/* CLIPPERF_TRUST_H */
