/*-------------------------------------------------------------------------
 *
 * hotpath.h
 *	  Variables that every execution looks at.
 *
 * Much of what an execution costs is memory to be fetched, since whatever else
 * the server does for a statement has pushed ours out of the processor's caches.
 * Variables marked HOTPATH_DATA stand together, in a handful of cache lines, where
 * the linker can be told so; else each file's have lines of their own.  Headers
 * declare them HOTPATH_EXTERN: known to be this library's own, they are read at
 * once, not by way of an address that has to be had first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HOTPATH_H
#define CLIPPERF_HOTPATH_H

#ifdef __ELF__
#define HOTPATH_DATA __attribute__((section("clipperf_hotpath")))
#define HOTPATH_EXTERN extern __attribute__((visibility("hidden")))
#else
#define HOTPATH_DATA
#define HOTPATH_EXTERN extern
#endif

#endif							/* CLIPPERF_HOTPATH_H */
