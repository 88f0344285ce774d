/*-------------------------------------------------------------------------
 *
 * document.c
 *	  Keys within a value: the elements of an array, what stands in JSON.
 *
 * A list is often fetched as one value, by array_agg() or json_agg(), or each of
 * its rows is.  Of an array, all elements are read; of JSON, what is or spells an
 * integer or a uuid, with the key that it has in its object, which may spell one itself;
 * of a text, integers and uuids if it lists nothing else.
 *
 * Values that are stored elsewhere, compressed or taken apart are not looked at,
 * and nothing beyond the bytes that a value says it has.  Only jsonb is read by
 * the server's own functions, which could raise errors over one that is broken:
 * the caller reads it only where the client is about to get it, by the same
 * functions, or has just sent it.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/document.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/builtins.h"

/* Bytes of a JSON text, or a list, that are read. */
#define JSON_BYTES		(64 * 1024)

/* Bytes of a document that a statement looks up. */
#define SOUGHT_BYTES	256

/* A value with a short header, once it is given a long one. */
typedef union ShortValue
{
	char		bytes[VARATT_SHORT_MAX + VARHDRSZ];
	double		alignment;
} ShortValue;

/* The kind of an array's elements, if they may be keys. */
static ValueKind
element_kind(Oid type)
{
	ValueKind	kind = value_kind(type);

	switch (kind)
	{
		case VALUE_INT2:
		case VALUE_INT4:
		case VALUE_INT8:
		case VALUE_UUID:
			return kind;
		case VALUE_TEXT:
			return type == TEXTOID || type == VARCHAROID ? kind : VALUE_NONE;
		default:
			return VALUE_NONE;
	}
}

/* What kind of document values of a type are; "element" is set of an array. */
DocumentKind
document_kind(Oid type, ValueKind *element)
{
	Oid			element_type;

	*element = VALUE_NONE;
	if (type == JSONOID)
		return DOCUMENT_JSON;
	if (type == JSONBOID)
		return DOCUMENT_JSONB;
	element_type = get_element_type(type);
	if (!OidIsValid(element_type))
		return DOCUMENT_NONE;
	*element = element_kind(element_type);
	return *element == VALUE_NONE ? DOCUMENT_NONE : DOCUMENT_ARRAY;
}

/* Keep a value; false if there is no room for more. */
static inline bool
keep_value(DocumentValues *values, uint32 field, uint64 hash)
{
	if (values->count == DOCUMENT_VALUES)
		return false;
	values->fields[values->count] = field;
	values->hashes[values->count++] = hash;
	return true;
}

/* The value, with a long header; NULL if it is not stored plainly. */
static const struct varlena *
plain_value(Datum value, ShortValue *room)
{
	const struct varlena *stored = (const struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_EXTERNAL(stored) || VARATT_IS_COMPRESSED(stored))
		return NULL;
	if (!VARATT_IS_SHORT(stored))
		return stored;
	memcpy(VARDATA(room->bytes), VARDATA_SHORT(stored),
		   VARSIZE_SHORT(stored) - VARHDRSZ_SHORT);
	SET_VARSIZE(room->bytes, VARSIZE_SHORT(stored) - VARHDRSZ_SHORT + VARHDRSZ);
	return (const struct varlena *) room->bytes;
}

/* Where an element of this kind begins that stands at "offset" or behind. */
static inline Size
align_element(ValueKind kind, Size offset)
{
	switch (kind)
	{
		case VALUE_INT2:
			return SHORTALIGN(offset);
		case VALUE_INT8:
			return DOUBLEALIGN(offset);
		case VALUE_UUID:
			return offset;
		default:
			return INTALIGN(offset);
	}
}

/*
 * Read the elements of an array of one dimension without nulls, as far as its bytes
 * go.
 */
static void
read_array(ValueKind kind, const struct varlena *value, DocumentValues *values)
{
	const ArrayType *array = (const ArrayType *) value;
	Size		size = VARSIZE(value);
	Size		offset = ARR_OVERHEAD_NONULLS(1);

	if (size < offset || ARR_NDIM(array) != 1 || ARR_HASNULL(array) ||
		element_kind(ARR_ELEMTYPE(array)) != kind)
		return;
	for (int i = 0; i < ARR_DIMS(array)[0]; i++)
	{
		const char *at;
		Datum		element;
		Size		length;
		uint64		hash;

		/* a short text needs no alignment */
		if (kind != VALUE_TEXT || (offset < size && ((const char *) array)[offset] == 0))
			offset = align_element(kind, offset);
		if (offset >= size)
			return;
		at = (const char *) array + offset;
		length = value_fetch(kind, at, size - offset, &element);
		if (length == 0)
			return;
		offset += length;
		if (value_hash(kind, element, &hash) && !keep_value(values, 0, hash))
			return;
	}
}

/* The end of the string that begins behind its quote; "end" if it has none. */
static const char *
string_end(const char *at, const char *end)
{
	while (at < end && *at != '"')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return at;
}

/* The first character that is no blank. */
static inline const char *
first_nonblank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
		at++;
	return at;
}

/* Can this be part of a number? */
static inline bool
is_number_char(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
		c == 'e' || c == 'E';
}

