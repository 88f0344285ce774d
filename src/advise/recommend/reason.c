/*-------------------------------------------------------------------------
 *
 * reason.c
 *	  Why an index is recommended, in one sentence.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/reason.h"

#include <math.h>

#include "catalog/pg_am.h"
#include "lib/stringinfo.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "advise/recommend/reason_application.h"
#include "common/excerpt.h"
#include "common/result_rows.h"
#include "common/slower.h"

/* Bytes of a statement that are shown in a reason. */
#define SHOWN_LENGTH 100

/* Blocks that a call touches more, at least, for that to be told: 800 kB. */
#define MORE_BLOCKS 100

/* What a key of the index is good for. */
typedef enum KeyRole
{
	ROLE_FINDS,					/* compared for equality */
	ROLE_MATCHES,				/* by an operator such as @> or LIKE */
	ROLE_RANGE,					/* compared otherwise */
	ROLE_ORDERS,				/* sorted by */
	ROLE_TESTED,				/* by an operator that finds nothing in it */
	ROLE_NONE
} KeyRole;

/* Is the key of an index the column or expression of a demand? */
static bool
is_demanded_key(const IndexKey *key, const DemandKey *other)
{
	return key->attno == other->attno && equal(key->expr, other->expr);
}

/* Are rows wanted in the order of a key? */
static bool
is_sort_key(const Demand *demand, const IndexKey *key)
{
	ListCell   *lc;

	foreach(lc, demand->sorts)
		if (is_demanded_key(key, &((const DemandSort *) lfirst(lc))->key))
		return true;
	return false;
}

/*
 * What the demand wants with a key of an index.  A B-tree has no operators but its own:
 * for another one it only spares the visit of the table, and where the order is wanted
 * as well, that is what it serves.
 */
static KeyRole
find_key_role(const IndexDefinition *def, const Demand *demand, const IndexKey *key)
{
	KeyRole		role = is_sort_key(demand, key) ? ROLE_ORDERS : ROLE_NONE;
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (!is_demanded_key(key, &filter->key) || filter->use == DEMAND_CONDITION)
			continue;
		if (filter->use <= DEMAND_JOIN)
			return ROLE_FINDS;
		if (filter->use == DEMAND_OPERATOR && def->am == BTREE_AM_OID)
		{
			if (role == ROLE_NONE)
				role = ROLE_TESTED;
			continue;
		}
		role = filter->use == DEMAND_OPERATOR || filter->use == DEMAND_SUPPORTED ||
			(def->am != BTREE_AM_OID && def->am != BRIN_AM_OID) ?
			ROLE_MATCHES : ROLE_RANGE;
	}
	return role;
}

/* A key as SQL says it. */
static char *
key_text(const IndexDefinition *def, const IndexKey *key)
{
	List	   *context;

	if (key->attno != 0)
		return get_attname(def->relid, key->attno, false);
	context = deparse_context_for(get_rel_name(def->relid), def->relid);
	return deparse_expression(key->expr, context, false, false);
}

/* How a key orders, as SQL says it. */
static const char *
order_text(const IndexKey *key)
{
	if (key->descending)
		return key->nulls_first ? " DESC" : " DESC NULLS LAST";
	return key->nulls_first ? " NULLS FIRST" : "";
}

/*
 * Append the keys of one role, after "before" if there are any.  A key that
 * the predicate fixes has none.
 */
static void
append_role(StringInfo text, const IndexDefinition *def, const Demand *demand,
			KeyRole role, const char *before)
{
	const char *between = before;

	for (int i = 0; i < def->nkeys; i++)
	{
		const IndexKey *key = &def->keys[i];

		if (find_key_role(def, demand, key) != role || index_def_fixed_key(def, i) == i)
			continue;
		appendStringInfo(text, "%s%s%s", between, key_text(def, key),
						 role == ROLE_ORDERS ? order_text(key) : "");
		between = ", ";
	}
}

