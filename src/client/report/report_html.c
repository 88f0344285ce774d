/*-------------------------------------------------------------------------
 *
 * report_html.c
 *	  The report as one page of HTML that loads nothing from elsewhere.
 *
 * The page is a template, src/client/report/page/, with the report as JSON in it; a program in the page draws it.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "text.h"

/* Where the JSON goes. */
#define DATA_MARK "@DATA@"

/* The template, with its styles and its program: made by client.mk. */
static const char page[] =
#include "report/page/page.inc"
		   ;

/*
 * Writes JSON into an element of HTML.  In JSON these characters stand in strings alone, where they may be escaped; and
 * without "<" nothing in it can end the element.
 */
static void
put_embedded_json(FILE *out, const char *json)
{
	while (*json != '\0')
	{
		int			length = utf8_length(json);

		if (length == 0)
			fputs(REPLACEMENT_CHARACTER, out);
		else if (strchr("<>&", *json))
			fprintf(out, "\\u%04x", *json);
		else
			fwrite(json, 1, length, out);
		json += length > 0 ? length : 1;
	}
}

/*
 * Writes the report.
 */
void
put_report_html(FILE *out, const void *result)
{
	const char *mark = strstr(page, DATA_MARK);
	char	   *json = NULL;
	size_t		length;
	FILE	   *memory = open_memstream(&json, &length);

	if (memory == NULL)
		fatal("out of memory");
	put_report_json(memory, result);
	if (fclose(memory) != 0)
		fatal("out of memory");

	fwrite(page, 1, mark - page, out);
	put_embedded_json(out, json);
	fputs(mark + strlen(DATA_MARK), out);
	free(json);
}
