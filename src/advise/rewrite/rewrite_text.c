/*-------------------------------------------------------------------------
 *
 * rewrite_text.c
 *	  The text of a child, token by token, and pieces of the new statement.
 *
 * The new statement is put together from the child's own text, so that its
 * author knows it again.  What it means is not told by the text: it is
 * analysed, and compared with the child (rewrite_check.c).
 *
 *-------------------------------------------------------------------------
 */
#include "advise/rewrite/rewrite_parts.h"

#include "access/transam.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* ScanVisitor: keep the token with its depth. */
static bool
keep_token(Token *token, void *arg)
{
	Rewrite    *rewrite = arg;
	int			depth = 0;

	if (rewrite->ntokens > 0)
	{
		const PlacedToken *before = &rewrite->tokens[rewrite->ntokens - 1];

		depth = before->depth +
			(before->token.symbol == '(' || before->token.symbol == '[');
	}
	if (token->symbol == ')' || token->symbol == ']')
		depth--;
	if ((rewrite->ntokens & (rewrite->ntokens - 1)) == 0)
		rewrite->tokens = rewrite->tokens == NULL ?
			palloc(sizeof(PlacedToken)) :
			repalloc(rewrite->tokens,
					 sizeof(PlacedToken) * 2 * rewrite->ntokens);
	rewrite->tokens[rewrite->ntokens++] = (PlacedToken)
	{
		.token = *token,
			.depth = depth
	};
	return true;
}

/*
 * Take the child's text apart; a semicolon at its end is no part of it.  Raises
 * what the scanner raises.
 */
void
rewrite_scan(Rewrite *rewrite)
{
	rewrite->tokens = NULL;
	rewrite->ntokens = 0;
	scan_tokens(rewrite->text, keep_token, rewrite);
	while (rewrite->ntokens > 0 &&
		   rewrite->tokens[rewrite->ntokens - 1].token.symbol == ';')
		rewrite->ntokens--;
}

/* Is the token a symbol of one character, this one? */
bool
rewrite_is_symbol(const Rewrite *rewrite, int number, char symbol)
{
	return number >= 0 && number < rewrite->ntokens &&
		rewrite->tokens[number].token.symbol == symbol;
}

/* Is the token this keyword, or an identifier written like it? */
bool
rewrite_is_word(const Rewrite *rewrite, int number, const char *word)
{
	const Token *token;

	if (number < 0 || number >= rewrite->ntokens)
		return false;
	token = &rewrite->tokens[number].token;
	return token->word != NULL && *token->source != '"' &&
		strcmp(token->word, word) == 0;
}

/*
 * The first token from "from" on, outside of all brackets, that is this keyword;
 * the number of tokens if there is none.  The FROM of IS DISTINCT FROM is none.
 */
int
rewrite_find_word(const Rewrite *rewrite, int from, const char *word)
{
	for (int i = from; i < rewrite->ntokens; i++)
	{
		if (rewrite->tokens[i].depth == 0 &&
			rewrite->tokens[i].token.kind == KIND_KEYWORD &&
			rewrite_is_word(rewrite, i, word) &&
			!rewrite_is_word(rewrite, i - 1, "distinct"))
			return i;
	}
	return rewrite->ntokens;
}

/* The token that closes the bracket at "open". */
int
rewrite_closing(const Rewrite *rewrite, int open)
{
	int			close = Min(open + 1, rewrite->ntokens);

	while (close < rewrite->ntokens &&
		   rewrite->tokens[close].depth > rewrite->tokens[open].depth)
		close++;
	return close;
}

/* What stands for a parameter in the new statement. */
static const char *
parameter_text(const Rewrite *rewrite, int number)
{
	const RewriteParameter *param = &rewrite->params[number - 1];

	if (!param->varies)
		return psprintf("$%d", param->number);
	param = &rewrite->params[param->same_as - 1];
	return psprintf("%s.%s", rewrite->alias, quote_identifier(param->name));
}

/*
 * Append the tokens from "from" to before "to", with the columns of the arrays
 * in place of the parameters that vary, and the others numbered again.  Comments
 * and the white space between lines become one blank.
 */
