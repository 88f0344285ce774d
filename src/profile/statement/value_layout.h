/*-------------------------------------------------------------------------
 *
 * value_layout.h
 *	  How long values of a type are, and how they are passed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_VALUE_LAYOUT_H
#define CLIPPERF_VALUE_LAYOUT_H

#include "compat.h"

#include "catalog/pg_type.h"

/* Length and passing of a type by the catalogs. */
extern bool value_layout_stored(Oid type, int16 *length, bool *byval);

/* Length and passing of a type: no catalog is read for the usual ones. */
static inline bool
value_layout(Oid type, int16 *length, bool *byval)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*length = sizeof(Datum);
			*byval = true;
			break;
		case UUIDOID:
			*length = 16;
			*byval = false;
			break;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			*length = -1;
			*byval = false;
			break;
		default:
			return value_layout_stored(type, length, byval);
	}
	return true;
}

#endif							/* CLIPPERF_VALUE_LAYOUT_H */
