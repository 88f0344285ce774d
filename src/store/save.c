/*-------------------------------------------------------------------------
 *
 * save.c
 *	  The file that keeps the store over a restart.
 *
 * Written to a temporary name and renamed durably, so that a reader finds the
 * old file or the new one.  One process writes at a time: it holds the lock of
 * LOCKS_SAVE.  Nothing here raises an error: what goes wrong is logged, and
 * the server starts and stops all the same.
 *
 *-------------------------------------------------------------------------
 */
#include "store/save.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "pgstat.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/store.h"

#define SAVE_PATH PGSTAT_STAT_PERMANENT_DIRECTORY "/clipperf.stat"
#define SAVE_TEMPORARY SAVE_PATH ".tmp"
#define SAVE_DAMAGED SAVE_PATH ".damaged"

#define SAVE_MAGIC "CLIPPERF"

/* To be raised whenever a module writes anything in another way. */
#define SAVE_FORMAT 22

/* Strings longer than this cannot have been written by us. */
#define MAX_STRING (1024 * 1024)

/*
 * Larger files are not read, in bytes: what is saved is about as large as the
 * memory of the store, a few hundred megabytes by the largest sensible settings.
 */
#define MAX_FILE UINT64CONST(0x80000000)

/* A NULL string is written as this length. */
#define NO_STRING PG_UINT32_MAX

typedef struct SaveHeader
{
	char		magic[8];
	uint32		format;
	uint32		server_major;
	uint64		length;			/* bytes after the header */
	pg_crc32c	crc;			/* of the bytes after the header */
	uint32		unused;
} SaveHeader;

struct SaveFile
{
	FILE	   *file;			/* when writing */
	SaveHeader	header;
	int			error;			/* errno of the first write that failed, or 0 */
	char	   *data;			/* when reading: what is left */
	uint64		left;
};

/* Remember why writing failed, unless it did before. */
static void
note_failure(SaveFile *file)
{
	if (file->error == 0)
		file->error = errno != 0 ? errno : ENOSPC;
}

/* Write bytes that do not count in the header. */
static void
write_raw(SaveFile *file, const void *data, Size length)
{
	if (file->error != 0)
		return;
	errno = 0;
	if (fwrite(data, length, 1, file->file) != 1)
		note_failure(file);
}

/* Write bytes: a failed write is remembered and reported once. */
void
save_bytes(SaveFile *file, const void *data, Size length)
{
	if (file->error != 0 || length == 0)
		return;
	COMP_CRC32C(file->header.crc, data, length);
	file->header.length += length;
	write_raw(file, data, length);
}

/* Write a string, or that there is none (NULL). */
void
save_string(SaveFile *file, const char *string)
{
	uint32		length = string == NULL ? NO_STRING : strlen(string);

	save_bytes(file, &length, sizeof(length));
	if (string != NULL)
		save_bytes(file, string, length);
}

/* Read bytes: false if so many are not left. */
bool
load_bytes(SaveFile *file, void *data, Size length)
{
	if (length > file->left)
		return false;
	memcpy(data, file->data, length);
	file->data += length;
	file->left -= length;
	return true;
}

/*
 * Read a string, palloc'd, or NULL if NULL was written.  False at the end of
 * the section, or if it is longer than any we write.
 */
bool
load_string(SaveFile *file, char **string)
{
	uint32		length;

	*string = NULL;
	if (!load_bytes(file, &length, sizeof(length)))
		return false;
	if (length == NO_STRING)
		return true;
	if (length > MAX_STRING || length > file->left)
		return false;
	*string = palloc(length + 1);
	(*string)[length] = '\0';
	return load_bytes(file, *string, length);
}

/* Can a field that was read be a time?  0 stands for none. */
bool
saved_time_is_sound(TimestampTz time)
{
	return time == 0 || (IS_VALID_TIMESTAMP(time) && time > 0);
}

/* Can a field that was read be an amount of something, time or rows? */
bool
saved_amount_is_sound(double amount)
{
	return isfinite(amount) && amount >= 0;
}

