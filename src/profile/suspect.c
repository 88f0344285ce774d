/*-------------------------------------------------------------------------
 *
 * suspect.c
 *	  Look-ups that repeat within one request without a known parent.
 *
 * A request is a trace id, else an explicit transaction.  The look-ups of a
 * request are counted in a small table of this backend; those of a trace that
 * run on other connections are counted there.  A new request takes the place
 * of the oldest one.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/suspect.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "store/pattern.h"

/* So many look-ups of one statement in one request are suspicious.. */
#define MIN_LOOKUPS		10
/* .. if so large a share of them has a value of its own. */
#define DISTINCT_SHARE	0.8

/* Statements followed at the same time. */
#define MAX_SUSPECTS	16

/* Bits of the set of values seen; enough for a few hundred. */
#define SEEN_WORDS		16
#define SEEN_BITS		(SEEN_WORDS * 64)

/* Values of one look-up that are compared with those of the one before. */
#define MAX_VALUES		4

typedef struct Suspect
{
	uint64		request;		/* 0 = free */
	uint64		shape;
	int64		lookups;
	int64		reported;		/* .. of which are in the table of patterns */
	int64		distinct;
	int64		pipelined;
	int64		last_us;
	double		child_us;
	double		gap_us;
	TimestampTz first_seen;
	uint64		values[MAX_VALUES]; /* of the last look-up */
	uint64		seen[SEEN_WORDS];
} Suspect;

static Suspect suspects[MAX_SUSPECTS];

/* The entry of a statement in a request. */
static Suspect *
find_suspect(uint64 request, uint64 shape)
{
	Suspect    *oldest = &suspects[0];

	for (int i = 0; i < MAX_SUSPECTS; i++)
	{
		Suspect    *suspect = &suspects[i];

		if (suspect->request == request && suspect->shape == shape)
			return suspect;
		if (suspect->last_us < oldest->last_us)
			oldest = suspect;
	}
	memset(oldest, 0, sizeof(Suspect));
	oldest->request = request;
	oldest->shape = shape;
	oldest->first_seen = GetCurrentStatementStartTimestamp();
	return oldest;
}

/* Was the value new?  When the set is half full, all are. */
static bool
note_value(Suspect *suspect, uint64 value)
{
	uint64	   *word = &suspect->seen[(value / 64) % SEEN_WORDS];
	uint64		bit = UINT64CONST(1) << (value % 64);
	bool		is_new = (*word & bit) == 0;

	*word |= bit;
	return is_new || suspect->distinct > SEEN_BITS / 2;
}

/* Put what is new about a suspect into the table of patterns. */
static void
report(Suspect *suspect, Execution *execution, const Comparison *key)
{
	PatternKey	pattern = {
		.child = suspect->shape,
		.dbid = MyDatabaseId,
		.userid = execution->userid,
		.function = execution->function,
		.route = execution->route,
		.parameter = key->parameter
	};
	PatternFacts facts = {
		.child_queryid = execution->queryid,
		.child_relid = key->relid,
		.child_attno = key->attno,
		.parameter_type = key->type
	};
	PatternCounters add = {
		.episodes = suspect->reported == 0 ? 1 : 0,
		.children = suspect->lookups - suspect->reported,
		.max_children = suspect->lookups,
		.connections = 1,
		.pipelined = suspect->pipelined,
		.child_us = suspect->child_us,
		.gap_us = suspect->gap_us,
		.first_seen = suspect->first_seen,
		.last_seen = GetCurrentStatementStartTimestamp()
	};

	(void) pattern_add(-1, &pattern, &facts, &add, true,
					   execution_text, execution);
	suspect->reported = suspect->lookups;
	suspect->pipelined = 0;
	suspect->child_us = 0;
	suspect->gap_us = 0;
}

/* The values of a look-up, as one. */
static uint64
hash_all(const ProbeList *list)
{
	uint64		hash = 0;

	for (int i = 0; i < list->count; i++)
		hash = value_mix(hash ^ list->probes[i].hash);
	return hash;
}

/* The value that differs from the look-up before, the last if several do. */
static const Probe *
varying_probe(const Suspect *suspect, const ProbeList *list)
{
	const Probe *varying = &list->probes[0];

	for (int i = 0; i < Min(list->count, MAX_VALUES); i++)
	{
		if (list->probes[i].hash != suspect->values[i])
			varying = &list->probes[i];
	}
	return varying;
}

/* Remember the values for the next look-up. */
static void
keep_values(Suspect *suspect, const ProbeList *list)
{
	for (int i = 0; i < Min(list->count, MAX_VALUES); i++)
		suspect->values[i] = list->probes[i].hash;
}

/* See suspect.h. */
void
suspect_add(Execution *execution, StatementInfo *info, const ProbeList *list,
			uint64 transaction)
{
	uint64		request = execution->trace ? execution->trace : transaction;
	Suspect    *suspect;

	if (request == 0)
		return;
	suspect = find_suspect(request, statement_shape(info, execution->query));
	if (suspect->last_us != 0 && execution->first_us > suspect->last_us)
		suspect->gap_us += execution->first_us - suspect->last_us;
	suspect->last_us = execution->last_us;
	suspect->child_us += execution->elapsed_us;
	suspect->pipelined += execution->pipelined;
	suspect->lookups++;
	suspect->distinct += note_value(suspect, hash_all(list));
	if (suspect->lookups >= MIN_LOOKUPS &&
		suspect->distinct >= DISTINCT_SHARE * suspect->lookups)
		report(suspect, execution, &varying_probe(suspect, list)->comparison);
	keep_values(suspect, list);
}
