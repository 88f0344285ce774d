/*-------------------------------------------------------------------------
 *
 * pprof.c
 *	  A profile in the format of pprof.
 *
 * The format is that of github.com/google/pprof/proto/profile.proto: a message of
 * Google's protocol buffers in a gzip file (RFC 1952).  Its blocks are stored as they
 * are (RFC 1951, 3.2.4), which every reader understands, so that no library for
 * compression is needed.
 *
 * Strings, functions and locations are numbered from 1 on as they are first met;
 * string 0 is empty.  A function has one location.
 *
 *-------------------------------------------------------------------------
 */
#include "report/pprof.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/hsearch.h"
#include "utils/pg_crc.h"
#include "utils/timestamp.h"

/* Numbers of the fields of the messages that are written. */
enum
{
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14
};

enum
{
	VALUE_TYPE_TYPE = 1,
	VALUE_TYPE_UNIT = 2
};

enum
{
	SAMPLE_LOCATION = 1,
	SAMPLE_VALUE = 2,
	SAMPLE_LABEL = 3
};

enum
{
	LABEL_KEY = 1,
	LABEL_STR = 2
};

enum
{
	MAPPING_ID = 1,
	MAPPING_FILENAME = 5,
	MAPPING_HAS_FUNCTIONS = 7
};

enum
{
	LOCATION_ID = 1,
	LOCATION_MAPPING_ID = 2,
	LOCATION_LINE = 4
};

enum
{
	LINE_FUNCTION_ID = 1
};

enum
{
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2
};

/* How a field is written: a number, or so many bytes. */
#define WIRE_NUMBER	0
#define WIRE_BYTES	2

/* The number of the mapping, which pprof shows as the name of the program. */
#define THE_MAPPING	1

/* The most bytes of a stored block of gzip. */
#define STORED_BLOCK 65535

/* A string that was written; equal hashes of 128 bits are taken for equal strings. */
typedef struct KnownString
{
	uint64		hash[2];		/* hash key */
	int64		number;
	int64		function;		/* 0 = it is no function's name yet */
} KnownString;

struct PprofWriter
{
	StringInfoData message;		/* the profile, without its strings */
	StringInfoData strings;
	HTAB	   *known;			/* of KnownString */
	int64		n_strings;
	int64		n_functions;
	int64		route_key;		/* the string "route" */
};

/* Write a number in the base of 128, the lowest digit first. */
static void
put_varint(StringInfo out, uint64 number)
{
	for (; number >= 0x80; number >>= 7)
		appendStringInfoCharMacro(out, (char) (number | 0x80));
	appendStringInfoCharMacro(out, (char) number);
}

/* Write a field that is a number; 0 is what a missing one means. */
static void
put_integer_field(StringInfo out, int field, int64 number)
{
	if (number == 0)
		return;
	put_varint(out, field << 3 | WIRE_NUMBER);
	put_varint(out, (uint64) number);
}

/* Write a field of bytes: a string, a message, or packed numbers. */
static void
put_bytes(StringInfo out, int field, const char *bytes, int length)
{
	put_varint(out, field << 3 | WIRE_BYTES);
	put_varint(out, length);
	appendBinaryStringInfo(out, bytes, length);
}

/* What is known of a string, which is written if it is a new one. */
static KnownString *
intern_string(PprofWriter *writer, const char *string)
{
	const unsigned char *bytes = (const unsigned char *) string;
	int			length = strlen(string);
	uint64		hash[2] = {hash_bytes_extended(bytes, length, 1),
	hash_bytes_extended(bytes, length, 2)};
	bool		found;
	KnownString *known = hash_search(writer->known, hash, HASH_ENTER, &found);

	if (!found)
	{
		known->number = writer->n_strings++;
		known->function = 0;
		put_bytes(&writer->strings, PROFILE_STRING, string, length);
	}
	return known;
}

/* Write what a kind of value is and its unit. */
static void
put_value_type(PprofWriter *writer, const char *type, const char *unit)
{
	StringInfoData value_type;

	initStringInfo(&value_type);
	put_integer_field(&value_type, VALUE_TYPE_TYPE, intern_string(writer, type)->number);
	put_integer_field(&value_type, VALUE_TYPE_UNIT, intern_string(writer, unit)->number);
	put_bytes(&writer->message, PROFILE_SAMPLE_TYPE, value_type.data, value_type.len);
	pfree(value_type.data);
}

/* Write the one "program" that all functions are of. */
static void
put_mapping(PprofWriter *writer, const char *name)
{
	StringInfoData mapping;

	initStringInfo(&mapping);
	put_integer_field(&mapping, MAPPING_ID, THE_MAPPING);
	put_integer_field(&mapping, MAPPING_FILENAME, intern_string(writer, name)->number);
	put_integer_field(&mapping, MAPPING_HAS_FUNCTIONS, 1);
	put_bytes(&writer->message, PROFILE_MAPPING, mapping.data, mapping.len);
	pfree(mapping.data);
}