void
rewrite_append(StringInfo sql, const Rewrite *rewrite, int from, int to)
{
	for (int i = from; i < to; i++)
	{
		const Token *token = &rewrite->tokens[i].token;
		bool		part = rewrite_is_symbol(rewrite, i + 1, '.') ||
			rewrite_is_symbol(rewrite, i + 1, '[');

		if (token->spaced && i > from)
			appendStringInfoChar(sql, ' ');
		if (token->kind != KIND_PARAMETER)
			appendBinaryStringInfo(sql, token->source, token->length);
		else
			appendStringInfo(sql, part ? "(%s)" : "%s",
							 parameter_text(rewrite, token->parameter));
	}
}

/*
 * The name of a type, with its schema unless that is pg_catalog.  One that has any
 * length: "character" and "bit" alone would cut the values to one.
 */
const char *
rewrite_type_name(Oid type)
{
	return format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN |
								(type < FirstNormalObjectId ? 0 : FORMAT_TYPE_FORCE_QUALIFY));
}

/*
 * Append the arrays as rows: unnest($1::integer[]) AS k (id), or if their order
 * is asked for, unnest($1::integer[]) WITH ORDINALITY AS k (id, n).
 */
void
rewrite_append_arrays(StringInfo sql, const Rewrite *rewrite,
					  const char *alias, bool ordered)
{
	StringInfoData names;
	const char *separator = "";

	initStringInfo(&names);
	appendStringInfoString(sql, "unnest(");
	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (!param->used || !param->varies || param->same_as != i + 1)
			continue;
		appendStringInfo(sql, "%s$%d::%s[]", separator, param->number,
						 rewrite_type_name(param->type));
		appendStringInfo(&names, "%s%s", separator,
						 quote_identifier(param->name));
		separator = ", ";
	}
	appendStringInfo(sql, ordered ? ") WITH ORDINALITY AS %s (%s, n)" :
					 ") AS %s (%s)", alias, names.data);
}

/* Append the columns of the arrays, each followed by a comma. */
void
rewrite_append_keys(StringInfo sql, const Rewrite *rewrite)
{
	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (param->used && param->varies && param->same_as == i + 1)
			appendStringInfo(sql, "%s.%s, ", rewrite->alias,
							 quote_identifier(param->name));
	}
}

/* Is this the key, in an array of its own?  A literal's number is not known. */
static bool
is_key(const Rewrite *rewrite, const Token *token)
{
	int			key = rewrite->child->key;

	return token->kind == KIND_PARAMETER &&
		(key > 0 ? token->parameter == key :
		 (rewrite->child->values.varied &
		  (UINT32_C(1) << (token->parameter - 1))) != 0);
}

/*
 * A child that asks for "= ANY ($n)" with one key in the array asks for "= $n".
 * The lineage has seen one key in each array, or it were no key.  Its type in
 * "types" becomes that of the array's elements.
 */
void
rewrite_strip_arrays(Rewrite *rewrite, Oid *types)
{
	StringInfoData text;
	bool		stripped = false;

	initStringInfo(&text);
	for (int i = 0; i < rewrite->ntokens; i++)
	{
		const Token *token = &rewrite->tokens[i].token;
		int			inner = i + 2;
		int			close = i;

		if (token->spaced && i > 0)
			appendStringInfoChar(&text, ' ');
		if (rewrite_is_word(rewrite, i, "any") &&
			rewrite_is_symbol(rewrite, i + 1, '('))
			close = rewrite_closing(rewrite, i + 1);
		if (close <= inner || close >= rewrite->ntokens ||
			!is_key(rewrite, &rewrite->tokens[inner].token))
		{
			appendBinaryStringInfo(&text, token->source, token->length);
			continue;
		}
		types[rewrite->tokens[inner].token.parameter - 1] =
			get_element_type(types[rewrite->tokens[inner].token.parameter - 1]);
		for (; inner < close; inner++)
		{
			/* the brackets of a cast to an array type go */
			if (!rewrite_is_symbol(rewrite, inner, '[') &&
				!rewrite_is_symbol(rewrite, inner, ']'))
				appendBinaryStringInfo(&text, rewrite->tokens[inner].token.source,
									   rewrite->tokens[inner].token.length);
		}
		stripped = true;
		i = close;
	}
	if (!stripped)
		return;
	rewrite->text = text.data;

	rewrite_scan(rewrite);
}
