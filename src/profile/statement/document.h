/*-------------------------------------------------------------------------
 *
 * document.h
 *	  Keys within a value: the elements of an array, what stands in JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DOCUMENT_H
#define CLIPPERF_DOCUMENT_H

#include "profile/statement/value.h"

typedef enum DocumentKind
{
	DOCUMENT_NONE,
	DOCUMENT_ARRAY,
	DOCUMENT_JSON,
	DOCUMENT_JSONB,
	DOCUMENT_LIST				/* a text that lists keys, as string_agg()
								 * makes */
} DocumentKind;

/* The field that the names of fields are values of, where they spell keys. */
#define DOCUMENT_NAMES		2

/* Fields of the objects of a JSON document that are told apart. */
#define DOCUMENT_FIELDS		4

/* Most values of one document. */
#define DOCUMENT_VALUES		1000

/* What one document holds, in its order. */
typedef struct DocumentValues
{
	int			count;
	uint32		fields[DOCUMENT_VALUES];	/* hash of each value's key in its
											 * object, which is odd; 0 = none */
	uint64		hashes[DOCUMENT_VALUES];
} DocumentValues;

/* What kind of document values of a type are; "element" is set of an array. */
extern DocumentKind document_kind(Oid type, ValueKind *element);

/* Read a document that is not null; returns how many bytes it has. */
extern int	document_read(DocumentKind kind, ValueKind element, Datum value,
						  DocumentValues *values);

/* The hash of the only number or text in a jsonb document; false if it holds none or several. */
extern bool document_hash_single(Datum value, uint64 *hash);

#endif							/* CLIPPERF_DOCUMENT_H */
