/*-------------------------------------------------------------------------
 *
 * child_parameter.h
 *	  The number of the parameter that a loop's child compares with a column.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CHILD_PARAMETER_H
#define CLIPPERF_CHILD_PARAMETER_H

#include "compat.h"

/* The number of the parameter compared with this column by "=", or 0. */
extern int	child_parameter_find(const char *statement, const char *column);

#endif							/* CLIPPERF_CHILD_PARAMETER_H */
