/*-------------------------------------------------------------------------
 *
 * statement_info.c
 *	  Facts of a statement that lineage needs at each of its executions.
 *
 * A set-associative cache in memory of its own, CACHE_SETS * CACHE_WAYS entries at
 * most.  An entry is never freed, only given to another statement: who keeps a
 * pointer to it compares the queryid before use.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/statement_info.h"

#include "catalog/pg_class.h"
#include "nodes/plannodes.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "common/extension.h"
#include "hotpath.h"
#include "profile/statement/key_column.h"
#include "profile/text/normalize.h"
#include "settings.h"

#define CACHE_SETS		64
#define CACHE_WAYS		8

/* Of the memory of the cache, which grows by blocks of so many bytes. */
#define BLOCK_BYTES		(32 * 1024)

/*
 * A plan that expects more rows than this is a parent only if they are fetched
 * bit by bit.
 */
#define MAX_PLAN_ROWS	100000.0

static MemoryContext info_memory = NULL;
static MemoryContext column_memory = NULL;
static StatementInfo *cache[CACHE_SETS][CACHE_WAYS];

/* The number that facts of a statement got last. */
static uint32 times_learnt = 0;

StatementInfo *statement_info_last HOTPATH_DATA = NULL;

/*
 * A relation changed, callback of key_column_watch(): collect the columns of all
 * statements again.
 */
static void
forget_plans(Oid relid)
{
	for (int set = 0; set < CACHE_SETS; set++)
	{
		for (int way = 0; way < CACHE_WAYS && cache[set][way]; way++)
			cache[set][way]->planned = false;
	}
}

/* Memory for an entry, at the beginning of a cache line. */
static StatementInfo *
allocate_info(void)
{
	Size		size = sizeof(StatementInfo) + PG_CACHE_LINE_SIZE;

	if (info_memory == NULL)
	{
		key_column_watch(forget_plans);
		info_memory = SlabContextCreate(TopMemoryContext, "clipperf statements",
										BLOCK_BYTES, size);
		column_memory = AllocSetContextCreate(TopMemoryContext,
											  "clipperf columns",
											  ALLOCSET_SMALL_SIZES);
	}
	return (StatementInfo *) CACHELINEALIGN(MemoryContextAlloc(info_memory, size));
}

/* Give an entry to a statement. */
static StatementInfo *
make_info(StatementInfo **entry, uint64 queryid)
{
	if (*entry == NULL)
		*entry = allocate_info();
	else if ((*entry)->columns != NULL)
		pfree((*entry)->columns);
	memset(*entry, 0, sizeof(StatementInfo));
	(*entry)->queryid = queryid;
	return *entry;
}

/*
 * Search the cache, making an entry if there is none: the one used longest ago
 * makes room.  The entries of a set stand in the order of their use, latest first.
 */
static inline StatementInfo *
find_in_cache(uint64 queryid)
{
	StatementInfo **set = cache[(queryid >> 7) % CACHE_SETS];
	StatementInfo *found;
	int			way = 0;

	while (way < CACHE_WAYS - 1 && set[way] != NULL && set[way]->queryid != queryid)
		way++;
	found = set[way] != NULL && set[way]->queryid == queryid ? set[way] :
		make_info(&set[way], queryid);
	memmove(set + 1, set, way * sizeof(StatementInfo *));
	set[0] = found;
	return found;
}

/*
 * The facts of a statement, made if they are new; what statement_info_find()
 * calls for another statement than the last one.
 */
pg_attribute_hot StatementInfo *
statement_info_search(uint64 queryid)
{
	statement_info_last = find_in_cache(queryid);
	return statement_info_last;
}

/* Is a column that the statement compares one that identifies rows? */
static bool
compares_key(const Comparisons *comparisons)
{
	for (int i = 0; i < comparisons->count; i++)
	{
		const Comparison *item = &comparisons->items[i];

		if (key_column_is_watched(item->relid) && item->list == 0 && !item->is_array &&
			key_column_find(item->relid, item->attno).is_key)
			return true;
	}
	return false;
}

