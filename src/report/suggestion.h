/*-------------------------------------------------------------------------
 *
 * suggestion.h
 *	  The batched rewrite of an N+1 pattern's child.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SUGGESTION_H
#define CLIPPERF_SUGGESTION_H

#include "compat.h"

/*
 * The number of the parameter that the normalised statement compares with this
 * column by "=", 0 if there is none.
 */
extern int	suggestion_find_parameter(const char *statement,
									  const char *column);

/*
 * The normalised statement "child" rewritten to take an array of keys of type
 * "type" as parameter $number:
 */
extern char *suggestion_make(const char *child, int number, const char *type);

#endif							/* CLIPPERF_SUGGESTION_H */
