/*-------------------------------------------------------------------------
 *
 * framework.h
 *	  Frameworks of applications, and what they call the fix of a loop.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FRAMEWORK_H
#define CLIPPERF_FRAMEWORK_H

#include "compat.h"

/* Does a name contain that of a framework whose idiom is known? */
extern bool framework_is_known(const char *name);

/* What one writes there to load rows together with a list; NULL = not known. */
extern const char *framework_idiom(const char *name);

#endif							/* CLIPPERF_FRAMEWORK_H */
