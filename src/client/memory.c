/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  Memory of a short-lived program, and lists of strings.
 *
 * What is needed until the program ends is not freed.
 *
 *-------------------------------------------------------------------------
 */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/*
 * Memory that is set to zero.  Ends the program when there is none.
 */
void *
allocate_memory(size_t size)
{
	void	   *pointer = calloc(1, size > 0 ? size : 1);

	if (pointer == NULL)
		fatal("out of memory");
	return pointer;
}

/*
 * Makes memory that allocate_memory() returned larger, or allocates it where pointer is NULL.  What is added is not set.
 */
void *
reallocate_memory(void *pointer, size_t size)
{
	pointer = realloc(pointer, size);
	if (pointer == NULL)
		fatal("out of memory");
	return pointer;
}

/*
 * A copy of a string.
 */
char *
copy_string(const char *string)
{
	size_t		size = strlen(string) + 1;

	return memcpy(allocate_memory(size), string, size);
}

static char *format_arguments(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/*
 * A string made as by vprintf().
 */
static char *
format_arguments(const char *format, va_list arguments)
{
	va_list		again;
	char	   *string;
	int			length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		fatal("could not format a message");

	string = allocate_memory((size_t) length + 1);
	vsnprintf(string, (size_t) length + 1, format, arguments);
	return string;
}

/*
 * A string made as by printf().
 */
char *
format_string(const char *format,...)
{
	va_list		arguments;
	char	   *string;

	va_start(arguments, format);
	string = format_arguments(format, arguments);
	va_end(arguments);
	return string;
}

/*
 * Adds to a string that was allocated, which moves.
 */
void
append_string(char **string, const char *format,...)
{
	va_list		arguments;
	size_t		length = strlen(*string);
	char	   *added;

	va_start(arguments, format);
	added = format_arguments(format, arguments);
	va_end(arguments);
	*string = reallocate_memory(*string, length + strlen(added) + 1);
	strcpy(*string + length, added);
	free(added);
}

/*
 * Adds a copy of a string to a list, which began as zeroes.
 */
void
list_add(StringList *list, const char *string)
{
	list->items = reallocate_memory(list->items, (list->count + 1) * sizeof(char *));
	list->items[list->count++] = copy_string(string);
}

/*
 * A list as the text of an array of PostgreSQL, each element in quotes; NULL for an empty list.
 */
char *
list_as_array(const StringList *list)
{
	size_t		size = sizeof("{}");
	char	   *array;
	char	   *end;

	if (list->count == 0)
		return NULL;
	for (int i = 0; i < list->count; i++)
		size += 2 * strlen(list->items[i]) + sizeof("\"\",");

	end = array = allocate_memory(size);
	*end++ = '{';
	for (int i = 0; i < list->count; i++)
	{
		if (i > 0)
			*end++ = ',';
		*end++ = '"';
		for (const char *c = list->items[i]; *c != '\0'; c++)
		{
			if (*c == '"' || *c == '\\')
				*end++ = '\\';
			*end++ = *c;
		}
		*end++ = '"';
	}
	*end++ = '}';
	*end = '\0';
	return array;
}
