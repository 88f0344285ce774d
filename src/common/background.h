/*-------------------------------------------------------------------------
 *
 * background.h
 *	  How our background workers end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BACKGROUND_H
#define CLIPPERF_BACKGROUND_H

#include "compat.h"

/* From the main function of a worker: let it end without a message at shutdown. */
extern void background_init(void);

#endif							/* CLIPPERF_BACKGROUND_H */
