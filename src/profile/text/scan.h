/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  The tokens of a statement, as the server's own scanner sees them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SCAN_H
#define CLIPPERF_SCAN_H

#include "compat.h"

typedef enum TokenKind
{
	KIND_NONE,					/* before the first token */
	KIND_KEYWORD,
	KIND_IDENTIFIER,
	KIND_LITERAL,
	KIND_PARAMETER,
	KIND_SYMBOL					/* operators and punctuation */
} TokenKind;

typedef struct Token
{
	TokenKind	kind;
	char symbol;				/* of a one-character symbol, else 0 */
	const char *word;			/* keyword or folded identifier, else NULL */
	const char *source;			/* as it stands in the statement */
	int			length;			/* bytes of source */
	bool		spaced;			/* white space or a comment before it */
	int			parameter;		/* number of a parameter */
} Token;

/* Takes one token; false ends the scan. */
typedef bool (*ScanVisitor) (Token *token, void *arg);

/* Hand each token of a statement to a visitor. */
extern void scan_tokens(const char *source, ScanVisitor visit, void *arg);

#endif							/* CLIPPERF_SCAN_H */
