/*-------------------------------------------------------------------------
 *
 * output.h
 *	  Output that is there as a whole, or not at all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Output that is gathered in memory. */
typedef struct Output
{
	FILE	   *stream;			/* to write to */
	char	   *text;
	size_t		length;
} Output;

/* Writes all bytes to a file that is open; false, with errno set, where that fails. */
extern bool write_all(int file, const char *text, size_t length);

/* Begins to gather output. */
extern void begin_output(Output *output);

/* Writes what was gathered: to a file, aside first, or to standard output where path is NULL. */
extern void finish_output(Output *output, const char *path);

#endif							/* CLIENT_OUTPUT_H */
