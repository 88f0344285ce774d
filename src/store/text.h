/*-------------------------------------------------------------------------
 *
 * text.h
 *	  Normalised statement texts, in a fixed piece of shared memory.
 *
 * A text is found by statement, database and user, and counted by those who refer to it
 * (statements, N+1 patterns, sequential scans).  A text nobody refers to stays
 * until its memory is needed.  Lock order: a caller may hold a lock of any
 * other module; this module calls none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TEXT_H
#define CLIPPERF_TEXT_H

#include "store/store.h"

typedef struct TextKey
{
	uint64		queryid;
	Oid			dbid;
	Oid			userid;			/* what one may read, another may not */
} TextKey;

/* Bytes of the longest text kept; longer ones are cut and marked. */
#define TEXT_MAX_LENGTH 8192

/* Said at the end of a text that was cut. */
#define TEXT_CUT_MARK " /* cut */"

/* Is there a text? */
extern bool text_acquire(const TextKey *key);

/*
 * Store "text" (any length, database encoding; cut at TEXT_MAX_LENGTH) unless
 * it is there, and take a reference.
 */
extern bool text_put(const TextKey *key, const char *text);

/* Store a text without keeping a reference to it. */
extern void text_keep(const TextKey *key, const char *text);

/* How often texts without a reference were forgotten by a reset. */
extern uint32 text_resets(void);

/* Give back a reference to a text. */
extern void text_release(const TextKey *key);

/* A palloc'd copy, or NULL. */
extern char *text_copy(const TextKey *key);

/* Texts held, the bytes they take, and the bytes there are for them. */
extern void text_usage(int64 *texts, Size *used_bytes, Size *reserved_bytes);

/* For the save and load callbacks of the modules that refer to texts. */
struct SaveFile;
extern void text_save(const TextKey *key, struct SaveFile *file);
extern bool text_load(const TextKey *key, struct SaveFile *file, bool *kept);

extern const StoreModule text_module;

#endif							/* CLIPPERF_TEXT_H */
