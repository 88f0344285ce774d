/*-------------------------------------------------------------------------
 *
 * drop_check.c
 *	  What the statements observed would lose without an existing index.
 *
 * That another index can do the same does not mean that it does so as cheaply:
 * it may be much larger.  The planner tells.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/drop_check.h"

#include "miscadmin.h"

#include "advise/cost/statement_cost.h"

/*
 * An index stays if without it all statements together take more by this share
 * of their time, or if one of them costs so many times as much.  That is less
 * than what counts as clearly slower elsewhere: a drop saves little, and who signs
 * it wants no statement to pay for it.  A wider index in the place of a narrow
 * one costs about a tenth more.
 */
#define MOST_LOST	0.01
#define MOST_DEARER 1.2

/*
 * Price a statement under a config, and count the plans; false if that fails.
 */
static bool
plan_for_check(Advisor *advisor, WorkloadStatement *statement,
			   const WhatIfConfig *config, StatementCost *cost)
{
	ErrorData  *error = statement_cost(statement, config, cost);

	advisor->estimator.questions += cost->plans;
	return error == NULL;
}

/* The indexes chosen, as a config of what there will be. */
static WhatIfConfig
chosen_config(const Advisor *advisor)
{
	WhatIfConfig config = {.carry_safely = advisor->estimator.carry_safely};
	int			number = -1;

	config.indexes = palloc(sizeof(WhatIfIndex *) *
							Max(bms_num_members(advisor->chosen), 1));
	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
		config.indexes[config.nindexes++] = advisor->estimator.indexes[number];
	return config;
}

/*
 * Is the index, or one of its partitions, among those (OIDs) that plans use?
 */
static bool
uses_family_index(Oid indexoid, const List *used)
{
	ListCell   *lc;

	foreach(lc, whatif_hide(NIL, indexoid))
		if (list_member_oid(used, lfirst_oid(lc)))
		return true;
	return false;
}

/* Add what one statement loses without the index; nothing if it fails. */
static void
add_statement_loss(Advisor *advisor, int number, const IndexDefinition *existing,
				   List *hidden, DropCheck *check)
{
	const EstimatedStatement *estimated = &advisor->estimator.statements[number];
	WhatIfConfig config = chosen_config(advisor);
	StatementCost with;
	StatementCost without;

	config.hidden = hidden;
	if (!plan_for_check(advisor, estimated->workload, &config, &with))
		return;
	config.hidden = whatif_hide(list_copy(hidden), existing->indexoid);
	if (!plan_for_check(advisor, estimated->workload, &config, &without))
		return;
	check->affected++;
	if (uses_family_index(existing->indexoid, with.used_real))
		check->users++;
	if (with.likely <= 0 || estimated->base_cost <= 0 ||
		without.likely <= with.likely)
		return;
	check->lost_share += (without.likely - with.likely) /
		estimated->base_cost * estimated->workload->total_us /
		Max(advisor->total_us, 1);
	if (without.likely / with.likely > check->slower)
		check->slower = without.likely / with.likely;
}

/*
 * What the statements would lose without an existing index, if the chosen
 * indexes were there and those whose OIDs are in "hidden" gone.  Asks the
 * planner about each statement on the table, which the caller has locked.
 * Ends early when the time limit has passed.
 */
DropCheck
drop_check(Advisor *advisor, const IndexDefinition *existing, List *hidden)
{
	DropCheck	check = {.slower = 1};

	for (int i = 0; i < advisor->estimator.nstatements; i++)
	{
		const WorkloadStatement *statement =
			advisor->estimator.statements[i].workload;

		CHECK_FOR_INTERRUPTS();
		if (statement->problem != NULL ||
			!list_member_oid(statement->relids, existing->relid))
			continue;
		check.cut = estimate_is_late(&advisor->estimator);
		if (check.cut)
			break;
		add_statement_loss(advisor, i, existing, hidden, &check);
	}
	return check;
}

/* Would the statements lose so much that the index must stay, or might they? */
bool
drop_check_forbids(const DropCheck *check)
{
	return check->cut || check->lost_share > MOST_LOST || check->slower > MOST_DEARER;
}

/*
 * What came of the check, to be appended to a reason; "" if no statement could
 * be asked about.
 */
char *
drop_check_text(const DropCheck *check)
{
	double		percent = 100 * (check->slower - 1);

	if (check->cut)
		return "; the time limit was reached before it was known what statements would lose without it";
	if (check->affected == 0)
		return "";
	if (check->users == 0)
		return "; no observed statement uses it";
	return psprintf("; %d observed statement%s it and %s%s without it",
					check->users, check->users == 1 ? " uses" : "s use",
					check->users == 1 ? "costs " : "cost ",
					percent < 1 ? "no more" :
					psprintf("%s%.0f%% more", check->users == 1 ? "" : "up to ",
							 percent));
}
