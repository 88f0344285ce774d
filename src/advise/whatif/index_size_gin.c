/*-------------------------------------------------------------------------
 *
 * index_size_gin.c
 *	  How large a GIN index would be right after CREATE INDEX.
 *
 * The operator class takes the entries out of the sample's values.  Entries
 * seen often are taken by their share of the sample, the number of the others
 * is estimated.  Each entry carries the compressed list of its rows, or the
 * root of a tree of such lists when that does not fit into a third of a page.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/index_model.h"

#include <math.h>

#include "access/gin.h"
#include "access/gin_private.h"
#include "access/ginblock.h"
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

/* An entry seen this often is taken by its share of the sample. */
#define HEAVY_ENTRY 10

/* Entries taken out of the sample, at most. */
#define ENTRIES_TAKEN 2000000

/*
 * CREATE INDEX adds entries in their order and splits full pages in the middle;
 * the entry in the middle stays on the left, which is not touched again.
 */
#define ENTRY_PAGE_FILL 0.5

/* A compressed list of rows in a posting tree: its size, and its header's. */
#define SEGMENT_BYTES 384.0
#define SEGMENT_HEADER ((double) offsetof(GinPostingList, bytes))

/* Rows are coded as block * 2048 + position in it. */
#define BLOCK_DISTANCE 2048.0

/* An entry in a row of the sample. */
typedef struct GinSampleEntry
{
	uint64		hash;			/* of column and value */
	int			row;
	int			size;			/* of the value */
} GinSampleEntry;

/* How the entries of one column are taken out of a value. */
typedef struct Extractor
{
	FmgrInfo	function;
	Oid			collation;
	int16		length;			/* of the entries' type */
	bool		by_value;
} Extractor;

/* All entries of the sample. */
typedef struct SampleEntries
{
	GinSampleEntry *entries;
	int			count;
	int			room;
	int			rows;			/* rows they come from */
	IndexWidth *width;			/* the widest is noted here */
} SampleEntries;

/* The sum of what is known of the index. */
typedef struct GinPages
{
	double		blocks;			/* of the table */
	double		entry_bytes;	/* of tuples in the entry tree */
	double		entries;
	double		data_pages;		/* of posting trees */
} GinPages;

/* Find out how a column's entries are made. */
static void
prepare_extractor(Extractor *extractor, const IndexKey *key)
{
	Oid			type = get_opclass_input_type(key->opclass);

	fmgr_info(get_opfamily_proc(key->opfamily, type, type,
								GIN_EXTRACTVALUE_PROC), &extractor->function);
	extractor->collation = OidIsValid(key->collation) ? key->collation :
		DEFAULT_COLLATION_OID;
	get_typlenbyval(index_stored_type(key), &extractor->length,
					&extractor->by_value);
}

/* Add an entry to the sample's. */
static void
add_entry(SampleEntries *all, uint64 hash, int size, int row)
{
	GinSampleEntry *entry;

	if (all->count == all->room)
	{
		all->room *= 2;
		all->entries = repalloc_huge(all->entries,
									 all->room * sizeof(GinSampleEntry));
	}
	entry = &all->entries[all->count++];
	entry->hash = hash;
	entry->size = size;
	entry->row = row;
}

/* Add one value that the operator class took out of a row. */
static void
add_value(SampleEntries *all, const Extractor *extractor, int column,
		  Datum value, int row)
{
	const void *data = &value;
	Size		size = extractor->length;

	if (!extractor->by_value)
		data = DatumGetPointer(value);
	else
		size = sizeof(Datum);
	if (extractor->length == -1)
	{
		size = VARSIZE_ANY_EXHDR(data);
		data = VARDATA_ANY(data);
	}
	else if (extractor->length == -2)
		size = strlen(data) + 1;
	if (size > (Size) all->width->widest)
	{
		all->width->widest = (int) size;
		all->width->column = column;
	}
	add_entry(all, hash_bytes_extended(data, (int) size, column),
			  extractor->by_value ? extractor->length :
			  (int) (size + (extractor->length == -1)), row);
}

/* Take the entries out of one value; a value without any counts as one. */
static void
extract(SampleEntries *all, Extractor *extractor, int column, Datum value,
		bool isnull, int row)
{
	int32		count = 0;
	bool	   *nulls = NULL;
	Datum	   *values = NULL;

	if (!isnull)
		values = (Datum *)
			DatumGetPointer(FunctionCall3Coll(&extractor->function,
											  extractor->collation, value,
											  PointerGetDatum(&count),
											  PointerGetDatum(&nulls)));
	if (values == NULL || count <= 0)
	{
		add_entry(all, (uint64) column * 2 + isnull, 0, row);
		return;
	}
	for (int i = 0; i < count; i++)
		if (nulls == NULL || !nulls[i])
			add_value(all, extractor, column, values[i], row);
}

