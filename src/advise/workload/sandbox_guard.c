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
 * - functions that the sandbox does not trust (SandboxTrust), whoever calls
 *   them: the executor, or the server's own code by way of fmgr, as estimates,
 *   input functions and the like do;
 * - functions that have had more time than they may (function_time.c);
 * - operators that users made of the server's functions with effects, which
 *   estimates call by a way that no hook lies at: in the statement that names
 *   one;
 * - foreign tables whose server would be asked, in the statement and wherever the
 *   planner comes upon them, as among partitions.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/sandbox_guard.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "parser/parsetree.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "advise/workload/foreign_table.h"
#include "advise/workload/function_time.h"
#include "common/owner.h"

/* The innermost sandbox that is open, or NULL. */
static const Sandbox *current = NULL;

static object_access_hook_type prev_object_access = NULL;
static ProcessUtility_hook_type prev_utility = NULL;

/* The server's volatile functions that only return something. */
static const char *const harmless[] = {
	"clock_timestamp", "gen_random_uuid", "random", "timeofday"
};

static needs_fmgr_hook_type prev_needs_fmgr_hook = NULL;
static fmgr_hook_type prev_fmgr_hook = NULL;
static relation_info_hook_type prev_relation_info = NULL;

/* A function that the executor is about to look up; InvalidOid = none. */
static Oid	looked_up = InvalidOid;

/* Is there an operator as of is_odd()?  Unknown again when any changes. */
static bool operators_checked = false;
static bool odd_operators = false;

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

/* Does the sandbox trust a function?  Those of the server and of superusers always. */
static bool
is_trusted(Oid function, const Sandbox *sandbox)
{
	Oid			owner;

	if (function < FirstNormalObjectId)
		return true;
	owner = owner_of_function(function);
	return !OidIsValid(owner) || superuser_arg(owner) ||
		(sandbox->trust == SANDBOX_TRUST_OWN && owner == sandbox->userid);
}

/* May the sandbox that is open run this function?  Any, if none is open. */
bool
sandbox_guard_trusts(Oid function)
{
	return current == NULL || is_trusted(function, current);
}

/* Error 28000 if a sandbox is open that does not trust the function. */
static void
require_trust(Oid function)
{
	const Sandbox *sandbox = current;

	if (sandbox != NULL && !is_trusted(function, sandbox))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("%s, a function of %s, is not run with the rights of %s",
						format_procedure_qualified(function),
						quote_identifier(GetUserNameFromId(owner_of_function(function),
														   false)),
						superuser_arg(sandbox->userid) ? "a superuser" :
						quote_identifier(GetUserNameFromId(sandbox->userid,
														   false)))));
}

/*
 * Error if a sandbox is open that does not let this function run: 28000 if it
 * does not trust it, 2F003 if it has effects that are not undone.
 */
static void
sandbox_guard_function(Oid function)
{
	require_trust(function);
	if (current != NULL && has_effects(function))
		ereport(ERROR,
				(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
				 errmsg("%s is not run to plan a statement",
						format_procedure(function))));
}

/* object_access_hook: a function is about to be run by the executor. */
static void
check_access(ObjectAccessType access, Oid classId, Oid objectId, int subId,
			 void *arg)
{
	if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
	if (access == OAT_FUNCTION_EXECUTE)
	{
		sandbox_guard_function(objectId);
		looked_up = objectId;
	}
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
 * Did a user make this operator of a function that has effects?  What a
 * superuser made of an extension's functions is taken for the extension's.
 */
static bool
is_odd(Form_pg_operator operator)
{
	return operator->oid >= FirstNormalObjectId &&
		has_effects(operator->oprcode) &&
		(operator->oprcode < FirstNormalObjectId ||
		 !superuser_arg(operator->oprowner));
}

/* Is there such an operator in the database? */
static bool
has_odd_operators(void)
{
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		odd = false;

	if (operators_checked)
		return odd_operators;
	catalog = table_open(OperatorRelationId, AccessShareLock);
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	while (!odd && HeapTupleIsValid(tuple = systable_getnext(scan)))
		odd = is_odd((Form_pg_operator) GETSTRUCT(tuple));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	odd_operators = odd;
	operators_checked = true;
	return odd;
}

/*
 * Error, as of sandbox_guard_function(), if a sandbox is open and the planner's
 * estimates must not call the function of this operator.
 */
void
sandbox_guard_operator(Oid operator)
{
	HeapTuple	tuple;
	Form_pg_operator form;
	Oid			function;
	bool		odd;

	if (operator < FirstNormalObjectId || current == NULL)
		return;
	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_operator) GETSTRUCT(tuple);
	function = form->oprcode;
	odd = is_odd(form);
	ReleaseSysCache(tuple);
	if (odd)
		sandbox_guard_function(function);
	else
		require_trust(function);
}

