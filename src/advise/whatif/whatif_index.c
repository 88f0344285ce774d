/*-------------------------------------------------------------------------
 *
 * whatif_index.c
 *	  A hypothetical index as the planner wants to see it.
 *
 * The planner reads an index from its relation; here there is none, so that
 * everything comes from the definition, the operator classes and the access
 * method.  What depends on one planning (the OID, the table's number in the
 * query, its tuples) is filled in by whatif.c.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/whatif.h"

#include "access/amapi.h"
#include "access/attmap.h"
#include "access/gist.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/heap.h"
#include "catalog/pg_am.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "storage/bufmgr.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* With more leaf partitions than this, only the largest is looked at closely. */
#define PARTITIONS_SIZED 8

/* Error 0A000 unless there is a model of the sizes of indexes of this method. */
static void
check_access_method(Oid am)
{
	switch (am)
	{
		case BTREE_AM_OID:
		case HASH_AM_OID:
		case GIST_AM_OID:
		case GIN_AM_OID:
		case BRIN_AM_OID:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot plan with a hypothetical index of access method \"%s\"",
							get_am_name(am)),
					 errhint("Supported access methods are btree, hash, gist, gin, and brin.")));
	}
}

/* Can an index-only scan return this column?  Counted from 0. */
static bool
can_return(const IndexDefinition *def, int column)
{
	Oid			family;
	Oid			type;

	if (def->am == BTREE_AM_OID)
		return true;
	if (def->am != GIST_AM_OID)
		return false;
	if (column >= def->nkeys)
		return true;
	family = def->keys[column].opfamily;
	type = get_opclass_input_type(def->keys[column].opclass);
	return OidIsValid(get_opfamily_proc(family, type, type, GIST_FETCH_PROC)) ||
		!OidIsValid(get_opfamily_proc(family, type, type, GIST_COMPRESS_PROC));
}

/* Number of columns with those included. */
static inline int
column_count(const IndexDefinition *def)
{
	return def->nkeys + def->nincluded;
}

/* The column's number in the table, 0 for an expression. */
static inline AttrNumber
column_attno(const IndexDefinition *def, int column)
{
	return column < def->nkeys ? def->keys[column].attno :
		def->included[column - def->nkeys];
}

/* What the planner must know of the columns. */
static void
fill_columns(IndexOptInfo *info, const IndexDefinition *def)
{
	info->ncolumns = column_count(def);
	info->nkeycolumns = def->nkeys;
	info->indexkeys = palloc(info->ncolumns * sizeof(int));
	info->canreturn = palloc(info->ncolumns * sizeof(bool));
	info->indexcollations = palloc(def->nkeys * sizeof(Oid));
	info->opfamily = palloc(def->nkeys * sizeof(Oid));
	info->opcintype = palloc(def->nkeys * sizeof(Oid));
	info->opclassoptions = palloc0(info->ncolumns * sizeof(bytea *));

	for (int i = 0; i < info->ncolumns; i++)
	{
		info->indexkeys[i] = column_attno(def, i);
		info->canreturn[i] = can_return(def, i);
	}
	for (int i = 0; i < def->nkeys; i++)
	{
		info->indexcollations[i] = def->keys[i].collation;
		info->opfamily[i] = def->keys[i].opfamily;
		info->opcintype[i] = get_opclass_input_type(def->keys[i].opclass);
		if (def->keys[i].attno == 0)
			info->indexprs = lappend(info->indexprs, def->keys[i].expr);
	}
	info->indpred = def->predicate;
}

/* The order that a btree index delivers. */
static void
fill_order(IndexOptInfo *info, const IndexDefinition *def)
{
	if (def->am != BTREE_AM_OID)
		return;
	info->sortopfamily = info->opfamily;
	info->reverse_sort = palloc(def->nkeys * sizeof(bool));
	info->nulls_first = palloc(def->nkeys * sizeof(bool));
	for (int i = 0; i < def->nkeys; i++)
	{
		info->reverse_sort[i] = def->keys[i].descending;
		info->nulls_first[i] = def->keys[i].nulls_first;
	}
}

/* What the access method can do. */
static void
fill_access_method(IndexOptInfo *info, const IndexDefinition *def,
				   Relation heap)
{
	const IndexAmRoutine *am = GetIndexAmRoutineByAmId(def->am, false);

	info->relam = def->am;
	info->amcanorderbyop = am->amcanorderbyop;
	info->amoptionalkey = am->amoptionalkey;
	info->amsearcharray = am->amsearcharray;
	info->amsearchnulls = am->amsearchnulls;
	info->amhasgettuple = am->amgettuple != NULL;
	info->amhasgetbitmap = am->amgetbitmap != NULL &&
		TABLE_AM_SCANS_BITMAPS(heap);
	info->amcanparallel = am->amcanparallel;
	info->amcanmarkpos = am->ammarkpos != NULL && am->amrestrpos != NULL;
	info->amcostestimate = am->amcostestimate;
}

/* The values of the index as a target list over the table, varno 1. */
static List *
make_targets(const IndexDefinition *def, Relation heap)
{
	List	   *targets = NIL;

	for (int i = 0; i < column_count(def); i++)
	{
		AttrNumber	attno = column_attno(def, i);
		const FormData_pg_attribute *att;
		Expr	   *value;

		if (attno == 0)
			value = (Expr *) def->keys[i].expr;
		else
		{
			att = attno < 0 ? SystemAttributeDefinition(attno) :
				TupleDescAttr(RelationGetDescr(heap), attno - 1);
			value = (Expr *) makeVar(1, attno, att->atttypid, att->atttypmod,
									 att->attcollation, 0);
		}
		targets = lappend(targets, makeTargetEntry(value, i + 1, NULL, false));
	}
	return targets;
}

