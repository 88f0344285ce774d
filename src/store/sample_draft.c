/*-------------------------------------------------------------------------
 *
 * sample_draft.c
 *	  One execution that is kept as a sample; as bytes, and back.
 *
 * What is read back may come from a file: each length is checked before what
 * it tells of is read.
 *
 *-------------------------------------------------------------------------
 */
#include "store/sample_draft.h"

#include "mb/pg_wchar.h"

#include "store/encoding.h"

/* Bytes of a packed string that may be NULL: its length, then itself. */
static void
pack_string(StringInfo packed, const char *string)
{
	int32		length = string == NULL ? -1 : strlen(string);

	appendBinaryStringInfo(packed, (char *) &length, sizeof(length));
	if (string != NULL)
		appendBinaryStringInfo(packed, string, length + 1);
}

/* The settings that an execution read. */
static void
pack_settings(StringInfo packed, const SampleDraft *draft)
{
	int32		nsettings = draft->nsettings;
	int32		missing = draft->settings_missing;

	appendBinaryStringInfo(packed, (char *) &missing, sizeof(missing));
	appendBinaryStringInfo(packed, (char *) &nsettings, sizeof(nsettings));
	for (int i = 0; i < nsettings; i++)
	{
		pack_string(packed, draft->setting_names[i]);
		pack_string(packed, draft->setting_values[i]);
	}
}

/* Append everything of a draft that has no fixed size.  Allocates memory. */
void
sample_pack(StringInfo packed, const SampleDraft *draft)
{
	int32		encoding = GetDatabaseEncoding();
	int32		nparams = draft->nparams;
	int32		hidden = draft->values_hidden;

	appendBinaryStringInfo(packed, (char *) &encoding, sizeof(encoding));
	appendBinaryStringInfo(packed, (char *) &hidden, sizeof(hidden));
	appendBinaryStringInfo(packed, (char *) &nparams, sizeof(nparams));
	pack_string(packed, draft->statement);
	pack_string(packed, draft->search_path);
	for (int i = 0; i < nparams; i++)
	{
		appendBinaryStringInfo(packed, (char *) &draft->types[i], sizeof(Oid));
		pack_string(packed, draft->values[i]);
	}
	pack_settings(packed, draft);
}

/* Take "length" bytes off the packed ones; NULL if there are fewer. */
static char *
unpack_bytes(StringInfo packed, int length)
{
	char	   *bytes = packed->data + packed->cursor;

	if (length < 0 || length > packed->len - packed->cursor)
		return NULL;
	packed->cursor += length;
	return bytes;
}

/* Take a number off the packed bytes; false if there is none. */
static bool
unpack_int(StringInfo packed, int32 *value)
{
	char	   *bytes = unpack_bytes(packed, sizeof(int32));

	if (bytes != NULL)
		memcpy(value, bytes, sizeof(int32));
	return bytes != NULL;
}

/* A string within the packed bytes, made readable in place. */
static bool
unpack_string(StringInfo packed, int encoding, char **string)
{
	int32		length;

	*string = NULL;
	if (!unpack_int(packed, &length))
		return false;
	if (length < 0)
		return true;
	*string = unpack_bytes(packed, length + 1);
	if (*string == NULL || (*string)[length] != '\0')
		return false;
	encoding_make_readable(*string, encoding);
	return true;
}

/* The reverse of pack_settings(); false if the bytes make no sense. */
static bool
unpack_settings(StringInfo packed, int encoding, SampleDraft *draft)
{
	int32		nsettings;
	int32		missing;

	if (!unpack_int(packed, &missing) || !unpack_int(packed, &nsettings) ||
		(missing != 0 && missing != 1) ||
		nsettings < 0 || nsettings > SAMPLE_SETTINGS)
		return false;
	draft->settings_missing = missing == 1;
	draft->nsettings = nsettings;
	for (int i = 0; i < nsettings; i++)
	{
		char	   *name;
		char	   *value;

		if (!unpack_string(packed, encoding, &name) ||
			!unpack_string(packed, encoding, &value) ||
			name == NULL || value == NULL ||
			strlen(name) >= NAMEDATALEN || strlen(value) > SAMPLE_SETTING_MAX)
			return false;
		draft->setting_names[i] = name;
		draft->setting_values[i] = value;
	}
	return true;
}

/*
 * The reverse of sample_pack(), from the cursor on; false if the bytes make no
 * sense.  The draft's strings lie within them, its arrays are allocated.
 */
bool
sample_unpack(StringInfo packed, SampleDraft *draft)
{
	int32		encoding;
	int32		hidden;
	int32		nparams;
	int32		type;

	if (!unpack_int(packed, &encoding) || !unpack_int(packed, &hidden) ||
		(hidden != 0 && hidden != 1) || !unpack_int(packed, &nparams) ||
		!unpack_string(packed, encoding, unconstify(char **, &draft->statement)) ||
		!unpack_string(packed, encoding, unconstify(char **, &draft->search_path)))
		return false;
	if (nparams < 0 || nparams > SAMPLE_MAX_BYTES / sizeof(Oid))
		return false;
	draft->values_hidden = hidden == 1;
	draft->nparams = nparams;
	draft->types = palloc(nparams * sizeof(Oid));
	draft->values = palloc(nparams * sizeof(char *));
	for (int i = 0; i < nparams; i++)
	{
		if (!unpack_int(packed, &type) ||
			!unpack_string(packed, encoding, &draft->values[i]))
			return false;
		draft->types[i] = (Oid) type;
	}
	return unpack_settings(packed, encoding, draft);
}
