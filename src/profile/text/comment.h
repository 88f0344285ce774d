/*-------------------------------------------------------------------------
 *
 * comment.h
 *	  What an application's comment says of a statement.
 *
 * The format is that of the sqlcommenter specification: key='value' pairs,
 * separated by commas, percent-encoded, in a comment at the end or the
 * beginning of the statement, or else anywhere in it.  Marginalia and Rails' Query
 * Logs may write key:value pairs, separated by commas, instead.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_COMMENT_H
#define CLIPPERF_COMMENT_H

#include "compat.h"
#include "hotpath.h"
#include "profile/text/source.h"
#include "store/route.h"

/* Bytes of a key or a decoded value that are looked at; the rest is cut. */
#define COMMENT_VALUE_SIZE 256

/* A key, and where its value goes: COMMENT_VALUE_SIZE bytes; "" = not given. */
typedef struct CommentValue
{
	const char *key;
	char	   *value;
} CommentValue;

typedef struct CommentFacts
{
	uint64		trace;			/* hash of the 32-digit trace id; 0 = none */
	char		route[ROUTE_MAX_GIVEN]; /* route, else controller/action; "" */
} CommentFacts;

/* Does this backend's application write comments into the middle of statements? */
HOTPATH_EXTERN bool comment_is_inside;

/* A statement was parsed that is new to this backend: see whether it does. */
extern void comment_learn(const char *source, int location, int length);

/*
 * The statement without white space and semicolons at its ends; { NULL, 0 } if it
 * may have a comment.
 */
extern BareText comment_free_text(const char *source, int location, int length);

/* Hash of the trace id of a traceparent; 0 if it is none. */
extern uint64 comment_trace(const char *traceparent);

/* Read the values of these keys from the statement's comment. */
extern bool comment_values(const char *source, int location, int length,
						   const CommentValue *wanted, int count);

/* Hash of what a client calls its trace, in any form; 0 of "". */
extern uint64 comment_trace_called(const char *name);

/* Read what the statement's comment says; false if there is none. */
extern bool comment_read(const char *source, int location, int length,
						 CommentFacts *facts);

/* Leave the comments at both ends out of a statement's text. */
extern void comment_trim(const char **text, int *length);

#endif							/* CLIPPERF_COMMENT_H */
