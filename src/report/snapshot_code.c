/*-------------------------------------------------------------------------
 *
 * snapshot_code.c
 *	  What a snapshot keeps of a statement or route, as bytes and back.
 *
 * Numbers of 7 bits per byte, the lowest first; all bytes but the last have their
 * highest bit set.  A histogram is the number of its buckets in use, and for each
 * the distance from the one before and its count.
 *
 *-------------------------------------------------------------------------
 */
#include "report/snapshot_code.h"

#include <math.h>

#include "lib/stringinfo.h"

/* Steps of the logarithm of a quantile: it is kept within a thousandth. */
#define QUANTILE_STEPS		1000.0

#define MS_PER_SECOND		1000.0

/* Bytes that are read. */
typedef struct CodeReader
{
	const unsigned char *next;
	const unsigned char *end;
} CodeReader;

/* Error XX001: these bytes are none of ours. */
static void
raise_damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("snapshot data is corrupted")));
}

/* Begin to write. */
static void
begin_code(StringInfo code)
{
	initStringInfo(code);
	appendStringInfoSpaces(code, VARHDRSZ);
}

/* What was written, as a value. */
static bytea *
finish_code(StringInfo code)
{
	bytea	   *bytes = (bytea *) code->data;

	SET_VARSIZE(bytes, code->len);
	return bytes;
}

/* Write a number. */
static void
put_number(StringInfo code, uint64 number)
{
	while (number > 0x7F)
	{
		appendStringInfoCharMacro(code, (char) (0x80 | (number & 0x7F)));
		number >>= 7;
	}
	appendStringInfoCharMacro(code, (char) number);
}

/* Write an amount, which is rounded. */
static void
put_amount(StringInfo code, double amount)
{
	put_number(code, amount > 0 ? (uint64) rint(amount) : 0);
}

/* Begin to read. */
static CodeReader
begin_reading(const bytea *bytes)
{
	const unsigned char *data = (const unsigned char *) VARDATA_ANY(bytes);

	return (CodeReader)
	{
		.next = data,.end = data + VARSIZE_ANY_EXHDR(bytes)
	};
}

/* Read a number; error if there is none, or it is larger than "most". */
static uint64
get_number(CodeReader *reader, uint64 most)
{
	uint64		number = 0;

	for (int shift = 0; shift < 63; shift += 7)
	{
		if (reader->next >= reader->end)
			raise_damaged();
		number |= (uint64) (*reader->next & 0x7F) << shift;
		if ((*reader->next++ & 0x80) == 0)
		{
			if (number > most)
				raise_damaged();
			return number;
		}
	}
	raise_damaged();
	return 0;
}

/* Write a histogram. */
static void
put_histogram(StringInfo code, const Histogram *histogram)
{
	int			used = 0;
	int			last = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		used += histogram->count[i] > 0;
	put_number(code, used);
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		if (histogram->count[i] == 0)
			continue;
		put_number(code, i - last);
		put_number(code, histogram->count[i]);
		last = i;
	}
}

/* Read a histogram. */
static void
get_histogram(CodeReader *reader, Histogram *histogram)
{
	uint64		used = get_number(reader, HISTOGRAM_BUCKETS);
	uint64		bucket = 0;

	memset(histogram, 0, sizeof(*histogram));
	for (uint64 i = 0; i < used; i++)
	{
		bucket += get_number(reader, HISTOGRAM_BUCKETS);
		if (bucket >= HISTOGRAM_BUCKETS)
			raise_damaged();
		histogram->count[bucket] = (uint32) get_number(reader, PG_UINT32_MAX);
	}
}

/* A state as a palloc'd value. */
bytea *
state_encode(const SnapshotState *state)
{
	StringInfoData code;

	begin_code(&code);
	for (int i = 0; i < STATE_FIELDS; i++)
		put_number(&code, Max(state->field[i], 0));
	for (int i = 0; i < STATE_HISTOGRAMS; i++)
		put_histogram(&code, &state->histogram[i]);
	return finish_code(&code);
}

