/*-------------------------------------------------------------------------
 *
 * format_github.c
 *	  A judgement as workflow commands of GitHub Actions, which become annotations.
 *
 *-------------------------------------------------------------------------
 */
#include "check/judgement_formats.h"

#include <string.h>

#include "common/control_character.h"
#include "text.h"

/*
 * Writes text as a command's message, or as one of its properties, whose text ends at more characters.
 */
static void
put_escaped(FILE *out, const char *text, const char *special)
{
	while (*text !='\0')
	{
		int			length = utf8_length(text);

		if (length == 0 || control_character_length(text) > 1)
			fputs(REPLACEMENT_CHARACTER, out);
		else if ((unsigned char) *text <0x20 || strchr(special, *text))
			fprintf(out, "%%%02X", *text);
		else
			fwrite(text, 1, length, out);
		text	  +=length > 0 ? length : 1;
	}
}

/*
 * Writes a command up to where its message begins.  It points to where the statement of a problem is sent, if that is
 * known, or to the file that the caller named.
 */
static void
begin_command(FILE *out, const Judgement *judgement, const Problem *problem, const char *command, const char *title)
{
	const char *file = problem != NULL && problem->file != NULL ? problem->file : judgement->location;

	fprintf(out, "::%s ", command);
	if (file != NULL)
	{
		fputs("file=", out);
		put_escaped(out, file, "%:,");
		putc(',', out);
	}
	if (problem != NULL && problem->file != NULL)
		fprintf(out, "line=%ld,", problem->line);
	fputs("title=", out);
	put_escaped(out, title, "%:,");
	fputs("::", out);
}

/*
 * Writes a judgement as annotations: an error for each new problem, a notice of what was judged.
 */
void
put_judgement_github(FILE *out, const void *result)
{
	const Judgement *judgement = result;

	for (int i = 0; i < judgement->count; i++)
	{
		const Problem *problem = &judgement->problems[i];
		char	   *title = format_string("%s%s%s", problem->kind, problem->relation ? " on " : "",
										  problem->relation ? problem->relation : "");

		if (problem->is_known)
			continue;
		begin_command(out, judgement, problem, "error", title);
		put_escaped(out, problem->problem, "%");
		if (problem->fix != NULL)
		{
			put_escaped(out, "\nfix: ", "%");
			put_escaped(out, problem->fix, "%");
		}
		putc('\n', out);
	}
	for (int i = 0; i < judgement->session->warnings.count; i++)
	{
		begin_command(out, judgement, NULL, "warning", "clipperf check");
		put_escaped(out, judgement->session->warnings.items[i], "%");
		putc('\n', out);
	}
	begin_command(out, judgement, NULL, "notice", "clipperf check");
	fprintf(out, "judged %s\n", judged_in_words(judgement));
}
