/*-------------------------------------------------------------------------
 *
 * index_size_btree.c
 *	  How large a B-tree would be right after CREATE INDEX.
 *
 * CREATE INDEX writes the leaves from left to right.  Rows with equal keys are
 * merged to posting lists of up to a tenth of a page, where the types allow it;
 * a leaf is left when it is filled to the fillfactor.  The sizes follow these
 * rules (access/nbtree/nbtsort.c), given how the rows fall into groups of equal
 * keys.  Groups seen often in the sample are taken by their share of it; the
 * others are taken to be of equal chance, and their number is estimated.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/index_model.h"

#include <math.h>

#include "access/detoast.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/toast_internals.h"
#include "access/tupmacs.h"
#include "catalog/pg_opclass.h"
#include "fmgr.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "advise/indexes/index_def_width.h"

/* A group of equal keys seen this often is taken by its share of the sample. */
#define HEAVY_GROUP 10

/* What goes into the leaves. */
typedef struct Leaves
{
	bool		merging;		/* rows of equal keys become posting lists */
	double		spare;			/* bytes that fillfactor leaves free */
	double		pages;
	double		item_room;		/* of a row alone, average */
	bool		one_size;		/* all rows are of one size */
} Leaves;

/* A row of the sample as the index would hold it, without its TID. */
typedef struct BtreeSampleKey
{
	const char *data;
	Size		size;			/* of the tuple, aligned */
} BtreeSampleKey;

/* May CREATE INDEX merge rows with equal keys? */
static bool
can_merge(const IndexDefinition *def)
{
	if (def->nincluded > 0 || def->unique)
		return false;
	for (int i = 0; i < def->nkeys; i++)
	{
		const IndexKey *key = &def->keys[i];
		Oid			type = get_opclass_input_type(key->opclass);
		Oid			proc = get_opfamily_proc(key->opfamily, type, type,
											 BTEQUALIMAGE_PROC);

		if (!OidIsValid(proc) ||
			!DatumGetBool(OidFunctionCall1Coll(proc, key->collation,
											   ObjectIdGetDatum(type))))
			return false;
	}
	return true;
}

/* TIDs that a posting list may have, its key being of that size. */
static inline int
posting_capacity(Size key_size)
{
	Size		most = MAXALIGN_DOWN(BLCKSZ * 10 / 100) - sizeof(ItemIdData);

	return (int) ((MAXALIGN_DOWN(most) - key_size) / sizeof(ItemPointerData));
}

/*
 * How many items of one size CREATE INDEX leaves on a leaf.  It stops when the
 * page is filled as wanted, where the TID list of the last item does not count,
 * or when the next item would not fit; the last item then moves on.
 */
static double
items_per_leaf(const Leaves *leaves, double room, double tid_list)
{
	double		page = PAGE_ROOM(sizeof(BTPageOpaqueData)) -
		2 * sizeof(ItemIdData);
	double		filled = (page - leaves->spare + tid_list) / room;
	double		fits = (page - sizeof(ItemIdData)) / room - 1;
	double		items = Min(filled, fits);

	return Max(leaves->one_size ? floor(items) : items - 0.5, 1);
}

/* Add items of one size, with a TID list of so many bytes. */
static void
add_items(Leaves *leaves, double count, double room, double tid_list)
{
	leaves->pages += count / items_per_leaf(leaves, room, tid_list);
}

/* Add groups of "rows" equal keys each, whose tuples are of "key_size". */
static void
add_groups(Leaves *leaves, double groups, double rows, Size key_size)
{
	int			capacity = posting_capacity(key_size);
	double		full;
	int			rest;

	if (!leaves->merging || capacity < 2)
	{
		add_items(leaves, groups * rows, ITEM_ROOM(key_size), 0);
		return;
	}
	full = floor(rows / capacity);
	rest = (int) (rows - full * capacity);
	if (full > 0)
		add_items(leaves, groups * full,
				  ITEM_ROOM(key_size + capacity * sizeof(ItemPointerData)),
				  capacity * sizeof(ItemPointerData));
	if (rest == 1)
		add_items(leaves, groups, ITEM_ROOM(key_size), 0);
	else if (rest > 1)
		add_items(leaves, groups,
				  ITEM_ROOM(key_size + rest * sizeof(ItemPointerData)),
				  rest * sizeof(ItemPointerData));
}

