/*-------------------------------------------------------------------------
 *
 * normalize.h
 *	  The text of a statement without comments and literals, and its shape.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_NORMALIZE_H
#define CLIPPERF_NORMALIZE_H

#include "compat.h"

#include "parser/parser.h"

#include "hotpath.h"

/*
 * Normalise the statement at "location" (bytes, -1 = 0) of "length" bytes (0 =
 * to the end) of "source".
 */
/* A table's name, and that of the table that it is a part of. */
typedef struct TableAlias
{
	const char *name;
	const char *family;
} TableAlias;

extern char *normalize_text(const char *source, int location, int length);

/*
 * A hash that is the same for statements whose texts differ only in literals,
 * parameter numbers, white space, case of keywords and the length of IN lists,
 * ARRAY[] and VALUES lists.
 */
extern uint64 normalize_fingerprint(const char *source, int location, int length,
									const TableAlias *aliases, int naliases);

/* Where a literal stands in a text, in bytes: with its sign or prefix. */
typedef struct LiteralPlace
{
	int			start;
	int			length;
} LiteralPlace;

/*
 * Where the literals of a statement stand, in the order of their numbers, and the
 * hash of all else.
 */
extern int	normalize_places(const char *source, int length,
							 LiteralPlace *places, int max, uint64 *around);

/* The hash of a literal as it is written; never 0. */
extern uint32 normalize_hash_literal(const char *literal, int length);

/* The hash of all literals of a statement, and how many; 0 if it cannot be told. */
extern uint32 normalize_hash_literals(const char *source, int length, int *count);

/*
 * The values of standard_conforming_strings that this backend has analysed
 * statements with.
 */
HOTPATH_EXTERN bool normalize_seen_standard;
HOTPATH_EXTERN bool normalize_seen_escaped;

/*
 * To be called when a statement is analysed: remembers the settings that it
 * was parsed with.
 */
static inline void
normalize_watch_settings(void)
{
	if (STANDARD_STRINGS)
		normalize_seen_standard = true;
	else
		normalize_seen_escaped = true;
}

#endif							/* CLIPPERF_NORMALIZE_H */
