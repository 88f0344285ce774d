/*-------------------------------------------------------------------------
 *
 * header.h
 *	  What of the store's header outlives a restart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HEADER_H
#define CLIPPERF_HEADER_H

#include "store/store.h"

extern const StoreModule header_module;

#endif							/* CLIPPERF_HEADER_H */
