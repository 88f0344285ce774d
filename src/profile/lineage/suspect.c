/*-------------------------------------------------------------------------
 *
 * suspect.c
 *	  Lookups that repeat within one request without a known parent.
 *
 * A request is a trace id, else an explicit transaction.  The lookups of a
 * transaction are counted by its backend, those of a trace by all backends
 * together.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/suspect.h"

#include <math.h>

#include "access/xact.h"
#include "parser/parsetree.h"
#include "port/pg_bitutils.h"
#include "utils/timestamp.h"

#include "profile/lineage/loop_values.h"
#include "profile/lineage/request_time.h"
#include "profile/lineage/round_trip.h"
#include "settings.h"
#include "store/pattern.h"
#include "store/repeat.h"

/* So many lookups of one statement in one request are suspicious .. */
#define MIN_LOOKUPS		10
/*
 * .. if so large a share of them has a value of its own.  What comes twice in a row
 * counts once, as a page may ask twice for each row.
 */
#define DISTINCT_SHARE	0.8
/*
 * .. and if the keys come from a list.  Keys that cannot be guessed do, and those
 * of a request that the client has named are its own.  Numbers may be drawn by lot,
 * as those of sysbench: they come from a list if they go up or down, leave so few
 * gaps as this share, or are so many.
 */
#define DENSE_SHARE		0.8
#define MANY_LOOKUPS	50

/* So many with the same value are, too: one row is read again and again. */
#define MIN_SAME		20

/*
 * Statements of transactions followed at the same time, in sets that are
 * searched for each lookup.
 */
#define REPEAT_SETS		8
#define REPEAT_WAYS		4

static Repeat repeats[REPEAT_SETS][REPEAT_WAYS];

/* Was the value new?  When the set is half full, all are. */
static bool
add_seen_value(Repeat *repeat, uint64 value)
{
	uint64	   *word = &repeat->seen[(value / 64) % REPEAT_SEEN_WORDS];
	uint64		bit = UINT64CONST(1) << (value % 64);
	bool		is_new = (*word & bit) == 0;

	*word |= bit;
	return is_new || repeat->distinct > REPEAT_SEEN_BITS / 2;
}

/* The value that differs from the lookup before, the last if several do. */
static const Probe *
varying_probe(const Repeat *repeat, const ProbeList *list)
{
	const Probe *varying = &list->probes[0];

	for (int i = 0; i < Min(list->count, REPEAT_VALUES); i++)
	{
		if (list->probes[i].hash != repeat->values[i])
			varying = &list->probes[i];
	}
	return varying;
}

/*
 * The value that the pattern is about: the one that has moved most often by the time
 * it is reported first, the last if several have.  It stays, or one loop would be told
 * as two.
 */
static const Probe *
named_probe(Repeat *repeat, const ProbeList *list)
{
	int			count = Min(list->count, REPEAT_VALUES);

	for (int i = 0; i < count && repeat->reported == 0; i++)
	{
		if (i == 0 || repeat->moved[i] >= repeat->moved[repeat->named])
			repeat->named = i;
	}
	return &list->probes[Min(repeat->named, count - 1)];
}

/*
 * Do numbers only go up or down?  Of n drawn by lot the last is the greatest once
 * in n times, whatever they are.
 */
static void
add_number(Repeat *repeat, int64 number)
{
	int64		count = ++repeat->numbers;
	float		record = log(evidence_parameters.rise * count);
	float		other = count == 1 ? 0.0 :
		log((1.0 - evidence_parameters.rise) * count / (count - 1));

	repeat->rising += count == 1 || number > repeat->greatest ? record : other;
	repeat->falling += count == 1 || number < repeat->least ? record : other;
	repeat->greatest = count == 1 ? number : Max(repeat->greatest, number);
	repeat->least = count == 1 ? number : Min(repeat->least, number);
}

/*
 * Note the value that varies, if it is a number.  What comes again at once tells
 * nothing of the order.
 */
