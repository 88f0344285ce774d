/*-------------------------------------------------------------------------
 *
 * request_store.h
 *	  The requests of all backends: see request_store.c for the contract.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_STORE_H
#define CLIPPERF_REQUEST_STORE_H

#include "compat.h"

#include "store/request_table.h"
#include "store/store.h"

/* A statement of the client has ended: it goes on with its request, or begins one. */
extern void requests_add(const RequestRecord *part);

/* A transaction has ended: so has the request that it was. */
extern void requests_end_transaction(void);

/* All that has ended, palloc'd; also what is pending, and pauses for idle_us. */
extern RequestTable *requests_copy(int64 idle_us);

extern const StoreModule request_module;

#endif							/* CLIPPERF_REQUEST_STORE_H */
