/*-------------------------------------------------------------------------
 *
 * wrap.c
 *	  Texts and statements in lines of a given width; clipperf_wrap().
 *
 * A text is cut into pieces, which are laid out in lines: prose into its words,
 * a statement into its tokens, as the server's scanner sees them, so that it
 * means the same afterwards.  Lines break where there was white space; between
 * tokens without any only where the line would be too long otherwise.  The
 * scanner skips comments: a line comment is cut into words, and goes on behind
 * "--" on the next line, a block comment is one piece.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "parser/scansup.h"
#include "utils/builtins.h"

PGDLLEXPORT Datum clipperf_wrap(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_wrap);

/* What follows a line comment on its next line. */
#define COMMENT_PREFIX "-- "

/* Characters by which a line goes on further right, but for the first one. */
#define HANGING_INDENT 4

/* Marks that stay with what they follow, as "();" does with a name, at most. */
#define FOLLOWING_MARKS 3

/* What there is between a piece and the one before it. */
typedef enum PieceGap
{
	GAP_NONE,
	GAP_BLANK,
	GAP_LINE
} PieceGap;

/* What is not broken unless it must be. */
typedef struct Piece
{
	const char *start;
	int			length;			/* bytes */
	int			width;			/* characters */
	PieceGap	gap;
	bool		is_word;		/* of prose or a comment: may be broken */
	bool		in_comment;		/* a line comment, which lasts to the next
								 * GAP_LINE */
} Piece;

/* The lines that are made. */
typedef struct Layout
{
	StringInfoData text;
	int			width;			/* of a line, characters */
	int			column;			/* characters in the last line */
	bool		is_empty;		/* nothing but its indentation is in it */
	const char *indent;			/* of all lines but the first */
	int			hanging;		/* more of it, for the rest of this line */
} Layout;

/* ------------------------------------------------------------------------
 * Pieces
 * ------------------------------------------------------------------------ */

/* What the white space from "blank" to "start" is. */
static PieceGap
gap_of(const char *blank, const char *start)
{
	if (memchr(blank, '\n', start - blank) != NULL)
		return GAP_LINE;
	return start > blank ? GAP_BLANK : GAP_NONE;
}

/* Append a piece to a list, after the white space from "blank" on. */
static List *
add_piece(List *pieces, const char *blank, const char *start, const char *end)
{
	Piece	   *piece = palloc0(sizeof(Piece));

	piece->start = start;
	piece->length = end - start;
	piece->width = pg_mbstrlen_with_len(start, end - start);
	piece->gap = gap_of(blank, start);
	return lappend(pieces, piece);
}

/* The first character from "at" on that is not white space. */
static const char *
skip_white_space(const char *at, const char *end)
{
	while (at < end && scanner_isspace(*at))
		at++;
	return at;
}

/*
 * The end of the word at "at", or of the white space that it begins with if it is
 * "joined" to that.  A quoted name is not broken at its spaces.
 */
static const char *
word_end(const char *at, const char *end, const char *joined)
{
	while (at < end && (!scanner_isspace(*at) || at == joined))
	{
		const char *quote = *at != '"' ? NULL :
			memchr(at + 1, '"', Min(end - at - 1, NAMEDATALEN));

		at = quote == NULL || memchr(at, '\n', quote - at) != NULL ? at + 1 : quote + 1;
	}
	return at;
}

/*
 * Append the words from "at" to "end" to a list; "--" and the first word of a comment
 * are one.
 */
static List *
add_words(List *pieces, const char *at, const char *end, bool in_comment)
{
	const char *joined = in_comment ? at + strlen("--") : NULL;

	for (const char *blank = at; (at = skip_white_space(blank, end)) < end; blank = at)
	{
		const char *start = at;
		Piece	   *word;

		at = word_end(start, end, joined);
		pieces = add_piece(pieces, blank, start, at);
		word = llast(pieces);
		word->is_word = true;
		word->in_comment = in_comment;
	}
	return pieces;
}

/* The end of the block comment at "at"; they may be nested. */
static const char *
block_comment_end(const char *at, const char *end)
{
	int			depth = 0;

	for (; at + 1 < end; at++)
	{
		if (at[0] == '/' && at[1] == '*')
			depth++;
		else if (at[0] == '*' && at[1] == '/')
			depth--;
		else
			continue;
		at++;
		if (depth == 0)
			return at + 1;
	}
	return end;
}

/*
 * Append the comments of a gap between two tokens to a list.  Sets *blank to
 * where white space begins that nothing follows.
 */
static List *
add_comments(List *pieces, const char *at, const char *end, const char **blank)
{
	*blank = at;
	while ((at = skip_white_space(*blank, end)) < end)
	{
		const char *start = at;

		if (*at == '-')
		{
			Piece	   *first;
			int			place = list_length(pieces);

			at = memchr(at, '\n', end - at);
			if (at == NULL)
				at = end;
			pieces = add_words(pieces, start, at, true);
			first = list_nth(pieces, place);
			first->gap = gap_of(*blank, start);
		}
		else
		{
			at = block_comment_end(at, end);
			pieces = add_piece(pieces, *blank, start, at);
		}
		*blank = at;
	}
	return pieces;
}

