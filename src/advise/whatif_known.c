/*-------------------------------------------------------------------------
 *
 * whatif_known.c
 *	  Hypothetical indexes of one statement, each sized once.
 *
 * To size an index takes longer than to plan a statement with it, and a
 * statement of the caller's may ask about the same indexes many times.  What
 * is known is forgotten when it might be out of date: with the next command,
 * under another user, or when the definition of any relation has changed.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif_known.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"

/* Indexes that are remembered at most. */
#define MOST_KNOWN	1000

/* One of them. */
typedef struct KnownIndex
{
	char	   *ddl;			/* the same under any search_path */
	WhatIfIndex *index;
} KnownIndex;

/* What is known, and when it was true; in fn_extra. */
typedef struct KnownIndexes
{
	MemoryContext context;		/* of all that follows */
	List	   *indexes;		/* of KnownIndex */
	Oid			userid;
	CommandId	command;
	uint64		changes;
} KnownIndexes;

/* Messages that a relation has changed; only their number matters. */
static uint64 relation_changes = 0;

/* RelcacheCallbackFunction */
static void
count_change(Datum arg, Oid relid)
{
	relation_changes++;
}

/* What the function knows; made at its first call. */
static KnownIndexes *
find_known(FmgrInfo *flinfo)
{
	static bool watching = false;

	if (!watching)
		CacheRegisterRelcacheCallback(count_change, (Datum) 0);
	watching = true;
	if (flinfo->fn_extra == NULL)
	{
		KnownIndexes *known = MemoryContextAllocZero(flinfo->fn_mcxt,
													 sizeof(KnownIndexes));

		known->context = AllocSetContextCreate(flinfo->fn_mcxt,
											   "clipperf known indexes",
											   ALLOCSET_DEFAULT_SIZES);
		flinfo->fn_extra = known;
	}
	return flinfo->fn_extra;
}

/* Forget what may be out of date, or is too much. */
static void
refresh(KnownIndexes *known)
{
	CommandId	command = GetCurrentCommandId(false);

	if (known->userid == GetUserId() && known->command == command &&
		known->changes == relation_changes &&
		list_length(known->indexes) < MOST_KNOWN)
		return;
	known->indexes = NIL;
	MemoryContextReset(known->context);
	known->userid = GetUserId();
	known->command = command;
	known->changes = relation_changes;
}

/* Size an index and remember it. */
static WhatIfIndex *
learn(KnownIndexes *known, const char *text, const char *ddl)
{
	MemoryContext caller = MemoryContextSwitchTo(known->context);
	KnownIndex *item = palloc(sizeof(KnownIndex));

	item->ddl = pstrdup(ddl);
	item->index = whatif_index(index_def_parse(text));
	known->indexes = lappend(known->indexes, item);
	MemoryContextSwitchTo(caller);
	return item->index;
}

/* An index, remembered or sized now; "def" was made of the text just now. */
static WhatIfIndex *
know(KnownIndexes *known, const char *text, const IndexDefinition *def)
{
	const char *ddl = index_def_ddl(def, false, false);
	ListCell   *lc;

	foreach(lc, known->indexes)
	{
		const KnownIndex *item = lfirst(lc);

		if (item->index->def->relid == def->relid &&
			strcmp(item->ddl, ddl) == 0)
			return item->index;
	}
	return learn(known, text, ddl);
}

/* See whatif_known.h. */
void
whatif_known_indexes(FmgrInfo *flinfo, const Datum *texts, int count,
					 WhatIfIndex **indexes)
{
	KnownIndexes *known = find_known(flinfo);
	char	  **ddls = palloc(Max(count, 1) * sizeof(char *));
	IndexDefinition **defs = palloc(Max(count, 1) * sizeof(IndexDefinition *));

	/* Once all tables are locked, what is known stays true. */
	for (int i = 0; i < count; i++)
	{
		ddls[i] = TextDatumGetCString(texts[i]);
		defs[i] = index_def_parse(ddls[i]);
	}
	refresh(known);
	for (int i = 0; i < count; i++)
		indexes[i] = know(known, ddls[i], defs[i]);
}
