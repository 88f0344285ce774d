/*-------------------------------------------------------------------------
 *
 * compare_states.c
 *	  clipperf_compare(): the figures of two periods, and what became of them.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/result_rows.h"
#include "report/compare.h"
#include "report/snapshot_code.h"

PGDLLEXPORT Datum clipperf_compare_states(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_change(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_cell(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_compare_states);
PG_FUNCTION_INFO_V1(clipperf_change);
PG_FUNCTION_INFO_V1(clipperf_cell);

#define COMPARE_COLUMNS 4

/* Of each control: three values of both sides. */
#define CONTROL_ELEMENTS 6

/* The figures that are shown, in the order of _clipperf_figure_names(). */
typedef enum ShownFigure
{
	SHOWN_CALLS,
	SHOWN_P50,
	SHOWN_P95,
	SHOWN_P99,
	SHOWN_MEAN,
	SHOWN_BLOCKS,
	SHOWN_PARTS,
	SHOWN_ERRORS,
	SHOWN_RATE,
	SHOWN_SPAN,
	SHOWN_TOTAL,
	SHOWN_YARDSTICK,
	SHOWN_P90,
	SHOWN_FIGURES
} ShownFigure;

/* Which of them is judged by what; -1: it is not. */
static const int judged_by[SHOWN_FIGURES] = {
	[SHOWN_CALLS] = -1,
	[SHOWN_P50] = COMPARE_P50,
	[SHOWN_P95] = COMPARE_P95,
	[SHOWN_P99] = COMPARE_P99,
	[SHOWN_MEAN] = COMPARE_MEAN,
	[SHOWN_BLOCKS] = COMPARE_BLOCKS,
	[SHOWN_PARTS] = COMPARE_PARTS,
	[SHOWN_ERRORS] = COMPARE_ERRORS,
	[SHOWN_RATE] = COMPARE_RATE,
	[SHOWN_SPAN] = -1,
	[SHOWN_TOTAL] = -1,
	[SHOWN_YARDSTICK] = -1,
	[SHOWN_P90] = COMPARE_P90
};

static const char *const change_names[] = {"unsure", "same", "better", "worse"};

/* One side of a comparison. */
typedef struct Side
{
	bool		is_there;		/* has calls or errors */
	SnapshotState state;		/* what was counted in the period */
	PeriodMeasure measure;
} Side;

/* A number per call, 0 without calls. */
static double
per_call(const SnapshotState *state, StateField field)
{
	return state->field[STATE_CALLS] > 0 ?
		(double) state->field[field] / state->field[STATE_CALLS] : 0;
}

/* What is kept of one side: each is NULL if there is none. */
typedef struct KeptSide
{
	bytea	   *earlier;		/* state at the snapshot before the period */
	bytea	   *state;			/* that at its end */
	bytea	   *blocks;			/* in between */
} KeptSide;

/* Read one side. */
static void
read_side(const KeptSide *kept, Side *side)
{
	SnapshotState *state = &side->state;
	PeriodMeasure *measure = &side->measure;

	memset(side, 0, sizeof(*side));
	if (kept->state == NULL)
		return;
	state_decode(state, kept->state);
	if (kept->earlier != NULL)
	{
		SnapshotState *earlier = palloc(sizeof(SnapshotState));

		state_decode(earlier, kept->earlier);
		state_subtract(state, earlier);
		pfree(earlier);
	}
	side->is_there = state->field[STATE_CALLS] + state->field[STATE_ERRORS] > 0;
	if (kept->blocks != NULL)
		series_decode(&measure->series, kept->blocks);
	measure->calls = state->field[STATE_CALLS];
	measure->errors = state->field[STATE_ERRORS];
	measure->total_us = state->field[STATE_TOTAL_US];
	measure->blocks = state->field[STATE_BLOCKS];
	measure->parts = state->field[STATE_PARTS];
	measure->latency = state->histogram[STATE_LATENCY];
	measure->statements = state->histogram[STATE_STATEMENTS];
}

/* A side of which three arguments are, from that number on. */
static KeptSide
side_from_arguments(FunctionCallInfo fcinfo, int number)
{
	return (KeptSide)
	{
		.earlier = PG_ARGISNULL(number) ? NULL : PG_GETARG_BYTEA_PP(number),
			.state = PG_ARGISNULL(number + 1) ? NULL : PG_GETARG_BYTEA_PP(number + 1),
			.blocks = PG_ARGISNULL(number + 2) ? NULL : PG_GETARG_BYTEA_PP(number + 2)
	};
}

