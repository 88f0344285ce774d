/*-------------------------------------------------------------------------
 *
 * sample_draft.h
 *	  One execution that is kept as a sample; as bytes, and back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SAMPLE_DRAFT_H
#define CLIPPERF_SAMPLE_DRAFT_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

/* Bytes of a sample at most, all in all. */
#define SAMPLE_MAX_BYTES	8192

/* Settings kept with a sample, and bytes of a value, at most. */
#define SAMPLE_SETTINGS		8
#define SAMPLE_SETTING_MAX	256

/* One execution.  Strings are of the database encoding. */
typedef struct SampleDraft
{
	const char *statement;		/* as the client sent it; NULL = too long, or
								 * values are hidden */
	const char *search_path;	/* the setting in force */
	int			nparams;
	Oid		   *types;			/* of the parameters; InvalidOid = not used */
	char	  **values;			/* in text form, NULL for null; if they are
								 * hidden, "" for what is not null */
	bool		values_hidden;	/* none is kept, of settings neither */
	int			nsettings;		/* SAMPLE_SETTINGS at most */
	const char *setting_names[SAMPLE_SETTINGS]; /* that it reads by
												 * current_setting() */
	const char *setting_values[SAMPLE_SETTINGS];
	bool		settings_missing;	/* it reads others, not kept */
	uint32		values_hash;	/* of parameters, or text, and settings */
	double		elapsed_us;
	TimestampTz captured_at;
} SampleDraft;

/* Append everything of a draft that has no fixed size. */
extern void sample_pack(StringInfo packed, const SampleDraft *draft);

/* The reverse; false if the bytes make no sense. */
extern bool sample_unpack(StringInfo packed, SampleDraft *draft);

#endif							/* CLIPPERF_SAMPLE_DRAFT_H */
