/*-------------------------------------------------------------------------
 *
 * parameters.c
 *	  The parameter values of an execution: a hash, and now and then a sample.
 *
 * Values are turned into text only for samples, and only by output functions
 * that come with the server: no function written by a user is ever run.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/parameters.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "nodes/params.h"
#include "utils/expandeddatum.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "hotpath.h"
#include "profile/plan/plan_settings.h"
#include "profile/plan/private_columns.h"
#include "profile/statement/value.h"
#include "profile/statement/value_layout.h"
#include "profile/text/comment.h"
#include "profile/text/named_statement.h"
#include "profile/utility.h"
#include "settings.h"
#include "store/sample.h"

/* A longer value is hashed at its ends alone, so many bytes of each. */
#define HASHED_WHOLE 1024
#define HASHED_BYTES 64

/* What stands for a null value: a number that nobody counts up to. */
#define HASHED_NULL UINT64CONST(0xD6E8FEB86659FD93)

/* Bytes of a statement's text that are hashed. */
#define HASHED_TEXT (16 * 1024)

/* Longer statements and values are not kept, in bytes. */
#define MAX_STATEMENT 4096
#define MAX_VALUE 1024

/* ------------------------------------------------------------------------
 * The hash
 * ------------------------------------------------------------------------ */

bool		parameters_hashed_whole HOTPATH_DATA = true;

/*
 * Hash a piece of memory.  It runs for every statement, so it takes eight bytes at
 * a time, and sixteen a turn; the last eight overlap with those before.
 */
pg_attribute_hot static uint64
hash_words(const char *at, int length)
{
	const char *end = at + length;
	uint64		hash = length;
	uint64		word = 0;

	if (unlikely(length < sizeof(word)))
	{
		while (end > at)
			word = word << BITS_PER_BYTE | (unsigned char) *--end;
		return value_mix_step(hash, word);
	}
	for (; end - at > 2 * sizeof(word); at += 2 * sizeof(word))
	{
		uint64		next;

		memcpy(&word, at, sizeof(word));
		memcpy(&next, at + sizeof(word), sizeof(word));
		hash = value_mix_step(value_mix_step(hash, word), next);
	}
	if (end - at > sizeof(word))
	{
		memcpy(&word, at, sizeof(word));
		hash = value_mix_step(hash, word);
	}
	memcpy(&word, end - sizeof(word), sizeof(word));
	return value_mix_step(hash, word);
}

/* Hash a piece of memory; both ends and the length of a long one. */
static uint64
hash_ends(const char *at, Size length)
{
	if (likely(length <= HASHED_WHOLE))
		return hash_words(at, length);
	parameters_hashed_whole = false;
	return value_mix_step(value_mix_step(hash_words(at, HASHED_BYTES),
										 hash_words(at + length - HASHED_BYTES,
													HASHED_BYTES)),
						  length);
}

/* A hash of a statement's text, of its beginning if it is long. */
static uint32
hash_parameter_text(const char *text, int length)
{
	if (unlikely(length > HASHED_TEXT))
	{
		parameters_hashed_whole = false;
		length = HASHED_TEXT;
	}
	return (uint32) value_mix(hash_words(text, length));
}

/*
 * A value of variable length; one stored elsewhere by its address, and a compressed
 * one as it is.
 */