/* A side of which three elements of an array are. */
static KeptSide
side_from_elements(const Datum *elements, const bool *nulls)
{
	return (KeptSide)
	{
		.earlier = nulls[0] ? NULL : DatumGetByteaPP(elements[0]),
			.state = nulls[1] ? NULL : DatumGetByteaPP(elements[1]),
			.blocks = nulls[2] ? NULL : DatumGetByteaPP(elements[2])
	};
}

/*
 * Read the controls, up to COMPARE_CONTROLS of them: an array of six values for each,
 * like the first arguments of _clipperf_compare_states().
 */
static void
read_controls(ArrayType *array, PeriodControls *controls)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, BYTEAOID, -1, false, TYPALIGN_INT, &elements, &nulls,
					  &count);
	controls->count = Min(count / CONTROL_ELEMENTS, COMPARE_CONTROLS);
	for (int i = 0; i < controls->count; i++)
	{
		Side	   *before = palloc(sizeof(Side));
		Side	   *after = palloc(sizeof(Side));
		int			first = i * CONTROL_ELEMENTS;
		KeptSide	kept = side_from_elements(&elements[first], &nulls[first]);

		read_side(&kept, before);
		kept = side_from_elements(&elements[first + CONTROL_ELEMENTS / 2],
								  &nulls[first + CONTROL_ELEMENTS / 2]);
		read_side(&kept, after);
		controls->before[i] = &before->measure;
		controls->after[i] = &after->measure;
	}
}

/* The mean of the yardstick in microseconds; NAN without blocks. */
static double
yardstick_us(const BlockSeries *series)
{
	double		sum = 0;

	for (int i = 0; i < series->count; i++)
		sum += series->block[i].yardstick;
	return series->count > 0 ? exp(sum / series->count) : NAN;
}

/* A quantile in milliseconds, within 4 %; NAN without calls. */
static double
period_quantile_ms(const Histogram *histogram, double q)
{
	return histogram_total(histogram) > 0 ?
		US_TO_MS(histogram_quantile(histogram, q)) : NAN;
}

/*
 * The figures of one side; those that are not known are NULL.  Requests with an
 * error are counted as requests, too; calls with one are not counted as calls.
 */
