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

typedef struct SaveFile SaveFile;

/* For the save callbacks: */
extern void save_bytes(SaveFile *file, const void *data, Size length);
extern void save_string(SaveFile *file, const char *string);	/* NULL too */

/* For the load callbacks: */
extern bool load_bytes(SaveFile *file, void *data, Size length);
extern bool load_string(SaveFile *file, char **string); /* palloc'd, or NULL */

/* Writes all modules; LOGs what fails and returns false. */
extern bool save_store(void);

/* The same at a clean shutdown, as a callback of on_shmem_exit. */
extern void store_save_at_exit(int code, Datum arg);

/* Reads all modules; a damaged file is renamed aside with a LOG. */
extern void load_store(void);

#endif							/* CLIPPERF_SAVE_H */
