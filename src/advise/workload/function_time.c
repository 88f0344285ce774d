/*-------------------------------------------------------------------------
 *
 * function_time.c
 *	  How long functions may run while statements are planned.
 *
 * The planner runs immutable and stable functions, again for each sample of a
 * statement and each index that is tried.  One that is slow would hold up the
 * advice on all other statements.  So a function has FUNCTION_MS within one
 * statement of the client, and those of a role that is no superuser have ROLE_MS
 * together; they are refused from then on.  Time is that of the processor, so that
 * the same are refused on a busy machine.
 *
 * State belongs to one backend.  An error leaves nothing behind that matters:
 * fmgr tells the end of each call, with an error or not, and a new statement of
 * the client begins with nothing used up.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/function_time.h"

#include <time.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/regproc.h"

#include "common/owner.h"

/*
 * Choices: more than planning some hundred statements takes whose functions are as
 * quick as those should be that the planner runs.
 */
#define FUNCTION_MS 2000
#define ROLE_MS		10000

/* Roles and functions that are kept account of; the least is forgotten. */
#define MOST_ACCOUNTS 64

/* What a function, or all of a role, have used up. */
typedef struct FunctionTime
{
	Oid			id;				/* of the function or role */
	bool		of_role;
	int64		us;
} FunctionTime;

static FunctionTime accounts[MOST_ACCOUNTS];
static int	naccounts = 0;
static TimestampTz accounted = 0;	/* the client's statement began then */

/* How many functions run, one within the other; the outermost of them. */
static int	running = 0;
static Oid	outermost = InvalidOid;
static Oid	outermost_role = InvalidOid;	/* InvalidOid = a superuser's */
static int64 began_us = 0;

/* Time that this process has had of the processor, in microseconds. */
static int64
used_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
		return INT64CONST(0);
	return (int64) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The account of a function or role; NULL if there is none. */
static FunctionTime *
find_account(Oid id, bool of_role)
{
	for (int i = 0; i < naccounts; i++)
		if (accounts[i].id == id && accounts[i].of_role == of_role)
			return &accounts[i];
	return NULL;
}

/* The account with the least time, once there are MOST_ACCOUNTS. */
static FunctionTime *
least_account(void)
{
	FunctionTime *least = &accounts[0];

	for (int i = 1; i < MOST_ACCOUNTS; i++)
		if (accounts[i].us < least->us)
			least = &accounts[i];
	return least;
}

/* Charge time to an account, which is made if there is none. */
static void
charge(Oid id, bool of_role, int64 us)
{
	FunctionTime *account = find_account(id, of_role);

	if (account == NULL)
	{
		account = naccounts < MOST_ACCOUNTS ? &accounts[naccounts++] :
			least_account();
		*account = (FunctionTime)
		{
			.id = id,.of_role = of_role
		};
	}
	account->us += us;
}

/* The owner of a function; InvalidOid if that is a superuser. */
static Oid
plain_owner(Oid function)
{
	Oid			role = owner_of_function(function);

	return OidIsValid(role) && superuser_arg(role) ? InvalidOid : role;
}

/* Has a function or role used up so much? */
static bool
has_used(Oid id, bool of_role, int ms)
{
	const FunctionTime *account = find_account(id, of_role);

	return account != NULL && account->us >= (int64) ms * 1000;
}

/* Error 53400 if the time of the function, or of its owner, is used up. */
void
function_time_require(Oid function)
{
	Oid			role;

	if (accounted != GetCurrentStatementStartTimestamp())
		naccounts = 0;
	accounted = GetCurrentStatementStartTimestamp();
	if (running > 0 || naccounts == 0)
		return;
	if (has_used(function, false, FUNCTION_MS))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("%s took more than %d ms",
						format_procedure_qualified(function), FUNCTION_MS)));
	role = plain_owner(function);
	if (OidIsValid(role) && has_used(role, true, ROLE_MS))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("%s, as the functions of %s took more than %d ms",
						format_procedure_qualified(function),
						GetUserNameFromId(role, false), ROLE_MS)));
}

/* A function begins. */
void
function_time_begin(Oid function)
{
	if (running == 0)
	{
		outermost = function;
		outermost_role = plain_owner(function);
		began_us = used_us();
	}
	running++;
}

/*
 * The function that began last is over; none may have.  Also called while an
 * error is on its way, so that no catalog is asked.
 */
void
function_time_end(void)
{
	int64		us;

	if (running == 0 || --running > 0)
		return;
	us = used_us() - began_us;
	charge(outermost, false, us);
	if (OidIsValid(outermost_role))
		charge(outermost_role, true, us);
}