/*
 * Error, as of sandbox_guard_function(), if a sandbox is open and estimates of
 * values of this type must not call the functions that a range type brings
 * along: the server remembers them from before the sandbox, and fmgr does not
 * ask again.
 */
void
sandbox_guard_type(Oid type)
{
	HeapTuple	tuple;
	FormData_pg_range form;

	if (type < FirstNormalObjectId || current == NULL)
		return;
	type = getBaseType(type);
	if (get_typtype(type) == TYPTYPE_MULTIRANGE)
		type = get_multirange_range(type);
	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		return;
	form = *(Form_pg_range) GETSTRUCT(tuple);
	ReleaseSysCache(tuple);
	if (OidIsValid(form.rngsubdiff))
		sandbox_guard_function(form.rngsubdiff);
	if (OidIsValid(form.rngcanonical))
		sandbox_guard_function(form.rngcanonical);
}

/*
 * Is the time of a function to be taken?  Not of functions in C; of one in SQL
 * only if the executor looks it up, which then is what happens next: whatever has
 * control of it, the planner would not put its body in its place.
 */
static bool
is_timed(Oid function)
{
	bool		executed = looked_up == function;
	HeapTuple	tuple;
	Oid			language;

	looked_up = InvalidOid;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
	ReleaseSysCache(tuple);
	return language != INTERNALlanguageId && language != ClanguageId &&
		(language != SQLlanguageId || executed);
}

/*
 * needs_fmgr_hook: is the call of a function to come by here?  That of all that
 * are not trusted, and of those whose time is taken.  The planner does not put such a function's body in
 * its place either.  That it must not do with anybody's while there is an
 * operator of a function that has effects: a body is read by the search_path of
 * the moment, so it could come to name that operator, and estimates call
 * functions of the server without fmgr's hooks.
 */
static bool
needs_control(Oid function)
{
	const Sandbox *sandbox = current;

	if (prev_needs_fmgr_hook && prev_needs_fmgr_hook(function))
		return true;
	if (sandbox == NULL || function < FirstNormalObjectId)
		return false;
	return !is_trusted(function, sandbox) || has_odd_operators() ||
		is_timed(function);
}

/* fmgr_hook: such a function is called, by whomever, or over. */
static void
control_call(FmgrHookEventType event, FmgrInfo *flinfo, Datum *arg)
{
	bool		timed = current != NULL && !current->unmetered;

	if (event == FHET_START)
	{
		require_trust(flinfo->fn_oid);
		if (timed)
			function_time_require(flinfo->fn_oid);
	}
	if (prev_fmgr_hook)
		prev_fmgr_hook(event, flinfo, arg);
	if (event != FHET_START)
		function_time_end();
	else if (timed)
		function_time_begin(flinfo->fn_oid);
}

/*
 * Error HV000 if a sandbox is open and planning a scan of this relation may
 * connect to a foreign server.
 */
void
sandbox_guard_relation(Oid relid)
{
	if (current == NULL || get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE ||
		!foreign_table_asks_server(relid))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FDW_ERROR),
			 errmsg("planning foreign table \"%s\" may connect to its server",
					get_rel_name(relid))));
}

/*
 * Hook of the planner when it has looked a relation up, before it asks the
 * wrapper of a foreign one for estimates.
 */
static void
check_relation(RELATION_INFO_ARGS)
{
	if (prev_relation_info)
		prev_relation_info(RELATION_INFO_PASS);
	if (current != NULL && rel->fdwroutine != NULL &&
		rel->rtekind == RTE_RELATION)
		sandbox_guard_relation(planner_rt_fetch(rel->relid, root)->relid);
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
	prev_needs_fmgr_hook = needs_fmgr_hook;
	needs_fmgr_hook = needs_control;
	prev_fmgr_hook = fmgr_hook;
	fmgr_hook = control_call;
	prev_relation_info = RELATION_INFO_HOOK;
	RELATION_INFO_HOOK = check_relation;
	prev_object_access = object_access_hook;
	object_access_hook = check_access;
	prev_utility = ProcessUtility_hook;
	ProcessUtility_hook = check_utility;
}