/* The parameter of a Poisson distribution whose mean without zeroes is given. */
static double
poisson_parameter(double mean)
{
	double		lambda = mean;

	for (int i = 0; i < 100; i++)
		lambda = mean * (1 - exp(-lambda));
	return lambda;
}

/*
 * Add "rows" rows that fall into "groups" groups at random.  Small groups
 * differ in size: the numbers then follow a Poisson distribution without its
 * zero.
 */
static void
add_scattered(Leaves *leaves, double rows, double groups, Size key_size)
{
	double		mean = rows / Max(groups, 1);
	double		lambda;
	double		chance;

	if (mean > 50 || !leaves->merging)
	{
		add_groups(leaves, groups, rint(mean), key_size);
		return;
	}
	lambda = poisson_parameter(mean);
	if (lambda < 1e-6)
	{
		add_groups(leaves, rows, 1, key_size);
		return;
	}
	chance = exp(-lambda) / (1 - exp(-lambda));
	for (int k = 1; k < 200; k++)
	{
		chance *= lambda / k;
		add_groups(leaves, groups * chance, k, key_size);
	}
}

/*
 * A value as an index keeps it: in its row, and compressed if that helps, as
 * index_form_tuple() does.
 */
static Datum
flatten_value(Form_pg_attribute att, Datum value)
{
	Datum		compressed;

	if (att->attlen != -1)
		return value;
	if (VARATT_IS_EXTERNAL(DatumGetPointer(value)))
		value = PointerGetDatum(detoast_external_attr((struct varlena *)
													  DatumGetPointer(value)));
	if (VARATT_IS_EXTENDED(DatumGetPointer(value)) ||
		VARSIZE(DatumGetPointer(value)) <= TOAST_INDEX_TARGET ||
		(att->attstorage != TYPSTORAGE_EXTENDED &&
		 att->attstorage != TYPSTORAGE_MAIN))
		return value;
	compressed = toast_compress_datum(value, att->attcompression);
	return DatumGetPointer(compressed) == NULL ? value : compressed;
}

/* The column whose value takes most of a row; the values are flat. */
static int
widest_column(TupleDesc desc, const Datum *values, const bool *nulls)
{
	int			widest = 0;
	Size		most = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Size		size;

		if (nulls[i])
			continue;
		size = att_addlength_datum(0, att->attlen, values[i]);
		if (size > most)
		{
			most = size;
			widest = i;
		}
	}
	return widest;
}

/*
 * A row of the sample as an index tuple; the widest is noted.  One that is too
 * large for a B-tree has no data, as index_form_tuple() might raise an error.
 */
static BtreeSampleKey
form_key(TupleDesc desc, const Datum *values, const bool *nulls,
		 IndexWidth *width)
{
	BtreeSampleKey key = {.data = "",.size = sizeof(IndexTupleData)};
	Datum		flat[INDEX_MAX_KEYS];
	unsigned short info = 0;
	IndexTuple	tuple;
	Size		size;

	for (int i = 0; i < desc->natts; i++)
	{
		flat[i] = nulls[i] ? (Datum) 0 :
			flatten_value(TupleDescAttr(desc, i), values[i]);
		if (nulls[i])
			info = INDEX_NULL_MASK;
	}
	size = MAXALIGN(IndexInfoFindDataOffset(info) +
					heap_compute_data_size(desc, flat, unconstify(bool *, nulls)));
	if (size > (Size) width->widest)
	{
		width->widest = (int) Min(size, INT_MAX);
		width->column = widest_column(desc, flat, nulls);
	}
	if (size > BTREE_MOST_BYTES)
		return key;
	tuple = index_form_tuple(desc, flat, unconstify(bool *, nulls));
	key.data = (char *) tuple + sizeof(IndexTupleData);
	key.size = IndexTupleSize(tuple);
	return key;
}

