/*-------------------------------------------------------------------------
 *
 * index_def_width.h
 *	  How large a row of an index may become.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_DEF_WIDTH_H
#define CLIPPERF_INDEX_DEF_WIDTH_H

#include "advise/indexes/index_def.h"

#include "access/itup.h"
#include "access/nbtree.h"
#include "storage/bufpage.h"

/*
 * Bytes of the largest row that a B-tree takes: three must fit into a page, and
 * each may need room for a row's address besides.
 */
#define BTREE_MOST_BYTES \
	((int) (MAXALIGN_DOWN((BLCKSZ - \
						   MAXALIGN(SizeOfPageHeaderData + \
									3 * sizeof(ItemIdData)) - \
						   MAXALIGN(sizeof(BTPageOpaqueData))) / 3) - \
			MAXALIGN(sizeof(ItemPointerData))))

/*
 * Rows of this share of it are no longer far from too large: a choice.
 */
#define BTREE_RISKY_BYTES (BTREE_MOST_BYTES / 4)

/* May it have these keys, and what it includes, without ever refusing a row for them? */
extern bool index_def_carries_safely(const IndexDefinition *def,
									 const Bitmapset *keys);

/* May the index include its columns without ever refusing a row for them? */
extern bool index_def_includes_safely(const IndexDefinition *def);

/* Does a B-tree of this definition never refuse a row, by its types? */
extern bool index_def_never_refuses(const IndexDefinition *def);

#endif							/* CLIPPERF_INDEX_DEF_WIDTH_H */
