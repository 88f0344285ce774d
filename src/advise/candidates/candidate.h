/*-------------------------------------------------------------------------
 *
 * candidate.h
 *	  Indexes that might help.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CANDIDATE_H
#define CLIPPERF_CANDIDATE_H

#include "advise/candidates/demand.h"
#include "advise/indexes/index_def.h"
#include "advise/whatif/whatif.h"

/*
 * Key columns of a candidate at most: of PostgreSQL's 32, few help after some.
 */
#define CANDIDATE_KEYS	8

/* An index that might help. */
typedef struct Candidate
{
	IndexDefinition *def;
	uint64		hash;
	Bitmapset  *statements;		/* numbers of those that it is made for */
	char	   *problem;		/* why it cannot be written or made a
								 * hypothetical index, or NULL */
	Bitmapset  *kept_from;		/* numbers of those that it would slow down,
								 * did its predicate not keep them from it */
	const WhatIfIndex *refusing;	/* as it would be, if it would refuse rows
									 * that its table holds; else NULL */
} Candidate;

/* What one statement asks of one table. */
typedef struct CandidateDemand
{
	int			statement;		/* number */
	double		weight;			/* microseconds spent in the statement */
	const Demand *demand;
} CandidateDemand;

/* Candidates for a list of CandidateDemand, and those that cannot be written. */
extern List *candidates_make(List *demands, List **unwritten);

/* The same index among a list of Candidate, or NULL; "hash" is that of it. */
extern Candidate *candidate_find(const List *candidates,
								 const IndexDefinition *def, uint64 hash);

/* Could one index do the work of both, since they begin alike? */
extern bool candidates_are_alike(const IndexDefinition *a,
								 const IndexDefinition *b);

/* Indexes that do the work of two candidates in "kept", as Candidates. */
extern List *candidates_merge(List *candidates, const Bitmapset *kept);

/* An index for some statements, so that others cannot use it, as Candidates. */
extern List *candidates_confine(const List *candidates, const List *demands,
								const IndexDefinition *def,
								const Bitmapset *served,
								const Bitmapset *harmed);

#endif							/* CLIPPERF_CANDIDATE_H */
