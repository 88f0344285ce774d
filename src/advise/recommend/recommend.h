/*-------------------------------------------------------------------------
 *
 * recommend.h
 *	  What an advisor's run comes to, as rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RECOMMEND_H
#define CLIPPERF_RECOMMEND_H

#include "advise/select/advisor.h"
#include "advise/recommend/advice.h"

/* The tables that the statements use, none twice: */
extern List *recommend_tables(const Advisor *advisor);

/* Fill in the figures of a candidate and the statements it serves. */
extern void recommend_add_figures(Advisor *advisor, int number,
								  const List *served, Advice *advice);

/* The number of a statement, as a list for an Advice. */
extern List *recommend_queryid(const WorkloadStatement *statement);

/* Advise on this index, under a name that is free and not in "taken". */
extern void recommend_take_definition(Advice *advice, IndexDefinition *def,
									  List *taken);

/* Advice to build what the advisor chose, most useful first. */
extern List *recommend_chosen(Advisor *advisor);

/* Tell of each index to be built whose statement blocks those who write. */
extern void recommend_tell_locks(const List *rows);

/* Advice on each member of an index set. */
extern List *recommend_set(Advisor *advisor, const char *index_set);

/* Advice to drop existing indexes: */
extern List *recommend_drops(Advisor *advisor, TimestampTz unused_since);

/*
 * Append advice to serve foreign keys whose referenced rows get deleted, unless
 * what is advised already ("rows") does.
 */
extern List *recommend_foreign_keys(const Advisor *advisor, List *rows);

/* Advice against indexes in an order in which statements find nothing soon. */
extern List *recommend_late(Advisor *advisor);

/* Advice against expressions that no index should be made of. */
extern List *recommend_refused(const Advisor *advisor);

/* Statements that nothing could be advised for, if they matter. */
extern List *recommend_unplanned(const Advisor *advisor);

/* Keep the rows as the caller's last run, and return them. */
extern void recommend_store(List *advice, Oid schema, ReturnSetInfo *result);

#endif							/* CLIPPERF_RECOMMEND_H */
