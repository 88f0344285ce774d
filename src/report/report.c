/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What the SQL-callable readers share.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_authid.h"
#include "utils/acl.h"
#include "utils/builtins.h"

/* See report.h. */
bool
report_may_read(Oid userid)
{
	return userid == GetUserId() ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/* See report.h. */
void
report_set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}
