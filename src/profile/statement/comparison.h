/*-------------------------------------------------------------------------
 *
 * comparison.h
 *	  Which columns a statement compares with parameters and literals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_COMPARISON_H
#define CLIPPERF_COMPARISON_H

#include "compat.h"

/* Most comparisons kept of one statement, and of one list of values. */
#define COMPARISONS			8
#define COMPARISONS_IN_LIST 3

/* "column = value", or a value inserted into a column. */
typedef struct Comparison
{
	Oid			relid;			/* InvalidOid = not known */
	int16		attno;
	int16		parameter;		/* number of the parameter, 0 = a literal */
	uint8		list;			/* values of one IN list share a number, 0 =
								 * none */
	uint16		list_length;	/* values of an IN list, also those that are
								 * not kept; 0 = it is none */
	bool		is_array;		/* = ANY (array), which may hold one value, or
								 * = array[subscript] */
	int16		subscript;		/* .. the number of its parameter, else 0 */
	int			location;		/* of the literal in the source text */
	Oid			type;			/* of the value, or of an array's elements */
	Const	   *literal;		/* NULL for a parameter */
} Comparison;

typedef struct Comparisons
{
	int			count;
	int			lists;
	bool		has_list;		/* texts may differ by the length of a list */
	bool		has_literals;	/* nulls, and those left out, too */
	bool		has_nulls;		/* a literal was left out for being null */
	Comparison	items[COMPARISONS];
} Comparisons;

/* Read an analysed query. */
extern void comparisons_collect(Query *query, Comparisons *comparisons);

#endif							/* CLIPPERF_COMPARISON_H */
