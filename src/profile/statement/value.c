/*-------------------------------------------------------------------------
 *
 * value.c
 *	  One 64-bit hash for the same key, whatever type carries it.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/value.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* Bytes of the types of these names. */
#define MACADDR_BYTES	6
#define MACADDR8_BYTES	8

/* Characters of a uuid in its canonical spelling. */
#define UUID_TEXT_LENGTH	36

/* How values of one of the server's own types are hashed. */
static inline ValueKind
builtin_kind(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return VALUE_INT2;
		case INT4OID:
			return VALUE_INT4;
		case INT8OID:
			return VALUE_INT8;
		case OIDOID:
			return VALUE_OID;
		case UUIDOID:
			return VALUE_UUID;
		case TEXTOID:
		case VARCHAROID:
			return VALUE_TEXT;
		case BPCHAROID:
			return VALUE_BPCHAR;
		case NAMEOID:
			return VALUE_NAME;
		case NUMERICOID:
			return VALUE_NUMERIC;
		case BYTEAOID:
		case INETOID:
		case CIDROID:
		case BITOID:
		case VARBITOID:
		case INT4RANGEOID:
		case INT8RANGEOID:
		case NUMRANGEOID:
		case DATERANGEOID:
		case TSRANGEOID:
		case TSTZRANGEOID:
			return VALUE_BYTES;
		case MACADDROID:
			return VALUE_MACADDR;
		case MACADDR8OID:
			return VALUE_MACADDR8;
		case DATEOID:
			return VALUE_DATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case TIMEOID:
			return VALUE_TIMESTAMP;
		case INTERVALOID:
			return VALUE_INTERVAL;
		default:
			return VALUE_NONE;
	}
}

/*
 * How values of a type that an extension or user made are hashed: strings as
 * text, such as citext, others of variable length by their bytes.  The value that
 * a statement was sent is the one that another returned, so that it matters
 * little whether the type has more ways to write it.
 */
static ValueKind
made_kind(Form_pg_type form)
{
	if (form->typtype == TYPTYPE_ENUM)
		return VALUE_OID;
	if (form->typtype == TYPTYPE_RANGE)
		return VALUE_BYTES;
	if (form->typtype != TYPTYPE_BASE || form->typlen != -1 ||
		IsTrueArrayType(form))
		return VALUE_NONE;
	return form->typcategory == TYPCATEGORY_STRING ? VALUE_TEXT : VALUE_BYTES;
}

/*
 * How values of a type are hashed; domains as their base type.  A type that is
 * gone is VALUE_NONE: nothing is raised.  No catalog is asked about the types
 * that keys usually have.
 */
ValueKind
value_kind(Oid type)
{
	ValueKind	kind = builtin_kind(type);

	while (kind == VALUE_NONE && type >= FirstUnpinnedObjectId)
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
		Form_pg_type form;

		if (!HeapTupleIsValid(tuple))
			break;
		form = (Form_pg_type) GETSTRUCT(tuple);
		type = form->typtype == TYPTYPE_DOMAIN ? form->typbasetype : InvalidOid;
		kind = OidIsValid(type) ? builtin_kind(type) : made_kind(form);
		ReleaseSysCache(tuple);
	}
	return kind;
}

/* The inverse of value_mix(). */
static uint64
unmix(uint64 bits)
{
	bits ^= bits >> 33;
	bits *= UINT64CONST(0x9cb4b2f8129337db);
	bits ^= bits >> 33;
	bits *= UINT64CONST(0x4f74430c22a54005);
	bits ^= bits >> 33;
	return bits;
}

/* The number that was hashed, if it was one, or a time. */
int64
value_number(uint64 hash, bool is_time)
{
	if (is_time)
		hash = unmix(hash);
	return (int64) (unmix(hash) ^ value_salt());
}

/* The value of a hexadecimal digit, -1 if it is none. */
static inline int
text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Does the text spell an integer as the server would print it?
 */
static bool
parse_integer(const char *text, int length, int64 *value)
{
	bool		negative = length > 1 && text[0] == '-';
	int			digit = negative ? 1 : 0;
	int64		sum = 0;

	if (length - digit > VALUE_MAX_DIGITS || length == digit ||
		(text[digit] == '0' && length > 1))
		return false;
	for (; digit < length; digit++)
	{
		if (text[digit] < '0' || text[digit] > '9')
			return false;
		sum = sum * 10 + (text[digit] - '0');
	}
	*value = negative ? -sum : sum;
	return true;
}

/*
 * Does the text of UUID_TEXT_LENGTH characters spell a uuid?
 */
static bool
parse_uuid(const char *text, uint8 *bytes)
{
	int			at = 0;

	for (int i = 0; i < UUID_LEN; i++)
	{
		int			high;
		int			low;

		if (i == 4 || i == 6 || i == 8 || i == 10)
		{
			if (text[at++] != '-')
				return false;
		}
		high = text_hex_digit(text[at++]);
		low = text_hex_digit(text[at++]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8) (high << 4 | low);
	}
	return true;
}

