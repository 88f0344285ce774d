/*-------------------------------------------------------------------------
 *
 * origin.h
 *	  Where in the application a statement comes from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ORIGIN_H
#define CLIPPERF_ORIGIN_H

#include "compat.h"
#include "profile/text/source.h"
#include "store/pattern.h"

/* What a statement's comment and application_name say of it. */
extern void origin_read(const StatementSource *source, PatternOrigin *origin);

#endif							/* CLIPPERF_ORIGIN_H */
