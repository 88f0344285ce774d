/*-------------------------------------------------------------------------
 *
 * recommend_scans.c
 *	  What a run says of the scans that it recommends no index for.
 *
 * clipperf_report() shows a scan with the index that the advisor chose for its
 * statement.  Where it chose none, the reader wants to know why: nothing in the
 * statement could be looked up in an index, the planner would not use one, it
 * would save too little; or the statement does not scan the table that way any
 * more.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_scans.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "advise/recommend/reason.h"
#include "advise/recommend/reason_application.h"
#include "advise/recommend/recommend_rows.h"
#include "store/seqscan.h"

/* A scan that is to be explained, and what is needed for it. */
typedef struct ScanQuestion
{
	Advisor    *advisor;
	int			statement;		/* number */
	List	   *family;			/* OIDs of the table and what it is made of */
} ScanQuestion;

/* Do both read the same table in the same way for the same statement? */
static bool
is_same_scan(const ScanAdvice *scan, const SeqScanKey *key, Oid index)
{
	return scan->relid == key->relid && scan->queryid == key->queryid &&
		scan->userid == key->userid && scan->index == index;
}

/* SeqScanVisitor: add a scan of this database to the List "arg", once. */
static void
add_seen_scan(const SeqScanKey *key, const SeqScanColumns *columns,
			  const SeqScanCounters *counters, void *arg)
{
	List	  **scans = arg;
	ScanAdvice *scan;
	ListCell   *lc;

	if (key->dbid != MyDatabaseId)
		return;
	foreach(lc, *scans)
		if (is_same_scan(lfirst(lc), key, columns->index))
		return;
	scan = palloc0(sizeof(ScanAdvice));
	scan->relid = key->relid;
	scan->queryid = key->queryid;
	scan->userid = key->userid;
	scan->index = columns->index;
	*scans = lappend(*scans, scan);
}

/* The number of the statement that scans, or -1 if it was not considered. */
static int
find_scanning_statement(const Advisor *advisor, const ScanAdvice *scan)
{
	ListCell   *lc;

	foreach(lc, advisor->statements)
	{
		const WorkloadStatement *statement = lfirst(lc);

		if (statement->queryid == scan->queryid &&
			statement->userid == scan->userid)
			return foreach_current_index(lc);
	}
	return -1;
}

/*
 * Does a row, or one that it stands for, advise an index on these tables for the
 * statement?
 */
static bool
is_advised(const List *rows, const List *family, uint64 queryid)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		const Advice *advice = lfirst(lc);
		ListCell   *item;

		if (is_advised(advice->alike, family, queryid))
			return true;
		if (strcmp(advice->action, "create") != 0 ||
			!list_member_oid(family, advice->relid))
			continue;
		foreach(item, advice->queryids)
			if (*(uint64 *) lfirst(item) == queryid)
			return true;
	}
	return false;
}

/* What look_for_scan() is told, and tells. */
typedef struct ScanSearch
{
	const WorkloadStatement *statement;
	const List *family;			/* OIDs */
	Oid			index;			/* that the scan walks */
	bool		found;
} ScanSearch;

/* SandboxWork: does a plan of the statement read one of the tables that way? */
static void
look_for_scan(void *arg)
{
	ScanSearch *search = arg;
	ListCell   *lc;

	foreach(lc, search->statement->variants)
	{
		const WorkloadVariant *variant = lfirst(lc);
		WhatIfResult result;
		ListCell   *item;

		whatif_plan(variant->queries, variant->text, variant->params, NULL,
					&result);
		foreach(item, result.scanned)
			search->found |= !OidIsValid(search->index) &&
			list_member_oid(search->family, lfirst_oid(item));
		search->found |= list_member_oid(result.used_real, search->index);
	}
}

/*
 * Does no plan of the statement read the table like this as things are?  Of
 * partitions' indexes nothing is known.
 */
static bool
scan_is_settled(const ScanQuestion *question, Oid index)
{
	ScanSearch	search = {
		.statement = list_nth(question->advisor->statements, question->statement),
		.family = question->family,
		.index = index
	};
	Sandbox		sandbox = workload_sandbox(search.statement);

	return !list_member_oid(question->family, index) &&
		sandbox_run(&sandbox, look_for_scan, &search) == NULL &&
		!search.found;
}

/* The candidates on the table that could matter to the statement. */
static Bitmapset *
relevant_indexes(const ScanQuestion *question)
{
	const Estimator *estimator = &question->advisor->estimator;
	const Bitmapset *relevant = estimator->statements[question->statement].relevant;
	Bitmapset  *found = NULL;
	int			number = -1;

	while ((number = bms_next_member(relevant, number)) >= 0)
		if (list_member_oid(question->family, estimator->indexes[number]->def->relid))
			found = bms_add_member(found, number);
	return found;
}