/* The hash of the 16 bytes of a uuid. */
static inline uint64
hash_uuid(const uint8 *bytes)
{
	uint64		high;
	uint64		low;

	memcpy(&high, bytes, sizeof(high));
	memcpy(&low, bytes + sizeof(high), sizeof(low));
	return value_mix(high ^ value_hash_integer((int64) low));
}

/* The hash of bytes that spell nothing else. */
static inline uint64
hash_plain(const char *bytes, int length)
{
	return hash_bytes_extended((const unsigned char *) bytes, length,
							   value_hash_integer(length));
}

/* The hash of the integer or uuid that a text spells; false if it spells none. */
bool
value_hash_spelled(const char *text, int length, uint64 *hash)
{
	int64		integer;
	uint8		uuid[UUID_LEN];

	if (length == UUID_TEXT_LENGTH && parse_uuid(text, uuid))
		*hash = hash_uuid(uuid);
	else if (parse_integer(text, length, &integer))
		*hash = value_hash_integer(integer);
	else
		return false;
	return true;
}

/* The hash of a text: that of the integer or uuid it spells, if it does; false if it is too long. */
bool
value_hash_text(const char *text, int length, uint64 *hash)
{
	if (length > VALUE_MAX_LENGTH)
		return false;
	if (!value_hash_spelled(text, length, hash))
		*hash = hash_plain(text, length);
	return true;
}

/* The hash of a number: by its text, so that integers are integers. */
static bool
hash_number(Datum value, uint64 *hash)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, value));
	bool		done = value_hash_text(text, strlen(text), hash);

	pfree(text);
	return done;
}

/* Values stored elsewhere or compressed are not fetched. */
static inline bool
is_stored_plainly(Datum value)
{
	struct varlena *bytes = (struct varlena *) DatumGetPointer(value);

	return !VARATT_IS_EXTERNAL(bytes) && !VARATT_IS_COMPRESSED(bytes);
}

/* The hash of a text-like value; blanks at the end of bpchar do not count. */
static bool
hash_varlena_datum(ValueKind kind, Datum value, uint64 *hash)
{
	const char *bytes;
	int			length;

	if (!is_stored_plainly(value))
		return false;
	bytes = VARDATA_ANY(DatumGetPointer(value));
	length = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
	if (length > VALUE_MAX_LENGTH)
		return false;
	if (kind == VALUE_BPCHAR)
	{
		while (length > 0 && bytes[length - 1] == ' ')
			length--;
	}
	if (kind == VALUE_SPELLED)
		return value_hash_spelled(bytes, length, hash);
	if (kind != VALUE_BYTES)
		return value_hash_text(bytes, length, hash);
	*hash = hash_plain(bytes, length);
	return true;
}

/* Of kinds that are not integers; false if the value is not followed. */
bool
value_hash_bytes(ValueKind kind, Datum value, uint64 *hash)
{
	switch (kind)
	{
		case VALUE_UUID:
			*hash = hash_uuid(DatumGetUUIDP(value)->data);
			return true;
		case VALUE_NAME:
			return value_hash_text(NameStr(*DatumGetName(value)),
								   strlen(NameStr(*DatumGetName(value))), hash);
		case VALUE_MACADDR:
			*hash = hash_plain(DatumGetPointer(value), MACADDR_BYTES);
			return true;
		case VALUE_MACADDR8:
			*hash = hash_plain(DatumGetPointer(value), MACADDR8_BYTES);
			return true;
		case VALUE_INTERVAL:
			*hash = hash_plain(DatumGetPointer(value), sizeof(Interval));
			return true;
		case VALUE_NUMERIC:
			return is_stored_plainly(value) &&
				VARSIZE_ANY(DatumGetPointer(value)) <= VALUE_MAX_NUMERIC &&
				hash_number(value, hash);
		case VALUE_TEXT:
		case VALUE_BPCHAR:
		case VALUE_BYTES:
		case VALUE_SPELLED:
			return hash_varlena_datum(kind, value, hash);
		default:
			return false;
	}
}

/*
 * The value of a kind that begins at "at", where "room" bytes are left of what
 * holds it; returns its length, 0 if it would not end within them.
 */
Size
value_fetch(ValueKind kind, const char *at, Size room, Datum *value)
{
	Size		length;

	switch (kind)
	{
		case VALUE_INT2:
			length = sizeof(int16);
			break;
		case VALUE_INT4:
		case VALUE_OID:
		case VALUE_DATE:
			length = sizeof(int32);
			break;
		case VALUE_INT8:
		case VALUE_TIMESTAMP:
			length = sizeof(int64);
			break;
		case VALUE_UUID:
			length = UUID_LEN;
			break;
		case VALUE_NAME:
			length = NAMEDATALEN;
			break;
		case VALUE_MACADDR:
			length = MACADDR_BYTES;
			break;
		case VALUE_MACADDR8:
			length = MACADDR8_BYTES;
			break;
		case VALUE_INTERVAL:
			length = sizeof(Interval);
			break;
		case VALUE_NONE:
			return 0;
		default:
			if (room < VARHDRSZ_SHORT || VARATT_IS_1B_E(at) ||
				(!VARATT_IS_1B(at) && room < VARHDRSZ))
				return 0;
			length = VARSIZE_ANY(at);
			if (!VARATT_IS_1B(at) && length < VARHDRSZ)
				return 0;
			break;
	}
	if (length > room)
		return 0;
	if (length < sizeof(int64) && kind < VALUE_UUID)
		*value = fetch_att(at, true, length);
	else if (kind == VALUE_INT8 || kind == VALUE_TIMESTAMP)
		*value = fetch_att(at, FLOAT8PASSBYVAL, length);
	else
		*value = PointerGetDatum(at);
	return length;
}

