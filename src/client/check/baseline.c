/*-------------------------------------------------------------------------
 *
 * baseline.c
 *	  Problems that are known: a file that is kept with an application's sources.
 *
 * It has a problem on each line, in the words of clipperf_check(), which are the same in every run and for every database
 * with the same schema.  Empty lines and those that begin with "#" are for people.
 *
 *-------------------------------------------------------------------------
 */
#include "check/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "output.h"

/*
 * Reads a baseline.  Ends the program where the file cannot be read.
 */
StringList
read_baseline(const char *path)
{
	StringList	baseline = {0};
	FILE	   *file = fopen(path, "r");
	char	   *line = NULL;
	size_t		size = 0;

	if (file == NULL)
		fatal("could not open file \"%s\": %s", path, strerror(errno));
	while (getline(&line, &size, file) >= 0)
	{
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '\0' && line[0] != '#')
			list_add(&baseline, line);
	}
	if (ferror(file))
		fatal("could not read file \"%s\": %s", path, strerror(errno));
	free(line);
	fclose(file);
	return baseline;
}

/*
 * Marks the problems that a baseline holds, and notes its entries that are no problem any more.
 */
void
apply_baseline(Judgement *judgement, const StringList *baseline)
{
	for (int i = 0; i < baseline->count; i++)
	{
		bool		is_met = false;

		for (int j = 0; j < judgement->count; j++)
		{
			Problem    *problem = &judgement->problems[j];

			if (strcmp(problem->problem, baseline->items[i]) == 0)
			{
				is_met = true;
				if (!problem->is_known)
					judgement->new_count--;
				problem->is_known = true;
			}
		}
		if (!is_met)
			list_add(&judgement->not_met, baseline->items[i]);
	}
}

/*
 * Writes the problems of a judgement as a baseline.  From then on they are known.
 */
void
write_baseline(Judgement *judgement, const char *path)
{
	Output		output;

	begin_output(&output);
	fputs("# Problems that \"clipperf check --baseline\" passes, one on each line.\n", output.stream);
	for (int i = 0; i < judgement->count; i++)
	{
		fprintf(output.stream, "%s\n", judgement->problems[i].problem);
		judgement->problems[i].is_known = true;
	}
	finish_output(&output, path);
	judgement->new_count = 0;
}
