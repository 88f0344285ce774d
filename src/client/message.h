/*-------------------------------------------------------------------------
 *
 * message.h
 *	  Messages in the style of PostgreSQL's clients, and how the program ends.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_MESSAGE_H
#define CLIENT_MESSAGE_H

/* How the program exits. */
#define EXIT_FINE		0		/* it did what was asked, and found nothing */
#define EXIT_FINDINGS	1		/* it did what was asked, and there are
								 * findings */
#define EXIT_TROUBLE	2		/* it could not do what was asked */

/* Prints "clipperf: error: ...", and what led to it in further lines. */
extern void print_error(const char *format,...) __attribute__((format(printf, 1, 2)));
extern void print_warning(const char *format,...) __attribute__((format(printf, 1, 2)));
extern void print_note(const char *format,...) __attribute__((format(printf, 1, 2)));
extern void print_detail(const char *format,...) __attribute__((format(printf, 1, 2)));
extern void print_hint(const char *format,...) __attribute__((format(printf, 1, 2)));

/* Prints an error and ends the program with EXIT_TROUBLE. */
extern void fatal(const char *format,...) __attribute__((format(printf, 1, 2), noreturn));

/* Prints where help is to be found, and ends the program with EXIT_TROUBLE. */
extern void fatal_usage(const char *command) __attribute__((noreturn));

#endif							/* CLIENT_MESSAGE_H */