/* A header as this server writes it. */
static SaveHeader
new_header(void)
{
	SaveHeader	header = {
		.format = SAVE_FORMAT,
		.server_major = PG_VERSION_NUM / 10000
	};

	memcpy(header.magic, SAVE_MAGIC, sizeof(header.magic));
	INIT_CRC32C(header.crc);
	return header;
}

/* Write all modules, and the header once it is known. */
static void
write_sections(SaveFile *file, const StoreModule *const *modules, int count)
{
	SaveHeader	header = file->header;

	write_raw(file, &header, sizeof(header));
	for (int i = 0; i < count; i++)
		if (modules[i]->save != NULL)
		{
			save_string(file, modules[i]->name);
			modules[i]->save(file);
		}

	FIN_CRC32C(file->header.crc);
	if (file->error == 0 && fseek(file->file, 0, SEEK_SET) != 0)
		note_failure(file);
	write_raw(file, &file->header, sizeof(file->header));
	if (file->error == 0 && fflush(file->file) != 0)
		note_failure(file);
}

/*
 * Write the temporary file.  False, with errno, if that fails.  What stands in
 * its place goes first: to open a FIFO would be to wait for its reader, and with
 * us would the server's end.
 */
static bool
write_temporary(const StoreModule *const *modules, int count)
{
	SaveFile	file = {.header = new_header()};

	(void) unlink(SAVE_TEMPORARY);
	file.file = AllocateFile(SAVE_TEMPORARY, PG_BINARY_W);
	if (file.file == NULL)
		return false;
	write_sections(&file, modules, count);
	if (FreeFile(file.file) != 0)
		note_failure(&file);
	errno = file.error;
	return file.error == 0;
}

/*
 * Write these modules to the file; LOGs what fails and returns false.  Takes
 * the lock of LOCKS_SAVE.  Cold path.
 */
bool
save_modules(const StoreModule *const *modules, int count)
{
	LWLock	   *lock = store_lock(LOCKS_SAVE, 0);
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "clipperf save",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		done;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	done = write_temporary(modules, count);
	if (!done)
	{
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", SAVE_TEMPORARY)));
		unlink(SAVE_TEMPORARY);
	}
	else
		done = durable_rename(SAVE_TEMPORARY, SAVE_PATH, LOG) == 0;
	if (done)
		store_header->saved = GetCurrentTimestamp();
	LWLockRelease(lock);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return done;
}

/* Remove a file, if there is one; LOGs what fails.  Takes the lock of LOCKS_SAVE. */
static void
remove_file(const char *path)
{
	LWLock	   *lock = store_lock(LOCKS_SAVE, 0);

	LWLockAcquire(lock, LW_EXCLUSIVE);
	if (unlink(path) != 0 && errno != ENOENT)
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not remove file \"%s\": %m", path)));
	LWLockRelease(lock);
}

/* Remove the file, if there is one. */
void
save_discard(void)
{
	remove_file(SAVE_PATH);
}

/* Remove the file that was put aside at the server's start, if there is one. */
void
save_discard_damaged(void)
{
	remove_file(SAVE_DAMAGED);
}

/*
 * Has the server been shut down in good order?  After an immediate shutdown
 * it exits with code 0 as well, but its backends were killed, and with them
 * locks may have been left behind that we would wait for.
 */
bool
save_server_is_shut_down(void)
{
	bool		crc_ok;
	ControlFileData *control = get_controlfile(DataDir, &crc_ok);

	return crc_ok && (control->state == DB_SHUTDOWNED ||
					  control->state == DB_SHUTDOWNED_IN_RECOVERY);
}

/* What else is wrong with the file before it is opened, or NULL. */
static const char *
check_status(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return "It is no regular file.";
	if (status->st_size < 0 || (uint64) status->st_size > MAX_FILE)
		return "It is larger than what could be saved.";
	return NULL;
}

/*
 * Read the whole file into memory.  NULL, with errno, if that fails: ENOENT when
 * there is none.  *reason is set, and nothing is read, if it cannot be ours.
 */
