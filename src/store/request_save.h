/*-------------------------------------------------------------------------
 *
 * request_save.h
 *	  What was counted of requests, in the saved file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_SAVE_H
#define CLIPPERF_REQUEST_SAVE_H

#include "compat.h"

#include "store/request_counters.h"
#include "store/save.h"

/* Write what was counted of some requests. */
extern void request_save_counters(SaveFile *file, const RouteRequests *requests);

/* Read it; false if it makes no sense. */
extern bool request_load_counters(SaveFile *file, RouteRequests *requests);

#endif							/* CLIPPERF_REQUEST_SAVE_H */