/* Make the part of an index that lies on "heap", except for its size. */
static void
make_part(WhatIfPart *part, const IndexDefinition *def, Relation heap)
{
	IndexOptInfo *info = makeNode(IndexOptInfo);

	info->reltablespace = def->tablespace;
	info->unique = def->unique;
	info->immediate = true;
	info->hypothetical = true;
	fill_columns(info, def);
	fill_order(info, def);
	fill_access_method(info, def, heap);

	part->relid = RelationGetRelid(heap);
	part->def = def;
	part->info = info;
	part->targets = make_targets(def, heap);
}

/* An expression over a parent's columns as one over a partition's. */
static Node *
map_expression(const Node *expr, const AttrMap *map)
{
	bool		whole_row;

	return map_variable_attnos(copyObject(unconstify(Node *, expr)), 1, 0, map,
							   InvalidOid, &whole_row);
}

/* The definition as it is for a partition; it keeps the parent's relid. */
static IndexDefinition *
map_definition(const IndexDefinition *def, Relation parent, Relation partition)
{
	AttrMap    *map = BUILD_ATTRMAP(RelationGetDescr(partition),
									RelationGetDescr(parent));
	IndexDefinition *mapped = palloc(sizeof(IndexDefinition));

	*mapped = *def;
	for (int i = 0; i < def->nkeys; i++)
	{
		if (def->keys[i].attno > 0)
			mapped->keys[i].attno = map->attnums[def->keys[i].attno - 1];
		else
			mapped->keys[i].expr = map_expression(def->keys[i].expr, map);
	}
	for (int i = 0; i < def->nincluded; i++)
		mapped->included[i] = map->attnums[def->included[i] - 1];
	mapped->predicate = (List *) map_expression((Node *) def->predicate, map);
	free_attrmap(map);
	return mapped;
}

/* The leaf partitions below a partitioned table, ordered by OID and locked. */
static List *
leaf_partitions(Oid relid)
{
	List	   *leaves = NIL;
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		char		relkind = get_rel_relkind(lfirst_oid(cell));

		if (relkind == RELKIND_RELATION)
			leaves = lappend_oid(leaves, lfirst_oid(cell));
	}
	list_sort(leaves, list_oid_cmp);
	return leaves;
}

/*
 * Size the parts of an index with many: the part on the largest partition as
 * any other, the rest in proportion to the blocks of their partitions.
 */
static void
size_in_proportion(WhatIfIndex *index, Relation parent,
				   const BlockNumber *blocks)
{
	int			largest = 0;
	Relation	heap;

	for (int i = 1; i < index->nparts; i++)
		if (blocks[i] > blocks[largest])
			largest = i;

	heap = table_open(index->parts[largest].relid, NoLock);
	index_size(map_definition(index->def, parent, heap), heap,
			   &index->parts[largest].size);
	table_close(heap, NoLock);

	for (int i = 0; i < index->nparts; i++)
		if (i != largest)
			index_size_scale(&index->parts[i].size,
							 &index->parts[largest].size,
							 (double) blocks[i] / Max(blocks[largest], 1));
}

/* Make and size the parts of an index on a partitioned table. */
static void
make_partitions(WhatIfIndex *index, Relation parent)
{
	List	   *leaves = leaf_partitions(RelationGetRelid(parent));
	BlockNumber *blocks;

	index->nparts = list_length(leaves);
	index->parts = palloc0(Max(index->nparts, 1) * sizeof(WhatIfPart));
	blocks = palloc(Max(index->nparts, 1) * sizeof(BlockNumber));
	for (int i = 0; i < index->nparts; i++)
	{
		Relation	heap = table_open(list_nth_oid(leaves, i), NoLock);
		IndexDefinition *def = map_definition(index->def, parent, heap);

		make_part(&index->parts[i], def, heap);
		blocks[i] = RelationGetNumberOfBlocks(heap);
		if (index->nparts <= PARTITIONS_SIZED)
			index_size(def, heap, &index->parts[i].size);
		table_close(heap, NoLock);
	}
	if (index->nparts > PARTITIONS_SIZED)
		size_in_proportion(index, parent, blocks);
}

/* Add up the sizes of the parts, and find the widest row. */
static void
sum_parts(WhatIfIndex *index)
{
	index->tree_height = -1;
	for (int i = 0; i < index->nparts; i++)
	{
		const IndexSize *size = &index->parts[i].size;

		index->pages += size->pages;
		index->tuples += size->tuples;
		index->tree_height = Max(index->tree_height, size->tree_height);
		if (i == 0 || size->width.widest > index->width.widest)
		{
			bool		unseen = index->width.unseen;

			index->width = size->width;
			index->width.unseen |= unseen;
		}
	}
}

/*
 * A hypothetical index as defined, its size estimated, in the current memory
 * context; "def" must live as long.  The caller has locked the table; the
 * partitions of a partitioned one are locked here, to the end of the
 * transaction.  Error 0A000 for an access method whose indexes have no model of their size.
 */
WhatIfIndex *
whatif_index(const IndexDefinition *def)
{
	WhatIfIndex *index = palloc0(sizeof(WhatIfIndex));
	Relation	heap = table_open(def->relid, NoLock);

	check_access_method(def->am);
	index->def = def;
	if (heap->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		make_partitions(index, heap);
	else
	{
		index->nparts = 1;
		index->parts = palloc0(sizeof(WhatIfPart));
		make_part(&index->parts[0], def, heap);
		index_size(def, heap, &index->parts[0].size);
	}
	table_close(heap, NoLock);
	sum_parts(index);
	return index;
}