/*
 * The hash of the only element of an array, a value of "type"; false if that is
 * no array type, or the array has no element or several.  One that is stored
 * elsewhere, compressed or taken apart is not looked at.  Its header must agree
 * with its type, and its element lie within its bytes.  Nothing is raised.
 */
bool
value_hash_array(Oid type, Datum array, uint64 *hash)
{
	const ArrayType *header = (const ArrayType *) DatumGetPointer(array);
	Oid			element = get_element_type(type);
	ValueKind	kind;
	Datum		value;

	if (!OidIsValid(element) || VARATT_IS_EXTENDED(header) ||
		VARSIZE(header) < ARR_OVERHEAD_NONULLS(1) ||
		ARR_NDIM(header) != 1 || ARR_DIMS(header)[0] != 1 ||
		ARR_HASNULL(header) || ARR_ELEMTYPE(header) != element)
		return false;
	kind = value_kind(element);
	return value_fetch(kind, ARR_DATA_PTR(header),
					   VARSIZE(header) - ARR_OVERHEAD_NONULLS(1), &value) > 0 &&
		value_hash(kind, value, hash);
}

/* How many bytes an element of an array takes, 0 if that depends on its value. */
static Size
element_stride(ValueKind kind)
{
	switch (kind)
	{
		case VALUE_INT2:
			return sizeof(int16);
		case VALUE_INT4:
		case VALUE_OID:
			return sizeof(int32);
		case VALUE_INT8:
			return sizeof(int64);
		case VALUE_UUID:
			return UUID_LEN;
		default:
			return 0;
	}
}

/*
 * The hash of the element at an offset of an array as it is stored, whose elements
 * have a fixed length and are not null; false if it is none such, or not within it.
 */
static bool
hash_stored_element(const ArrayType *array, Oid element, int64 offset, uint64 *hash)
{
	ValueKind	kind = value_kind(element);
	Size		stride = element_stride(kind);
	Size		size;
	Datum		value;

	if (array == NULL || stride == 0 || VARATT_IS_EXTENDED(array) ||
		VARSIZE(array) < ARR_OVERHEAD_NONULLS(1) || ARR_NDIM(array) != 1 ||
		ARR_HASNULL(array) || ARR_ELEMTYPE(array) != element)
		return false;
	size = VARSIZE(array) - ARR_OVERHEAD_NONULLS(1);
	if (offset < 0 || offset >= ARR_DIMS(array)[0] || (uint64) offset >= size / stride)
		return false;
	return value_fetch(kind, ARR_DATA_PTR(array) + offset * stride, stride, &value) > 0 &&
		value_hash(kind, value, hash);
}

/*
 * The hash of the element of an array that has this subscript, where that has one
 * dimension; false if it has none such, or it is null.  An array in memory, taken apart
 * as variables of functions are, is read as it is.  Nothing is raised, and no array
 * that is stored elsewhere or compressed is looked at.
 */
bool
value_hash_element(Oid type, Datum array, int subscript, uint64 *hash)
{
	const ArrayType *stored = (const ArrayType *) DatumGetPointer(array);
	const ExpandedArrayHeader *expanded;
	Oid			element = get_element_type(type);
	int64		offset;

	if (!OidIsValid(element))
		return false;
	if (!VARATT_IS_EXTERNAL_EXPANDED(stored))
		return !VARATT_IS_EXTENDED(stored) &&
			VARSIZE(stored) >= ARR_OVERHEAD_NONULLS(1) && ARR_NDIM(stored) == 1 &&
			hash_stored_element(stored, element, (int64) subscript - ARR_LBOUND(stored)[0], hash);
	expanded = (const ExpandedArrayHeader *) DatumGetEOHP(array);
	if (expanded->ea_magic != EA_MAGIC || expanded->element_type != element ||
		expanded->ndims != 1)
		return false;
	offset = (int64) subscript - expanded->lbound[0];
	if (expanded->dvalues == NULL)
		return hash_stored_element(expanded->fvalue, element, offset, hash);
	return offset >= 0 && offset < expanded->nelems &&
		(expanded->dnulls == NULL || !expanded->dnulls[offset]) &&
		value_hash(value_kind(element), expanded->dvalues[offset], hash);
}
