/*-------------------------------------------------------------------------
 *
 * cells.h
 *	  Text in the cells of a terminal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_CELLS_H
#define CLIENT_CELLS_H

#include <stdbool.h>
#include <stdio.h>

/* Finds out which characters the terminal shows, by the environment; to be called first. */
extern void begin_cells(void);

/* Writes text into exactly so many cells: cut, or filled up with blanks, which stand before it where "right" says so. */
extern void put_cells(FILE *out, const char *string, int width, bool right);

/* The next line of at most so many cells of a text; NULL at its end.  "string" moves on; the line is the caller's. */
extern char *take_cells(const char **string, int width);

#endif							/* CLIENT_CELLS_H */
