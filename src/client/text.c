/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Text of a server on its way out: to a terminal, into XML.
 *
 * Names and statements may hold any character: a sequence that a terminal would obey must not reach it, nor one that
 * XML forbids.  Text is UTF-8, which a server whose encoding is SQL_ASCII does not promise.
 *
 *-------------------------------------------------------------------------
 */
#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/control_character.h"
#include "memory.h"

/*
 * Length in bytes of the UTF-8 character that a string begins with; 0 if these bytes are none: an overlong form, a
 * surrogate, something above U+10FFFF, or an incomplete sequence.
 */
int
utf8_length(const char *string)
{
	const unsigned char *s = (const unsigned char *) string;
	int			length;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xC2 && s[0] <= 0xDF)
		length = 2;
	else if (s[0] >= 0xE0 && s[0] <= 0xEF)
		length = 3;
	else if (s[0] >= 0xF0 && s[0] <= 0xF4)
		length = 4;
	else
		return 0;

	for (int i = 1; i < length; i++)
	{
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
		(s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return length;
}

/*
 * Writes text, with control characters replaced: blanks by a blank, others by the replacement character.
 */
static void
put_clean(FILE *out, const char *text, bool keep_newlines)
{
	while (*text !='\0')
	{
		int			length = utf8_length(text);

		if (length == 0)
			fputs(REPLACEMENT_CHARACTER, out);
		else if (*text == '\n' && keep_newlines)
			putc('\n', out);
		else if (strchr("\t\n\v\f\r", *text))
			putc(' ', out);
		else if (control_character_length(text) > 0)
			fputs(REPLACEMENT_CHARACTER, out);
		else
			fwrite(text, 1, length, out);
		text	  +=length > 0 ? length : 1;
	}
}

/*
 * Writes text as one line, without its end.
 */
void
put_line(FILE *out, const char *text)
{
	put_clean(out, text, false);
}

/*
 * Writes text that may have several lines.
 */
void
put_lines(FILE *out, const char *text)
{
	put_clean(out, text, true);
}

/*
 * Writes the lines of text, the first after one indentation and the others after another one.
 */
void
put_indented(FILE *out, const char *first_indent, const char *indent, const char *text)
{
	char	   *lines = copy_string(text);
	const char *before = first_indent;

	for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n"))
	{
		fputs(before, out);
		put_line(out, line);
		putc('\n', out);
		before = indent;
	}
	free(lines);
}

/*
 * Writes text into XML.  Characters that XML 1.0 cannot hold are replaced; line breaks are kept, in attributes as well.
 */
void
put_xml(FILE *out, const char *text)
{
	while (*text !='\0')
	{
		int			length = utf8_length(text);

		if (length == 0 || (length == 1 && (unsigned char) *text <0x20 && !strchr("\t\n\r", *text)) ||
			strncmp(text, "\357\277\276", 3) == 0 || strncmp(text, "\357\277\277", 3) == 0)
			fputs(REPLACEMENT_CHARACTER, out);
		else if (strchr("&<>\"\t\n\r", *text))
			fprintf(out, "&#%d;", *text);
		else
			fwrite(text, 1, length, out);
		text	  +=length > 0 ? length : 1;
	}
}

/*
 * How many columns text takes in a terminal, where each character takes one.
 */
int
text_width(const char *text)
{
	int			width = 0;

	while (*text !='\0')
	{
		int			length = utf8_length(text);

		width++;
		text	  +=length > 0 ? length : 1;
	}
	return width;
}

/*
 * Finds where a line of at most so many columns ends: at the last blank that fits, or in the middle of a word that is
 * longer than half of the line.
 */
static const char *
find_line_end(const char *text, int width)
{
	const char *here = text;
	const char *blank = NULL;
	int			columns = 0;

	while (*here != '\0' && columns < width)
	{
		int			length = utf8_length(here);

		here += length > 0 ? length : 1;
		columns++;
		if (*here == ' ' && columns >= width / 2)
			blank = here;
	}
	return *here == '\0' || blank == NULL ? here : blank;
}

/*
 * Writes text in lines of at most so many columns, the first after one indentation and the others after another one.
 */
void
put_wrapped(FILE *out, const char *first_indent, const char *indent, int width, const char *text)
{
	const char *before = first_indent;

	do
	{
		const char *end = find_line_end(text, width - text_width(before));
		size_t		length = end - text;
		char		line[4096];

		if (length >= sizeof(line))
			length = sizeof(line) - 1;
		memcpy(line, text, length);
		line[length] = '\0';
		fputs(before, out);
		put_line(out, line);
		putc('\n', out);
		for (text +=length; *text == ' '; text ++)
			;
		before = indent;
	} while (*text !='\0');
}

/*
 * Writes text, each of its lines wrapped.  The items of a list, "(1) ...", hang by the width of their number.
 */
void
put_paragraphs(FILE *out, const char *indent, int width, const char *text)
{
	char	   *lines = copy_string(text);

	for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n"))
	{
		int			number = strspn(line + 1, "0123456789");
		bool		is_item = line[0] == '(' && number > 0 && strncmp(line + 1 + number, ") ", 2) == 0;
		char	   *hanging = format_string("%s%*s", indent, is_item ? number + 3 : 0, "");

		put_wrapped(out, indent, hanging, width, line);
		free(hanging);
	}
	free(lines);
}

/*
 * Replaces each control character of a string, newlines too, by a blank.  Returns the string, which may be shorter then.
 */
char *
make_one_line(char *string)
{
	char	   *to = string;

	for (const char *from = string; *from != '\0';)
	{
		int			length = control_character_length(from);

		*to++ = length > 0 ? ' ' : *from;
		from += length > 0 ? length : 1;
	}
	*to = '\0';
	return string;
}

/*
 * Writes a word as a shell takes it: in quotes, unless all of its characters are harmless.
 */
void
put_shell_word(FILE *out, const char *word)
{
	static const char *const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+-";

	if (word[0] != '\0' && word[0] != '-' && strspn(word, harmless) == strlen(word))
	{
		fputs(word, out);
		return;
	}
	putc('\'', out);
	for (const char *c = word; *c != '\0';)
	{
		int			length = control_character_length(c);

		if (*c == '\'')
			fputs("'\\''", out);
		else
			putc(length > 0 ? '?' : *c, out);
		c += length > 0 ? length : 1;
	}
	putc('\'', out);
}

/*
 * Cuts a string to so many columns, with an ellipsis of dots at its end where it was longer.
 */
void
cut_to_width(char *string, int width)
{
	char	   *here = string;

	if (text_width(string) <= width)
		return;
	for (int i = 0; i < width - 3; i++)
	{
		int			length = utf8_length(here);

		here += length > 0 ? length : 1;
	}
	strcpy(here, "...");
}
