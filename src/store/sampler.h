/*-------------------------------------------------------------------------
 *
 * sampler.h
 *	  The background worker that looks at what sessions wait for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SAMPLER_H
#define CLIPPERF_SAMPLER_H

#include "compat.h"

extern void sampler_register(void); /* from _PG_init */

extern PGDLLEXPORT void clipperf_sampler_main(Datum arg);

#endif							/* CLIPPERF_SAMPLER_H */
