/*-------------------------------------------------------------------------
 *
 * token.h
 *	  Walking through the tokens of a normalised statement, which has no
 *	  literals and no comments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TOKEN_H
#define CLIPPERF_TOKEN_H

#include "compat.h"

/* May the character be part of an unquoted word? */
extern bool token_is_word(char c);

/* The first character from "at" on that is not blank. */
extern const char *token_skip_blanks(const char *at);

/* The end of the word, quoted identifier or other character at "at". */
extern const char *token_end(const char *at);

/* Is the token from "at" to "end" this word, whatever its case? */
extern bool token_is(const char *at, const char *end, const char *word);

/* The bracket that closes the one at "at", or NULL. */
extern const char *token_closing_bracket(const char *at);

#endif							/* CLIPPERF_TOKEN_H */