/*
 * Is it the operator of a pattern on text, such as LIKE '%x%', which the
 * operator classes of pg_trgm serve?
 */
static bool
is_trigram_operator(Oid operator)
{
	Oid			left;
	Oid			right;

	switch (OidIsValid(operator) ? get_oprrest(operator) : InvalidOid)
	{
		case F_LIKESEL:
		case F_ICLIKESEL:
		case F_REGEXEQSEL:
		case F_ICREGEXEQSEL:
			op_input_types(operator, &left, &right);
			return left == TEXTOID;
		default:
			return false;
	}
}

/* Does the demand ask for a pattern that only trigrams, which are not there, would find? */
static bool
lacks_trigrams(const Demand *demand)
{
	ListCell   *lc;

	if (OidIsValid(get_extension_oid("pg_trgm", true)))
		return false;
	foreach(lc, demand->filters)
		if (is_trigram_operator(((const DemandFilter *) lfirst(lc))->operator))
		return true;
	return false;
}

/* Say of a scan that the extension with the operator classes is missing. */
static void
explain_trigrams(ScanAdvice *scan)
{
	scan->outcome = SCAN_TRIGRAMS;
	scan->reason = pstrdup("an index for patterns in the middle of a text needs the extension pg_trgm");
}

/*
 * Why a candidate on the table that was made for the statement came to nothing;
 * NULL if there is none.
 */
static char *
find_candidate_problem(const ScanQuestion *question)
{
	List	   *candidates = list_concat_copy(question->advisor->candidates,
											  question->advisor->unwritten);
	ListCell   *lc;

	foreach(lc, candidates)
	{
		const Candidate *candidate = lfirst(lc);

		if (candidate->problem == NULL ||
			!bms_is_member(question->statement, candidate->statements) ||
			!list_member_oid(question->family, candidate->def->relid))
			continue;
		return candidate->refusing != NULL ? reason_refusal(candidate->refusing) :
			reason_unwritten(candidate);
	}
	return NULL;
}

/*
 * Fill in what stands against an index for what one statement asks of the table;
 * false if nothing is known of that.
 */
static bool
explain_demand(const Advisor *advisor, const Demand *demand, ScanAdvice *scan)
{
	if (demand->mutable != NIL)
		scan->reason = psprintf("the statement filters or sorts by %s(), which is not IMMUTABLE: PostgreSQL cannot index it",
								strVal(linitial(demand->mutable)));
	else if (demand->refused != NIL)
		scan->reason = psprintf("the statement filters or sorts by %s(), a function of this database: an index on it is proposed only if allow_functions names it",
								strVal(linitial(demand->refused)));
	else if (lacks_trigrams(demand))
		explain_trigrams(scan);
	else if (demand->unstable != NIL)
		scan->reason = reason_unstable(advisor, demand->relid, linitial(demand->unstable));
	else if (demand->elements != NIL)
		scan->reason = reason_elements(advisor, demand->relid, linitial(demand->elements));
	else if (demand->varying != NIL)
		scan->reason = reason_varying(advisor, demand->relid, linitial(demand->varying));
	else
		return false;
	return true;
}

/* Is it the statement of the question that asks that of the table? */
static bool
is_asked_of(const ScanQuestion *question, const CandidateDemand *item)
{
	return item->statement == question->statement &&
		list_member_oid(question->family, item->demand->relid);
}

/*
 * Why nothing could be looked up: none of the candidates for the statement is an
 * index that can be had, or there are none.
 */
static void
explain_no_candidate(const ScanQuestion *question, ScanAdvice *scan)
{
	ListCell   *lc;

	scan->outcome = SCAN_HOPELESS;
	scan->reason = find_candidate_problem(question);
	if (scan->reason != NULL)
		return;
	foreach(lc, question->advisor->demands)
	{
		const CandidateDemand *item = lfirst(lc);

		if (is_asked_of(question, item) &&
			explain_demand(question->advisor, item->demand, scan))
			return;
	}
	scan->reason = pstrdup("an index cannot serve what the statement compares or sorts by");
}

/* What the statement would save by "more" where there are "others", in microseconds. */
static double
saved_beside(const ScanQuestion *question, const Bitmapset *more,
			 const Bitmapset *others)
{
	Estimator  *estimator = &question->advisor->estimator;

	return estimate_time_us(estimator, question->statement, others) -
		estimate_time_us(estimator, question->statement, bms_union(more, others));
}