static uint64
hash_parameter_bytes(const struct varlena *value)
{
	if (likely(!VARATT_IS_EXTERNAL(value) && !VARATT_IS_COMPRESSED(value)))
		return hash_ends(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	parameters_hashed_whole = false;
	if (VARATT_IS_EXTERNAL_EXPANDED(value))
		return VARTAG_EXTERNAL(value);
	if (VARATT_IS_EXTERNAL(value))
		return hash_words((const char *) value, VARSIZE_EXTERNAL(value));
	return hash_ends(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* A hash of one value, in the way in which values of its type are laid out. */
pg_attribute_hot static uint64
hash_value(Oid type, Datum value)
{
	int16		length;
	bool		byval;

	if (!value_layout(type, &length, &byval))
	{
		parameters_hashed_whole = false;
		return type;
	}
	if (byval)
		return value;
	if (length == -1)
		return hash_parameter_bytes((struct varlena *) DatumGetPointer(value));
	if (length == -2)
		return hash_ends(DatumGetCString(value), strlen(DatumGetCString(value)));
	return hash_ends(DatumGetPointer(value), length);
}

/* Parameter i (from 0), fetched from PL/pgSQL's variables if need be. */
static const ParamExternData *
parameter(ParamListInfo params, int i, ParamExternData *workspace)
{
	if (params->paramFetch != NULL)
		return params->paramFetch(params, i + 1, true, workspace);
	return &params->params[i];
}

/* A hash of all parameters that the statement uses. */
pg_attribute_hot static pg_noinline uint32
hash_list(ParamListInfo params)
{
	uint64		hash = 0;

	for (int i = 0; i < params->numParams; i++)
	{
		ParamExternData workspace;
		const ParamExternData *param = parameter(params, i, &workspace);

		if (!OidIsValid(param->ptype))
			continue;
		hash = value_mix_step(hash, param->isnull ? HASHED_NULL :
							  hash_value(param->ptype, param->value));
	}
	return (uint32) value_mix(hash);
}

/* The statement as the client sent it, without comments at its ends. */
static void
bare_statement(const Execution *execution, const char **text, int *length)
{
	*text = source_body(&execution->source, length);
	comment_trim(text, length);
}

/* A hash of that, without comments between its tokens either, which may name the request. */
static pg_noinline uint32
hash_statement(const Execution *execution)
{
	const char *text;
	const char *at;
	const char *inside;
	int			length;
	int			inside_length;
	uint64		before = 0;

	bare_statement(execution, &text, &length);
	at = text;

	while (comment_is_inside &&
		   source_next_comment(&at, text +length, &inside, &inside_length))
	{
		before = value_mix(before ^ hash_parameter_text(text, inside - 2 - text));
		length -= at - text;
		text = at;
	}
	return (uint32) before ^ hash_parameter_text(text, length);
}

/* A hash of the statement's text as the client sent it. */
static inline uint32
hash_text(const Execution *execution)
{
	if (likely(execution->bare.at != NULL &&
			   !source_may_contain(*execution->bare.at)))
		return hash_parameter_text(execution->bare.at, execution->bare.length);
	return hash_statement(execution);
}

/*
 * A hash of the parameter values, or of the whole text of a statement that has
 * none, since its values are constants in the text.  Runs no output function
 * and reads no toasted value.
 */
pg_attribute_hot uint32
parameters_hash(const Execution *execution)
{
	parameters_hashed_whole = true;
	return parameters_are_there(execution) ? hash_list(execution->query->params) :
		hash_text(execution);
}

/*
 * The same with the constants in the text, of a statement that has parameters, too.
 */
uint32
parameters_hash_both(const Execution *execution, uint32 params_hash)
{
	return (uint32) value_mix((uint64) hash_text(execution) << 32 | params_hash);
}

/* ------------------------------------------------------------------------
 * The sample
 * ------------------------------------------------------------------------ */

/*
 * Can values of a type be made text by the server's own functions alone?  Sets
 * the output function if so.  False for a type that is gone: it may be, when an
 * execution ends.  Raises nothing.
 */
static bool
is_printable(Oid type, Oid *output)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	Oid			base;
	Oid			ignored;
	bool		printable;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_type) GETSTRUCT(tuple);
	*output = form->typoutput;
	if (form->typtype == TYPTYPE_DOMAIN)
		base = form->typbasetype;
	else if (form->typtype == TYPTYPE_BASE && IsTrueArrayType(form))
		base = form->typelem;
	else
		base = InvalidOid;
	printable = form->typtype == TYPTYPE_ENUM ||
		(form->typtype == TYPTYPE_BASE && type < FirstNormalObjectId);
	ReleaseSysCache(tuple);
	return OidIsValid(base) ? is_printable(base, &ignored) : printable;
}

/* Does a value need no more than a moment to be made text? */
static bool
is_short(Oid type, Datum value)
{
	const struct varlena *bytes;

	if (get_typlen(type) != -1)
		return true;
	bytes = (struct varlena *) DatumGetPointer(value);
	if (VARATT_IS_EXTERNAL_EXPANDED(bytes))
		return EOH_get_flat_size(DatumGetEOHP(value)) <= 2 * MAX_VALUE;
	return !VARATT_IS_EXTENDED(bytes) ? VARSIZE(bytes) <= 2 * MAX_VALUE :
		VARATT_IS_SHORT(bytes);
}

/*
 * Put one parameter into a draft, without its value where values are hidden;
 * false if it cannot be kept.
 */
static bool
draft_value(SampleDraft *draft, int i, const ParamExternData *param)
{
	Oid			function;

	draft->types[i] = param->ptype;
	if (param->isnull || !OidIsValid(param->ptype))
		return true;
	if (draft->values_hidden)
	{
		draft->values[i] = "";
		return true;
	}
	if (!is_printable(param->ptype, &function) ||
		!is_short(param->ptype, param->value))
		return false;
	draft->values[i] = OidOutputFunctionCall(function, param->value);
	return strlen(draft->values[i]) <= MAX_VALUE;
}

/*
 * Values must mean the same to every later reader, whatever the session's
 * settings: until the returned nest level of settings is ended.
 */
static int
use_fixed_formats(void)
{
	static const char *const settings[][2] = {
		{"datestyle", "ISO"},
		{"intervalstyle", "postgres"},
		{"bytea_output", "hex"},
		{"extra_float_digits", "1"}
	};
	int			level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/*
 * Put the parameters into a draft; false if it cannot be used.  "named" tells
 * which ones if the statement has names for them, else NULL.
 */
static bool
draft_values(SampleDraft *draft, ParamListInfo params,
			 const NamedStatement *named)
{
	int			level;
	bool		usable = true;

	if (params == NULL || params->numParams == 0)
		return draft->statement != NULL || draft->values_hidden;

	draft->nparams = named != NULL ? named->count : params->numParams;
	if (draft->nparams > SAMPLE_MAX_BYTES / sizeof(Oid))
		return false;
	draft->types = palloc0(draft->nparams * sizeof(Oid));
	draft->values = palloc0(draft->nparams * sizeof(char *));
	level = use_fixed_formats();
	for (int i = 0; i < draft->nparams && usable; i++)
	{
		int			number = named != NULL ? named->numbers[i] : i + 1;
		ParamExternData workspace;

		usable = number <= params->numParams &&
			draft_value(draft, i, parameter(params, number - 1, &workspace));
	}
	AtEOXact_GUC(true, level);
	return usable;
}

/*
 * Have the parameters numbers in the statement's text?  In a function they may
 * be variables, by names that mean nothing outside of it.
 */
static bool
has_numbers(const char *text, int length, ParamListInfo params)
{
	return params == NULL || params->numParams == 0 ||
		memchr(text, '$', length) != NULL;
}

/*
 * Put the statement into a draft, but for one whose values are hidden: its text
 * may hold some.  False if it cannot be planned again.
 */
static bool
draft_statement(SampleDraft *draft, const Execution *execution,
				const NamedStatement *named)
{
	const char *text;
	int			length;

	if (draft->values_hidden)
		return true;
	if (!execution->source.exact)
		return false;
	bare_statement(execution, &text, &length);
	if (named != NULL)
		draft->statement = named->text;
	else if (!has_numbers(text, length, execution->query->params))
		return false;
	else if (length <= MAX_STATEMENT)
		draft->statement = pnstrdup(text, length);
	return true;
}

/* Make the rest of an execution's draft; false if it cannot be kept. */
static bool
make_draft(const Execution *execution, SampleDraft *draft)
{
	const NamedStatement *named = named_statement_find(execution->queryid);

	draft->search_path = utility_search_path(execution->source.text);
	draft->elapsed_us = execution->work.elapsed_us;
	draft->captured_at = GetCurrentStatementStartTimestamp();
	return draft_statement(draft, execution, named) &&
		draft_values(draft, execution->query->params, named);
}

/* A hash of what is kept where values are hidden: which of them are null. */
static uint32
hash_nulls(ParamListInfo params)
{
	uint32		hash = 0;

	for (int i = 0; params != NULL && i < params->numParams; i++)
	{
		ParamExternData workspace;

		hash = hash_combine(hash, parameter(params, i, &workspace)->isnull);
	}
	return hash;
}

/* Leave the values of settings out, too: those that read them know none. */
static void
hide_settings(SampleDraft *draft)
{
	draft->settings_missing |= draft->nsettings > 0;
	draft->nsettings = 0;
}

/* A hash of the values of an execution and of the settings that it reads. */
static uint32
hash_draft(uint32 params_hash, const SampleDraft *draft)
{
	for (int i = 0; i < draft->nsettings; i++)
	{
		const char *value = draft->setting_values[i];

		params_hash = hash_combine(params_hash,
								   hash_parameter_text(value, strlen(value)));
	}
	return params_hash;
}

/* Keep an execution as a sample if it is worth it. */
static void
keep_if_wanted(const Execution *execution, const SampleKey *key,
			   uint32 params_hash)
{
	SampleDraft draft = {0};
	SampleKind	kind;

	plan_settings(execution->query->planstate, &draft);
	draft.values_hidden = setting_capture_parameters < CAPTURE_ON ||
		execution->is_private ||
		private_columns_are_used(execution->query->plannedstmt);
	if (draft.values_hidden)
	{
		hide_settings(&draft);
		params_hash = hash_nulls(execution->query->params);
	}
	draft.values_hash = hash_draft(params_hash, &draft);
	kind = sample_admit(key, draft.values_hash, execution->work.elapsed_us);
	if (kind != SAMPLE_NONE && make_draft(execution, &draft))
		sample_put(key, kind, &draft);
}

/*
 * Keep this execution, which sample_wanted() is true of, as a sample if it is
 * worth it.  "params_hash" is what parameters_hash() made of it.
 */
void
parameters_sample(const Execution *execution, const StatementKey *key,
				  uint32 params_hash)
{
	SampleKey	sample_key = {
		.queryid = key->queryid,
		.userid = key->userid,
		.dbid = key->dbid
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "clipperf sample",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	keep_if_wanted(execution, &sample_key, params_hash);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
