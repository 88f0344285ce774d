/*-------------------------------------------------------------------------
 *
 * index_set.c
 *	  Named lists of index definitions, and what becomes of each member here.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_set.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/indexes/index_statement.h"
#include "advise/indexes/redundancy.h"
#include "advise/workload/function_trust.h"
#include "advise/workload/sandbox.h"
#include "common/extension.h"
#include "common/relation_size.h"
#include "common/table_lock.h"

/* A member while it is judged. */
typedef struct Member
{
	char	   *relation;		/* as it was written */
	char	   *ddl;
	Oid			relid;
	IndexDefinition *def;		/* NULL if it cannot be here */
	List	   *existing;		/* definitions of the table's indexes */
	Advice	   *advice;
} Member;

/* ------------------------------------------------------------------------
 * Reading a set
 * ------------------------------------------------------------------------ */

/* The member that a row of SPI's result is, in the given context. */
static Member *
copy_member(const char *index_set, HeapTuple row, TupleDesc desc,
			MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Member	   *member = palloc0(sizeof(Member));

	member->advice = advice_make("skip", InvalidOid, psprintf("set:%s", index_set));
	member->advice->index_name = SPI_getvalue(row, desc, 1);
	member->advice->member_name = member->advice->index_name;
	member->relation = SPI_getvalue(row, desc, 2);
	member->ddl = SPI_getvalue(row, desc, 3);
	MemoryContextSwitchTo(old);
	return member;
}

/* The members of a set, in its order; NIL if there is no such set. */
static List *
read_members(const char *index_set)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(index_set);
	List	   *members = NIL;
	char	   *query = psprintf("SELECT index_name, relation, ddl FROM %s"
								 " WHERE index_set OPERATOR(pg_catalog.=) $1 AND NOT removed"
								 " ORDER BY position, index_name",
								 extension_object("clipperf_index_set_members"));

	SPI_connect();
	if (SPI_execute_with_args(query, 1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the members of index sets");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Member	   *member = copy_member(index_set, SPI_tuptable->vals[i],
										 SPI_tuptable->tupdesc, context);
		MemoryContext old = MemoryContextSwitchTo(context);

		members = lappend(members, member);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return members;
}

/* The members of a set; error 42704 if there is no such set. */
static List *
require_members(const char *index_set)
{
	List	   *members = read_members(index_set);

	if (members == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("index set \"%s\" does not exist", index_set),
				 errhint("The view clipperf_index_sets lists the sets there are.")));
	return members;
}

/* Error 42704 unless there is such a set. */
void
index_set_require(const char *index_set)
{
	(void) require_members(index_set);
}

/* ------------------------------------------------------------------------
 * Finding what a member is about
 * ------------------------------------------------------------------------ */

/* SandboxWork: parse a member, which another user may have written. */
static void
parse_member(void *arg)
{
	Member	   *member = arg;
	IndexStmt  *stmt = index_statement_parse(member->ddl);

	member->relid = RangeVarGetRelid(stmt->relation, AccessShareLock, true);
	member->def = index_def_parse(member->ddl);
}

/* Why a member cannot be here, from the error that it raised. */
static char *
refusal(const Member *member, const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_SCHEMA:
			return psprintf("there is no table %s here", member->relation);
		case ERRCODE_UNDEFINED_COLUMN:
			return psprintf("table %s: %s", member->relation, error->message);
		case ERRCODE_LOCK_NOT_AVAILABLE:
			return psprintf("table %s is locked by another session", member->relation);
		case ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION:
			return psprintf("its definition cannot be read safely: %s", error->message);
		default:
			return psprintf("PostgreSQL refuses it: %s", error->message);
	}
}

/*
 * Parse a member and lock its table.  False, with the reason, if it cannot be
 * here.
 */
static bool
find_member(Member *member)
{
	Sandbox		sandbox = {.userid = GetUserId(),.trust = SANDBOX_TRUST_NONE};
	ErrorData  *error = sandbox_run(&sandbox, parse_member, member);

	member->advice->relid = member->relid;
	if (error != NULL)
	{
		member->def = NULL;
		member->advice->reason = refusal(member, error);
		return false;
	}
	if (!ConditionalLockRelationOid(member->relid, AccessShareLock) ||
		!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(member->relid)))
	{
		member->def = NULL;
		member->advice->reason = psprintf("table %s is locked by another session",
										  member->relation);
		return false;
	}
	member->advice->def = member->def;
	member->existing = index_def_existing(member->relid);
	return true;
}

/* ------------------------------------------------------------------------
 * Names
 * ------------------------------------------------------------------------ */

/* The existing index of the table that has the member's name, or NULL. */
static const IndexDefinition *
same_name(const Member *member)
{
	ListCell   *lc;

	foreach(lc, member->existing)
	{
		const IndexDefinition *other = lfirst(lc);

		if (strcmp(other->name, member->def->name) == 0)
			return other;
	}
	return NULL;
}

/* Is there a relation of the member's name in the table's schema? */
static bool
is_name_taken(const Member *member)
{
	return OidIsValid(get_relname_relid(member->def->name,
										get_rel_namespace(member->relid)));
}

