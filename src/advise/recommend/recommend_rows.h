/*-------------------------------------------------------------------------
 *
 * recommend_rows.h
 *	  What several kinds of advice put into their rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RECOMMEND_ROWS_H
#define CLIPPERF_RECOMMEND_ROWS_H

#include "advise/indexes/advice.h"
#include "advise/select/advisor.h"

/* The tables that the statements use, none twice: a list of OIDs. */
extern List *recommend_tables(const Advisor *advisor);

/* The queryid of a statement, as a list for an Advice. */
extern List *recommend_queryid(const WorkloadStatement *statement);

/* Fill in the figures of a candidate and the statements it serves. */
extern void recommend_add_figures(Advisor *advisor, int number,
								  const List *served, Advice *advice);

/* Can PostgreSQL build the index without blocking those who write? */
extern bool recommend_is_concurrent(const IndexDefinition *def);

/* Advise on this index, under a name that is free and that no row has. */
extern void recommend_take_definition(Advice *advice, IndexDefinition *def,
									  const List *rows);

#endif							/* CLIPPERF_RECOMMEND_ROWS_H */
