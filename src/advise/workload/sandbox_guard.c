/*-------------------------------------------------------------------------
 *
 * sandbox_guard.c
 *	  Refuses what a rolled back transaction would not undo.
 *
 * The planner runs immutable and stable functions.  One that lies about itself
 * can do anything its user may: the read-only subtransaction refuses writes
 * and takes back what is transactional.  Here the rest is refused, while a
 * sandbox is open:
 *
 * - utility statements, all of them (PREPARE, LISTEN, SET, COPY .. PROGRAM);
 * - volatile functions of the server, of C libraries and in other untrusted
 *   languages (session-level advisory locks, set_config, setseed, files,
 *   signals, dblink), but for a few that have no effect.  Volatile functions in
 *   trusted languages may run, since all they do comes by here again;
 * - operators made of such functions, which selectivity estimates call without
 *   asking anybody;
 * - functions that the sandbox does not trust (SandboxTrust).
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/sandbox_guard.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_language.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "common/owner.h"

/* The innermost sandbox that is open, or NULL. */
static const Sandbox *current = NULL;

static object_access_hook_type prev_object_access = NULL;
static ProcessUtility_hook_type prev_utility = NULL;

/* The server's volatile functions that only return something. */
static const char *const harmless[] = {
	"clock_timestamp", "gen_random_uuid", "random", "timeofday"
};

/* Cleared when any operator changes. */
static bool operators_checked = false;

/* Is this one of the harmless ones? */
static bool
is_harmless(Oid function, const char *name)
{
	for (int i = 0; i < lengthof(harmless); i++)
		if (function < FirstNormalObjectId && strcmp(name, harmless[i]) == 0)
			return true;
	return false;
}

/* Can functions in a language do more than SQL lets them? */
static bool
is_untrusted(Oid language)
{
	HeapTuple	tuple = SearchSysCache1(LANGOID, ObjectIdGetDatum(language));
	bool		untrusted;

	if (!HeapTupleIsValid(tuple))
		return true;
	untrusted = !((Form_pg_language) GETSTRUCT(tuple))->lanpltrusted;
	ReleaseSysCache(tuple);
	return untrusted;
}

/* May a function have effects that a rollback does not undo? */
static bool
has_effects(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		effects;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	effects = form->provolatile == PROVOLATILE_VOLATILE &&
		is_untrusted(form->prolang) &&
		!is_harmless(function, NameStr(form->proname));
	ReleaseSysCache(tuple);
	return effects;
}

/*
 * Error 28000 if a sandbox is open that does not trust the function, for
 * functions that are called without the executor.
 */
void
sandbox_guard_function(Oid function)
{
	const Sandbox *sandbox = current;
	Oid			owner;

	if (sandbox == NULL || function < FirstNormalObjectId)
		return;
	owner = owner_of_function(function);
	if (!OidIsValid(owner) || superuser_arg(owner) ||
		(sandbox->trust == SANDBOX_TRUST_OWN && owner == sandbox->userid) ||
		(sandbox->trust == SANDBOX_TRUST_ALL && !superuser_arg(sandbox->userid)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("%s, a function of %s, is not run with the rights of %s",
					format_procedure_qualified(function),
					quote_identifier(GetUserNameFromId(owner, false)),
					superuser_arg(sandbox->userid) ? "a superuser" :
					quote_identifier(GetUserNameFromId(sandbox->userid, false)))));
}

/* object_access_hook: a function is about to be run by the executor. */
static void
check_access(ObjectAccessType access, Oid classId, Oid objectId, int subId,
			 void *arg)
{
	if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
	if (access != OAT_FUNCTION_EXECUTE || current == NULL)
		return;
	if (has_effects(objectId))
		ereport(ERROR,
				(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
				 errmsg("%s is not run to plan a statement",
						format_procedure(objectId))));
	sandbox_guard_function(objectId);
}

/* ProcessUtility_hook */
static void
check_utility(PlannedStmt *pstmt, const char *queryString,
			  bool readOnlyTree, ProcessUtilityContext context,
			  ParamListInfo params, QueryEnvironment *queryEnv,
			  DestReceiver *dest, QueryCompletion *qc)
{
	if (current != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
				 errmsg("%s is not run to plan a statement",
						CreateCommandName(pstmt->utilityStmt))));
	if (prev_utility)
		prev_utility(pstmt, queryString, readOnlyTree, context, params,
					 queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context,
								params, queryEnv, dest, qc);
}

/*
 * Error if a user made an operator of a function that has effects.  What a
 * superuser made of an extension's functions is taken for the extension's.
 */
static void
check_operator(Form_pg_operator operator)
{
	Oid			function = operator->oprcode;

	if (operator->oid >= FirstNormalObjectId && has_effects(function) &&
		(function < FirstNormalObjectId || !superuser_arg(operator->oprowner)))
		ereport(ERROR,
				(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
				 errmsg("nothing is planned while operator %s calls %s",
						format_operator_qualified(operator->oid),
						format_procedure(function))));
}

/*
 * Error 2F003 if there is an operator through which the planner's estimates
 * would call one of the server's functions that have side effects.
 */
void
sandbox_guard_operators(void)
{
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (operators_checked)
		return;
	operators_checked = true;
	catalog = table_open(OperatorRelationId, AccessShareLock);
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	PG_TRY();
	{
		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
			check_operator((Form_pg_operator) GETSTRUCT(tuple));
	}
	PG_CATCH();
	{
		operators_checked = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/* Syscache callback: an operator changed. */
static void
operators_changed(SYSCACHE_CALLBACK_ARGS)
{
	operators_checked = false;
}

/*
 * From now on this sandbox is open, NULL for none; returns the one that was.
 * Must be undone, on error too.
 */
const Sandbox *
sandbox_guard_open(const Sandbox *sandbox)
{
	const Sandbox *outer = current;

	current = sandbox;
	return outer;
}

/* Before the first sandbox of a backend, once. */
void
sandbox_guard_install(void)
{
	CacheRegisterSyscacheCallback(OPEROID, operators_changed, (Datum) 0);
	prev_object_access = object_access_hook;
	object_access_hook = check_access;
	prev_utility = ProcessUtility_hook;
	ProcessUtility_hook = check_utility;
}