/* What has the member's name, and what that leads to. */
static char *
taken_text(const Member *member)
{
	const IndexDefinition *other = same_name(member);

	return psprintf("the name \"%s\" is taken by %s, so IF NOT EXISTS would skip it silently",
					member->def->name,
					other == NULL ? "something else" : redundancy_describe(other));
}

/* ------------------------------------------------------------------------
 * Verdicts
 * ------------------------------------------------------------------------ */

/* The member's advice becomes this, for this reason. */
static bool
decide(Member *member, const char *action, char *reason)
{
	member->advice->action = action;
	member->advice->reason = reason;
	return true;
}

/* Is the member there already? */
static bool
judge_itself(Member *member)
{
	const IndexDefinition *same = same_name(member);

	if (same == NULL || !same->valid || !index_def_equal(same, member->def))
		return false;
	member->advice->size_bytes = relation_family_bytes(same->indexoid);
	return decide(member, "keep", "it is there");
}

/* Does an existing index do what the member would? */
static bool
judge_existing(Member *member)
{
	List	   *all = lappend(list_copy(member->existing), member->def);
	const IndexDefinition *keeper = redundancy_keeper(member->def, all);
	char	   *reason;

	if (keeper == NULL)
		return false;
	reason = redundancy_reason(member->def, keeper);
	if (is_name_taken(member) && same_name(member) != keeper)
		reason = psprintf("%s; besides, %s", reason, taken_text(member));
	return decide(member, "skip", reason);
}

/*
 * The function of a definition that no index should rely on, unless it is one of
 * those allowed; or InvalidOid.
 */
static Oid
find_untrusted(const IndexDefinition *def, const List *allowed)
{
	Oid			found = function_find_untrusted(def->written_predicate, allowed);

	for (int i = 0; i < def->nkeys && !OidIsValid(found); i++)
		found = function_find_untrusted(def->keys[i].written, allowed);
	return found;
}

/* Does the member rely on a function that it should not rely on? */
static bool
judge_functions(Member *member, const List *allowed)
{
	Oid			function = index_def_stranger(member->def);

	if (OidIsValid(function))
		return decide(member, "skip",
					  psprintf("function %s() would run with the rights of the table's owner, but belongs to neither that role nor a superuser",
							   function_full_name(function)));
	function = find_untrusted(member->def, allowed);
	if (!OidIsValid(function))
		return false;
	return decide(member, "skip",
				  psprintf("it goes stale, and gives wrong results then, if what %s(), a function of this database, returns ever changes; name it in allow_functions if it never does",
						   function_full_name(function)));
}

/* Is the definition another one when it is read from the text that is shown? */
static bool
judge_text(Member *member)
{
	char	   *problem;

	return index_def_as_written(member->def, &problem) == NULL &&
		decide(member, "skip", psprintf("it cannot be shown: %s", problem));
}

/* Judge a member by what is in the database. */
static void
judge_member(Member *member, const List *allowed)
{
	if (find_member(member) && !judge_itself(member) &&
		!judge_existing(member) &&
		!judge_functions(member, allowed) && !judge_text(member))
		decide(member, "create", NULL);
}

/* SandboxWork: parse a statement if it is about member->relid, which is locked. */
static void
parse_if_about(void *arg)
{
	Member	   *member = arg;
	IndexStmt  *stmt = index_statement_parse(member->ddl);

	if (RangeVarGetRelid(stmt->relation, NoLock, true) == member->relid)
		member->def = index_def_parse(member->ddl);
}

/*
 * Does a valid index of the table do what this CREATE INDEX statement would?  False
 * where the table is locked by another session, or the statement cannot be read.
 */
bool
index_set_is_served(Oid relid, char *ddl)
{
	Sandbox		sandbox = {.userid = GetUserId(),.trust = SANDBOX_TRUST_NONE};
	Member		member = {.ddl = ddl,.relid = relid};
	bool		served = false;

	if (!table_lock_at_once(relid))
		return false;
	if (sandbox_run(&sandbox, parse_if_about, &member) == NULL && member.def != NULL)
		served = redundancy_keeper(member.def,
								   lappend(index_def_existing(relid), member.def)) != NULL;
	table_unlock(relid);
	return served;
}

/* ------------------------------------------------------------------------
 * Remarks on members to be created
 * ------------------------------------------------------------------------ */

/* Add to the reason. */
static void
remark(Member *member, char *text)
{
	Advice	   *advice = member->advice;

	advice->reason = advice->reason == NULL ? text :
				psprintf("%s; %s", advice->reason, text);
}

/*
 * Give the member a name that is free, unless its own is or belongs to what is
 * left of a build of the very same that failed.
 */
static void
find_name(Member *member, List **taken)
{
	const IndexDefinition *same = same_name(member);

	if (same != NULL && !same->valid && index_def_equal(same, member->def))
		remark(member, "an INVALID index of this name was left by a build that failed, drop it first");
	else if (is_name_taken(member))
	{
		remark(member, taken_text(member));
		member->def->name = index_def_free_name(member->def, *taken);
		member->advice->index_name = member->def->name;
		*taken = lappend(*taken, member->def->name);
	}
}