static char *
read_file(uint64 *length, const char **reason)
{
	struct stat status;
	FILE	   *file;
	char	   *data = NULL;

	if (stat(SAVE_PATH, &status) != 0)
		return NULL;
	*reason = check_status(&status);
	if (*reason != NULL)
		return NULL;
	file = AllocateFile(SAVE_PATH, PG_BINARY_R);
	if (file == NULL)
		return NULL;
	data = palloc_extended(status.st_size + 1,
						   MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (data != NULL)
		*length = fread(data, 1, status.st_size, file);
	else
		errno = ENOMEM;
	FreeFile(file);
	return data;
}

/* What is wrong with the file, or NULL; the header is left in *header. */
static const char *
check_file(const char *data, uint64 length, SaveHeader *header)
{
	pg_crc32c	crc;

	if (length < sizeof(*header))
		return "It is too short.";
	memcpy(header, data, sizeof(*header));
	if (memcmp(header->magic, SAVE_MAGIC, sizeof(header->magic)) != 0)
		return "It does not begin as it should.";
	if (header->format != SAVE_FORMAT ||
		header->server_major != PG_VERSION_NUM / 10000)
		return "It was written by another version.";
	if (header->length != length - sizeof(*header))
		return "Its length is not what its header says.";
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, data + sizeof(*header), header->length);
	FIN_CRC32C(crc);
	if (!EQ_CRC32C(crc, header->crc))
		return "Its checksum is wrong.";
	return NULL;
}

/* Hand the sections to the modules; false if one of them refuses its own. */
static bool
read_sections(SaveFile *file, const StoreModule *const *modules, int count)
{
	char	   *name;

	for (int i = 0; i < count; i++)
	{
		if (modules[i]->load == NULL)
			continue;
		if (!load_string(file, &name) || name == NULL ||
			strcmp(name, modules[i]->name) != 0 || !modules[i]->load(file))
			return false;
	}
	return file->left == 0;
}

/* Put a file that cannot be used aside and say why. */
static void
put_aside(const char *reason)
{
	ereport(LOG,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("ignoring file \"%s\"", SAVE_PATH),
			 errdetail("%s", reason),
			 errhint("It is kept as \"%s\".", SAVE_DAMAGED)));
	(void) durable_rename(SAVE_PATH, SAVE_DAMAGED, LOG);
}

/*
 * Is the data directory a copy that starts for the first time, made by
 * pg_basebackup or pg_rewind?  Its file tells of another server then.
 */
static bool
is_copy(void)
{
	struct stat status;

	return stat(BACKUP_LABEL_FILE, &status) == 0;
}

/*
 * Read and check the file, hand it to the modules, and put it aside if it
 * cannot be used.  False if they may hold a part of what it says.
 */
static bool
read_saved(const StoreModule *const *modules, int count)
{
	SaveFile	file = {0};
	uint64		length = 0;
	const char *reason = NULL;
	char	   *data = read_file(&length, &reason);
	bool		whole = true;

	if (data == NULL)
	{
		if (reason != NULL)
			put_aside(reason);
		else if (errno != ENOENT)
			ereport(LOG,
					(errcode_for_file_access(),
					 errmsg("could not read file \"%s\": %m", SAVE_PATH)));
		return true;
	}
	reason = check_file(data, length, &file.header);
	if (reason == NULL)
	{
		file.data = data + sizeof(SaveHeader);
		file.left = file.header.length;
		whole = read_sections(&file, modules, count);
		if (!whole)
			reason = "Its contents make no sense.";
	}
	if (reason != NULL)
		put_aside(reason);
	return whole;
}

/*
 * Read these modules from the file, if there is one; a damaged file is renamed
 * aside with a LOG.  False if the modules took a part of it only: the caller
 * resets them.
 */
bool
load_modules(const StoreModule *const *modules, int count)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "clipperf load",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		whole;

	if (is_copy())
		unlink(SAVE_PATH);
	whole = read_saved(modules, count);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return whole;
}