/* Take the entries out of the sample's rows, in their order. */
static void
extract_all(const IndexModel *model, SampleEntries *all)
{
	const IndexSample *sample = model->sample;
	Extractor	extractors[INDEX_DEF_KEYS];
	int			natts = sample->desc->natts;

	for (int i = 0; i < natts; i++)
		prepare_extractor(&extractors[i], &model->def->keys[i]);
	for (int row = 0; row < sample->nrows && all->count < ENTRIES_TAKEN; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < natts; i++)
			extract(all, &extractors[i], i, sample->values[row * natts + i],
					sample->nulls[row * natts + i], row);
		all->rows = row + 1;
	}
}

/* qsort comparator: by value, then by row. */
static int
compare_gin_entries(const void *a, const void *b)
{
	const GinSampleEntry *one = a;
	const GinSampleEntry *other = b;

	if (one->hash != other->hash)
		return one->hash < other->hash ? -1 : 1;
	return one->row - other->row;
}

/* Bytes of a varbyte-coded distance between rows, its mean given. */
static double
distance_bytes(double mean)
{
	return 1 + exp(-128 / mean) + exp(-16384 / mean) + exp(-2097152 / mean) +
		exp(-268435456 / mean);
}

/* Bytes of the compressed list of rows spread over a table's blocks. */
static double
posting_bytes(double rows, double blocks)
{
	double		hit = blocks * (1 - exp(-rows / blocks));
	double		close = Max(rows - hit, 0);
	double		far = Max(hit - 1, 0);

	return SEGMENT_HEADER + close +
		far * Max(distance_bytes(BLOCK_DISTANCE * blocks / hit), 2);
}

/* Add entries that have "rows" rows each. */
static void
add_entries(GinPages *pages, const IndexModel *model, double count,
			double rows, double key_size)
{
	double		list = posting_bytes(rows, pages->blocks);
	double		key = sizeof(IndexTupleData) + key_size +
		(model->def->nkeys > 1 ? sizeof(int16) : 0);

	pages->entries += count;
	if (key + list > GinMaxItemSize)
	{
		double		segments = list / (SEGMENT_BYTES - SEGMENT_HEADER);
		double		leaves = ceil(segments * SEGMENT_BYTES /
								  GinDataPageMaxDataSize);

		pages->data_pages += count * (leaves > 1 ? leaves + 1 : 1);
		list = 0;
	}
	pages->entry_bytes += count * ITEM_ROOM((Size) (key + list));
}

/*
 * Add all entries of a sample sorted by value.  Rows that hold an entry more
 * than once count once.
 */
static void
add_all_entries(GinPages *pages, const IndexModel *model,
				const SampleEntries *all)
{
	double		scale = model->tuples / Max(all->rows, 1);
	int			heavy = scale <= 1 ? 1 : HEAVY_ENTRY;
	double		rows = 0;
	double		entries = 0;
	double		single = 0;
	double		size = 0;
	int			seen = 0;

	for (int i = 0; i < all->count; i++)
	{
		const GinSampleEntry *entry = &all->entries[i];
		bool		last = i + 1 == all->count ||
			entry[1].hash != entry->hash;

		if (last || entry[1].row != entry->row)
			seen++;
		if (!last)
			continue;
		if (seen >= heavy)
			add_entries(pages, model, 1, seen * scale, entry->size);
		else
		{
			rows += seen;
			entries++;
			single += seen == 1;
			size += entry->size;
		}
		seen = 0;
	}
	if (entries > 0)
	{
		double		total = rows * scale;
		double		count = rows * entries /
			(rows - single + single * rows / total);

		add_entries(pages, model, count, total / count, size / entries);
	}
}

/* Without a sample: one entry per row, as wide as the column. */
static void
add_unseen(GinPages *pages, const IndexModel *model)
{
	double		distinct = index_model_distinct(model);

	add_entries(pages, model, distinct, model->tuples / distinct,
				index_model_width(model));
}

/* Fill in the size of a GIN index: pages, entries and their pages. */
void
gin_size(const IndexModel *model, IndexSize *size)
{
	GinPages	pages = {0};
	double		room;
	double		level;

	size->width.most = GinMaxItemSize - sizeof(IndexTupleData);
	pages.blocks = Max(model->rel->pages, 1);
	if (model->sample != NULL && model->sample->nrows > 0)
	{
		SampleEntries all = {.width = &size->width};

		all.room = 1024;
		all.entries = palloc(all.room * sizeof(GinSampleEntry));
		extract_all(model, &all);
		qsort(all.entries, all.count, sizeof(GinSampleEntry), compare_gin_entries);
		add_all_entries(&pages, model, &all);
	}
	else if (model->tuples >= 1)
		add_unseen(&pages, model);

	room = PAGE_ROOM(sizeof(GinPageOpaqueData)) * ENTRY_PAGE_FILL +
		pages.entry_bytes / Max(pages.entries, 1);
	level = Max(ceil(pages.entry_bytes / room), 1);
	size->gin_entry_pages = level;
	while (level > 1)
	{
		level = ceil(level * ITEM_ROOM(sizeof(IndexTupleData) +
									   sizeof(Datum)) / room);
		size->gin_entry_pages += level;
	}
	size->gin_entries = pages.entries;
	size->gin_data_pages = pages.data_pages;
	size->pages = (BlockNumber)
		(2 + size->gin_entry_pages + size->gin_data_pages);
}
