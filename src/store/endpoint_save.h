/*-------------------------------------------------------------------------
 *
 * endpoint_save.h
 *	  Endpoints in the saved file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENDPOINT_SAVE_H
#define CLIPPERF_ENDPOINT_SAVE_H

#include "compat.h"

#include "store/endpoint_table.h"
#include "store/save.h"

/* Write the endpoints. */
extern void endpoints_save(SaveFile *file, const EndpointTable *table);

/* Read them in place of those that are there; none if they make no sense. */
extern bool endpoints_load(SaveFile *file, EndpointTable *table);

#endif							/* CLIPPERF_ENDPOINT_SAVE_H */