/* A state from its value; error XX001 if it is damaged. */
void
state_decode(SnapshotState *state, const bytea *bytes)
{
	CodeReader	reader = begin_reading(bytes);

	for (int i = 0; i < STATE_FIELDS; i++)
		state->field[i] = (int64) get_number(&reader, PG_INT64_MAX);
	for (int i = 0; i < STATE_HISTOGRAMS; i++)
		get_histogram(&reader, &state->histogram[i]);
}

/* A series as a palloc'd value. */
bytea *
series_encode(const BlockSeries *series)
{
	StringInfoData code;

	begin_code(&code);
	put_number(&code, series->count);
	for (int i = 0; i < series->count; i++)
	{
		const PeriodBlock *block = &series->block[i];

		put_number(&code, block->calls);
		put_number(&code, block->errors);
		put_amount(&code, block->seconds * MS_PER_SECOND);
		put_amount(&code, block->total_us);
		put_amount(&code, block->blocks);
		put_amount(&code, block->parts);
		for (int q = 0; q < BLOCK_QUANTILES; q++)
			put_amount(&code, (block->quantile[q] - (q > 0 ? block->quantile[q - 1] : 0)) *
					   QUANTILE_STEPS);
		put_amount(&code, block->yardstick * QUANTILE_STEPS);
	}
	return finish_code(&code);
}

/* A series from its value; error XX001 if it is damaged. */
void
series_decode(BlockSeries *series, const bytea *bytes)
{
	CodeReader	reader = begin_reading(bytes);

	memset(series, 0, sizeof(*series));
	series->count = (int32) get_number(&reader, BLOCKS);
	for (int i = 0; i < series->count; i++)
	{
		PeriodBlock *block = &series->block[i];
		double		quantile = 0;

		block->calls = (uint32) get_number(&reader, PG_UINT32_MAX);
		block->errors = (uint32) get_number(&reader, PG_UINT32_MAX);
		block->seconds = get_number(&reader, PG_UINT32_MAX) / MS_PER_SECOND;
		block->total_us = (float) get_number(&reader, PG_INT64_MAX);
		block->blocks = (float) get_number(&reader, PG_INT64_MAX);
		block->parts = (float) get_number(&reader, PG_INT64_MAX);
		for (int q = 0; q < BLOCK_QUANTILES; q++)
		{
			quantile += get_number(&reader, PG_UINT16_MAX) / QUANTILE_STEPS;
			block->quantile[q] = (float) quantile;
		}
		block->yardstick = get_number(&reader, PG_UINT16_MAX) / QUANTILE_STEPS;
	}
}

/*
 * Is what was counted later the same entry's?  One that was reset, or evicted and
 * made again, has begun later, or has counted less.
 */
static bool
is_same_life(const SnapshotState *later, const SnapshotState *earlier)
{
	if (later->field[STATE_FIRST_SEEN] > earlier->field[STATE_FIRST_SEEN])
		return false;
	for (int i = STATE_CALLS; i < STATE_FIELDS; i++)
	{
		if (later->field[i] < earlier->field[i])
			return false;
	}
	return true;
}

/*
 * What was counted since an earlier snapshot: all of it, if the entry has begun
 * since.  Buckets cannot count less than nothing: a trace that went on after it was
 * read as ended moves to another one.
 */
void
state_subtract(SnapshotState *state, const SnapshotState *earlier)
{
	if (!is_same_life(state, earlier))
		return;
	for (int i = STATE_CALLS; i < STATE_FIELDS; i++)
		state->field[i] -= earlier->field[i];
	for (int h = 0; h < STATE_HISTOGRAMS; h++)
	{
		for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		{
			uint32	   *count = &state->histogram[h].count[i];

			*count -= Min(*count, earlier->histogram[h].count[i]);
		}
	}
}