/* What the index does for a demand on its table. */
static void
append_use(StringInfo text, const IndexDefinition *def, const Demand *demand)
{
	int			start = text->len;
	int			before;

	append_role(text, def, demand, ROLE_FINDS, "finds rows by ");
	append_role(text, def, demand, ROLE_MATCHES,
				text->len > start ? " and matches in " :
				"finds rows by matches in ");
	append_role(text, def, demand, ROLE_RANGE,
				text->len > start ? " and a range of " : "finds rows by a range of ");
	append_role(text, def, demand, ROLE_ORDERS,
				text->len > start ? ", in the order of " :
				"reads rows in the order of ");
	before = text->len;

	append_role(text, def, demand, ROLE_TESTED, before > start ? " and tests " : "tests ");
	if (text->len > before)
		appendStringInfoString(text, " in the index");
	if (text->len == start)
		appendStringInfoString(text, "holds only the rows that are needed");
	if (def->nincluded > 0)
		appendStringInfoString(text, ", without visiting the table");
}

/*
 * What the statement asks of the table of the index; NULL if nothing.  Of several
 * uses of the table, as in a subquery on the same one, it is the one that the first
 * key serves.
 */
static const Demand *
find_statement_demand(const Advisor *advisor, int statement,
					  const IndexDefinition *def)
{
	const Demand *found = NULL;
	ListCell   *lc;

	foreach(lc, advisor->demands)
	{
		const CandidateDemand *item = lfirst(lc);

		if (item->statement != statement || item->demand->relid != def->relid)
			continue;
		if (find_key_role(def, item->demand, &def->keys[0]) != ROLE_NONE)
			return item->demand;
		if (found == NULL)
			found = item->demand;
	}
	return found;
}

/*
 * The part of a statement's text that tells it apart, cut to SHOWN_LENGTH
 * bytes.
 */
static char *
statement_excerpt(const WorkloadStatement *statement)
{
	const char *text = statement->text == NULL ? "(no text)" :
		excerpt_of(statement->text, SHOWN_LENGTH);
	int			length = excerpt_clip(text, SHOWN_LENGTH);

	return psprintf("%.*s%s", length, text, text[length] == '\0' ? "" : "...");
}

/*
 * A statement as part of a sentence: its excerpt in brackets, and its route.
 */
static char *
bracketed(const WorkloadStatement *statement)
{
	return psprintf("[%s]%s%s", statement_excerpt(statement),
					statement->route ? " in " : "",
					statement->route ? statement->route : "");
}

/* The share of all time that goes into these statements. */
static double
time_share(const Advisor *advisor, const List *served)
{
	double		us = 0;
	ListCell   *lc;

	foreach(lc, served)
	{
		const WorkloadStatement *statement =
			list_nth(advisor->statements, lfirst_int(lc));

		us += statement->total_us;
	}
	return advisor->total_us > 0 ? us / advisor->total_us : 0;
}

/* A share of the time, for people. */
static char *
share_text(double share)
{
	return share > 0 && share < 0.01 ? pstrdup("less than 1%") :
		psprintf("%.0f%%", 100 * share);
}

/*
 * The statements that the index makes read more, as numbers: those that are
 * clearly slower (CLEARLY_SLOWER) with it than without it, and those that would
 * use it once all chosen ones are built, and be slower than they are now.  Of the
 * latter another chosen index may be the cause, but this one is what they read.
 */
List *
reason_slowed(Advisor *advisor, int number)
{
	List	   *slowed = advisor_slowed(advisor, number);
	int			i = -1;

	while ((i = bms_next_member(advisor->selection.affected[number], i)) >= 0)
	{
		Bitmapset  *used;

		(void) estimate_cost(&advisor->estimator, i, advisor->chosen, &used);
		if (bms_is_member(number, used) &&
			estimate_time_us(&advisor->estimator, i, advisor->chosen) >
			CLEARLY_SLOWER * estimate_time_us(&advisor->estimator, i, NULL))
			slowed = list_append_unique_int(slowed, i);
	}
	return slowed;
}

