/*-------------------------------------------------------------------------
 *
 * whatif_known.c
 *	  Hypothetical indexes that were sized before.
 *
 * To size an index takes longer than to plan a statement with it, and people
 * ask about the same indexes many times.  What is known lasts as long as the
 * caller's view of the data: for the client's statement, or for the transaction
 * if that is REPEATABLE READ or above.  It is forgotten before when it might be
 * out of date: with the next command, under another user, or when the
 * definition of any relation has changed.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/whatif_known.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "advise/whatif/hypothetical.h"

/* Indexes that are remembered at most. */
#define MOST_KNOWN	2000

/* One of them. */
typedef struct KnownIndex
{
	uint64		hash;			/* hash key: of ddl */
	const char *ddl;			/* the same under any search_path */
	WhatIfIndex *index;
} KnownIndex;

/* What is known, and when it was true; in memory of the transaction. */
typedef struct KnownIndexes
{
	MemoryContext context;		/* of all this */
	MemoryContextCallback forget;
	HTAB	   *indexes;		/* of KnownIndex */
	Oid			userid;
	CommandId	command;
	TimestampTz statement;		/* when it began; 0 = any */
	uint64		changes;
} KnownIndexes;

static KnownIndexes *known = NULL;

/* Messages that a relation has changed; only their number matters. */
static uint64 relation_changes = 0;

/* RelcacheCallbackFunction */
static void
count_change(Datum arg, Oid relid)
{
	relation_changes++;
}

/* MemoryContextCallbackFunction: the memory goes. */
static void
forget(void *arg)
{
	known = NULL;
}

/* Begin to remember, for this transaction. */
static void
begin_knowing(void)
{
	static bool watching = false;
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "clipperf known indexes",
												  ALLOCSET_DEFAULT_SIZES);
	KnownIndexes *made = MemoryContextAllocZero(context,
												sizeof(KnownIndexes));
	HASHCTL		info = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(KnownIndex),
		.hcxt = context
	};

	if (!watching)
		CacheRegisterRelcacheCallback(count_change, (Datum) 0);
	watching = true;
	made->context = context;
	made->indexes = hash_create("clipperf known indexes", MOST_KNOWN, &info,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	made->userid = GetUserId();
	made->command = GetCurrentCommandId(false);
	if (!IsolationUsesXactSnapshot())
		made->statement = GetCurrentStatementStartTimestamp();
	made->changes = relation_changes;
	made->forget.func = forget;
	MemoryContextRegisterResetCallback(context, &made->forget);
	known = made;
}

/* Forget what may be out of date, or is too much. */
static void
refresh(void)
{
	if (known != NULL &&
		(known->userid != GetUserId() ||
		 known->command != GetCurrentCommandId(false) ||
		 (known->statement != 0 &&
		  known->statement != GetCurrentStatementStartTimestamp()) ||
		 known->changes != relation_changes ||
		 hash_get_num_entries(known->indexes) >= MOST_KNOWN))
		MemoryContextDelete(known->context);
	if (known == NULL)
		begin_knowing();
}

/* Error 54000 if the index would refuse rows that its table holds. */
static void
require_accepting(const WhatIfIndex *index)
{
	char	   *refusal = whatif_refusal(index);

	if (refusal != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("could not build index on \"%s\"",
						get_rel_name(index->def->relid)),
				 errdetail("%c%s.", pg_toupper((unsigned char) refusal[0]), refusal + 1)));
}

/*
 * An index, remembered or sized now and remembered; "def" was made of the text just
 * now.
 */
static WhatIfIndex *
know(const char *text, const IndexDefinition *def)
{
	MemoryContext caller;
	const char *ddl = index_def_ddl(def, false, false);
	uint64		hash = hash_bytes_extended((const unsigned char *) ddl,
										   strlen(ddl), def->relid);
	KnownIndex *item = hash_search(known->indexes, &hash, HASH_FIND, NULL);
	WhatIfIndex *index;

	if (item != NULL && item->index->def->relid == def->relid &&
		strcmp(item->ddl, ddl) == 0)
		return item->index;
	caller = MemoryContextSwitchTo(known->context);
	index = whatif_index(index_def_parse(text));
	require_accepting(index);
	item = hash_search(known->indexes, &hash, HASH_ENTER, NULL);
	item->ddl = pstrdup(ddl);
	item->index = index;
	MemoryContextSwitchTo(caller);
	return index;
}

/*
 * The indexes that CREATE INDEX statements (text) define, those that were
 * asked for before as they were.  They live until the next call.  Locks and
 * errors as of index_def_parse() and whatif_index(); error 42501 if the current
 * user may not be told the size of one.
 */
void
whatif_known_indexes(const Datum *texts, int count, WhatIfIndex **indexes)
{
	char	  **ddls = palloc(Max(count, 1) * sizeof(char *));
	IndexDefinition **defs = palloc(Max(count, 1) * sizeof(IndexDefinition *));

	/* Once all tables are locked, what is known stays true. */
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ddls[i] = TextDatumGetCString(texts[i]);
		defs[i] = index_def_parse(ddls[i]);
		hypothetical_require_rights(defs[i]);
	}
	refresh();
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		indexes[i] = know(ddls[i], defs[i]);
	}
}
