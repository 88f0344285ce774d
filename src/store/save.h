/*-------------------------------------------------------------------------
 *
 * save.h
 *	  The file that keeps the store over a restart.
 *
 * pg_stat/clipperf.stat: a header (magic, format version, server major,
 * length, CRC-32C of the rest), then one section per StoreModule that has a
 * save callback, each led by the module's name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SAVE_H
#define CLIPPERF_SAVE_H

#include "compat.h"

#include "store/store.h"

typedef struct SaveFile SaveFile;

/* For the save callbacks. */
extern void save_bytes(SaveFile *file, const void *data, Size length);
extern void save_string(SaveFile *file, const char *string);	/* NULL too */

/* Can a field that was read be a time, or 0; an amount of something? */
extern bool saved_time_is_sound(TimestampTz time);
extern bool saved_amount_is_sound(double amount);

/* For the load callbacks. */
extern bool load_bytes(SaveFile *file, void *data, Size length);
extern bool load_string(SaveFile *file, char **string); /* palloc'd, or NULL */

/* Write these modules; LOGs what fails and returns false. */
extern bool save_modules(const StoreModule *const *modules, int count);

/* Remove the file; the one that was put aside. */
extern void save_discard(void);
extern void save_discard_damaged(void);

/* Has the server been shut down in good order? */
extern bool save_server_is_shut_down(void);

/* Read these modules; false if they took a part of the file only. */
extern bool load_modules(const StoreModule *const *modules, int count);

#endif							/* CLIPPERF_SAVE_H */