/* What all chosen indexes, and this one, add to a statement that writes. */
static WriteLoss
loss_with(const Advisor *advisor, const WorkloadStatement *statement, int number)
{
	return advisor_write_loss(advisor, statement,
							  bms_add_member(bms_copy(advisor->chosen), number));
}

/*
 * Would a statement take, or touch blocks, clearly more (CLEARLY_SLOWER) by what
 * upkeep of indexes adds to it?
 */
static bool
is_clear_loss(const WorkloadStatement *statement, const WriteLoss *loss)
{
	return loss->us > (CLEARLY_SLOWER - 1) * statement->total_us ||
		loss->blocks > (CLEARLY_SLOWER - 1) * statement->blocks;
}

/*
 * The statements whose writes pay clearly more for the upkeep of all chosen
 * indexes, as numbers, if this one has a part in it: it is the one that ends
 * their being HOT, or else it has an entry of its own for each row.
 */
List *
reason_burdened(Advisor *advisor, int number)
{
	Bitmapset  *alone = bms_make_singleton(number);
	List	   *burdened = NIL;
	ListCell   *lc;

	foreach(lc, advisor->statements)
	{
		const WorkloadStatement *statement = lfirst(lc);
		WriteLoss	own;
		WriteLoss	all;

		if (statement->handed_in || statement->calls <= 0)
			continue;
		own = advisor_write_loss(advisor, statement, alone);
		if (own.us <= 0)
			continue;
		all = loss_with(advisor, statement, number);
		if ((own.ends_hot || !all.ends_hot) && is_clear_loss(statement, &all))
			burdened = lappend_int(burdened, foreach_current_index(lc));
	}
	return burdened;
}

/*
 * The statement that all chosen indexes together slow down most, in time, of
 * these that one of them slows down.
 */
static int
find_worst(Advisor *advisor, const List *slowed)
{
	int			worst = -1;
	double		most_us = 0;
	ListCell   *lc;

	foreach(lc, slowed)
	{
		int			statement = lfirst_int(lc);
		double		us = estimate_time_us(&advisor->estimator, statement,
										  advisor->chosen) -
			estimate_time_us(&advisor->estimator, statement, NULL);

		if (worst < 0 || us > most_us)
		{
			worst = statement;
			most_us = us;
		}
	}
	return worst;
}

/*
 * "1.6 times as much", or "1.04 times", and, if a statement was observed, what a call of it takes
 * now and would take then.
 */
static void
append_times(StringInfo text, const WorkloadStatement *statement, double ratio)
{
	double		call_ms;

	appendStringInfo(text, "%.*f times as much",
					 ratio < 1.1 ? 2 : ratio < 10 ? 1 : 0, ratio);
	if (statement->handed_in || statement->calls <= 0)
		return;
	call_ms = US_TO_MS(statement->total_us / statement->calls);
	appendStringInfo(text, " (%.*f ms per call instead of %.*f)",
					 call_ms * ratio < 10 ? 2 : 0, call_ms * ratio,
					 call_ms < 10 ? 2 : 0, call_ms);
}

/* How many times as much a statement would cost by all chosen indexes. */
static void
append_loss(StringInfo text, Advisor *advisor, int number)
{
	append_times(text, list_nth(advisor->statements, number),
				 estimate_time_us(&advisor->estimator, number, advisor->chosen) /
				 estimate_time_us(&advisor->estimator, number, NULL));
}

/* Append how many other statements would cost more, too, if there are any. */
static void
append_others(StringInfo text, int others)
{
	if (others == 1)
		appendStringInfoString(text, "; 1 other statement would cost more, too");
	else if (others > 1)
		appendStringInfo(text, "; %d other statements would cost more, too", others);
}

/*
 * Append the statement that is slowed down most, if any is by the index, and
 * how many more there are.
 */
static void
append_slowed(StringInfo text, Advisor *advisor, int number)
{
	List	   *slowed = reason_slowed(advisor, number);
	int			worst;

	if (slowed == NIL)
		return;
	worst = find_worst(advisor, slowed);
	appendStringInfo(text, "; but %s would cost ",
					 bracketed(list_nth(advisor->statements, worst)));
	append_loss(text, advisor, worst);
	appendStringInfoString(text, ", because its rows come late in this order");
	append_others(text, list_length(slowed) - 1);
}

