/*-------------------------------------------------------------------------
 *
 * memory.h
 *	  Memory of a short-lived program, and lists of strings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_MEMORY_H
#define CLIENT_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* A list of strings, in the order in which they were added. */
typedef struct StringList
{
	char	  **items;
	int			count;
} StringList;

/* Memory that is set to zero; the program ends when there is none. */
extern void *allocate_memory(size_t size);

/* Makes memory that allocate_memory() returned larger; what is added is not set. */
extern void *reallocate_memory(void *pointer, size_t size);

/* A copy of a string. */
extern char *copy_string(const char *string);

/* A string made as by printf(). */
extern char *format_string(const char *format,...) __attribute__((format(printf, 1, 2)));

/* Adds to a string that was allocated, as by printf(). */
extern void append_string(char **string, const char *format,...) __attribute__((format(printf, 2, 3)));

/* Adds a copy of a string to a list that began as zeroes. */
extern void list_add(StringList *list, const char *string);

/* A list as the text of a PostgreSQL array; NULL for an empty one. */
extern char *list_as_array(const StringList *list);

#endif							/* CLIENT_MEMORY_H */
