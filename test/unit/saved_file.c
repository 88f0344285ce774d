/*-------------------------------------------------------------------------
 *
 * saved_file.c
 *	  Reads saved files that are damaged byte by byte, in one process.
 *
 * A module of its own, which test/t/014_saved_file.pl builds and loads; it calls
 * the functions that clipperf exports for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;

#define SAVED "pg_stat/clipperf.stat"

/* Of the file's header: see save.c. */
#define HEADER_BYTES 32
#define CRC_AT 24

/* All that can be reset: ResetWhat. */
#define RESET_EVERYTHING 0x1FF

static void (*reset) (int what, Oid dbid);
static bool (*save) (void);
static void (*load) (void);

PG_FUNCTION_INFO_V1(saved_file_damage);

/* Write a file of these bytes, with the checksum that they have. */
static void
write_saved(char *bytes, int length)
{
	FILE	   *file;
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes + HEADER_BYTES, length - HEADER_BYTES);
	FIN_CRC32C(crc);
	memcpy(bytes + CRC_AT, &crc, sizeof(crc));
	file = AllocateFile(SAVED, PG_BINARY_W);
	if (file == NULL || fwrite(bytes, length, 1, file) != 1)
		elog(ERROR, "could not write \"%s\": %m", SAVED);
	FreeFile(file);
}

/*
 * saved_file_damage(file bytea, first int, step int, mask int, query text): change
 * every step-th byte of a saved file, from the first one on, by the bits of the mask,
 * and have each such file read, the query run that reads what it holds, and the store
 * saved again.  Returns how many of the files were used: the others were put aside.
 */
Datum
saved_file_damage(PG_FUNCTION_ARGS)
{
	bytea	   *whole = PG_GETARG_BYTEA_PP(0);
	int			length = VARSIZE_ANY_EXHDR(whole);
	char	   *bytes = palloc(length);
	int			step = PG_GETARG_INT32(2);
	char		mask = (char) PG_GETARG_INT32(3);
	SPIPlanPtr	query;
	int			used = 0;

	reset = load_external_function("clipperf", "store_reset", true, NULL);
	save = load_external_function("clipperf", "store_save", true, NULL);
	load = load_external_function("clipperf", "store_load", true, NULL);
	memcpy(bytes, VARDATA_ANY(whole), length);
	SPI_connect();
	query = SPI_prepare(text_to_cstring(PG_GETARG_TEXT_PP(4)), 0, NULL);
	if (query == NULL)
		elog(ERROR, "the query cannot be prepared");
	for (int i = Max(PG_GETARG_INT32(1), HEADER_BYTES); i < length; i += step)
	{
		CHECK_FOR_INTERRUPTS();
		reset(RESET_EVERYTHING, InvalidOid);
		bytes[i] ^= mask;
		write_saved(bytes, length);
		elog(LOG, "byte %d is changed", i);
		load();
		used += access(SAVED, F_OK) == 0;
		if (SPI_execute_plan(query, NULL, NULL, false, 0) != SPI_OK_SELECT)
			elog(ERROR, "the query failed");
		SPI_freetuptable(SPI_tuptable);
		(void) save();
		bytes[i] ^= mask;
	}
	SPI_finish();
	PG_RETURN_INT32(used);
}