/* Does a statement insert one row, whose values stand in it, into a user's table? */
static bool
inserts_row(const Query *query)
{
	return query->commandType == CMD_INSERT && query->jointree->fromlist == NIL &&
		query->targetList != NIL &&
		key_column_is_watched(rt_fetch(query->resultRelation, query->rtable)->relid);
}

/* Is it a table that is a part of another one? */
static bool
is_part(const RangeTblEntry *entry)
{
	if (entry->rtekind != RTE_RELATION || !key_column_is_watched(entry->relid) ||
		(entry->relkind != RELKIND_RELATION && entry->relkind != RELKIND_FOREIGN_TABLE &&
		 entry->relkind != RELKIND_PARTITIONED_TABLE))
		return false;
	return key_column_find(entry->relid, 1).family_relid != entry->relid;
}

/* Does a statement name tables that are parts of others? */
static bool
query_names_part(const Query *query)
{
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		if (is_part(lfirst_node(RangeTblEntry, cell)))
			return true;
	}
	return false;
}

/* Fill in what the analysed query tells; the number of its last parameter may be 0. */
void
statement_info_analyzed(StatementInfo *info, Query *query,
						const Comparisons *comparisons, int last_parameter)
{
	info->nparameters = 0;
	for (int i = 0; i < comparisons->count; i++)
	{
		if (comparisons->items[i].parameter > 0)
			info->parameters[info->nparameters++] = comparisons->items[i];
	}
	if (LISTS_ARE_MERGED)
		merged_list_learn(&info->merged, info->parameters, &info->nparameters,
						  last_parameter);
	info->has_list = comparisons->has_list;
	info->has_literals = comparisons->has_literals ||
		(LISTS_ARE_MERGED && comparisons->has_list);
	info->key_lookup = query->commandType == CMD_SELECT &&
		compares_key(comparisons);
	info->row_insert = inserts_row(query);
	info->in_family = query_names_part(query);
	info->analyzed = true;
	info->planned = false;		/* keys[] follow from it */
}

/* Do rows leave a queue by this statement? */
static bool
is_queue(const PlannedStmt *plan)
{
	ListCell   *cell;

	foreach(cell, plan->rowMarks)
	{
		if (lfirst_node(PlanRowMark, cell)->waitPolicy == LockWaitSkip)
			return true;
	}
	return false;
}

/* Collect the columns of the result that carry keys. */
static void
collect_columns(StatementInfo *info, const QueryDesc *query)
{
	InfoColumn	columns[RESULTSET_COLUMNS];
	int			count = result_columns_collect(query, columns, &info->planned);

	if (info->columns != NULL)
		pfree(info->columns);
	info->columns = NULL;
	info->ncolumns = 0;
	if (count == 0)
		return;
	info->columns = MemoryContextAlloc(column_memory, count * sizeof(InfoColumn));
	memcpy(info->columns, columns, count * sizeof(InfoColumn));
	info->ncolumns = count;
}

/*
 * Give up guesses that have held no keys in so many results.  What began with the
 * columns of before is not recorded: the facts are others now.
 */
void
statement_info_drop_guesses(StatementInfo *info)
{
	if (!result_columns_drop_guesses(info->columns, &info->ncolumns))
		return;
	info->chain.set = NULL;
	info->texts_shown = false;
	info->facts = ++times_learnt;
}

/* May a text be equal to a value of this kind that is no number? */
static inline bool
is_text_kind(ValueKind kind)
{
	return kind == VALUE_TEXT || kind == VALUE_BPCHAR || kind == VALUE_NAME || kind == VALUE_UUID;
}