/* The rows of the sample as index tuples, and the width of the widest. */
static BtreeSampleKey *
form_keys(const IndexModel *model, IndexWidth *width)
{
	const IndexSample *sample = model->sample;
	BtreeSampleKey *keys = palloc(Max(sample->nrows, 1) * sizeof(BtreeSampleKey));

	for (int i = 0; i < sample->nrows; i++)
	{
		Size		first = (Size) i * sample->desc->natts;

		keys[i] = form_key(sample->desc, &sample->values[first],
						   &sample->nulls[first], width);
	}
	return keys;
}

/* qsort comparator: brings equal keys together. */
static int
compare_keys(const void *a, const void *b)
{
	const BtreeSampleKey *one = a;
	const BtreeSampleKey *other = b;

	if (one->size != other->size)
		return one->size < other->size ? -1 : 1;
	return memcmp(one->data, other->data, one->size - sizeof(IndexTupleData));
}

/* What the sample tells of the groups that are not heavy. */
typedef struct LightGroups
{
	double		rows;			/* of the sample */
	double		groups;
	double		single;			/* groups of one row */
	double		pairs;			/* ordered pairs of rows in one group */
	double		heavy;			/* groups that are heavy */
	double		size;			/* of their tuples, summed up by row */
} LightGroups;

/* Add the heavy groups of a sorted sample; gather the others. */
static void
add_heavy(Leaves *leaves, const IndexModel *model, const BtreeSampleKey *keys,
		  LightGroups *light)
{
	int			nrows = model->sample->nrows;
	double		scale = model->tuples / Max(nrows, 1);
	int			heavy = model->sample->complete ? 1 : HEAVY_GROUP;
	int			begin = 0;

	for (int i = 1; i <= nrows; i++)
	{
		int			rows = i - begin;

		if (i < nrows && compare_keys(&keys[begin], &keys[i]) == 0)
			continue;
		if (rows >= heavy)
		{
			add_groups(leaves, 1, rint(rows * scale), keys[begin].size);
			light->heavy++;
		}
		else
		{
			light->rows += rows;
			light->groups++;
			light->single += rows == 1;
			light->pairs += (double) rows * (rows - 1);
			light->size += rows * keys[begin].size;
		}
		begin = i;
	}
}

/*
 * How many groups "rows" light rows of the whole table form, if these are of
 * about one size: by the coverage of the sample, corrected for unequal groups
 * (the estimator of Chao and Lee, with the share of the rows that was seen).
 */
static double
even_group_count(const LightGroups *light, double rows)
{
	double		unseen = 1 - Min(light->rows / rows, 1);
	double		coverage = Max(1 - unseen * light->single / light->rows, 1e-6);
	double		groups = light->groups / coverage;
	double		unequal = Max(groups * light->pairs /
							  Max(light->rows * (light->rows - 1), 1) - 1, 0);

	return groups + unseen * light->single / coverage * unequal;
}

/*
 * The parameter of a series of a few large groups and ever more smaller ones: sizes
 * then follow Fisher's logarithmic series, whose one parameter is found by the
 * mean size of the groups in the sample, which must be above 1.
 */
static double
series_parameter(double mean)
{
	double		low = 1e-9;
	double		high = 1 - 1e-9;

	for (int i = 0; i < 50; i++)
	{
		double		p = (low + high) / 2;

		if (-p / ((1 - p) * log1p(-p)) < mean)
			low = p;
		else
			high = p;
	}
	return low;
}

/*
 * How many groups "rows" light rows of the whole table form: between the two
 * estimates above, nearer to the one that foretells how many groups of the
 * sample have a single row.  When both foretell the same, in the middle.
 */
