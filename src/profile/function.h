/*-------------------------------------------------------------------------
 *
 * function.h
 *	  Which PL/pgSQL function a statement runs in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FUNCTION_H
#define CLIPPERF_FUNCTION_H

#include "compat.h"

extern void function_install(void); /* from hooks_install */

/* The innermost running function; InvalidOid outside and in a DO block. */
extern Oid	function_current(void);

/* Is this a function of ours?  Without "ask", as far as it is known. */
extern bool function_is_ours(Oid function, bool ask);

#endif							/* CLIPPERF_FUNCTION_H */
