/*-------------------------------------------------------------------------
 *
 * encoding.h
 *	  Strings that databases of several encodings share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENCODING_H
#define CLIPPERF_ENCODING_H

#include "compat.h"

/*
 * Make a string that was stored in "encoding" one that this database can show:
 */
extern void encoding_make_readable(char *string, int encoding);

/* Bytes of a string of this database that are kept if "most" may be. */
extern int	encoding_clip(const char *string, int length, int most);

#endif							/* CLIPPERF_ENCODING_H */
