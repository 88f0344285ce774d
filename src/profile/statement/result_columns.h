/*-------------------------------------------------------------------------
 *
 * result_columns.h
 *	  Which columns of a statement's result carry keys, or may.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RESULT_COLUMNS_H
#define CLIPPERF_RESULT_COLUMNS_H

#include "profile/statement/document.h"
#include "profile/statement/value.h"
#include "store/resultset.h"

/* Columns that are taken together at most. */
#define JOINT_PARTS			4

/* A column of the result that carries keys, or several taken together. */
typedef struct InfoColumn
{
	int16		position;		/* in the rows that are sent */
	int16		target;			/* in the plan's target list, from 0 */
	ValueKind	kind;			/* VALUE_NONE of a document */
	DocumentKind document;
	ValueKind	element;		/* of a document that is an array */
	uint8		field;			/* of a JSON document: which of its fields */
	bool		is_guess;		/* a text or JSON, which may hold no keys .. */
	bool		has_held;		/* .. and has held some, or texts that were
								 * looked up, .. */
	uint8		in_vain;		/* .. or not, in so many results */
	/* What it was there, see statement_info_fits(): */
	Oid			type;
	Oid			origin_relid;
	int16		origin_attno;
	uint32		key;			/* whose keys they are, see resultset_key() */
	uint8		nparts;			/* columns that are taken together, as a joint
								 * one; else 0 */
	uint8		parts[JOINT_PARTS]; /* .. and which, in their order */
	ResultColumn column;		/* as it goes into a result set */
} InfoColumn;

/* So many results without a key, or one that was looked up, and a guess is dropped. */
#define GUESSES_IN_VAIN		16

/*
 * Collect the columns of the result that carry keys, or may: fills
 * columns[RESULTSET_COLUMNS], returns how many.  *complete is taken away where a table
 * was locked, so that they are to be asked for again.
 */
extern int	result_columns_collect(const QueryDesc *query, InfoColumn *columns, bool *complete);

/*
 * Drop columns that have held no keys in so many results, and say how many are left;
 * false if there are none.
 */
extern bool result_columns_drop_guesses(InfoColumn *columns, int *count);

#endif							/* CLIPPERF_RESULT_COLUMNS_H */