/* Read a JSON text from its beginning, as far as that is needed. */
static void
read_json(const char *at, const char *end, DocumentValues *values)
{
	uint32		field = 0;
	uint64		hash;

	while (at < end)
	{
		const char *start = at;

		if (*at == '"')
		{
			const char *next;

			at = string_end(++start, end);
			next = first_nonblank(Min(at + 1, end), end);
			if (next < end && *next == ':')
			{
				field = hash_bytes((const unsigned char *) start, at - start) | 1;
				if (value_hash_spelled(start, at - start, &hash) &&
					!keep_value(values, DOCUMENT_NAMES, hash))
					return;
			}
			else if (value_hash_spelled(start, at - start, &hash) &&
					 !keep_value(values, field, hash))
				return;
			at = next;
		}
		else if (is_number_char(*at))
		{
			while (at < end && is_number_char(*at))
				at++;
			if (value_hash_spelled(start, at - start, &hash) &&
				!keep_value(values, field, hash))
				return;
		}
		else
			at++;
	}
}

/* Does a value of a jsonb document spell an integer or a uuid? */
static bool
hash_jsonb_value(const JsonbValue *value, uint64 *hash)
{
	char	   *text;
	bool		spelled;

	if (value->type == jbvString)
		return value_hash_spelled(value->val.string.val, value->val.string.len, hash);
	if (value->type != jbvNumeric || VARSIZE_ANY(value->val.numeric) > VALUE_MAX_NUMERIC)
		return false;
	text = DatumGetCString(DirectFunctionCall1(numeric_out,
											   NumericGetDatum(value->val.numeric)));

	spelled = value_hash_spelled(text, strlen(text), hash);
	pfree(text);
	return spelled;
}

/* Read a jsonb document. */
static void
read_jsonb(const struct varlena *value, DocumentValues *values)
{
	JsonbIterator *iterator = JsonbIteratorInit(&((Jsonb *) unconstify(struct varlena *, value))->root);
	JsonbIteratorToken token;
	JsonbValue	item;
	uint32		field = 0;
	uint64		hash;

	while ((token = JsonbIteratorNext(&iterator, &item, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			field = hash_bytes((const unsigned char *) item.val.string.val,
							   item.val.string.len) | 1;
			if (value_hash_spelled(item.val.string.val, item.val.string.len, &hash) &&
				!keep_value(values, DOCUMENT_NAMES, hash))
				break;
		}
		else if ((token == WJB_VALUE || token == WJB_ELEM) &&
				 hash_jsonb_value(&item, &hash) && !keep_value(values, field, hash))
			break;
	}
}

/* Does this stand between the keys that a text lists? */
static inline bool
is_separator(char c)
{
	return c == ',' || c == ';' || c == '|' || c == ' ' || c == '\n';
}

/* Read a text that lists keys; one that holds anything else lists none. */
static void
read_list(const char *at, const char *end, DocumentValues *values)
{
	while (at < end)
	{
		const char *start = at;
		uint64		hash;

		while (at < end && !is_separator(*at))
			at++;
		if (at > start && !value_hash_spelled(start, at - start, &hash))
		{
			values->count = 0;
			return;
		}
		if (at > start && !keep_value(values, 0, hash))
			return;
		at++;
	}
}

/*
 * The hash of the only number or text in a jsonb document; false if it holds none or
 * several, or is too long for one that is looked up.
 */
bool
document_hash_single(Datum value, uint64 *hash)
{
	ShortValue	room;
	const struct varlena *plain = plain_value(value, &room);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;
	int			count = 0;

	if (plain == NULL || VARSIZE(plain) > SOUGHT_BYTES)
		return false;
	iterator = JsonbIteratorInit(&((Jsonb *) unconstify(struct varlena *, plain))->root);
	while ((token = JsonbIteratorNext(&iterator, &item, false)) != WJB_DONE)
	{
		if ((token != WJB_VALUE && token != WJB_ELEM) ||
			(item.type != jbvString && item.type != jbvNumeric))
			continue;
		count += item.type == jbvString ?
			value_hash_text(item.val.string.val, item.val.string.len, hash) :
			hash_jsonb_value(&item, hash);
	}
	return count == 1;
}

/* Read a document that is not null; returns how many bytes it has. */
int
document_read(DocumentKind kind, ValueKind element, Datum value,
			  DocumentValues *values)
{
	ShortValue	room;
	const struct varlena *plain = plain_value(value, &room);
	int			length;

	values->count = 0;
	if (plain == NULL)
		return 0;
	length = VARSIZE(plain) - VARHDRSZ;
	switch (kind)
	{
		case DOCUMENT_ARRAY:
			read_array(element, plain, values);
			break;
		case DOCUMENT_JSON:
			length = Min(length, JSON_BYTES);
			read_json(VARDATA(plain), VARDATA(plain) + length, values);
			break;
		case DOCUMENT_JSONB:
			if (length <= JSON_BYTES)
				read_jsonb(plain, values);
			break;
		case DOCUMENT_LIST:
			if (length <= JSON_BYTES)
				read_list(VARDATA(plain), VARDATA(plain) + length, values);
			break;
		case DOCUMENT_NONE:
			break;
	}
	return length;
}
