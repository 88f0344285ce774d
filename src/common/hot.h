/*-------------------------------------------------------------------------
 *
 * hot.h
 *	  Variables that every execution looks at.
 *
 * Much of what an execution costs is memory to be fetched, since whatever else
 * the server does for a statement has pushed ours out of the processor's caches.
 * Variables marked HOT_DATA stand together, in a handful of cache lines, where
 * the linker can be told so; else each file's have lines of their own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HOT_H
#define CLIPPERF_HOT_H

#ifdef __ELF__
#define HOT_DATA __attribute__((section("clipperf_hot")))
#else
#define HOT_DATA
#endif

#endif							/* CLIPPERF_HOT_H */
