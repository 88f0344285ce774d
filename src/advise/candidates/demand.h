/*-------------------------------------------------------------------------
 *
 * demand.h
 *	  What a statement asks of one table that it reads, as a data structure.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DEMAND_H
#define CLIPPERF_DEMAND_H

#include "compat.h"

#include "nodes/pg_list.h"

/*
 * How a condition could use an index; the order matters (fixes_demand_key()).
 */
typedef enum DemandUse
{
	DEMAND_EQUAL,				/* = constant, IS NULL, a boolean column */
	DEMAND_LIST,				/* IN, = ANY */
	DEMAND_JOIN,				/* = a column of another table */
	DEMAND_RANGE,				/* <, <=, >=, > */
	DEMAND_PREFIX,				/* LIKE 'x%' */
	DEMAND_OPERATOR,			/* any other operator */
	DEMAND_SUPPORTED,			/* a function whose planner support makes an
								 * index condition of it */
	DEMAND_CONDITION			/* good as a predicate only: IS NOT NULL, <> */
} DemandUse;

/* A column or expression that could be the key of an index. */
typedef struct DemandKey
{
	AttrNumber	attno;			/* 0 = an expression */
	Node	   *expr;			/* of varno 1; NULL for a column */
	Oid			type;
	Oid			collation;
} DemandKey;

/* A condition on a key. */
typedef struct DemandFilter
{
	DemandUse	use;
	DemandKey	key;
	Oid			operator;		/* InvalidOid for tests and functions */
	Oid			am;				/* of DEMAND_SUPPORTED: the access method */
	Oid			opclass;		/* and operator class that serve it */
	Node	   *clause;			/* the condition, of varno 1 */
	bool		of_view;		/* its constants are those of a view */
	bool		arm;			/* one side of an OR */
} DemandFilter;

/* One key of the order that the rows are wanted in. */
typedef struct DemandSort
{
	DemandKey	key;
	bool		descending;
	bool		nulls_first;
} DemandSort;

/* What one statement asks of one table. */
typedef struct Demand
{
	Oid			relid;
	List	   *filters;		/* of DemandFilter */
	List	   *sorts;			/* of DemandSort */
	bool		limited;		/* only the first rows are wanted */
	bool		can_skip_table; /* an index could answer it alone */
	List	   *needed;			/* columns the rest of the statement reads */
	List	   *tested;			/* columns in conditions; attribute numbers */
	double		rows;			/* that its own conditions leave */
	double		tuples;			/* of all partitions that are read */
	double		pages;			/* of all partitions that are read */
	double		visible_share;	/* pages that an index-only scan can skip */
	Oid			largest;		/* partition that is read, or the table */
	List	   *refused;		/* names of users' immutable functions that no
								 * index should be made of */
	List	   *mutable;		/* names of users' functions that are not
								 * immutable */
	List	   *unstable;		/* expressions of varno 1 that would be keys,
								 * were they immutable */
	List	   *varying;		/* likewise, were their constants the same in
								 * all calls */
	List	   *elements;		/* arrays of varno 1, of which a value is to
								 * be an element: GIN would serve another
								 * operator */
} Demand;

#endif							/* CLIPPERF_DEMAND_H */