static double
guess_group_count(const LightGroups *light, double rows)
{
	double		even = even_group_count(light, rows);
	double		mean = light->rows / light->groups;
	double		lambda = poisson_parameter(mean);
	double		weight = 0.5;
	double		p;
	double		series_single;
	double		even_single;
	double		series;

	if (light->single == 0 || light->single == light->groups)
		return even;
	p = series_parameter(mean);
	series_single = -p / log1p(-p);
	even_single = lambda * exp(-lambda) / (1 - exp(-lambda));
	series = light->groups / -log1p(-p) *
		log1p(p / (1 - p) * rows / light->rows);
	if (series_single - even_single > 0.01)
		weight = (light->single / light->groups - even_single) /
			(series_single - even_single);
	return even + Min(Max(weight, 0), 1) * (series - even);
}

/*
 * How many groups the light rows of the whole table form.  ANALYZE has seen
 * more rows, so that its word counts where there is a single column.
 */
static double
light_group_count(const IndexModel *model, const LightGroups *light,
				  double rows)
{
	double		groups;

	if (model->def->nkeys == 1 && model->def->keys[0].attno > 0 &&
		model->def->predicate == NIL)
		groups = index_model_distinct(model) - light->heavy;
	else
		groups = guess_group_count(light, rows);
	return Min(Max(groups, light->groups), rows);
}

/* The size of the tree's leaves, and of the widest row, from a sample. */
static void
leaves_from_sample(Leaves *leaves, const IndexModel *model, IndexWidth *width)
{
	BtreeSampleKey *keys = form_keys(model, width);
	int			nrows = model->sample->nrows;
	LightGroups light = {0};
	double		room = 0;

	leaves->one_size = true;
	for (int i = 0; i < nrows; i++)
	{
		room += ITEM_ROOM(keys[i].size);
		leaves->one_size &= MAXALIGN(keys[i].size) == MAXALIGN(keys[0].size);
	}
	leaves->item_room = room / nrows;

	if (!leaves->merging)
	{
		add_items(leaves, model->tuples, leaves->item_room, 0);
		return;
	}
	qsort(keys, nrows, sizeof(BtreeSampleKey), compare_keys);
	add_heavy(leaves, model, keys, &light);
	if (light.rows > 0)
	{
		double		rows = model->tuples * light.rows / nrows;

		leaves->one_size &= light.single == light.groups;
		add_scattered(leaves, rows, light_group_count(model, &light, rows),
					  (Size) (light.size / light.rows));
	}
}

/* The size of the tree's leaves, from statistics alone. */
static void
leaves_from_statistics(Leaves *leaves, const IndexModel *model)
{
	Size		size = MAXALIGN(sizeof(IndexTupleData) +
								(Size) index_model_width(model));

	leaves->item_room = ITEM_ROOM(size);
	leaves->one_size = true;
	add_scattered(leaves, model->tuples, index_model_distinct(model), size);
}

/* The pages of all levels, and the height of the tree. */
static void
add_levels(IndexSize *size, const Leaves *leaves)
{
	double		fill = PAGE_ROOM(sizeof(BTPageOpaqueData)) -
		2 * sizeof(ItemIdData) -
		BLCKSZ * (100 - BTREE_NONLEAF_FILLFACTOR) / 100;
	double		fanout = Max(floor(fill / leaves->item_room), 2);
	double		level = ceil(leaves->pages);

	size->tree_height = 0;
	size->pages = 1 + (BlockNumber) level;
	while (level > 1)
	{
		level = ceil(level / fanout);
		size->pages += (BlockNumber) level;
		size->tree_height++;
	}
}

/* The models: each fills in pages and what its access method has besides. */
void
btree_size(const IndexModel *model, IndexSize *size)
{
	int			fillfactor = model->def->fillfactor > 0 ?
		model->def->fillfactor : BTREE_DEFAULT_FILLFACTOR;
	Leaves		leaves = {0};

	size->width.most = BTREE_MOST_BYTES;
	leaves.merging = can_merge(model->def);
	leaves.spare = BLCKSZ * (100 - fillfactor) / 100;
	leaves.item_room = ITEM_ROOM(sizeof(IndexTupleData));
	if (model->tuples >= 1)
	{
		if (model->sample != NULL && model->sample->nrows > 0)
			leaves_from_sample(&leaves, model, &size->width);
		else
			leaves_from_statistics(&leaves, model);
	}
	add_levels(size, &leaves);
}
