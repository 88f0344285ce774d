/*-------------------------------------------------------------------------
 *
 * format_text.c
 *	  A judgement for people.
 *
 * A problem is one line, however long, so that it can be searched for and copied into a baseline.
 *
 *-------------------------------------------------------------------------
 */
#include "check/judgement_formats.h"

#include <string.h>

#include "text.h"

/*
 * Writes what was found, and how much was judged.
 */
static void
put_outcome(FILE *out, const Judgement *judgement)
{
	char	   *judged = judged_in_words(judgement);

	fprintf(out, "database \"");
	put_line(out, judgement->session->database);
	if (judgement->count == 0)
		fprintf(out, "\": no problems\n");
	else
		fprintf(out, "\": %d problem%s", judgement->count, judgement->count == 1 ? "" : "s");
	if (judgement->count > 0 && judgement->baseline != NULL)
		fprintf(out, ", %d of them new", judgement->new_count);
	if (judgement->count > 0)
		putc('\n', out);
	fprintf(out, "judged: %s\n", judged);
}

/*
 * Writes why the check may have missed something.
 */
static void
put_reservations(FILE *out, const Judgement *judgement)
{
	if (!judgement->session->sees_all)
	{
		fprintf(out, "note: only statements of role \"");
		put_line(out, judgement->session->role);
		fprintf(out, "\" were judged; members of pg_read_all_stats see those of all roles\n");
	}
	if (judgement->small_tables > 0)
		fprintf(out, "note: scans of tables with fewer than %s rows are not judged (clipperf.seqscan_min_rows)\n",
				judgement->min_rows);
	if (judgement->not_met.count > 0)
		fprintf(out, "note: %d entr%s of the baseline %s no problem any more\n", judgement->not_met.count,
				judgement->not_met.count == 1 ? "y" : "ies", judgement->not_met.count == 1 ? "is" : "are");
}

/*
 * Writes the fix of a problem.  Loops over one list have one fix, which is not repeated for each of them.
 */
static void
put_problem_fix(FILE *out, const Judgement *judgement, const Problem *problem)
{
	for (const Problem *before = judgement->problems; before < problem; before++)
	{
		if (!before->is_known && before->fix != NULL && strcmp(before->fix, problem->fix) == 0 && strchr(problem->fix, '\n'))
		{
			fputs("    fix: part of the fix above, of the loops over the same list\n", out);
			return;
		}
	}
	put_indented(out, "    fix: ", "         ", problem->fix);
}

/*
 * Writes a judgement for people.
 */
void
put_judgement_text(FILE *out, const void *result)
{
	const Judgement *judgement = result;

	put_outcome(out, judgement);
	put_reservations(out, judgement);
	for (int i = 0; i < judgement->count; i++)
	{
		const Problem *problem = &judgement->problems[i];

		if (problem->is_known)
			continue;
		putc('\n', out);
		put_line(out, problem->problem);
		putc('\n', out);
		if (problem->fix != NULL)
			put_problem_fix(out, judgement, problem);
	}
}
