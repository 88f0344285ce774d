/*-------------------------------------------------------------------------
 *
 * baseline.h
 *	  Problems that are known: a file that is kept with an application's sources.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_BASELINE_H
#define CLIENT_BASELINE_H

#include "check/judgement.h"

/* Reads a baseline; ends the program where it cannot. */
extern StringList read_baseline(const char *path);

/* Marks the problems that a baseline holds, and notes its entries that are no problem any more. */
extern void apply_baseline(Judgement *judgement, const StringList *baseline);

/* Writes the problems of a judgement as a baseline, which makes them known. */
extern void write_baseline(Judgement *judgement, const char *path);

#endif							/* CLIENT_BASELINE_H */
