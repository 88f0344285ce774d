/*-------------------------------------------------------------------------
 *
 * message.c
 *	  Messages in the style of PostgreSQL's clients, and how the program ends.
 *
 * All of them go to standard error.  What a server sent may be printed: control characters are replaced.
 *
 *-------------------------------------------------------------------------
 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

/*
 * Prints one message with what it is called in front of it.
 */
static void
__attribute__((format(printf, 2, 0)))
print_message(const char *level, const char *format, va_list arguments)
{
	char	   *message = NULL;

	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	fprintf(stderr, "clipperf: %s: ", level);
	put_lines(stderr, message ? message : "out of memory");
	putc('\n', stderr);
	free(message);
}

#define PRINT_AS(level) \
	do { \
		va_list arguments; \
		va_start(arguments, format); \
		print_message(level, format, arguments); \
		va_end(arguments); \
	} while (0)

/*
 * Prints an error; the caller decides what comes of it.
 */
void
print_error(const char *format,...)
{
	PRINT_AS("error");
}

/*
 * Prints a warning.
 */
void
print_warning(const char *format,...)
{
	PRINT_AS("warning");
}

/*
 * Prints what is good to know.
 */
void
print_note(const char *format,...)
{
	PRINT_AS("note");
}

/*
 * Prints more about the message before.
 */
void
print_detail(const char *format,...)
{
	PRINT_AS("detail");
}

/*
 * Prints what can be done about the message before.
 */
void
print_hint(const char *format,...)
{
	PRINT_AS("hint");
}

/*
 * Prints an error and ends the program.
 */
void
fatal(const char *format,...)
{
	PRINT_AS("error");
	exit(EXIT_TROUBLE);
}

/*
 * Ends the program after a wrong use of it, which was told already.  The command is NULL for the program itself.
 */
void
fatal_usage(const char *command)
{
	print_hint("Try \"clipperf%s%s --help\" for more information.", command ? " " : "", command ? command : "");
	exit(EXIT_TROUBLE);
}
