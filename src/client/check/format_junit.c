/*-------------------------------------------------------------------------
 *
 * format_junit.c
 *	  A judgement as the XML of JUnit, which most systems for CI read.
 *
 * Each kind without a new problem is a test case that passed, so that a report of nothing is not empty.  Each problem is
 * a test case that failed, or that was skipped where the baseline holds it.
 *
 *-------------------------------------------------------------------------
 */
#include "check/judgement_formats.h"

#include <string.h>

#include "text.h"

/*
 * How many new problems of a kind there are.
 */
static int
count_new(const Judgement *judgement, const char *kind)
{
	int			count = 0;

	for (int i = 0; i < judgement->count; i++)
	{
		if (!judgement->problems[i].is_known && strcmp(judgement->problems[i].kind, kind) == 0)
			count++;
	}
	return count;
}

/*
 * Writes a part of a failure's text on a line of its own.
 */
static void
put_part(FILE *out, const char *label, const char *text)
{
	if (text == NULL)
		return;
	fputs(label, out);
	put_xml(out, text);
	putc('\n', out);
}

/*
 * Writes a problem as a test case.
 */
static void
put_junit_problem(FILE *out, const Problem *problem)
{
	fprintf(out, "    <testcase classname=\"clipperf.%s\" name=\"", problem->kind);
	put_xml(out, problem->problem);
	fputs("\" time=\"0\">\n", out);
	if (problem->is_known)
		fputs("      <skipped message=\"the baseline holds it\"/>\n", out);
	else
	{
		fprintf(out, "      <failure type=\"%s\" message=\"", problem->kind);
		put_xml(out, problem->summary ? problem->summary : problem->problem);
		fputs("\">", out);
		put_part(out, "", problem->problem);
		put_part(out, "fix: ", problem->fix);
		put_part(out, "evidence: ", problem->evidence);
		fputs("</failure>\n", out);
	}
	fputs("    </testcase>\n", out);
}

/*
 * Writes a judgement as JUnit's XML.
 */
void
put_judgement_junit(FILE *out, const void *result)
{
	const Judgement *judgement = result;
	int			passed = 0;
	char	   *judged = judged_in_words(judgement);
	int			tests;

	for (int i = 0; i < judgement->kinds.count; i++)
		passed += count_new(judgement, judgement->kinds.items[i]) == 0;
	tests = passed + judgement->count;

	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<testsuites name=\"clipperf check\" tests=\"%d\" failures=\"%d\" errors=\"0\" time=\"0\">\n"
			"  <testsuite name=\"clipperf check\" tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\" time=\"0\">\n"
			"    <properties>\n"
			"      <property name=\"database\" value=\"",
			tests, judgement->new_count, tests, judgement->new_count, judgement->count - judgement->new_count);
	put_xml(out, judgement->session->database);
	fprintf(out, "\"/>\n      <property name=\"judged\" value=\"%s\"/>\n    </properties>\n", judged);
	for (int i = 0; i < judgement->kinds.count; i++)
	{
		const char *kind = judgement->kinds.items[i];

		if (count_new(judgement, kind) == 0)
			fprintf(out, "    <testcase classname=\"clipperf.%s\" name=\"no %s%s\" time=\"0\"/>\n", kind,
					judgement->baseline ? "new " : "", kind);
	}
	for (int i = 0; i < judgement->count; i++)
		put_junit_problem(out, &judgement->problems[i]);
	fputs("  </testsuite>\n</testsuites>\n", out);
}