/* Note whose keys a comparison looks up. */
static void
add_sought_key(StatementInfo *info, const Comparison *comparison)
{
	uint32		key = 0;

	if (OidIsValid(comparison->relid))
	{
		KeyColumn	column = key_column_find(comparison->relid,
											 comparison->attno);

		key = key_column_sought(&column);
		info->given_key |= column.is_given;
		resultset_note_sought(key);
		/* what is not known for a lock is asked for again next time */
		info->planned &= column.is_complete;
	}
	info->text_key |= is_text_kind(value_kind(comparison->type));
	for (int i = 0; key != 0 && i < KEYS; i++)
	{
		if (info->keys[i] == 0)
			info->keys[i] = key;
		if (info->keys[i] == key)
			return;
	}
	info->any_key = true;
}

/* Find out whose keys the statement looks up. */
static void
collect_sought_keys(StatementInfo *info)
{
	memset(info->keys, 0, sizeof(info->keys));
	info->given_key = false;
	info->text_key = false;
	info->any_key = !info->analyzed ||
		(info->has_literals && info->literals.count == 0);
	for (int i = 0; i < info->nparameters; i++)
		add_sought_key(info, &info->parameters[i]);
	for (int i = 0; i < info->literals.count; i++)
		add_sought_key(info, &info->literals.comparisons[i]);
}

/* Tables of one statement whose names stand for those of their families, at most. */
#define MOST_ALIASES	8

/*
 * The fingerprint of a statement that names parts of tables: that of the same
 * statement about the whole ones.
 */
static uint64
family_fingerprint(const QueryDesc *query)
{
	TableAlias	aliases[MOST_ALIASES];
	int			count = 0;
	ListCell   *cell;

	foreach(cell, query->plannedstmt->rtable)
	{
		const RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (count == MOST_ALIASES)
			break;
		if (!is_part(entry))
			continue;
		aliases[count].name = get_rel_name(entry->relid);
		aliases[count].family =
			get_rel_name(key_column_find(entry->relid, 1).family_relid);
		count += aliases[count].name != NULL && aliases[count].family != NULL;
	}
	return normalize_fingerprint(query->sourceText, query->plannedstmt->stmt_location,
								 query->plannedstmt->stmt_len, aliases, count);
}

/*
 * Does a statement use tables of ours, and none of a user's?  What was found out for
 * another plan with its queryid, which a function that is inlined may have changed,
 * is to be asked again.
 */
bool
statement_uses_ours_alone(const PlannedStmt *plan)
{
	bool		uses_ours = false;
	ListCell   *cell;

	foreach(cell, plan->relationOids)
	{
		if (lfirst_oid(cell) < FirstNormalObjectId)
			continue;
		if (!extension_has_relation(lfirst_oid(cell)))
			return false;
		uses_ours = true;
	}
	return uses_ours;
}

/* Fill in what the plan tells. */
void
statement_info_planned(StatementInfo *info, const QueryDesc *query)
{
	const PlannedStmt *plan = query->plannedstmt;

	info->facts = ++times_learnt;
	info->natts = query->tupDesc == NULL ? 0 : query->tupDesc->natts;
	info->ncolumns = 0;
	info->chain.set = NULL;		/* its columns are those of before */
	info->texts_shown = false;
	info->planned = true;
	info->tables_version = setting_tables_version;
	info->is_ours = statement_uses_ours_alone(plan);
	info->is_bulk = plan->planTree->plan_rows > MAX_PLAN_ROWS;
	collect_sought_keys(info);
	if (info->in_family && info->fingerprint == 0)
		info->fingerprint = family_fingerprint(query);
	if (query->tupDesc == NULL || is_queue(plan) ||
		(query->operation != CMD_SELECT && !plan->hasReturning))
		return;
	collect_columns(info, query);
}

/*
 * What identifies a statement whose text may vary by the length of a list:
 * equal for all lengths.  Its queryid, for most.
 */
uint64
statement_fingerprint(StatementInfo *info, const QueryDesc *query)
{
	if (info->fingerprint == 0)
	{
		info->fingerprint = info->queryid;
		if (info->has_list)
			info->fingerprint = normalize_fingerprint(query->sourceText,
													  query->plannedstmt->stmt_location,
													  query->plannedstmt->stmt_len,
													  NULL, 0);
	}
	return info->fingerprint;
}
