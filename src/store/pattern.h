/*-------------------------------------------------------------------------
 *
 * pattern.h
 *	  The N+1 patterns found: which child follows which parent's rows.
 *
 * See pattern.c for the lock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PATTERN_H
#define CLIPPERF_PATTERN_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/route.h"
#include "store/statement.h"
#include "store/store.h"

/* Compared as bytes: no padding. */
typedef struct PatternKey
{
	uint64		parent;			/* fingerprint of the parent; 0 = suspected
								 * only */
	uint64		child;			/* fingerprint of the child */
	Oid			dbid;
	Oid			userid;			/* who ran the child */
	Oid			parent_relid;	/* column of the parent's result */
	Oid			function;		/* function the child ran in, or InvalidOid */
	RouteId		route;			/* of the child */
	int16		parent_attno;
	int16		parameter;		/* number in the child's text */
} PatternKey;

/* What else is known when a pattern is found. */
typedef struct PatternFacts
{
	uint64		parent_queryid;
	uint64		child_queryid;
	Oid			child_relid;	/* column the parameter is compared with */
	Oid			parameter_type;
	int16		child_attno;
	int16		inserts_row;	/* a single-row INSERT, 0 or 1 */
	int16		in_family;		/* it names a partition or child table, 0 or 1 */
	int16		unused[1];		/* zero, as facts are saved as they are */
} PatternFacts;

/* Parameters of a child that are told apart. */
#define PATTERN_PARAMETERS	32

/*
 * How the values of a child's parameters went from one execution to the next
 * within its episodes, by their numbers in its normalised text.
 */
typedef struct PatternParameters
{
	uint32		count;			/* of the parameters; 0 = nothing is known */
	uint32		compared;		/* executions that were compared with the one
								 * before */
	uint32		changes[PATTERN_PARAMETERS];	/* .. of which $n had another
												 * value */
	Oid			types[PATTERN_PARAMETERS];	/* of a literal by itself:
											 * UNKNOWNOID in quotes,
											 * InvalidOid = NULL; those of
											 * nliterals come last */
	uint8		same_as[PATTERN_PARAMETERS];	/* lowest number that always
												 * had the value of $n */
	uint32		hashes[PATTERN_PARAMETERS]; /* of the value of $n in the first
											 * of them; 0 = not known */
	uint32		differ;			/* bit n-1: $n had another one in another loop */
	uint32		literals;		/* hash of the literals in a text that has
								 * parameters as well, the same throughout a
								 * loop; 0 = not known, or they are not */
	uint32		literals_differ;	/* 0 or 1: another loop had others */
	int32		nliterals;		/* how many; -1 = the values are the literals */
} PatternParameters;

/* Where in the application a child comes from, "" = not known; see origin.h. */
typedef struct PatternOrigin
{
	char		framework[40];	/* by its name, "rails_v7.1" */
	char		place[160];		/* file, line, controller, action, job */
} PatternOrigin;

/* Fills in the origin of what it is given; raises nothing. */
typedef void (*PatternOriginReader) (void *arg, PatternOrigin *origin);

/* Times in microseconds. */
typedef struct PatternCounters
{
	int64		episodes;
	int64		children;
	int64		repeats;		/* .. with a value that the episode had before */
	int64		max_children;	/* of one episode */
	int64		connections;	/* most of one episode */
	int64		pipelined;		/* children that another statement waited for */
	double		child_us;
	double		gap_us;
	TimestampTz first_seen;
	TimestampTz last_seen;
} PatternCounters;

typedef struct Pattern
{
	PatternKey	key;
	PatternFacts facts;
	PatternCounters counters;
	PatternParameters parameters;
	PatternOrigin origin;
	bool		used;
	bool		strong;			/* stands without a good history */
	bool		has_child_text; /* we hold a reference to the texts */
	bool		has_parent_text;
	bool		apart;			/* each child ran in a request of its own, as
								 * far as is known */
	bool		over_parts;		/* its children name several partitions or
								 * child tables */
	bool		unused[2];		/* zero, too */

	/*
	 * The other column whose values they were in the last loop that leaves
	 * open which of the two it was over, and how many such loops there were.
	 */
	int64		ties;
	Oid			rival_relid;
	int16		rival_attno;
	int16		unused_attno;	/* zero */
} Pattern;

/* The type that holds literals of both types; UNKNOWNOID if there is none. */
extern Oid	pattern_literal_type(Oid one, Oid other);

/* Add to the pattern of this key, made if it is new. */
extern int	pattern_add(int known, const PatternKey *key,
						const PatternFacts *facts,
						const PatternCounters *add,
						const PatternParameters *parameters, bool strong, bool apart,
						StatementTextMaker maker,
						PatternOriginReader reader, void *arg);

/* Take away what an episode has been counted as; others have the credit. */
extern void pattern_subtract(int number, uint64 history_key,
							 const PatternCounters *counters);

/* A loop of the pattern may have been over another column as well. */
extern void pattern_note_tie(int number, uint64 history_key, Oid rival_relid,
							 int16 rival_attno);

/* The key of a pattern's history. */
extern uint64 pattern_history_key(const PatternKey *key);

/* A palloc'd copy of all patterns that stand. */
extern Pattern *pattern_copy(int *count);

/* Patterns forgotten to make room since start or reset. */
extern int64 pattern_evicted(void);

extern const StoreModule pattern_module;

#endif							/* CLIPPERF_PATTERN_H */
