/*-------------------------------------------------------------------------
 *
 * result_columns.c
 *	  Which columns of a statement's result carry keys, or may.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/result_columns.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "nodes/plannodes.h"
#include "utils/syscache.h"

#include "profile/statement/column_origin.h"
#include "profile/statement/key_column.h"

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
find_key_origin(bool *complete, const PlannedStmt *plan, const TargetEntry *entry,
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
	if (!key_column_is_watched(origin->relid))
		return false;
	*key = key_column_find(origin->relid, origin->attno);
	*complete &= key->is_complete;
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
describe_column(bool *complete, InfoColumn *item, const PlannedStmt *plan,
				const TargetEntry *entry, Oid type)
{
	ValueKind	kind = value_kind(type);
	ColumnOrigin origin;
	KeyColumn	key;

	if (kind == VALUE_NONE ||
		!find_key_origin(complete, plan, entry, kind, &origin, &key))
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
find_document_origin(bool *complete, const PlannedStmt *plan,
					 const TargetEntry *entry, ColumnOrigin *origin, KeyColumn *key)
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
		return true;
	if (!key_column_is_watched(origin->relid))
		return false;
	*key = key_column_find(origin->relid, origin->attno);
	*complete &= key->is_complete;
	key_column_resolve(&origin->relid, &origin->attno);
	return true;
}

/* Does a statement read tables of users, and no catalog? */
static bool
reads_watched_tables(const PlannedStmt *plan)
{
	ListCell   *cell;

	foreach(cell, plan->relationOids)
	{
		if (!key_column_is_watched(lfirst_oid(cell)))
			return false;
	}
	return plan->relationOids != NIL;
}

/* How many guesses are made about a column; a computed text may be a list of keys as well. */
static int
count_guesses(DocumentKind document, bool is_computed)
{
	switch (document)
	{
		case DOCUMENT_JSON:
		case DOCUMENT_JSONB:
			return DOCUMENT_FIELDS;
		case DOCUMENT_NONE:
			return is_computed ? 2 : 1;
		default:
			return 1;
	}
}

/*
 * Describe a column of the result that may hold keys, though it is none: a text, which
 * may list them where it is computed, an array or a JSON document.  Fills columns, one
 * for each field of a document; returns how many there are.
 */