/* Begin a profile of a database, of what happened from "since" to "now". */
PprofWriter *
pprof_begin(const char *database, TimestampTz since, TimestampTz now)
{
	HASHCTL		control = {
		.keysize = sizeof(((KnownString *) NULL)->hash),
		.entrysize = sizeof(KnownString),
		.hcxt = CurrentMemoryContext
	};
	PprofWriter *writer = palloc0(sizeof(PprofWriter));
	int64		unix_epoch_us = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
		USECS_PER_DAY;

	initStringInfo(&writer->message);
	initStringInfo(&writer->strings);
	writer->known = hash_create("clipperf profile", 1024, &control,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	(void) intern_string(writer, "");
	put_mapping(writer, database);
	put_value_type(writer, "calls", "count");
	put_value_type(writer, "time", "nanoseconds");
	put_integer_field(&writer->message, PROFILE_DEFAULT_SAMPLE_TYPE,
					  intern_string(writer, "time")->number);
	put_integer_field(&writer->message, PROFILE_TIME_NANOS, (since + unix_epoch_us) * 1000);
	put_integer_field(&writer->message, PROFILE_DURATION_NANOS, Max(now - since, 0) * 1000);
	writer->route_key = intern_string(writer, "route")->number;
	return writer;
}

/* The number of a function, which has the location of the same number. */
static int64
intern_function(PprofWriter *writer, const char *name)
{
	KnownString *known = intern_string(writer, name);
	StringInfoData message;
	StringInfoData line;

	if (known->function != 0)
		return known->function;
	known->function = ++writer->n_functions;

	initStringInfo(&message);
	put_integer_field(&message, FUNCTION_ID, known->function);
	put_integer_field(&message, FUNCTION_NAME, known->number);
	put_bytes(&writer->message, PROFILE_FUNCTION, message.data, message.len);

	initStringInfo(&line);
	put_integer_field(&line, LINE_FUNCTION_ID, known->function);
	resetStringInfo(&message);
	put_integer_field(&message, LOCATION_ID, known->function);
	put_integer_field(&message, LOCATION_MAPPING_ID, THE_MAPPING);
	put_bytes(&message, LOCATION_LINE, line.data, line.len);
	put_bytes(&writer->message, PROFILE_LOCATION, message.data, message.len);
	pfree(line.data);
	pfree(message.data);
	return known->function;
}

/*
 * Add a stack, from its root to its leaf, with what is spent in the leaf: calls, and
 * nanoseconds.  Its label "route" is left out if that is "".
 */
void
pprof_add(PprofWriter *writer, char *const *frames, int depth, int64 calls, int64 ns,
		  const char *route)
{
	StringInfoData sample;
	StringInfoData part;

	initStringInfo(&sample);
	initStringInfo(&part);
	for (int i = depth - 1; i >= 0; i--)
		put_varint(&part, intern_function(writer, frames[i]));
	put_bytes(&sample, SAMPLE_LOCATION, part.data, part.len);
	resetStringInfo(&part);
	put_varint(&part, calls);
	put_varint(&part, ns);
	put_bytes(&sample, SAMPLE_VALUE, part.data, part.len);
	if (route[0] != '\0')
	{
		resetStringInfo(&part);
		put_integer_field(&part, LABEL_KEY, writer->route_key);
		put_integer_field(&part, LABEL_STR, intern_string(writer, route)->number);
		put_bytes(&sample, SAMPLE_LABEL, part.data, part.len);
	}
	put_bytes(&writer->message, PROFILE_SAMPLE, sample.data, sample.len);
	pfree(part.data);
	pfree(sample.data);
}

/* Write a number of "bytes" bytes, the lowest one first. */
static void
put_little_endian(StringInfo out, uint32 number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		appendStringInfoCharMacro(out, (char) (number >> (8 * i)));
}

/* Write a gzip file whose content is stored as it is. */
static void
put_gzip(StringInfo out, const char *content, int length)
{
	static const unsigned char header[] = {
		0x1f, 0x8b,				/* a gzip file */
		8,						/* whose blocks are as of RFC 1951 */
		0, 0, 0, 0, 0,			/* no name, no time */
		0, 255					/* made on an unknown system */
	};
	pg_crc32	crc;
	int			at = 0;

	appendBinaryStringInfo(out, (const char *) header, sizeof(header));
	do
	{
		int			block = Min(length - at, STORED_BLOCK);

		CHECK_FOR_INTERRUPTS();
		appendStringInfoCharMacro(out, at + block == length ? 1 : 0);
		put_little_endian(out, block, 2);
		put_little_endian(out, ~block, 2);
		appendBinaryStringInfo(out, content + at, block);
		at += block;
	} while (at < length);

	INIT_TRADITIONAL_CRC32(crc);
	COMP_TRADITIONAL_CRC32(crc, content, length);
	FIN_TRADITIONAL_CRC32(crc);
	put_little_endian(out, crc, 4);
	put_little_endian(out, length, 4);
}

/* The profile, as the bytes of a file. */
bytea *
pprof_end(PprofWriter *writer)
{
	StringInfoData file;

	appendBinaryStringInfo(&writer->message, writer->strings.data, writer->strings.len);
	initStringInfo(&file);
	appendStringInfoSpaces(&file, VARHDRSZ);
	put_gzip(&file, writer->message.data, writer->message.len);
	SET_VARSIZE(file.data, file.len);
	return (bytea *) file.data;
}
