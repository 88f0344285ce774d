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

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "nodes/plannodes.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "common/extension.h"
#include "hotpath.h"
#include "profile/statement/column_origin.h"
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

/* Tables of users only: catalogs are full of keys that nobody loops over. */
static inline bool
is_relation_watched(Oid relid)
{
	return relid >= FirstNormalObjectId && settings_table_is_watched(relid);
}

/* Is a column that the statement compares one that identifies rows? */
static bool
compares_key(const Comparisons *comparisons)
{
	for (int i = 0; i < comparisons->count; i++)
	{
		const Comparison *item = &comparisons->items[i];

		if (is_relation_watched(item->relid) && item->list == 0 && !item->is_array &&
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
		is_relation_watched(rt_fetch(query->resultRelation, query->rtable)->relid);
}

/* Is it a table that is a part of another one? */
static bool
is_part(const RangeTblEntry *entry)
{
	if (entry->rtekind != RTE_RELATION || !is_relation_watched(entry->relid) ||
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

/* Is it a type that keys have which functions hand out? */
static inline bool
may_be_handed(ValueKind kind)
{
	return kind == VALUE_INT4 || kind == VALUE_INT8 || kind == VALUE_UUID ||
		kind == VALUE_TEXT;
}

/*
 * Where a column of the result comes from, if that is a table's column that is
 * watched and carries keys, or seems to, as every uuid does, and what the rows
 * were grouped by, or what was taken out of an array or a document; or a function,
 * from which it may be anything.  False if not.
 * What is not known for a lock on some table is asked for again next time.
 */
static bool
find_key_origin(StatementInfo *info, const PlannedStmt *plan, const TargetEntry *entry,
				ValueKind kind, ColumnOrigin *origin, KeyColumn *key)
{
	*origin = (ColumnOrigin)
	{
		.relid = entry->resorigtbl,
			.attno = entry->resorigcol
	};
	memset(key, 0, sizeof(KeyColumn));
	if (!OidIsValid(origin->relid))
		*origin = column_origin_find(plan, entry);
	if (!OidIsValid(origin->relid))
		return origin->is_handed && may_be_handed(kind);
	if (!is_relation_watched(origin->relid))
		return false;
	*key = key_column_find(origin->relid, origin->attno);
	info->planned &= key->is_complete;
	if (origin->is_element)
	{
		/*
		 * a column of arrays is no key, nor are those of one table in
		 * documents
		 */
		if (!key->is_named)
			memset(key, 0, sizeof(KeyColumn));
		return kind != VALUE_TEXT && may_be_handed(kind);
	}
	if (key->is_key || key->is_named || kind == VALUE_UUID)
		return true;
	return column_origin_find(plan, entry).is_grouped;
}

/* Fill in a column of the result. */
static void
fill_column(InfoColumn *item, const TargetEntry *entry, Oid type, ValueKind kind,
			const ColumnOrigin *origin, const KeyColumn *key)
{
	item->key = key_column_sought(key);
	item->kind = kind;
	item->document = DOCUMENT_NONE;
	item->element = VALUE_NONE;
	item->field = 0;
	item->is_guess = false;
	item->has_held = false;
	item->in_vain = 0;
	item->nparts = 0;
	item->type = type;
	item->origin_relid = entry->resorigtbl;
	item->origin_attno = entry->resorigcol;
	item->column = (ResultColumn)
	{
		.relid = origin->relid,
			.attno = origin->attno,
			.key_relid = key->key_relid,
			.key_attno = key->key_attno,
			.guess = OidIsValid(key->guess_relid) ?
			resultset_key(key->guess_relid, key->guess_attno) : 0,
			.name = key->name,
			.is_part = key->is_part,
			.small = value_kind_is_small(kind),
			.is_time = value_kind_is_time(kind),
			.is_open = key->is_named || origin->is_handed || origin->is_element
	};
}

/* Describe a column of the result if it carries keys; false if not. */
static bool
describe_column(StatementInfo *info, InfoColumn *item, const PlannedStmt *plan,
				const TargetEntry *entry, Oid type)
{
	ValueKind	kind = value_kind(type);
	ColumnOrigin origin;
	KeyColumn	key;

	if (kind == VALUE_NONE ||
		!find_key_origin(info, plan, entry, kind, &origin, &key))
		return false;

	if (OidIsValid(origin.relid))
		key_column_resolve(&origin.relid, &origin.attno);
	fill_column(item, entry, type, kind, &origin, &key);
	return true;
}

/*
 * Where the values of an array or document come from, and whether these are the
 * keys of some table: false only if it is none of the user's.
 */
static bool
find_document_origin(StatementInfo *info, const PlannedStmt *plan,
					 const TargetEntry *entry, ColumnOrigin *origin, KeyColumn *key)
{
	*origin = column_origin_find(plan, entry);
	memset(key, 0, sizeof(KeyColumn));
	if (!OidIsValid(origin->relid))
		return true;
	if (!is_relation_watched(origin->relid))
		return false;
	*key = key_column_find(origin->relid, origin->attno);
	info->planned &= key->is_complete;
	key_column_resolve(&origin->relid, &origin->attno);
	return true;
}

/*
 * Describe a column of the result that may hold keys, though it is none: a text
 * that spells them, an array or a JSON document.  Fills columns, one for each field
 * of a document; returns how many there are.
 */
static int
describe_guess(StatementInfo *info, InfoColumn *items, const PlannedStmt *plan,
			   const TargetEntry *entry, Oid type)
{
	ValueKind	element;
	DocumentKind document = document_kind(type, &element);
	ValueKind	kind = document == DOCUMENT_NONE ? value_kind(type) : element;
	int			fields = document == DOCUMENT_JSON || document == DOCUMENT_JSONB ?
		DOCUMENT_FIELDS : 1;
	bool		is_key;
	ColumnOrigin origin;
	KeyColumn	key;

	if (document == DOCUMENT_NONE && kind != VALUE_TEXT)
		return 0;
	if (!find_document_origin(info, plan, entry, &origin, &key) ||
		(document == DOCUMENT_NONE && !OidIsValid(entry->resorigtbl) && !origin.is_element))
		return 0;
	is_key = document == DOCUMENT_ARRAY && (key.is_key || key.is_named);
	for (int i = 0; i < fields; i++)
	{
		fill_column(&items[i], entry, type,
					document == DOCUMENT_NONE ? VALUE_SPELLED : VALUE_NONE,
					&origin, &key);
		items[i].document = document;
		items[i].element = element;
		items[i].field = i;
		items[i].is_guess = true;
		if (is_key)
			continue;
		/* numbers, as a rule, and whose keys they are is not known */
		items[i].column.small = kind != VALUE_UUID &&
			(document != DOCUMENT_ARRAY || kind != VALUE_TEXT);
		items[i].column.is_open = true;
		items[i].column.key_relid = InvalidOid;
		items[i].column.guess = 0;
		items[i].column.key_attno = 0;
		items[i].key = 0;
	}
	if (is_key)
		items[0].column.small = value_kind_is_small(kind);
	return fields;
}

/* Columns that are no keys, but may hold some, of a result that has more than a few. */
#define MOST_GUESSES	4

/*
 * Add the columns that may hold keys though they are none, as far as there is room
 * for them where results with few columns are kept.  Returns how many columns there
 * are then.
 */
static int
collect_guesses(StatementInfo *info, const QueryDesc *query, InfoColumn *columns, int count)
{
	int			room = count <= RESULTSET_NARROW ? RESULTSET_NARROW - count :
		Min(MOST_GUESSES, RESULTSET_COLUMNS - count);
	int			position = 0;
	ListCell   *cell;

	foreach(cell, query->plannedstmt->planTree->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		InfoColumn	guesses[DOCUMENT_FIELDS];
		int			found;
		bool		is_known = false;

		if (entry->resjunk)
			continue;
		if (++position > query->tupDesc->natts || room <= 0)
			break;
		for (int i = 0; i < count; i++)
			is_known |= columns[i].position == position;
		if (is_known)
			continue;
		found = describe_guess(info, guesses, query->plannedstmt, entry,
							   TupleDescAttr(query->tupDesc, position - 1)->atttypid);
		for (int i = 0; i < found && room > 0; i++, room--)
		{
			guesses[i].position = position;
			guesses[i].target = foreach_current_index(cell);
			columns[count++] = guesses[i];
		}
	}
	return count;
}

/* What a column refers to, or may by its name, as a resultset_key(); 0 = not known. */
static inline uint32
referred_key(const ResultColumn *column)
{
	return column->is_open ? column->guess :
		resultset_key(column->key_relid, column->key_attno);
}

/*
 * Does a column refer to rows of another table?  Those that refer to rows of their own
 * one, as the parent and the root of a tree, show what its key shows as well.
 */
static inline bool
is_reference(const InfoColumn *item)
{
	const ResultColumn *column = &item->column;
	uint32		key = referred_key(column);

	return item->document == DOCUMENT_NONE && OidIsValid(column->relid) && !column->is_part &&
		(key == 0 || resultset_key_table(key) != resultset_key_table(resultset_key(column->relid, 0)));
}

/* Do all columns of a table of which it is known what they refer to, refer to the same? */
static bool
refer_to_one(const InfoColumn *columns, int count, Oid relid)
{
	uint32		key = 0;

	for (int i = 0; i < count; i++)
	{
		const ResultColumn *column = &columns[i].column;

		if (column->relid != relid || !is_reference(&columns[i]) || referred_key(column) == 0)
			continue;
		if (key != 0 && key != referred_key(column))
			return false;
		key = referred_key(column);
	}
	return true;
}

/*
 * May two columns that refer to rows hold keys of one table?  What is not known to
 * refer to any may refer to what the others of its table do, if that is one.
 */
static bool
may_refer_alike(const InfoColumn *columns, int count, int one, int other)
{
	const ResultColumn *here = &columns[one].column;
	const ResultColumn *there = &columns[other].column;

	if (columns[one].kind != columns[other].kind)
		return false;
	if (referred_key(here) == referred_key(there))
		return referred_key(here) != 0 || here->relid == there->relid;
	return here->relid == there->relid &&
		(referred_key(here) == 0 || referred_key(there) == 0) &&
		refer_to_one(columns, count, here->relid);
}

/*
 * Add a joint column for columns that refer to the same table, as an author and an
 * editor do: a loop may look up now the one and now the other.  Where results with few
 * columns are kept, only as far as there is room, which is for "room" of them at most.
 * Returns how many columns there are then.
 */
static int
add_joint_columns(InfoColumn *columns, int count, int room)
{
	int			most = Min(room, count <= RESULTSET_NARROW ? RESULTSET_NARROW : RESULTSET_COLUMNS);
	int			single = count;
	bool		taken[RESULTSET_COLUMNS] = {0};

	for (int i = 0; i < single; i++)
		columns[i].column.joint = 0;
	for (int i = 0; i < single && count < most; i++)
	{
		InfoColumn	joint = columns[i];

		if (taken[i] || !is_reference(&columns[i]))
			continue;
		for (int j = i; j < single && joint.nparts < JOINT_PARTS; j++)
		{
			if (taken[j] || !is_reference(&columns[j]) ||
				!may_refer_alike(columns, single, i, j))
				continue;
			taken[j] = true;
			joint.parts[joint.nparts++] = j;
		}
		if (joint.nparts < 2)
			continue;
		joint.is_guess = false;
		joint.column.is_joint = true;
		columns[count++] = joint;
		for (int j = 0; j < joint.nparts; j++)
			columns[joint.parts[j]].column.joint = count;
	}
	return count;
}

/* Does one of these columns show the same value as an entry? */
static bool
is_shown(const PlannedStmt *plan, const InfoColumn *columns, int count,
		 const TargetEntry *entry)
{
	for (int i = 0; i < count; i++)
	{
		const TargetEntry *other = list_nth_node(TargetEntry, plan->planTree->targetlist,
												 columns[i].target);

		if (equal(entry->expr, other->expr))
			return true;
	}
	return false;
}

/*
 * Collect the columns of the result that carry keys.  If there are more than are
 * kept, those that some statement looks up come first.
 */
static void
collect_key_columns(StatementInfo *info, const QueryDesc *query)
{
	InfoColumn	columns[RESULTSET_COLUMNS];
	int			count = 0;
	int			left = 0;		/* places for those that nobody looks up */
	int			position = 0;
	ListCell   *cell;

	foreach(cell, query->plannedstmt->planTree->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		InfoColumn	column;

		if (entry->resjunk)
			continue;
		if (++position > query->tupDesc->natts)
			break;
		column.position = position;
		column.target = foreach_current_index(cell);
		if (is_shown(query->plannedstmt, columns, count, entry) ||
			!describe_column(info, &column, query->plannedstmt, entry,
							 TupleDescAttr(query->tupDesc, position - 1)->atttypid))
			continue;
		if (count < RESULTSET_COLUMNS)
			columns[count++] = column;
		else if (resultset_is_sought(column.key))
		{
			while (left < count && resultset_is_sought(columns[left].key))
				left++;
			if (left < count)
				columns[left++] = column;
		}
	}
	count = collect_guesses(info, query, columns, count);
	count = add_joint_columns(columns, count, RESULTSET_COLUMNS);
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
	int			kept = 0;
	int			single = 0;

	for (int i = 0; i < info->ncolumns; i++)
	{
		const InfoColumn *item = &info->columns[i];

		if (item->nparts > 0)
			break;
		single++;
		if (!item->is_guess || item->has_held || item->in_vain < GUESSES_IN_VAIN)
			info->columns[kept++] = info->columns[i];
	}
	if (kept == single)
		return;

	info->ncolumns = add_joint_columns(info->columns, kept, info->ncolumns);
	info->chain.set = NULL;
	info->facts = ++times_learnt;
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
	collect_key_columns(info, query);
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
