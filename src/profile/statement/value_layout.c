/*-------------------------------------------------------------------------
 *
 * value_layout.c
 *	  How long values of a type are, and how they are passed.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/value_layout.h"

#include "access/htup_details.h"
#include "utils/syscache.h"

/*
 * Length and passing of a type by the catalogs; false if it is gone.  Raises
 * nothing: it is asked when an execution ends.
 */
bool
value_layout_stored(Oid type, int16 *length, bool *byval)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_type) GETSTRUCT(tuple);
	*length = form->typlen;
	*byval = form->typbyval;
	ReleaseSysCache(tuple);
	return true;
}