/* The statement of which most more blocks are touched, by a call. */
typedef struct MoreBlocks
{
	int			statement;		/* -1 = none */
	int			count;			/* of such statements */
	double		before;
	double		after;
} MoreBlocks;

/* Which of the blocks of an estimate are meant. */
typedef enum BlocksWhen
{
	BLOCKS_NOW,
	BLOCKS_DUE,					/* when VACUUM is due */
	BLOCKS_LATEST				/* if the rows wanted come last */
} BlocksWhen;

/* The blocks that a call of a statement would touch with all chosen indexes. */
static double
blocks_when(Advisor *advisor, int statement, BlocksWhen when)
{
	BlockEstimate with = advisor_blocks(advisor, statement, advisor->chosen);

	return when == BLOCKS_NOW ? with.now : when == BLOCKS_DUE ? with.most : with.latest;
}

/*
 * Of the statements that read the index, that which touches most more blocks with all
 * chosen indexes than now, if it is clearly more (CLEARLY_SLOWER, and MORE_BLOCKS), and
 * so at the latest than it may be now at the latest.  Those that are slower, too, are told
 * of by append_slowed().
 */
static MoreBlocks
find_more_blocks(Advisor *advisor, int number, BlocksWhen when)
{
	List	   *slowed = reason_slowed(advisor, number);
	MoreBlocks	more = {.statement = -1};
	int			i = -1;

	while ((i = bms_next_member(advisor->selection.affected[number], i)) >= 0)
	{
		Bitmapset  *used;
		double		before;
		double		after;
		double		least;

		(void) estimate_cost(&advisor->estimator, i, advisor->chosen, &used);
		if (!bms_is_member(number, used) || list_member_int(slowed, i))
			continue;
		before = advisor_blocks(advisor, i, NULL).now;
		after = blocks_when(advisor, i, when);
		least = when != BLOCKS_LATEST ? before :
			Max(before, advisor_blocks(advisor, i, NULL).latest);
		if (isnan(least) || isnan(after) || after <= CLEARLY_SLOWER * least ||
			after - least < MORE_BLOCKS)
			continue;
		more.count++;
		if (more.statement >= 0 && after - before <= more.after - more.before)
			continue;
		more.statement = i;
		more.before = before;
		more.after = after;
	}
	return more;
}

/*
 * Append the statement of which the index has most more blocks touched, in less time
 * all the same, and how many others there are; or else the one of which that will be so
 * when rows of the table have changed, or may be so for all that is known.
 */
static void
append_blocks_change(StringInfo text, Advisor *advisor, int number)
{
	static const char *const why[] = {
		"in less time",
		"before VACUUM is due, as it visits the table for rows beside those that changed",
		"if the rows that it wants come late, which samples cannot tell"
	};
	MoreBlocks	more = {.statement = -1};
	BlocksWhen	when = BLOCKS_NOW;

	for (; when <= BLOCKS_LATEST; when++)
	{
		more = find_more_blocks(advisor, number, when);
		if (more.statement >= 0)
			break;
	}
	if (more.statement < 0)
		return;
	appendStringInfo(text, "; though %s would touch %s %.0f blocks per call instead of %.0f, %s",
					 bracketed(list_nth(advisor->statements, more.statement)),
					 when == BLOCKS_NOW ? "about" : "up to", more.after, more.before,
					 why[when]);
	if (more.count > 1)
		appendStringInfo(text, "; %d other %s would touch more, too", more.count - 1,
						 more.count == 2 ? "statement" : "statements");
}

/*
 * Append why the index has a condition that leaves out none of the rows asked
 * for: the statement that it keeps from it, and how many more there are.
 */
