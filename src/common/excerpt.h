/*-------------------------------------------------------------------------
 *
 * excerpt.h
 *	  A statement on one line, and what tells it apart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EXCERPT_H
#define CLIPPERF_EXCERPT_H

#include "compat.h"

/*
 * The statement on one line, palloc'd; if that is longer than "width"
 * characters, without the lists of its columns.
 */
extern char *excerpt_of(const char *statement, int width);

/* .. of at most "width" characters: then joined tables, subqueries, its end go. */
extern char *excerpt_line(const char *statement, int width);

/* Bytes of a text up to "limit", of whole characters. */
extern int	excerpt_clip(const char *text, int limit);

#endif							/* CLIPPERF_EXCERPT_H */