/* The definition without the keys that the predicate fixes. */
static const IndexDefinition *
without_fixed_keys(const IndexDefinition *def)
{
	int			position;

	while (def->nkeys > 1 && (position = index_def_fixed_key(def, 0)) >= 0)
		def = index_def_without_key(def, position);
	return def;
}

/*
 * What a fixed key does to the keys after it: what the predicate implies is no
 * index condition, so a range on them does not bound the scan.
 */
static const char *
fixed_harm(const IndexDefinition *def, int position)
{
	if (position == def->nkeys - 1)
		return "";
	if (position == 0)
		return " and a range on the key after it must walk the whole index";
	return " and a range on the key after it does not bound the search";
}

/* Point out the keys that the predicate fixes; returns the better definition. */
static const IndexDefinition *
remark_fixed(Member *member)
{
	const IndexDefinition *better = without_fixed_keys(member->def);
	int			position = index_def_fixed_key(member->def, 0);
	const IndexKey *key = &member->def->keys[Max(position, 0)];

	if (better == member->def)
		return better;
	remark(member,
		   psprintf("the predicate gives key %s one value, so it takes space%s; better: %s",
					key->attno == 0 ? psprintf("%d", position + 1) :
					quote_identifier(get_attname(member->relid, key->attno, false)),
					fixed_harm(member->def, position),
					index_def_ddl(better, false, false)));
	return better;
}

/* Warn of a function whose results may change. */
static void
remark_function(Member *member)
{
	Oid			function = find_untrusted(member->def, NIL);

	if (OidIsValid(function))
		remark(member, psprintf("it goes stale if what %s(), a function of this database, returns ever changes",
								function_full_name(function)));
}

/* Name an existing index that has the same keys for more rows. */
static void
remark_partial_copy(Member *member, const IndexDefinition *better)
{
	ListCell   *lc;

	foreach(lc, member->existing)
	{
		const IndexDefinition *other = lfirst(lc);

		if (index_def_covers_rows_apart(other, better))
		{
			remark(member, psprintf("%s has these keys for more rows",
									redundancy_describe(other)));
			return;
		}
	}
}

/* Name existing indexes that nobody needs beside the member. */
static void
remark_replaced(Member *member)
{
	ListCell   *lc;

	foreach(lc, member->existing)
	{
		const IndexDefinition *other = lfirst(lc);

		if (other->valid && redundancy_droppable(other) &&
			redundancy_keeper(other, member->existing) == NULL &&
			index_def_covers(member->def, other))
			remark(member, psprintf("%s would no longer be needed",
									redundancy_describe(other)));
	}
}

/* Complete the advice on a member that is to be created. */
static void
finish_created(Member *member, List **taken)
{
	find_name(member, taken);
	remark_function(member);
	remark_partial_copy(member, remark_fixed(member));
	remark_replaced(member);
	member->advice->ddl = advice_statement(index_def_ddl(member->def, false, false));
}

/*
 * Advice on each member of an index set, in the set's order, judged by its
 * definition alone: whether the table and its columns are there, whether an
 * index or a constraint does the same, whether it relies on a function that may
 * change (unless it is one of those allowed, a list of OIDs), whether the name is free.  What is left is
 * "create"; its reason is what there is to remark, or NULL.  Tables are found by
 * the search_path and stay locked (AccessShareLock) to the end of the
 * transaction.  Error 42704 if there is no such set.
 */
List *
index_set_judge(const char *index_set, const List *allowed)
{
	List	   *members = require_members(index_set);
	List	   *advice = NIL;
	List	   *taken = NIL;
	ListCell   *lc;

	foreach(lc, members)
	{
		Member	   *member = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		taken = lappend(taken, member->advice->index_name);
		judge_member(member, allowed);
	}
	foreach(lc, members)
	{
		Member	   *member = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (strcmp(member->advice->action, "create") == 0)
			finish_created(member, &taken);
		advice = lappend(advice, member->advice);
	}
	return advice;
}

/*
 * Skip the members that repeat another one that is to be created, in what
 * index_set_judge() returned, when all else is decided: a member gives way to
 * none that is skipped itself.
 */
void
index_set_skip_repeated(List *advice)
{
	List	   *created = NIL;
	ListCell   *lc;

	foreach(lc, advice)
	{
		const Advice *member = lfirst(lc);

		if (strcmp(member->action, "create") == 0)
			created = lappend(created, member->def);
	}
	foreach(lc, advice)
	{
		Advice	   *member = lfirst(lc);
		const IndexDefinition *keeper;

		if (strcmp(member->action, "create") != 0)
			continue;
		keeper = redundancy_keeper(member->def, created);
		if (keeper == NULL)
			continue;
		member->action = "skip";
		member->index_name = member->member_name;
		member->ddl = NULL;
		member->reason = psprintf("within the set, %s",
								  redundancy_reason(member->def, keeper));
	}
}
