/*-------------------------------------------------------------------------
 *
 * extension.h
 *	  Where the SQL objects of clipperf are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EXTENSION_H
#define CLIPPERF_EXTENSION_H

#include "compat.h"
#include "hotpath.h"

/*
 * The schema of the extension in this database; error 42704 if it is not
 * installed.
 */
extern Oid	extension_schema(void);

/* Schema and name of one of its objects, quoted. */
extern char *extension_object(const char *name);

/*
 * How often functions of ours have run in this process: a statement while which
 * this grew is ours, not the application's.
 */
HOTPATH_EXTERN uint32 extension_calls;

/* Is this a function of ours? */
extern bool extension_has_function(Oid function);

/* Is this a table or view of ours? */
extern bool extension_has_relation(Oid relation);

#endif							/* CLIPPERF_EXTENSION_H */