static void
note_number(Repeat *repeat, const Probe *varying)
{
	ValueKind	kind = value_kind(varying->comparison.type);

	if (value_kind_is_small(kind))
		add_number(repeat, value_number(varying->hash, value_kind_is_time(kind)));
}

/*
 * Count a lookup.  After a long pause it begins again: who thinks in between,
 * in a transaction that was left open, runs no loop.
 */
static void
add_lookup(Repeat *repeat, const Execution *execution, uint64 value)
{
	if (execution->first_us - repeat->last_us >
		(int64) setting_nplusone_window_ms * 1000)
		repeat_clear(repeat);
	repeat->gap_us += round_trip_us(execution, repeat->last_us);
	repeat->last_us = execution->last_us;
	repeat->child_us += execution->work.elapsed_us;
	repeat->pipelined += execution->pipelined;
	repeat->backends |= UINT64CONST(1) << (MY_PROC_INDEX % 64);
	if (repeat->lookups > 0 && repeat->value == value)
		repeat->again++;
	repeat->value = value;
	repeat->lookups++;
	repeat->distinct += add_seen_value(repeat, value);
}

/*
 * Count the first lookup of a transaction, which was but noted, unless that was
 * long ago.  It is taken to be like the second, with a value of its own.
 */
static void
add_noted(Repeat *repeat, const Execution *execution, int64 noted_us)
{
	if (execution->first_us - noted_us >
		(int64) setting_nplusone_window_ms * 1000)
		return;
	repeat->last_us = noted_us;
	repeat->child_us += execution->work.elapsed_us;
	repeat->lookups++;
	repeat->distinct++;
}

/*
 * Do the keys come from a list, as far as the numbers tell?  "unordered" tells how
 * many requests of the statement have had them in no order: the more there were,
 * the sooner one is in order by chance.
 */
static bool
come_from_list(const Repeat *repeat, int64 moves, uint32 unordered)
{
	uint64		span = (uint64) repeat->greatest - (uint64) repeat->least;

	/* the first one may have been noted without its value */
	if (repeat->numbers + 1 < moves || moves >= MANY_LOOKUPS ||
		repeat->numbers >= DENSE_SHARE * span)
		return true;
	return Max(repeat->rising, repeat->falling) >=
		evidence_parameters.joined + 2.0 * log(1.0 + unordered);
}

/*
 * Are there so many lookups of rows, or of one row, that they are suspicious?
 * "traced" tells that the client has named its request.
 */
static bool
is_suspicious(const Repeat *repeat, StatementInfo *info, bool traced)
{
	int64		moves = repeat->lookups - repeat->again;

	if (info->row_insert)
		return repeat->lookups >= MIN_LOOKUPS;
	if (moves < MIN_LOOKUPS)	/* the first one's value may be unknown */
		return moves <= 2 && repeat->lookups >= MIN_SAME;
	if (repeat->distinct < DISTINCT_SHARE * moves)
		return false;
	if (traced || come_from_list(repeat, moves, info->unordered))
		return true;
	info->unordered += moves == MIN_LOOKUPS;
	return false;
}

/* Take out what the table of patterns has not had yet; false if nothing. */
static bool
take_counters(Repeat *repeat, StatementInfo *info, bool traced, PatternCounters *add)
{
	if (!is_suspicious(repeat, info, traced))
		return false;
	*add = (PatternCounters)
	{
		.episodes = repeat->reported == 0 ? 1 : 0,
			.children = repeat->lookups - repeat->reported,
			.repeats = repeat->lookups - repeat->distinct,
			.max_children = repeat->lookups,
			.connections = pg_popcount64(repeat->backends),
			.pipelined = repeat->pipelined,
			.child_us = repeat->child_us,
			.gap_us = repeat->gap_us,
			.first_seen = repeat->first_seen,
			.last_seen = GetCurrentStatementStartTimestamp()
	};
	repeat->reported = repeat->lookups;
	repeat->pipelined = 0;
	repeat->child_us = 0;
	repeat->gap_us = 0;
	return true;
}

