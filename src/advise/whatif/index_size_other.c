/*-------------------------------------------------------------------------
 *
 * index_size_other.c
 *	  How large hash, BRIN and GiST indexes would be right after CREATE INDEX.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/index_model.h"

#include <math.h>

#include "access/brin.h"
#include "access/brin_internal.h"
#include "access/brin_page.h"
#include "access/brin_tuple.h"
#include "access/gist.h"
#include "access/hash.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

/* ------------------------------------------------------------------------
 * Hash
 * ------------------------------------------------------------------------ */

/*
 * Overflow pages: the rows of equal keys, "group" of them, share a bucket, and
 * the number of different keys in a bucket follows a Poisson distribution.
 */
static double
overflow_pages(double buckets, double distinct, double group, double capacity)
{
	double		mean = distinct / buckets;
	double		pages = 0;

	for (int keys = 1; keys < 2 * mean + 50; keys++)
	{
		double		chance = exp(keys * log(mean) - mean - lgamma(keys + 1.0));

		pages += chance * Max(ceil(keys * group / capacity) - 1, 0);
	}
	return buckets * pages;
}

/* Fill in the size of a hash index, in pages. */
void
hash_size(const IndexModel *model, IndexSize *size)
{
	int			fillfactor = model->def->fillfactor > 0 ?
		model->def->fillfactor : HASH_DEFAULT_FILLFACTOR;
	double		item = ITEM_ROOM(MAXALIGN(sizeof(IndexTupleData)) +
								 sizeof(uint32));
	double		full = Max(floor(BLCKSZ * fillfactor / 100 / item), 10);
	double		wanted = model->tuples / full;
	double		buckets = 2;
	double		distinct = index_model_distinct(model);

	/* When rows are left over, room is made for all buckets of the next step. */
	if (wanted > 2)
		buckets = _hash_get_totalbuckets(_hash_spareindex((uint32) wanted));
	if (wanted > buckets)
		buckets = _hash_get_totalbuckets(_hash_spareindex((uint32) buckets + 1));
	size->pages = (BlockNumber)
		(2 + buckets +
		 overflow_pages(buckets, distinct, model->tuples / distinct,
						floor(PAGE_ROOM(sizeof(HashPageOpaqueData)) / item)));
}

/* ------------------------------------------------------------------------
 * BRIN
 * ------------------------------------------------------------------------ */

/* How many values a BRIN index stores of a key for each range of blocks. */
static int
brin_stored_values(const IndexKey *key)
{
	Oid			type = get_opclass_input_type(key->opclass);
	Oid			proc = get_opfamily_proc(key->opfamily, type, type,
										 BRIN_PROCNUM_OPCINFO);
	BrinOpcInfo *info;

	info = (BrinOpcInfo *)
		DatumGetPointer(OidFunctionCall1(proc, ObjectIdGetDatum(key->type)));
	return info->oi_nstored;
}

/* Fill in the size of a BRIN index, in pages. */
void
brin_size(const IndexModel *model, IndexSize *size)
{
	double		ranges = ceil((double) Max(model->rel->pages, 1) /
							  BRIN_DEFAULT_PAGES_PER_RANGE);
	double		width = index_model_width(model) / model->def->nkeys;
	double		room = MAXALIGN(SizeOfBrinTuple);

	for (int i = 0; i < model->def->nkeys; i++)
		room += width * brin_stored_values(&model->def->keys[i]);
	room = ITEM_ROOM((Size) room);
	size->pages = (BlockNumber)
		(1 + ceil(ranges / REVMAP_PAGE_MAXITEMS) +
		 ceil(ranges / floor(PAGE_ROOM(sizeof(BrinSpecialSpace)) / room)));
}

/* ------------------------------------------------------------------------
 * GiST
 * ------------------------------------------------------------------------ */

/*
 * How full CREATE INDEX leaves the pages.  It splits them as the operator class
 * likes; measured with ranges, points, addresses and trigrams in random order.
 * Rows that come in the order of the key leave pages half as full.
 */
#define GIST_SPLIT_FILL 0.67

/* A key as the operator class compresses it. */
static Size
gist_key_size(const IndexKey *key, Datum value)
{
	Oid			type = get_opclass_input_type(key->opclass);
	Oid			proc = get_opfamily_proc(key->opfamily, type, type,
										 GIST_COMPRESS_PROC);
	int16		length = get_typlen(index_stored_type(key));
	GISTENTRY	entry;
	GISTENTRY  *compressed = &entry;

	gistentryinit(entry, value, NULL, NULL, 0, true);
	if (OidIsValid(proc))
		compressed = (GISTENTRY *)
			DatumGetPointer(OidFunctionCall1Coll(proc, key->collation,
												 PointerGetDatum(&entry)));
	if (length > 0)
		return length;
	return VARSIZE_ANY(DatumGetPointer(compressed->key));
}

/* Average size of the items of leaf pages. */
static double
gist_item_room(const IndexModel *model)
{
	const IndexSample *sample = model->sample;
	int			natts = model->def->nkeys + model->def->nincluded;
	double		room = 0;
	int			rows;

	if (sample == NULL || sample->nrows == 0)
		return ITEM_ROOM(sizeof(IndexTupleData) +
						 (Size) index_model_width(model));
	rows = Min(sample->nrows, 1000);
	for (int i = 0; i < rows; i++)
	{
		Size		first = (Size) i * natts;
		Size		size = sizeof(IndexTupleData);

		for (int k = 0; k < model->def->nkeys; k++)
			if (!sample->nulls[first + k])
				size += gist_key_size(&model->def->keys[k],
									  sample->values[first + k]);
		room += ITEM_ROOM(size);
	}
	return room / rows;
}

/* Fill in the size of a GiST index, in pages. */
void
gist_size(const IndexModel *model, IndexSize *size)
{
	double		room = gist_item_room(model);
	double		page = PAGE_ROOM(sizeof(GISTPageOpaqueData));
	double		fanout = Max(page * GIST_SPLIT_FILL / room, 2);
	double		level = Max(ceil(model->tuples / fanout), 1);

	size->pages = (BlockNumber) level;
	while (level > 1)
	{
		level = ceil(level / fanout);
		size->pages += (BlockNumber) level;
	}
}
