/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What the SQL-callable readers of the store share.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_authid.h"
#include "utils/acl.h"

#include "common/result_rows.h"
#include "store/store.h"

/*
 * Begin a set-returning reader of "columns" columns: rows go to the tuplestore
 * of fcinfo->resultinfo.  Error 55000 unless clipperf was preloaded.
 */
void
report_begin_rows(FunctionCallInfo fcinfo, int columns)
{
	store_require();
	result_begin_rows(fcinfo, columns);
}

/* May the caller read texts and parameters of this user's statements? */
bool
report_may_read(Oid userid)
{
	return userid == GetUserId() ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}