/* Put counters into the table of patterns. */
static void
report_suspect(Execution *execution, const StatementInfo *info, uint64 fingerprint,
			   const Comparison *key, uint64 request, const PatternCounters *add)
{
	PatternKey	pattern = {
		.child = fingerprint,
		.dbid = MyDatabaseId,
		.userid = execution->userid,
		.function = execution->function,
		.route = execution->route,
		.parameter = execution_text_number(execution, match_parameter(key))
	};
	PatternFacts facts = {
		.child_queryid = execution->queryid,
		.child_relid = key->relid,
		.child_attno = key->attno,
		.parameter_type = key->type,
		.inserts_row = info->row_insert,
		.in_family = info->in_family
	};
	PatternParameters *parameters = loop_values_note(execution, request);

	(void) pattern_add(-1, &pattern, &facts, add, parameters, true, false,
					   execution_numbered_text, execution_origin, execution);
	loop_values_counted(parameters);
	request_looped += add->children;
}

/* The table that an INSERT adds to, where none of its values is known. */
static Comparison
inserted_row(const Execution *execution)
{
	const PlannedStmt *plan = execution->query->plannedstmt;
	Comparison	row = {0};

	if (IsA(plan->planTree, ModifyTable))
		row.relid = rt_fetch(linitial_int(((const ModifyTable *) plan->planTree)->resultRelations),
							 plan->rtable)->relid;
	return row;
}

/* A probe as its pattern tells of it: the column of the whole table. */
static Comparison
whole_comparison(const Probe *probe)
{
	Comparison	whole = probe->comparison;

	if (OidIsValid(probe->key.family_relid))
	{
		whole.relid = probe->key.family_relid;
		whole.attno = probe->key.family_attno;
	}
	return whole;
}

/*
 * Count a lookup with these values in the entry of its request.  Returns what its
 * pattern is about; the table alone if no value is known.
 */
static Comparison
count_lookup(Repeat *repeat, const Execution *execution, const ProbeList *list)
{
	int64		again = repeat->again;
	const Probe *varying;

	add_lookup(repeat, execution, probes_hash(list));
	if (list->count == 0)
		return inserted_row(execution);
	varying = varying_probe(repeat, list);
	for (int i = 0; i < Min(list->count, REPEAT_VALUES); i++)
	{
		if (repeat->moved[i] < PG_UINT16_MAX &&
			list->probes[i].hash != repeat->values[i])
			repeat->moved[i]++;
		repeat->values[i] = list->probes[i].hash;
	}
	if (repeat->again == again)
		note_number(repeat, varying);
	return whole_comparison(named_probe(repeat, list));
}

/*
 * A lookup by a key ended that no result set accounts for, or a row has been
 * inserted.  "transaction" is the key of the explicit transaction block it ran in,
 * or 0; there is that or a trace.  Of a transaction without a trace, all but the
 * first lookup of a statement without a list.  Takes the lock of the trace, if
 * there is one, then that of the patterns.
 */
pg_attribute_hot void
suspect_add(Execution *execution, StatementInfo *info, uint64 transaction)
{
	uint64		fingerprint = statement_fingerprint(info, execution->query);
	uint64		trace = execution->trace;
	Comparison	named;
	PatternCounters add;
	bool		suspicious;
	Repeat	   *repeat = trace != 0 ? repeat_lock(trace, fingerprint) :
		repeat_find(repeats[fingerprint % REPEAT_SETS], REPEAT_WAYS, transaction, fingerprint);

	if (trace == 0 && info->noted_us != 0)
	{
		add_noted(repeat, execution, info->noted_us);
		info->noted_us = 0;
	}
	named = count_lookup(repeat, execution, &execution->probes);
	suspicious = take_counters(repeat, info, trace != 0, &add);
	if (trace != 0)
		repeat_unlock(trace);
	if (suspicious)
		report_suspect(execution, info, fingerprint, &named,
					   trace != 0 ? trace : transaction, &add);
}