/*
 * Why none of the candidates for the statement was chosen: by what they would save
 * beside the indexes that were.
 */
static void
explain_candidates(const ScanQuestion *question, const Bitmapset *candidates,
				   ScanAdvice *scan)
{
	Advisor    *advisor = question->advisor;
	double		left_us = advisor->selection.left_us;
	double		least_us = advisor_least_us(advisor);
	double		alone_us = saved_beside(question, candidates, NULL);
	double		saved_us = saved_beside(question, candidates, advisor->chosen);
	Bitmapset  *used;
	ListCell   *lc;

	scan->outcome = SCAN_HOPELESS;
	(void) estimate_cost(&advisor->estimator, question->statement, candidates,
						 &used);

	/* What was tried serves the order, or another filter. */
	foreach(lc, advisor->demands)
	{
		const CandidateDemand *item = lfirst(lc);

		if (is_asked_of(question, item) && lacks_trigrams(item->demand))
		{
			explain_trigrams(scan);
			return;
		}
	}
	if (!bms_overlap(used, candidates) || alone_us <= 0)
		scan->reason = psprintf("%d %s tried with the values seen, and the planner found the present plan cheaper",
								bms_num_members(candidates),
								bms_num_members(candidates) == 1 ? "index was" : "indexes were");
	else if (saved_us < least_us)
		scan->reason = psprintf("%san index would save at most %.2f%% of the time %s, less than min_benefit",
								alone_us < least_us ? "" : "beside what is recommended, ",
								100 * Max(saved_us, 0) / left_us,
								left_us < advisor->total_us ? "that is left with what is recommended" : "of all statements");
	else if (advisor->options.limits.bytes >= 0 ||
			 advisor->options.limits.indexes >= 0)
		scan->reason = pstrdup("an index would help, but others save more within the limits that were given");
	else
		scan->reason = psprintf("an index would save %.2f%% of the time of all statements, which its write overhead or what it does to other statements outweighs",
								100 * saved_us / advisor->total_us);
}

/* Fill in what is said of one scan; false if an index is advised for it. */
static bool
explain_scan(Advisor *advisor, int statement, const List *rows, ScanAdvice *scan)
{
	const WorkloadStatement *workload = list_nth(advisor->statements, statement);
	ScanQuestion question = {
		.advisor = advisor,
		.statement = statement,
		.family = find_all_inheritors(scan->relid, NoLock, NULL)
	};
	Bitmapset  *candidates;

	if (is_advised(rows, question.family, scan->queryid))
		return false;
	if (workload->problem != NULL)
	{
		scan->outcome = SCAN_UNPLANNED;
		scan->reason = psprintf("the statement cannot be planned again: %s",
								workload->problem);
		return true;
	}
	if (scan_is_settled(&question, scan->index))
	{
		scan->outcome = SCAN_SETTLED;
		scan->reason = pstrdup("its plan no longer reads the table this way");
		return true;
	}
	candidates = relevant_indexes(&question);
	if (bms_is_empty(candidates))
		explain_no_candidate(&question, scan);
	else
		explain_candidates(&question, candidates, scan);
	return true;
}

/* May the current user read what the scan's user did? */
static bool
may_read_scan(const ScanAdvice *scan)
{
	return scan->userid == GetUserId() ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/*
 * What the run says of each scan of its statements that no row of "rows" (a list
 * of Advice) has an index for: a list of ScanAdvice.  "whole" means that all
 * statements counted were considered.  Of a run that was cut short nothing is
 * known but what it chose.
 */
List *
recommend_scans(Advisor *advisor, const List *rows, bool whole)
{
	List	   *seen = NIL;
	List	   *explained = NIL;
	ListCell   *lc;

	if (estimate_is_late(&advisor->estimator))
		return NIL;
	seqscan_visit(add_seen_scan, &seen);
	foreach(lc, seen)
	{
		ScanAdvice *scan = lfirst(lc);
		int			statement = find_scanning_statement(advisor, scan);

		CHECK_FOR_INTERRUPTS();
		if (get_rel_name(scan->relid) == NULL)
			continue;
		if (statement >= 0 && explain_scan(advisor, statement, rows, scan))
			explained = lappend(explained, scan);
		if (statement < 0 && whole && may_read_scan(scan))
		{
			scan->outcome = SCAN_UNPLANNED;
			scan->reason = pstrdup("its statement is not among those counted; set clipperf.track to all to count what runs inside functions");
			explained = lappend(explained, scan);
		}
	}
	return explained;
}
