/*-------------------------------------------------------------------------
 *
 * value.h
 *	  One 64-bit hash for the same key, whatever type carries it.
 *
 * Integers of all widths hash alike, so do texts that spell an integer or a
 * uuid, because clients send parameters as text where a column is not one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_VALUE_H
#define CLIPPERF_VALUE_H

#include "compat.h"

/* How a value of a type is hashed. */
typedef enum ValueKind
{
	VALUE_NONE,					/* not a key: booleans, floats, arrays.. */
	VALUE_INT2,
	VALUE_INT4,
	VALUE_INT8,
	VALUE_OID,					/* and enums */
	VALUE_DATE,
	VALUE_UUID,
	VALUE_TEXT,
	VALUE_BPCHAR,
	VALUE_NAME,
	VALUE_NUMERIC,
	VALUE_BYTES,				/* what is equal if its bytes are */
	VALUE_MACADDR,
	VALUE_MACADDR8,
	VALUE_INTERVAL,
	VALUE_TIMESTAMP,			/* with or without time zone, or of the day */
	VALUE_SPELLED				/* a text, if it spells an integer or a uuid */
} ValueKind;

/*
 * Longer values are not followed, in bytes: URLs are, documents are not.  What is
 * longer than some 2 kB is compressed as a rule, and not followed anyway.
 */
#define VALUE_MAX_LENGTH	2048

/* Digits of a number that may be an integer's, which is made text to be hashed. */
#define VALUE_MAX_NUMERIC	64

/* Digits of an integer that surely fits into 64 bits. */
#define VALUE_MAX_DIGITS	18

/* How values of a type are hashed; domains as their base type. */
extern ValueKind value_kind(Oid type);

/* Is it a time of the calendar? */
static inline bool
value_kind_is_time(ValueKind kind)
{
	return kind == VALUE_DATE || kind == VALUE_TIMESTAMP;
}

/* Values of this kind are numbers inside, and often equal by chance. */
static inline bool
value_kind_is_small(ValueKind kind)
{
	return (kind >= VALUE_INT2 && kind <= VALUE_OID) ||
		value_kind_is_time(kind);
}

/* The hash of a text: that of the integer or uuid it spells, if it does; false if it is too long. */
extern bool value_hash_text(const char *text, int length, uint64 *hash);

/* The hash of the integer or uuid that a text spells; false if it spells none. */
extern bool value_hash_spelled(const char *text, int length, uint64 *hash);

/*
 * The value of a kind that begins at "at", where "room" bytes are left of what
 * holds it; returns its length, 0 if it would not end within them.
 */
extern Size value_fetch(ValueKind kind, const char *at, Size room, Datum *value);

/* Of kinds that are not integers; false if the value is not followed. */
extern bool value_hash_bytes(ValueKind kind, Datum value, uint64 *hash);

/* A strong mixer of 64 bits (the finaliser of MurmurHash3). */
static inline uint64
value_mix(uint64 bits)
{
	bits ^= bits >> 33;
	bits *= UINT64CONST(0xff51afd7ed558ccd);
	bits ^= bits >> 33;
	bits *= UINT64CONST(0xc4ceb9fe1a85ec53);
	bits ^= bits >> 33;
	return bits;
}

/*
 * Add 64 bits to a hash that value_mix() is to finish.  Odd multiplier: no two
 * words fall together; the rotation brings their high bits down.
 */
static inline uint64
value_mix_step(uint64 hash, uint64 word)
{
	hash = (hash ^ word) * UINT64CONST(0x9e3779b97f4a7c15);
	return hash << 29 | hash >> 35;
}

/* Values of two databases have nothing to do with each other. */
static inline uint64
value_salt(void)
{
	return (uint64) MyDatabaseId * UINT64CONST(0x9e3779b97f4a7c15);
}

static inline uint64
value_hash_integer(int64 value)
{
	return value_mix((uint64) value ^ value_salt());
}

/* Dates and timestamps are numbers inside, but equal to none. */
static inline uint64
value_hash_time(int64 value)
{
	return value_mix(value_hash_integer(value));
}

/* The number that was hashed, if it was one, or a time. */
extern int64 value_number(uint64 hash, bool is_time);

/* Numbers of this size are taken for some that were hashed, not for hashes of texts. */
#define VALUE_LARGEST_SPELLED	(INT64CONST(1) << 40)

/*
 * Does a hash stand for a number that a text spells?  That of another text is taken
 * for one once in eight million.
 */
static inline bool
value_is_spelled_number(uint64 hash)
{
	int64		number = value_number(hash, false);

	return number > -VALUE_LARGEST_SPELLED && number < VALUE_LARGEST_SPELLED;
}

/* The hash of the only element of an array of this type. */
extern bool value_hash_array(Oid type, Datum array, uint64 *hash);

/* The hash of the element of an array of this type that has this subscript. */
extern bool value_hash_element(Oid type, Datum array, int subscript, uint64 *hash);

/*
 * The hash of a value that is not null.  False if it is not followed: too
 * long, or stored outside of its row.
 */
static inline bool
value_hash(ValueKind kind, Datum value, uint64 *hash)
{
	switch (kind)
	{
		case VALUE_INT2:
			*hash = value_hash_integer(DatumGetInt16(value));
			return true;
		case VALUE_INT4:
			*hash = value_hash_integer(DatumGetInt32(value));
			return true;
		case VALUE_INT8:
			*hash = value_hash_integer(DatumGetInt64(value));
			return true;
		case VALUE_OID:
			*hash = value_hash_integer(DatumGetObjectId(value));
			return true;
		case VALUE_DATE:
			*hash = value_hash_time(DatumGetInt32(value));
			return true;
		case VALUE_TIMESTAMP:
			*hash = value_hash_time(DatumGetInt64(value));
			return true;
		case VALUE_NONE:
			return false;
		default:
			return value_hash_bytes(kind, value, hash);
	}
}

#endif							/* CLIPPERF_VALUE_H */
