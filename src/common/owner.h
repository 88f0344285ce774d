/*-------------------------------------------------------------------------
 *
 * owner.h
 *	  Whom the objects of the database belong to.
 *
 * InvalidOid stands for an object that is gone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_OWNER_H
#define CLIPPERF_OWNER_H

#include "compat.h"

/* InvalidOid if the object is gone. */
extern Oid	owner_of_relation(Oid relid);
extern Oid	owner_of_function(Oid function);

#endif							/* CLIPPERF_OWNER_H */
