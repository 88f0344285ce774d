/*-------------------------------------------------------------------------
 *
 * plain.h
 *	  Names and texts of users in what is shown, so that they forge nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAIN_H
#define CLIPPERF_PLAIN_H

#include "compat.h"

/* Replace each control character in place; the text may become shorter. */
extern void plain_replace(char *text, char with, int encoding);

/* A text on one line, palloc'd: blanks for control characters. */
extern char *plain_line(const char *text);

/* SQL whose identifiers and strings keep to their line, palloc'd. */
extern char *plain_sql(const char *sql);

#endif							/* CLIPPERF_PLAIN_H */
