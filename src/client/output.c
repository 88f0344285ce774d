/*-------------------------------------------------------------------------
 *
 * output.c
 *	  Output that is there as a whole, or not at all.
 *
 * It is gathered in memory.  A file is written under another name in the same directory, flushed, and renamed; whoever
 * reads the file meanwhile sees the one before.  What is no regular file, such as a pipe, is written to as it is.
 *
 *-------------------------------------------------------------------------
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "memory.h"
#include "message.h"

/*
 * Begins to gather output.
 */
void
begin_output(Output *output)
{
	output->stream = open_memstream(&output->text, &output->length);
	if (output->stream == NULL)
		fatal("out of memory");
}

/*
 * Writes all bytes to a file that is open.  Returns false, with errno set, where that fails.
 */
bool
write_all(int file, const char *text, size_t length)
{
	while (length > 0)
	{
		ssize_t		written = write(file, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		text	  +=written;

		length -= written;
	}
	return true;
}

/*
 * Writes to a file that is no regular one.
 */
static void
write_directly(const char *path, const Output *output)
{
	int			file = open(path, O_WRONLY);

	if (file < 0)
		fatal("could not open file \"%s\": %s", path, strerror(errno));
	if (!write_all(file, output->text, output->length) || close(file) != 0)
		fatal("could not write to file \"%s\": %s", path, strerror(errno));
}

/*
 * Writes a new file in place of the one at path, or where there is none; it keeps the permissions.
 */
static void
replace_file(const char *path, const Output *output, const struct stat *before)
{
	char	   *aside = format_string("%s.%ld.tmp", path, (long) getpid());
	int			file = open(aside, O_WRONLY | O_CREAT | O_EXCL, 0666);
	const char *failed = NULL;

	if (file < 0)
		fatal("could not create file \"%s\": %s", path, strerror(errno));
	set_unfinished_file(aside);
	if (!write_all(file, output->text, output->length))
		failed = "write to";
	else if (before != NULL && fchmod(file, before->st_mode & 07777) != 0)
		failed = "set permissions of";
	else if (fsync(file) != 0)
		failed = "fsync";
	else if (close(file) != 0)
		failed = "close";
	else if (rename(aside, path) != 0)
		failed = "rename";
	if (failed != NULL)
	{
		int			error = errno;

		unlink(aside);
		fatal("could not %s file \"%s\": %s", failed, path, strerror(error));
	}
	set_unfinished_file(NULL);
	free(aside);
}

/*
 * Writes what was gathered, to standard output where path is NULL.  Ends the program where that fails; nothing is left of
 * a file then, and what was there before stays.
 */
void
finish_output(Output *output, const char *path)
{
	struct stat before;
	char	   *resolved;

	if (fclose(output->stream) != 0)
		fatal("out of memory");

	if (path == NULL)
	{
		if (!write_all(STDOUT_FILENO, output->text, output->length))
			fatal("could not write to standard output: %s", strerror(errno));
	}
	else if (stat(path, &before) != 0)
		replace_file(path, output, NULL);
	else if (!S_ISREG(before.st_mode))
		write_directly(path, output);
	else
	{
		/* A symbolic link goes on to name the file that it names. */
		resolved = realpath(path, NULL);
		replace_file(resolved != NULL ? resolved : path, output, &before);
		free(resolved);
	}
	free(output->text);
}