static Datum
side_figures(const Side *side, bool requests)
{
	const SnapshotState *state = &side->state;
	double		calls = state->field[STATE_CALLS];
	double		executions = calls + state->field[STATE_ERRORS];
	double		figure[SHOWN_FIGURES] = {
		[SHOWN_CALLS] = calls,
		[SHOWN_P50] = period_quantile_ms(&state->histogram[STATE_LATENCY], 0.50),
		[SHOWN_P95] = period_quantile_ms(&state->histogram[STATE_LATENCY], 0.95),
		[SHOWN_P99] = period_quantile_ms(&state->histogram[STATE_LATENCY], 0.99),
		[SHOWN_MEAN] = calls > 0 ? US_TO_MS(per_call(state, STATE_TOTAL_US)) : NAN,
		[SHOWN_BLOCKS] = calls > 0 ? per_call(state, STATE_BLOCKS) : NAN,
		[SHOWN_PARTS] = calls > 0 ? per_call(state, STATE_PARTS) : NAN,
		[SHOWN_ERRORS] = state->field[STATE_ERRORS] /
		Max(requests ? calls : executions, 1),
		[SHOWN_RATE] = side->measure.series.count > 0 ?
		calls_per_second(&side->measure.series) : NAN,
		[SHOWN_SPAN] = period_quantile_ms(&state->histogram[STATE_SPAN], 0.95),
		[SHOWN_TOTAL] = US_TO_MS((double) state->field[STATE_TOTAL_US]),
		[SHOWN_YARDSTICK] = yardstick_us(&side->measure.series),
		[SHOWN_P90] = period_quantile_ms(&state->histogram[STATE_LATENCY], 0.90)
	};
	Datum		values[SHOWN_FIGURES];
	bool		nulls[SHOWN_FIGURES];
	int			dimensions = SHOWN_FIGURES;
	int			lower = 1;

	for (int i = 0; i < SHOWN_FIGURES; i++)
	{
		nulls[i] = isnan(figure[i]);
		values[i] = Float8GetDatum(figure[i]);
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, &dimensions, &lower,
											  FLOAT8OID, sizeof(float8),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* What became of each figure; NULL of those that are not judged. */
static Datum
figure_changes(const PeriodComparison *comparison)
{
	Datum		values[SHOWN_FIGURES];
	bool		nulls[SHOWN_FIGURES];
	int			dimensions = SHOWN_FIGURES;
	int			lower = 1;

	for (int i = 0; i < SHOWN_FIGURES; i++)
	{
		nulls[i] = judged_by[i] < 0;
		values[i] = nulls[i] ? (Datum) 0 :
			CStringGetTextDatum(change_names[comparison->figure[judged_by[i]]]);
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, &dimensions, &lower,
											  TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * _clipperf_compare_states(earlier, state, blocks, earlier, state, blocks, requests,
 * controls, compared):
 * the figures of both periods, what became of each, and of all.  A side that has no
 * calls is NULL.  "controls" are others to compare with, NULL for none, "compared" how
 * many are compared at a time.  Error XX001 if a state is damaged.
 */
Datum
clipperf_compare_states(PG_FUNCTION_ARGS)
{
	Side	   *before = palloc(sizeof(Side));
	Side	   *after = palloc(sizeof(Side));
	bool		requests = PG_GETARG_BOOL(6);
	KeptSide	kept = side_from_arguments(fcinfo, 0);
	TupleDesc	desc;
	Datum		values[COMPARE_COLUMNS] = {0};
	bool		nulls[COMPARE_COLUMNS] = {true, true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result_check_columns(desc, COMPARE_COLUMNS);
	read_side(&kept, before);
	kept = side_from_arguments(fcinfo, 3);
	read_side(&kept, after);
	nulls[0] = !before->is_there;
	nulls[1] = !after->is_there;
	if (before->is_there)
		values[0] = side_figures(before, requests);
	if (after->is_there)
		values[1] = side_figures(after, requests);
	if (before->is_there && after->is_there)
	{
		PeriodControls controls = {.count = 0};
		PeriodComparison comparison;

		if (!PG_ARGISNULL(7))
			read_controls(PG_GETARG_ARRAYTYPE_P(7), &controls);
		compare_periods(&before->measure, &after->measure, requests, &controls,
						PG_ARGISNULL(8) ? 1 : PG_GETARG_INT32(8), &comparison);
		values[2] = figure_changes(&comparison);
		values[3] = CStringGetTextDatum(change_names[comparison.all]);
		nulls[2] = nulls[3] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

/* A smaller change than this is none. */
#define SMALL_CHANGE	0.005

/* A larger one is a factor, and from the next on one without decimals. */
#define LARGE_CHANGE	3.0
#define HUGE_CHANGE		10.0

/* A change in few characters, palloc'd: -12%, +40%, x3.5, = for none. */
static char *
change_in_brief(double before, double after)
{
	double		factor = after / before;

	if (before == after || fabs(after - before) < SMALL_CHANGE * fabs(before))
		return pstrdup("=");
	if (before == 0)
		return pstrdup("new");
	if (factor >= LARGE_CHANGE)
		return psprintf(factor < HUGE_CHANGE ? "x%.1f" : "x%.0f", factor);
	return psprintf("%+.0f%%", 100 * (factor - 1));
}

/* A figure that is not negative in few characters, palloc'd. */
static char *
figure_text(double figure)
{
	if (figure == 0)
		return pstrdup("0");
	if (figure >= 1e8)
		return psprintf("%.0fM", figure / 1e6);
	if (figure >= 1e5)
		return psprintf("%.0fk", figure / 1e3);
	if (figure >= 100 || figure == rint(figure))
		return psprintf("%.0f", figure);
	return psprintf(figure >= 10 ? "%.1f" : figure >= 0.1 ? "%.2f" : "%.3f", figure);
}

/* _clipperf_change(before, after) */
Datum
clipperf_change(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(change_in_brief(PG_GETARG_FLOAT8(0),
													 PG_GETARG_FLOAT8(1))));
}

/*
 * _clipperf_cell(before, after): the figure after and its change, which is not known
 * without one before; a dash without one after.
 */
Datum
clipperf_cell(PG_FUNCTION_ARGS)
{
	char	   *cell;

	if (PG_ARGISNULL(1))
		PG_RETURN_TEXT_P(cstring_to_text("-"));
	cell = figure_text(PG_GETARG_FLOAT8(1));
	if (!PG_ARGISNULL(0))
		cell = psprintf("%s %s", cell, change_in_brief(PG_GETARG_FLOAT8(0),
													   PG_GETARG_FLOAT8(1)));
	PG_RETURN_TEXT_P(cstring_to_text(cell));
}
