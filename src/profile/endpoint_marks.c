/*-------------------------------------------------------------------------
 *
 * endpoint_marks.c
 *	  Which endpoints a statement belongs to, by patterns of its text.
 *
 * Each backend has a copy of the rules of its database that name statements, and
 * keeps what it found out about the statements that it ran: a normalised text is
 * made and compared once.  Both are worth nothing when the rules have changed.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/endpoint_marks.h"

#include "profile/statement/execution.h"

/* Statements whose endpoints are known, each in the place of its queryid. */
#define KNOWN_STATEMENTS	1024

typedef struct KnownStatement
{
	uint64		queryid;		/* 0 = none */
	uint32		generation;		/* of the rules */
	EndpointMarks marks;
} KnownStatement;

uint32		endpoint_rules_generation HOTPATH_DATA = 0;
int			endpoint_rules_known HOTPATH_DATA = 0;

static MarkedRule rules[ENDPOINT_MARKS];
static KnownStatement known[KNOWN_STATEMENTS];

/* The endpoints that a text belongs to. */
static EndpointMarks
compare_text(const char *text)
{
	EndpointMarks marks = 0;

	for (int i = 0; i < endpoint_rules_known; i++)
	{
		if (endpoint_rule_has_statement(&rules[i].rule, text))
			marks |= (EndpointMarks) 1 << rules[i].mark;
	}
	return marks;
}

/*
 * Copy the rules, unless that meant to wait: then those of before hold for one
 * statement more.
 */
static void
learn_rules(void)
{
	uint32		generation;
	int			count = requests_marked_rules(rules, &generation);

	if (count < 0)
		return;
	endpoint_rules_known = count;
	endpoint_rules_generation = generation;
}

/*
 * The endpoints that a statement belongs to.  Makes its text, in the current memory
 * context, if it is not known yet.
 */
pg_noinline EndpointMarks
endpoint_marks_of(uint64 queryid, const StatementSource *source)
{
	KnownStatement *place = &known[queryid % KNOWN_STATEMENTS];
	char	   *text;

	if (endpoint_rules_generation !=
		pg_atomic_read_u32(requests_rules_generation))
		learn_rules();
	if (endpoint_rules_known == 0)
		return 0;
	if (place->queryid == queryid &&
		place->generation == endpoint_rules_generation)
		return place->marks;
	text = source_text(unconstify(StatementSource *, source));

	place->marks = compare_text(text);
	place->queryid = queryid;
	place->generation = endpoint_rules_generation;
	pfree(text);
	return place->marks;
}
