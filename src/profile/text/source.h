/*-------------------------------------------------------------------------
 *
 * source.h
 *	  Which part of a source text is the statement that runs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SOURCE_H
#define CLIPPERF_SOURCE_H

#include "compat.h"
#include "hotpath.h"

/* A statement within a source text, which may hold several. */
typedef struct StatementSource
{
	const char *text;			/* the source; NULL = none */
	int			location;		/* in bytes */
	int			length;			/* 0 = up to the end of the source */
	bool		exact;			/* is it known where the statement stands? */
} StatementSource;

/* A statement's text; not zero-terminated. */
typedef struct BareText
{
	const char *at;				/* NULL = none */
	int			length;			/* in bytes */
} BareText;

/* A utility statement begins, which may run others. */
extern StatementSource source_enter(const char *text, int location,
									int length);

/* A utility statement is over: go back to what source_enter() returned. */
extern void source_leave(StatementSource before);

/* The innermost utility statement that runs. */
HOTPATH_EXTERN StatementSource source_utility;

/* Its place, if it is the one with this text. */
extern StatementSource source_within_utility(StatementSource source);

/*
 * Where a statement stands, from what its Query or PlannedStmt tells.  Must be
 * asked while the utility statement around it runs, if there is one; lives as
 * long as the text.
 */
static inline StatementSource
source_of(const char *string, int location, int length)
{
	StatementSource source = {
		.text = string != NULL ? string : "",
		.location = location,
		.length = length,
		.exact = true
	};

	if (unlikely((location | length) < 0))
	{
		source.location = Max(location, 0);
		source.length = Max(length, 0);
		source.exact = location >= 0;
	}
	if (unlikely(source_utility.text !=NULL) && location <= 0 && length <= 0)
		source = source_within_utility(source);
	return source;
}

/*
 * May a statement that begins with this character contain another one?  SELECT,
 * INSERT, UPDATE, MERGE, VALUES and WITH do not.  No call: it is asked for each
 * statement.
 */
static inline bool
source_may_contain(char first)
{
	switch (first)
	{
		case 'S':
		case 's':
		case 'I':
		case 'i':
		case 'U':
		case 'u':
		case 'M':
		case 'm':
		case 'V':
		case 'v':
		case 'W':
		case 'w':
			return false;
		default:
			return true;
	}
}

/* The inside of the next comment of a piece of text; false if there is none. */
extern bool source_next_comment(const char **at, const char *end,
								const char **inside, int *length);

/* The part of it that can be planned, not zero-terminated. */
extern const char *source_body(const StatementSource *source, int *length);

#endif							/* CLIPPERF_SOURCE_H */