/* The pieces of a statement; raises what the scanner raises. */
static List *
statement_pieces(const char *statement)
{
	List	   *pieces = NIL;
	const char *blank = statement;
	const char *end = statement;
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location;
	core_yyscan_t scanner = scanner_init(statement, &extra, &ScanKeywords,
										 ScanKeywordTokens);

	SILENCE_SCANNER(extra);
	while (core_yylex(&value, &location, scanner) != 0)
	{
		const char *start = statement + location;

		pieces = add_comments(pieces, end, start, &blank);
		/* the scanner ends the token with a null byte, for now */
		end = start + strlen(extra.scanbuf + location);
		pieces = add_piece(pieces, blank, start, end);
	}
	scanner_finish(scanner);
	return add_comments(pieces, end, end + strlen(end), &blank);
}

/*
 * The pieces of a statement; of what the scanner cannot read, all of it as one.  The
 * scanner holds nothing but memory, so its errors need no subtransaction.
 */
static List *
pieces_of_statement(const char *statement)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *volatile pieces = NIL;

	PG_TRY();
	{
		pieces = statement_pieces(statement);
	}
	PG_CATCH();
	{
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		if (category != ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR) &&
			category != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		pieces = add_piece(NIL, statement, statement,
						   statement + strlen(statement));
	}
	PG_END_TRY();
	return pieces;
}

/* ------------------------------------------------------------------------
 * Lines
 * ------------------------------------------------------------------------ */

/* Put a text into the last line. */
static void
append_to_line(Layout *layout, const char *text, int length, int width)
{
	appendBinaryStringInfo(&layout->text, text, length);
	layout->column += width;
	layout->is_empty = false;
}

/* Begin a new line, within a comment if "in_comment". */
static void
begin_line(Layout *layout, bool in_comment)
{
	appendStringInfo(&layout->text, "\n%s%*s%s", layout->indent,
					 layout->hanging, "", in_comment ? COMMENT_PREFIX : "");
	layout->column = pg_mbstrlen(layout->indent) + layout->hanging +
		(in_comment ? strlen(COMMENT_PREFIX) : 0);
	layout->is_empty = true;
}

/*
 * Put a piece where it is allowed to be: behind what there is if "needed" characters
 * fit there, or on a line of its own.  A word that is longer than a line is broken.
 */
static void
put_piece(Layout *layout, const Piece *piece, int needed, bool goes_on)
{
	const char *start = piece->start;
	int			length = piece->length;
	int			width = piece->width;
	const char *last_line;

	if (!layout->is_empty && layout->column + needed > layout->width)
		begin_line(layout, goes_on);
	while (piece->is_word && width > layout->width - layout->column &&
		   layout->width > layout->column)
	{
		int			fitting = layout->width - layout->column;
		int			bytes = pg_mbcharcliplen(start, length, fitting);

		append_to_line(layout, start, bytes, fitting);
		start += bytes;
		length -= bytes;
		width -= fitting;
		begin_line(layout, piece->in_comment);
	}
	append_to_line(layout, start, length, width);
	last_line = strrchr(pnstrdup(start, length), '\n');
	if (last_line != NULL)
		layout->column = pg_mbstrlen(last_line + 1);
}

/*
 * Characters of a piece and of those that follow it without a gap: of all, or only of
 * a few (FOLLOWING_MARKS) that are a single character, such as brackets.
 */
static int
run_width(List *pieces, int place, bool all)
{
	int			width = ((Piece *) list_nth(pieces, place))->width;

	for (int i = place + 1; i < list_length(pieces); i++)
	{
		const Piece *piece = list_nth(pieces, i);

		if (piece->gap != GAP_NONE ||
			(!all && (piece->width > 1 || i > place + FOLLOWING_MARKS)))
			break;
		width += piece->width;
	}
	return width;
}

/* Put all pieces into lines. */
static void
put_pieces(Layout *layout, List *pieces)
{
	bool		in_comment = false;

	for (int i = 0; i < list_length(pieces); i++)
	{
		const Piece *piece = list_nth(pieces, i);
		bool		goes_on = in_comment && piece->in_comment &&
			piece->gap != GAP_LINE;

		if (piece->gap == GAP_LINE && i > 0)
		{
			layout->hanging = 0;
			begin_line(layout, false);
			layout->hanging = piece->in_comment ? 0 : HANGING_INDENT;
		}
		else if (piece->gap == GAP_BLANK && !layout->is_empty)
		{
			if (layout->column + 1 + run_width(pieces, i, true) > layout->width)
				begin_line(layout, goes_on);
			else
				append_to_line(layout, " ", 1, 1);
		}
		put_piece(layout, piece, run_width(pieces, i, false), goes_on);
		in_comment = piece->in_comment;
	}
}

/*
 * clipperf_wrap(content text, first_indent text, indent text, width integer,
 * is_sql boolean): a text, or a statement that can be run from there, in lines of
 * at most so many characters, but for tokens that are longer.
 */
Datum
clipperf_wrap(PG_FUNCTION_ARGS)
{
	const char *content = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *first_indent = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Layout		layout = {
		.width = PG_GETARG_INT32(3),
		.indent = text_to_cstring(PG_GETARG_TEXT_PP(2)),
		.is_empty = true
	};

	initStringInfo(&layout.text);
	append_to_line(&layout, first_indent, strlen(first_indent), pg_mbstrlen(first_indent));
	layout.is_empty = true;
	put_pieces(&layout, PG_GETARG_BOOL(4) ? pieces_of_statement(content) :
			   add_words(NIL, content, content + strlen(content), false));
	PG_RETURN_TEXT_P(cstring_to_text(layout.text.data));
}