static void
append_kept_from(StringInfo text, const Advisor *advisor, int number)
{
	const Candidate *candidate = list_nth(advisor->candidates, number);
	int			others = bms_num_members(candidate->kept_from) - 1;

	if (others < 0)
		return;
	appendStringInfo(text, "; its condition keeps PostgreSQL from using it for %s",
					 bracketed(list_nth(advisor->statements,
										bms_next_member(candidate->kept_from, -1))));
	if (others > 0)
		appendStringInfo(text, " and %d others", others);
	appendStringInfoString(text, ", whose rows come late in this order");
}

/* Of these statements, the one to which upkeep adds most time. */
static const WorkloadStatement *
most_burdened(const Advisor *advisor, int number, const List *burdened)
{
	const WorkloadStatement *most = NULL;
	double		most_us = 0;
	ListCell   *lc;

	foreach(lc, burdened)
	{
		const WorkloadStatement *statement =
			list_nth(advisor->statements, lfirst_int(lc));
		double		us = loss_with(advisor, statement, number).us;

		if (most == NULL || us > most_us)
		{
			most = statement;
			most_us = us;
		}
	}
	return most;
}

/*
 * Append the write that upkeep of the index, and of all chosen ones, burdens
 * most, in time and blocks, if it does so clearly, and how many more there are.
 */
static void
append_burdened(StringInfo text, Advisor *advisor, int number)
{
	List	   *burdened = reason_burdened(advisor, number);
	const WorkloadStatement *statement;
	WriteLoss	loss;

	if (burdened == NIL)
		return;
	statement = most_burdened(advisor, number, burdened);
	loss = loss_with(advisor, statement, number);
	appendStringInfo(text, "; but %s would cost ", bracketed(statement));
	append_times(text, statement, 1 + loss.us / Max(statement->total_us, 1));
	appendStringInfo(text, ", and touch %.0f blocks per call instead of %.0f, because %s",
					 (statement->blocks + loss.blocks) / statement->calls,
					 statement->blocks / statement->calls, loss.ends_hot ?
					 "its updates would no longer be HOT, and add entries to all indexes of the table" :
					 "its rows would need entries in more indexes");
	append_others(text, list_length(burdened) - 1);
}

/*
 * Append that the index ends HOT updates, if it does, as that concerns whatever else
 * reads the table.
 */
static void
append_ended_hot(StringInfo text, Advisor *advisor, int number)
{
	Bitmapset  *alone = bms_make_singleton(number);
	ListCell   *lc;

	foreach(lc, advisor->statements)
	{
		const WorkloadStatement *statement = lfirst(lc);

		if (!advisor_write_loss(advisor, statement, alone).ends_hot)
			continue;
		appendStringInfo(text, "; updates by %s would no longer be HOT, and leave dead entries in all indexes of the table until VACUUM, so that reads through them may touch more blocks",
						 bracketed(statement));
		return;
	}
}

/*
 * Why an index is not proposed: the rows that a statement wants come late in
 * its order.  "with" are the indexes that there would be with it.
 */
char *
reason_late(Advisor *advisor, int number, int statement,
			const Bitmapset *with)
{
	const IndexDefinition *def = advisor->estimator.indexes[number]->def;

	return psprintf("an index on %s %s is not proposed: PostgreSQL would read it in order to find the first rows of %s, which come late in that order, or not at all; the planner's cost would be %.0f instead of %.0f",
					get_rel_name(def->relid), index_def_keys_text(def),
					bracketed(list_nth(advisor->statements, statement)),
					estimate_cost(&advisor->estimator, statement, with, NULL),
					estimate_cost(&advisor->estimator, statement,
								  advisor->chosen, NULL));
}

/*
 * What an index does for the statements it serves, as advisor_served() returns
 * them: not NIL.
 */