static int
describe_guess(bool *complete, InfoColumn *items, const PlannedStmt *plan,
			   const TargetEntry *entry, Oid type)
{
	ValueKind	element;
	DocumentKind document = document_kind(type, &element);
	ValueKind	kind = document == DOCUMENT_NONE ? value_kind(type) : element;
	bool		is_computed;
	int			fields;
	bool		is_key;
	ColumnOrigin origin;
	KeyColumn	key;

	if (document == DOCUMENT_NONE && kind != VALUE_TEXT && kind != VALUE_BPCHAR)
		return 0;
	if (!find_document_origin(complete, plan, entry, &origin, &key))
		return 0;
	is_computed = !OidIsValid(entry->resorigtbl) && !OidIsValid(origin.relid);
	if (document == DOCUMENT_NONE && is_computed && !reads_watched_tables(plan))
		return 0;
	fields = count_guesses(document, is_computed);
	is_key = document == DOCUMENT_ARRAY && (key.is_key || key.is_named);
	for (int i = 0; i < fields; i++)
	{
		bool		is_text = document == DOCUMENT_NONE && i == 0;

		fill_column(&items[i], entry, type, is_text ? kind : VALUE_NONE, &origin, &key);
		items[i].column.is_text = is_text;
		items[i].document = document == DOCUMENT_NONE && i > 0 ? DOCUMENT_LIST : document;
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

/* Texts are likelier keys where each comes in several rows, and none is long, in bytes. */
#define LIKELY_KEY_WIDTH	64
#define LIKELY_KEY_DISTINCT	(-0.5)	/* as pg_statistic has it: a share of the
									 * rows */

/* Rows of a table, as the planner counts them. */
static double
table_rows(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	double		rows;

	if (!HeapTupleIsValid(tuple))
		return 0;
	rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return Max(rows, 0);
}

/* The statistics of a column, of its table alone or with its parts; NULL if there are none. */
static HeapTuple
column_statistics(const ResultColumn *column, bool parts)
{
	return SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(column->relid),
						   Int16GetDatum(column->attno), BoolGetDatum(parts));
}

/*
 * What the statistics of its table tell of a column of texts: how many different ones
 * there are, and whether they repeat, as those do that stand for something.  Where there
 * are none, nobody knows, and they do not.
 */
static bool
texts_repeat(ResultColumn *column)
{
	HeapTuple	tuple = column_statistics(column, false);
	Form_pg_statistic statistic;
	bool		repeat;
	double		distinct;

	if (!HeapTupleIsValid(tuple))
		tuple = column_statistics(column, true);
	if (!HeapTupleIsValid(tuple))
		return false;
	statistic = (Form_pg_statistic) GETSTRUCT(tuple);
	distinct = statistic->stadistinct;
	repeat = statistic->stawidth <= LIKELY_KEY_WIDTH &&
		(distinct > 0 || distinct > LIKELY_KEY_DISTINCT);
	ReleaseSysCache(tuple);
	if (distinct < 0)
		distinct *= -table_rows(column->relid);
	column->domain = (uint16) Min(distinct, PG_UINT16_MAX);
	return repeat;
}

/* Columns that are no keys, but may hold some, of a result that has more than a few. */
#define MOST_GUESSES	4

/*
 * Add the columns that may hold keys though they are none, as far as there is room for
 * them: the likely ones, which documents are as well, or the others.  Returns how many
 * columns there are then.
 */
static int
add_guesses(const QueryDesc *query, InfoColumn *columns, int count, int most,
			bool likely, bool *complete)
{
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
		if (++position > query->tupDesc->natts || count >= most)
			break;
		for (int i = 0; i < count; i++)
			is_known |= columns[i].position == position;
		if (is_known)
			continue;
		found = describe_guess(complete, guesses, query->plannedstmt, entry,
							   TupleDescAttr(query->tupDesc, position - 1)->atttypid);
		if (found > 0 && likely !=
			(!guesses[0].column.is_text || texts_repeat(&guesses[0].column)))
			continue;
		for (int i = 0; i < found && count < most; i++)
		{
			guesses[i].position = position;
			guesses[i].target = foreach_current_index(cell);
			columns[count++] = guesses[i];
		}
	}
	return count;
}

/*
 * Add the columns that may hold keys though they are none, as far as there is room
 * for them where results with few columns are kept.  Returns how many columns there
 * are then.
 */
static int
collect_guesses(const QueryDesc *query, InfoColumn *columns, int count, bool *complete)
{
	int			most = count <= RESULTSET_NARROW ? RESULTSET_NARROW :
		Min(count + MOST_GUESSES, RESULTSET_COLUMNS);

	count = add_guesses(query, columns, count, most, true, complete);
	return add_guesses(query, columns, count, most, false, complete);
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

	return item->document == DOCUMENT_NONE && !column->is_text &&
		OidIsValid(column->relid) && !column->is_part &&
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
 * Collect the columns of the result that carry keys, or may: fills
 * columns[RESULTSET_COLUMNS], returns how many.  If there are more than are kept,
 * those that some statement looks up come first.  *complete is taken away where a table
 * was locked, so that they are to be asked for again.
 */
int
result_columns_collect(const QueryDesc *query, InfoColumn *columns, bool *complete)
{
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
			!describe_column(complete, &column, query->plannedstmt, entry,
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
	count = collect_guesses(query, columns, count, complete);
	return add_joint_columns(columns, count, RESULTSET_COLUMNS);
}

/*
 * Drop columns that have held no keys in so many results, and say how many are left;
 * false if there are none.  Of texts, none of which were looked up, those that spell keys are still recorded.
 */
bool
result_columns_drop_guesses(InfoColumn *columns, int *count)
{
	int			kept = 0;
	int			single = 0;
	bool		spelled = false;

	for (int i = 0; i < *count; i++)
	{
		InfoColumn *item = &columns[i];

		if (item->nparts > 0)
			break;
		single++;
		if (item->column.is_text && !item->has_held && item->in_vain >= GUESSES_IN_VAIN)
		{
			item->kind = VALUE_SPELLED;
			item->column.is_text = false;
			item->in_vain = 0;
			spelled = true;
		}
		if (!item->is_guess || item->has_held || item->in_vain < GUESSES_IN_VAIN)
			columns[kept++] = columns[i];
	}
	if (kept == single && !spelled)
		return false;
	*count = add_joint_columns(columns, kept, *count);
	return true;
}
