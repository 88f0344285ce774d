/*-------------------------------------------------------------------------
 *
 * step.c
 *	  Makes, prints and frees steps.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* How much of a long statement is printed. */
#define SHOWN_BYTES		2000

static const char *const op_names[] = {
	"simple", "extended", "prepare", "execute", "pipeline", "wire", "cancel", "terminate",
	"reconnect"
};

/*
 * Add a step with this statement, which becomes its own.
 */
Step *
step_add_text(Maker *maker, Op op, char *sql)
{
	Round	   *round = maker->round;
	Step	   *step = must_alloc(sizeof(Step));

	if (round->nsteps == round->maxsteps)
	{
		round->maxsteps = round->maxsteps * 2 + 64;
		round->steps = must_realloc(round->steps, round->maxsteps * sizeof(Step *));
	}
	step->number = round->nsteps;
	step->session = maker->session;
	step->op = op;
	step->kind = maker->kind;
	step->sql = sql;
	step->judgement = strstr(sql, "ORDER BY") != NULL ? COMPARE_ALL : COMPARE_SET;
	round->steps[round->nsteps++] = step;
	return step;
}

/*
 * Add a step with what printf() would print.
 */
Step *
step_add(Maker *maker, Op op, const char *format,...)
{
	va_list		args;
	va_list		copy;
	char	   *sql;
	int			length;

	va_start(args, format);
	va_copy(copy, args);
	length = vsnprintf(NULL, 0, format, copy);
	va_end(copy);
	sql = must_alloc(length + 1);
	vsnprintf(sql, length + 1, format, args);
	va_end(args);
	return step_add_text(maker, op, sql);
}

/*
 * Add a parameter: a copy of length bytes; value NULL is null, type 0 leaves
 * the type to the server, format 1 is binary.
 */
void
step_param(Step *step, Oid type, const char *value, int length, int format)
{
	int			n = step->nparams++;

	if ((n & (n - 1)) == 0)
	{
		size_t		size = n == 0 ? 1 : (size_t) n * 2;

		step->types = must_realloc(step->types, size * sizeof(Oid));
		step->values = must_realloc(step->values, size * sizeof(char *));
		step->lengths = must_realloc(step->lengths, size * sizeof(int));
		step->formats = must_realloc(step->formats, size * sizeof(int));
	}
	step->types[n] = type;
	step->values[n] = NULL;
	step->lengths[n] = length;
	step->formats[n] = format;
	if (value != NULL)
	{
		step->values[n] = must_alloc(length + 1);
		memcpy(step->values[n], value, length);
	}
}

/*
 * Print a value: text as it is, bytes in hexadecimal.
 */
static void
print_value(const Step *step, int n)
{
	int			shown = step->lengths[n] < 60 ? step->lengths[n] : 60;

	if (step->values[n] == NULL)
		printf(" NULL");
	else if (step->formats[n] == 0)
		printf(" '%.*s'", step->op == OP_PIPELINE ? SHOWN_BYTES : shown, step->values[n]);
	else
	{
		printf(" \\x");
		for (int i = 0; i < shown; i++)
			printf("%02x", (unsigned char) step->values[n][i]);
	}
	if (step->types[n] != 0)
		printf(":%u", step->types[n]);
	if (shown < step->lengths[n] && step->op != OP_PIPELINE)
		printf("(%d bytes)", step->lengths[n]);
}

/*
 * Print a step so that it can be run by hand.
 */
void
step_print(const Step *step, bool whole)
{
	size_t		length = strlen(step->sql);

	printf("-- statement %d, session %d, %s, %s%s%s%s%s\n", step->number, step->session,
		   step->kind, op_names[step->op], step->name ? " " : "", step->name ? step->name : "",
		   step->single_row ? ", row by row" : "", step->result_format ? ", binary" : "");
	if (whole || length <= SHOWN_BYTES)
		printf("%s;\n", step->sql);
	else
		printf("%.*s ... (%zu bytes)\n", SHOWN_BYTES, step->sql, length);
	if (step->nparams > 0)
	{
		printf("--  %d values:", step->nparams);
		for (int i = 0; i < step->nparams && i < 20; i++)
			print_value(step, i);
		printf("\n");
	}
}

/*
 * Free a round with its steps.
 */
void
round_free(Round *round)
{
	for (int i = 0; i < round->nsteps; i++)
	{
		Step	   *step = round->steps[i];

		for (int n = 0; n < step->nparams; n++)
			free(step->values[n]);
		free(step->types);
		free(step->values);
		free(step->lengths);
		free(step->formats);
		free(step->name);
		free(step->sql);
		free(step);
	}
	free(round->steps);
	free(round);
}
