/*-------------------------------------------------------------------------
 *
 * advice.h
 *	  One row of advice.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ADVICE_H
#define CLIPPERF_ADVICE_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "advise/indexes/index_def.h"

typedef struct Advice
{
	const char *action;			/* "create", "drop", "keep", "skip" */
	const char *kind;			/* what makes it so, for those who sort
								 * advice; see ADVICE_* below; NULL = nothing
								 * special */
	Oid			relid;			/* InvalidOid when the table is missing */
	char	   *index_name;
	char	   *member_name;	/* what an index set calls it, or NULL */
	char	   *ddl;			/* of an action, with its semicolon; NULL for
								 * keep and most of skip */
	char	   *source;			/* "workload", "set:NAME", "catalog" */
	char	   *status;			/* "new" until it was acted on */
	double		benefit_share;	/* these eight: NAN = unknown */
	double		cost_before;
	double		cost_after;
	double		mean_before_ms; /* of a call of the statements served */
	double		mean_after_ms;
	double		blocks_before;	/* that it touches */
	double		blocks_after;
	double		write_cost_share;
	int64		size_bytes;		/* -1 = unknown */
	List	   *queryids;		/* of uint64 *: statements it is about */
	List	   *slowed;			/* of uint64 *: those that it makes slower */
	char	   *reason;			/* one plain sentence */
	List	   *alike;			/* of Advice: the same for other tables, of
								 * which this one is the first; its figures
								 * are of all */
	IndexDefinition *def;		/* NULL if there is none */
} Advice;

/* Kinds of advice to drop an index. */
#define ADVICE_DUPLICATE "duplicate"
#define ADVICE_REDUNDANT "redundant"
#define ADVICE_INVALID "invalid"
#define ADVICE_UNUSED "unused"

/* Advice with nothing known but this; the strings are not copied. */
extern Advice *advice_make(const char *action, Oid relid, char *source);

/* A point in time for people, to the minute. */
extern char *advice_minute(TimestampTz time);

/* What must be said beside a proposal to drop an index; "" if nothing. */
extern const char *advice_drop_reservation(void);

/* The reason, with what must be said beside it. */
extern const char *advice_reason(const Advice *advice);

/* A statement as advice shows it, to be pasted. */
extern char *advice_statement(const char *sql);

#endif							/* CLIPPERF_ADVICE_H */