char *
reason_create(Advisor *advisor, int number, const List *served)
{
	const IndexDefinition *def = advisor->estimator.indexes[number]->def;
	const WorkloadStatement *first =
		list_nth(advisor->statements, linitial_int(served));
	const Demand *demand = find_statement_demand(advisor, linitial_int(served), def);
	bool		alone = list_length(served) == 1;
	char	   *plain;
	char	   *risk;
	StringInfoData text;

	initStringInfo(&text);
	if (list_member_int(reason_slowed(advisor, number), linitial_int(served)))
	{
		appendStringInfo(&text, "limits the harm that other new indexes do to %s, whose rows come late in their order: with it, a call would cost ",
						 bracketed(first));
		append_loss(&text, advisor, linitial_int(served));
		return text.data;
	}
	if (demand != NULL)
	{
		append_use(&text, def, demand);
		appendStringInfoString(&text, ", ");
	}
	appendStringInfo(&text, "for %d %s %s of the time%s",
					 list_length(served), alone ? "statement that takes" :
					 "statements that take",
					 share_text(time_share(advisor, served)),
					 alone ? "" : ", above all");
	if (first->route != NULL)
		appendStringInfo(&text, "%s in %s", alone ? "," : "", first->route);
	appendStringInfo(&text, ": %s", statement_excerpt(first));
	append_kept_from(&text, advisor, number);
	append_slowed(&text, advisor, number);
	append_blocks_change(&text, advisor, number);
	append_burdened(&text, advisor, number);
	append_ended_hot(&text, advisor, number);
	plain = reason_plain_column(advisor, def);
	if (plain != NULL)
		appendStringInfo(&text, "; %s", plain);
	risk = whatif_risk(advisor->estimator.indexes[number]);
	if (risk != NULL)
		appendStringInfo(&text, "; %s", risk);
	return text.data;
}

/* Why nothing is advised for a statement that has a problem. */
char *
reason_unplanned(const Advisor *advisor, const WorkloadStatement *statement)
{
	double		share = advisor->total_us > 0 ?
		statement->total_us / advisor->total_us : 0;

	return psprintf("there is no advice for [%s]%s: %s",
					statement_excerpt(statement),
					statement->handed_in ? "" :
					psprintf(", which takes %s of the time", share_text(share)),
					statement->problem);
}

/*
 * Why an index is not proposed that would refuse rows which its table holds, as
 * whatif_refusal() has it: not NULL.
 */
char *
reason_refusal(const WhatIfIndex *index)
{
	return psprintf("an index on %s %s could not be built: %s",
					get_rel_name(index->def->relid),
					index_def_keys_text(index->def), whatif_refusal(index));
}

/* Why an index is not shown that cannot be written or costed. */
char *
reason_unwritten(const Candidate *candidate)
{
	return psprintf("an index on %s that may help is not shown: %s",
					get_rel_name(candidate->def->relid), candidate->problem);
}

/* Does any statement read the table at all? */
bool
reason_is_read(const Advisor *advisor, Oid relid)
{
	ListCell   *lc;

	foreach(lc, advisor->demands)
		if (((const CandidateDemand *) lfirst(lc))->demand->relid == relid)
		return true;
	return false;
}

/* Why a member of an index set that no statement uses is not built. */
char *
reason_unused(const Advisor *advisor, int number)
{
	const IndexDefinition *def =
		((const Candidate *) list_nth(advisor->candidates, number))->def;

	return psprintf("no observed statement on %s would use it",
					get_rel_name(def->relid));
}

/*
 * The names, or keys, of chosen indexes on the same table that serve what this
 * one would; NULL if there are none.
 */
char *
reason_superseded(Advisor *advisor, int number)
{
	Bitmapset  *alone = bms_make_singleton(number);
	StringInfoData text;
	Bitmapset  *others = NULL;
	int			other = -1;

	for (int i = 0; i < advisor->estimator.nstatements; i++)
	{
		Bitmapset  *used;

		(void) estimate_cost(&advisor->estimator, i, alone, &used);
		if (bms_is_empty(used))
			continue;
		(void) estimate_cost(&advisor->estimator, i, advisor->chosen, &used);
		others = bms_add_members(others, used);
	}
	initStringInfo(&text);
	while ((other = bms_next_member(others, other)) >= 0)
	{
		const IndexDefinition *def = advisor->estimator.indexes[other]->def;

		if (def->relid == advisor->estimator.indexes[number]->def->relid)
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
							 def->name ? def->name : index_def_keys_text(def));
	}
	return text.len > 0 ? text.data : NULL;
}
