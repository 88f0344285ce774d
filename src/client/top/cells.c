/*-------------------------------------------------------------------------
 *
 * cells.c
 *	  Text in the cells of a terminal.
 *
 * A character takes one cell, two, or none, as it combines with the one before.  A terminal whose locale is not UTF-8 is
 * sent ASCII alone.
 *
 *-------------------------------------------------------------------------
 */
#include "top/cells.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "common/control_character.h"
#include "memory.h"
#include "message.h"
#include "text.h"

/* Does the terminal show UTF-8? */
static bool shows_utf8;

/* One character as the terminal gets it. */
typedef struct Glyph
{
	const char *bytes;
	int			length;			/* of these */
	int			cells;
	int			taken;			/* bytes of the text that it stands for */
} Glyph;

/*
 * Finds out which characters the terminal shows, by the environment.
 */
void
begin_cells(void)
{
	shows_utf8 = setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/*
 * The number of a character that has so many bytes of UTF-8.
 */
static wchar_t
code_point(const char *bytes, int length)
{
	const unsigned char *byte = (const unsigned char *) bytes;
	wchar_t		code = length == 1 ? byte[0] : byte[0] & (0x7F >> length);

	for (int i = 1; i < length; i++)
		code = code << 6 | (byte[i] & 0x3F);
	return code;
}

/*
 * The character that a text, which is not empty, begins with.  What does something to a terminal is replaced: blanks by a
 * blank, and others by a character that says that one is missing.
 */
static Glyph
first_glyph(const char *string)
{
	int			length = utf8_length(string);
	Glyph		missing = {shows_utf8 ? REPLACEMENT_CHARACTER : "?", shows_utf8 ? 3 : 1, 1, length > 0 ? length : 1};
	int			cells;

	if (length == 0)
		return missing;
	if (strchr("\t\n\v\f\r", *string))
		return (Glyph)
	{
		" ", 1, 1, 1
	};
	if (control_character_length(string) > 0 || (length > 1 && !shows_utf8))
		return missing;
	cells = length == 1 ? 1 : wcwidth(code_point(string, length));
	if (cells < 0)
		return missing;
	return (Glyph)
	{
		string, length, cells, length
	};
}

/*
 * How many cells a text takes, without those that would be beyond "most".
 */
static int
width_up_to(const char *string, int most)
{
	int			width = 0;

	while (*string != '\0')
	{
		Glyph		glyph = first_glyph(string);

		if (width + glyph.cells > most)
			break;
		width += glyph.cells;
		string += glyph.taken;
	}
	return width;
}

/*
 * Writes text into exactly so many cells.  A wide character that half fits is left out.
 */
void
put_cells(FILE *out, const char *string, int width, bool right)
{
	int			used = width_up_to(string, width);
	int			left = used;

	if (right)
		fprintf(out, "%*s", width - used, "");
	while (*string != '\0')
	{
		Glyph		glyph = first_glyph(string);

		if (glyph.cells > left)
			break;
		fwrite(glyph.bytes, 1, glyph.length, out);
		left -= glyph.cells;
		string += glyph.taken;
	}
	if (!right)
		fprintf(out, "%*s", width - used, "");
}

/*
 * The next line of a text: up to its own end, or to the last blank that fits, or as much as fits where there is none in
 * its second half.  What follows such a break is indented.
 */
char *
take_cells(const char **string, int width)
{
	const char *here = *string;
	const char *end = NULL;
	const char *next = NULL;
	int			used = 0;
	char	   *line;
	size_t		size;
	FILE	   *out;

	if (*here == '\0')
		return NULL;
	while (*here != '\0' && *here != '\n')
	{
		Glyph		glyph = first_glyph(here);

		if (used + glyph.cells > width && used > 0)
			break;
		used += glyph.cells;
		here += glyph.taken;
		if (*here == ' ' && used > width / 2)
			end = here;
	}
	if (*here == '\0' || *here == '\n' || end == NULL)
		end = here;
	for (next = end; *next == ' '; next++)
		;
	if (*next == '\n')
		next++;

	out = open_memstream(&line, &size);
	if (out == NULL)
		fatal("out of memory");
	while (*string < end)
	{
		Glyph		glyph = first_glyph(*string);

		fwrite(glyph.bytes, 1, glyph.length, out);
		*string += glyph.taken;
	}
	if (fclose(out) != 0)
		fatal("out of memory");
	*string = next;
	return line;
}
