/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  The tokens of a statement, as the server's own scanner sees them.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/text/scan.h"

#include "parser/parser.h"
#include "parser/scanner.h"

/* The scanner's token numbers, fixed by the rule stated in scanner.h. */
enum ScannerToken
{
	TOKEN_END = 0,
	TOKEN_IDENT = 258,
	TOKEN_UIDENT,
	TOKEN_FCONST,
	TOKEN_SCONST,
	TOKEN_USCONST,
	TOKEN_BCONST,
	TOKEN_XCONST,
	TOKEN_OP,
	TOKEN_ICONST,
	TOKEN_PARAM
};

/* Every keyword begins with one, no operator does. */
static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Fill a token's kind and word from what the scanner returned. */
static void
classify(Token *token, int number, const core_YYSTYPE *value)
{
	switch (number)
	{
		case TOKEN_IDENT:
		case TOKEN_UIDENT:
			token->kind = KIND_IDENTIFIER;
			token->word = value->str;
			break;
		case TOKEN_FCONST:
		case TOKEN_SCONST:
		case TOKEN_USCONST:
		case TOKEN_BCONST:
		case TOKEN_XCONST:
		case TOKEN_ICONST:
			token->kind = KIND_LITERAL;
			break;
		case TOKEN_PARAM:
			token->kind = KIND_PARAMETER;
			token->parameter = value->ival;
			break;
		default:
			/* Beyond the fixed numbers: a keyword or a longer operator. */
			token->kind = KIND_SYMBOL;
			if (number < TOKEN_IDENT)
				token->symbol = number;
			else if (number > TOKEN_PARAM && is_letter(*token->source))
			{
				token->kind = KIND_KEYWORD;
				token->word = value->keyword;
			}
			break;
	}
}

/*
 * Hand each token of a statement to a visitor, until it has enough.  Comments and
 * white space are left out.  Raises what the scanner raises; the tokens point
 * into "source".
 */
void
scan_tokens(const char *source, ScanVisitor visit, void *arg)
{
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location;
	core_yyscan_t scanner = scanner_init(source, &extra, &ScanKeywords,
										 ScanKeywordTokens);
	int			end = 0;
	int			number;

	SILENCE_SCANNER(extra);
	while ((number = core_yylex(&value, &location, scanner)) != TOKEN_END)
	{
		Token		token = {
			.source = source + location,
			.length = strlen(extra.scanbuf + location),
			.spaced = location > end
		};

		end = location + token.length;
		classify(&token, number, &value);
		if (!visit(&token, arg))
			break;
	}
	scanner_finish(scanner);
}
